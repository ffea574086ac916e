#!/usr/bin/env python3
"""Check the shipped factor library and data against their sources and against the file layouts.

usage: check_sources.py [TABLES [--extract]]

TABLES: folder of the source tables, default tests/library/sources: of the tables that the library was made from, the rows and columns that
it uses. Whoever has the whole tables names their folder; `--extract` then also writes tests/library/sources anew.

1. Structure: headers, numbers, ids, dates, regions, operations, overlaps, profiles, data files.
2. Rights: every row has a licence, every edition may be redistributed, no figure of a source that may not.
3. Derivations: a formula in `note` gives the value again. Formulas read `column = expression;` and hold their inputs as
   [id=value] or [id:column=value]; results are rounded half to even to the decimals written. The refrigerated uplifts of the profiles
   likewise, from `# formula:` lines.
4. Sources: a figure is the one in the source table, exactly; the inputs of formulas too. `source_ref` of a row without
   formula starts with the id of the source row. The extract holds no row that the library does not use.

Prints every fault and `N passed, M failed`; exits 1 when something failed. Standard library only.
"""
import csv, datetime, os, re, sys, tomllib
from decimal import Decimal, ROUND_HALF_EVEN, getcontext

getcontext().prec = 60
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOURCES = os.path.join(ROOT, "tests", "library", "sources")
LIBRARY, DATA = os.path.join(ROOT, "emission_factors"), os.path.join(ROOT, "data")
HEADERS = {
    "sources": "source,edition,title,publisher,published_on,url,licence,redistributable,gwp_set",
    "operations": "operation,mode,kind,energy_carrier,title,description",
    "transport": "factor_id,operation,energy_carrier,region,carrier,temperature,per,operation_g,provision_g,energy_quantity,energy_unit,distance_basis,load_factor,empty_share,"
                 "valid_from,valid_to,data_category,gwp_set,licence,source_ref,basis_note,note",
    "hub": "factor_id,operation,energy_carrier,region,carrier,temperature,per,operation_g,provision_g,energy_quantity,energy_unit,valid_from,valid_to,data_category,gwp_set,licence,source_ref,note",
    "energy": "energy_id,energy_carrier,region,per,operation_g,provision_g,valid_from,valid_to,gwp_set,licence,source_ref,note",
    "locations": "locode,name,kind,latitude,longitude,source,licence",
    "distances": "mode,origin,destination,distance_km,basis,source_ref",
    "containers": "code,teu,tare_kg,refrigerated,title",
    "zones": "zone,member",
    "mode_aliases": "alias,mode",
    "services": "service,mode,operation,carrier,origin,destination,distance_km,basis,transit_hours,departures_per_week,cost,currency,cost_per,valid_from,valid_to,source_ref,note",
}
MODES = ["road", "rail", "sea", "inland_waterway", "air", "hub"]
GWP = {"AR4", "AR5", "AR6", "CO2", "unstated"}
PER = {"transport": {"tkm", "teukm"}, "hub": {"t", "teu", "container"}, "energy": {"kg", "l", "kWh", "MJ"}}
FORBIDDEN = re.compile(r"\bGLEC\b|Smart Freight|Clean Cargo|EcoTransIT|GB/T 51366|rail-eti-|glec\d", re.I)
LOCODE, NUMBER = re.compile(r"[A-Z]{2}[A-Z2-9]{3}"), re.compile(r"-?\d+(\.\d+)?")
COUNTRIES = set("""AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL
CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR
HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ
MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK
SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW""".split())
# Source tables, with the columns that the extract keeps: what is compared, and where it is from.
TABLES = {
    "transport_intensity": "id,temperature,unit_basis,wtt_gco2e,ttw_gco2e,valid_from,valid_to,source_title,source_table_or_page,licence_note",
    "energy_carrier": "id,lhv_MJ_per_kg,density_kg_per_l,wtt_gco2e_per_MJ,ttw_gco2e_per_MJ,wtt_kgco2e_per_kg,ttw_kgco2e_per_kg,cf_co2_g_per_g,"
                      "ttw_kgco2e_per_l,wtt_kgco2e_per_l,"
                      "source_title,source_table_or_page,licence_note",
    "electricity_grid": "id,gco2e_per_kwh,source_title,source_url,licence_note",
    "outside_of_scopes": "id,carrier,year,kgco2_per_kg,kgco2_per_l,kgco2_per_GJ,source_title,source_table_or_page,source_url,licence_note,seen_in",
    "open_corridor_factors": "id,value,unit,source_title,source_publisher,source_url,licence_note",
}
passed, faults = 0, []


