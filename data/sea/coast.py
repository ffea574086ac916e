"""The coast as the sea graph sees it: Natural Earth's land with shoals made land, drawn coarser, and what can be asked of it."""

import json
import math

import numpy
import shapely
from shapely import LineString, Point, Polygon, STRtree
from shapely.affinity import affine_transform as affine
from shapely.affinity import translate
from shapely.ops import nearest_points

RADIUS_KM = 6371.0088
GRAIN_KM = 4  # triangles below its square are cut off or filled in
SMALLEST_KM2 = 10  # smaller islands are no obstacle
OFFING_KM = (9, 7, 5, 3.5, 2.5, 1.8, 1.2, 0.8, 0.4, 0.1)  # from a cape to the way round it: as far as half the water beside it
HARD_BY_KM = 0.1  # a straight shore of the plane is none on the sphere
CLEAR_KM = 0.02  # from every shore to a place in the water
OFF_SHORE_KM = (0.5, 0.2, 0.05, 1, 2, 4, 8)  # from the shore to a place in the water; far out only from the head of a narrow inlet
SOUTHERNMOST = -72  # no corner south of it is of use to a ship


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


def plane(points):
    """On the plane of Lambert's cylinder, km, where areas are true."""
    a = numpy.asarray(points, float)
    return numpy.stack([numpy.radians(a[..., 0]) * RADIUS_KM, numpy.sin(numpy.radians(a[..., 1])) * RADIUS_KM], axis=-1)


def back(points):
    """Degrees of points of the plane."""
    return numpy.stack(
        [numpy.degrees(points[..., 0] / RADIUS_KM), numpy.degrees(numpy.arcsin(numpy.clip(points[..., 1] / RADIUS_KM, -1, 1)))], axis=-1
    )


def unit(points):
    """Unit vectors of degrees."""
    a = numpy.radians(numpy.asarray(points, float))
    h = numpy.cos(a[..., 1])
    return numpy.stack([h * numpy.cos(a[..., 0]), h * numpy.sin(a[..., 0]), numpy.sin(a[..., 1])], axis=-1)


def at_home(rings):
    """A polygon's rings in the turn of the globe in which its middle lies between -180 and 180 degrees."""
    longitudes = [lon for lon, _ in rings[0]]
    shift = 360 * round((min(longitudes) + max(longitudes)) / 720)
    outer = [(lon - shift, lat) for lon, lat in rings[0]]
    return [outer, *(beside(hole, outer) for hole in rings[1:])]


def shapes(polygons):
    """Valid polygons of the plane."""
    whole = [Polygon(plane(p[0]), [plane(h) for h in p[1:]]).buffer(0) for p in map(at_home, polygons)]
    return [g for p in whole for g in getattr(p, "geoms", [p])]


def degrees_of(units):
    """Degrees of unit vectors."""
    return numpy.stack([numpy.degrees(numpy.arctan2(units[:, 1], units[:, 0])), numpy.degrees(numpy.arcsin(units[:, 2]))], axis=-1)


def parts(geometry):
    return [g for g in getattr(geometry, "geoms", [geometry]) if g.geom_type == "Polygon" and not g.is_empty]


