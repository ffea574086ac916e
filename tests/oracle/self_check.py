#!/usr/bin/env python3
"""Checks the oracle itself: hand-computed tiny cases, then a count of every code over seeds 1..60.

usage: self_check.py [LAST_SEED]      exit 1 when a case is wrong or a code never occurs
"""
import collections
import json
import os
import sys
import tempfile

from exact import decimal_text, half_even, parse_number, ratio_text, scale
from generate import generate
from generate_library import ENERGY, HUB, TRANSPORT, write_table, write_text
from oracle import compute
from parsing import has_right_check_digit
from reading import BrokenFile, RunFile, movement_files, read_ndjson, read_run_file, split_records
from reference import haversine_m, make_region
from timestamps import iso, parse_timestamp

REJECTIONS = [f"R{n:03}" for n in range(1, 25)]
FLAGS = [f"Q{n:02}" for n in range(1, 24)]
failures = []


def check(what, found, wanted):
    if found != wanted:
        failures.append(f"{what}: found {found!r}, wanted {wanted!r}")


# --- parts --------------------------------------------------------------------------------------

def check_numbers():
    for numerator, denominator, wanted in [(5, 2, 2), (7, 2, 4), (-5, 2, -2), (-7, 2, -4), (1, 3, 0), (2, 3, 1), (6, 4, 2), (10, 4, 2)]:
        check(f"half_even {numerator}/{denominator}", half_even(numerator, denominator), wanted)
    for text in ["", "-", ".5", "5.", "+5", "1e3", "1_0", "NaN", "1,5", "١", "1 0", "--1"]:
        check(f"number {text!r}", parse_number(text), None)
    check("foreign number", parse_number("-1.234.567,50", ",", "."), (-123456750, 2))
    for text in ["1.23", "12.34,5", "1234.567", ".123", "1..234"]:
        check(f"groups {text!r}", parse_number(text, ",", "."), None)
    check("round 1.0005", scale(parse_number("1.0005"), 3), (1000, True))
    check("round 1.0015", scale(parse_number("1.0015"), 3), (1002, True))
    check("zeros are no excess", scale(parse_number("1.500000"), 3), (1500, False))
    check("text of -5", decimal_text(-5, 3), "-0.005")
    check("ratio 1/3", ratio_text(1, 3, 6), "0.333333")
    check("ratio by zero", ratio_text(1, 0, 6), None)


def check_timestamps():
    berlin = "Europe/Berlin"
    for text, patterns, wanted in [
            ("2025-03-01T10:00:00+08:00", [], "2025-03-01T02:00:00.000000Z"), ("2025-03-01t10:00:00.1234569z", [], "2025-03-01T10:00:00.123456Z"),
            ("2025-03-01 10:00:60Z", [], None), ("2025-03-01T10:00:00", [], None), ("2-Jun-06", ["%d-%b-%y"], "2006-06-01T22:00:00.000000Z"),
            ("2025/03/30 02:30", ["%Y/%m/%d %H:%M"], None), ("2025/10/26 02:30", ["%Y/%m/%d %H:%M"], None),
            ("2025/10/26 03:00", ["%Y/%m/%d %H:%M"], "2025-10-26T02:00:00.000000Z"), ("31-Feb-25", ["%d-%b-%y"], None),
            ("2025/06/01 10:00+0800", ["%Y/%m/%d %H:%M%z"], "2025-06-01T02:00:00.000000Z"), ("2025/06/01 10:00+08:00", ["%Y/%m/%d %H:%M%z"], "2025-06-01T02:00:00.000000Z"),
            ("2025/06/01 10:00Z", ["%Y/%m/%d %H:%M%z"], "2025-06-01T10:00:00.000000Z"), ("2025/06/01 10:00+080000", ["%Y/%m/%d %H:%M%z"], None),
            ("2025/06/01", ["%Y/%m/%d"], "2025-05-31T22:00:00.000000Z")]:
        check(f"time {text!r}", iso(parse_timestamp(text, patterns, berlin)), wanted)


def check_records():
    def fields(text):
        return [record for record, _ in split_records(text.encode(), b",")]
    check("plain", fields('a,b\r\n"x ""y""",\n\n1,2'), [[b"a", b"b"], [b'x "y"', b""], [b"1", b"2"]])
    check("open quote: resume at the next line", fields('"a,b\nc,d'), [None, [b"c", b"d"]])
    check("text after quote", fields('"a"b,c\nd'), [None, [b"d"]])
    check("quote in bare field", fields('a"b\n "c"\nd'), [[b'a"b'], None, [b"d"]])
    check("16 breaks", fields('"' + "\n" * 16 + '"'), [[b"\n" * 16]])
    # Every line of the faulty record is read again: its last line is a lone quote, which is a fault too.
    check("17 breaks", fields('"' + "\r\n" * 17 + '"\nd'), [None, None, [b"d"]])
    check("64 KiB", fields("x" * 65536 + "\n" + "x" * 65537 + "\nd")[1:], [None, [b"d"]])


