"""Run file and movement files -> raw records (docs/formats.md, Movement records and Run file).

Splits CSV by the record rules stated there; judges no cell, that is `parsing`.
"""
import codecs
import fnmatch
import gzip
import json
import os
import re
import tomllib
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from timestamps import UTC, iso

COLUMNS = ["movement_id", "shipment_id", "container_id", "container_type", "sequence", "mode", "operation",
           "carrier", "origin", "destination", "departed_at", "arrived_at", "distance_km", "distance_basis",
           "cargo_mass_kg", "teu", "container_cargo_mass_kg", "load_status", "temperature", "energy_carrier",
           "energy_quantity", "energy_unit", "evidence_ref", "recorded_at", "record_status", "box_share", "box_share_source"]
REQUIRED = ["movement_id", "shipment_id", "mode", "origin", "destination", "departed_at"]
MAX_RECORD_BYTES = 64 * 1024
MAX_LINE_BREAKS = 16
EXTENSIONS = (".csv", ".ndjson", ".jsonl", ".parquet", ".xlsx", ".xlsm")


class BrokenFile(Exception):
    """The file contributes no row (exit 3)."""


@dataclass
class Cell:
    """One cell as found. `typed`: a number that uses a point whatever the marks of [formats]."""
    text: str
    bad_utf8: bool = False
    typed: bool = False
    constant: bool = False
    instant: object = None      # a Parquet timestamp: (datetime, has a zone)


@dataclass
class Record:
    file: str
    row: int
    cells: dict = field(default_factory=dict)
    unreadable: str | None = None      # the text found when the record is R023
    has_sequence: bool = True


@dataclass
class RunFile:
    folder: str
    movements: list
    exclude: list
    factors: str
    profile: str
    reference: str
    locations: list
    distances: list
    passages: list
    columns: dict
    values: dict
    formats: dict
    constants: dict
    later_file_wins: str | None = None
    csv: dict = field(default_factory=dict)
    xlsx: dict = field(default_factory=dict)
    max_primary_age_months: int | None = None
    carry: dict = field(default_factory=dict)

    @property
    def carried(self):
        return sorted(self.carry)

    def said(self, column):
        """What the run file calls a column, if it says so."""
        return self.columns.get(column, self.carry.get(column))

    def theirs(self, column):
        return self.said(column) or column


def read_run_file(path):
    with open(path, "rb") as file:
        raw = tomllib.load(file)
    folder = os.path.dirname(os.path.abspath(path))
    below = lambda name: os.path.normpath(os.path.join(folder, name))
    values = {column: _read_values(below(entry["file"])) for column, entry in raw.get("values", {}).items()}
    return RunFile(folder, raw["movements"], raw.get("exclude", []), below(raw["factors"]), raw.get("profile", "open"), below(raw["reference"]),
                   [below(name) for name in raw.get("locations", [])], [below(name) for name in raw.get("distances", [])],
                   [below(name) for name in raw.get("passages", [])],
                   raw.get("columns", {}), values,
                   raw.get("formats", {}), {name: str(value) for name, value in raw.get("constants", {}).items()},
                   raw.get("duplicates", {}).get("later_file_wins"), raw.get("csv", {}), raw.get("xlsx", {}),
                   raw.get("limits", {}).get("max_primary_age_months"), raw.get("carry", {}))


def _read_values(path):
    from reference import read_table
    return {row["value"] or "": row["code"] or "" for row in read_table(path, ["value", "code"])}


# --- which files --------------------------------------------------------------------------------

def movement_files(run):
    """(source_file, path) of every input, each once, in byte order of source_file."""
    found = {}
    for pattern in run.movements:
        for path in expand(run.folder, pattern):
            name = os.path.relpath(path, run.folder).replace(os.sep, "/")
            if os.path.isfile(path) and not is_excluded(run, name):
                found[name] = path
    return sorted(found.items(), key=lambda item: item[0].encode())


def expand(folder, pattern):
    """The files that a file, folder or glob means."""
    whole = os.path.normpath(os.path.join(folder, pattern))
    if os.path.isdir(whole):
        return files_below(whole)
    if os.path.exists(whole):
        return [whole]
    # No wildcard stands above the folder that is searched: what lies below it is tried against the pattern name by name.
    parts = whole.split(os.sep)
    first = next((i for i, part in enumerate(parts) if re.search(r"[*?[]", part)), len(parts))
    top = os.sep.join(parts[:first]) or os.sep
    hits = []
    for here, folders, files in os.walk(top):
        below = [] if here == top else os.path.relpath(here, top).split(os.sep)
        for name in folders + files:
            path = os.path.join(here, name)
            if fits(parts[first:], below + [name], passes_over=True):
                hits += files_below(path) if os.path.isdir(path) else [path]
    return hits


