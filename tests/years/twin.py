"""Year over year recomputed from the published Parquet tables alone: rationals, and the Shapley value by walking all orders of the drivers."""
import itertools
from fractions import Fraction as F

import pyarrow.parquet as pq

MICRO = 10**9
DRIVERS = ("activity", "mix", "intensity")


def rows(run, table, columns):
    found = pq.read_table(run / f"{table}.parquet" if (run / f"{table}.parquet").exists() else run / table, columns=columns)
    return found.to_pylist()


def series(factor):
    """Source and row of each part of a factor id: its edition left out."""
    return "@".join(part.split("/", 1)[0] + ":" + part.split(":", 1)[1] for part in factor.split("@"))


def period(run):
    """Cells by (corridor, load status, basis, mode): activity and kg, by lane and by factor as well."""
    place = {s["shipment_id"]: (s["corridor_id"], s["load_status"]) for s in rows(run, "shipments", ["shipment_id", "corridor_id", "load_status"])}
    value = {f["factor_id"]: (F(f["operation_g"]) + F(f["provision_g"]), f["per"]) for f in rows(run, "factors", ["factor_id", "operation_g", "provision_g", "per"])}
    cells = {}
    columns = ["shipment_id", "mode", "origin", "destination", "cargo_mass_kg", "activity_basis", "transport_activity_tkm", "factor_id", "ghg_total_kg"]
    for e in rows(run, "elements", columns):
        is_hub = e["mode"] == "hub"
        key = (*place[e["shipment_id"]], None if is_hub else e["activity_basis"], e["mode"])
        activity = F(e["cargo_mass_kg"]) / 1000 if is_hub else F(e["transport_activity_tkm"])
        cell = cells.setdefault(key, {"own": [F(0), F(0)], "lanes": {}, "factors": {}})
        lane = cell["lanes"].setdefault((e["origin"], e["destination"]), [F(0), F(0)])
        factor = cell["factors"].setdefault(e["factor_id"], [F(0), F(0)])
        for sums in (cell["own"], lane, factor):
            sums[0] += activity
            sums[1] += F(e["ghg_total_kg"])
    return cells, value


NOTHING = {"own": [F(0), F(0)], "lanes": {}, "factors": {}}


def is_split(one, other):
    return all(cell["own"][0] > 0 or cell["own"][1] == 0 for cell in (one, other))


def shapley(before, after):
    """What each driver contributes to the product of the three, averaged over the six orders in which they change."""
    sums = dict.fromkeys(DRIVERS, F(0))
    for order in itertools.permutations(DRIVERS):
        state = dict(before)
        for driver in order:
            was = state["activity"] * state["mix"] * state["intensity"]
            state[driver] = after[driver]
            sums[driver] += (state["activity"] * state["mix"] * state["intensity"] - was) / 6
    return sums


def either(before, after):
    known = [value for value in (before, after) if value is not None]
    return (known[0], known[-1]) if known else (F(0), F(0))


def over(a, b):
    return a / b if b else None


def of_mode(groups, one, other):
    a = (groups[0], groups[1])
    s = either(over(one["own"][0], a[0]), over(other["own"][0], a[1]))
    i = either(over(one["own"][1], one["own"][0]), over(other["own"][1], other["own"][0]))
    return [dict(zip(DRIVERS, (a[n], s[n], i[n]))) for n in (0, 1)]


def by_series(cell, value):
    found = {}
    for factor, (activity, kg) in cell["factors"].items():
        one = found.setdefault(series(factor), {"ids": set(), "per": set(), "activity": F(0), "weighed": F(0), "kg": F(0)})
        one["ids"].add(factor)
        one["per"].add(value[factor][1])
        one["activity"] += activity
        one["weighed"] += activity * value[factor][0]
        one["kg"] += kg
    return found


def factor_year(one, other, values, before, after, breaks):
    """(all of it, of it over a method break): the new period is put at the base's value of each factor, and split again."""
    plain, broken = F(0), F(0)
    if not one["own"][0] or not other["own"][0]:
        return plain, broken
    old, new = by_series(one, values[0]), by_series(other, values[1])
    for name, now in new.items():
        was = old.get(name)
        if was is None or (was["ids"] == now["ids"] and len(now["ids"]) == 1) or was["per"] != now["per"]:
            continue
        if not was["activity"] or not now["activity"] or not now["weighed"]:
            continue
        ratio = (was["weighed"] / was["activity"]) / (now["weighed"] / now["activity"])
        at_old = dict(after, intensity=after["intensity"] - now["kg"] * (1 - ratio) / other["own"][0])
        part = shapley(before, after)["intensity"] - shapley(before, at_old)["intensity"]
        if any(is_break(part_of, breaks) for fresh in now["ids"] - was["ids"] for part_of in fresh.split("@")):
            broken += part
        else:
            plain += part
    return plain, broken


