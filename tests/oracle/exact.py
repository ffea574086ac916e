"""Whole numbers only: the number grammar, the one rounding rule, decimals as text (docs/methodology.md, section 3).

No float enters or leaves this module.
"""
import re

_PLAIN = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?")


def half_even(numerator, denominator):
    """numerator / denominator, rounded half to even to a whole number (denominator > 0)."""
    quotient, rest = divmod(numerator, denominator)
    if 2 * rest > denominator or (2 * rest == denominator and quotient % 2 == 1):
        quotient += 1
    return quotient


def parse_number(text, decimal=".", thousands=""):
    """(whole number, decimal places) of a text in that grammar, or None."""
    if thousands or decimal != ".":
        text = _to_plain(text, decimal, thousands)
        if text is None:
            return None
    match = _PLAIN.fullmatch(text)
    if match is None:
        return None
    sign, whole, fraction = match.groups()
    fraction = fraction or ""
    value = int(whole + fraction)
    return (-value if sign else value), len(fraction)


def _to_plain(text, decimal, thousands):
    """Foreign marks to the plain grammar; groups are of exactly three digits."""
    whole, mark, fraction = text.partition(decimal)
    sign = "-" if whole.startswith("-") else ""
    whole = whole[len(sign):]
    groups = whole.split(thousands) if thousands else [whole]
    if not all(re.fullmatch("[0-9]+", group) for group in groups):
        return None
    if len(groups) > 1 and (len(groups[0]) > 3 or any(len(group) != 3 for group in groups[1:])):
        return None
    if mark and not re.fullmatch("[0-9]+", fraction):
        return None
    return sign + "".join(groups) + ("." + fraction if mark else "")


def scale(number, places):
    """A parsed number in units of 10^-places, and whether digits other than 0 were rounded away."""
    value, has = number
    if has <= places:
        return value * 10 ** (places - has), False
    divisor = 10 ** (has - places)
    return half_even(value, divisor), value % divisor != 0


def exact_scaled(text, places):
    """A reference value in units of 10^-places; a fault if the text is no number or holds more digits."""
    number = parse_number(str(text))
    if number is None:
        raise ValueError(f"not a number: {text!r}")
    value, excess = scale(number, places)
    if excess:
        raise ValueError(f"more than {places} decimals: {text!r}")
    return value


def decimal_text(value, places):
    """A scaled whole number as decimal text with all its places; None stays None."""
    if value is None:
        return None
    sign, digits = ("-" if value < 0 else ""), str(abs(value)).rjust(places + 1, "0")
    return sign + (digits[:-places] + "." + digits[-places:] if places else digits)


def ratio_text(numerator, denominator, places):
    """numerator / denominator half to even with `places`; None when the divisor is 0."""
    if denominator == 0:
        return None
    return decimal_text(half_even(numerator * 10 ** places, denominator), places)