def check(ok, fault):
    """Counts one check; a fault is named."""
    global passed
    if ok: passed += 1
    else: faults.append(fault)
    return ok


def table(path, kind):
    """Rows of a CSV file with their line number; the header and the bytes are checked."""
    label = os.path.relpath(path, ROOT)
    with open(path, "rb") as f: raw = f.read()
    check(b"\r" not in raw and not raw.startswith(b"\xef\xbb\xbf") and raw.endswith(b"\n"), f"{label}: not plain UTF-8 with LF line ends")
    reader = csv.reader(raw.decode("utf-8").splitlines(keepends=True), strict=True)
    header = next(reader)
    # A table without a figure of it has no such column.
    if not check([c for c in header if c != "biogenic_co2_g"] == HEADERS[kind].split(","), f"{label}:1: header is {','.join(header)}, expected {HEADERS[kind]}"): return []
    rows = []
    for cells in reader:
        if check(len(cells) == len(header), f"{label}:{reader.line_num}: {len(cells)} cells, expected {len(header)}"):
            rows.append(dict(zip(header, cells), _at=f"{label}:{reader.line_num}"))
    return rows


def number(text, decimals, low="0"):
    """The value of a plain decimal number, or None."""
    if not NUMBER.fullmatch(text) or len(text.partition(".")[2]) > decimals or Decimal(text) < Decimal(low): return None
    return Decimal(text)


def day(text):
    try: return datetime.date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
    except ValueError: return None


# ---------------------------------------------------------------------------------------------------- regions
zones = {}


def region_pairs(region):
    """A region as a list of (origin members, destination members), or None; GLOBAL is an empty list."""
    if region == "GLOBAL": return []
    m = re.fullmatch(r"([^<>]+?)(<>|>)([^<>]+)", region)
    parts = [m.group(1), m.group(3)] if m else [region]
    members = []
    for p in parts:
        if p in zones: members.append(zones[p])
        elif p in COUNTRIES: members.append({p})
        else: return None
    if not m: return [(members[0], members[0])]
    return [(members[0], members[1])] + ([(members[1], members[0])] if m.group(2) == "<>" else [])


def contained(a, b):
    """Whether each pair of region a is covered by region b (a place lies in its country); an unknown region in nothing."""
    if a is None or b is None or a == []: return b == []
    if b == []: return True
    covers = lambda s, x: x in s or x[:2] in s
    return all(any(covers(o, x) and covers(d, y) for o, d in b) for p, q in a for x in p for y in q)


# ---------------------------------------------------------------------------------------------------- formulas and sources
INPUT = re.compile(r"\[([^\[\]=:]+)(?::([^\[\]=]+))?=(-?[0-9.]+)\]")
CLAUSE = re.compile(r"(operation_g|provision_g|biogenic_co2_g|energy_quantity) = ([^;]+);")
DEFAULT_COLUMN = {"open_corridor_factors": "value", "electricity_grid": "gco2e_per_kwh"}