def is_break(part, breaks):
    folder, row = part.split(":", 1)
    return folder in breaks and row.startswith(breaks[folder])


def largest_remainder(total, parts):
    floors = [part.numerator // part.denominator for part in parts]
    missing = total - sum(floors)
    assert abs(missing) <= len(parts), (total, parts)
    by_fraction = sorted(range(len(parts)), key=lambda n: (-(parts[n] - floors[n]), n))
    for n in by_fraction[:missing] if missing > 0 else by_fraction[::-1][:-missing]:
        floors[n] += 1 if missing > 0 else -1
    return floors


def years(base, new, breaks=None):
    """Rows of the drivers by key, in 10^-9 kg, with the exact parts of each group; rows of the lanes that both have."""
    (old, old_values), (fresh, fresh_values) = period(base), period(new)
    keys = sorted(set(old) | set(fresh), key=str)
    groups = {}
    for key in keys:
        one, other = old.get(key, NOTHING), fresh.get(key, NOTHING)
        if is_split(one, other):
            sums = groups.setdefault(key[:3], [F(0), F(0)])
            sums[0] += one["own"][0]
            sums[1] += other["own"][0]
    found, exact, lanes, open_rows = {}, {}, {}, {}
    for key in keys:
        one, other = old.get(key, NOTHING), fresh.get(key, NOTHING)
        micro = [one["own"][1] * MICRO, other["own"][1] * MICRO]
        assert all(m.denominator == 1 for m in micro)
        difference = int(micro[1] - micro[0])
        unsplit = 0
        if is_split(one, other):
            before, after = of_mode(groups[key[:3]], one, other)
            value = shapley(before, after)
            ratios = [value[driver] for driver in DRIVERS]
            assert sum(ratios) == other["own"][1] - one["own"][1], key
            exact[key[:3]] = [a + b for a, b in zip(exact.get(key[:3], [F(0)] * 3), ratios)]
            plain, over_break = factor_year(one, other, (old_values, fresh_values), before, after, breaks or {})
            rest = ratios[2] - plain - over_break
            open_rows.setdefault(key[:3], []).append((key, difference, [r * MICRO for r in ratios], [r * MICRO for r in (plain, over_break, rest)]))
        else:
            unsplit = difference
        found[key] = [*(int(f * MICRO) for f in (one["own"][0], other["own"][0], one["own"][1], other["own"][1])), difference, 0, 0, 0, 0, 0, unsplit]
        for lane in set(one["lanes"]) & set(other["lanes"]):
            a, b = one["lanes"][lane], other["lanes"][lane]
            if a[0] and b[0]:
                lanes[(*key, *lane)] = [int(f * MICRO) for f in (a[0], b[0], a[1], b[1])]
    for of_group in open_rows.values():
        for (key, _, _, of_intensity), parts in zip(of_group, both_ways(of_group)):
            plain, broken, _ = largest_remainder(parts[2], of_intensity)
            found[key][5:10] = [*parts, plain + broken, broken]
    return found, exact, lanes


def both_ways(of_group):
    """Rows by largest remainder, then units moved until each driver's sum is that of the group by largest remainder."""
    table = [largest_remainder(difference, ratios) for _, difference, ratios, _ in of_group]
    wanted = largest_remainder(sum(row[1] for row in of_group), [sum(row[2][n] for row in of_group) for n in range(3)])
    while True:
        surplus = [sum(row[n] for row in table) - wanted[n] for n in range(3)]
        if not any(surplus):
            return table
        source = next(n for n in range(3) if surplus[n] > 0)
        target = next(n for n in range(3) if surplus[n] < 0)
        off = [(row[source] - of[2][source]) - (row[target] - of[2][target]) for row, of in zip(table, of_group)]
        at = off.index(max(off))
        table[at][source] -= 1
        table[at][target] += 1
