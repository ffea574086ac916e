#!/usr/bin/env python3
"""Asks `green-corridor query` and DuckDB the same about a published run; the answers must be equal to the last digit.

usage: check_query.py PROGRAM OUTPUT_ROOT
"""
import csv
import io
import pathlib
import subprocess
import sys

import duckdb

QUESTIONS = [
    "SELECT mode, count(*) AS n, sum(ghg_total_kg) AS kg, sum(transport_activity_tkm) AS tkm FROM elements GROUP BY mode ORDER BY mode",
    "SELECT corridor_id, period, sum(shipments) AS n, sum(ghg_total_kg) AS kg, max(teu) AS teu FROM corridors GROUP BY corridor_id, period"
    " ORDER BY corridor_id, period",
    "SELECT kind, mode, sum(movements) AS n, sum(ghg_provision_kg) AS kg FROM corridor_sections GROUP BY kind, mode ORDER BY kind, mode",
    "SELECT factor_id, sum(ghg_operation_kg) AS kg FROM factors GROUP BY factor_id ORDER BY kg DESC, factor_id LIMIT 20",
    "SELECT code, count(*) AS n FROM rejected GROUP BY code ORDER BY code",
    "SELECT s.corridor_id, e.mode, sum(e.ghg_total_kg) AS kg FROM elements AS e JOIN shipments AS s ON e.shipment_id = s.shipment_id"
    " WHERE s.is_complete GROUP BY s.corridor_id, e.mode ORDER BY s.corridor_id, e.mode",
    "WITH c AS (SELECT corridor_id, sum(ghg_total_kg) AS kg FROM shipments GROUP BY corridor_id)"
    " SELECT corridor_id, kg FROM c WHERE kg > 100000.5 ORDER BY kg DESC",
    "SELECT shipment_id, ghg_total_kg FROM shipments WHERE quality_flags LIKE '%Q05%' ORDER BY ghg_total_kg DESC, shipment_id LIMIT 50",
]


def main() -> int:
    program, out = sys.argv[1], pathlib.Path(sys.argv[2])
    run = out / "runs" / (out / "CURRENT").read_text().strip()
    database = duckdb.connect()
    for table in ["elements", "shipments", "corridors", "corridor_sections", "factors", "rejected"]:
        files = f"{run}/{table}/*.parquet" if (run / table).is_dir() else f"{run}/{table}.parquet"
        database.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{files}')")
    faults = rows = 0
    for question in QUESTIONS:
        said = subprocess.run([program, "query", str(out), question, "--format", "csv"], capture_output=True, text=True)
        found = list(csv.reader(io.StringIO(said.stdout)))[1:]
        wanted = [["" if cell is None else str(cell) for cell in row] for row in database.execute(question).fetchall()]
        rows += len(wanted)
        if said.returncode != 0 or found != wanted or not wanted:
            faults += 1
            differing = next((pair for pair in zip(found, wanted) if pair[0] != pair[1]), None)
            print(f"{question}\n  exit {said.returncode}, {len(found)} rows, DuckDB {len(wanted)}; first difference {differing}\n  {said.stderr}")
    print(f"queries beside DuckDB: {len(QUESTIONS)} questions, {rows} rows, {faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
