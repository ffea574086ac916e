#!/usr/bin/env python3
"""Write a random but seeded complete case: factor library, profile, data files, run file and dirty movements.

usage: generate.py SEED DIR [--parquet]        then: oracle.py DIR/data/run.toml --out ..., and the engine on the same run file

--parquet makes one of the movement files a Parquet file (needs pyarrow, here and in the oracle).
Clean shipments first, then dirt: each kind of fault that has a code, at random rows.
"""
import json
import os
import random as random_module
import sys
from datetime import datetime, timedelta, timezone

from exact import decimal_text
from generate_dirt import Dirt
from generate_files import MovementFile
from generate_library import CARRIERS, ENERGY_UNITS, LANES, OPERATIONS, LibraryWriter, write_reference, write_table, write_text
from parsing import check_digit
from reading import COLUMNS

ROUTES = [
    [("road", "CNCDU", "CNCKG"), ("rail", "CNCKG", "CNQZH"), ("sea", "CNQZH", "SGSIN"), ("road", "SGSIN", "SGJUR")],
    [("rail", "CNCKG", "CNQZH"), ("sea", "CNQZH", "SGSIN")],
    [("inland_waterway", "CNCKG", "CNSHA"), ("sea", "CNSHA", "SGSIN")],
    [("road", "CNCKG", "CNPIN"), ("road", "CNPIN", "VNHPH"), ("sea", "VNHPH", "SGSIN")],
    [("rail", "CNKMG", "LAVTE"), ("rail", "LAVTE", "THLCH"), ("sea", "THLCH", "SGSIN")],
    [("rail", "CNCKG", "KZDST"), ("rail", "KZDST", "PLMAL"), ("rail", "PLMAL", "DEDUI"), ("road", "DEDUI", "DECGN")],
    [("air", "CNCKG", "SGSIN")], [("air", "CNSHA", "NLRTM"), ("inland_waterway", "NLRTM", "DEDUI")], [("air", "SGSIN", "SGSIN")],
    [("sea", "CNYTN", "NLRTM"), ("road", "NLRTM", "DECGN")], [("road", "SGSIN", "SGJUR")], [("sea", "SGSIN", "CNQZH"), ("rail", "CNQZH", "CNCKG")]]
TYPES = ["22G1", "42G1", "45G1", "45R1", "22R1", "2210", "4551", "L5G1", "40HC", "40RH", "1X40", "1 x 40' HC", "2x40HC", "LOOS", "42RT", "4531"]
OPERATIONS_OF = {mode: [o for o, _ in OPERATIONS if o.startswith(mode + ".")] for mode in ("road", "rail", "sea", "inland_waterway", "air", "hub")}
FOREIGN = {"mode": {"LKW": "TRUCK", "Schiff": "sea", "Umschlag": "hub", "Bahn": "rail"},
           "origin": {"Chongqing, port": "CNCKG", "Singapore \"PSA\"": "sgsin"}, "destination": {"Singapore \"PSA\"": "sgsin"},
           "carrier": {"A very long foreign carrier name of more than sixty-four characters, limited": "ACME"}}
DISTANCE, TEU = 3, 6


