#!/usr/bin/env python3
"""A made case with every role, direction, incoterm, operator, tier and energy, stated by the program and recomputed here from the published tables.

usage: check.py PROGRAM

Shares no code with the program: categories from rules written down again, exact sums from Parquet, against elements.csv, the workbook, the page and
what the command prints. Needs pyarrow and openpyxl. Exit 0 when all are equal. Last line: statement: N figures of M statements equal
"""
import csv
import decimal
import html
import itertools
import pathlib
import re
import subprocess
import sys
import tempfile
from collections import defaultdict

import openpyxl
import pyarrow.parquet

HOME = pathlib.Path(__file__).resolve().parents[2]
Decimal = decimal.Decimal
decimal.getcontext().prec = 60
ZERO = Decimal(0)

# One way: (mode, operation, from, to); a hub has one place.
WAY = [
    ("road", "road.articulated", "CNLZH", "CNCKG"),
    ("hub", "hub.rail_terminal", "CNCKG", "CNCKG"),
    ("rail", "rail.container_electric", "CNCKG", "CNQZH"),
    ("sea", "sea.container", "CNQZH", "SGSIN"),
    ("hub", "hub.container_terminal", "SGSIN", "SGSIN"),
    ("road", "road.articulated", "SGSIN", "SGJUR"),
]
RULES = ["EXW", "FCA", "FAS", "FOB", "CFR", "CIF", "CPT", "CIP", "DAP", "DPU", "DDP"]
# At the named place the seller's work is done behind the hub.
SELLERS_HUB = {"FAS", "FOB", "DPU"}
PLACES = ["CNLZH", "CNCKG", "CNQZH", "SGSIN", "SGJUR", "CN QZH", "CNSHA", "Qinzhou port", ""]
OWN = {"green haul", "绿运"}
CARRIERS = ["Green Haul", "绿运", "Somebody Else", ""]
DIRECTIONS = ["inbound", "Verkauf", "internal", "sideways", ""]
WORDS = {"Verkauf": "outbound"}
GENERATION = {"electricity": Decimal("87.5")}
CATEGORIES = ["scope_1", "scope_2", "scope_3_1", "scope_3_3", "scope_3_4", "scope_3_9", "not_determined"]
equal = 0


def same(what, found, wanted):
    global equal
    if found != wanted:
        sys.exit(f"{what}: found {found!r}, wanted {wanted!r}")
    equal += 1


def ask(program, *words, expect=0):
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True)
    if done.returncode != expect:
        sys.exit(f"{' '.join(map(str, words))}: exit {done.returncode}\n{done.stderr}")
    return done.stdout if expect == 0 else done.stderr


