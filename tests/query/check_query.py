#!/usr/bin/env python3
"""Asks `green-corridor query` and DuckDB the same about a published run; the answers must be equal to the last digit.

DuckDB reads the files by itself, and no code is shared. Where it would answer with a float (a mean, a quotient), it is asked for the
parts, and Python divides them as decimals.

usage: check_query.py PROGRAM OUTPUT_ROOT
"""
import csv
import datetime
import decimal
import io
import pathlib
import subprocess
import sys

import duckdb

TABLES = ["elements", "shipments", "corridors", "corridor_sections", "factors", "rejected"]
SUMS = "sum(transport_activity_tkm) AS tkm, sum(ghg_operation_kg) AS o, sum(ghg_provision_kg) AS p, sum(ghg_total_kg) AS kg"

QUESTIONS = [
    *[f"SELECT {SUMS} FROM {table}" for table in TABLES[:5]],
    *[f"SELECT count(*) AS n FROM {table}" for table in TABLES],
    "SELECT mode, count(*) AS n, sum(ghg_total_kg) AS kg, sum(transport_activity_tkm) AS tkm FROM elements GROUP BY mode ORDER BY mode",
    "SELECT corridor_id, period, sum(shipments) AS n, sum(ghg_total_kg) AS kg, max(teu) AS teu FROM corridors GROUP BY corridor_id, period"
    " ORDER BY corridor_id, period",
    "SELECT kind, mode, sum(movements) AS n, sum(ghg_provision_kg) AS kg FROM corridor_sections GROUP BY kind, mode ORDER BY kind, mode",
    "SELECT factor_id, sum(ghg_operation_kg) AS kg FROM factors GROUP BY factor_id ORDER BY kg DESC, factor_id LIMIT 20",
    "SELECT code, count(*) AS n FROM rejected GROUP BY code ORDER BY code",
    "SELECT code, \"column\", count(*) AS n FROM rejected GROUP BY 1, 2 ORDER BY 1, 2",
    "SELECT s.corridor_id, e.mode, sum(e.ghg_total_kg) AS kg FROM elements AS e JOIN shipments AS s ON e.shipment_id = s.shipment_id"
    " WHERE s.is_complete GROUP BY s.corridor_id, e.mode ORDER BY s.corridor_id, e.mode",
    "WITH c AS (SELECT corridor_id, sum(ghg_total_kg) AS kg FROM shipments GROUP BY corridor_id)"
    " SELECT corridor_id, kg FROM c WHERE kg > 100000.5 ORDER BY kg DESC",
    "SELECT shipment_id, ghg_total_kg FROM shipments WHERE quality_flags LIKE '%Q05%' ORDER BY ghg_total_kg DESC, shipment_id LIMIT 50",
    "SELECT shipment_id, ghg_total_kg FROM shipments ORDER BY ghg_total_kg, shipment_id LIMIT 10 OFFSET 100",
    "SELECT DISTINCT origin, destination FROM elements WHERE mode = 'sea' ORDER BY origin, destination",
    "SELECT mode, min(ghg_total_kg) AS low, max(ghg_total_kg) AS high FROM elements GROUP BY mode ORDER BY mode",
    "SELECT mode, count(DISTINCT shipment_id) AS n FROM elements GROUP BY mode ORDER BY mode",
    "SELECT carrier, sum(teu) AS teu, sum(containers) AS n FROM elements GROUP BY carrier ORDER BY carrier NULLS FIRST",
    "SELECT mode, sum(ghg_total_kg) AS kg FROM elements GROUP BY mode HAVING sum(ghg_total_kg) > 1000000 ORDER BY kg",
    "SELECT CASE WHEN ghg_total_kg < 10 THEN 'low' WHEN ghg_total_kg < 1000.25 THEN 'middle' ELSE 'high' END AS band, count(*) AS n,"
    " sum(ghg_total_kg) AS kg FROM elements GROUP BY band ORDER BY band",
    "SELECT is_complete, count(*) AS n, sum(transport_activity_tkm) AS tkm FROM shipments GROUP BY is_complete ORDER BY is_complete",
    "SELECT shipment_id, sum(ghg_total_kg) AS kg, max(element) AS n FROM elements GROUP BY shipment_id ORDER BY shipment_id",
    "SELECT e.shipment_id FROM (SELECT shipment_id, sum(ghg_total_kg) AS kg FROM elements GROUP BY shipment_id) AS e"
    " JOIN shipments AS s ON e.shipment_id = s.shipment_id WHERE e.kg = s.ghg_total_kg ORDER BY e.shipment_id",
    "SELECT s.shipment_id, count(e.element) AS n FROM shipments AS s LEFT JOIN"
    " (SELECT * FROM elements WHERE mode = 'air') AS e ON e.shipment_id = s.shipment_id GROUP BY s.shipment_id ORDER BY s.shipment_id",
    "SELECT shipment_id FROM shipments WHERE shipment_id IN (SELECT shipment_id FROM elements WHERE mode = 'air') ORDER BY shipment_id",
    "SELECT count(*) AS n FROM shipments WHERE shipment_id NOT IN (SELECT shipment_id FROM elements WHERE mode IN ('air', 'sea'))",
    "SELECT mode, sum(ghg_operation_kg + ghg_provision_kg - ghg_total_kg) AS nothing, sum(ghg_total_kg - 1) AS less FROM elements"
    " GROUP BY mode ORDER BY mode",
    "SELECT shipment_id, element, sum(ghg_total_kg) OVER (PARTITION BY shipment_id) AS kg FROM elements ORDER BY shipment_id, container_id,"
    " element, kg LIMIT 500",
    "SELECT corridor_id, period, ghg_total_kg FROM corridors WHERE period BETWEEN DATE '2025-01-01' AND DATE '2025-06-30'"
    " ORDER BY corridor_id, period, ghg_total_kg",
    "SELECT mode, sum(kg) AS kg FROM (SELECT mode, ghg_total_kg AS kg FROM elements WHERE mode = 'air' UNION ALL"
    " SELECT mode, ghg_total_kg AS kg FROM elements WHERE mode <> 'air') AS u GROUP BY mode ORDER BY mode",
    "SELECT upper(mode) AS m, substr(origin, 1, 2) AS country, sum(distance_km) AS km FROM elements WHERE mode <> 'hub' GROUP BY 1, 2"
    " ORDER BY 1, 2",
    "SELECT sum(CASE WHEN is_complete THEN ghg_total_kg ELSE 0 END) AS complete, sum(ghg_total_kg) AS kg FROM shipments",
    "SELECT coalesce(carrier, 'none') AS carrier, count(*) AS n FROM elements GROUP BY 1 ORDER BY 1",
    "SELECT mode, count(*) FILTER (WHERE ghg_total_kg > 100) AS n FROM elements GROUP BY mode ORDER BY mode",
    "SELECT a.corridor_id, a.kg, b.n FROM (SELECT corridor_id, sum(ghg_total_kg) AS kg FROM corridors GROUP BY corridor_id) AS a"
    " JOIN (SELECT corridor_id, count(*) AS n FROM shipments GROUP BY corridor_id) AS b ON a.corridor_id = b.corridor_id ORDER BY a.corridor_id",
]

