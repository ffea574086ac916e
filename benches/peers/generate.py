"""Container movements for the benchmark: one file of about N rows, the same rows for the same N on every machine.

usage: generate.py N FILE.parquet|FILE.csv [--shuffle]

A shipment has one to three containers on one of six routes. Seven rows of ten report a distance, the others leave it to the
distance table. Rows come in order of shipment, container and sequence; with --shuffle in no order. The draws of the generator
are made in a fixed order, so moving one changes everything after it.
"""
import argparse

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

SEED = 7
DAY = 86_400
ROW_GROUP = 262_144

# Share of containers, and legs: mode, operation, origin, destination, km.
ROUTES = [
    (0.35, [
        ("road", "road.truck_articulated", "CNBSH", "CNCKG", 40),
        ("rail", "rail.block_train_electric", "CNCKG", "CNQZH", 1450),
        ("sea", "sea.feeder", "CNQZH", "SGSIN", 2500),
        ("road", "road.truck_articulated", "SGSIN", "SGJUR", 22),
    ]),
    (0.25, [
        ("road", "road.truck_rigid", "CNCKG", "CNGYN", 18),
        ("inland_waterway", "inland_waterway.barge", "CNGYN", "CNSHA", 2400),
        ("sea", "sea.mainline", "CNSHA", "SGSIN", 4150),
        ("road", "road.truck_articulated", "SGSIN", "SGJUR", 22),
    ]),
    (0.10, [
        ("road", "road.truck_articulated", "CNCKG", "CNPIN", 1300),
        ("road", "road.truck_articulated", "CNPIN", "VNHPH", 210),
        ("sea", "sea.feeder", "VNHPH", "SGSIN", 2350),
    ]),
    (0.10, [
        ("rail", "rail.block_train_electric", "CNCKG", "CNKMG", 1100),
        ("rail", "rail.block_train_electric", "CNKMG", "LAVTE", 1035),
        ("rail", "rail.diesel", "LAVTE", "THLCH", 760),
        ("sea", "sea.feeder", "THLCH", "SGSIN", 1480),
        ("road", "road.truck_rigid", "SGSIN", "SGJUR", 22),
    ]),
    (0.12, [
        ("road", "road.truck_articulated", "CNCKG", "CNYTN", 1680),
        ("sea", "sea.mainline", "CNYTN", "NLRTM", 18400),
        ("inland_waterway", "inland_waterway.barge", "NLRTM", "DEDUI", 230),
        ("road", "road.truck_articulated", "DEDUI", "DECGN", 70),
    ]),
    (0.08, [
        ("rail", "rail.block_train_electric", "CNCKG", "KZDST", 3800),
        ("rail", "rail.diesel", "KZDST", "PLMAL", 5400),
        ("rail", "rail.block_train_electric", "PLMAL", "DEDUI", 1100),
    ]),
]
CONTAINER_TYPES = {"22G1": 1, "42G1": 2, "45G1": 2, "45R1": 2, "22R1": 1}  # code: TEU
OWNERS = ["MSKU", "TEMU", "CSNU", "TCLU"]
CARRIERS = ["MAEU", "MSCU", "COSU", "ONEY", "PABV", "CRCT", "YMLU", "EGLV"]


def leg_table(field, fill):
    """One field of every leg as a table of routes by sequence; short routes are filled up."""
    longest = max(len(legs) for _, legs in ROUTES)
    return np.array([[legs[i][field] if i < len(legs) else fill for i in range(longest)] for _, legs in ROUTES])


def words(codes, values):
    """A dictionary column."""
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(values))


def leg_words(field, route, sequence):
    """A dictionary column with a field of the leg of each row."""
    table = leg_table(field, "")
    values = sorted(set(table.ravel()) - {""})
    codes = np.searchsorted(values, table)
    return words(codes[route, sequence], values)


def instants(seconds):
    return pa.array(seconds.astype("datetime64[s]")).cast(pa.timestamp("us", tz="UTC"))


