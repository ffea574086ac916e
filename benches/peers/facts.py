"""What an output says, in numbers few enough to compare: counts and sums of its elements and shipments, as JSON.

usage: facts.py ELEMENTS_GLOB SHIPMENTS_GLOB

Reads the Parquet files with DuckDB, whoever wrote them. Besides the sums over everything there are sums by mode, by corridor
and month, and by groups of shipments, so that errors that cancel out in the total are seen.
"""
import json
import sys

import duckdb

GROUPS = 997
SUMS = ("transport_activity_tkm", "ghg_operation_kg", "ghg_provision_kg", "ghg_total_kg")

# Lanes are corridors of ours only; the peers call them all "other".
CORRIDOR = "CASE WHEN corridor_id IN ('rail-sea', 'river-sea') THEN corridor_id ELSE 'other' END"


def grouped(connection, table, key):
    sums = ", ".join(f"sum({column})::DOUBLE" for column in SUMS)
    rows = connection.execute(f"SELECT {key} AS key, count(*), {sums} FROM {table} GROUP BY key ORDER BY key").fetchall()
    return {str(key): {"rows": count, **dict(zip(SUMS, values))} for key, count, *values in rows}


def main():
    elements, shipments = sys.argv[1:]
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"CREATE VIEW elements AS SELECT * FROM read_parquet('{elements}')")
    connection.execute(f"CREATE VIEW shipments AS SELECT * FROM read_parquet('{shipments}')")
    facts = {
        "elements": grouped(connection, "elements", "'all'"),
        "elements by mode": grouped(connection, "elements", "mode"),
        "elements by group of shipments": grouped(connection, "elements", f"substr(shipment_id, 5)::BIGINT % {GROUPS}"),
        "shipments": grouped(connection, "shipments", "'all'"),
        "shipments by corridor and month": grouped(connection, "shipments", f"{CORRIDOR} || ' ' || strftime(period, '%Y-%m')"),
        "shipments by group": grouped(connection, "shipments", f"substr(shipment_id, 5)::BIGINT % {GROUPS}"),
    }
    json.dump(facts, sys.stdout)


if __name__ == "__main__":
    main()
