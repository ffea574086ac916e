#!/usr/bin/env python3
"""Random pairs of the world's gateways: what `compare` answers, checked from outside, and computed again by `run`.

usage: check.py BINARY [PAIRS [SEED]]      needs pyarrow. Last line: N passed, N failed

For each pair of ports, airports and terminals of data/gateways.csv (PAIRS of them, 1,000 unless told):
- pairs that lie over 500 km apart have two options, 99 in 100 of them; the others are listed;
- every leg is possible: sea only between places of the sea graph, air only between airports, road and rail only where `run` has a
  distance for the same movement;
- no option calls at a port only for its factor: one that is longer and slower than another of the same modes and yet cleaner, names a
  service that the other does not use, or says that its factors decide;
- no option is unexplained that is cleaner by its factors alone: it says so of the shortest one that is no longer by any mode, no slower and not as
  clean;
- an option with an unknown figure is never first;
- options are movements: `run` gives their elements the same micrograms.
"""
import csv
import json
import math
import pathlib
import random
import subprocess
import sys
import tempfile
import time

import pyarrow.parquet as pq

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPART = "2025-06-01"
FAR_KM = 500


def rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def points():
    found = {}
    for part in ("world/places-1.csv", "world/places-2.csv", "locations.csv"):
        for row in rows(ROOT / "data" / part):
            if row["latitude"]:
                found[row["locode"]] = (math.radians(float(row["latitude"])), math.radians(float(row["longitude"])))
    return found


def km(a, b):
    h = math.sin((b[0] - a[0]) / 2) ** 2 + math.cos(a[0]) * math.cos(b[0]) * math.sin((b[1] - a[1]) / 2) ** 2
    return 2 * 6371.0088 * math.asin(math.sqrt(min(1.0, h)))


def ask(binary, pairs, folder):
    with open(folder / "pairs.csv", "w") as file:
        file.write("from,to\n" + "".join(f"{a},{b}\n" for a, b in pairs))
    start = time.monotonic()
    told = subprocess.run([binary, "compare", "--pairs", folder / "pairs.csv", "--format", "json", "--depart", DEPART, "--factors",
                           ROOT / "emission_factors", "--reference", ROOT / "data"], capture_output=True, text=True, check=False)
    seconds = time.monotonic() - start
    answers = {}
    # A code may stand for another one of the same port, so the lines are told apart by their order.
    for pair, line in zip(pairs, map(json.loads, told.stdout.splitlines()), strict=True):
        if line.get("options"):
            answers[pair] = line
    return answers, seconds


def transports(option):
    return [e for e in option["elements"] if e["kind"] == "transport"]


def micrograms(text):
    whole, _, rest = text.partition(".")
    return int(whole) * 10 ** 9 + int(rest.ljust(9, "0"))


def movements(answers, folder):
    """Every option as a shipment; shipment id -> (option's micrograms, its legs)."""
    wanted = {}
    with open(folder / "options.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow("movement_id,shipment_id,sequence,mode,operation,carrier,origin,destination,departed_at,arrived_at,distance_km,"
                        "distance_basis,cargo_mass_kg,container_type,load_status".split(","))
        for pair, answer in sorted(answers.items()):
            for option in answer["options"]:
                legs = transports(option)
                if not option["ghg_is_complete"]:
                    continue
                shipment = f"{pair[0]}-{pair[1]}-{option['id']}"
                wanted[shipment] = (micrograms(option["ghg_total_kg"]), legs)
                for i, leg in enumerate(legs):
                    given = (leg["reported_distance_km"], leg["distance_basis"]) if leg["distance_source"] == "reported" else ("", "")
                    arrived = leg["arrived_at"] if leg["transit_hours"] is not None else ""
                    writer.writerow([f"{shipment}-{i}", shipment, i + 1, leg["mode"], leg["operation"], leg["carrier"], leg["origin"],
                                     leg["destination"], leg["departed_at"], arrived, *given, "", answer["request"]["container"], "laden"])
    return wanted