def movements(path):
    heads = ["shipment_id", "movement_id", "container_id", "sequence", "mode", "operation", "carrier", "origin", "destination", "departed_at", "arrived_at",
             "cargo_mass_kg", "teu", "distance_km", "distance_basis", "energy_carrier", "direction", "incoterm", "named_place", "tier"]
    number = 0
    with open(path, "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(heads)

        def shipment(way, direction, rule, place, tier, carriers, month=3):
            nonlocal number
            number += 1
            for at, (mode, operation, origin, destination) in enumerate(way, 1):
                carrier = carriers[(number + at) % len(carriers)]
                energy = "electricity" if operation == "rail.container_electric" and number % 2 else ""
                is_hub = mode == "hub"
                out.writerow([f"S{number:05}", f"M{number:05}-{at}", "", at, mode, operation, carrier, origin, destination,
                              f"2025-{month:02}-{at:02}T06:00:00Z", f"2025-{month:02}-{at:02}T18:00:00Z", f"{10000 + number}.{at:03}", "1.7",
                              "" if is_hub else 100 + 37 * at, "" if is_hub else "sfd", energy, direction, rule, place, tier])

        for direction, rule, place in itertools.product(DIRECTIONS, [*RULES, "fob", "XXX", ""], PLACES):
            shipment(WAY, direction, rule, place, str(number % 3 + 1), CARRIERS)
        for tier in ["", "0", "first", "2"]:
            shipment(WAY, "inbound", "FOB", "CNQZH", tier, ["Somebody Else"])
        # A chain that begins with a hub; one that comes back; a transport within the place.
        shipment(WAY[1:], "Verkauf", "FCA", "CNCKG", "1", ["Somebody Else"])
        back = [WAY[0], ("road", "road.articulated", "CNCKG", "CNLZH"), ("road", "road.articulated", "CNLZH", "CNQZH")]
        shipment(back, "Verkauf", "FOB", "CNLZH", "1", ["Somebody Else"])
        within = [("road", "road.articulated", "CNLZH", "CNQZH"), ("road", "road.articulated", "CNQZH", "CNQZH"), WAY[3]]
        shipment(within, "Verkauf", "FOB", "CNQZH", "1", ["Somebody Else"])
        # Another year.
        for carrier in CARRIERS:
            shipment(WAY, "Verkauf", "CIF", "SGSIN", "1", [carrier], month=5)
    return number


def rows(run, name):
    whole = run / f"{name}.parquet"
    parts = [whole] if whole.exists() else sorted((run / name).iterdir())
    return [row for part in parts for row in pyarrow.parquet.read_table(part).to_pylist()]


def cut(chain, place):
    """before, hub, first hub, after or a reason, for each element."""
    stops, spans = [], []
    for one in chain:
        for end in (one["origin"], one["destination"]):
            if not stops or stops[-1] != end:
                stops.append(end)
            if end == one["origin"]:
                begin = len(stops) - 1
        spans.append((begin, len(stops) - 1))
    if stops.count(place) != 1:
        return [("place_elsewhere" if place not in stops else "place_twice", None)] * len(chain)
    at, out = stops.index(place), []
    for one, (begin, end) in zip(chain, spans):
        if end <= at and begin < at:
            out.append((None, "before"))
        elif begin >= at and end > at or begin > at:
            out.append((None, "after"))
        elif one["mode"] == "hub":
            out.append((None, "first hub" if at == 0 and chain[0]["mode"] == "hub" else "hub"))
        else:
            out.append(("within_place", None))
    return out


def payer(one, side_of):
    """(reason, seller or buyer) of sold goods."""
    rule = (one["incoterm"] or "").upper()
    if not rule:
        return "no_incoterm", None
    if rule not in RULES:
        return "incoterm_word", None
    place = (one["named_place"] or "").replace(" ", "")
    if not place:
        return "no_place", None
    if not re.fullmatch("[A-Z]{2}[A-Z2-9]{3}", place):
        return "place_word", None
    reason, side = side_of(place)
    if reason:
        return reason, None
    if side == "first hub" and rule == "FCA":
        return "fca_hub", None
    if side == "before":
        return None, "seller"
    if side == "after":
        return None, "buyer"
    return None, "seller" if rule in SELLERS_HUB else "buyer"


def categories(role, one, side_of, factor, hubs, shares):
    """What of operation and provision is where, and why not."""
    operation, provision = one["ghg_operation_kg"], one["ghg_provision_kg"]

    def both(category, reason=""):
        return {category: operation + provision}, reason

    is_inferred = "Q08" in one["quality_flags"].split("|")
    carrier = (one["carrier"] or "").lower()
    if one["mode"] == "hub" and hubs:
        own = hubs == "own"
    elif is_inferred:
        return both("not_determined", "inferred_hub")
    elif not carrier:
        return both("not_determined", "no_operator")
    else:
        own = carrier in OWN
    if own:
        energy = one["energy_carrier"] or factor["energy_carrier"]
        if not energy:
            return both("not_determined", "no_energy")
        if energy != "electricity":
            return {"scope_1": operation, "scope_3_3": provision}, ""
        share = shares.get(factor["energy_factor_id"] or factor["factor_id"])
        if share is None:
            return {"scope_2": operation, "not_determined": provision}, "electricity"
        generated = (provision * share / 100).quantize(Decimal("1e-9"), decimal.ROUND_HALF_EVEN)
        return {"scope_2": operation + generated, "scope_3_3": provision - generated}, ""
    if role in ("carrier", "forwarder"):
        return both("scope_3_4")
    word = one["direction"] or ""
    direction = WORDS.get(word, word)
    if not direction:
        return both("not_determined", "no_direction")
    if direction == "internal":
        return both("scope_3_4")
    if direction == "inbound":
        tier = one["tier"] or ""
        if not tier:
            return both("not_determined", "no_tier")
        if not tier.isdigit() or int(tier) == 0:
            return both("not_determined", "tier_word")
        return both("scope_3_4" if int(tier) == 1 else "scope_3_1")
    if direction != "outbound":
        return both("not_determined", "direction_word")
    reason, who = payer(one, side_of)
    if reason:
        return both("not_determined", reason)
    return both("scope_3_4" if who == "seller" else "scope_3_9")


def number(text):
    return Decimal(str(text).replace(" ", "").replace("\u2009", ""))


def shown(total, parts):
    """Tonnes by largest remainder."""
    digits = len(str(int(total / 1000))) if total >= 1000 else 0
    places = 6 if digits == 0 else max(0, 4 - digits)
    unit = Decimal(1000) / 10**places
    whole = int((total / unit).to_integral_value(decimal.ROUND_HALF_EVEN))
    cut = [int(part // unit) for part in parts]
    order = sorted(range(len(parts)), key=lambda at: (-(parts[at] / unit - cut[at]), at))
    for at in order[: whole - sum(cut)]:
        cut[at] += 1
    return [Decimal(n) / 10**places for n in (whole, *cut)]


def stated(program, folder, run, role, hubs, shares, lang, words=()):
    """One statement against the tables."""
    name = f"{role}-{hubs or 'unsaid'}-{len(shares)}-{lang}{len(words)}"
    file = folder / f"{name}.toml"
    lines = ["[organisation]", 'name = "Grün & <Söhne>"', f'role = "{role}"', 'own_names = ["GREEN HAUL", "绿运"]']
    lines += ["[organisation.columns]", 'direction = "direction"', 'incoterm = "incoterm"', 'place = "named_place"', 'tier = "tier"']
    lines += ["[organisation.values.direction]", 'Verkauf = "outbound"']
    if hubs:
        lines += ["[organisation.constants]", f'hub_operator = "{hubs}"']
    if shares:
        lines += ["[organisation.electricity]", *(f'"{factor}" = "{share}"' for factor, share in shares.items())]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    to = folder / name
    printed = ask(program, "statement", folder / "out", "--organisation", file, "--to", to, "--lang", lang, *words)

    factors = {row["factor_id"]: row for row in rows(run, "factors")}
    months = {row["shipment_id"]: str(row["period"])[:7] for row in rows(run, "shipments")}
    wanted_month = dict(zip(words[::2], words[1::2])).get("--period")
    chains = defaultdict(list)
    for one in rows(run, "elements"):
        if not wanted_month or months[one["shipment_id"]] == wanted_month:
            chains[one["shipment_id"], one["container_id"]].append(one)
    with open(to / "elements.csv", newline="", encoding="utf-8") as opened:
        found = {(row["shipment_id"], row["container_id"], row["element"]): row for row in csv.DictReader(opened)}
    same(f"{name}: elements", len(found), sum(map(len, chains.values())))
    sums, reasons, total = defaultdict(Decimal), defaultdict(lambda: [0, ZERO]), ZERO
    for (shipment, container), chain in chains.items():
        chain.sort(key=lambda one: one["element"])
        for at, one in enumerate(chain):
            wanted, reason = categories(role, one, lambda place: cut(chain, place)[at], factors[one["factor_id"]], hubs, shares)
            row = found[shipment, container or "", str(one["element"])]
            cells = {category: number(row[f"{category}_kg"] or 0) for category in CATEGORIES}
            same(f"{name}: {shipment} {one['element']}", {c: v for c, v in cells.items() if v}, {c: v for c, v in wanted.items() if v})
            same(f"{name}: {shipment} {one['element']}: reason", row["reason"], reason)
            for category, kg in wanted.items():
                sums[category] += kg
            total += one["ghg_total_kg"]
            if reason:
                reasons[reason][0] += 1
                reasons[reason][1] += wanted.get("not_determined", ZERO)
    same(f"{name}: categories make the total", sum(sums.values()), total)
    parts = [sums[category] for category in CATEGORIES]
    tonnes = shown(total, parts)
    same(f"{name}: shown tonnes add up", sum(tonnes[1:]), tonnes[0])

    lines = {line.split("  ")[1].strip(): re.split(r" {2,}", line.strip())[-2:] for line in printed.splitlines() if line.startswith("  ")}
    for category, kg, t in zip(["total", *CATEGORIES], [total, *parts], tonnes):
        same(f"{name}: printed {category}", [number(text) for text in lines[category.replace("_", " ")]], [t, kg])
    for reason, (elements, kg) in reasons.items():
        line = next(line for line in printed.splitlines() if line.startswith(f"not determined, {reason}:"))
        told = re.match(r"not determined, \w+: ([\d ]+) elements?, ([\d .]+) kg", line)
        same(f"{name}: printed {reason}", [number(told[1]), number(told[2])], [elements, kg])
    same(f"{name}: reasons", printed.count("not determined, "), len(reasons))

    book = openpyxl.load_workbook(next(to.glob(f"*.{lang}.xlsx")))
    sheet = book.worksheets[1]
    grid = [list(row) for row in sheet.iter_rows(values_only=True)]
    at = next(i for i, row in enumerate(grid) if row[0] and i > 2)
    heads = [str(head or "") for head in grid[at]]
    kg_at = next(i for i, head in enumerate(heads) if head.startswith("kg CO2e"))
    for row, kg, t in zip(grid[at + 1 :], [*parts, total], [*tonnes[1:], tonnes[0]]):
        exact = number(row[kg_at]) if isinstance(row[kg_at], str) else Decimal(repr(row[kg_at]))
        same(f"{name}: workbook", (exact, Decimal(repr(row[1]))), (kg, t))

    raw = next(to.glob(f"*.{lang}.html")).read_text(encoding="utf-8")
    page = html.unescape(raw)
    text = re.sub(r"<style>.*?</style>", "", page, flags=re.S)
    text = re.sub(r"<[^>]+>", "", text)
    plain = text.replace(" ", "")
    for kg in [total, *parts]:
        same(f"{name}: page has {kg}", f"{kg:f}" in plain, True)
    same(f"{name}: page's language", f'lang="{"en" if lang == "en" else "zh-Hans"}"' in page, True)
    same(f"{name}: the name is text", ("Grün &amp; &lt;Söhne&gt;" in raw, "<Söhne>" in raw), (True, False))
    return total


def main():
    program = pathlib.Path(sys.argv[1]).resolve()
    folder = pathlib.Path(tempfile.mkdtemp())
    shipments = movements(folder / "rows.csv")
    (folder / "run.toml").write_text(
        f'movements = ["rows.csv"]\nfactors = "{HOME}/emission_factors"\nreference = "{HOME}/data"\nout = "out"\n'
        '[carry]\ndirection = "direction"\nincoterm = "incoterm"\nnamed_place = "named_place"\ntier = "tier"\n'
        '[organisation]\nname = "Of the run file"\nrole = "buyer"\n', encoding="utf-8")
    ask(program, "run", folder / "run.toml")
    run = (folder / "out/latest").resolve()
    same("shipments", len(rows(run, "shipments")), shipments)
    used = {row["energy_factor_id"] or row["factor_id"] for row in rows(run, "factors") if row["energy_carrier"] == "electricity"}
    if not used:
        sys.exit("the case has no electricity")
    shares = {factor: Decimal("87.5") for factor in used}
    statements = 0
    whole = sum((row["ghg_total_kg"] for row in rows(run, "elements")), ZERO)
    for role, hubs in itertools.product(["seller", "buyer", "carrier", "forwarder"], ["", "own", "other"]):
        for told in ({}, shares):
            same(role, stated(program, folder, run, role, hubs, told, "zh" if hubs == "own" else "en"), whole)
            statements += 1
    march = stated(program, folder, run, "seller", "other", shares, "en", ["--period", "2025-03"])
    may = stated(program, folder, run, "seller", "other", shares, "en", ["--period", "2025-05"])
    same("the months make the run", march + may, whole)
    # The run file of the case is a file with [organisation] too; without own_names nothing says who operates.
    said = ask(program, "statement", folder / "out", "--organisation", folder / "run.toml", "--to", folder / "of-the-run-file")
    same("nothing says who operates", "not determined, no_operator" in said, True)
    print(f"statement: {equal} figures of {statements + 2} statements equal")


main()
