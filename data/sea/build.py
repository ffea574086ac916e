"""Builds the sea graph: marnet.bin, ports.csv and land.bin of this folder.

    python3 -m venv env && env/bin/pip install numpy==2.4.6 shapely==2.2.0
    pip download --no-deps --no-binary :all: searoute==1.6.0     # marnet: Apache-2.0
    npm pack world-atlas@2.0.2                                   # Natural Earth 4.1.0: public domain
    env/bin/python build.py --searoute searoute-1.6.0 --atlas package

Both packages are named as unpacked folders. With --check nothing is written and a difference is an error.

Inputs of our own, in this folder: edges.csv (edges and joints that marnet lacks), gates.csv (lines across a passage: every edge over
one belongs to it), pins.csv (ports whose nodes are chosen by hand); ../locations.csv (the ports). The layout of what is written stands in
docs/formats.md, how distances are made of it in docs/methodology.md.
"""

import argparse
import ast
import csv
import hashlib
import json
import math
import struct
import sys
from pathlib import Path

import numpy
from shapely import LineString, Polygon, STRtree, prepare
from shapely.affinity import translate

HERE = Path(__file__).resolve().parent
NETWORK = "marnet searoute-1.6.0 + corridor-1"
LAND = "Natural Earth 4.1.0, 1:50m land"
LAND_RESOLUTION_M = 10_000  # 0.2 mm on a map of 1:50,000,000
RADIUS_M = 6371008.8

# Bits of a passage in the file, in order; the second word is marnet's tag.
PASSAGES = [
    ("bab_el_mandeb", "babalmandab"), ("bering", "bering"), ("bosporus", "bosporus"), ("cape_horn", "chili"),
    ("cape_of_good_hope", "south_africa"), ("dardanelles", "dardanelles"), ("gibraltar", "gibraltar"), ("hormuz", "ormuz"),
    ("malacca", "malacca"), ("northwest", "northwest"), ("panama", "panama"), ("suez", "suez"), ("sunda", "sunda"),
]
BIT = {name: bit for bit, (name, _) in enumerate(PASSAGES)}
# Tags of marnet that name no passage: the artificial edges along the 180th meridian.
NO_PASSAGE = {None, "segment", "segment2", "pacific_ocean"}

# Pinning of ports.
CANDIDATES = 40  # nearest nodes looked at
MAX_PINS = 4
TOLERANCE_M = 2_000  # of land that an approach may cross: resolution of the 1:10m outline, and of positions in whole minutes
HARBOUR_M = 12_000  # around the port where land does not count: basins, moles, river mouths
MOST_OVER_LAND_M = 50_000  # more is not the mouth of a river: such a port is not pinned
LAND_WEIGHT = 4  # a metre over land counts as so many by sea


def metres(a, b):
    """Great circle, rounded up: a sum over edges is then never below the great circle of its ends."""
    lon1, lat1, lon2, lat2 = map(math.radians, (*a, *b))
    h = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return max(1, math.ceil(2 * RADIUS_M * math.asin(math.sqrt(min(1.0, h)))))


def grid(lon, lat):
    """1e-5 degrees, longitude in -180 up to but not including 180: both sides of the 180th meridian are one node."""
    lon, lat = round(lon * 1e5), round(lat * 1e5)
    return (lon + 18_000_000) % 36_000_000 - 18_000_000, lat


def degrees(node):
    return node[0] / 1e5, node[1] / 1e5


class Network:
    def __init__(self):
        self.edges = {}  # (node, node) -> set of passages

    def add(self, a, b, passage):
        if a == b:
            return
        tags = self.edges.setdefault((min(a, b), max(a, b)), set())
        if passage:
            tags.add(passage)

    def remove(self, a, b):
        del self.edges[(min(a, b), max(a, b))]

    def nodes(self):
        return sorted({n for edge in self.edges for n in edge}, key=lambda n: (n[1], n[0]))


def read_marnet(folder):
    source = (folder / "searoute/data/marnet_dict.py").read_text()
    assigned = {s.targets[0].id: ast.literal_eval(s.value) for s in ast.parse(source).body if isinstance(s, ast.Assign)}
    ours = {tag: name for name, tag in PASSAGES}
    network = Network()
    for a, neighbours in assigned["edge_list"].items():
        for b, properties in neighbours.items():
            tag = properties.get("passage")
            if tag not in NO_PASSAGE and tag not in ours:
                sys.exit(f"marnet: passage {tag!r} is new here; decide about it")
            network.add(grid(*a), grid(*b), ours.get(tag))
    return network