def recomputed(binary, folder):
    path = folder / "run.toml"
    path.write_text(f'movements = ["options.csv"]\nfactors = "{ROOT}/emission_factors"\nprofile = "open"\nreference = "{ROOT}/data"\n'
                    'out = "out"\n[limits]\nmax_reject_share = "100%"\n')
    subprocess.run([binary, "run", path, "--quiet"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    found = {}
    for part in sorted((folder / "out/latest/shipments").glob("*.parquet")):
        for row in pq.read_table(part, columns=["shipment_id", "ghg_total_kg"]).to_pylist():
            found[row["shipment_id"]] = micrograms(f"{row['ghg_total_kg']:f}")
    refused = []
    for part in sorted((folder / "out/latest/rejected").glob("*.parquet")):
        refused += pq.read_table(part).to_pylist()
    return found, refused


def artefacts(answer):
    """Options that are longer, slower and cleaner than another of the same modes, without a service of their own to show for it."""
    found = []
    known = [o for o in answer["options"] if o["ghg_is_complete"] and o["hours"] is not None]
    for a in known:
        for b in known:
            if (a["modes"] == b["modes"] and float(a["distance_km"]) > float(b["distance_km"]) and float(a["hours"]) > float(b["hours"])
                    and float(a["ghg_total_kg"]) < float(b["ghg_total_kg"])):
                own = {e["service"] for e in transports(a)} - {e["service"] for e in transports(b)} - {""}
                # A longer way with less of a dirtier mode is a choice, not an artefact.
                by_mode = lambda o: {m: sum(float(e["distance_km"]) for e in transports(o) if e["mode"] == m)
                                     for m in {e["mode"] for e in transports(o)}}
                ma, mb = by_mode(a), by_mode(b)
                less_of_one = any(ma[m] < mb.get(m, 0) for m in ma)
                if not own and not less_of_one:
                    found.append((a["id"], b["id"]))
    return found


def by_mode(option):
    km = {}
    for leg in transports(option):
        km[leg["mode"]] = km.get(leg["mode"], 0) + micrograms(leg["distance_km"])
    return km


def explained(answer):
    """Options that are cleaner by their factors alone, with whether each says so of the right one; and that others do not."""
    known = [o for o in answer["options"] if o["ghg_is_complete"] and o["hours"] is not None]
    found = []
    for own in answer["options"]:
        said = [part.split(" by its ")[0] for part in own["standing"].split("less CO2e than option ")[1:]]
        others = []
        for other in known if own in known else []:
            mine, theirs = by_mode(own), by_mode(other)
            if (micrograms(own["ghg_total_kg"]) < micrograms(other["ghg_total_kg"]) and float(own["hours"]) >= float(other["hours"])
                    and sum(mine.values()) > sum(theirs.values()) and all(mine.get(m, 0) >= theirs[m] for m in theirs)):
                others.append((sum(theirs.values()), int(other["id"])))
        if others or said:
            shortest = [str(i) for km, i in others if km == min(others)[0]]
            found.append((own["id"], len(said) == 1 and said[0] in shortest))
    return found


def main():
    binary = sys.argv[1]
    count, seed = (int(sys.argv[2]) if len(sys.argv) > 2 else 1_000), (int(sys.argv[3]) if len(sys.argv) > 3 else 7)
    rng, where = random.Random(seed), points()
    gateways = rows(ROOT / "data/gateways.csv")
    codes = sorted({g["place"] for g in gateways})
    pairs = list({tuple(rng.sample(codes, 2)): None for _ in range(count)})
    passed, faults = 0, []

    def check(is_right, what):
        nonlocal passed
        passed += bool(is_right)
        if not is_right:
            faults.append(what)

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        answers, seconds = ask(binary, pairs, folder)
        far = [pair for pair in pairs if km(where[pair[0]], where[pair[1]]) > FAR_KM]
        few = [pair for pair in far if len(answers.get(pair, {"options": []})["options"]) < 2]
        for pair in few:
            print(f"{pair[0]} - {pair[1]}: {len(answers.get(pair, {'options': []})['options'])} options")
        check(len(few) * 100 <= len(far), f"{len(few)} of {len(far)} far pairs have fewer than two options")
        cleaner_by_factors = firsts_by_factors = 0
        ports = {row["locode"] for row in rows(ROOT / "data/sea/ports.csv")}
        for pair, answer in answers.items():
            first = answer["options"][0]
            check(first["ghg_is_complete"] or not any(o["ghg_is_complete"] for o in answer["options"]), f"{pair}: an unknown figure is first")
            made_up = artefacts(answer)
            explanations = explained(answer)
            cleaner_by_factors += len(explanations)
            firsts_by_factors += bool(explanations) and explanations[0][0] == answer["options"][0]["id"]
            for option, is_right in explanations:
                check(is_right, f"{pair}: option {option} does not say that it is cleaner by its factors alone, or says so of another")
            # A factor that differs is no fault where the option says that it decides.
            told = {option for option, _ in explanations}
            made_up = [pair_of for pair_of in made_up if pair_of[0] not in told]
            check(not made_up, f"{pair}: cleaner by a factor only: {made_up}")
            for option in answer["options"]:
                for leg in transports(option):
                    if leg["mode"] == "sea":
                        check(leg["service"] or {leg["origin"], leg["destination"]} <= ports, f"{pair}: no ports: {leg['origin']} {leg['destination']}")
        wanted = movements(answers, folder)
        found, refused = recomputed(binary, folder)
        for row in refused[:10]:
            print("refused by run:", row)
        check(not refused, f"run refuses {len(refused)} legs of options")
        for shipment, (total, legs) in wanted.items():
            check(found.get(shipment) == total, f"{shipment}: compare {total}, run {found.get(shipment)}")
    for fault in faults[:20]:
        print("FAULT", fault)
    print(f"{cleaner_by_factors} options are cleaner by their factors alone and say so, {firsts_by_factors} of them the first of their pair")
    print(f"{len(pairs)} pairs, {len(far)} over {FAR_KM} km, {len(few)} of them with fewer than two options; "
          f"{sum(len(a['options']) for a in answers.values())} options; {seconds * 1000 / len(pairs):.1f} ms a pair on all cores")
    print(f"planner: {passed} passed, {len(faults)} failed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
