"""Builds the sea graph: marnet.bin, ports.csv and land.bin of this folder.

    python3 -m venv env && env/bin/pip install numpy==2.4.6 shapely==2.2.0 numba==0.68.1
    pip download --no-deps --no-binary :all: searoute==1.6.0     # marnet: Apache-2.0
    npm pack world-atlas@2.0.2                                   # Natural Earth 4.1.0: public domain
    env/bin/python build.py --searoute searoute-1.6.0 --atlas package

Both packages are named as unpacked folders. With --check nothing is written and a difference is an error. Takes some minutes.

Inputs of our own, in this folder: barriers.csv (shoals that are land to a ship), gates.csv (lines across a passage: every edge over
one belongs to it), waters.csv (boxes in which lanes of marnet lead over what the coast shows as land), channels.csv (rivers and canals
that marnet lacks), ../locations.csv and ../world (the ports). The layout of what is
written stands in docs/formats.md, how distances are made of it in docs/methodology.md.
"""

import argparse
import ast
import csv
import hashlib
import math
import struct
import sys
from pathlib import Path

import numpy

import coast
import visible
from coast import unit

HERE = Path(__file__).resolve().parent
NETWORK = "green-corridor sea graph 2"
LAND = "Natural Earth 4.1.0, 1:50m land"
LAND_RESOLUTION_M = 10_000  # 0.2 mm on a map of 1:50,000,000
RADIUS_M = 6371008.8

# Bits of a passage in the file, in order.
PASSAGES = [
    "bab_el_mandeb", "bering", "bosporus", "cape_horn", "cape_of_good_hope", "dardanelles", "gibraltar", "hormuz",
    "malacca", "northwest", "panama", "suez", "sunda", "northeast", "kiel", "corinth",
]
BIT = {name: 1 << bit for bit, name in enumerate(PASSAGES)}
ICE = ["northwest", "northeast"]
# What may be closed besides the ice while an edge is still of use: other closures lead over the same lanes.
CLOSED = [[], ["suez", "panama", "malacca", "kiel"]]

# Seas of their own by south, west, north, east. What joins the Caspian Sea with the Sea of Azov, the Volga-Don Canal, is for river
# ships of 5,000 t; a ship of the sea does not go there.
INLAND_SEAS = {"Caspian Sea": (36.0, 46.5, 47.6, 55.0)}

STRETCH = 1.02  # the sparse network makes no sight line longer than so many times
FARTHEST_APPROACH_KM = 125
RIVER = 1.3  # a river is so many times as long as the straight line over the land
CHANNEL_LAND_KM = 1  # an edge of marnet in narrow waters is wanted if it leads over so much of the coarse land
MOUTH_KM = 8  # from the end of a channel to the open water
ONLY_MOUTH_KM = 15  # if the channel has no other
JOINT_KM = 4  # from the end of a channel of ours to one of marnet
CLOSE_BY_M = 60_000  # of a line from a port past the corners of the coast

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