def evaluate(expression):
    """Value of an arithmetic expression of numbers, + - * / and brackets, in decimal arithmetic."""
    tokens = re.findall(r"\d+(?:\.\d+)?|[-+*/()]|\S", expression)
    pos = 0

    def take():
        nonlocal pos
        pos += 1
        return tokens[pos - 1]

    def factor():
        t = take()
        if t == "(":
            v = total()
            if take() != ")": raise ValueError("bracket not closed")
            return v
        if t == "-": return -factor()
        return Decimal(t)

    def product():
        v = factor()
        while pos < len(tokens) and tokens[pos] in "*/": v = v * factor() if take() == "*" else v / factor()
        return v

    def total():
        v = product()
        while pos < len(tokens) and tokens[pos] in "+-": v = v + product() if take() == "+" else v - product()
        return v

    v = total()
    if pos != len(tokens): raise ValueError(f"unexpected {tokens[pos]!r}")
    return v


class Sources(dict):
    """Rows of the source tables by id; remembers which were asked for."""

    def __init__(self, folder):
        self.used = set()
        for name in TABLES:
            path = os.path.join(folder, f"{name}.csv")
            # Biogenic CO2 was looked up for the library; whole tables of the others do not hold it.
            if name == "outside_of_scopes" and not os.path.exists(path): path = os.path.join(SOURCES, f"{name}.csv")
            with open(path, encoding="utf-8", newline="") as f:
                for r in csv.DictReader(f):
                    check(r["id"] not in self, f"{name}.csv: id {r['id']} occurs twice")
                    self[r["id"]] = dict(r, _table=name)

    def get(self, ident):
        self.used.add(ident)
        return super().get(ident)

    def extract(self):
        """Writes the rows that were asked for."""
        os.makedirs(SOURCES, exist_ok=True)
        for name, columns in TABLES.items():
            with open(os.path.join(SOURCES, f"{name}.csv"), "w", encoding="utf-8", newline="") as f:
                w = csv.DictWriter(f, columns.split(","), extrasaction="ignore", lineterminator="\n")
                w.writeheader()
                w.writerows(self[i] for i in sorted(self.used & set(self)) if self[i]["_table"] == name)

    def check_extract(self):
        """Nothing is passed on but what the library passes on, and nothing of a source that may not be."""
        for ident, row in self.items():
            check(ident in self.used, f"tests/library/sources/{row['_table']}.csv: {ident} is not used by the library")
            check(not FORBIDDEN.search(" ".join(row.values())) and row["licence_note"], f"tests/library/sources: {ident}: a source that may not be shipped")


def derived(at, expression, reference):
    """Value of a formula, its inputs compared with the source tables; None, with a fault, when it cannot be read."""
    for ident, col, value in INPUT.findall(expression):
        src = reference.get(ident)
        if not check(src is not None, f"{at}: no source row {ident}"): continue
        col = col or DEFAULT_COLUMN.get(src["_table"], "")
        check(src.get(col) is not None and src[col] != "" and Decimal(src[col]) == Decimal(value), f"{at}: input {ident}:{col} is {src.get(col)!r} in the source, {value} in the formula")
    try:
        return evaluate(INPUT.sub(lambda m: m.group(3), expression))
    except (ValueError, ArithmeticError, IndexError) as e:
        check(False, f"{at}: formula cannot be read: {e}: {expression}")
        return None


def check_derivation(row, columns, reference):
    """Formulas of a row; returns the columns that they explain."""
    done = set()
    for column, expression in CLAUSE.findall(row["note"]):
        at = f"{row['_at']}: {column}"
        done.add(column)
        value = derived(at, expression, reference)
        if value is None: continue
        written = row[column]
        if not check(NUMBER.fullmatch(written), f"{at}: formula without a value"): continue
        # Trailing zeros are not written, so the last decimals of a value may be missing: compare at the precision of the column.
        places = max(len(written.partition(".")[2]), 4)
        ok = any(value.quantize(Decimal(1).scaleb(-p), rounding=ROUND_HALF_EVEN) == Decimal(written) for p in range(places, 10))
        check(ok, f"{at}: value {written}, formula gives {value:.12f}")
    for c in columns:
        # Electricity: nothing is emitted in operation, so no source prints it.
        if c == "operation_g" and row[c] == "0" and row["energy_carrier"] == "electricity": done.add(c)
    return done


