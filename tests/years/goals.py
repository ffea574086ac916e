"""Targets recomputed from targets.csv and the published Parquet tables alone, in rationals."""
import csv
from fractions import Fraction as F

from twin import rows

METRICS = {"kg": 1, "g/t.km": 1, "kg/TEU": 1, "share of rail and water": -1}
# Cited curves as docs/targets.md gives them: per cent of the base by year, or less a year.
SHARES = {
    "imo_2023": {2030: 80, 2040: 30, 2050: 0},
    "imo_2023_striving": {2030: 70, 2040: 20, 2050: 0},
    "imo_2023_intensity": {2030: 60},
    "china_2030": {2030: F("90.5")},
}
YEARLY = {"contraction_4.2": F("4.2"), "contraction_2.5": F("2.5")}


def years(run):
    shipments = {s["shipment_id"]: s for s in rows(run, "shipments", ["shipment_id", "period", "teu", "ghg_total_kg"])}
    found = {}
    for s in shipments.values():
        year = found.setdefault(s["period"].year, {"kg": F(0), "teu": F(0), "tkm": F(0), "water": F(0), "months": set()})
        year["kg"] += F(s["ghg_total_kg"])
        year["teu"] += F(s["teu"])
        year["months"].add(s["period"].month)
    for e in rows(run, "elements", ["shipment_id", "mode", "transport_activity_tkm"]):
        year = found[shipments[e["shipment_id"]]["period"].year]
        if e["mode"] != "hub":
            year["tkm"] += F(e["transport_activity_tkm"])
        if e["mode"] in ("rail", "sea", "inland_waterway"):
            year["water"] += F(e["transport_activity_tkm"])
    return found


def value(year, metric):
    return {
        "kg": lambda: year["kg"],
        "g/t.km": lambda: year["kg"] * 1000 / year["tkm"],
        "kg/TEU": lambda: year["kg"] / year["teu"],
        "share of rail and water": lambda: 100 * year["water"] / year["tkm"],
    }[metric]()


def points(text, base=None):
    found = {}
    for point in filter(None, text.split(";")):
        year, figure = point.split("=")
        found[int(year)] = F(figure[:-1]) * base / 100 if figure.endswith("%") else F(figure)
    return found


def line(known, year):
    if year in known:
        return known[year]
    low, high = max(y for y in known if y < year), min(y for y in known if y > year)
    return known[low] + (known[high] - known[low]) * F(year - low, high - low)


def required(row, base, year, measures):
    start, curve = int(row["base_year"]), row["curve"]
    if curve in YEARLY:
        return max(F(0), base * (1 - YEARLY[curve] / 100 * (year - start)))
    if curve == "convergence":
        sector, activity = points(row["points"]), points(row.get("sector_activity") or "")
        end = sector[max(sector)]
        part = (line(sector, year) - end) / (line(sector, start) - end)
        grown = (measures[0] / line(activity, start)) / (measures[1] / line(activity, year)) if activity else 1
        return (base - end) * part * grown + end
    goal = {y: base * F(share) / 100 for y, share in SHARES[curve].items()} if curve in SHARES else points(row["points"], base)
    return line({start: base, **goal}, year)


def tracked(path, run_of, actual):
    """By target: base, base today, percent moved, rows of (year, actual, required, gap), overshoot, verdict."""
    found = {}
    for row in csv.DictReader(path.open()):
        metric, start = row["metric"], int(row["base_year"])
        of_base = years(run_of(row["base_run"]))[start] if row["base_run"] else None
        base = value(of_base, metric) if of_base else F(row["base_value"])
        today = value(years(run_of(row["restated_run"]))[start], metric) if row.get("restated_run") else None
        structural = F(row.get("structural_change") or 0)
        moved = None
        if today is not None or structural:
            moved = (abs((today if today is not None else base) - base) + abs(structural)) * 100 / base
            today = (today if today is not None else base) + structural
        lines = []
        measure = "teu" if metric == "kg/TEU" else "tkm"
        for year in sorted(y for y in actual if y > start):
            now = value(actual[year], metric)
            wanted = required(row, base, year, (of_base and of_base[measure], actual[year][measure]))
            lines.append((year, now, wanted, now - wanted))
        found[row["target"]] = (base, today, moved, lines, sum(gap for *_, gap in lines), verdict(row, moved, lines, actual))
    return found


def verdict(row, moved, lines, actual):
    if row["curve"] == "china_2030":
        return "context, no verdict"
    year, now, _, gap = lines[-1]
    is_open = moved is not None and moved >= F(row.get("threshold_percent") or 5)
    is_open |= len(actual[year]["months"]) < 12
    is_open |= bool(row.get("uncertainty_percent")) and abs(gap) <= abs(now) * F(row["uncertainty_percent"] or 0) / 100
    if is_open:
        return "cannot tell"
    sign = METRICS[row["metric"]]
    if sign * gap > 0:
        return "off track"
    if any(y not in actual or len(actual[y]["months"]) < 12 for y in range(int(row["base_year"]) + 1, year)):
        return "cannot tell"
    return "off track" if sign * sum(g for *_, g in lines) > 0 else "on track"
