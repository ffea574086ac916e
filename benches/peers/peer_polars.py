"""The benchmark case in hand-written lazy Polars, streaming engine: elements with hub rows and lineage, shipments, corridors.

usage: [POLARS_MAX_THREADS=N] peer_polars.py MOVEMENTS.parquet CASE_DIR OUT_DIR

Figures are Float64. What it leaves out: rejections, exact sums, order of rows, digests, syncing.
"""
import os
import sys
import time

import polars as pl
from polars import col as c
from polars import lit

CHAIN = {"partition_by": ["shipment_id", "container_id"], "order_by": "sequence"}
MODES = ("road", "rail", "sea", "inland_waterway", "air", "hub")


def factors(case):
    table = pl.read_csv(f"{case}/emission_factors/bench/1/transport.csv", try_parse_dates=True)
    # One factor per operation, temperature and year: an equality join is the fastest way to ask for it.
    return table.select("factor_id", "operation", "temperature", "operation_g", "provision_g", year=c.valid_from.dt.year()).lazy()


def distances(case):
    table = pl.scan_csv(f"{case}/data/distances.csv")
    return table.select("mode", "origin", "destination", network_km=c.distance_km.cast(pl.Float64))


def container_types(case):
    temperature = pl.when(c.refrigerated == "yes").then(lit("refrigerated")).otherwise(lit("ambient"))
    table = pl.scan_csv(f"{case}/data/containers.csv")
    return table.select(container_type="code", teu=c.teu.cast(pl.Float64), temperature=temperature)


def chains(path, case):
    """Movements with hubs found, elements numbered, and distance and factor joined."""
    codes = c("mode", "operation", "origin", "destination", "container_type", "carrier")
    return (
        pl.scan_parquet(path, row_index_name="source_row")
        .with_columns(codes.cast(pl.String))
        .filter(c.cargo_mass_kg > 0)
        .with_columns(
            previous_mode=c.mode.shift(1).over(**CHAIN),
            previous_destination=c.destination.shift(1).over(**CHAIN),
            previous_arrived_at=c.arrived_at.shift(1).over(**CHAIN),
        )
        .with_columns(
            # A change of mode at one place is a hub before this movement.
            has_hub=((c.previous_mode != c.mode) & (c.previous_destination == c.origin)).fill_null(False),
            # The last edition stays valid.
            year=pl.min_horizontal(c.departed_at.dt.year(), lit(2025, dtype=pl.Int32)),
        )
        .with_columns(element=(c.has_hub.cast(pl.Int32) + 1).cum_sum().over(**CHAIN))
        .join(container_types(case), on="container_type", how="left")
        .join(distances(case), on=["mode", "origin", "destination"], how="left")
        .join(factors(case), on=["operation", "temperature", "year"], how="left")
        .with_columns(km=pl.coalesce("distance_km", "network_km"))
        .with_columns(emission_km=c.km * pl.when(c.mode == "sea").then(1.15).when(c.mode == "road").then(1.05).otherwise(1.0))
    )


def transport_elements(movements):
    emission_activity = c.cargo_mass_kg * c.emission_km / 1e6
    is_network = c.distance_km.is_null()
    return movements.select(
        "shipment_id",
        "container_id",
        "element",
        lit("transport").alias("kind"),
        "movement_id",
        "sequence",
        "mode",
        "operation",
        "carrier",
        "origin",
        "destination",
        "departed_at",
        "arrived_at",
        lit("laden").alias("load_status"),
        "temperature",
        "cargo_mass_kg",
        "teu",
        c.km.alias("activity_distance_km"),
        lit("sfd").alias("distance_basis"),
        pl.when(is_network).then(lit("network")).otherwise(lit("reported")).alias("distance_source"),
        c.emission_km.alias("emission_distance_km"),
        (c.cargo_mass_kg * c.km / 1000).alias("transport_activity_tkm"),
        "factor_id",
        lit("default").alias("data_category"),
        (emission_activity * c.operation_g).alias("ghg_operation_kg"),
        (emission_activity * c.provision_g).alias("ghg_provision_kg"),
        (emission_activity * (c.operation_g + c.provision_g)).alias("ghg_total_kg"),
        pl.when(is_network).then(lit("Q02|Q06")).otherwise(lit("Q06")).alias("quality_flags"),
        lit("movements.parquet").alias("source_file"),
        "source_row",
    )