def check_against_source(row, kind, columns, reference):
    """A row without formula holds the figures of its source row, exactly."""
    ident = row["source_ref"].split(";")[0].strip()
    src = reference.get(ident)
    if not check(src is not None, f"{row['_at']}: source_ref starts with {ident!r}, which is no source row, and the note has no formula for {', '.join(sorted(columns))}"): return
    at = f"{row['_at']}: {ident}"
    if src["_table"] == "transport_intensity":
        want = {"operation_g": src["ttw_gco2e"], "provision_g": src["wtt_gco2e"]}
        check(row["per"] == src["unit_basis"], f"{at}: per {row['per']}, source has {src['unit_basis']}")
        wanted = "refrigerated" if src["temperature"] == "temperature-controlled" else "ambient"
        check(row["temperature"] == wanted, f"{at}: {row['temperature']}, source has {src['temperature']}")
        check(row["valid_from"] == src["valid_from"], f"{at}: valid_from {row['valid_from']}, source has {src['valid_from']}")
        end = (day(src["valid_to"]) + datetime.timedelta(days=1)).isoformat() if src["valid_to"] else ""
        check(row["valid_to"] == end, f"{at}: valid_to {row['valid_to']}, source has {src['valid_to']} inclusive")
    elif src["_table"] == "energy_carrier":
        unit, scale = {"kg": ("kgco2e_per_kg", 1000), "l": ("kgco2e_per_l", 1000), "MJ": ("gco2e_per_MJ", 1)}.get(row["per"], (None, 1))
        if not check(unit, f"{at}: per {row['per']} needs a formula"): return
        want = {c: str(Decimal(src[f"{p}_{unit}"]) * scale) if src[f"{p}_{unit}"] else "" for c, p in (("operation_g", "ttw"), ("provision_g", "wtt"))}
    elif src["_table"] == "electricity_grid":
        check(row["operation_g"] == "0" and row["per"] == "kWh", f"{at}: electricity has operation 0 and is per kWh")
        want = {"provision_g": src["gco2e_per_kwh"]}
    else:
        want = {}
    for c in columns:
        check(want.get(c) not in (None, "") and Decimal(want[c]) == Decimal(row[c]), f"{at}: {c} is {row[c]}, source has {want.get(c)!r}")


# ---------------------------------------------------------------------------------------------------- library
def check_library(reference):
    sources = table(os.path.join(LIBRARY, "sources.csv"), "sources")
    operations = table(os.path.join(LIBRARY, "operations.csv"), "operations")
    ops, editions = {}, {}
    for o in operations:
        check(o["operation"] not in ops, f"{o['_at']}: operation {o['operation']} occurs twice")
        ops[o["operation"]] = o
        check(o["mode"] in MODES and o["operation"].startswith(o["mode"] + "."), f"{o['_at']}: mode {o['mode']} does not fit {o['operation']}")
        check(o["kind"] == ("hub" if o["mode"] == "hub" else "transport"), f"{o['_at']}: kind {o['kind']}")
        check(o["title"] != "", f"{o['_at']}: no title")
    folders = {f"{s}/{e}" for s in os.listdir(LIBRARY) if s != "profiles" and os.path.isdir(os.path.join(LIBRARY, s)) for e in os.listdir(os.path.join(LIBRARY, s))}
    for s in sources:
        key = f"{s['source']}/{s['edition']}"
        check(key not in editions, f"{s['_at']}: {key} occurs twice")
        check(key in folders, f"{s['_at']}: no folder {key}")
        check(s["redistributable"] == "yes", f"{s['_at']}: {key} may not be redistributed, so it may not be shipped")
        check(s["licence"] != "" and s["title"] != "" and s["publisher"] != "", f"{s['_at']}: title, publisher and licence are needed")
        check(s["gwp_set"] in GWP, f"{s['_at']}: gwp_set {s['gwp_set']}")
        check(s["published_on"] == "" or day(s["published_on"]), f"{s['_at']}: published_on {s['published_on']}")
        check(not FORBIDDEN.search(" ".join(v for k, v in s.items() if k != "_at")), f"{s['_at']}: a source that may not be shipped")
        editions[key] = dict(s, transport=[], hub=[], energy=[])
    for key in sorted(folders - set(editions)): check(False, f"emission_factors/{key}: folder without a row in sources.csv")
    for key, ed in editions.items():
        ids = set()
        for kind in ("transport", "hub", "energy"):
            path = os.path.join(LIBRARY, *key.split("/"), f"{kind}.csv")
            if not os.path.exists(path): continue
            ed[kind] = table(path, kind)
            check(ed[kind], f"emission_factors/{key}/{kind}.csv: no rows")
            for row in ed[kind]: check_row(row, kind, ed, ops, ids, reference)
            check_overlaps(ed[kind], kind)
        check(ids, f"emission_factors/{key}: empty edition")
    return ops, editions