def check_json_keys():
    run = RunFile("", [], [], "", "", "", [], [], [], columns={"teu": "TEU"}, values={}, formats={}, constants={})
    [record] = read_ndjson(run, "a.ndjson", b'{"movement_id":"1"}\n')
    check("a key that no record has", sorted(record.cells), ["movement_id"])
    check("an empty file", read_ndjson(run, "a.ndjson", b"\n"), [])
    try:
        check("nothing is a record", read_ndjson(run, "a.ndjson", b"x\n[]\n"), "a broken file")
    except BrokenFile:
        pass


def check_files():
    names = ["a.csv", "old/b.csv", "old/er/c.csv", "_d.csv", "_e/f.csv", ".g.csv", "h.txt", "~$a.csv"]
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            write_text(f"{folder}/m/{name}", "")
        def found(movements, exclude=()):
            run = RunFile(folder, movements, list(exclude), "", "", "", [], [], [], columns={}, values={}, formats={}, constants={})
            return [name.removeprefix("m/") for name, _ in movement_files(run)]
        check("all depths", found(["m"]), ["a.csv", "old/b.csv", "old/er/c.csv"])
        check("globs", found(["m/*.csv", "m/old/**"]), ["a.csv", "old/b.csv", "old/er/c.csv"])
        check("named", found(["m/_d.csv", "m/_e", "m/.g.csv", "m/h.txt"]), [".g.csv", "_d.csv", "_e/f.csv", "h.txt"])
        check("exclude", found(["m"], ["m/old/er"]), ["a.csv", "old/b.csv"])
        check("exclude by glob", found(["m", "m/_d.csv"], ["**/_*", "**/b.csv"]), ["a.csv", "old/er/c.csv"])


def check_places():
    zones = {"SW": frozenset(["CNCKG", "CNKMG"]), "ASEAN": frozenset(["SG", "VN", "LA"]), "CHINA": frozenset(["CN"])}
    region = lambda name: make_region(name, zones)
    order = sorted(["GLOBAL", "CN<>ASEAN", "CN>ASEAN", "ASEAN", "CN", "SW", "SW>SG"], key=lambda n: region(n).rank)
    check("narrower first", order, ["SW>SG", "SW", "CN", "CN>ASEAN", "CN<>ASEAN", "ASEAN", "GLOBAL"])
    check("province in country", region("SW").is_within(region("CN")), True)
    check("country not in province", region("CN").is_within(region("SW")), False)
    check("lane in two-way lane", region("CN>SG").is_within(region("CN<>ASEAN")), True)
    check("lane covers its direction", [region("CN>SG").covers(*p) for p in (("CNCKG", "SGSIN"), ("SGSIN", "CNCKG"))], [True, False])
    check("wide regions", [region(n).is_wide for n in ("GLOBAL", "CHINA", "SW", "CN>ASEAN", "CN>SG")], [True, False, False, True, False])
    # A quarter of a meridian circle: pi / 2 x 6371008.8 m
    check("pole to equator", haversine_m((90.0, 0.0), (0.0, 0.0)), 10007557)
    check("check digits", [has_right_check_digit(t) for t in ("CSQU3054383", "CSQU3054384", "OJKZ4720470", "CSQX3054383")], [True, False, True, False])


# --- one tiny run -------------------------------------------------------------------------------

PROFILE = """\
gwp_sets = ["AR6"]
after_last_edition = "use_latest"
ignore_validity = false
prefer = "region"
great_circle = ["air"]
sources = ["s/1"]
default_distance_basis = "sfd"
default_mass_per_teu_kg = "10000"
empty_mass_per_teu_kg = "2000"
strict_container_id = false
infer_hubs = true
[refrigerated_uplift]
road = "1.12"
[[distance_adjustment]]
mode = "sea"
activity_basis = "sfd"
intensity_basis = "actual"
ratio = "1.15"
[[distance_adjustment]]
mode = "road"
activity_basis = "actual"
intensity_basis = "sfd"
ratio = "0.95"
[[hub]]
before = "rail"
after = "sea"
operation = "hub.port"
"""

