"""Raw record -> movement or rejection; then duplicates and cancellations (docs/formats.md, Movement records and Rejections)."""
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime

from exact import half_even, parse_number, scale
from reading import COLUMNS
from timestamps import UTC, local_to_utc, parse_timestamp

PARSE_ORDER = ["R023", "R016", "R001", "R002", "R003", "R004", "R005", "R006", "R007", "R015", "R018", "R010", "R019"]
REQUIRED = ["movement_id", "shipment_id", "mode", "origin", "destination", "departed_at"]
# Spaces, and what nobody sees.
UNSEEN = " \u00a0\u00ad\u1680\u180e" + "".join(map(chr, range(0x2000, 0x2010))) + "\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u202f\u205f\u2060\u2061\u2062\u2063\u2064\u3000\ufeff"
NEEDED_BY_CANCELLED = ["movement_id", "shipment_id", "recorded_at", "record_status"]
MODES = ["road", "rail", "sea", "inland_waterway", "air", "hub"]
WORDS = {"distance_basis": ["sfd", "gcd", "actual"], "load_status": ["laden", "empty"],
         "temperature": ["ambient", "refrigerated"], "energy_unit": ["kg", "l", "kWh", "MJ"],
         "record_status": ["active", "cancelled"], "box_share_source": ["stated", "equal"]}
TIMES = ["departed_at", "arrived_at", "recorded_at"]
# column: (decimal places, least, most) in units of the last place; a mass is in grams
NUMBERS = {"sequence": (0, 1, 10_000), "distance_km": (3, 1, 50_000_000), "cargo_mass_kg": (3, 1, 10 ** 9),
           "teu": (6, 1, 10 ** 9), "container_cargo_mass_kg": (3, 1, 10 ** 9), "energy_quantity": (6, 1, 10 ** 18 - 1),
           "box_share": (6, 1, 10 ** 6)}
MASSES = ("cargo_mass_kg", "container_cargo_mass_kg")
# What spreadsheets show for a formula without a result.
ERROR_VALUES = {"#N/A", "#NA", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#FIELD!", "#BLOCKED!", "#GETTING_DATA",
                "#NV", "#BEZUG!", "#WERT!", "#ZAHL!", "#ÜBERLAUF!", "#VALEUR!", "#NOM?", "#NOMBRE!", "#N/D", "#¡REF!", "#¡VALOR!", "#¡DIV/0!",
                "#VALORE!", "#VALOR!"}
NOT_TEXT = set(TIMES) | set(NUMBERS) | {"origin", "destination"}
VALUE_CUT = 120


@dataclass
class Rejection:
    file: str
    row: int
    code: str
    column: str | None
    value: str | None
    shipment_id: str | None
    movement_id: str | None
    carried: dict = field(default_factory=dict)