def check_row(row, kind, ed, ops, ids, reference):
    at, ident = row["_at"], row["energy_id" if kind == "energy" else "factor_id"]
    check(ident and not re.search(r"[@:\s]", ident), f"{at}: id {ident!r}")
    check(ident not in ids, f"{at}: id {ident} occurs twice in the edition")
    ids.add(ident)
    check(region_pairs(row["region"]) is not None, f"{at}: unknown region {row['region']!r}")
    check(row["per"] in PER[kind], f"{at}: per {row['per']!r}")
    start, end = day(row["valid_from"]), day(row["valid_to"]) if row["valid_to"] else datetime.date.max
    check(start and end and start < end, f"{at}: validity {row['valid_from']!r} to {row['valid_to']!r}")
    # Validity is what the publisher says or the year that the data describe (emission_factors/README.md): both begin with a year.
    check(start and (start.month, start.day) == (1, 1), f"{at}: valid_from {row['valid_from']} is no first day of a year")
    check(row["valid_from"] != ed["published_on"], f"{at}: valid_from {row['valid_from']} is the day of publication")
    row["_days"] = (start or datetime.date.min, end or datetime.date.max)
    row["_gwp"] = row["gwp_set"] or ed["gwp_set"]
    check(row["_gwp"] in GWP, f"{at}: gwp_set {row['gwp_set']!r}")
    check((row["licence"] or ed["licence"]) != "", f"{at}: no licence")
    check(row["source_ref"] != "", f"{at}: no source_ref")
    check(not FORBIDDEN.search(" ".join([row["source_ref"], row["licence"], row["note"]])), f"{at}: a figure of a source that may not be shipped")
    figures = {c: row[c] for c in ("operation_g", "provision_g", "biogenic_co2_g", "energy_quantity") if row.get(c, "") != ""}
    for c, v in figures.items():
        n = number(v, 12 if c == "energy_quantity" else 9)
        check(n is not None and (c != "energy_quantity" or n > 0), f"{at}: {c} {v!r} is not a plain number of at most 9 decimals")
    emitted = set(figures) - {"biogenic_co2_g"}
    if kind == "energy":
        check(row["energy_carrier"] != "", f"{at}: no energy carrier")
        check(emitted == {"operation_g", "provision_g"}, f"{at}: operation_g and provision_g are both needed")
    else:
        direct, energy = emitted == {"operation_g", "provision_g"}, set(figures) == {"energy_quantity"} and row["energy_unit"] in PER["energy"] and row["energy_carrier"] != ""
        check((direct and row["energy_unit"] == "") or energy, f"{at}: either operation_g and provision_g, or energy_quantity, energy_unit and energy_carrier")
        op = ops.get(row["operation"])
        check(op and op["kind"] == kind, f"{at}: unknown operation {row['operation']!r} for {kind}")
        check(row["temperature"] in ("ambient", "refrigerated"), f"{at}: temperature {row['temperature']!r}")
        check(row["data_category"] in ("primary", "modelled", "default"), f"{at}: data_category {row['data_category']!r}")
    if kind == "transport":
        check(row["distance_basis"] in ("sfd", "gcd", "actual"), f"{at}: distance_basis {row['distance_basis']!r}")
        check(row["basis_note"] != "", f"{at}: no basis_note")
        for c in ("load_factor", "empty_share"): check(row[c] == "" or (number(row[c], 6) is not None and Decimal(row[c]) <= 1), f"{at}: {c} {row[c]!r}")
    rest = set(figures) - check_derivation(row, figures, reference)
    if rest: check_against_source(row, kind, rest, reference)


