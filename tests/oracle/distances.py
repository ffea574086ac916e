"""How far it is where no record says so (docs/methodology.md, section 6): files, sea graph, great circle, estimates.

Written from the rules, with the standard library alone. Floats end in whole metres, as the rules say.
"""
import csv
import functools
import heapq
import math
import operator
import os
import struct
from pathlib import Path

from exact import exact_scaled, half_even

EARTH_M = 6371008.8
MILLION = 10 ** 6
USUALLY_CLOSED = 1 << 9 | 1 << 13           # the passages of the Arctic
STEP = 1 << 32                              # of a way: more than any has in metres
LIST = Path(__file__).resolve().parents[2] / "data" / "world"
STEP_M, MOST_SEA_M, MOST_CROSSINGS = 10_000, 60_000, 4
LETTERS = "?23456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def haversine_exact(a, b):
    (lat1, lon1), (lat2, lon2) = a, b
    phi1, phi2 = math.radians(lat1), math.radians(lat2)
    h = (math.sin((phi2 - phi1) / 2) ** 2
         + math.cos(phi1) * math.cos(phi2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2)
    return 2 * EARTH_M * math.asin(math.sqrt(min(1.0, h)))


def haversine_m(a, b):
    return round(haversine_exact(a, b))


def table(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class World(dict):
    """The places inside the program: code -> (latitude, longitude) or None."""

    def __init__(self):
        super().__init__()
        for name in ["places-1.csv", "places-2.csv"]:
            for row in table(LIST / name):
                self[row["locode"]] = (float(row["latitude"]), float(row["longitude"])) if row["latitude"] else None


# --- the sea ------------------------------------------------------------------------------------

class Sea:
    """Lanes and ports of marnet.bin; the layout stands in docs/formats.md."""

    def __init__(self, path):
        data = Path(path).read_bytes()
        nodes, edges, ports, approaches = struct.unpack_from("<4I", data, 8)
        at = 8 + 16 + 40 + 32 + 8 * nodes
        self.lanes = [[] for _ in range(nodes)]
        for a, b, metres, passages in struct.iter_unpack("<HHIH", data[at:at + 10 * edges]):
            self.lanes[a].append((b, metres, passages))
            self.lanes[b].append((a, metres, passages))
        # Passages that a node lies within: those of all its lanes.
        self.within = [0] * nodes
        for node, lanes in enumerate(self.lanes):
            if lanes:
                self.within[node] = functools.reduce(operator.and_, (lane[2] for lane in lanes))
        at += 10 * edges
        self.ports, codes = {}, []
        for code, latitude, longitude in struct.iter_unpack("<Iii", data[at:at + 12 * ports]):
            codes.append("".join(LETTERS[code >> shift & 63] for shift in (24, 18, 12, 6, 0)))
            self.ports[codes[-1]] = ((latitude, longitude), [])
        at += 12 * ports
        for port, node, metres in struct.iter_unpack("<HHI", data[at:at + 8 * approaches]):
            self.ports[codes[port]][1].append((node, metres))
        assert at + 8 * approaches == len(data)
        self.searches = {}

    def metres(self, origin, destination, avoided=0):
        """The way round what is closed, with as few steps into and out of what is avoided as can be."""
        if origin not in self.ports or destination not in self.ports:
            return None
        start, end = self.ports[origin], self.ports[destination]
        if start[0] == end[0]:
            return 0
        key = origin, avoided
        if key not in self.searches:
            self.searches[key] = self._search(start[1], avoided)
        found = self.searches[key]
        ways = [found[node] + metres for node, metres in end[1] if node in found]
        return min(ways) % STEP if ways else None

    def _search(self, approaches, avoided):
        found, queue = {}, [(metres, node) for node, metres in approaches]
        heapq.heapify(queue)
        while queue:
            metres, node = heapq.heappop(queue)
            if node in found:
                continue
            found[node] = metres
            for to, length, passages in self.lanes[node]:
                if to not in found and not passages & USUALLY_CLOSED:
                    steps = sum((passages & avoided & ~self.within[end]).bit_count() for end in (node, to))
                    heapq.heappush(queue, (metres + length + steps * STEP, to))
        return found


PASSAGES = ["bab_el_mandeb", "bering", "bosporus", "cape_horn", "cape_of_good_hope", "dardanelles", "gibraltar", "hormuz", "malacca",
            "northwest", "panama", "suez", "sunda", "northeast", "kiel", "corinth"]


class Passages:
    """Which passages vessels of an operation go round on a day; rows of own files come first and win."""

    def __init__(self, paths):
        self.rows = [row for path in paths for row in table(path)]

    def _of(self, row, operation):
        kinds = [f"sea.{kind}" for kind in row["vessel_kinds"].split()]
        return not kinds or any(operation == kind or operation.startswith(kind + "_") for kind in kinds)

    def avoided(self, day, operation):
        known = avoided = 0
        for row in self.rows:
            bit = 1 << PASSAGES.index(row["passage"])
            if self._of(row, operation) and (row["from"] or "0000-00-00") <= day < (row["to"] or "9999-99-99"):
                if row["state"] == "avoided" and not bit & known:
                    avoided |= bit
                known |= bit
        return avoided

    def other(self, day, operation):
        """The other state: what is avoided with a date open, or, where nothing of it is avoided, avoided."""
        today, dated = self.avoided(day, operation), 0
        for row in self.rows:
            if row["state"] == "avoided" and self._of(row, operation) and (row["from"] or row["to"]):
                dated |= 1 << PASSAGES.index(row["passage"])
        return today & ~dated if today & dated else today | dated


# --- the land -----------------------------------------------------------------------------------

class Ground:
    """Rows of a tenth of a degree, each as spans of land with the number of their land mass."""

    def __init__(self, path):
        data = Path(path).read_bytes()
        rings, _, _ = struct.unpack_from("<3I", data, 8)
        at = 8 + 12 + 40 + 32
        edges = [[] for _ in range(1800)]
        for ring in range(rings):
            (count,) = struct.unpack_from("<I", data, at)
            corners = list(struct.iter_unpack("<hh", data[at + 4:at + 4 + 4 * count]))
            at += 4 + 4 * count
            for (lat1, lon1), (lat2, lon2) in zip(corners, corners[1:]):
                lat1, lon1, lat2, lon2 = lat1 / 100, lon1 / 100, lat2 / 100, lon2 / 100
                for row in range(self.row(min(lat1, lat2)), self.row(max(lat1, lat2)) + 1):
                    middle = self.middle(row)
                    if (lat1 <= middle) != (lat2 <= middle):
                        edges[row].append((lon1 + (middle - lat1) / (lat2 - lat1) * (lon2 - lon1), ring))
        self.parent = list(range(rings))
        pairs = [[(row[i], row[i + 1]) for i in range(0, len(row), 2)] for row in map(sorted, edges)]
        for (_, a), (_, b) in (pair for row in pairs for pair in row):
            a, b = self.mass_of(a), self.mass_of(b)
            self.parent[max(a, b)] = min(a, b)
        self.rows = [sorted(span for (x, ring), (y, _) in row for span in self.wrapped(x, y, self.mass_of(ring))) for row in pairs]
        self.area = [0.0] * rings
        for number, row in enumerate(self.rows):
            for x, y, mass in row:
                self.area[mass] += (y - x) * math.cos(math.radians(self.middle(number))) / 10
        self.joined = self.over_straits()

    def over_straits(self):
        """By mass: what it counts to. Below 5,000 km2 that is the largest one over a strait of 0.03 degrees or less, or what that counts to."""
        joined = list(range(len(self.area)))
        for number, row in enumerate(self.rows):
            squeeze = math.cos(math.radians(self.middle(number)))
            for (_, west, a), (east, _, b) in zip(row, row[1:]):
                small, large = (a, b) if self.area[a] < self.area[b] else (b, a)
                if (east - west) * squeeze <= 0.03 and self.area[small] < 0.4 and self.area[joined[small]] < self.area[large]:
                    joined[small] = large
        for mass in sorted(range(len(joined)), key=lambda m: (-self.area[m], m)):
            joined[mass] = joined[joined[mass]]
        return joined

    @staticmethod
    def row(latitude):
        return max(0, min(1799, int((latitude + 90) * 10)))

    @staticmethod
    def middle(row):
        return (row + 0.5) / 10 - 90

    def mass_of(self, ring):
        while self.parent[ring] != ring:
            ring = self.parent[ring]
        return ring

    @staticmethod
    def wrapped(x, y, mass):
        turn = 360 * math.floor((x + 180) / 360)
        x, y = x - turn, y - turn
        yield x, min(y, 180.0), mass
        if y > 180:
            yield -180.0, y - 360, mass

    def land(self, latitude, longitude):
        spans = self.rows[self.row(latitude)]
        low, high = 0, len(spans)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if spans[middle][0] <= longitude else (low, middle)
        return spans[low - 1][2] if low and longitude <= spans[low - 1][1] else None

    def mass(self, point):
        """The land mass that a place lies on, or the nearest within 0.35 degrees; of an island below 5,000 km2 the largest within 0.1,
        or over a narrow strait."""
        latitude, longitude = point
        inside = self.land(latitude, longitude)
        if inside is not None and self.area[inside] >= 0.4:
            return inside
        squeeze, near = math.cos(math.radians(latitude)), []
        for row in range(self.row(latitude - 0.35), self.row(latitude + 0.35) + 1):
            for x, y, mass in self.rows[row]:
                distance = math.hypot(max(x - longitude, longitude - y, 0.0) * squeeze, self.middle(row) - latitude)
                if distance <= 0.35:
                    near.append((distance, mass))
        if inside is None and not near:
            return None
        here = min(near)[1] if inside is None else inside
        beside = [(self.area[mass], -mass) for distance, mass in near if distance <= 0.1]
        largest = max(beside, default=(0.0, 0))
        return self.joined[-largest[1] if self.area[here] < 0.4 and largest[0] > self.area[here] else here]

    def is_walkable(self, a, b, barriers, roads_at):
        length = haversine_exact(a, b)
        steps = max(1, math.ceil(length / STEP_M))
        # The line is drawn between whole 1e-5 degrees.
        rounded = [tuple(round(x * 1e5) / 1e5 for x in p) for p in (a, b)]
        at_sea, last, roads = 0.0, None, roads_at(a)
        for here in points(*rounded):
            if last and any(crosses(last, here, barrier) for barrier in barriers) or roads is None or roads_at(here) != roads:
                return False
            last = here
            at_sea = 0.0 if self.land(*here) is not None else at_sea + length / steps
            if at_sea > MOST_SEA_M:
                return False
        return True


def points(a, b):
    """Points of the great circle, both ends included, at most a step apart."""
    vector = lambda p: [math.cos(math.radians(p[0])) * math.cos(math.radians(p[1])),
                        math.cos(math.radians(p[0])) * math.sin(math.radians(p[1])), math.sin(math.radians(p[0]))]
    p, q, length = vector(a), vector(b), haversine_exact(a, b)
    steps, angle = max(1, math.ceil(length / STEP_M)), length / EARTH_M
    for i in range(steps + 1):
        part = i / steps
        s, t = (math.sin((1 - part) * angle), math.sin(part * angle)) if angle > 0 else (1.0, 0.0)
        x, y, z = (s * u + t * v for u, v in zip(p, q))
        yield math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))


