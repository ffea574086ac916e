"""Which corners of the coast see each other over the sea, and a sparse network of their sight lines that keeps all distances.

Everything is on the sphere: around each node the globe is drawn gnomonically, where great circles are straight lines.
"""

import math

import numba
import numpy

SECTORS = 2048  # of the horizon of a node
REACH = math.radians(80)  # of a sight line: 8,900 km
FARTHEST = math.tan(REACH)
CLOSE_BY = 60_000 / 6_371_009  # of a line that leads to a corner itself
SCALE = SECTORS / (2 * math.pi)
CREWS = 4  # searches at once
NEVER = 1 << 60
MOST_LEADS = 8  # from a port to places off the coast
GROUP = 32  # neighbours on a coast, passed over together where they are hidden
TOUCH = 1e-9  # of a sight line: what lies in its first or last part is its own corner
LEAN = math.radians(10)  # nodes lie off their corners, so a line may lean into the land by so much,
OFF = 10 / 6371  # and by as much again as this looks from the other end
SIDE = 1e-12  # a cross product nearer to zero is a touch


@numba.njit(cache=True)
def cross(ax, ay, bx, by):
    return ax * by - ay * bx


@numba.njit(cache=True)
def in_wedge(nx, ny, px, py, dx, dy, lean):
    """Whether direction d lies inside the corner from the side to the next point to the side to the one before: in the land, by
    more than the sine `lean`."""
    return cross(nx, ny, dx, dy) > lean and cross(dx, dy, px, py) > lean


@numba.njit(cache=True)
def lean(is_close, r):
    """A node that lies off its corner: what is near it may lie behind the line that touches the corner."""
    if is_close:
        return SIDE
    angle = LEAN + math.atan(OFF / r)
    return 2.0 if angle > 1.5 else math.sin(angle)


@numba.njit(cache=True)
def frame(v):
    """East and north of a place."""
    h = math.hypot(v[0], v[1])
    if h < 1e-12:
        return (0.0, 1.0, 0.0), (-1.0, 0.0, 0.0)
    e = (-v[1] / h, v[0] / h, 0.0)
    n = (v[1] * e[2] - v[2] * e[1], v[2] * e[0] - v[0] * e[2], v[0] * e[1] - v[1] * e[0])
    return e, n


@numba.njit(cache=True)
def arc(a, b):
    x, y, z = a[0] - b[0], a[1] - b[1], a[2] - b[2]
    return 2 * math.asin(min(1.0, 0.5 * math.sqrt(x * x + y * y + z * z)))


@numba.njit(cache=True)
def is_hidden(c, e, n, centre, radius, wall, reach):
    """Whether a cap of the globe lies beyond the walls around c, or out of reach."""
    d = arc(c, centre)
    if d - radius > reach:
        return True
    if d <= radius * 1.01 or d + radius > 1.5:
        return False
    near = math.tan(d - radius)
    half = math.asin(min(1.0, math.sin(radius) / math.sin(d))) + 1e-9
    x = centre[0] * e[0] + centre[1] * e[1] + centre[2] * e[2]
    y = centre[0] * n[0] + centre[1] * n[1] + centre[2] * n[2]
    t = math.atan2(y, x) + math.pi
    for k in range(int(math.floor((t - half) * SCALE)), int(math.floor((t + half) * SCALE)) + 1):
        if wall[k % SECTORS] > near:
            return False
    return True