def check_overlaps(rows, kind):
    columns = ("energy_carrier", "region", "per") if kind == "energy" else ("operation", "energy_carrier", "region", "carrier", "temperature")
    groups = {}
    for r in rows: groups.setdefault(tuple(r[c] for c in columns), []).append(r)
    for key, group in groups.items():
        group.sort(key=lambda r: r["_days"])
        for a, b in zip(group, group[1:]): check(a["_days"][1] <= b["_days"][0], f"{b['_at']}: validity overlaps {a['_at']} for {key}")


UPLIFT = re.compile(r"^# formula: (\w+) = ([^;]+);", re.M)


def check_uplifts(reference):
    """Each uplift of the default profile is what its formula gives; the other profiles have the same or none."""
    uplifts = {}
    for name in ["open.toml"] + sorted(set(os.listdir(os.path.join(LIBRARY, "profiles"))) - {"open.toml"}):
        label = f"emission_factors/profiles/{name}: refrigerated_uplift"
        with open(os.path.join(LIBRARY, "profiles", name), encoding="utf-8") as f: text = f.read()
        written = tomllib.loads(text)["refrigerated_uplift"]
        formulas = dict(UPLIFT.findall(text))
        if name == "open.toml":
            uplifts = written
            check(set(formulas) == set(written), f"{label}: formulas of {sorted(formulas)}, uplifts of {sorted(written)}")
        for mode, expression in formulas.items():
            value = derived(f"{label}.{mode}", expression, reference)
            if value is not None: check(Decimal(written.get(mode, "0")) == value.quantize(Decimal("1e-6"), rounding=ROUND_HALF_EVEN), f"{label}.{mode}: {written.get(mode)}, formula gives {value:.9f}")
        for mode, value in written.items(): check(uplifts.get(mode) == value, f"{label}.{mode}: {value}, the profile open has {uplifts.get(mode)}")