def beside(a, b, along, tenths):
    def within(degrees):
        return degrees - 360 * math.floor((degrees + 180) / 360)

    north, east, squeeze = b[0] - a[0], within(b[1] - a[1]), math.cos(math.radians((a[0] + b[0]) / 2))
    latitude = a[0] + along * north + tenths * east * squeeze
    longitude = within(a[1] + along * east - tenths * north / squeeze)
    there = round(latitude * 1e5) / 1e5, round(longitude * 1e5) / 1e5
    return there if squeeze > 0.1 and abs(there[0]) < 80 else None


def crosses(a, b, line):
    side = lambda p, q, r: (q[1] - p[1]) * (r[0] - p[0]) - (q[0] - p[0]) * (r[1] - p[1]) > 0
    c, d = line
    return abs(a[1] - b[1]) < 180 and side(c, d, a) != side(c, d, b) and side(a, b, c) != side(a, b, d)


# --- estimates ----------------------------------------------------------------------------------

class Estimates:
    def __init__(self, folder, region_of):
        data = lambda name: os.path.join(folder, "estimates", name)
        at = lambda row, end: (float(row["latitude_" + end]), float(row["longitude_" + end]))
        self.detours = [(region_of(row["region"]), row) for row in table(data("detours.csv"))]
        self.detours.sort(key=lambda entry: entry[0].rank)
        self.crossings = [(row["modes"].split(" "), [at(row, "a"), at(row, "b")], exact_scaled(row["distance_km"], 3))
                          for row in table(data("crossings.csv"))]
        self.barriers = [(at(row, "a"), at(row, "b")) for row in table(data("barriers.csv"))]
        edges = lambda row: [float(row[edge]) for edge in ("south", "west", "north", "east")]
        self.areas = [(row["modes"].split(" "), row["area"], row["ways"], edges(row)) for row in table(data("cut_off.csv"))]
        self.networks = {row["country"]: row["network"] for row in table(data("rail_countries.csv")) if row["rail_estimate"] == "yes"}
        self.borders = {}
        for row in table(data("rail_links.csv")):
            if row["status"] in ("open", "listed"):
                a, b, gauge = row["country_a"], row["country_b"], row["gauge_break"] == "yes"
                self.borders.setdefault(a, []).append((b, gauge))
                self.borders.setdefault(b, []).append((a, gauge))
        self.river_ports = {}
        for row in table(data("waterway_ports.csv")):
            if row["container_service"] in ("regular", "limited"):
                mark = row["km_scale"], exact_scaled(row["river_km"], 3)
                self.river_ports.setdefault(row["locode"], []).append(mark)
        self.meetings = [((row["scale_a"], exact_scaled(row["km_a"], 3)), (row["scale_b"], exact_scaled(row["km_b"], 3)),
                          exact_scaled(row["km_between"], 3)) for row in table(data("waterway_links.csv"))]
        land = os.path.join(folder, "sea", "land.bin")
        self.land = land if os.path.exists(land) else None
        self._ground = self._masses = None
        self._reachable, self._walkable = {}, {}

    def find(self, mode, origin, destination, point):
        """(metres, basis, flags) or None; both ways have one answer."""
        origin, destination = sorted([origin, destination])
        if mode == "inland_waterway":
            return self.by_river(origin, destination)
        if mode not in ("road", "rail"):
            return None
        flags = set()
        if mode == "rail":
            breaks = self.gauge_breaks(origin[:2], destination[:2])
            if breaks is None:
                return None
            flags = {"Q38"} if breaks else set()
        found = self.over_land(mode, origin, destination, point)
        return found and (found[0], found[1], found[2] | flags)

    def by_river(self, origin, destination):
        """The shortest way over river kilometres, scales joined where they meet."""
        goals, queue = self.river_ports.get(destination, []), []
        for scale, metres in self.river_ports.get(origin, []):
            queue.append((0, (), scale, metres))
        best = None
        while queue:
            so_far, used, scale, here = queue.pop()
            for river, end in goals:
                if river == scale:
                    entry = so_far + abs(end - here), used
                    best = entry if best is None else min(best, entry)
            for number, (a, b, between) in enumerate(self.meetings):
                for near, far in ((a, b), (b, a)):
                    if number not in used and near[0] == scale:
                        queue.append((so_far + abs(near[1] - here) + between, used + (number,), *far))
        if not best or best[0] == 0:
            return None
        return best[0], "sfd", {"Q33", "Q35"} | ({"Q34"} if best[1] else set())

    def gauge_breaks(self, a, b):
        if a not in self.networks or self.networks.get(b) != self.networks[a]:
            return None
        best, queue = {}, [(0, a)]
        while queue:
            breaks, country = heapq.heappop(queue)
            if country in best:
                continue
            best[country] = breaks
            for other, gauge in self.borders.get(country, []):
                heapq.heappush(queue, (breaks + gauge, other))
        return best.get(b)

    def over_land(self, mode, origin, destination, point):
        a, b = point(origin), point(destination)
        if not a or not b or not self.land:
            return None
        way = self.way(mode, a, b)
        if way is None:
            return None
        direct, crossed = way
        for region, row in self.detours:
            low, high = int(row["from_km"] or 0) * 1000, int(row["to_km"] or 10 ** 9) * 1000
            if row["mode"] == mode and low <= direct < high and region.covers(origin, destination):
                metres = half_even(direct * exact_scaled(row["ratio"], 6), MILLION) + crossed
                is_own = int(row["n"] or 0) < 100 or crossed > 0
                return (metres, row["basis"], {"Q33"} | ({"Q34"} if is_own else set())) if metres > 0 else None
        return None

    def is_walkable(self, mode, a, b):
        key = mode, a, b
        if key not in self._walkable:
            self._walkable[key] = self._ground.is_walkable(a, b, self.barriers, functools.partial(self.roads_at, mode))
        return self._walkable[key]

    def roads_at(self, mode, point):
        """Which ways of the mode lead to a place: those of all the world (""), those of an area by name, or none."""
        for modes, area, ways, (south, west, north, east) in self.areas:
            if mode in modes and south <= point[0] <= north and west <= point[1] <= east:
                return {"none": None, "local": area, "open": ""}[ways]
        return ""

    def reachable(self, mode, mass):
        """Land masses that crossings of the mode join to one."""
        if (mode, mass) not in self._reachable:
            found, before = {mass}, 0
            while len(found) != before:
                before = len(found)
                for (modes, _, _), (a, b) in zip(self.crossings, self._masses):
                    if mode in modes and a is not None and b is not None and {a, b} & found:
                        found |= {a, b}
            self._reachable[mode, mass] = found
        return self._reachable[mode, mass]

    def way(self, mode, start, end):
        """(metres on land, metres of crossings) of the shortest way; `None`: there is none."""
        if self._ground is None:
            self._ground = Ground(self.land)
            self._masses = [[self._ground.mass(p) for p in ends] for _, ends, _ in self.crossings]
        ground = self._ground
        from_mass, to_mass = ground.mass(start), ground.mass(end)
        if from_mass is None or to_mass is None:
            return None
        if self.roads_at(mode, start) is None or self.roads_at(mode, start) != self.roads_at(mode, end):
            return None
        if from_mass == to_mass and self.is_walkable(mode, start, end):
            return haversine_m(start, end), 0
        if to_mass not in self.reachable(mode, from_mass):
            return None
        bent = self.bend(mode, start, end, from_mass) if from_mass == to_mass else None
        count, queue, settled = 0, [], set()

        def extend(here, mass, direct, crossed, used):
            nonlocal count
            steps = [(None, end)] if mass == to_mass else []
            if len(used) < MOST_CROSSINGS:
                steps += [((number, side), ends[side]) for number, (modes, ends, _) in enumerate(self.crossings)
                          for side in (0, 1) if mode in modes and self._masses[number][side] == mass and number not in used]
            for entrance, there in steps:
                leg = haversine_m(here, there)
                order = (-1, 0) if entrance is None else entrance
                ahead = haversine_m(there, end)
                heapq.heappush(queue, (direct + crossed + leg + ahead, order, count, (here, direct, crossed, used, entrance, there, leg)))
            count += 1

        extend(start, from_mass, 0, 0, ())
        most = 3 * haversine_m(start, end) + 1_000_000 if bent is None else bent
        while queue and queue[0][0] <= most:
            *_, (here, direct, crossed, used, entrance, there, leg) = heapq.heappop(queue)
            if entrance in settled or not self.is_walkable(mode, here, there):
                continue
            if entrance is None:
                return direct + leg, crossed
            settled.add(entrance)
            number, side = entrance
            mass = self._masses[number][1 - side]
            if mass is not None:
                _, ends, metres = self.crossings[number]
                extend(ends[1 - side], mass, direct + leg, crossed + metres, used + (number,))
        return None if bent is None else (bent, 0)

    def bend(self, mode, start, end, mass):
        """Metres of the way round a bay: over a point beside the great circle, as near to it as any does, the shortest of these."""
        for tenths in range(1, 6):
            lengths = []
            for along, side in ((along, side) for along in (3, 5, 7) for side in (tenths, -tenths)):
                there = beside(start, end, along / 10, side / 10)
                if there and self._ground.mass(there) == mass and self.is_walkable(mode, start, there) and self.is_walkable(mode, there, end):
                    lengths.append(haversine_m(start, there) + haversine_m(there, end))
            if lengths:
                return min(lengths)
        return None