MOVEMENTS = """\
shipment_id,movement_id,container_id,container_type,sequence,mode,operation,origin,destination,departed_at,arrived_at,distance_km,distance_basis,cargo_mass_kg,container_cargo_mass_kg,load_status,temperature,energy_carrier,energy_quantity,energy_unit
A,1,CSQU3054383,42G1,1,rail,rail.e,CNCKG,CNQZH,2024-06-01T00:00:00Z,2024-06-03T00:00:00Z,1000,sfd,20000,,,,,,
A,2,CSQU3054383,42G1,2,sea,sea.f,CNQZH,SGSIN,2024-06-04T00:00:00Z,,2500,sfd,20000,,,,,,
B,1,,,1,road,road.t,CNCKG,CNQZH,2025-06-01T00:00:00Z,,100,actual,0.001,,,,,,
C,1,,42G1,1,road,road.t,CNCKG,CNQZH,2024-06-01T00:00:00Z,,100,sfd,10000,30000,,refrigerated,,,
C,2,,42G1,2,road,road.t,CNCKG,CNQZH,2024-06-01T00:00:00Z,,100,sfd,10000,,,,electricity,7.2,MJ
C,3,,42G1,3,sea,sea.box,CNCKG,CNQZH,2024-06-01T00:00:00Z,,100,sfd,,,empty,,,,
C,4,,,4,sea,sea.box,CNCKG,CNQZH,2024-06-01T00:00:00Z,,100,sfd,1,,,,,,
"""


def tiny_run(folder):
    transport = lambda name, operation, per, g, p, basis, energy="", quantity="", unit="": [
        name, operation, energy, "GLOBAL", "", "ambient", per, g, p, quantity, unit, basis, "", "", "2024-01-01", "2025-01-01", "default", "", "", "t", "n", ""]
    library = f"{folder}/emission_factors"
    write_table(f"{library}/sources.csv", "source,edition,title,publisher,published_on,url,licence,redistributable,gwp_set".split(","),
                [["s", "1", "", "", "", "", "", "yes", "AR6"]])
    write_table(f"{library}/operations.csv", "operation,mode,kind,energy_carrier,title,description".split(","),
                [[o, m, "hub" if m == "hub" else "transport", c, "", ""] for o, m, c in (("rail.e", "rail", "electricity"), ("sea.f", "sea", ""),
                 ("sea.box", "sea", ""), ("road.t", "road", ""), ("hub.port", "hub", ""))])
    write_table(f"{library}/s/1/transport.csv", TRANSPORT, [
        transport("rail", "rail.e", "tkm", "", "", "sfd", "electricity", "0.02", "kWh"), transport("sea", "sea.f", "tkm", "10.5", "1.5", "actual"),
        transport("box", "sea.box", "teukm", "100", "0.000000001", "sfd"), transport("road", "road.t", "tkm", "62.5", "5", "sfd")])
    write_table(f"{library}/s/1/hub.csv", HUB, [["port", "hub.port", "", "CN", "", "ambient", "teu", "1000", "1", "", "", "2024-01-01", "", "default", "", "", "t", ""]])
    write_table(f"{library}/s/1/energy.csv", ENERGY, [["grid", "electricity", "CN", "MJ", "0", "150", "2020-01-01", "", "", "", "t", ""]])
    write_text(f"{library}/profiles/p.toml", PROFILE)
    for name, header, rows in [("locations", "locode,name,kind,latitude,longitude,source,licence", []), ("zones", "zone,member", []),
                               ("distances", "mode,origin,destination,distance_km,basis,source_ref", [["sea", "CNCKG", "SGSIN", "1", "sfd", ""], ["sea", "CNQZH", "SGSIN", "1", "sfd", ""]]),
                               ("containers", "code,teu,tare_kg,refrigerated,title", [["42G1", "2", "3800", "no", ""]]), ("mode_aliases", "alias,mode", [])]:
        write_table(f"{folder}/{name}.csv", header.split(","), rows)
    write_text(f"{folder}/corridors.toml", '[[corridor]]\nid = "rs"\ntitle = ""\norigin = ["CN"]\ndestination = ["SG"]\nvia = [["CNQZH"]]\n')
    write_text(f"{folder}/m.csv", MOVEMENTS)
    write_text(f"{folder}/run.toml", 'movements = ["m.csv"]\nfactors = "emission_factors"\nprofile = "p"\nreference = "."\nout = "out"\n')
    return compute(read_run_file(f"{folder}/run.toml"))