def check_profiles(ops, editions):
    folder, seen = os.path.join(LIBRARY, "profiles"), 0
    for name in sorted(os.listdir(folder)):
        label = f"emission_factors/profiles/{name}"
        with open(os.path.join(folder, name), "rb") as f: p = tomllib.load(f)
        seen += 1
        rows = {"transport": [], "hub": [], "energy": []}
        for s in p["sources"]:
            if not check(s in editions, f"{label}: source {s} is not in sources.csv"): continue
            for kind in rows: rows[kind] += editions[s][kind]
        for kind in rows:
            for r in rows[kind]: check(r["_gwp"] in p["gwp_sets"], f"{label}: {r['_at']} has GWP set {r['_gwp']}, which the profile does not admit")
        for mode, op in p["default_operation"].items(): check(op in ops and ops[op]["mode"] == mode, f"{label}: default operation {op} of {mode}")
        for h in p.get("hub", []):
            check(h["operation"] in ops and ops[h["operation"]]["mode"] == "hub", f"{label}: hub operation {h['operation']}")
            check(any(r["operation"] == h["operation"] for r in rows["hub"]), f"{label}: no factor for {h['operation']}")
        pairs = {(h["before"], h["after"]) for h in p.get("hub", [])}
        check(len(pairs) == len(p.get("hub", [])), f"{label}: a hub pair occurs twice")
        keys = set()
        for d in p["distance_adjustment"]:
            key = (d["mode"], d["activity_basis"], d["intensity_basis"])
            check(key not in keys and d["activity_basis"] != d["intensity_basis"], f"{label}: distance adjustment {key}")
            keys.add(key)
            check(("ratio" in d) != ("add_km" in d) and number(d.get("ratio", d.get("add_km")), 6, "-1000") is not None, f"{label}: distance adjustment {key}: one of ratio and add_km, at most 6 decimals")
        for mode, u in p["refrigerated_uplift"].items(): check(mode in MODES and number(u, 6, "1") is not None, f"{label}: uplift {mode} {u}")
        for r in rows["transport"] + rows["hub"]:
            if not r["energy_quantity"]: continue
            units = {"kWh": {"kWh", "MJ"}, "MJ": {"kWh", "MJ"}}.get(r["energy_unit"], {r["energy_unit"]})
            mine = region_pairs(r["region"])
            n = sum(e["energy_carrier"] == r["energy_carrier"] and e["per"] in units and e["_days"][0] < r["_days"][1] and r["_days"][0] < e["_days"][1]
                    and (contained(region_pairs(e["region"]), mine) or contained(mine, region_pairs(e["region"]))) for e in rows["energy"])
            check(n > 0, f"{label}: {r['_at']} finds no energy row of {r['energy_carrier']} per {r['energy_unit']}")
    check(seen > 0, "emission_factors/profiles: no profile")


# ---------------------------------------------------------------------------------------------------- data
def check_zones():
    for r in table(os.path.join(DATA, "zones.csv"), "zones"):
        check(r["zone"] not in COUNTRIES and r["zone"] != "GLOBAL" and not re.search(r"[<>]", r["zone"]), f"{r['_at']}: zone name {r['zone']}")
        check(r["member"] in COUNTRIES or (LOCODE.fullmatch(r["member"]) and r["member"][:2] in COUNTRIES), f"{r['_at']}: member {r['member']}")
        check(r["member"] not in zones.setdefault(r["zone"], set()), f"{r['_at']}: {r['member']} occurs twice in {r['zone']}")
        zones[r["zone"]].add(r["member"])


