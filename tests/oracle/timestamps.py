"""Timestamps: RFC 3339 with zone first, then the patterns of [formats] in its zone (docs/formats.md, Movement records)."""
import re
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

UTC = timezone.utc
_RFC3339 = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_FIELDS = {"Y": r"(?P<Y>\d{4})", "y": r"(?P<y>\d{2})", "m": r"(?P<m>\d{1,2})", "d": r"(?P<d>\d{1,2})",
           "H": r"(?P<H>\d{1,2})", "M": r"(?P<M>\d{1,2})", "S": r"(?P<S>\d{1,2})", "b": r"(?P<b>[A-Za-z]{3})",
           "z": r"(?P<z>[+-]\d\d:?\d\d|[Zz])", "%": "%"}


def parse_timestamp(text, patterns, zone):
    """UTC datetime with microseconds, or None (R004)."""
    match = _RFC3339.fullmatch(text)
    if match:
        instant = from_rfc3339(*match.groups())
        if instant is not None:
            return instant
    for pattern in patterns:
        parts = match_pattern(text, pattern)
        if parts is not None:      # the first pattern that parses decides
            return local_to_utc(*parts, zone)
    return None


def from_rfc3339(year, month, day, hour, minute, second, fraction, sign, off_hours, off_minutes):
    micros = int((fraction or "0").ljust(9, "0")[:6])
    offset = timedelta()
    if sign:
        if int(off_hours) > 23 or int(off_minutes) > 59:
            return None
        offset = timedelta(hours=int(off_hours), minutes=int(off_minutes)) * (-1 if sign == "-" else 1)
    try:
        local = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), micros)
        return (local - offset).replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def match_pattern(text, pattern):
    """(local datetime, offset or None) when the whole text has this shape and is a real date."""
    shape = re.sub(r"%(.)|([^%])", lambda m: _FIELDS[m[1]] if m[1] else re.escape(m[2]), pattern)
    match = re.fullmatch(shape, text, re.ASCII)
    if match is None:
        return None
    part = match.groupdict()
    try:
        return build_local(part), read_offset(part.get("z"))
    except ValueError:
        return None


def build_local(part):
    if part.get("y"):
        year = int(part["y"]) + (2000 if int(part["y"]) < 69 else 1900)
    else:
        year = int(part["Y"])
    month = _MONTHS.index(part["b"].lower()) + 1 if part.get("b") else int(part["m"])
    return datetime(year, month, int(part["d"]), int(part.get("H") or 0), int(part.get("M") or 0), int(part.get("S") or 0))


def read_offset(text):
    if text is None:
        return None
    if text in "Zz":
        return timedelta()
    hours, minutes = int(text[1:3]), int(text[-2:])
    if hours > 23 or minutes > 59:
        raise ValueError(text)
    return timedelta(hours=hours, minutes=minutes) * (-1 if text[0] == "-" else 1)


def local_to_utc(local, offset, zone):
    """None for a local time that does not exist or exists twice."""
    try:
        if offset is not None:
            return (local - offset).replace(tzinfo=UTC)
        here = ZoneInfo(zone)
        early, late = local.replace(tzinfo=here, fold=0), local.replace(tzinfo=here, fold=1)
        if early.utcoffset() != late.utcoffset():
            return None
        return early.astimezone(UTC)
    except OverflowError:
        return None


def iso(instant):
    """2025-03-01T08:30:00.000000Z; None stays None."""
    return None if instant is None else instant.strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")