def check_tiny_run():
    with tempfile.TemporaryDirectory() as folder:
        tables = tiny_run(folder)
    got = {(e["shipment_id"], e["element"]): e for e in tables["elements"]}
    def element(key, **wanted):
        for column, value in wanted.items():
            check(f"element {key} {column}", got[key][column], value)
    # 0.02 kWh/tkm x 3.6 x 150 g/MJ = 10.8 g/tkm; 20 t x 1000 km = 20000 tkm -> 216 kg; the transport row is GLOBAL: Q05
    element(("A", 1), factor_id="s/1:rail@s/1:grid", intensity_provision_g="10.800000000", ghg_total_kg="216.000000000", quality_flags="Q05|Q11")
    # 2 TEU x 1001 g at the arrival of the train
    element(("A", 2), kind="hub", operation="hub.port", ghg_operation_kg="2.000000000", ghg_provision_kg="0.002000000",
            departed_at="2024-06-03T00:00:00.000000Z", quality_flags="Q08", movement_id=None)
    # 20 t x 2875 km x 12 g = 690 kg; activity stays on 2500 km
    element(("A", 3), emission_distance_km="2875.000", transport_activity_tkm="50000.000000000", ghg_total_kg="690.000000000", quality_flags="Q05|Q06|Q11")
    # 1 g x 95 km = 0.000095 tkm x 62.5 g = 0.0059375 g -> 5937.5 ug, half to even 5938; past the last edition
    element(("B", 1), distance_km="100.000", activity_distance_km="95.000", activity_basis="sfd", ghg_operation_kg="0.000005938",
            ghg_provision_kg="0.000000475", quality_flags="Q05|Q06|Q17")
    # uplift: 62.5 x 1.12 = 70 g, 5 x 1.12 = 5.6 g; a third of 2 TEU
    element(("C", 1), intensity_operation_g="70.000000000", ghg_provision_kg="5.600000000", teu="0.666667", containers="0.333333", quality_flags="Q05|Q07|Q11")
    # 7.2 MJ x 150 g = 1.08 kg, primary
    element(("C", 2), ghg_total_kg="1.080000000", intensity_per="MJ", data_category="primary", factor_id="s/1:grid", quality_flags="Q09|Q11")
    # tare 3800 kg; 2 TEU x 100 km x 100 g = 20 kg; 200 x 10^-9 g = 0.2 ug -> 0
    element(("C", 3), cargo_mass_kg="3800.000", ghg_total_kg="20.000000000", ghg_provision_kg="0.000000000", quality_flags="Q05|Q09|Q11|Q14")
    check("rejected", [(r["row"], r["code"], r["column"]) for r in tables["rejected"]], [(7, "R014", "teu")])
    shipments = {s["shipment_id"]: s for s in tables["shipments"]}
    check("corridors", [shipments[s]["corridor_id"] for s in "ABC"], ["rs", "CN-CN", "CN-CN"])
    check("complete", [shipments[s]["is_complete"] for s in "ABC"], [True, True, False])
    # 908.002 kg / 70000 tkm = 12.971457142.. g/tkm
    check("intensity", shipments["A"]["intensity_g_per_tkm"], "12.971457")
    check("by mode", [shipments["A"][f"ghg_{m}_kg"] for m in ("rail", "sea", "hub", "road")], ["216.000000000", "690.000000000", "2.002000000", "0.000000000"])
    # C: 75.6 + 1.08 + 20 = 96.68 kg (road 70 + 5.6); 1.08 / 96.68 = 0.0111708..
    check("primary share", shipments["C"]["primary_share"], "0.011171")


# --- coverage -----------------------------------------------------------------------------------

def count_codes(last_seed):
    """code -> number of seeds in which it occurs; also that the sums agree at every level."""
    seeds_with, rows = collections.Counter(), collections.Counter()
    for seed in range(1, last_seed + 1):
        with tempfile.TemporaryDirectory() as folder:
            generate(seed, folder)
            tables = compute(read_run_file(os.path.join(folder, "data", "run.toml")))
        rows.update({name: len(table) for name, table in tables.items()})
        seeds_with.update({r["code"] for r in tables["rejected"]} | {q for e in tables["elements"] for q in e["quality_flags"].split("|") if q})
        check_sums(seed, tables)
    print(json.dumps(rows))
    return seeds_with


def check_sums(seed, tables):
    digits = lambda text: int(text.replace(".", ""))
    for column in ("ghg_operation_kg", "ghg_provision_kg", "ghg_total_kg", "transport_activity_tkm"):
        sums = {name: sum(digits(row[column]) for row in tables[name]) for name in tables if name != "rejected"}
        check(f"seed {seed}: sums of {column}", len(set(sums.values())), 1)


def main(last_seed):
    for part in (check_numbers, check_timestamps, check_records, check_json_keys, check_files, check_places, check_tiny_run):
        part()
    seeds_with = count_codes(last_seed)
    for code in REJECTIONS + FLAGS:
        print(f"{code}: {seeds_with[code]} of {last_seed} seeds")
        if not seeds_with[code]:
            failures.append(f"{code} never occurs")
    print("\n".join(failures) if failures else "all well")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 60))