@numba.njit(cache=True)
def sights_of(v, nodes, before, after, has_corner, is_close, starts, ends, shore_caps, node_caps, first, out):
    """Numbers of the nodes from `first` on that node v sees along a line that touches the coast at both ends; their count."""
    c = nodes[v]
    e, n = frame(c)
    count = starts.shape[0]
    xs = numpy.empty((count, 4))
    used = 0
    lo = numpy.empty(count, numpy.int32)
    hi = numpy.empty(count, numpy.int32)
    near = numpy.empty(count)
    reach = CLOSE_BY if is_close[v] else REACH
    wall = numpy.full(SECTORS, math.tan(reach))
    caps = shore_caps.shape[0]
    away = numpy.empty(caps)
    for g in range(caps):
        away[g] = arc(c, shore_caps[g]) - shore_caps[g, 3]
    for g in numpy.argsort(away):
        if is_hidden(c, e, n, shore_caps[g], shore_caps[g, 3], wall, reach):
            continue
        for i in range(g * GROUP, min(count, (g + 1) * GROUP)):
            a, b = starts[i], ends[i]
            da = a[0] * c[0] + a[1] * c[1] + a[2] * c[2]
            db = b[0] * c[0] + b[1] * c[1] + b[2] * c[2]
            if da < 0.02 or db < 0.02:
                continue
            ax = (a[0] * e[0] + a[1] * e[1] + a[2] * e[2]) / da
            ay = (a[0] * n[0] + a[1] * n[1] + a[2] * n[2]) / da
            bx = (b[0] * e[0] + b[1] * e[1] + b[2] * e[2]) / db
            by = (b[0] * n[0] + b[1] * n[1] + b[2] * n[2]) / db
            ra, rb = math.hypot(ax, ay), math.hypot(bx, by)
            if ra < 1e-11 or rb < 1e-11 or (ra > FARTHEST and rb > FARTHEST):
                continue
            ta, tb = math.atan2(ay, ax), math.atan2(by, bx)
            if cross(ax, ay, bx, by) < 0:
                ta, tb = tb, ta
            if tb < ta:
                tb += 2 * math.pi
            low, high = int(math.floor((ta + math.pi) * SCALE)), int(math.floor((tb + math.pi) * SCALE))
            length = math.hypot(bx - ax, by - ay)
            along = 0.0
            if length > 0:
                along = min(1.0, max(0.0, -(ax * (bx - ax) + ay * (by - ay)) / (length * length)))
            xs[used, 0], xs[used, 1], xs[used, 2], xs[used, 3] = ax, ay, bx, by
            lo[used], hi[used] = low, high
            near[used] = math.hypot(ax + along * (bx - ax), ay + along * (by - ay))
            used += 1
            far = max(ra, rb)
            for k in range(low + 1, high):
                s = k % SECTORS
                if far < wall[s]:
                    wall[s] = far
    size = numpy.zeros(SECTORS + 1, numpy.int64)
    for i in range(used):
        for k in range(lo[i], hi[i] + 1):
            s = k % SECTORS
            if near[i] <= wall[s]:
                size[s + 1] += 1
    for s in range(SECTORS):
        size[s + 1] += size[s]
    items = numpy.empty(size[SECTORS], numpy.int32)
    fill = size[:SECTORS].copy()
    for i in range(used):
        for k in range(lo[i], hi[i] + 1):
            s = k % SECTORS
            if near[i] <= wall[s]:
                items[fill[s]] = i
                fill[s] += 1
    px, py, ax0, ay0 = 0.0, 0.0, 0.0, 0.0
    if has_corner[v]:
        px, py = seen_from(e, n, before[v])
        ax0, ay0 = seen_from(e, n, after[v])
    found = 0
    for g in range(first // GROUP, node_caps.shape[0]):
        if is_hidden(c, e, n, node_caps[g], node_caps[g, 3], wall, reach):
            continue
        for w in range(max(first, g * GROUP), min(nodes.shape[0], (g + 1) * GROUP)):
            d = nodes[w]
            dd = d[0] * c[0] + d[1] * c[1] + d[2] * c[2]
            if dd < 0.15:
                continue
            wx = (d[0] * e[0] + d[1] * e[1] + d[2] * e[2]) / dd
            wy = (d[0] * n[0] + d[1] * n[1] + d[2] * n[2]) / dd
            r = math.hypot(wx, wy)
            if r < 1e-11 or (is_close[w] and r > CLOSE_BY):
                continue
            s = int(math.floor((math.atan2(wy, wx) + math.pi) * SCALE)) % SECTORS
            if r > wall[s]:
                continue
            if has_corner[v]:
                ux, uy = wx / r, wy / r
                most = lean(is_close[v], r)
                if in_wedge(ax0, ay0, px, py, ux, uy, most) or in_wedge(ax0, ay0, px, py, -ux, -uy, most):
                    continue
            if has_corner[w] and not touches(d, c, before[w], after[w], lean(is_close[w], r)):
                continue
            clear = True
            for j in range(size[s], size[s + 1]):
                i = items[j]
                if near[i] >= r:
                    continue
                ca = cross(wx, wy, xs[i, 0], xs[i, 1]) / r
                cb = cross(wx, wy, xs[i, 2], xs[i, 3]) / r
                if not ((ca > SIDE and cb < -SIDE) or (ca < -SIDE and cb > SIDE)):
                    continue
                # Where on the line from here (0) to there (1) the shore cuts it.
                sx, sy = xs[i, 2] - xs[i, 0], xs[i, 3] - xs[i, 1]
                t = cross(xs[i, 0], xs[i, 1], sx, sy) / cross(wx, wy, sx, sy)
                if TOUCH < t < 1 - TOUCH:
                    clear = False
                    break
            if clear:
                if found == out.shape[0]:
                    return -1
                out[found] = w
                found += 1
    return found


@numba.njit(cache=True)
def seen_from(e, n, p):
    """Direction of a place in the frame of another."""
    x, y = p[0] * e[0] + p[1] * e[1] + p[2] * e[2], p[0] * n[0] + p[1] * n[1] + p[2] * n[2]
    h = math.hypot(x, y)
    return x / h, y / h


@numba.njit(cache=True)
def touches(w, c, before, after, most):
    """Whether the line from c touches the corner w without leading into its land, before or behind it."""
    e, n = frame(w)
    dx, dy = seen_from(e, n, c)
    px, py = seen_from(e, n, before)
    ax, ay = seen_from(e, n, after)
    return not (in_wedge(ax, ay, px, py, dx, dy, most) or in_wedge(ax, ay, px, py, -dx, -dy, most))


@numba.njit(parallel=True, cache=True)
def sights_of_some(begin, many, nodes, before, after, has_corner, is_close, starts, ends, shore_caps, node_caps, counts, out):
    for k in numba.prange(many):
        v = begin + k
        counts[k] = sights_of(v, nodes, before, after, has_corner, is_close, starts, ends, shore_caps, node_caps, v + 1, out[k])


def caps(first, second):
    """Caps around each group of points: centre and radius."""
    found = []
    for i in range(0, len(first), GROUP):
        points = numpy.concatenate([first[i : i + GROUP], second[i : i + GROUP]])
        centre = points.sum(axis=0)
        centre /= numpy.linalg.norm(centre)
        radius = 2 * numpy.arcsin(numpy.minimum(1, numpy.linalg.norm(points - centre, axis=1).max() / 2))
        found.append([*centre, radius + 1e-9])
    return numpy.array(found)


def sights(nodes, before, after, has_corner, is_close, starts, ends):
    """Pairs of nodes that see each other. A node off a corner of the coast has the two sides of the corner as vectors from it; one
    that is close to it sees no farther than CLOSE_BY."""
    shore_caps, node_caps = caps(starts, ends), caps(nodes, nodes)
    pairs = []
    batch, room = 512, 20_000
    out = numpy.empty((batch, room), numpy.int32)
    counts = numpy.empty(batch, numpy.int64)
    for begin in range(0, len(nodes), batch):
        many = min(batch, len(nodes) - begin)
        sights_of_some(begin, many, nodes, before, after, has_corner, is_close, starts, ends, shore_caps, node_caps, counts, out)
        assert counts[:many].min() >= 0, "more sight lines at a node than there is room for"
        for k in range(many):
            to = out[k, : counts[k]]
            pairs.append(numpy.stack([numpy.full(len(to), begin + k, numpy.int32), to], axis=1))
    return numpy.concatenate(pairs)


@numba.njit(cache=True)
def push(keys, values, size, key, value):
    i = size
    while i > 0:
        parent = (i - 1) >> 1
        if keys[parent] <= key:
            break
        keys[i], values[i] = keys[parent], values[parent]
        i = parent
    keys[i], values[i] = key, value
    return size + 1


@numba.njit(cache=True)
def pop(keys, values, size):
    size -= 1
    key, value = keys[size], values[size]
    i = 0
    while True:
        child = 2 * i + 1
        if child >= size:
            break
        if child + 1 < size and keys[child + 1] < keys[child]:
            child += 1
        if keys[child] >= key:
            break
        keys[i], values[i] = keys[child], values[child]
        i = child
    keys[i], values[i] = key, value
    return size


@numba.njit(cache=True)
def spanner(nodes, pairs, tags, lengths, stretch, room):
    """Greedy, in the order of `pairs` (the shortest first): a sight line is left out if the lines taken so far lead from its
    one end to the other on at most `stretch` times its length, through no other passage than its own."""
    n = nodes.shape[0]
    degree = numpy.zeros(n, numpy.int32)
    beside = numpy.empty((n, room), numpy.int32)
    span = numpy.empty((n, room), numpy.float64)
    through = numpy.empty((n, room), numpy.int32)
    best = numpy.full(n, numpy.inf)
    touched = numpy.empty(n, numpy.int32)
    keys = numpy.empty(n * 8)
    values = numpy.empty(n * 8, numpy.int32)
    kept = numpy.zeros(pairs.shape[0], numpy.bool_)
    for k in range(pairs.shape[0]):
        u, v = pairs[k, 0], pairs[k, 1]
        limit = lengths[k] * stretch
        tag = tags[k]
        many, size, reached = 0, 0, False
        best[u] = 0.0
        touched[many] = u
        many += 1
        size = push(keys, values, size, arc(nodes[u], nodes[v]), u)
        while size > 0:
            at, key = values[0], keys[0]
            size = pop(keys, values, size)
            if key > limit:
                break
            if at == v:
                reached = True
                break
            here = best[at]
            if here + arc(nodes[at], nodes[v]) < key - 1e-12:
                continue
            for j in range(degree[at]):
                to = beside[at, j]
                if through[at, j] & ~tag:
                    continue
                there = here + span[at, j]
                if there >= best[to]:
                    continue
                hope = there + arc(nodes[to], nodes[v])
                if hope > limit:
                    continue
                if best[to] == numpy.inf:
                    touched[many] = to
                    many += 1
                best[to] = there
                size = push(keys, values, size, hope, to)
        for j in range(many):
            best[touched[j]] = numpy.inf
        if reached:
            continue
        if degree[u] == room or degree[v] == room:
            return kept, False
        kept[k] = True
        for a, b in ((u, v), (v, u)):
            beside[a, degree[a]] = b
            span[a, degree[a]] = lengths[k]
            through[a, degree[a]] = tag
            degree[a] += 1
    return kept, True


@numba.njit(parallel=True, cache=True)
def trees(first, to, metres, lane, sources, wanted, lanes):
    """Lanes on the shortest ways from each source to each wanted node; `first` is where the lanes of a node begin."""
    used = numpy.zeros((CREWS, lanes), numpy.bool_)
    for crew in numba.prange(CREWS):
        n = first.shape[0] - 1
        best = numpy.empty(n, numpy.int64)
        prior = numpy.empty(n, numpy.int64)
        seen = numpy.empty(n, numpy.bool_)
        keys = numpy.empty(to.shape[0] + 1)
        values = numpy.empty(to.shape[0] + 1, numpy.int32)
        for s in range(crew, sources.shape[0], CREWS):
            best[:] = NEVER
            prior[:] = -1
            seen[:] = False
            best[sources[s]] = 0
            size = push(keys, values, 0, 0.0, sources[s])
            while size > 0:
                here, at = numpy.int64(keys[0]), values[0]
                size = pop(keys, values, size)
                if here > best[at]:
                    continue
                for j in range(first[at], first[at + 1]):
                    there = here + metres[j]
                    if there < best[to[j]]:
                        best[to[j]] = there
                        prior[to[j]] = j
                        size = push(keys, values, size, float(there), to[j])
            for w in wanted:
                at = w
                while not seen[at] and prior[at] >= 0:
                    seen[at] = True
                    j = prior[at]
                    used[crew, lane[j]] = True
                    # The lane's other end: the node whose lanes hold it.
                    at = numpy.searchsorted(first, j, side="right") - 1
    found = numpy.zeros(lanes, numpy.bool_)
    for crew in range(CREWS):
        found |= used[crew]
    return found


@numba.njit(cache=True)
def largest(n, pairs):
    """Which nodes belong to the largest part that hangs together."""
    part = numpy.arange(n)
    for k in range(pairs.shape[0]):
        a, b = pairs[k, 0], pairs[k, 1]
        while part[a] != a:
            part[a] = part[part[a]]
            a = part[a]
        while part[b] != b:
            part[b] = part[part[b]]
            b = part[b]
        if a != b:
            part[b] = a
    count = numpy.zeros(n, numpy.int64)
    for i in range(n):
        a = i
        while part[a] != a:
            a = part[a]
        part[i] = a
        count[a] += 1
    return part == count.argmax()


@numba.njit(cache=True)
def leads(first, to, metres, lane, sources, is_goal, lanes):
    """Lanes on the shortest ways from each source to the goals nearest to it; no way leads through a goal."""
    used = numpy.zeros(lanes, numpy.bool_)
    n = first.shape[0] - 1
    best = numpy.full(n, NEVER)
    prior = numpy.full(n, -1)
    touched = numpy.empty(n, numpy.int64)
    keys = numpy.empty(to.shape[0] + 1)
    values = numpy.empty(to.shape[0] + 1, numpy.int32)
    for source in sources:
        best[source] = 0
        touched[0] = source
        many, goals, limit = 1, 0, NEVER
        size = push(keys, values, 0, 0.0, source)
        while size > 0:
            here, at = numpy.int64(keys[0]), values[0]
            size = pop(keys, values, size)
            if here > limit:
                break
            if here > best[at]:
                continue
            if is_goal[at] and at != source:
                goals += 1
                if goals == 1:
                    limit = 2 * here + 40_000
                back = at
                while back != source:
                    j = prior[back]
                    used[lane[j]] = True
                    back = numpy.searchsorted(first, j, side="right") - 1
                if goals == MOST_LEADS:
                    break
                continue
            for j in range(first[at], first[at + 1]):
                there = here + metres[j]
                if there < best[to[j]]:
                    if best[to[j]] == NEVER:
                        touched[many] = to[j]
                        many += 1
                    best[to[j]] = there
                    prior[to[j]] = j
                    size = push(keys, values, size, float(there), to[j])
        for k in range(many):
            best[touched[k]] = NEVER
            prior[touched[k]] = -1
    return used
