"""The benchmark case beside a movement file: factor library, profile, reference data, run file.

usage: case.py MOVEMENTS.parquet CASE_DIR

The figures are round numbers made for a benchmark; they are not emission factors. Each movement finds its factor by operation,
temperature and year, and its distance in the table where it reports none; each change of mode at one place infers a hub.
"""
import csv
import pathlib
import sys

# Operation: provision and operation in g/t.km, ambient, 2023.
OPERATIONS = {
    "road.truck_articulated": (17, 62),
    "road.truck_rigid": (40, 150),
    "rail.block_train_electric": (11, 0),
    "rail.diesel": (5, 22),
    "sea.feeder": (2, 14),
    "sea.mainline": (1, 7),
    "inland_waterway.barge": (4, 22),
}
MODES = ["road", "rail", "sea", "inland_waterway"]
# Percent of the ambient figures.
TEMPERATURES = {"ambient": 100, "refrigerated": 120}
YEARS = (2023, 2024, 2025)
# Emission distance over reported distance.
ADJUSTMENTS = {"road": "1.05", "rail": "1", "sea": "1.15", "inland_waterway": "1"}
DISTANCES = [
    ("road", "CNBSH", "CNCKG", 40),
    ("rail", "CNCKG", "CNQZH", 1450),
    ("sea", "CNQZH", "SGSIN", 2500),
    ("road", "SGSIN", "SGJUR", 22),
    ("road", "CNCKG", "CNGYN", 18),
    ("inland_waterway", "CNGYN", "CNSHA", 2400),
    ("sea", "CNSHA", "SGSIN", 4150),
    ("road", "CNCKG", "CNPIN", 1300),
    ("road", "CNPIN", "VNHPH", 210),
    ("sea", "VNHPH", "SGSIN", 2350),
    ("rail", "CNCKG", "CNKMG", 1100),
    ("rail", "CNKMG", "LAVTE", 1035),
    ("rail", "LAVTE", "THLCH", 760),
    ("sea", "THLCH", "SGSIN", 1480),
    ("road", "CNCKG", "CNYTN", 1680),
    ("sea", "CNYTN", "NLRTM", 18400),
    ("inland_waterway", "NLRTM", "DEDUI", 230),
    ("road", "DEDUI", "DECGN", 70),
    ("rail", "CNCKG", "KZDST", 3800),
    ("rail", "KZDST", "PLMAL", 5400),
    ("rail", "PLMAL", "DEDUI", 1100),
]

TRANSPORT_COLUMNS = (
    "factor_id,operation,energy_carrier,region,carrier,temperature,per,operation_g,provision_g,energy_quantity,energy_unit,"
    "distance_basis,load_factor,empty_share,valid_from,valid_to,data_category,gwp_set,licence,source_ref,basis_note,note"
)
HUB_COLUMNS = (
    "factor_id,operation,energy_carrier,region,carrier,temperature,per,operation_g,provision_g,energy_quantity,energy_unit,"
    "valid_from,valid_to,data_category,gwp_set,licence,source_ref,note"
)
CORRIDORS = """\
[[corridor]]
id = "rail-sea"
title = "rail-sea"
origin = ["CN"]
destination = ["SG"]
via = [["CNQZH"]]

[[corridor]]
id = "river-sea"
title = "river-sea"
origin = ["CN"]
destination = ["SG"]
via = [["CNSHA"]]
"""
PROFILE = """\
title = "benchmark"
method = "ISO 14083:2023"
gwp_sets = ["AR6"]
after_last_edition = "use_latest"
ignore_validity = false
prefer = "region"
great_circle = []
sources = ["bench/1"]
default_distance_basis = "sfd"
default_mass_per_teu_kg = "10000"
empty_mass_per_teu_kg = "2000"
strict_container_id = false
infer_hubs = true

[statement]
boundary = "benchmark"
exclusions = []
allocation = "mass"
cut_off = "UTC month"

[default_operation]
"""


