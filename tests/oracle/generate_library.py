"""Random but valid factor library, profile and reference data for a test case.

Valid by construction: one key of an edition gets one row of intervals in sequence, every carrier of a composed
factor has an energy row that meets it, and the profile lists every GWP set. Figures are noise, not factors.
"""
import csv
import os
import random
from datetime import date, timedelta

MODES = ["road", "rail", "sea", "inland_waterway", "air", "hub"]
OPERATIONS = [  # operation, usual energy carrier
    ("road.articulated", "diesel"), ("road.electric", "electricity"), ("road.unlisted", ""),
    ("rail.container_electric", "electricity"), ("rail.diesel", "diesel"), ("rail.heavy", ""),
    ("sea.container_feeder", "vlsfo"), ("sea.container_mainline", ""), ("sea.per_box", "vlsfo"),
    ("inland_waterway.barge", "diesel"), ("air.freighter", "jet"), ("air.belly", "jet"),
    ("hub.container_terminal", "electricity"), ("hub.per_container", ""), ("hub.per_teu", "diesel"),
    ("hub.warehouse", ""), ("hub.unlisted", "")]
ENERGY_UNITS = {"diesel": "l", "electricity": "kWh", "vlsfo": "kg", "jet": "kg", "lng": "MJ"}
ZONES = {"ASEAN": ["SG", "VN", "LA", "TH", "MY"], "EUROPE": ["DE", "NL", "PL"], "CHINA": ["CN"],
         "SOUTHWEST": ["CNCKG", "CNCDU", "CNKMG"], "DELTA": ["CNYTN", "CNSHA", "SG"], "EURASIA": ["CN", "KZ", "PL", "DE"]}
REGIONS = ["GLOBAL", "CN", "SG", "DE", "CHINA", "ASEAN", "EUROPE", "SOUTHWEST", "DELTA", "EURASIA", "CN>SG", "CN<>SG",
           "SOUTHWEST>SG", "CN<>ASEAN", "EURASIA<>EUROPE", "CN>VN", "DELTA<>CN"]
CARRIERS = ["ACME", "MAEU", "中远"]
PLACES = {  # locode: (latitude, longitude), None for a place without coordinates
    "CNCKG": ("29.616", "106.8"), "CNCDU": ("30.6667", "104.0667"), "CNQZH": ("21.683", "108.6"), "CNKMG": ("25.04", "102.7"),
    "CNSHA": ("31.2333", "121.4833"), "CNYTN": ("22.5667", "114.2667"), "CNPIN": ("22.1", "106.75"), "VNHPH": ("20.8667", "106.6833"),
    "LAVTE": ("17.9667", "102.6"), "THLCH": ("13.0833", "100.8833"), "SGSIN": ("1.2903", "103.8519"), "SGJUR": ("1.3", "103.7167"),
    "MYPKG": ("3", "101.4"), "KZDST": None, "PLMAL": ("52.0167", "23.1167"), "DEDUI": ("51.4333", "6.75"), "NLRTM": ("51.9167", "4.5"),
    "DECGN": None, "US2AB": ("-12.5", "-179.75")}
LANES = [  # mode, origin, destination, km
    ("road", "CNCDU", "CNCKG", "310"), ("rail", "CNCKG", "CNQZH", "1450.5"), ("sea", "CNQZH", "SGSIN", "2500"),
    ("road", "SGSIN", "SGJUR", "22.125"), ("inland_waterway", "CNCKG", "CNSHA", "2400"), ("sea", "CNSHA", "SGSIN", "4150.001"),
    ("road", "CNCKG", "CNPIN", "1300"), ("road", "CNPIN", "VNHPH", "210"), ("sea", "VNHPH", "SGSIN", "2350"),
    ("rail", "CNKMG", "LAVTE", "1035"), ("rail", "LAVTE", "THLCH", "760"), ("sea", "THLCH", "SGSIN", "1480"),
    ("rail", "CNCKG", "KZDST", "3800"), ("rail", "KZDST", "PLMAL", "5400"), ("rail", "PLMAL", "DEDUI", "1100"),
    ("inland_waterway", "NLRTM", "DEDUI", "230"), ("road", "DEDUI", "DECGN", "70")]
CONTAINERS = [("22G1", "1", "2200.5", "no"), ("42G1", "2", "3800", "no"), ("45G1", "2.25", "3900", "no"), ("45R1", "2.25", "4500", "yes"),
              ("22R?", "1", "2900", "yes"), ("2???", "1", "2300", "no"), ("4??1", "2", "", "no"), ("L5??", "2.222223", "4800", "no"),
              ("40HC", "2.25", "3900", "no"), ("40RH", "2.25", "4550", "yes")]