def rows(name):
    with open(HERE / name, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def end(row, side):
    return float(row[f"{side}_longitude"]), float(row[f"{side}_latitude"])


def barriers():
    """Rings of shoals: pairs of latitude and longitude."""
    found = []
    for row in rows("barriers.csv"):
        ring = [tuple(map(float, pair.split()))[::-1] for pair in row["ring"].split(",")]
        found.append([*ring, ring[0]])
    return found


def marnet(folder):
    """Edges of marnet, in degrees."""
    source = (folder / "searoute/data/marnet_dict.py").read_text()
    assigned = {s.targets[0].id: ast.literal_eval(s.value) for s in ast.parse(source).body if isinstance(s, ast.Assign)}
    edges = {tuple(sorted((grid(*a), grid(*b)))) for a, beside in assigned["edge_list"].items() for b in beside}
    return sorted((degrees(a), degrees(b)) for a, b in edges if a != b)


class Channels:
    """Rivers, canals, lakes and harbours where the coarse coast shows land: edges between places."""

    def __init__(self, folder, land):
        boxes = [tuple(float(row[k]) for k in ("south", "west", "north", "east")) for row in rows("waters.csv")]
        self.edges, self.mouths = set(), set()
        for a, b in marnet(folder):
            is_narrow = any(all(s <= p[1] <= n and w <= p[0] <= e for p in (a, b)) for s, w, n, e in boxes)
            if is_narrow and land.crossed_km(a, b) > CHANNEL_LAND_KM:
                self.edges.add((a, b))
        theirs = sorted(self.nodes())
        for row in rows("channels.csv"):
            line = [tuple(map(float, pair.split()))[::-1] for pair in row["line"].split(",")]
            line[0], line[-1] = joint(line[0], theirs), joint(line[-1], theirs)
            for a, b in zip(line, line[1:]):
                self.edges.add(tuple(sorted((a, b))))
        self.lead_to_sea(land)

    def lead_to_sea(self, land):
        """An end of a channel that lies on the coarse land is led to the water beside it."""
        ends = {}
        for edge in self.edges:
            for p in edge:
                ends[p] = ends.get(p, 0) + 1
        wet = self.joined({p for p in ends if not land.is_land(p)})
        for p in sorted(p for p, count in ends.items() if count == 1 and land.is_land(p)):
            water = land.water_beside(p)
            if water and metres(p, water) <= (MOUTH_KM if p in wet else ONLY_MOUTH_KM) * 1000:
                print(f"mouth: {p[1]:.3f},{p[0]:.3f} to {water[1]:.3f},{water[0]:.3f}")
                self.edges.add(tuple(sorted((p, water))))
                self.mouths.add(water)
                wet |= self.joined({p})
        for p in sorted(set(ends) - wet):
            print(f"channel without a mouth: {p[1]:.3f},{p[0]:.3f}")

    def joined(self, places):
        """These places and all to which channels lead from them."""
        found, fresh = set(places), set(places)
        while fresh:
            fresh = {q for edge in self.edges for p, q in (edge, edge[::-1]) if p in fresh} - found
            found |= fresh
        return found

    def nodes(self):
        return {p for edge in self.edges for p in edge}

    def nearest(self, place):
        """The nearest place on an edge, the edge, and metres."""
        stretch = math.cos(math.radians(place[1]))
        best = None
        for a, b in sorted(self.edges):
            ax, ay, bx, by = (a[0] - place[0]) * stretch, a[1] - place[1], (b[0] - place[0]) * stretch, b[1] - place[1]
            dx, dy = bx - ax, by - ay
            t = min(1.0, max(0.0, -(ax * dx + ay * dy) / (dx * dx + dy * dy)))
            d = math.hypot(ax + t * dx, ay + t * dy)
            if best is None or d < best[0]:
                best = (d, (a, b), (a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])))
        _, edge, at = best
        at = next((p for p in edge if metres(p, at) < 1000), at)
        return at, edge, metres(place, at)

    def split(self, edge, at):
        if at in edge:
            return
        self.edges.remove(edge)
        for p in edge:
            self.edges.add(tuple(sorted((p, at))))


def joint(place, others):
    """Another place that is as good as this."""
    near = min(((metres(place, p), p) for p in others), default=(JOINT_KM * 1000, None))
    return near[1] if near[0] < JOINT_KM * 1000 else place


def read_ports():
    """Code and place of every port: those of ../locations.csv, and what the list of the world knows as a port besides."""
    found = {}
    for name in ["../world/places-1.csv", "../world/places-2.csv"]:
        for row in rows(name):
            if {"port", "container_port"} & set(row["kind"].split()) and row["latitude"]:
                found[row["locode"]] = (float(row["longitude"]), float(row["latitude"]))
    for row in rows("../locations.csv"):
        if row["kind"] == "sea_port" and row["latitude"]:
            found[row["locode"]] = (float(row["longitude"]), float(row["latitude"]))
    return dict(sorted(found.items()))


def pin(ports, land, channels):
    """Port, node and approach: a node of its own in the water, or beside it, or on a channel."""
    pins = {}
    for code, place in ports.items():
        if not land.is_land(place):
            pins[code] = (place, 1, "at sea")
            continue
        water = land.water_beside(place)
        over_land = metres(place, water) if water else FARTHEST_APPROACH_KM * 2000
        at, edge, to_channel = channels.nearest(place)
        if min(over_land, to_channel) > FARTHEST_APPROACH_KM * 1000:
            print(f"not pinned: {code}, {over_land // 1000} km from the sea")
        elif to_channel < over_land:
            channels.split(edge, at)
            pins[code] = (at, to_channel, "channel")
        else:
            pins[code] = (water, math.ceil(over_land * RIVER), "over land")
    return pins


def crossings(a, b):
    """For unit vectors of the ends of lines: bits of the gates that they cross."""
    bits = numpy.zeros(len(a), numpy.int32)
    for row in rows("gates.csv"):
        g, h = unit(end(row, "from")), unit(end(row, "to"))
        gate = numpy.cross(g, h)
        parted = (a @ gate) * (b @ gate) < 0
        line = numpy.cross(a[parted], b[parted])
        # The point where the great circles meet lies on both arcs.
        meet = numpy.cross(line, gate)
        meet *= numpy.sign((meet * (a[parted] + b[parted])).sum(axis=1))[:, None]
        on_gate = (numpy.cross(g, meet) @ gate > 0) & (numpy.cross(meet, h) @ gate > 0)
        where = numpy.flatnonzero(parted)[on_gate]
        bits[where] |= BIT[row["passage"]]
    return bits