def table(path, columns, rows=()):
    """A CSV file; a row names its cells, the others stay empty."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, columns.split(","), restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def text(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def transport_factors():
    for operation, (provision, operating) in OPERATIONS.items():
        for temperature, percent in TEMPERATURES.items():
            for year in YEARS:
                # In 1/10000, so that the decimals are exact: one percent less per year.
                scale = percent * (100 - (year - YEARS[0]))
                yield {
                    "factor_id": f"{operation}/{temperature}/{year}",
                    "operation": operation,
                    "region": "GLOBAL",
                    "temperature": temperature,
                    "per": "tkm",
                    "operation_g": f"{operating * scale / 10_000:.4f}",
                    "provision_g": f"{provision * scale / 10_000:.4f}",
                    "distance_basis": "actual",
                    "valid_from": f"{year}-01-01",
                    "valid_to": f"{year + 1}-01-01" if year < YEARS[-1] else "",
                    "data_category": "default",
                    "source_ref": "benchmark",
                }


def hub_factors():
    for temperature in TEMPERATURES:
        yield {
            "factor_id": f"transfer/{temperature}",
            "operation": "hub.transfer",
            "region": "GLOBAL",
            "temperature": temperature,
            "per": "t",
            "operation_g": "1200",
            "provision_g": "0",
            "valid_from": "2023-01-01",
            "data_category": "default",
            "source_ref": "benchmark",
        }


def profile():
    parts = [PROFILE]
    for mode in MODES:
        default = next(operation for operation in OPERATIONS if operation.startswith(mode + "."))
        parts.append(f'{mode} = "{default}"\n')
    parts.append("\n")
    for mode, ratio in ADJUSTMENTS.items():
        parts.append(
            f'[[distance_adjustment]]\nmode = "{mode}"\nactivity_basis = "sfd"\nintensity_basis = "actual"\nratio = "{ratio}"\n\n'
        )
    for before in MODES:
        for after in MODES:
            if before != after:
                parts.append(f'[[hub]]\nbefore = "{before}"\nafter = "{after}"\noperation = "hub.transfer"\n\n')
    return "".join(parts)


def write_library(folder):
    source = {
        "source": "bench", "edition": "1", "title": "Benchmark figures", "publisher": "none", "published_on": "2026-01-01",
        "licence": "none", "redistributable": "yes", "gwp_set": "AR6",
    }
    table(
        folder / "sources.csv",
        "source,edition,title,publisher,published_on,url,licence,redistributable,gwp_set",
        [source],
    )
    operations = [
        {"operation": code, "mode": code.split(".")[0], "kind": "transport", "title": code} for code in OPERATIONS
    ]
    operations.append({"operation": "hub.transfer", "mode": "hub", "kind": "hub", "title": "transfer"})
    table(folder / "operations.csv", "operation,mode,kind,energy_carrier,title,description", operations)
    table(folder / "bench/1/transport.csv", TRANSPORT_COLUMNS, transport_factors())
    table(folder / "bench/1/hub.csv", HUB_COLUMNS, hub_factors())
    text(folder / "profiles/bench.toml", profile())


def write_data(folder):
    table(folder / "locations.csv", "locode,name,kind,latitude,longitude,source,licence")
    table(
        folder / "distances.csv",
        "mode,origin,destination,distance_km,basis,source_ref",
        [
            {"mode": mode, "origin": origin, "destination": destination, "distance_km": km, "basis": "sfd", "source_ref": "benchmark"}
            for mode, origin, destination, km in DISTANCES
        ],
    )
    container_types = [("22G1", 1, 2200, "no"), ("42G1", 2, 3800, "no"), ("45G1", 2, 3900, "no"), ("45R1", 2, 4500, "yes"),
                       ("22R1", 1, 2900, "yes")]
    table(
        folder / "containers.csv",
        "code,teu,tare_kg,refrigerated,title",
        [
            {"code": code, "teu": teu, "tare_kg": tare, "refrigerated": refrigerated}
            for code, teu, tare, refrigerated in container_types
        ],
    )
    table(folder / "zones.csv", "zone,member")
    table(folder / "mode_aliases.csv", "alias,mode")
    table(
        folder / "services.csv",
        "service,mode,operation,carrier,origin,destination,distance_km,basis,transit_hours,departures_per_week,cost,currency,cost_per,"
        "valid_from,valid_to,source_ref,note",
    )
    text(folder / "corridors.toml", CORRIDORS)


def main():
    movements, case = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
    write_library(case / "emission_factors")
    write_data(case / "data")
    text(
        case / "run.toml",
        f'movements = ["{movements}"]\nfactors = "emission_factors"\nprofile = "bench"\nreference = "data"\nlocations = []\nout = "out"\n',
    )


if __name__ == "__main__":
    main()