class Case:
    """The choices that hold for the whole run, and the shipments."""

    def __init__(self, seed):
        self.random = random_module.Random(seed)
        pick, flip = self.random.choice, self.flip
        self.encoding = pick(["utf-8"] * 8 + ["windows-1252", "gb18030"])
        self.delimiter = pick([",", ",", ";", "\t", "|"])
        self.decimal = pick([".", ".", ","])
        self.thousands = pick(["", "", " ", "'", "," if self.decimal == "." else "."])
        self.mass_unit = pick(["kg", "kg", "kg", "t", "lb"])
        self.zone = pick(["", "Asia/Shanghai", "Europe/Berlin", "America/New_York"])
        self.patterns = pick([[], ["%Y/%m/%d %H:%M%z", "%d.%m.%Y"], ["%d-%b-%y", "%Y/%m/%d %H:%M"], ["%d.%m.%Y %H:%M:%S", "%Y/%m/%d %H:%M"]])
        self.departure_patterns = pick([None, ["%Y%m%d %H:%M", "%d-%b-%y"]])
        self.rejects_excess = flip(0.2)
        self.kinds = [pick(["csv", "csv", "csv.gz", "ndjson", "ndjson.gz"]) for _ in range(pick([1, 1, 2, 3]))]
        if self.encoding != "utf-8":
            self.kinds = [pick(["csv", "csv.gz"]) for _ in self.kinds]
        self.season = datetime(pick([2023, 2024, 2024, 2025, 2025]), pick(range(1, 13)), 1, tzinfo=timezone.utc)
        self.without_sequence = {i for i in range(len(self.kinds)) if flip(0.2)}
        self.dropped = [column for column, share in (("evidence_ref", .2), ("container_cargo_mass_kg", .1), ("distance_basis", .15),
                        ("load_status", .1), ("carrier", .1), ("record_status", .1), ("temperature", .1)) if flip(share)]
        constants = {"load_status": "laden", "distance_basis": "actual", "carrier": "ACME", "evidence_ref": "from the plan"}
        self.constants = {c: constants[c] for c in self.dropped if c in constants and flip(0.6)}
        mappable = [c for c in COLUMNS if c not in self.dropped and not (c == "sequence" and self.without_sequence)]
        self.renamed = {c: f"Their {c.replace('_', ' ')}" for c in mappable if flip(0.15)}
        self.values = {c: table for c, table in FOREIGN.items() if flip(0.5) and c not in self.dropped}

        # From a source of its own, so that the other choices of a seed stay what they are.
        self.nights = random_module.Random(f"nights {seed}")
        self.carried = random_module.Random(f"carried {seed}")
        names = self.carried.choice([[], [], ["customer"], ["order", "customer", "a1"]])
        self.carry = {name: self.carried.choice([f"Their {name}", name.upper(), f"{name} no."]) for name in names}
        self.later_file_wins = self.nights.choice([None, None, "path", "%Y-%m-%d", "_%d%b%Y."]) if len(self.kinds) > 1 else None

    def night(self, index):
        """What the name of a file says of its date: not in the order of the files, and of some the same."""
        if self.later_file_wins in (None, "path"):
            return ""
        date = datetime(2025, 1, 30) + timedelta(days=(7 * index + 5) % 4)
        return date.strftime(self.later_file_wins if self.later_file_wins.startswith("_") else f"_{self.later_file_wins}").rstrip(".")

    def exported_again(self, row):
        """A row as another night's export has it: corrected, withdrawn, or broken."""
        changed = {"cargo_mass_kg": self.mass(self.nights.randrange(1, 28_000_000)), "evidence_ref": "corrected", "origin": "Nowhere",
                   "record_status": "cancelled"}
        column = self.nights.choice(["cargo_mass_kg", "cargo_mass_kg", "evidence_ref", "origin", "record_status"])
        return row | {column: changed[column]}

    def carries(self, row):
        """Mostly one value a shipment, so that some differ."""
        values = ["ACME", "ACME ", "B & C, Ltd", "", "#N/A", "x" * 64, "x" * 65, "a\tb"]
        of = {name: random_module.Random(f"{name} {row['shipment_id']!a}").choice(values[:4]) for name in self.carry}
        return row | {name: self.carried.choice(values) if self.carried.random() < .05 else value for name, value in of.items()}

    def flip(self, share):
        return self.random.random() < share

    # --- text forms -----------------------------------------------------------------------------

    def number(self, value, places, extra=True):
        """A scaled whole number in the marks of this case, sometimes with zeros or digits to spare."""
        text = decimal_text(value, places)
        if "." in text and self.flip(0.7):
            text = text.rstrip("0").rstrip(".")
        if extra and self.flip(0.04):
            text += ("" if "." in text else ".") + "0" * (places - len(text.partition(".")[2])) + self.random.choice(["5", "50", "49", "51"])
        whole, _, fraction = text.partition(".")
        if self.thousands and self.flip(0.5):
            whole = f"{int(whole):,}".replace(",", self.thousands)
        return whole + (self.decimal + fraction if fraction else "")

    def mass(self, grams):
        if self.mass_unit == "t":
            return self.number(grams, 6)
        if self.mass_unit == "lb":
            return self.number(grams * 2204623 // 10 ** 6, 3)
        return self.number(grams, 3)

    def moment(self, instant, column):
        """One of the ways to write an instant: RFC 3339 in some zone, or a pattern of the run file."""
        patterns = self.departure_patterns if column == "departed_at" and self.departure_patterns else self.patterns
        if patterns and self.flip(0.4):
            text = instant.strftime(self.random.choice(patterns))
            return text.replace("+0000", self.random.choice(["+0000", "+00:00", "Z"]))
        shift = self.random.choice([None, 0, 480, -330, 345])
        local = instant + timedelta(minutes=shift or 0)
        zone = self.random.choice("Zz") if shift is None else f"{'-' if shift < 0 else '+'}{abs(shift) // 60:02}:{abs(shift) % 60:02}"
        fraction = self.random.choice(["", "", "", ".5", ".123456", ".999999999"])
        return local.strftime("%Y-%m-%d") + self.random.choice("TTt ") + local.strftime("%H:%M:%S") + fraction + zone

    # --- shipments ------------------------------------------------------------------------------

    def shipments(self):
        rows = []
        for number in range(self.random.randrange(15, 45)):
            rows += self.shipment(f"{self.random.choice(['BL', 'bl-', 'ÉX' if self.encoding == 'utf-8' else 'EX'])}{number:04}")
        return rows

    def shipment(self, shipment_id):
        route = self.random.choice(ROUTES)
        start = self.season + timedelta(minutes=self.random.randrange(0, 50 * 1440))
        if self.flip(0.2):
            start = datetime(2022, 6, 1, tzinfo=timezone.utc) + timedelta(minutes=self.random.randrange(0, 4 * 365 * 1440))
        rows = []
        for box in range(self.random.choice([1, 1, 1, 2, 3])):
            rows += self.chain(shipment_id, box, route if self.flip(0.9) else self.random.choice(ROUTES), start)
        return rows

    def chain(self, shipment_id, box, route, time):
        pick, rows = self.random.choice, []
        shared = {"shipment_id": shipment_id, "container_id": "" if self.flip(0.15) else self.container_id(),
                  "container_type": pick(TYPES) if self.flip(0.8) else "", "load_status": pick(["", "laden", "laden", "empty"])}
        mass = self.random.randrange(1, 28_000_000)
        whole = mass + self.random.randrange(1, 9_000_000) if self.flip(0.2) else None
        for index, (mode, origin, destination) in enumerate(self.with_hubs(route)):
            arrival = time + timedelta(minutes=self.random.randrange(30, 20_000))
            row = dict.fromkeys(COLUMNS, "") | shared
            row.update(movement_id=f"m{box}-{index:02}" if self.flip(0.95) else f"移{box}{index}" if self.encoding != "windows-1252" else f"ü{box}{index}",
                       sequence=str(10 * index + 1), mode=self.mode_word(mode), origin=origin, destination=destination,
                       departed_at=self.moment(time, "departed_at"), cargo_mass_kg=self.mass(mass))
            self.decorate(row, mode, arrival, whole)
            rows.append(row)
            time = arrival + timedelta(minutes=self.random.randrange(0, 3000))
        return rows

    def with_hubs(self, route):
        legs = []
        for mode, origin, destination in route:
            if self.flip(0.12):
                legs.append(("hub", origin, origin))
            legs.append((mode, origin, destination))
        return legs

    def mode_word(self, mode):
        words = [mode, mode.upper(), mode.title()] + {"road": ["truck", "Truck"], "sea": ["VESSEL"], "inland_waterway": ["Barge", "INLAND WATER"],
                                                       "air": ["plane"], "hub": ["Terminal"]}.get(mode, [])
        return self.random.choice(words)

    def decorate(self, row, mode, arrival, whole):
        """Optional cells."""
        pick = self.random.choice
        if self.flip(0.8):
            row["arrived_at"] = self.moment(arrival, "arrived_at")
        if self.flip(0.75):
            row["operation"] = pick(OPERATIONS_OF[mode][:2] if self.flip(0.75) else OPERATIONS_OF[mode])
        if self.flip(0.5):
            row["carrier"] = pick([c for c in CARRIERS if self.encoding != "windows-1252" or c.isascii()] + ["OTHER"])
        if mode != "hub" and self.flip(0.65):
            row["distance_km"] = self.number(self.distance(mode, row), DISTANCE)
            row["distance_basis"] = pick(["", "sfd", "gcd", "actual"])
        if self.flip(0.25):
            row["teu"] = self.number(pick([1, 2, 2, 3, 5]) * 10 ** 6 + pick([0, 250_000, 333_333]), TEU)
        if row["load_status"] == "empty" and self.flip(0.7):
            row["cargo_mass_kg"] = pick(["", "0", "0" + self.decimal + "000"])
        elif self.flip(0.1):
            row["cargo_mass_kg"] = ""
        if whole and self.flip(0.9):
            row["container_cargo_mass_kg"] = self.mass(whole)
        row["temperature"] = pick(["", "", "", "ambient", "refrigerated"])
        self.add_energy(row)
        if self.flip(0.1):
            row["recorded_at"] = self.moment(arrival, "recorded_at")
        if self.flip(0.2):
            row["evidence_ref"] = pick(["DN 4711", 'note "7"', "a, b; c|d", "x" * 64])

    def distance(self, mode, row):
        for lane_mode, origin, destination, km in LANES:
            if lane_mode == mode and {origin, destination} == {row["origin"], row["destination"]}:
                return int(float(km) * 1000) + self.random.randrange(0, 50_000)
        return self.random.choice([self.random.randrange(1, 5_000_000), self.random.randrange(1, 200_000), 50_000_000])

    def add_energy(self, row):
        if self.flip(0.1):
            row["energy_carrier"] = self.random.choice(list(ENERGY_UNITS))
        elif self.flip(0.12):
            carrier = self.random.choice(list(ENERGY_UNITS))
            unit = ENERGY_UNITS[carrier]
            unit = self.random.choice(["kWh", "MJ"]) if unit in ("kWh", "MJ") else unit
            row.update(energy_carrier=carrier, energy_unit=unit, energy_quantity=self.number(self.random.randrange(1, 9 * 10 ** 9), 6))

    def container_id(self):
        text = "".join(self.random.choice("ABCHKLMSTUVZ") for _ in range(3)) + self.random.choice("UUUJZ") + f"{self.random.randrange(10 ** 6):06}"
        text += str(check_digit(text) if self.flip(0.9) else self.random.randrange(10))
        forms = [text, text, text.lower(), f"{text[:4]} {text[4:10]}-{text[10]}", "not an id"[:3 + self.random.randrange(6)].strip()]
        return self.random.choice(forms if self.flip(0.3) else forms[:1])

    def foreign(self, row):
        """Our words to their words, so that [values] has something to do."""
        for column, table in self.values.items():
            for theirs, ours in table.items():
                if row[column].upper() == ours.upper() and self.flip(0.3):
                    row[column] = theirs


# --- run file -----------------------------------------------------------------------------------

def toml_text(text):
    return json.dumps(text, ensure_ascii=False)


def toml_list(items):
    return "[" + ", ".join(map(toml_text, items)) + "]"


def run_file(case, locations, names):
    movements = case.random.choice([["../movements"], ["../movements/part*"], [f"../movements/{name}" for name in reversed(names)] + ["../movements"]])
    lines = [f"movements = {toml_list(movements)}", 'factors = "../emission_factors"', 'profile = "case"', 'reference = "."',
             f"locations = {toml_list(os.path.basename(name) for name in locations)}", 'out = "../out"', "", "[limits]", 'max_reject_share = "100%"', ""]
    if case.later_file_wins:
        lines += ["[duplicates]", f"later_file_wins = {toml_text(case.later_file_wins)}", ""]
    lines += ["[columns]"] + [f"{ours} = {toml_text(theirs)}" for ours, theirs in case.renamed.items()] + [""]
    for column in case.values:
        lines += [f"[values.{column}]", f'file = "their_{column}.csv"', ""]
    lines += ["[formats]", f"encoding = {toml_text(case.encoding)}", f"delimiter = {toml_text(case.delimiter)}", f"decimal = {toml_text(case.decimal)}",
              f"thousands = {toml_text(case.thousands)}", f"mass_unit = {toml_text(case.mass_unit)}",
              f"excess_decimals = {toml_text('reject' if case.rejects_excess else 'round')}"]
    if case.zone:
        lines.append(f"zone = {toml_text(case.zone)}")
    if case.patterns:
        lines.append(f"timestamp = {toml_list(case.patterns)}")
    if case.departure_patterns:
        lines.append(f"timestamp_by_column = {{ departed_at = {toml_list(case.departure_patterns)} }}")
    lines += ["", "[constants]"] + [f"{column} = {toml_text(value)}" for column, value in case.constants.items()]
    if case.carry:
        lines += ["", "[carry]"] + [f"{name} = {toml_text(theirs)}" for name, theirs in case.carry.items()]
    return "\n".join(lines) + "\n"


def generate(seed, folder, with_parquet=False):
    case = Case(seed)
    if with_parquet:
        case.kinds[-1] = "parquet"
    LibraryWriter(case.random, folder).write()
    locations = write_reference(case.random, folder)
    rows = Dirt(case).spoil(case.shipments())
    for row in rows:
        case.foreign(row)
    if case.flip(0.5):
        case.random.shuffle(rows)
    rolling = case.later_file_wins is not None
    rows += [case.exported_again(row) for row in rows if rolling and case.nights.random() < 0.3]
    for column, table in case.values.items():
        write_table(os.path.join(folder, "data", f"their_{column}.csv"), ["value", "code"], list(table.items()))
    parts = [[] for _ in case.kinds]
    for index, row in enumerate(rows):      # every file gets a row, then at random
        parts[index if index < len(parts) else case.random.randrange(len(parts))].append(row)
    names = []
    for index, kind in enumerate(case.kinds):
        file = MovementFile(case, index, kind, parts[index])
        file.write(os.path.join(folder, "movements"))
        names.append(file.name)
    write_text(os.path.join(folder, "data", "run.toml"), run_file(case, locations, names))


if __name__ == "__main__":
    given = [a for a in sys.argv[1:] if a != "--parquet"]
    if len(given) != 2:
        raise SystemExit(__doc__)
    generate(int(given[0]), given[1], "--parquet" in sys.argv)