TRANSPORT = ("factor_id,operation,energy_carrier,region,carrier,temperature,per,operation_g,provision_g,energy_quantity,energy_unit,"
             "distance_basis,load_factor,empty_share,valid_from,valid_to,data_category,gwp_set,licence,source_ref,basis_note,note,biogenic_co2_g").split(",")
HUB = ("factor_id,operation,energy_carrier,region,carrier,temperature,per,operation_g,provision_g,energy_quantity,energy_unit,"
       "valid_from,valid_to,data_category,gwp_set,licence,source_ref,note,biogenic_co2_g").split(",")
ENERGY = "energy_id,energy_carrier,region,per,operation_g,provision_g,valid_from,valid_to,gwp_set,licence,source_ref,note,biogenic_co2_g".split(",")


def write_table(path, header, rows):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_text(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(text)


class LibraryWriter:
    def __init__(self, random, folder):
        self.random, self.folder = random, folder
        self.editions = ["open/2023", "open/2025", "grid/1", "private/2024"]
        self.gwp_of = {edition: random.choice(["AR5", "AR6", "AR6", "CO2", "unstated"]) for edition in self.editions}
        self.gwp_used = set(self.gwp_of.values())

    def write(self):
        factors = os.path.join(self.folder, "emission_factors")
        write_table(f"{factors}/sources.csv", "source,edition,title,publisher,published_on,url,licence,redistributable,gwp_set".split(","),
                    [[*e.split("/"), f"Test figures {e}", "nobody", "2025-01-01", "", "none", "yes", self.gwp_of[e]] for e in self.editions])
        write_table(f"{factors}/operations.csv", "operation,mode,kind,energy_carrier,title,description".split(","),
                    [[o, o.split(".")[0], "hub" if o.startswith("hub") else "transport", c, o, ""] for o, c in OPERATIONS])
        for edition in self.editions:
            self.counter = 0
            write_table(f"{factors}/{edition}/energy.csv", ENERGY, self.energy_rows(edition))
            rows = self.factor_rows(edition)
            write_table(f"{factors}/{edition}/transport.csv", TRANSPORT, [[r[c] for c in TRANSPORT] for r in rows if not is_hub(r)])
            write_table(f"{factors}/{edition}/hub.csv", HUB, [[r[c] for c in HUB] for r in rows if is_hub(r)])
        write_text(f"{factors}/profiles/case.toml", self.profile())

    # --- factors --------------------------------------------------------------------------------

    def figure(self, most):
        """Grams as text; small and many-digit figures, so that halves and remainders occur."""
        places = self.random.choice([0, 1, 2, 3, 6, 9])
        value = self.random.randrange(0, most * 10 ** places + 1)
        return f"{value // 10 ** places}.{value % 10 ** places:0{places}}" if places else str(value)

    def biogenic(self, key):
        """Biogenic CO2 of a row as text, often not stated. From draws of its own: the rest of a seed stays as it was."""
        own = random.Random(f"{self.counter} {key}")
        return own.choice(["", "", "0", f"{own.randrange(1, 4000)}.{own.randrange(10 ** 9):09}"])

    def intervals(self):
        """Half-open intervals in sequence, sometimes with a gap, sometimes open at the end."""
        start = date(self.random.choice([2015, 2022, 2023, 2023, 2024]), self.random.choice([1, 1, 4, 7]), 1)
        out = []
        for _ in range(self.random.choice([1, 1, 2, 3])):
            end = start + timedelta(days=self.random.choice([31, 365, 366, 500]))
            out.append([start.isoformat(), end.isoformat()])
            start = end + timedelta(days=self.random.choice([0, 0, 0, 20, 90]))
        if self.random.random() < 0.5:
            out[-1][1] = ""
        return out

    def next_id(self, kind):
        self.counter += 1
        return f"{kind}-{self.random.choice('abcxyz')}{self.counter}"

    def row_gwp(self):
        own = self.random.choice(["", "", "", "", "AR6", "CO2"])
        if own:
            self.gwp_used.add(own)
        return own

    def energy_rows(self, edition):
        """`open/2023` covers every carrier everywhere for ever, the other editions add regions and intervals."""
        rows, add = [], lambda carrier, region, per, start, end: rows.append(
            [self.next_id("e"), carrier, region, per, self.figure(3000), self.figure(900), start, end, self.row_gwp(), "", "test", "", self.biogenic(carrier)])
        if edition == "open/2023":
            for carrier, unit in ENERGY_UNITS.items():
                add(carrier, "GLOBAL", unit, "2015-01-01", "")
            return rows
        for carrier, unit in ENERGY_UNITS.items():
            for region in self.random.sample(REGIONS, self.random.randrange(0, 4)):
                unit = self.random.choice(["kWh", "MJ"]) if carrier in ("electricity", "lng") else unit
                for start, end in self.intervals():
                    add(carrier, region, unit, start, end)
        return rows

    def factor_rows(self, edition):
        rows = []
        for operation, usual in OPERATIONS:
            if operation.endswith(".unlisted"):
                continue
            keys = {self.random_key(usual) for _ in range(self.random.randrange(0, 6))}
            if edition.startswith("open"):
                keys.add(("", "GLOBAL", "", "ambient"))
                if self.random.random() < 0.4:
                    keys.add((usual, "GLOBAL", "", "refrigerated"))
            for key in sorted(keys):
                spans = self.intervals()
                if key == ("", "GLOBAL", "", "ambient"):
                    spans = [["2022-01-01", "2025-01-01"]] if edition == "open/2023" else [["2025-01-01", "2026-01-01"]]
                rows += [self.factor_row(operation, key, span) for span in spans]
        self.random.shuffle(rows)
        return rows

    def random_key(self, usual):
        """(energy carrier, region, carrier, temperature)"""
        pick = self.random.choice
        return (pick([usual, usual, "", "lng", "electricity"]), pick(REGIONS), pick(["", "", ""] + CARRIERS),
                pick(["ambient", "ambient", "refrigerated"]))

    def factor_row(self, operation, key, span):
        pick, row = self.random.choice, dict.fromkeys(TRANSPORT, "")
        row.update(factor_id=self.next_id("f"), operation=operation, valid_from=span[0], valid_to=span[1],
                   per=self.per(operation), distance_basis=pick(["sfd", "sfd", "actual", "gcd"]), load_factor=pick(["", "0.6"]),
                   empty_share=pick(["", "", "0", "0.17", "0.3"]), data_category=pick(["default", "modelled", "default", "primary"]),
                   gwp_set=self.row_gwp(), licence=pick(["", "own"]), source_ref="test", basis_note="as stated")
        row["energy_carrier"], row["region"], row["carrier"], row["temperature"] = key
        if key[0] and self.random.random() < 0.35:
            unit = ENERGY_UNITS[key[0]]
            if unit in ("kWh", "MJ"):
                unit = pick(["kWh", "MJ"])
            row.update(energy_quantity=self.figure(2), energy_unit=unit)
            if not row["energy_quantity"].strip("0."):
                row["energy_quantity"] = "0.0123"
        else:
            most = 700_000_000 if operation == "rail.heavy" else 30_000 if is_hub(row) else 600
            row.update(operation_g=self.figure(most), provision_g=self.figure(max(most // 4, 1)))
            row["biogenic_co2_g"] = self.biogenic(operation)
        return row

    def per(self, operation):
        fixed = {"hub.per_container": "container", "hub.per_teu": "teu", "sea.per_box": "teukm", "rail.heavy": "tkm"}
        if operation in fixed:
            return fixed[operation]
        return self.random.choice(["t", "t", "teu", "container"] if operation.startswith("hub") else ["tkm"] * 5 + ["teukm"])

    # --- profile --------------------------------------------------------------------------------

    def profile(self):
        pick, flip = self.random.choice, lambda share: self.random.random() < share
        word = lambda is_so: "true" if is_so else "false"
        sources = self.random.sample(self.editions, len(self.editions))
        defaults = {"road": "road.articulated", "rail": "rail.container_electric", "sea": "sea.container_feeder",
                    "inland_waterway": "inland_waterway.barge", "air": "air.freighter", "hub": "hub.container_terminal"}
        self.strict = flip(0.25)
        lines = ['title = "random case"', 'method = "ISO 14083:2023"', f"gwp_sets = {sorted(self.gwp_used)}".replace("'", '"'),
                 f'after_last_edition = "{pick(["use_latest", "reject"])}"',
                 f'before_first_edition = "{pick(["use_earliest", "reject"])}"', f"ignore_validity = {word(flip(0.15))}",
                 f'prefer = "{pick(["region", "region", "source"])}"',
                 f"great_circle = {self.random.sample(MODES[:5], self.random.randrange(0, 4))}".replace("'", '"'),
                 f"sources = {sources}".replace("'", '"'), f'default_distance_basis = "{pick(["sfd", "gcd", "actual", "actual"])}"',
                 f'default_mass_per_teu_kg = "{pick(["10000", "9876.543", "7000.001"])}"',
                 f'empty_mass_per_teu_kg = "{pick(["2000", "2222.222"])}"', f"strict_container_id = {word(self.strict)}",
                 f"infer_hubs = {word(flip(0.85))}", "", "[statement]", 'boundary = "test"', "exclusions = []",
                 'allocation = "mass x distance"', 'cut_off = "UTC month of first departure"', "", "[default_operation]"]
        lines += [f'{mode} = "{operation}"' for mode, operation in defaults.items() if flip(0.8)]
        lines += ["", "[refrigerated_uplift]"] + [f'{mode} = "{pick(["1.12", "1", "1.333333"])}"' for mode in MODES if flip(0.6)]
        return "\n".join(lines + self.adjustments() + self.hub_table()) + "\n"

    def adjustments(self):
        lines = []
        for mode in MODES[:5]:
            for activity in ("sfd", "gcd", "actual"):
                for intensity in ("sfd", "gcd", "actual"):
                    if activity == intensity or self.random.random() < 0.15:
                        continue
                    rule = self.random.choice(['ratio = "1.15"', 'ratio = "0.869565"', 'ratio = "1.0005"', 'ratio = "1"', 'add_km = "95"', 'add_km = "0.001"',
                                               'add_km = "-95"', 'add_km = "-1500.5"', 'ratio = "0.000001"'])
                    lines += ["", "[[distance_adjustment]]", f'mode = "{mode}"', f'activity_basis = "{activity}"',
                              f'intensity_basis = "{intensity}"', rule]
        return lines

    def hub_table(self):
        lines, hubs = [], [o for o, _ in OPERATIONS if o.startswith("hub")]
        pairs = [(a, b) for a in MODES[:5] for b in MODES[:5]] + [("start", m) for m in MODES[:5]] + [(m, "end") for m in MODES[:5]]
        for before, after in pairs:
            if self.random.random() < 0.6:
                lines += ["", "[[hub]]", f'before = "{before}"', f'after = "{after}"', f'operation = "{self.random.choice(hubs)}"']
        return lines


def is_hub(row):
    return row["operation"].startswith("hub.")


# --- data/ --------------------------------------------------------------------------------------

def write_reference(random, folder):
    """Returns the run file's extra location files."""
    data = os.path.join(folder, "data")
    header = "locode,name,kind,latitude,longitude,source,licence".split(",")
    located = [[code, code.title(), "port", *at, "test", "none"] for code, at in PLACES.items() if at and random.random() < 0.9]
    write_table(f"{data}/locations.csv", header, located)
    extra = []
    if random.random() < 0.5:   # wins over locations.csv, and adds one place
        extra = ["data/own_sites.csv"]
        write_table(f"{data}/own_sites.csv", header, [["SGSIN", "yard", "site", "1.25", "103.75", "own", "own"],
                                                      ["DECGN", "site", "site", "50.9333", "6.95", "own", "own"]])
    write_table(f"{data}/distances.csv", "mode,origin,destination,distance_km,basis,source_ref".split(","),
                [[*turned(random, lane), random.choice(["sfd", "sfd", "actual", "gcd"]), "test"] for lane in LANES if random.random() < 0.75])
    write_table(f"{data}/containers.csv", "code,teu,tare_kg,refrigerated,title".split(","), [[*row, row[0]] for row in CONTAINERS])
    write_table(f"{data}/zones.csv", ["zone", "member"], [[z, m] for z, members in ZONES.items() for m in members])
    write_table(f"{data}/mode_aliases.csv", ["alias", "mode"], [["TRUCK", "road"], ["Vessel", "sea"], ["barge", "inland_waterway"],
                                                                ["PLANE", "air"], ["Inland Water", "inland_waterway"], ["terminal", "hub"]])
    write_table(f"{data}/services.csv", ("service,mode,operation,carrier,origin,destination,distance_km,basis,transit_hours,departures_per_week,"
                "cost,currency,cost_per,valid_from,valid_to,source_ref,note").split(","), [])
    write_text(f"{data}/corridors.toml", CORRIDORS)
    return extra


def turned(random, lane):
    mode, origin, destination, km = lane
    return (mode, destination, origin, km) if random.random() < 0.25 else lane


CORRIDORS = """\
[[corridor]]
id = "rail-sea"
title = "rail-sea via Qinzhou"
origin = ["SOUTHWEST", "KZ"]
destination = ["SG", "MY"]
via = [["CNQZH", "CNPIN"]]

[[corridor]]
id = "river-sea"
title = "river-sea via Shanghai"
origin = ["CNCKG", "CNCDU"]
destination = ["ASEAN"]
via = [["CNSHA"]]

[[corridor]]
id = "land-bridge"
title = "two places on the way"
origin = ["CN"]
destination = ["EUROPE"]
via = [["KZDST"], ["PL", "NLRTM"]]

[[corridor]]
id = "anything-to-singapore"
title = "no via"
origin = ["CHINA"]
destination = ["SGSIN"]
via = []
"""