def rows(name):
    with open(HERE / name, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def end(row, side):
    return grid(float(row[f"{side}_longitude"]), float(row[f"{side}_latitude"]))


def extend(network):
    """Our own edges and tags on top, edges over land away."""
    for row in rows("edges.csv"):
        if row["action"] == "add":
            network.add(end(row, "from"), end(row, "to"), row["passage"] or None)
        else:
            network.remove(end(row, "from"), end(row, "to"))
    for row in rows("gates.csv"):
        gate = LineString([degrees(end(row, "from")), degrees(end(row, "to"))])
        for (a, b), tags in network.edges.items():
            if gate.intersects(LineString([degrees(a), beside_of(degrees(a), degrees(b))])):
                tags.add(row["passage"])


def beside_of(a, b):
    """b in the turn of the globe in which it is nearest to a."""
    return b[0] + 360 * round((a[0] - b[0]) / 360), b[1]


def topology(path):
    """Polygons (outer ring, inner rings) of a TopoJSON file's land, in degrees."""
    data = json.loads(path.read_text())
    (sx, sy), (tx, ty) = data["transform"]["scale"], data["transform"]["translate"]
    arcs = []
    for arc in data["arcs"]:
        x = y = 0
        line = []
        for dx, dy in arc:
            x, y = x + dx, y + dy
            line.append((x * sx + tx, y * sy + ty))
        arcs.append(line)

    def ring(indices):
        points = []
        for i in indices:
            arc = arcs[i] if i >= 0 else arcs[~i][::-1]
            points.extend(arc[1:] if points else arc)
        return unroll(points)

    found = []
    for geometry in data["objects"]["land"]["geometries"]:
        for polygon in [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry["arcs"]:
            found.append([ring(r) for r in polygon])
    return found


def unroll(ring):
    """Longitudes that run on across the 180th meridian; a ring around a pole is closed over the pole."""
    run = [ring[0]]
    for lon, lat in ring[1:]:
        run.append((lon + 360 * round((run[-1][0] - lon) / 360), lat))
    if abs(run[-1][0] - run[0][0]) > 180:
        pole = math.copysign(90, run[0][1])
        run += [(run[-1][0], pole), (run[0][0], pole), run[0]]
    return run


def beside(hole, ring):
    """The hole in the same turn of the globe as the ring around it."""
    west = min(lon for lon, _ in ring)
    shift = 360 * math.ceil((west - min(lon for lon, _ in hole)) / 360)
    return [(lon + shift, lat) for lon, lat in hole]


class Land:
    """Land polygons from -540 to 540 degrees, so that a line across the 180th meridian meets them too."""

    def __init__(self, polygons):
        whole = [Polygon(p[0], [beside(hole, p[0]) for hole in p[1:]]).buffer(0) for p in polygons]
        self.parts = [translate(p, xoff=shift) for shift in (-360, 0, 360) for p in whole]
        for part in self.parts:
            prepare(part)
        self.tree = STRtree(self.parts)

    def crossed_m(self, a, b, free_m=0):
        """Metres of the great circle a-b over land, leaving out the first free_m from a."""
        line = great_circle(a, b)
        shape = LineString(line)
        total = 0
        for i in self.tree.query(shape, predicate="intersects"):
            inside = self.parts[i].intersection(shape)
            for part in getattr(inside, "geoms", [inside]):
                if part.geom_type == "LineString":
                    points = list(part.coords)
                    total += sum(
                        metres(p, q) for p, q in zip(points, points[1:]) if metres(a, ((p[0] + q[0]) / 2, (p[1] + q[1]) / 2)) > free_m
                    )
        return total


def unit(point):
    lon, lat = map(math.radians, point)
    return math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)


def great_circle(a, b, step_m=1_000):
    """Points along the great circle, longitudes running on across the 180th meridian."""
    length = metres(a, b)
    count = max(1, min(200, length // step_m))
    u, v = unit(a), unit(b)
    angle = math.acos(max(-1.0, min(1.0, sum(p * q for p, q in zip(u, v)))))
    points = [a]
    for i in range(1, count):
        f = i / count
        p, q = math.sin((1 - f) * angle) / math.sin(angle), math.sin(f * angle) / math.sin(angle)
        x, y, z = (p * s + q * t for s, t in zip(u, v))
        points.append((math.degrees(math.atan2(y, x)), math.degrees(math.atan2(z, math.hypot(x, y)))))
    points.append(b)
    run = [points[0]]
    for lon, lat in points[1:]:
        run.append((lon + 360 * round((run[-1][0] - lon) / 360), lat))
    return run


def pin_ports(nodes, land):
    """For every port of ../locations.csv its nodes: the nearest ones whose approach stays off the land."""
    chosen = {}
    for row in rows("pins.csv"):
        chosen.setdefault(row["locode"], []).append(grid(float(row["longitude"]), float(row["latitude"])))
    index = {node: i for i, node in enumerate(nodes)}
    places = numpy.array([unit(degrees(n)) for n in nodes])
    pins = []
    for row in rows("../locations.csv"):
        if row["kind"] != "sea_port" or not row["latitude"]:
            continue
        port = (float(row["longitude"]), float(row["latitude"]))
        if row["locode"] in chosen:
            picked = [(metres(port, degrees(n)), n, land.crossed_m(port, degrees(n)), "by hand") for n in chosen.pop(row["locode"])]
        else:
            picked = pick(port, nearest(port, nodes, places), land)
        pins += [(row["locode"], port, index[n], n, m, over, how) for m, n, over, how in picked]
        if not pins or pins[-1][0] != row["locode"]:
            print(f"not pinned: {row['locode']} {row['name']}")
    if chosen:
        sys.exit(f"pins.csv: no such ports in locations.csv: {sorted(chosen)}")
    return pins


def nearest(port, nodes, places):
    """The nearest nodes; places are their unit vectors."""
    chord = places @ numpy.array(unit(port))
    return sorted((metres(port, degrees(nodes[i])), nodes[i]) for i in numpy.argsort(-chord, kind="stable")[:CANDIDATES])


def pick(port, candidates, land):
    """The clear approaches, or one over land where every clear one is a far detour (a harbour up a river), or none."""
    clear, over_land = [], []
    for m, node in candidates:
        if len(clear) == MAX_PINS or (clear and m > 2 * clear[0][0] + 20_000):
            break
        over = land.crossed_m(port, degrees(node), HARBOUR_M)
        if over <= TOLERANCE_M:
            clear.append((m, node, over, "clear"))
        elif over <= MOST_OVER_LAND_M:
            over_land.append((m, node, over, "over land"))
    best = min(over_land, key=lambda c: c[0] + LAND_WEIGHT * c[2], default=None)
    if best and (not clear or best[0] + LAND_WEIGHT * best[2] < clear[0][0]):
        return [best]
    return clear


def pack_code(locode):
    code = 0
    for c in locode:
        code = code << 6 | (ord(c) - ord("2") + 1 if c.isdigit() else ord(c) - ord("A") + 9)
    return code


def graph_file(network, nodes, pins):
    index = {node: i for i, node in enumerate(nodes)}
    body = bytearray()
    for lon, lat in nodes:
        body += struct.pack("<ii", lat, lon)
    edges = sorted((index[a], index[b], tags) for (a, b), tags in network.edges.items())
    edges = sorted((min(a, b), max(a, b), metres(degrees(nodes[a]), degrees(nodes[b])), sum(1 << BIT[t] for t in tags)) for a, b, tags in edges)
    for edge in edges:
        body += struct.pack("<HHIH", *edge)
    ports = sorted({(pack_code(code), *grid(*port)) for code, port, *_ in pins})
    for code, lon, lat in ports:
        body += struct.pack("<Iii", code, lat, lon)
    number = {code: i for i, (code, _, _) in enumerate(ports)}
    approaches = sorted((number[pack_code(code)], node, m) for code, _, node, _, m, _, _ in pins)
    for port, node, m in approaches:
        body += struct.pack("<HHI", port, node, m)
    head = b"GCSEA\0" + struct.pack("<HIIII", 1, len(nodes), len(edges), len(ports), len(approaches))
    return signed(head, NETWORK, body)


def land_file(polygons):
    """Rings in 0.01 degrees, islands that shrink to less than a triangle left out."""
    rings = []
    for polygon in polygons:
        for ring in polygon:
            west = 360 * math.floor((min(lon for lon, _ in ring) + 180) / 360)
            points = []
            for lon, lat in ring:
                point = (round(lat * 100), round((lon - west) * 100))
                if not points or points[-1] != point:
                    points.append(point)
            if len(points) >= 4:
                rings.append(points)
    rings.sort(key=lambda r: (-len(r), r))
    body = b"".join(struct.pack("<I", len(r)) + b"".join(struct.pack("<hh", *p) for p in r) for r in rings)
    head = b"GCLAND" + struct.pack("<HIII", 1, len(rings), sum(map(len, rings)), LAND_RESOLUTION_M)
    return signed(head, LAND, body)


def signed(head, name, body):
    head += name.encode() + bytes(40 - len(name))
    return head + hashlib.sha256(head + body).digest() + bytes(body)


def ports_table(pins):
    lines = ["locode,node_latitude,node_longitude,approach_m,over_land_m,how"]
    for code, _, _, (lon, lat), m, over, how in sorted(pins, key=lambda p: (p[0], p[4])):
        lines.append(f"{code},{lat / 1e5:.5f},{lon / 1e5:.5f},{m},{over},{how}")
    return ("\n".join(lines) + "\n").encode()


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--searoute", type=Path, required=True)
    arguments.add_argument("--atlas", type=Path, required=True)
    arguments.add_argument("--check", action="store_true")
    options = arguments.parse_args()
    network = read_marnet(options.searoute)
    extend(network)
    nodes = network.nodes()
    land = Land(topology(options.atlas / "land-10m.json"))
    pins = pin_ports(nodes, land)
    outline = land_file(topology(options.atlas / "land-50m.json"))
    written = {"marnet.bin": graph_file(network, nodes, pins), "ports.csv": ports_table(pins), "land.bin": outline}
    print(f"{len(nodes)} nodes, {len(network.edges)} edges, {len({p[0] for p in pins})} ports, {len(pins)} pins")
    for name, content in written.items():
        path = HERE / name
        if options.check:
            if path.read_bytes() != content:
                sys.exit(f"{name} is not what this script makes")
        else:
            path.write_bytes(content)


if __name__ == "__main__":
    main()