def hub_elements(movements):
    no_number, no_text = lit(None, dtype=pl.Float64), lit(None, dtype=pl.String)
    emissions = c.cargo_mass_kg / 1000 * 1.2
    return movements.filter(c.has_hub).select(
        "shipment_id",
        "container_id",
        c.element - 1,
        lit("hub").alias("kind"),
        no_text.alias("movement_id"),
        lit(None, dtype=pl.Int32).alias("sequence"),
        lit("hub").alias("mode"),
        lit("hub.transfer").alias("operation"),
        no_text.alias("carrier"),
        "origin",
        c.origin.alias("destination"),
        pl.coalesce("previous_arrived_at", "departed_at").alias("departed_at"),
        lit(None).cast(pl.Datetime("us", "UTC")).alias("arrived_at"),
        lit("laden").alias("load_status"),
        "temperature",
        "cargo_mass_kg",
        "teu",
        no_number.alias("activity_distance_km"),
        no_text.alias("distance_basis"),
        no_text.alias("distance_source"),
        no_number.alias("emission_distance_km"),
        lit(0.0).alias("transport_activity_tkm"),
        (lit("transfer/") + c.temperature).alias("factor_id"),
        lit("default").alias("data_category"),
        emissions.alias("ghg_operation_kg"),
        lit(0.0).alias("ghg_provision_kg"),
        emissions.alias("ghg_total_kg"),
        lit("Q08").alias("quality_flags"),
        lit("movements.parquet").alias("source_file"),
        "source_row",
    )


def write_elements(path, case, out):
    movements = chains(path, case)
    elements = pl.concat([transport_elements(movements), hub_elements(movements)])
    elements.sink_parquet(f"{out}/elements.parquet", compression="zstd", engine="streaming")


def write_shipments(out):
    corridor = (
        pl.when((c.origin == "CNQZH").any())
        .then(lit("rail-sea"))
        .when((c.origin == "CNSHA").any())
        .then(lit("river-sea"))
        .otherwise(lit("other"))
    )
    shipments = (
        pl.scan_parquet(f"{out}/elements.parquet")
        .group_by("shipment_id")
        .agg(
            period=c.departed_at.min().dt.truncate("1mo"),
            origin=c.origin.sort_by("element").first(),
            destination=c.destination.sort_by("element").last(),
            first_departed_at=c.departed_at.min(),
            last_arrived_at=c.arrived_at.max(),
            modes=c.mode.unique().sort().str.join(">"),
            containers=c.container_id.n_unique(),
            elements=pl.len(),
            transport_activity_tkm=c.transport_activity_tkm.sum(),
            ghg_operation_kg=c.ghg_operation_kg.sum(),
            ghg_provision_kg=c.ghg_provision_kg.sum(),
            ghg_total_kg=c.ghg_total_kg.sum(),
            **{f"ghg_{mode}_kg": pl.when(c.mode == mode).then(c.ghg_total_kg).otherwise(0.0).sum() for mode in MODES},
            corridor_id=corridor,
        )
    )
    shipments.sink_parquet(f"{out}/shipments.parquet", compression="zstd", engine="streaming")


def write_corridors(out):
    corridors = (
        pl.scan_parquet(f"{out}/shipments.parquet")
        .group_by("corridor_id", "period")
        .agg(
            shipments=pl.len(),
            containers=c.containers.sum(),
            transport_activity_tkm=c.transport_activity_tkm.sum(),
            ghg_total_kg=c.ghg_total_kg.sum(),
        )
    )
    corridors.collect(engine="streaming").write_parquet(f"{out}/corridors.parquet")


def main():
    movements, case, out = sys.argv[1:]
    os.makedirs(out, exist_ok=True)
    steps = {
        "elements": lambda: write_elements(movements, case, out),
        "shipments": lambda: write_shipments(out),
        "corridors": lambda: write_corridors(out),
    }
    for name, step in steps.items():
        start = time.monotonic()
        step()
        print(f"{name} {time.monotonic() - start:.2f} s")


if __name__ == "__main__":
    main()
