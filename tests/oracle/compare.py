#!/usr/bin/env python3
"""Compare a published run with the oracle's tables: every column of every row, exactly.

usage: compare.py ORACLE_DIR RUN_DIR [--codes-only]      RUN_DIR = <out>/runs/<run_id>; needs pyarrow

Prints the first 20 differences (table, key, column, oracle, engine); exit 1 if there is any. --codes-only looks
at file, row, code and ids of `rejected`, not at the column and value that are blamed.
"""
import glob
import json
import os
import sys
from datetime import date, datetime, timezone
from decimal import Decimal

import pyarrow.parquet

SHOWN = 20
TABLES = {   # table: (what to read below RUN_DIR, key columns)
    "elements": ("elements/part-*.parquet", ["shipment_id", "container_id", "element"]),
    "shipments": ("shipments/part-*.parquet", ["shipment_id"]),
    "corridors": ("corridors.parquet", ["corridor_id", "period", "load_status"]),
    "corridor_sections": ("corridor_sections.parquet",
                          ["corridor_id", "period", "load_status", "kind", "mode", "origin", "destination"]),
    "rejected": ("rejected/part-*.parquet", ["file", "row"]),
    "factors": ("factors.parquet", ["factor_id"]),
}
# Columns that the oracle does not compute. (`factors` repeats every column of the library's own files.)
UNCOMPARED = {"rejected": {"wanted"}}
MAY_HAVE_MORE = {"factors"}
EMPTY_IS_ABSENT = {("rejected", "value"), ("rejected", "column")}


def read_oracle(folder, table):
    with open(os.path.join(folder, table + ".jsonl"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def read_engine(folder, pattern):
    paths = sorted(glob.glob(os.path.join(folder, pattern)))
    if not paths:
        raise SystemExit(f"no file {pattern} in {folder}")
    names, rows = None, []
    for path in paths:
        table = pyarrow.parquet.ParquetFile(path).read()
        names = names or table.column_names
        rows += [{name: plain(value) for name, value in row.items()} for row in table.to_pylist()]
    return names, rows


def plain(value):
    """A Parquet value in the oracle's notation."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        value = value.astimezone(timezone.utc) if value.tzinfo else value
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")
    if isinstance(value, date):
        return value.isoformat()
    return value


def check_columns(table, wanted, found):
    missing = [name for name in wanted if name not in found]
    extra = [name for name in found if name not in wanted and name not in UNCOMPARED.get(table, ())]
    problems = [f"{table}: column {name} is missing" for name in missing]
    if table not in MAY_HAVE_MORE:
        problems += [f"{table}: column {name} is not documented" for name in extra]
    return problems


def compare_table(table, key, oracle, engine, columns):
    """Differences as text. Rows pair by key; the engine's own order must be that of the key."""
    differences, by_key = [], {}
    for row in engine:
        by_key.setdefault(tuple(row[name] for name in key), []).append(row)
    for row in oracle:
        name = tuple(row[column] for column in key)
        same = by_key.pop(name, [])
        if len(same) != 1:
            differences.append(f"{table} {name}: {len(same)} rows, wanted 1")
            continue
        for column in columns:
            want, have = row[column], same[0].get(column)
            if (table, column) in EMPTY_IS_ABSENT:
                want, have = want or None, have or None
            if want != have or type(want) is not type(have):
                differences.append(f"{table} {name} {column}: oracle {want!r}, engine {have!r}")
    differences += [f"{table} {name}: not in the oracle ({rows[0]})" for name, rows in by_key.items()]
    order = [tuple(row[name] for name in key) for row in engine]
    if not differences and order != [tuple(row[name] for name in key) for row in oracle]:
        differences.append(f"{table}: rows are not in the order of the key")
    return differences


def main(oracle_dir, run_dir, codes_only=False):
    differences = []
    for table, (pattern, key) in TABLES.items():
        oracle = read_oracle(oracle_dir, table)
        names, engine = read_engine(run_dir, pattern)
        columns = list(oracle[0]) if oracle else []
        problems = check_columns(table, columns, names) if oracle else []
        if problems:
            differences += problems
            continue
        if codes_only and table == "rejected":
            columns = [name for name in columns if name not in ("column", "value")]
        differences += compare_table(table, key, oracle, engine, columns)
    for line in differences[:SHOWN]:
        print(line)
    print(f"{len(differences)} differences" if differences else "equal")
    return 1 if differences else 0


if __name__ == "__main__":
    given = [a for a in sys.argv[1:] if a != "--codes-only"]
    if len(given) != 2:
        raise SystemExit(__doc__)
    sys.exit(main(*given, codes_only="--codes-only" in sys.argv))
