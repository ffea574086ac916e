"""The benchmark case in hand-written SQL for DuckDB: elements with hub rows and lineage, shipments, corridors, as Parquet.

usage: peer_duckdb.py MOVEMENTS.parquet CASE_DIR OUT_DIR [--threads N] [--memory-limit SIZE]

Figures are DOUBLE. What it leaves out: rejections, exact sums, order of rows, digests, syncing.
"""
import argparse
import os
import time

import duckdb

FACTORS = """
CREATE TABLE factors AS
SELECT *
FROM read_csv(
    '{case}/emission_factors/bench/1/transport.csv',
    types = {{'valid_from': 'TIMESTAMPTZ', 'valid_to': 'TIMESTAMPTZ', 'operation_g': 'DOUBLE', 'provision_g': 'DOUBLE'}}
)
"""

DISTANCES = """
CREATE TABLE distances AS
SELECT * FROM read_csv('{case}/data/distances.csv', types = {{'distance_km': 'DOUBLE'}})
"""

CONTAINER_TYPES = """
CREATE TABLE container_types AS
SELECT
    code,
    teu::DOUBLE AS teu,
    CASE WHEN refrigerated::VARCHAR IN ('yes', 'true') THEN 'refrigerated' ELSE 'ambient' END AS temperature
FROM read_csv('{case}/data/containers.csv')
"""

ELEMENTS = """
COPY (
    WITH movements AS (
        SELECT
            records.*,
            container_types.teu,
            container_types.temperature,
            coalesce(records.distance_km, distances.distance_km) AS km,
            CASE WHEN records.distance_km IS NULL THEN 'network' ELSE 'reported' END AS distance_source,
            CASE WHEN records.distance_km IS NULL THEN 'Q02|Q06' ELSE 'Q06' END AS flags,
            coalesce(records.distance_km, distances.distance_km)
                * CASE records.mode WHEN 'sea' THEN 1.15 WHEN 'road' THEN 1.05 ELSE 1 END AS emission_km
        FROM (
            SELECT *, file_row_number AS source_row
            FROM read_parquet('{movements}', file_row_number = true)
            WHERE cargo_mass_kg > 0
        ) AS records
        LEFT JOIN container_types ON container_types.code = records.container_type
        LEFT JOIN distances
            ON distances.mode = records.mode
            AND distances.origin = records.origin
            AND distances.destination = records.destination
    ),
    with_hubs AS (
        -- A change of mode at one place is a hub before this movement.
        SELECT
            *,
            coalesce(lag(mode) OVER chain <> mode AND lag(destination) OVER chain = origin, false) AS has_hub
        FROM movements
        WINDOW chain AS (PARTITION BY shipment_id, container_id ORDER BY sequence)
    ),
    chains AS (
        SELECT
            *,
            lag(arrived_at) OVER chain AS previous_arrived_at,
            row_number() OVER chain AS number,
            sum(CASE WHEN has_hub THEN 1 ELSE 0 END) OVER chain AS hubs
        FROM with_hubs
        WINDOW chain AS (PARTITION BY shipment_id, container_id ORDER BY sequence)
    )
    SELECT
        chains.shipment_id,
        container_id,
        number + hubs AS element,
        'transport' AS kind,
        movement_id,
        sequence,
        mode,
        chains.operation,
        chains.carrier,
        origin,
        destination,
        departed_at,
        arrived_at,
        'laden' AS load_status,
        chains.temperature,
        cargo_mass_kg,
        teu,
        km AS activity_distance_km,
        'sfd' AS distance_basis,
        distance_source,
        emission_km AS emission_distance_km,
        cargo_mass_kg * km / 1000 AS transport_activity_tkm,
        factors.factor_id,
        'default' AS data_category,
        cargo_mass_kg * emission_km / 1e6 * operation_g AS ghg_operation_kg,
        cargo_mass_kg * emission_km / 1e6 * provision_g AS ghg_provision_kg,
        cargo_mass_kg * emission_km / 1e6 * (operation_g + provision_g) AS ghg_total_kg,
        flags AS quality_flags,
        'movements.parquet' AS source_file,
        source_row
    FROM chains
    LEFT JOIN factors
        ON factors.operation = chains.operation
        AND factors.temperature = chains.temperature
        AND departed_at >= valid_from
        AND (departed_at < valid_to OR valid_to IS NULL)
    UNION ALL BY NAME
    SELECT
        shipment_id,
        container_id,
        number + hubs - 1 AS element,
        'hub' AS kind,
        NULL AS movement_id,
        NULL AS sequence,
        'hub' AS mode,
        'hub.transfer' AS operation,
        NULL AS carrier,
        origin,
        origin AS destination,
        coalesce(previous_arrived_at, departed_at) AS departed_at,
        NULL AS arrived_at,
        'laden' AS load_status,
        temperature,
        cargo_mass_kg,
        teu,
        NULL AS activity_distance_km,
        NULL AS distance_basis,
        NULL AS distance_source,
        NULL AS emission_distance_km,
        0 AS transport_activity_tkm,
        'transfer/' || temperature AS factor_id,
        'default' AS data_category,
        cargo_mass_kg / 1000 * 1.2 AS ghg_operation_kg,
        0 AS ghg_provision_kg,
        cargo_mass_kg / 1000 * 1.2 AS ghg_total_kg,
        'Q08' AS quality_flags,
        'movements.parquet' AS source_file,
        source_row
    FROM chains
    WHERE has_hub
) TO '{out}/elements.parquet' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 262144)
"""