def files_below(top):
    """Files of a folder at all depths; names that are passed over left out."""
    found = []
    for here, folders, files in os.walk(top):
        folders[:] = [name for name in folders if not is_passed_over(name)]
        found += [os.path.join(here, name) for name in files if not is_passed_over(name) and has_known_extension(name)]
    return found


def is_passed_over(name):
    """Hidden, put aside, or the lock of an open spreadsheet."""
    return name.startswith((".", "_", "~$"))


def fits(pattern, names, passes_over):
    """Whether the names are what the parts of a pattern say; `**` stands for any number of folders."""
    if not pattern or not names:
        return not names and all(part == "**" for part in pattern)
    hides = lambda name: passes_over and is_passed_over(name) and not pattern[0].startswith(name[0])
    if pattern[0] == "**":
        return fits(pattern[1:], names, passes_over) or (not hides(names[0]) and fits(pattern, names[1:], passes_over))
    return fnmatch.fnmatchcase(names[0], pattern[0]) and not hides(names[0]) and fits(pattern[1:], names[1:], passes_over)


def is_excluded(run, name):
    """Whether the file or a folder that it is in matches a pattern of `exclude`."""
    names = name.split("/")
    patterns = [os.path.normpath(pattern).split(os.sep) for pattern in run.exclude]
    return any(fits(pattern, names[:end], passes_over=False) for pattern in patterns for end in range(1, len(names) + 1))


def has_known_extension(path):
    return re.sub(r"\.(gz|zst)$", "", path).endswith(EXTENSIONS)


def read_records(run):
    """All records of all files. A broken file ends the run: the oracle knows no --allow-missing-files."""
    records = []
    for name, path in movement_files(run):
        plain = re.sub(r"\.(gz|zst)$", "", path)
        if plain.endswith(".parquet"):
            records += read_parquet(run, name, path)
        elif plain.endswith((".xlsx", ".xlsm")):
            from sheets import read_sheet
            records += read_sheet(run, name, path)
        elif plain.endswith((".ndjson", ".jsonl", ".json")):
            records += read_ndjson(run, name, read_bytes(path))
        else:
            records += read_csv(run, name, read_bytes(path))
    return records


def read_bytes(path):
    if path.endswith(".gz"):
        with gzip.open(path) as file:
            return file.read()
    if path.endswith(".zst"):
        import pyarrow
        with pyarrow.input_stream(path, compression="zstd") as file:
            return file.read()
    with open(path, "rb") as file:
        return file.read()


# --- CSV ----------------------------------------------------------------------------------------

def read_csv(run, name, data):
    data = to_utf8(data, run.formats.get("encoding", "utf-8"))
    delimiter = run.formats.get("delimiter", ",").encode()
    data = b"\n".join(data.split(b"\n")[run.csv.get("head_row", 1) - 1:])
    records = iter(without_footer(list(split_records(data, delimiter)), run.csv))
    header = next(records, None)
    if header is None or header[0] is None:
        raise BrokenFile(f"{name}: no readable header")
    names = [field_.decode("utf-8").strip(" ") for field_ in header[0]]
    position = find_columns(run, name, names)
    out = []
    for number, (fields, first_line) in enumerate(records, start=1):
        if fields is not None and not any(cell.strip(b" \t") for cell in fields):
            continue               # a blank row keeps its number and is no row
        record = Record(name, number, has_sequence="sequence" in position or "sequence" in run.constants)
        if fields is None or len(fields) != len(names):
            record.unreadable = first_line.decode("utf-8", "replace")
        else:
            for column, index in position.items():
                record.cells[column] = text_cell(fields[index])
            add_constants(run, record, position)
        out.append(record)
    return out


def without_footer(records, form):
    """Without the records at the end that are none; blank rows are among them."""
    return records[:len(records) - form.get("skip_footer", 0)]