def lengths(places, pairs):
    """Metres of many lines, rounded up."""
    lon, lat = numpy.radians(places[:, 0]), numpy.radians(places[:, 1])
    a, b = pairs[:, 0], pairs[:, 1]
    h = numpy.sin((lat[b] - lat[a]) / 2) ** 2 + numpy.cos(lat[a]) * numpy.cos(lat[b]) * numpy.sin((lon[b] - lon[a]) / 2) ** 2
    return numpy.maximum(1, numpy.ceil(2 * RADIUS_M * numpy.arcsin(numpy.sqrt(numpy.minimum(1, h))))).astype(numpy.int64)


def network(land, channels, pins):
    """Places, pairs, metres and passages of the sparse network, and the number of each place."""
    off, corners, before, after, starts, ends = land.corners()
    others = sorted({degrees(grid(*p)) for p in channels.nodes()} | {degrees(grid(*at)) for at, _, _ in pins.values()})
    # A place in narrow water lies hard by the shore, and a channel may end in one.
    wet = {degrees(grid(*at)) for at, _, how in pins.values() if how != "channel"} | {degrees(grid(*p)) for p in channels.mouths}
    at_sea = [p for p in others if p in wet or not land.is_land(p)]
    inland = [p for p in others if p not in wet and land.is_land(p)]
    # First the places off the corners, then ports and channels, then the corners themselves. Sight is from where a node is:
    # the grid may move one that is hard by the shore into its land.
    nodes = numpy.concatenate([unit(off), unit(at_sea), corners])
    none = numpy.zeros((len(at_sea), 3))
    sides = [numpy.concatenate([side - corners, none, side - corners]) for side in (before, after)]
    kind = numpy.repeat([0, 1, 2], [len(off), len(at_sea), len(corners)])
    pairs = visible.sights(nodes, *sides, kind != 1, kind == 2, starts, ends)
    places = [degrees(grid(*p)) for p in [*off.tolist(), *at_sea, *coast.degrees_of(corners).tolist()]]
    places = numpy.array([*places, *inland])
    number = {tuple(p): i for i, p in enumerate(places.tolist()) if i < len(off) + len(at_sea) or i >= len(nodes)}
    lanes = numpy.array([[number[degrees(grid(*p))] for p in edge] for edge in sorted(channels.edges)], numpy.int32)
    pairs = numpy.unique(numpy.sort(numpy.concatenate([pairs, lanes]), axis=1), axis=0)
    pairs = pairs[(places[pairs[:, 0]] != places[pairs[:, 1]]).any(axis=1)]
    m = lengths(places, pairs)
    order = numpy.lexsort((pairs[:, 1], pairs[:, 0], m))
    pairs, m = pairs[order], m[order]
    kind = numpy.concatenate([kind, numpy.ones(len(inland), kind.dtype)])
    wanted = ways_to_sea(places, pairs, m, kind, lanes, number, pins)
    pairs, m = pairs[wanted], m[wanted]
    nodes = unit(places)
    tags = crossings(nodes[pairs[:, 0]], nodes[pairs[:, 1]])
    kept, is_done = visible.spanner(nodes, pairs, tags, m / RADIUS_M, STRETCH, 1000)
    assert is_done, "more lanes at a node than there is room for"
    print(f"{len(places)} places, {len(off)} of them off corners; {len(pairs)} sight lines, {kept.sum()} kept", flush=True)
    joined = set(pairs[kept].ravel().tolist())
    for code, (at, _, _) in pins.items():
        if number[degrees(grid(*at))] not in joined:
            print(f"alone: {code} at {at[1]:.4f},{at[0]:.4f}")
    return places, pairs[kept], m[kept], tags[kept], number


def seas(places, pairs):
    """Which places lie on the ocean or on a sea of its own: of the places of a box that hang together, the most."""
    lon, lat = places[:, 0], places[:, 1]
    found = visible.largest(len(places), pairs)
    for south, west, north, east in INLAND_SEAS.values():
        within = (south <= lat) & (lat <= north) & (west <= lon) & (lon <= east)
        found |= within & visible.largest(len(places), pairs[within[pairs].all(axis=1)])
    return found


def ways_to_sea(places, pairs, m, kind, lanes, number, pins):
    """Which lines the network is made of: those between places off the coast, ports and channels; and, past the corners
    themselves, those that lead from a port to the nearest places off the coast."""
    is_far = (kind[pairs] != 2).all(axis=1)
    is_sea = seas(places, pairs[is_far])
    is_lane = numpy.isin(pairs[:, 0].astype(numpy.int64) * len(kind) + pairs[:, 1], numpy.sort(lanes, axis=1) @ numpy.array([len(kind), 1]))
    local = numpy.flatnonzero(is_lane | (m <= CLOSE_BY_M))
    sources = numpy.unique([number[degrees(grid(*place))] for place, _, _ in pins.values()])
    first, to, lane = adjacency(len(kind), pairs, local)
    return is_far | visible.leads(first, to, m[lane], lane, sources, is_sea & (kind == 0), len(pairs))


