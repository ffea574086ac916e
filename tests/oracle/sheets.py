"""Workbooks -> raw records (docs/formats.md, "How workbooks are read"), with openpyxl.

Reads one sheet: numbers as they are stored, dates as local times, error values as texts that no column takes (R016).
"""
from datetime import date, datetime, time
from decimal import Decimal

from reading import REQUIRED, BrokenFile, Cell, Record, add_constants, find_columns


def read_sheet(run, name, path):
    import openpyxl
    book = openpyxl.load_workbook(path, data_only=True)
    sheet = choose(run, name, book)
    rows = list(sheet.iter_rows())
    head = head_row(run, rows)
    names = [text_of(cell) for cell in rows[head - 1]]
    position = {column: at for column, at in find_columns(run, name, names).items() if names[at]}
    first = run.xlsx.get("first_row", head + 1)
    last = max((number for number, row in enumerate(rows, start=1) if any(text_of(cell) for cell in row)), default=0)
    last -= run.xlsx.get("skip_footer", 0)
    out = []
    for number in range(first, last + 1):
        if not any(text_of(cell) for cell in rows[number - 1]):
            continue               # a blank row keeps its number and is no row
        record = Record(name, number - first + 1, has_sequence="sequence" in position or "sequence" in run.constants)
        for column, at in position.items():
            record.cells[column] = cell_of(rows[number - 1][at])
        add_constants(run, record, position)
        out.append(record)
    return out


def choose(run, name, book):
    """The sheet that the run file names, else the only one that is shown and has the columns."""
    if "sheet" in run.xlsx:
        return book[run.xlsx["sheet"]]
    fitting = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible" and fits(run, name, sheet)]
    if len(fitting) != 1:
        raise BrokenFile(f"{name}: {len(fitting)} sheets have the columns")
    return fitting[0]


def fits(run, name, sheet):
    rows = list(sheet.iter_rows())
    try:
        head = head_row(run, rows)
        position = find_columns(run, name, [text_of(cell) for cell in rows[head - 1]])
    except (BrokenFile, IndexError, StopIteration):
        return False
    return all(column in position or column in run.constants for column in REQUIRED)


def head_row(run, rows):
    if "head_row" in run.xlsx:
        return run.xlsx["head_row"]
    return next(number for number, row in enumerate(rows, start=1) if any(text_of(cell) for cell in row))


def text_of(cell):
    return "" if cell.value is None else str(cell.value).strip()


def cell_of(cell):
    value = cell.value
    if value is None:
        return Cell("")
    if cell.data_type == "e" or isinstance(value, time):
        return Cell(str(value), bad_utf8=True)
    if isinstance(value, bool):
        return Cell("TRUE" if value else "FALSE")
    if isinstance(value, (datetime, date)):
        moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
        return Cell(moment.isoformat(), instant=moment)
    if isinstance(value, (int, float)):
        text = format(Decimal(repr(value)), "f")
        return Cell(text.removesuffix(".0"), typed=True)
    return Cell(str(value).strip())