# --- the order ----------------------------------------------------------------------------------

class Distances:
    """Where a distance is found when the record has none."""

    def __init__(self, own, shipped, folder, profile, point, region_of, passages=()):
        self.own, self.shipped, self.profile, self.point = own, shipped, profile, point
        self.passages = Passages([*passages, os.path.join(folder, "passages.csv")])
        sea = os.path.join(folder, "sea", "marnet.bin")
        self.sea = Sea(sea) if os.path.exists(sea) else None
        self.aliases = {}
        for row in table(os.path.join(folder, "place_aliases.csv")):
            self.aliases.setdefault(row["locode"], []).append(row["stands_for"])
        self.estimates = Estimates(folder, region_of)

    def of_files(self, mode, origin, destination):
        for rows, source, flag in ((self.own, "own_file", "Q36"), (self.shipped, "network", "Q02")):
            for key in ((mode, origin, destination), (mode, destination, origin)):
                if key in rows and rows[key][0] > 0:
                    return (*rows[key], source, {flag})
        return None

    def over_sea(self, mode, origin, destination, day, operation):
        if mode != "sea" or not self.sea:
            return None
        metres = self.sea.metres(origin, destination, self.passages.avoided(day, operation))
        if not metres:
            return None
        other = self.sea.metres(origin, destination, self.passages.other(day, operation))
        depends = other is not None and abs(other - metres) * 20 > min(other, metres)
        return metres, "sfd", "sea_graph", {"Q32", "Q37"} if depends else {"Q32"}

    def estimated(self, mode, origin, destination):
        if mode not in self.profile.estimated:
            return None
        found = self.estimates.find(mode, origin, destination, self.point)
        return found and (found[0], found[1], "estimate", found[2])

    def find(self, mode, origin, destination, day, operation):
        """(metres, basis, source, flags), or None; the day as YYYY-MM-DD."""
        over_sea = lambda mode, a, b: self.over_sea(mode, a, b, day, operation)
        return (self.or_alias(self.of_files, mode, origin, destination) or self.or_alias(over_sea, mode, origin, destination)
                or self.great_circle(mode, origin, destination) or self.or_alias(self.estimated, mode, origin, destination))

    def or_alias(self, find, mode, origin, destination):
        found = find(mode, origin, destination)
        if found or mode not in ("sea", "inland_waterway"):
            return found
        for a in [origin, *self.aliases.get(origin, [])]:
            for b in [destination, *self.aliases.get(destination, [])]:
                found = (a, b) != (origin, destination) and find(mode, a, b)
                if found:
                    return (*found[:3], found[3] | {"Q39"})
        return None

    def great_circle(self, mode, origin, destination):
        a, b = self.point(origin), self.point(destination)
        metres = haversine_m(a, b) if a and b and mode in self.profile.great_circle else 0
        return (metres, "gcd", "great_circle", {"Q03"}) if metres else None