def to_utf8(data, label):
    """The file as UTF-8 bytes without BOM. What an encoding cannot hold stays an invalid byte, hence R016."""
    if data.startswith(codecs.BOM_UTF8):
        return data[3:]
    label = {"latin1": "windows-1252", "iso-8859-1": "windows-1252"}.get(label.lower(), label.lower())
    if label in ("utf-8", "utf8"):
        return data
    if label == "windows-1252":   # WHATWG: the five holes of the code page are C1 controls
        text = "".join(bytes([b]).decode("cp1252", "ignore") or chr(b) for b in data)
        return text.encode("utf-8")
    return data.decode(label, "surrogateescape").removeprefix("\ufeff").encode("utf-8", "surrogateescape")


def text_cell(raw):
    try:
        return Cell(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return Cell(raw.decode("utf-8", "replace"), bad_utf8=True)


def find_columns(run, name, names, are_keys=False):
    """Our column -> position in the header. `[columns]` wins over a header that already has our name."""
    position = {}
    said = {normal_form(theirs) for theirs in run.columns.values()}
    for column in COLUMNS + run.carried:
        wanted = run.theirs(column)
        exact = [i for i, head in enumerate(names) if head == wanted]
        like = [i for i, head in enumerate(names) if normal_form(head) == normal_form(wanted)
                and (head == wanted or run.said(column) or normal_form(head) not in said)]
        if run.said(column) and len(exact) == 1:
            like = exact
        if len(like) > 1:
            raise BrokenFile(f"{name}: two heads for {column}")
        if like:
            position[column] = like[0]
    if not are_keys:
        require_columns(run, name, position)
    return position


def normal_form(head):
    """Lower case, without spaces, underscores, hyphens and what nobody sees."""
    unseen = "_-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u00ad\u180e\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
    return "".join(c for c in head if not c.isspace() and c not in unseen).lower()


NEEDED_TO_CANCEL = ("movement_id", "shipment_id", "recorded_at", "record_status")


def require_columns(run, name, present):
    lacking = [column for column in REQUIRED if column not in present and column not in run.constants]
    mapped = [column for column in [*run.columns, *run.carried] if column not in present]
    has_status = "record_status" in present or "record_status" in run.constants
    if has_status and any(column not in NEEDED_TO_CANCEL for column in lacking):   # a file of cancellations
        lacking, mapped = ([column for column in columns if column in NEEDED_TO_CANCEL] for columns in (lacking, mapped))
    for column in lacking + mapped:
        raise BrokenFile(f"{name}: no column {column}")


def add_constants(run, record, present):
    for column, value in run.constants.items():
        if column not in present:
            record.cells[column] = Cell(value, typed=True, constant=True)


def split_records(data, delimiter):
    """Yield (fields or None, first line) per record. None: a quoting fault, too long, or too many line breaks.

    After such a record reading resumes at the line after its first. Empty lines are no records.
    """
    at = 0
    while at < len(data):
        line_end, next_line = end_of_line(data, at)
        if line_end == at:
            at = next_line
            continue
        fields, after = one_record(data, at, delimiter)
        yield fields, data[at:line_end]
        at = after if fields is not None else next_line


def end_of_line(data, at):
    """(end of the line's text, start of the next line); a line ends at LF or CRLF."""
    feed = data.find(b"\n", at)
    if feed < 0:
        return len(data), len(data)
    return (feed - 1 if feed > at and data[feed - 1:feed] == b"\r" else feed), feed + 1


def one_record(data, start, delimiter):
    """(fields, position after the record) of the record at `start`, or (None, None) when it is at fault."""
    fields, at = [], start
    while True:
        if data[at:at + 1] == b'"':
            value, at = quoted_field(data, at, start)
        else:
            value, at = bare_field(data, at, delimiter)
        if value is None or at - start > MAX_RECORD_BYTES:
            return None, None
        fields.append(value)
        if data.startswith(delimiter, at):
            at += len(delimiter)
        elif at == len(data):
            return fields, at
        elif data.startswith((b"\n", b"\r\n"), at):
            return fields, end_of_line(data, at)[1]
        else:                      # text after a closing quote
            return None, None


def bare_field(data, at, delimiter):
    line_end, _ = end_of_line(data, at)
    cut = data.find(delimiter, at, line_end)
    end = line_end if cut < 0 else cut
    value = data[at:end]
    # Inside a cell a quote is text; behind spaces alone nobody knows.
    return (None, None) if value.lstrip(b" ").startswith(b'"') else (value, end)


def quoted_field(data, at, record_start):
    """The field whose opening quote is at `at`. Line breaks are counted over the whole record."""
    parts, at = [], at + 1
    while True:
        close = data.find(b'"', at)
        if close < 0:
            return None, None
        parts.append(data[at:close])
        if data[close + 1:close + 2] != b'"':
            break
        parts.append(b'"')
        at = close + 2
    if data.count(b"\n", record_start, close) > MAX_LINE_BREAKS:
        return None, None
    return b"".join(parts), close + 1


# --- NDJSON -------------------------------------------------------------------------------------

class _Literal(str):
    """A JSON number or boolean, kept as its literal text."""


def read_ndjson(run, name, data):
    lines = json_records(data.removeprefix(codecs.BOM_UTF8))
    parsed = [(line, parse_json_line(line)) for line in lines if line.strip(b" \t\r")]
    keys = {key for _, value in parsed if value is not None for key in value}
    if parsed and all(value is None for _, value in parsed):
        raise BrokenFile(f"{name}: nothing in it is a record")
    # A key that no record has is absent; where it is required, each record is at fault, not the file.
    position = find_columns(run, name, sorted(keys), are_keys=True)
    out = []
    for number, (line, value) in enumerate(parsed, start=1):
        record = Record(name, number, has_sequence="sequence" in position or "sequence" in run.constants)
        if value is None or not all(is_scalar(value.get(run.theirs(c))) for c in position):
            record.unreadable = line.decode("utf-8", "replace")
        else:
            for column in position:
                record.cells[column] = json_cell(value.get(run.theirs(column)))
            add_constants(run, record, position)
        out.append(record)
    return out


def json_records(data):
    """The texts of the records: lines, or the elements of one array."""
    if not data.lstrip().startswith(b"["):
        return [line.removesuffix(b"\r") for line in data.split(b"\n")]
    text, found, decoder = data.decode("utf-8", "surrogateescape"), [], json.JSONDecoder()
    at = text.index("[") + 1
    while True:
        at = re.compile(r"[\s,]*").match(text, at).end()
        if text[at] == "]":
            return found
        _, end = decoder.raw_decode(text, at)
        found.append(text[at:end].encode("utf-8", "surrogateescape"))
        at = end


def parse_json_line(line):
    """The object of one line, or None when it is no readable JSON object."""
    if len(line) > MAX_RECORD_BYTES:
        return None
    def no_constant(text):
        raise ValueError(text)     # NaN and Infinity are not JSON
    try:
        value = json.loads(line.decode("utf-8", "surrogateescape"), parse_float=_Literal, parse_int=_Literal,
                           parse_constant=no_constant)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and not holds_half_pair(value) else None


def holds_half_pair(value):
    """Half a surrogate pair is not text. (U+DC80..DCFF stand for bytes that are not UTF-8: R016, not R023.)"""
    if isinstance(value, dict):
        return any(holds_half_pair(key) or holds_half_pair(item) for key, item in value.items())
    if isinstance(value, list):
        return any(map(holds_half_pair, value))
    return isinstance(value, str) and any(0xD800 <= ord(c) <= 0xDFFF and not 0xDC80 <= ord(c) <= 0xDCFF for c in value)


def is_scalar(value):
    return not isinstance(value, (dict, list))


def json_cell(value):
    if value is None:
        return Cell("")
    if isinstance(value, bool):
        return Cell("true" if value else "false", typed=True)
    if isinstance(value, _Literal):
        return Cell(str(value), typed=True)
    return text_cell(value.encode("utf-8", "surrogateescape"))


# --- Parquet ------------------------------------------------------------------------------------

def read_parquet(run, name, path):
    import pyarrow.parquet
    table = pyarrow.parquet.read_table(path)
    position = find_columns(run, name, table.column_names)
    columns = {column: table.column(index).to_pylist() for column, index in position.items()}
    out = []
    for number in range(table.num_rows):
        record = Record(name, number + 1, has_sequence="sequence" in position or "sequence" in run.constants)
        for column, values in columns.items():
            record.cells[column] = parquet_cell(values[number])
        add_constants(run, record, position)
        out.append(record)
    return out


def parquet_cell(value):
    if value is None:
        return Cell("")
    if isinstance(value, datetime):
        as_text = iso(value.astimezone(UTC)) if value.tzinfo else iso(value).removesuffix("Z")
        return Cell(as_text, instant=value)
    if isinstance(value, float):       # through the shortest decimal form
        return Cell(format(Decimal(repr(value)), "f"), typed=True)
    if isinstance(value, Decimal):
        return Cell(format(value, "f"), typed=True)
    if isinstance(value, str):
        return Cell(value)
    return Cell(str(value), typed=True)