def adjacency(count, pairs, ids):
    """Where the lanes of each node begin, the node that each leads to, and its number."""
    a, b = numpy.concatenate([pairs[ids, 0], pairs[ids, 1]]), numpy.concatenate([pairs[ids, 1], pairs[ids, 0]])
    order = numpy.lexsort((b, a))
    return numpy.searchsorted(a[order], numpy.arange(count + 1)), b[order], numpy.concatenate([ids, ids])[order]


def in_use(places, pairs, m, tags, sources):
    """Which lanes are on a shortest way between ports, whatever is closed."""
    used = numpy.zeros(len(pairs), bool)
    for closed in CLOSED:
        avoid = sum(BIT[p] for p in [*ICE, *closed])
        used |= ways(len(places), pairs, m, (tags & avoid) == 0, sources)
        print(f"without {closed}: {used.sum()} lanes in use", flush=True)
    # Without ice: only what nothing else leads to.
    return used | ways(len(places), pairs, m, numpy.ones(len(pairs), bool), sources)


def ways(count, pairs, m, is_open, sources):
    """Which lanes lead from a source to another on a shortest way."""
    first, to, lane = adjacency(count, pairs, numpy.flatnonzero(is_open))
    return visible.trees(first, to, m[lane], lane, sources, sources, len(pairs))


def pack_code(locode):
    code = 0
    for c in locode:
        code = code << 6 | (ord(c) - ord("2") + 1 if c.isdigit() else ord(c) - ord("A") + 9)
    return code


def graph_file(places, pairs, m, tags, ports, pins, number):
    """The bytes of the graph: nodes by latitude and longitude, as many as lanes and ports need."""
    at = {code: number[degrees(grid(*place))] for code, (place, _, _) in pins.items()}
    used = sorted({*pairs.ravel().tolist(), *at.values()}, key=lambda i: (places[i][1], places[i][0]))
    index = {old: new for new, old in enumerate(used)}
    body = bytearray()
    for i in used:
        lon, lat = grid(*places[i].tolist())
        body += struct.pack("<ii", lat, lon)
    edges = sorted((*sorted((index[a], index[b])), length, bits) for (a, b), length, bits in zip(pairs.tolist(), m.tolist(), tags.tolist()))
    for edge in edges:
        body += struct.pack("<HHIH", *edge)
    listed = sorted((pack_code(code), *grid(*ports[code]), index[at[code]], pins[code][1]) for code in pins)
    for code, lon, lat, _, _ in listed:
        body += struct.pack("<Iii", code, lat, lon)
    for i, (_, _, _, node, approach) in enumerate(listed):
        body += struct.pack("<HHI", i, node, approach)
    head = b"GCSEA\0" + struct.pack("<HIIII", 1, len(used), len(edges), len(listed), len(listed))
    print(f"{len(used)} nodes, {len(edges)} edges, {len(listed)} ports")
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
    lines = ["locode,node_latitude,node_longitude,approach_m,how"]
    for code, (place, approach, how) in sorted(pins.items()):
        lon, lat = grid(*place)
        lines.append(f"{code},{lat / 1e5:.5f},{lon / 1e5:.5f},{approach},{how}")
    return ("\n".join(lines) + "\n").encode()


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--searoute", type=Path, required=True)
    arguments.add_argument("--atlas", type=Path, required=True)
    arguments.add_argument("--check", action="store_true")
    options = arguments.parse_args()
    land = coast.Coast(coast.topology(options.atlas / "land-10m.json"), barriers())
    channels = Channels(options.searoute, land)
    ports = read_ports()
    pins = pin(ports, land, channels)
    places, pairs, m, tags, number = network(land, channels, pins)
    sources = numpy.unique([number[degrees(grid(*place))] for place, _, _ in pins.values()])
    used = in_use(places, pairs, m, tags, sources)
    is_joined = seas(places, pairs[used])
    lost = [code for code, (at, _, _) in pins.items() if not is_joined[number[degrees(grid(*at))]]]
    if lost:
        sys.exit(f"no way leads to {' '.join(lost)}")
    graph = graph_file(places, pairs[used], m[used], tags[used], ports, pins, number)
    outline = land_file(coast.topology(options.atlas / "land-50m.json"))
    for name, content in {"marnet.bin": graph, "ports.csv": ports_table(pins), "land.bin": outline}.items():
        path = HERE / name
        if options.check:
            if path.read_bytes() != content:
                sys.exit(f"{name} is not what this script makes")
        else:
            path.write_bytes(content)


if __name__ == "__main__":
    main()