# What is asked here, and there.
PAIRS = [
    ("SELECT mode, min(departed_at) AS first, max(departed_at) AS last FROM elements GROUP BY mode ORDER BY mode",
     "SELECT mode, min(departed_at) AT TIME ZONE 'UTC', max(departed_at) AT TIME ZONE 'UTC' FROM elements GROUP BY mode ORDER BY mode"),
]

# The same, where the last two columns of the latter are divided.
QUOTIENTS = [
    ("SELECT mode, avg(ghg_total_kg) AS kg FROM elements GROUP BY mode ORDER BY mode",
     "SELECT mode, sum(ghg_total_kg), count(*) FROM elements GROUP BY mode ORDER BY mode"),
    ("SELECT avg(teu) AS teu FROM elements", "SELECT sum(teu), count(teu) FROM elements"),
    ("SELECT corridor_id, sum(ghg_total_kg) * 1000 / sum(transport_activity_tkm) AS g FROM shipments GROUP BY corridor_id ORDER BY corridor_id",
     "SELECT corridor_id, sum(ghg_total_kg) * 1000, sum(transport_activity_tkm) FROM shipments GROUP BY corridor_id ORDER BY corridor_id"),
    ("SELECT corridor_id, count(*) / 7 AS weeks FROM shipments GROUP BY corridor_id ORDER BY corridor_id",
     "SELECT corridor_id, count(*), 7 FROM shipments GROUP BY corridor_id ORDER BY corridor_id"),
    ("SELECT avg(ghg_total_kg) OVER (PARTITION BY corridor_id) AS kg FROM shipments ORDER BY shipment_id",
     "SELECT sum(ghg_total_kg) OVER (PARTITION BY corridor_id), count(*) OVER (PARTITION BY corridor_id) FROM shipments ORDER BY shipment_id"),
]


def text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case decimal.Decimal():
            return f"{value:f}"
        case datetime.datetime():
            return value.isoformat() + "Z"
        case _:
            return str(value)


def divided(row: tuple) -> tuple:
    *keys, dividend, divisor = row
    with decimal.localcontext(prec=76):
        quotient = decimal.Decimal(dividend) / decimal.Decimal(divisor)
        return (*keys, quotient.quantize(decimal.Decimal("1e-9"), decimal.ROUND_HALF_EVEN))


def main() -> int:
    program, out = sys.argv[1], pathlib.Path(sys.argv[2])
    run = out / "runs" / (out / "CURRENT").read_text().strip()
    database = duckdb.connect()
    for table in TABLES:
        files = f"{run}/{table}/*.parquet" if (run / table).is_dir() else f"{run}/{table}.parquet"
        database.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{files}')")

    faults = rows = 0
    cases = [(ours, theirs, tuple) for ours, theirs in [*((q, q) for q in QUESTIONS), *PAIRS]]
    cases += [(ours, theirs, divided) for ours, theirs in QUOTIENTS]
    for ours, theirs, change in cases:
        said = subprocess.run([program, "query", str(out), ours, "--format", "csv"], capture_output=True, text=True)
        found = list(csv.reader(io.StringIO(said.stdout)))[1:]
        wanted = [[text(cell) for cell in change(row)] for row in database.execute(theirs).fetchall()]
        rows += len(wanted)
        if said.returncode != 0 or found != wanted or not wanted:
            faults += 1
            differing = next((pair for pair in zip(found, wanted) if pair[0] != pair[1]), None)
            print(f"{ours}\n  exit {said.returncode}, {len(found)} rows, DuckDB {len(wanted)}; first difference {differing}\n  {said.stderr}")
    print(f"queries beside DuckDB: {len(cases)} questions, {rows} rows, {faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
