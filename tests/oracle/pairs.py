#!/usr/bin/env python3
"""Distances of random pairs of the shipped world: engine against oracle, `run` against `compare`.

usage: pairs.py BINARY [SEED [PAIRS]]      needs pyarrow. Last line: N passed, N failed

So many pairs (1,000) of each source that a distance can have (rivers: every pair there is), metre by metre, and five times as many pairs of ports that
`run` and `compare` must answer alike.
"""
import csv
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import pyarrow.parquet as pq

from reading import read_run_file
from reference import read_reference

ROOT = pathlib.Path(__file__).resolve().parents[2]
EACH = int(sys.argv[3]) if len(sys.argv) > 3 else 1_000
BOTH = 5 * EACH
PROFILE = "open"


def run_file(folder, name):
    text = (f'movements = ["{name}.csv"]\nfactors = "{ROOT}/emission_factors"\nprofile = "{PROFILE}"\nreference = "{ROOT}/data"\n'
            f'distances = ["own.csv"]\nout = "{name}"\n[limits]\nmax_reject_share = "100%"\n')
    path = folder / f"{name}.toml"
    path.write_text(text)
    return path


def rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def questions(rng, folder):
    """source -> [(mode, origin, destination)]; some of them have no answer."""
    places = rows(ROOT / "data/world/places-1.csv") + rows(ROOT / "data/world/places-2.csv")
    listed = rows(ROOT / "data/distances.csv")
    by_country = {}
    for place in places:
        by_country.setdefault(place["locode"][:2], []).append(place["locode"])
    codes = [p["locode"] for p in places]
    airports = [p["locode"] for p in places if "airport" in p["kind"].split()]
    ports = [row["locode"] for row in rows(ROOT / "data/sea/ports.csv")]
    starts = rng.sample(ports, 40)
    own = [("sea", rng.choice(ports), rng.choice(ports)) for _ in range(EACH)]
    own = list({key: None for key in own if key[1] != key[2]})
    with open(folder / "own.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow("mode,origin,destination,distance_km,basis,source_ref".split(","))
        writer.writerows([*key, 1000 + i / 1000, rng.choice(["sfd", "actual"]), "test"] for i, key in enumerate(own))

    def near(mode):
        """Mostly within a country or between two, where there are roads."""
        a = rng.choice(codes)
        b = rng.choice(by_country[a[:2]] if rng.random() < 0.5 else codes)
        return mode, a, b

    rivers = sorted({row["locode"] for row in rows(ROOT / "data/estimates/waterway_ports.csv")})
    return {
        "own_file": own,
        "network": [(r["mode"], *((r["origin"], r["destination"]) if rng.random() < 0.5 else (r["destination"], r["origin"])))
                    for r in listed],
        "sea_graph": [("sea", rng.choice(starts), rng.choice(ports)) for _ in range(EACH)],
        "great_circle": [("air", rng.choice(airports), rng.choice(airports)) for _ in range(EACH)],
        "road": [near("road") for _ in range(2 * EACH)],
        "rail": [near("rail") for _ in range(2 * EACH)],
        "river": [("inland_waterway", a, b) for a in rivers for b in rivers if a < b],
    }


def engine(binary, folder, name, asked):
    """movement id -> (km, basis, source, flags of the distance), for those that have one."""
    with open(folder / f"{name}.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow("movement_id,shipment_id,mode,origin,destination,departed_at,cargo_mass_kg,teu".split(","))
        writer.writerows([f"M{i}", f"S{i:07}", *key, "2025-06-01T00:00:00Z", 10000, 1] for i, key in enumerate(asked))
    path = run_file(folder, name)
    subprocess.run([binary, "run", path, "--quiet"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    columns = "movement_id kind distance_km distance_basis distance_source quality_flags".split()
    found = {}
    for part in sorted((folder / name / "latest/elements").glob("*.parquet")):
        for row in pq.read_table(part, columns=columns).to_pylist():
            if row["kind"] == "transport":
                flags = {flag for flag in row["quality_flags"].split("|") if flag in DISTANCE_FLAGS}
                found[row["movement_id"]] = (int(row["distance_km"] * 1000), row["distance_basis"], row["distance_source"], flags)
    return path, found


DISTANCE_FLAGS = {"Q02", "Q03", "Q32", "Q33", "Q34", "Q35", "Q36", "Q37", "Q38", "Q39"}


def against_oracle(binary, folder, rng):
    passed, faults = 0, []
    for name, asked in questions(rng, folder).items():
        asked = [key for key in asked if key[1] != key[2]]
        path, found = engine(binary, folder, name, asked)
        reference = read_reference(read_run_file(path))
        distances, operations = reference.distances, reference.profile.default_operation
        answers = 0
        for i, key in enumerate(asked):
            wanted, got = distances.find(*key, "2025-06-01", operations[key[0]]), found.get(f"M{i}")
            answers += wanted is not None
            if wanted != got:
                faults.append(f"{name}: {key}: oracle {wanted}, engine {got}")
            else:
                passed += 1
        print(f"{name}: {len(asked)} pairs, {answers} with a distance")
    return passed, faults


def against_compare(binary, folder, rng):
    """The direct way of `compare` is as long as `run` says."""
    ports = sorted({row["locode"] for row in rows(ROOT / "data/sea/ports.csv")})
    asked = list({("sea", *rng.sample(ports, 2)): None for _ in range(BOTH)})
    (folder / "own.csv").write_text("mode,origin,destination,distance_km,basis,source_ref\n")
    _, found = engine(binary, folder, "both", asked)
    with open(folder / "pairs.csv", "w") as file:
        file.write("from,to\n" + "".join(f"{a},{b}\n" for _, a, b in asked))
    told = subprocess.run([binary, "compare", "--pairs", folder / "pairs.csv", "--modes", "sea", "--format", "json", "--options", "50",
                           "--factors", ROOT / "emission_factors", "--reference", ROOT / "data", "--depart", "2025-06-01"],
                          check=False, capture_output=True, text=True).stdout
    passed, faults = 0, []
    for line in map(json.loads, told.splitlines()):
        direct = direct_km(line)
        if direct is None:
            continue
        i = asked.index(("sea", line["request"]["from"], line["request"]["to"]))
        got = found.get(f"M{i}")
        if got is None or got[0] != direct:
            faults.append(f"{asked[i]}: compare {direct}, run {got}")
        else:
            passed += 1
    print(f"run and compare: {len(asked)} pairs, {passed + len(faults)} with a direct way in both")
    return passed, faults


def direct_km(line):
    """Metres of the option that is one link; `None`: there is none."""
    for option in line.get("options", []):
        legs = [leg for leg in option["elements"] if leg["kind"] == "transport"]
        if len(legs) == 1:
            return round(float(legs[0]["distance_km"]) * 1000)
    return None


def main():
    binary, seed = pathlib.Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        passed, faults = against_oracle(binary, folder, random.Random(seed))
        more, further = against_compare(binary, folder, random.Random(seed))
    for fault in (faults + further)[:20]:
        print(fault)
    failed = len(faults) + len(further)
    print(f"{passed + more} passed, {failed} failed")
    sys.exit(1 if failed or not passed or not more else 0)


if __name__ == "__main__":
    main()