def movements(target_rows, shuffle):
    """The table of about `target_rows` rows."""
    rng = np.random.default_rng(SEED)
    shares = [share for share, _ in ROUTES]
    lengths = np.array([len(legs) for _, legs in ROUTES])
    containers = int(target_rows / (lengths * np.array(shares)).sum())
    route = rng.choice(len(ROUTES), size=containers, p=shares)

    # Containers of a shipment share its route and its first departure.
    per_shipment = rng.integers(1, 4, size=containers)
    shipment = np.repeat(np.arange(containers), per_shipment)[:containers]
    is_first = np.r_[True, shipment[1:] != shipment[:-1]]
    first = np.maximum.accumulate(np.where(is_first, np.arange(containers), 0))
    route = route[first]

    # From containers to rows.
    length = lengths[route]
    container = np.repeat(np.arange(containers), length)
    rows = len(container)
    start = np.r_[0, np.cumsum(length)[:-1]]
    sequence = np.arange(rows) - np.repeat(start, length)
    row_route = route[container]

    begin = np.datetime64("2024-01-01", "s").astype("int64")
    first_departure = begin + rng.integers(0, 730 * DAY, size=containers)[first]
    departed = first_departure[container] + sequence * 3 * DAY + rng.integers(0, DAY, size=rows)
    kind = rng.integers(0, len(CONTAINER_TYPES), size=containers)
    teu = np.array(list(CONTAINER_TYPES.values()), dtype=float)[kind]
    mass = np.round(rng.normal(11_000, 2_500, size=containers).clip(2_000, 14_500) * teu, 0)
    has_distance = rng.random(rows) < 0.7
    distance = np.round(leg_table(4, 0).astype(float)[row_route, sequence] * rng.normal(1.0, 0.03, size=rows), 1)

    shipment_ids = pa.array([f"CQSG{s:010d}" for s in shipment])
    owners = np.array(OWNERS)[rng.integers(0, len(OWNERS), containers)]
    container_ids = pa.array([f"{owner}{n:07d}" for owner, n in zip(owners, rng.integers(0, 10**7, containers))])
    of_container = pa.array(container)
    table = pa.table({
        "movement_id": pa.array(np.char.add("MV", np.char.zfill(np.arange(rows).astype("U10"), 10))),
        "shipment_id": shipment_ids.take(of_container),
        "container_id": container_ids.take(of_container),
        "container_type": words(kind[container], list(CONTAINER_TYPES)),
        "sequence": pa.array((sequence + 1).astype(np.int32)),
        "mode": leg_words(0, row_route, sequence),
        "operation": leg_words(1, row_route, sequence),
        "origin": leg_words(2, row_route, sequence),
        "destination": leg_words(3, row_route, sequence),
        "departed_at": instants(departed),
        "arrived_at": instants(departed + 2 * DAY),
        "distance_km": pa.array(distance, mask=~has_distance),
        "cargo_mass_kg": pa.array(mass[container]),
        "carrier": words(rng.integers(0, len(CARRIERS), rows), CARRIERS),
    })
    return table.take(pa.array(rng.permutation(rows))) if shuffle else table


def as_text(table):
    """Columns as a CSV export has them: times as RFC 3339, codes as words."""
    columns = {}
    for name, column in zip(table.column_names, table.columns):
        if pa.types.is_timestamp(column.type):
            column = pc.strftime(column.cast(pa.timestamp("s", tz="UTC")), "%Y-%m-%dT%H:%M:%SZ")
        elif pa.types.is_dictionary(column.type):
            column = column.cast(pa.string())
        columns[name] = column
    return pa.table(columns)


def write_csv(table, path):
    # No cell holds a delimiter, a quote or a line end.
    options = pyarrow.csv.WriteOptions(quoting_style="none")
    with pyarrow.csv.CSVWriter(path, as_text(table.slice(0, 0)).schema, write_options=options) as writer:
        for start in range(0, table.num_rows, ROW_GROUP):
            writer.write_table(as_text(table.slice(start, ROW_GROUP)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", type=int, metavar="N")
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--shuffle", action="store_true")
    arguments = parser.parse_args()
    table = movements(arguments.rows, arguments.shuffle)
    if arguments.file.endswith(".csv"):
        write_csv(table, arguments.file)
    else:
        pq.write_table(table, arguments.file, compression="zstd", row_group_size=ROW_GROUP)
    print(f"{table.num_rows} movements in {arguments.file}")


if __name__ == "__main__":
    main()