@dataclass
class Movement:
    """One parsed row. Numbers are scaled whole numbers, absent values are None."""
    file: str
    row: int
    value: dict                                  # column -> parsed value
    found: dict                                  # column -> text as found
    flags: set = field(default_factory=set)
    has_sequence: bool = True
    carried: dict = field(default_factory=dict)   # column -> text; no figure depends on it

    def __getattr__(self, name):
        try:
            return self.__dict__["value"][name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def place(self):
        """Position in the input: what "first" means among equal rows."""
        return (self.file.encode(), self.row)

    @property
    def is_hub(self):
        return self.value["mode"] == "hub"

    @property
    def is_cancelled(self):
        return self.value["record_status"] == "cancelled"

    def reject(self, code, column=None):
        return Rejection(self.file, self.row, code, column, found_value(self.found, column),
                         self.value["shipment_id"], self.value["movement_id"], self.carried)


def found_value(found, column):
    return None if column is None else (found.get(column) or "")[:VALUE_CUT]


@dataclass
class Parsed:
    """What one record became. Exactly one of `movement` and `rejection` is there."""
    movement: Movement | None
    rejection: Rejection | None
    found: dict
    recorded_at: object = None
    recorded_at_is_readable: bool = False


class Parser:
    def __init__(self, run, reference):
        self.run, self.reference = run, reference
        formats = run.formats
        self.decimal, self.thousands = formats.get("decimal", "."), formats.get("thousands", "")
        self.zone, self.mass_unit = formats.get("zone", "UTC"), formats.get("mass_unit", "kg")
        self.rejects_excess = formats.get("excess_decimals", "round") == "reject"

    def parse(self, record):
        if record.unreadable is not None:
            rejection = Rejection(record.file, record.row, "R023", None, record.unreadable[:VALUE_CUT], None, None)
            return Parsed(None, rejection, {})
        row = _Row(self, record)
        row.read_all()
        if not row.faults:
            movement = Movement(record.file, record.row, row.value, row.found, row.flags, record.has_sequence, row.carried)
            return Parsed(movement, None, row.found)
        if any(column == "record_status" for _, column in row.faults):
            # What may be a cancellation is judged as one.
            row.faults = [fault for fault in row.faults if fault[1] in NEEDED_BY_CANCELLED]
        code, column = min(row.faults, key=lambda f: (PARSE_ORDER.index(f[0]), (COLUMNS + self.run.carried).index(f[1])))
        rejection = Rejection(record.file, record.row, code, column, found_value(row.found, column),
                              row.value.get("shipment_id"), row.value.get("movement_id"), row.carried)
        is_readable = not any(column == "recorded_at" for _, column in row.faults)
        return Parsed(None, rejection, row.found, row.value.get("recorded_at"), is_readable)


class _Row:
    """The parsing of one record: collects values, flags and every fault; the caller picks the first fault."""

    def __init__(self, parser, record):
        self.parser, self.record, self.reference = parser, record, parser.reference
        self.value, self.found, self.faults, self.flags = {}, {}, [], set()
        self.carried = {}

    def fault(self, code, column):
        self.faults.append((code, column))

    def read_all(self):
        self.value["record_status"] = self.read_word("record_status") or "active"
        if self.value["record_status"] == "cancelled":
            columns = NEEDED_BY_CANCELLED
            self.value.update(dict.fromkeys(c for c in COLUMNS if c not in columns))
        else:
            columns = COLUMNS
        self.read_texts([c for c in columns if c not in NOT_TEXT and c != "record_status"])
        self.read_carried()
        self.read_times([c for c in columns if c in TIMES])
        if self.value["record_status"] != "cancelled":
            self.read_places()
            self.value["load_status"] = self.value["load_status"] or "laden"
            self.read_numbers()
            if all(code == "R019" for code, _ in self.faults):
                # R018 and R010 come before R019.
                self.check_row()

    # --- cells ----------------------------------------------------------------------------------

    def cell(self, column):
        """(text or None, cell) after trimming and [values]; remembers what was found."""
        cell = self.record.cells.get(column)
        if cell is None:
            return None, None
        text = cell.text.strip(UNSEEN)
        if text[:2] == '="' and text[-1] == '"' and len(text) > 2 and '"' not in text[2:-1]:
            text = text[2:-1].strip(UNSEEN)
        self.found[column] = text
        if cell.bad_utf8:
            self.fault("R016", column)
            return None, None
        if not cell.constant:
            text = self.parser.run.values.get(column, {}).get(text, text).strip(UNSEEN)
        if text == "":
            return None, None
        if text.upper() in ERROR_VALUES:
            self.fault("R016", column)
            return None, None
        return text, cell

    def required(self, column, text):
        """An empty required cell is R001; one that is not UTF-8 has its fault already."""
        is_wanted = column in REQUIRED or (column == "sequence" and self.record.has_sequence)
        if text is None and is_wanted and ("R016", column) not in self.faults:
            self.fault("R001", column)

    def read_text(self, column):
        text, _ = self.cell(column)
        if text is not None and (len(text) > 64 or any(unicodedata.category(c) == "Cc" for c in text)):
            self.fault("R016", column)
            return None
        self.required(column, text)
        return text

    def read_word(self, column):
        text = self.read_text(column)
        if text is not None and text not in WORDS[column]:
            self.fault("R006", column)
            return None
        return text

    def read_texts(self, columns):
        for column in columns:
            self.value[column] = self.read_word(column) if column in WORDS else self.read_text(column)
        if "mode" in columns and self.value["mode"] is not None:
            self.value["mode"] = self.known_mode(self.value["mode"])
        if self.value.get("container_id"):
            self.read_container_id()

    def read_carried(self):
        for column in self.parser.run.carried:
            self.carried[column] = self.read_text(column)
        if self.value["record_status"] == "cancelled":
            self.faults = [fault for fault in self.faults if fault[1] not in self.carried]

    def known_mode(self, text):
        mode = text.lower()
        mode = mode if mode in MODES else self.reference.mode_aliases.get(mode)
        if mode is None:
            self.fault("R006", "mode")
        return mode

    def read_container_id(self):
        text = self.value["container_id"].upper().replace(" ", "").replace("-", "")
        self.value["container_id"] = text or None
        if text and not has_right_check_digit(text):
            if self.reference.profile.strict_container_id:
                self.fault("R019", "container_id")
            else:
                self.flags.add("Q10")

    def read_times(self, columns):
        formats = self.parser.run.formats
        for column in columns:
            text, cell = self.cell(column)
            self.required(column, text)
            self.value[column] = None
            if text is None:
                continue
            if cell.instant is not None:
                self.value[column] = parquet_instant(cell.instant, self.parser.zone)
            else:
                patterns = formats.get("timestamp_by_column", {}).get(column, formats.get("timestamp", []))
                self.value[column] = parse_timestamp(text, patterns, self.parser.zone)
            if self.value[column] is None:
                self.fault("R004", column)
        departed, arrived = self.value.get("departed_at"), self.value.get("arrived_at")
        if departed and arrived and arrived < departed:
            self.fault("R005", "arrived_at")

    def read_places(self):
        for column in ("origin", "destination"):
            text, _ = self.cell(column)
            self.required(column, text)
            if text is not None and not re.fullmatch("[A-Z]{2}[A-Z2-9]{3}|[a-z]{2}[a-z2-9]{3}", text):
                self.fault("R007", column)
                text = None
            self.value[column] = text and text.upper()

    # --- numbers --------------------------------------------------------------------------------

    def read_numbers(self):
        for column in NUMBERS:
            self.value[column] = self.read_number(column)
        cargo, whole_box = self.value["cargo_mass_kg"], self.value["container_cargo_mass_kg"]
        if cargo is not None and whole_box is not None and whole_box < cargo:
            self.fault("R003", "container_cargo_mass_kg")
        if whole_box is not None and self.value["box_share"] is not None:
            self.fault("R003", "box_share")

    def read_number(self, column):
        text, cell = self.cell(column)
        self.required(column, text)
        if text is None:
            return None
        marks = (".", "") if cell.typed else (self.parser.decimal, self.parser.thousands)
        number = parse_number(text, *marks)
        if number is None:
            self.fault("R002", column)
            return None
        places, least, most = NUMBERS[column]
        value, excess = self.in_unit(column, number, places)
        if excess and (column == "sequence" or self.parser.rejects_excess):
            self.fault("R002", column)
            return None
        if excess:
            self.flags.add("Q20")
        if value == 0 and self.zero_is_absent(column):
            return None
        if not least <= value <= most:      # after rounding
            self.fault("R003", column)
            return None
        return value

    def in_unit(self, column, number, places):
        if column in MASSES:
            return self.to_grams(number)
        unit = self.parser.run.formats.get("distance_unit", "km") if column == "distance_km" else "km"
        value, excess = scale(number, 0 if unit == "m" else places)
        ratios = {"mi": (1_609_344, 10 ** 6), "nmi": (1_852, 10 ** 3)}
        if unit in ratios:
            times, by = ratios[unit]
            value = half_even(value * times, by)
        return value, excess

    def to_grams(self, number):
        if self.parser.mass_unit == "t":
            return scale(number, 6)
        value, excess = scale(number, 3)
        if self.parser.mass_unit == "lb":
            value = half_even(value * 45_359_237, 10 ** 8)
        return value, excess

    def zero_is_absent(self, column):
        return (column == "container_cargo_mass_kg"
                or column == "distance_km" and self.value["mode"] == "hub"
                or column == "cargo_mass_kg" and self.value["load_status"] == "empty")

    # --- checks over several cells --------------------------------------------------------------

    def check_row(self):
        value = self.value
        if value["mode"] == "hub":
            if value["origin"] != value["destination"]:
                self.fault("R015", "destination")
            if value["distance_km"] is not None:
                self.fault("R015", "distance_km")
        operation = value["operation"] or self.reference.profile.default_operation.get(value["mode"])
        known = self.reference.library.operations.get(operation)
        if known is None:
            self.fault("R010", "operation")
        elif known["mode"] != value["mode"]:
            self.fault("R018", "operation")
        if not value["operation"]:
            self.flags.add("Q12")
        value["resolved_operation"] = operation
        if value["container_type"] and self.reference.container_type(value["container_type"]) is None:
            self.flags.add("Q16")
        if not {value["origin"], value["destination"]} <= self.reference.known_places:
            self.flags.add("Q23")


def parquet_instant(value, zone):
    return value.astimezone(UTC) if value.tzinfo else local_to_utc(value, None, zone)


def has_right_check_digit(text):
    """ISO 6346: letters count 10.. leaving out multiples of 11, weights are powers of two, modulo 11, 10 reads 0."""
    if not re.fullmatch("[A-Z]{3}[UJZ][0-9]{7}", text):
        return False
    return check_digit(text[:10]) == int(text[10])


def check_digit(text):
    values = [int(c) if c.isdigit() else 10 + (n := ord(c) - 65) + (n + 9) // 10 for c in text]
    return sum(v << i for i, v in enumerate(values)) % 11 % 10


# --- duplicates and cancellations ---------------------------------------------------------------

FILE_DATE = {"Y": r"(?P<Y>\d{4})", "y": r"(?P<y>\d{2})", "m": r"(?P<m>\d{2})", "b": r"(?P<b>[A-Za-z]{3})", "d": r"(?P<d>\d{2})",
             "j": r"(?P<j>\d{3})", "H": r"(?P<H>\d{2})", "M": r"(?P<M>\d{2})", "S": r"(?P<S>\d{2})", "%": "%"}


def lateness(rule):
    """file name -> what is greater for a later file, by `[duplicates] later_file_wins`."""
    if rule is None:
        return lambda name: 0
    if rule == "path":
        return lambda name: name.encode()
    pieces = re.findall(r"%.|[^%]", rule)
    body = "".join(FILE_DATE[p[1]] if p[0] == "%" else re.escape(p) for p in pieces)
    pattern = re.compile(r"(?:(?<!\d)|(?!\d))" + body + r"(?:(?!\d)|(?<!\d))")     # a number that goes on is another one

    def moment(name):
        found = pattern.search(name if "/" in rule else name.rpartition("/")[2])
        fields = found.groupdict()
        return datetime.strptime(" ".join(fields.values()), " ".join("%" + letter for letter in fields))
    return moment


def settle_duplicates(parsed, later_file_wins=None):
    """What stays of all parsed rows, and every rejection so far."""
    late = lateness(later_file_wins)
    age = lambda file, time: (by_recording(time), late(file))
    groups, rejections, stay = {}, [], []
    for one in parsed:
        if one.movement:
            groups.setdefault((one.movement.shipment_id, one.movement.movement_id), []).append(one.movement)
    for group in groups.values():
        kept, rejected = settle_group(sorted(group, key=lambda m: m.place), age)
        stay += kept
        rejections += rejected
    rejections += [replaced_or_not(one, groups, age) for one in parsed if one.rejection]
    return stay, rejections


def by_recording(time):
    """Sort key: an absent recorded_at is the earliest."""
    return (time is not None, time or datetime.min.replace(tzinfo=UTC))


def settle_group(group, age):
    latest = max(age(m.file, m.recorded_at) for m in group)
    last = [m for m in group if age(m.file, m.recorded_at) == latest]
    if any(identity(m) != identity(last[0]) for m in last):
        return [], [m.reject("R009", "movement_id") for m in group]
    if last[0].is_cancelled:
        return [], [m.reject("R024", "movement_id") for m in group]
    # Which of them comes first must not decide about the flags.
    last[0].flags = set().union(*(m.flags for m in last))
    if any(m.carried != last[0].carried for m in last):
        last[0].flags.add("Q43")
    return [last[0]], [m.reject("R008", "movement_id") for m in group if m is not last[0]]


def identity(movement):
    """All known columns by value, after marks, aliases, units and rounding."""
    return {column: movement.value[column] for column in COLUMNS}


def replaced_or_not(one, groups, age):
    """A row rejected in parsing becomes R008 if a strictly later record of its key parsed."""
    rejection = one.rejection
    ids = (rejection.shipment_id, rejection.movement_id)
    if None in ids or not one.recorded_at_is_readable:
        return rejection
    if any(age(m.file, m.recorded_at) > age(rejection.file, one.recorded_at) for m in groups.get(ids, [])):
        return Rejection(rejection.file, rejection.row, "R008", "movement_id", found_value(one.found, "movement_id"), *ids,
                         rejection.carried)
    return rejection
