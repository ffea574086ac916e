#!/usr/bin/env python3
"""Compare the factors that a run published with the cells of the library that it was computed from.

usage: check_published.py RUN_DIR LIBRARY_DIR      needs pyarrow. Last line: N passed, N failed

Operation and provision are compared for plain rows, energy per unit of activity for composed ones: published at another
scale than it is held in, such a quantity is wrong by powers of ten and no sum notices.
"""
import csv
import pathlib
import sys
from decimal import Decimal

import pyarrow.parquet


def library_rows(folder):
    rows = {}
    for table in ("transport", "hub", "energy"):
        for path in folder.glob(f"*/*/{table}.csv"):
            edition = "/".join(path.parts[-3:-1])
            with open(path, newline="", encoding="utf-8") as file:
                for row in csv.DictReader(file):
                    rows[f"{edition}:{row.get('factor_id') or row['energy_id']}"] = row
    return rows


def main():
    run, library = (pathlib.Path(a) for a in sys.argv[1:3])
    rows = library_rows(library)
    passed = failed = 0
    for factor in pyarrow.parquet.read_table(run / "factors.parquet").to_pylist():
        plain_id, _, energy_id = factor["factor_id"].partition("@")
        columns = ["energy_quantity"] if energy_id else ["operation_g", "provision_g"]
        for column in columns:
            found, wanted = factor[column], rows[plain_id][column]
            if found is not None and wanted and found == Decimal(wanted):
                passed += 1
            else:
                failed += 1
                print(f"{factor['factor_id']}: {column} {found}, expected {wanted}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
