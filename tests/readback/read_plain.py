#!/usr/bin/env python3
"""Opens a run with `[output] encodings = "plain"` with fastparquet, pyarrow and DuckDB, beside the default run of the same inputs.

usage: read_plain.py DEFAULT_RUN PLAIN_RUN

The form: no delta encoding, no decimal of more than 28 digits. The figures: every cell of every table that DuckDB and pyarrow read is that
of the default run; what fastparquet reads is the same as far as it knows the types (its decimals are floats). Exit 1 and one line per fault.
"""

import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import fastparquet
import pandas
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

TABLES = ("elements", "shipments", "corridors", "corridor_sections", "factors", "rejected")
KNOWN = {"PLAIN", "RLE", "RLE_DICTIONARY", "PLAIN_DICTIONARY"}
MOST_DIGITS = 28
passed, faults = 0, []


def check(is_so, fault):
    global passed
    if is_so:
        passed += 1
    else:
        faults.append(fault)
    return is_so


def parts(run, table):
    folder = run / table
    return sorted(folder.glob("*.parquet")) if folder.is_dir() else [run / f"{table}.parquet"]


def check_form(table, path):
    file = pq.ParquetFile(path)
    for field in file.schema_arrow:
        if pa.types.is_decimal(field.type):
            check(field.type.precision <= MOST_DIGITS, f"{table}: {field}")
    for group in range(file.metadata.num_row_groups):
        for column in range(file.metadata.num_columns):
            chunk = file.metadata.row_group(group).column(column)
            check(set(chunk.encodings) <= KNOWN, f"{table}.{chunk.path_in_schema}: {chunk.encodings}")


def whole(table):
    """Decimals of 38 digits everywhere, so that two tables differ by their values only."""
    wide = [f.with_type(pa.decimal128(38, f.type.scale)) if pa.types.is_decimal(f.type) else f for f in table.schema]
    return table.cast(pa.schema(wide))


def compare_pyarrow(table, default, plain):
    want, got = (whole(pa.concat_tables([pq.read_table(p) for p in paths])) for paths in (default, plain))
    check(want.schema.equals(got.schema), f"{table}: pyarrow sees other columns")
    for name in want.column_names:
        check(want[name].equals(got[name]), f"{table}.{name}: pyarrow reads other values")
    return want


def compare_duckdb(table, default, plain):
    """The rows of each that the other lacks."""
    read = lambda paths: f"(SELECT * FROM read_parquet({[str(p) for p in paths]}))"
    for name, one, other in (("default", default, plain), ("plain", plain, default)):
        lacking = duckdb.sql(f"SELECT count(*) FROM ({read(one)} EXCEPT ALL {read(other)})").fetchall()[0][0]
        check(lacking == 0, f"{table}: DuckDB finds {lacking} rows in the {name} run only")


def cell(value):
    """What fastparquet makes of a cell, as the default run has it: nothing is None."""
    return None if pandas.isna(value) else value


def equal(want, got):
    if want is None or got is None:
        return want is None and got is None
    if isinstance(want, Decimal):
        return abs(float(want) - float(got)) <= 1e-12 * abs(float(want))
    if isinstance(want, str):
        return want == (got.decode() if isinstance(got, bytes) else got)
    return want == got


def compare_fastparquet(table, want, plain):
    frames = [fastparquet.ParquetFile(str(path)).to_pandas() for path in plain]
    check(sum(map(len, frames)) == want.num_rows, f"{table}: fastparquet reads {sum(map(len, frames))} of {want.num_rows} rows")
    for name in want.column_names:
        column, type_ = want[name], want.schema.field(name).type
        if pa.types.is_timestamp(type_):
            wanted = pc.cast(column, pa.int64()).to_pylist()
            got = [None if cell(v) is None else int(v.timestamp()) * 1_000_000 + v.microsecond for f in frames for v in f[name]]
        elif pa.types.is_date(type_):
            wanted = [None if d is None else d.isoformat() for d in column.to_pylist()]
            got = [None if cell(v) is None else str(v)[:10] for f in frames for v in f[name]]
        else:
            wanted, got = column.to_pylist(), [cell(v) for f in frames for v in f[name]]
        at = next((i for i, pair in enumerate(zip(wanted, got)) if not equal(*pair)), None)
        check(at is None, f"{table}.{name}: row {at}: fastparquet reads {at is not None and got[at]!r}, not {at is not None and wanted[at]!r}")


def main():
    default, plain = (Path(p) for p in sys.argv[1:3])
    for table in TABLES:
        of_default, of_plain = parts(default, table), parts(plain, table)
        for path in of_plain:
            check_form(table, path)
        want = compare_pyarrow(table, of_default, of_plain)
        compare_duckdb(table, of_default, of_plain)
        compare_fastparquet(table, want, of_plain)
    for fault in faults:
        print(fault)
    print(f"{passed} passed, {len(faults)} failed")
    sys.exit(1 if faults or not passed else 0)


if __name__ == "__main__":
    main()