class Coast:
    """Land with barriers, coarse enough to be seen around."""

    def __init__(self, polygons, barriers):
        whole = shapely.union_all(shapes(polygons) + shapes([[b] for b in barriers]))
        drawn = shapely.coverage_simplify(numpy.array(parts(whole)), GRAIN_KM)
        self.parts = [shapely.geometry.polygon.orient(g) for p in drawn for g in parts(p) if g.area >= SMALLEST_KM2]
        turn = 2 * math.pi * RADIUS_KM
        self.turns = [translate(part, xoff=shift) for shift in (-turn, 0, turn) for part in self.parts]
        self.tree = STRtree(self.turns)
        for part in self.turns:
            shapely.prepare(part)

    def corners(self):
        """Places off the corners that stand out into the sea, with the corner and the points of the coast before and after it,
        and all pieces of shore."""
        nodes, corners, before, after, starts, ends = [], [], [], [], [], []
        for part in self.parts:
            for ring in [part.exterior, *part.interiors]:
                c = numpy.array(ring.coords)[:-1]
                u, prior, later = unit(back(c)), numpy.roll(c, 1, 0), numpy.roll(c, -1, 0)
                turn = (c[:, 0] - prior[:, 0]) * (later[:, 1] - c[:, 1]) - (c[:, 1] - prior[:, 1]) * (later[:, 0] - c[:, 0])
                out = (turn > 0) & (c[:, 1] > RADIUS_KM * math.sin(math.radians(SOUTHERNMOST)))
                nodes += [self.offing(*points) for points in zip(c[out], prior[out], later[out])]
                corners.append(u[out])
                before.append(numpy.roll(u, 1, 0)[out])
                after.append(numpy.roll(u, -1, 0)[out])
                starts.append(u)
                ends.append(numpy.roll(u, -1, 0))
        return (numpy.array(nodes), *map(numpy.concatenate, (corners, before, after, starts, ends)))

    def offing(self, corner, before, after):
        """The place off a corner where ships go round it, in degrees: on the line that halves the corner, off other land too."""
        stretch = math.sqrt(max(1e-4, 1 - (corner[1] / RADIUS_KM) ** 2))  # of the plane: east to west, and shrunk as much the other way
        true = numpy.array([stretch, 1 / stretch])
        arms = [(p - corner) * true for p in (before, after)]
        out = -sum(arm / numpy.hypot(*arm) for arm in arms)
        if numpy.hypot(*out) < 1e-6:
            return back(corner)
        out /= numpy.hypot(*out)
        for km in OFFING_KM:
            place = corner + out * km / true
            far = corner + out * 2 * km / true
            line = LineString([corner + out * CLEAR_KM / true, far])
            if len(self.tree.query(line, predicate="intersects")) == 0 and self.is_clear(place, km / 2, true):
                return back(place)
        return back(corner)

    def is_clear(self, place, km, true):
        """Whether no land is within so many kilometres of a place of the plane."""
        around = affine(Point(0, 0).buffer(km, 4), [1 / true[0], 0, 0, 1 / true[1], place[0], place[1]])
        return len(self.tree.query(around, predicate="intersects")) == 0

    def is_land(self, point):
        """Whether a place is on land or hard by it."""
        return len(self.tree.query(Point(plane(point)).buffer(HARD_BY_KM), predicate="intersects")) > 0

    def water_beside(self, point):
        """A place in the water beside the nearest place on the shore. The head of an inlet may be narrow."""
        here = Point(plane(point))
        shore = nearest_points(self.turns[self.tree.nearest(here)].boundary, here)[0]
        seaward = math.atan2(shore.y - here.y, shore.x - here.x)
        for off in OFF_SHORE_KM:
            for turn in sorted(range(-90, 90), key=abs):
                angle = seaward + turn * math.pi / 90
                place = Point(shore.x + off * math.cos(angle), shore.y + off * math.sin(angle))
                line = LineString([shore, place])
                near = self.tree.query(line.buffer(CLEAR_KM), predicate="intersects")
                over = sum(self.turns[i].intersection(line).length for i in near)
                if over < CLEAR_KM and all(self.turns[i].distance(place) > CLEAR_KM for i in near):
                    return tuple(back(numpy.array([place.x, place.y])).tolist())
        return None

    def crossed_km(self, a, b):
        """Kilometres of a short line over land, roughly: on the plane."""
        line = LineString([plane(a), plane(b)])
        near = self.tree.query(line, predicate="intersects")
        stretch = math.cos(math.radians((a[1] + b[1]) / 2))
        total = 0.0
        for i in near:
            inside = self.turns[i].intersection(line)
            for piece in getattr(inside, "geoms", [inside]):
                if piece.geom_type == "LineString":
                    (x1, y1), (x2, y2) = piece.coords[0], piece.coords[-1]
                    total += math.hypot((x2 - x1) * stretch, (y2 - y1) / stretch)
        return total