def check_data(ops):
    places, distances, aliases = set(), set(), set()
    for r in table(os.path.join(DATA, "locations.csv"), "locations"):
        check(LOCODE.fullmatch(r["locode"]) and r["locode"][:2] in COUNTRIES and r["locode"][2:] != "ZZZ", f"{r['_at']}: code {r['locode']}")
        check(r["locode"] not in places, f"{r['_at']}: {r['locode']} occurs twice")
        places.add(r["locode"])
        for c, limit in (("latitude", 90), ("longitude", 180)): check(NUMBER.fullmatch(r[c]) and abs(Decimal(r[c])) <= limit, f"{r['_at']}: {c} {r[c]!r}")
        check(r["source"] != "" and r["licence"] != "" and r["name"] != "", f"{r['_at']}: name, source and licence are needed")
    for r in table(os.path.join(DATA, "distances.csv"), "distances"):
        key = (r["mode"], r["origin"], r["destination"])
        check(r["mode"] in MODES[:5] and r["origin"] in places and r["destination"] in places, f"{r['_at']}: {key}")
        check(key not in distances, f"{r['_at']}: {key} occurs twice")
        distances.add(key)
        check((number(r["distance_km"], 3) or 0) > 0 and r["basis"] in ("sfd", "gcd", "actual") and r["source_ref"] != "", f"{r['_at']}: distance, basis or source")
    codes = set()
    for r in table(os.path.join(DATA, "containers.csv"), "containers"):
        check(r["code"] and r["code"] == r["code"].upper() and r["code"] not in codes, f"{r['_at']}: code {r['code']}")
        codes.add(r["code"])
        check((number(r["teu"], 6) or 0) > 0 and (r["tare_kg"] == "" or number(r["tare_kg"], 3)) and r["refrigerated"] in ("yes", "no"), f"{r['_at']}: teu, tare or refrigerated")
    for r in table(os.path.join(DATA, "mode_aliases.csv"), "mode_aliases"):
        a = r["alias"].lower()
        check(a and a not in aliases and a not in MODES and r["mode"] in MODES, f"{r['_at']}: alias {r['alias']} of {r['mode']}")
        aliases.add(a)
    services = set()
    for r in table(os.path.join(DATA, "services.csv"), "services"):
        check(r["service"] and r["service"] not in services, f"{r['_at']}: service {r['service']}")
        services.add(r["service"])
        check(r["operation"] in ops and ops[r["operation"]]["mode"] == r["mode"], f"{r['_at']}: operation {r['operation']}")
        check({r["origin"], r["destination"]} <= places, f"{r['_at']}: {r['origin']} or {r['destination']} is no place")
        for c in ("distance_km", "transit_hours"): check(r[c] == "" or (number(r[c], 3) or 0) > 0, f"{r['_at']}: {c} {r[c]!r}")
        check((r["cost"] == "") == (r["currency"] == "") == (r["cost_per"] == "") and r["cost_per"] in ("", "teu", "t", "container"), f"{r['_at']}: cost, currency and cost_per go together")
    known = lambda x: x in places or x in COUNTRIES or x in zones
    with open(os.path.join(DATA, "corridors.toml"), "rb") as f: corridors = tomllib.load(f)["corridor"]
    check(len({c["id"] for c in corridors}) == len(corridors), "data/corridors.toml: an id occurs twice")
    for c in corridors:
        for x in c["origin"] + c["destination"] + [y for v in c.get("via", []) for y in v]: check(known(x), f"data/corridors.toml: {c['id']}: unknown {x}")
    with open(os.path.join(DATA, "sample_routes.toml"), "rb") as f: sample = tomllib.load(f)
    for c in sample["container"]: check(c["type"] in codes and c["cargo_min_kg"] < c["cargo_max_kg"], f"data/sample_routes.toml: container {c['type']}")
    for r in sample["route"]:
        for a, b in zip(r["element"], r["element"][1:]): check(a["destination"] == b["origin"], f"data/sample_routes.toml: {r['name']}: {a['destination']} is not {b['origin']}")
        for e in r["element"]:
            key = (e["mode"], e["origin"], e["destination"])
            check(key in distances or (key[0], key[2], key[1]) in distances, f"data/sample_routes.toml: {r['name']}: no distance for {key}")
            check({e["origin"], e["destination"]} <= places, f"data/sample_routes.toml: {r['name']}: unknown place in {key}")
            check(e["operation"] == "" or (e["operation"] in ops and ops[e["operation"]]["mode"] == e["mode"]), f"data/sample_routes.toml: {r['name']}: operation {e['operation']}")
    for name in ("sites", "countries"):
        path = os.path.join(ROOT, "examples", "real", f"{name}.csv")
        with open(path, encoding="utf-8", newline="") as f:
            for r in csv.DictReader(f): check(r["code"] in places, f"examples/real/{name}.csv: {r['code']} is no place")


def main():
    folder = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else SOURCES
    reference = Sources(folder)
    check_zones()
    ops, editions = check_library(reference)
    check_profiles(ops, editions)
    check_uplifts(reference)
    check_data(ops)
    if sys.argv[2:] == ["--extract"]: reference.extract()
    elif folder == SOURCES: reference.check_extract()
    for f in faults: print(f)
    print(f"{passed} passed, {len(faults)} failed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