SHIPMENTS = """
COPY (
    SELECT
        shipment_id,
        date_trunc('month', min(departed_at)) AS period,
        arg_min(origin, element) AS origin,
        arg_max(destination, element) AS destination,
        min(departed_at) AS first_departed_at,
        max(arrived_at) AS last_arrived_at,
        string_agg(DISTINCT mode, '>') AS modes,
        count(DISTINCT container_id) AS containers,
        count(*) AS elements,
        sum(transport_activity_tkm) AS transport_activity_tkm,
        sum(ghg_operation_kg) AS ghg_operation_kg,
        sum(ghg_provision_kg) AS ghg_provision_kg,
        sum(ghg_total_kg) AS ghg_total_kg,
        sum(CASE WHEN mode = 'road' THEN ghg_total_kg ELSE 0 END) AS ghg_road_kg,
        sum(CASE WHEN mode = 'rail' THEN ghg_total_kg ELSE 0 END) AS ghg_rail_kg,
        sum(CASE WHEN mode = 'sea' THEN ghg_total_kg ELSE 0 END) AS ghg_sea_kg,
        sum(CASE WHEN mode = 'inland_waterway' THEN ghg_total_kg ELSE 0 END) AS ghg_inland_waterway_kg,
        sum(CASE WHEN mode = 'air' THEN ghg_total_kg ELSE 0 END) AS ghg_air_kg,
        sum(CASE WHEN mode = 'hub' THEN ghg_total_kg ELSE 0 END) AS ghg_hub_kg,
        CASE
            WHEN bool_or(origin = 'CNQZH') THEN 'rail-sea'
            WHEN bool_or(origin = 'CNSHA') THEN 'river-sea'
            ELSE 'other'
        END AS corridor_id
    FROM '{out}/elements.parquet'
    GROUP BY shipment_id
) TO '{out}/shipments.parquet' (FORMAT parquet, COMPRESSION zstd)
"""

CORRIDORS = """
COPY (
    SELECT
        corridor_id,
        period,
        count(*) AS shipments,
        sum(containers) AS containers,
        sum(transport_activity_tkm) AS transport_activity_tkm,
        sum(ghg_total_kg) AS ghg_total_kg
    FROM '{out}/shipments.parquet'
    GROUP BY ALL
) TO '{out}/corridors.parquet' (FORMAT parquet, COMPRESSION zstd)
"""

STEPS = {
    "reference": [FACTORS, DISTANCES, CONTAINER_TYPES],
    "elements": [ELEMENTS],
    "shipments": [SHIPMENTS],
    "corridors": [CORRIDORS],
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("movements", metavar="MOVEMENTS.parquet")
    parser.add_argument("case", metavar="CASE_DIR")
    parser.add_argument("out", metavar="OUT_DIR")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--memory-limit")
    arguments = parser.parse_args()
    os.makedirs(arguments.out, exist_ok=True)

    connection = duckdb.connect()
    # Validity limits and months are those of UTC, wherever the benchmark runs.
    connection.execute(f"SET threads = {arguments.threads}; SET preserve_insertion_order = false; SET TimeZone = 'UTC'")
    if arguments.memory_limit:
        connection.execute(f"SET memory_limit = '{arguments.memory_limit}'; SET temp_directory = '{arguments.out}/spill'")
    paths = {"movements": arguments.movements, "case": arguments.case, "out": arguments.out}
    for step, statements in STEPS.items():
        start = time.monotonic()
        for statement in statements:
            connection.execute(statement.format(**paths))
        print(f"{step} {time.monotonic() - start:.2f} s")


if __name__ == "__main__":
    main()
