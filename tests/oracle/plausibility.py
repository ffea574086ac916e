"""What is odd about a row (Q25 to Q28 and Q30, docs/methodology.md, section 5): bounds of plausibility.csv, by mode and container type."""
import csv
import os
from datetime import date, timedelta, timezone
from fractions import Fraction

MILLION = 10 ** 6
NOTHING = (None, None)


class Plausibility:
    """Bounds as (min, max), either None; without the file none at all."""

    def __init__(self, path):
        self.bounds, self.gross, self.dates = {}, [], NOTHING
        if not os.path.exists(path):
            return
        with open(path, encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file, strict=True):
                self._add({name: (text or "").strip(" ") for name, text in row.items()})

    def _add(self, row):
        if row["bound"] == "date":
            self.dates = tuple(date.fromisoformat(row[end]) if row[end] else None for end in ("min", "max"))
            return
        ends = tuple(Fraction(row[end]) if row[end] else None for end in ("min", "max"))
        if row["bound"] == "gross_kg":
            self.gross.append((row["container_type"].upper(), ends[1]))
        else:
            self.bounds[row["bound"], row["mode"] or None] = ends

    def of(self, bound, mode):
        return self.bounds.get((bound, mode), self.bounds.get((bound, None), NOTHING))

    def gross_g(self, code):
        """Of the first row that fits the code, else of the row without one."""
        fitting = [most for pattern, most in self.gross if len(pattern) == len(code or "")
                   and all(p in ("?", c) for p, c in zip(pattern, code or ""))]
        fitting += [most for pattern, most in self.gross if pattern == ""]
        return fitting[0] * 1000 if fitting and fitting[0] is not None else None

    # --- the five flags -------------------------------------------------------------------------

    def flags(self, m, load, kind, distance_m):
        odd = {"Q25": self._odd_mass(m, load, kind), "Q27": self._odd_time(m, distance_m),
               "Q30": odd_teu(m, kind),
               "Q28": any(self._odd_date(at) for at in (m.departed_at, m.arrived_at, m.recorded_at) if at)}
        return {code for code, is_so in odd.items() if is_so}

    def _odd_mass(self, m, load, kind):
        mass = m.cargo_mass_kg
        if mass is None:
            return False
        teu = load.whole_teu
        one_box = bool(m.container_id) and (teu is None or teu <= 4 * MILLION)
        any_gross = self.gross_g("")
        if teu is None and not one_box:
            whole = mass if load.load_status == "empty" else max(mass, m.container_cargo_mass_kg or 0)
            return above(whole, any_gross)
        count = Fraction(MILLION if teu is None else teu, MILLION)
        is_empty = load.load_status == "empty"
        if not is_empty:
            mass = max(mass, m.container_cargo_mass_kg or 0)
        too_much_for_a_box = one_box and kind is None and above(mass, any_gross)
        least, most = self.of("empty_kg_per_teu" if is_empty else "cargo_kg_per_teu", m.mode)
        # A part of a box has to hold that part of what the box must hold; it may weigh all that the box can.
        part = Fraction(m.box_share or MILLION, MILLION)
        if least is not None and mass < least * 1000 * count * part:
            return True
        if is_empty:
            return too_much_for_a_box or (teu is not None and most is not None and mass > most * 1000 * count)
        if kind is not None:
            gross = self.gross_g(m.container_type)
            boxes = max(Fraction(1), count * MILLION / kind.teu)
            return gross is not None and mass > (gross - (kind.tare_g or 0)) * boxes
        return too_much_for_a_box or (teu is not None and most is not None and mass > most * 1000 * max(count, 1))

    def odd_distance(self, mode, reported_m, network_m, direct_m):
        """Q26: too far from the distance file or from the great circle, or farther than the mode goes."""
        low, high = self.of("distance_km", mode)
        lows, highs = [low and low * 1000], [high and high * 1000]
        if network_m:
            low, high = self.of("times_network", mode)
            lows.append(low and network_m * low)
            highs.append(high and network_m * high)
        if direct_m is not None:
            (low, high), (below, beyond) = self.of("times_great_circle", mode), self.of("leeway_km", mode)
            if low is not None:
                least = direct_m * low - (below or 0) * 1000
                lows.append(min(least, network_m) if network_m else least)
            if direct_m == 0:
                beyond = self.bounds.get(("leeway_km", None), (None, beyond))[1]
            if high is not None and not network_m:
                highs.append(direct_m * high + (beyond or 0) * 1000)
        # Bounds are whole metres, rounded down.
        return any(reported_m < b // 1 for b in lows if b is not None) or any(reported_m > b // 1 for b in highs if b is not None)

    def _odd_time(self, m, distance_m):
        if m.arrived_at is None:
            return False
        hours = Fraction((m.arrived_at - m.departed_at) // timedelta(microseconds=1), 3600 * MILLION)
        (slowest, fastest), (early, resting) = self.of("km_per_hour", m.mode), self.of("leeway_hours", m.mode)
        distance = Fraction(distance_m, 1000)
        spare = 24 if hours % 24 == 0 else 0
        if fastest is not None and (hours + spare + (early or 0)) * fastest < distance:
            return True
        if resting is None and not slowest:
            return False
        moving = hours - (resting or 0)
        return moving * slowest > distance if slowest else moving > 0

    def _odd_date(self, at):
        first, last = self.dates
        at = at.astimezone(timezone.utc) if at.tzinfo else at
        day = at.date()
        return (first is not None and day < first) or (last is not None and day > last)


def odd_teu(m, kind):
    """Q30: TEU that are neither those of the type nor, without a container number, of several boxes of it."""
    if m.teu is None:
        return False
    if kind is None:
        return m.teu < MILLION // 4 or (bool(m.container_id) and m.teu > 4 * MILLION)
    boxes = 1 if m.container_id else max(1, (m.teu + kind.teu // 2) // kind.teu)
    return 2 * abs(m.teu - boxes * kind.teu) >= MILLION


def above(value, most):
    return most is not None and value > most
