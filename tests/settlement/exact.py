"""Rounding and splitting of rationals."""
from fractions import Fraction


def half_even(value):
    return round(value)  # of a Fraction: to the nearest integer, half to even


def half_up(value):
    """Halves away from zero."""
    whole = int(abs(value) + Fraction(1, 2))
    return whole if value >= 0 else -whole


ROUND = {"half_even": half_even, "half_up": half_up}


def floor(value):
    return value.numerator // value.denominator


def largest_remainder(total, parts, keys):
    """`total` as integers near `parts`: floors, missing units to the largest fractions, one too many from the smallest; ties by key."""
    floors = [floor(part) for part in parts]
    missing = total - sum(floors)
    fractions = [part - whole for part, whole in zip(parts, floors)]
    if missing >= 0:
        order = sorted(range(len(parts)), key=lambda i: (-fractions[i], keys[i]))
        step = 1
    else:
        order = sorted(range(len(parts)), key=lambda i: (fractions[i], keys[i]))
        step = -1
    assert abs(missing) <= len(parts), (total, parts)
    for i in order[:abs(missing)]:
        floors[i] += step
    return floors


def by_weight(total, weights, keys):
    whole = sum(weights)
    if not weights:
        return []
    if whole == 0:
        return largest_remainder(total, [Fraction(total, len(weights))] * len(weights), keys)
    return largest_remainder(total, [Fraction(total) * w / whole for w in weights], keys)


def decimal_text(value):
    """The shortest decimal form of a rational that has one."""
    digits, denominator = 0, Fraction(value).denominator
    while denominator % 10 == 0 or denominator % 2 == 0 or denominator % 5 == 0:
        denominator //= 10 if denominator % 10 == 0 else 2 if denominator % 2 == 0 else 5
        digits += 1
    assert denominator == 1, value
    return amount_text(int(Fraction(value) * 10 ** digits), digits).rstrip("0").rstrip(".") if digits else str(Fraction(value).numerator)


def amount_text(minor, digits):
    sign, text = ("-", str(-minor)) if minor < 0 else ("", str(minor))
    if digits == 0:
        return sign + text
    text = text.rjust(digits + 1, "0")
    return f"{sign}{text[:-digits]}.{text[-digits:]}"
