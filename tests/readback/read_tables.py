#!/usr/bin/env python3
"""Opens the tables of a published run with pyarrow, DuckDB and (if it is there) Polars, as their users would.

usage: read_tables.py RUN_FOLDER...

Of each table: types as docs/formats.md has them; the readers agree on every cell; filters, which readers answer through
statistics, page index and bloom filters, give the rows that a full scan gives; the order is the declared one; sums agree
over the tables. Exit 1 and one line per fault. Deliberately not checked: whether the figures are right (tests/oracle does).
"""

import sys
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

try:
    import polars
except ImportError:
    polars = None

TEXT, LONG, INT = pa.string(), pa.int64(), pa.int32()
INSTANT, DATE, FLAG = pa.timestamp("us", tz="UTC"), pa.date32(), pa.bool_()
MASS, KM, SHARE, NANO, MICRO = (pa.decimal128(*p) for p in ((15, 3), (12, 3), (15, 6), (18, 9), (18, 6)))
SUM3, SUM6, SUM9, RATIO = (pa.decimal128(*p) for p in ((38, 3), (38, 6), (38, 9), (7, 6)))


def fields(text, kinds):
    """`a b? c` with a type for each: a question mark allows null."""
    names = text.split()
    assert len(names) == len(kinds), (len(names), len(kinds))
    return [pa.field(n.rstrip("?"), k, nullable=n.endswith("?")) for n, k in zip(names, kinds)]


GHG = "ghg_operation_kg ghg_provision_kg ghg_total_kg biogenic_co2_kg?"
GHG_SUMS = f"{GHG} biogenic_co2_elements"
BY_MODE = "ghg_road_kg ghg_rail_kg ghg_sea_kg ghg_inland_waterway_kg ghg_air_kg ghg_hub_kg"
TABLES = {
    "elements": (
        ["shipment_id", "container_id", "element"],
        fields(
            "shipment_id container_id? element kind movement_id? sequence? mode operation carrier? container_type? origin "
            "destination departed_at arrived_at? load_status temperature? cargo_mass_kg teu? containers energy_carrier? "
            "energy_quantity? energy_unit? evidence_ref? distance_km distance_basis? distance_source? activity_distance_km "
            "activity_basis? emission_distance_km transport_activity_tkm factor_id intensity_operation_g "
            f"intensity_provision_g intensity_per data_category {GHG} quality_flags source_file? source_row?",
            [TEXT, TEXT, INT, TEXT, TEXT, INT] + [TEXT] * 6 + [INSTANT, INSTANT, TEXT, TEXT, MASS, SHARE, SHARE, TEXT, MICRO]
            + [TEXT, TEXT, KM, TEXT, TEXT, KM, TEXT, KM, NANO, TEXT, NANO, NANO, TEXT, TEXT] + [NANO] * 4 + [TEXT, TEXT, LONG],
        ),
    ),
    "shipments": (
        ["shipment_id"],
        fields(
            "shipment_id corridor_id period origin destination first_departed_at last_arrived_at? modes? load_status containers "
            f"teu cargo_mass_kg elements rejected_rows is_complete transport_activity_tkm {GHG_SUMS} {BY_MODE} activity_basis? "
            "intensity_g_per_tkm? primary_share? quality_flags",
            [TEXT, TEXT, DATE, TEXT, TEXT, INSTANT, INSTANT, TEXT, TEXT, SUM6, SUM6, SUM3, LONG, LONG, FLAG]
            + [SUM9] * 5 + [LONG] + [SUM9] * 6 + [TEXT, SUM6, RATIO, TEXT],
        ),
    ),
    "corridors": (
        ["corridor_id", "period", "load_status"],
        fields(
            "corridor_id period load_status shipments incomplete_shipments containers teu cargo_mass_kg transport_activity_tkm "
            f"activity_basis? {GHG_SUMS} {BY_MODE} intensity_g_per_tkm? ghg_kg_per_teu? primary_share?",
            [TEXT, DATE, TEXT, LONG, LONG, SUM6, SUM6, SUM3, SUM9, TEXT] + [SUM9] * 4 + [LONG] + [SUM9] * 6 + [SUM6, SUM6, RATIO],
        ),
    ),
    "corridor_sections": (
        ["corridor_id", "period", "load_status", "kind", "mode", "origin", "destination"],
        fields(
            "corridor_id period load_status kind mode origin destination country_pair movements teu cargo_mass_kg "
            f"transport_activity_tkm {GHG_SUMS}",
            [TEXT, DATE] + [TEXT] * 6 + [LONG, SUM6, SUM3] + [SUM9] * 5 + [LONG],
        ),
    ),
    "rejected": (
        ["file", "row"],
        fields("file row code column? value? wanted shipment_id? movement_id?", [TEXT, LONG] + [TEXT] * 6),
    ),
    "factors": (["factor_id"], None),
}
BLOOM = ["container_id", "movement_id"]

faults = []


def fault(where, what):
    faults.append(f"{where}: {what}")


def files_of(run, table):
    single = run / f"{table}.parquet"
    return [single] if single.exists() else sorted((run / table).glob("part-*.parquet"))


def quoted(value):
    """A value as a DuckDB literal of its own type, so that no comparison is made in another one."""
    if isinstance(value, (bool, int)):
        return str(value).lower()
    if isinstance(value, Decimal):
        return f"'{value:f}'::DECIMAL(38,{-value.as_tuple().exponent})"
    if hasattr(value, "tzinfo"):
        return f"'{value.isoformat()}'::TIMESTAMPTZ"
    if hasattr(value, "isoformat"):
        return f"'{value.isoformat()}'::DATE"
    return "'" + value.replace("'", "''") + "'"


def probes(column):
    """Smallest, largest and a few values in between, present ones only."""
    present = column.drop_null()
    if len(present) == 0:
        return []
    picked = [present[i * (len(present) - 1) // 4].as_py() for i in range(5)]
    ends = [] if pa.types.is_boolean(column.type) else [pc.min(present).as_py(), pc.max(present).as_py()]
    return list(dict.fromkeys(picked + ends))


def check_schema(where, schema, wanted):
    if wanted is None:
        return
    found = [pa.field(f.name, f.type, f.nullable) for f in schema]
    for got, want in zip(found, wanted):
        if got != want:
            fault(where, f"column {got}, expected {want}")
    if len(found) != len(wanted):
        fault(where, f"{len(found)} columns, expected {len(wanted)}")


def check_file(path, key):
    where = f"{path.parent.name}/{path.name}"
    file = pq.ParquetFile(path)
    metadata = file.metadata
    for g in range(metadata.num_row_groups):
        group = metadata.row_group(g)
        names = [metadata.schema.column(c.column_index).name for c in group.sorting_columns]
        if names != key:
            fault(where, f"row group {g} is sorted by {names}, expected {key}")
        table = file.read_row_group(g)
        for c in range(group.num_columns):
            chunk, column = group.column(c), table.column(c)
            name = chunk.path_in_schema
            if chunk.compression != "ZSTD" or not chunk.has_column_index or not chunk.has_offset_index:
                fault(where, f"{name}: {chunk.compression}, page index {chunk.has_column_index} {chunk.has_offset_index}")
            statistics = chunk.statistics
            if statistics is None or statistics.null_count != column.null_count:
                fault(where, f"{name}: statistics without the number of nulls")
            elif column.null_count < len(column) and not pa.types.is_boolean(column.type):
                low, high = pc.min(column).as_py(), pc.max(column).as_py()
                kept = statistics.min, statistics.max
                exact = (low, high) == kept or not isinstance(low, str)
                if (exact and (low, high) != kept) or not (kept[0] <= low and high <= kept[1]):
                    fault(where, f"{name}: statistics {kept}, found {low!r}, {high!r}")


def check_order(where, table, key):
    sorting = [(name, "ascending", "at_start") for name in key]
    if pc.sort_indices(table, sort_keys=sorting).equals(pa.array(range(len(table)), pa.uint64())):
        return
    order = table.select(key).take(pc.sort_indices(table, sort_keys=sorting))
    if not order.equals(table.select(key)):
        fault(where, f"is not in the order of {key}")


def check_readers(where, paths, table):
    names = [str(p) for p in paths]
    others = {"DuckDB": duckdb.read_parquet(names).to_arrow_table()}
    if polars is not None:
        others["Polars"] = polars.read_parquet(names).to_arrow()
    for reader, other in others.items():
        for name in table.column_names:
            ours, theirs = table[name].combine_chunks(), other[name].combine_chunks()
            if not ours.equals(theirs if theirs.type == ours.type else theirs.cast(ours.type)):
                fault(where, f"{reader} reads {name} differently ({theirs.type})")


def neighbours(value):
    """Values just beside one that is there, mostly absent: what filters must not find."""
    if isinstance(value, bool):
        return []
    if isinstance(value, int):
        return [value + 1]
    if isinstance(value, Decimal):
        unit = Decimal(1).scaleb(value.as_tuple().exponent)
        return [value + unit, value - unit]
    if hasattr(value, "tzinfo"):
        return [value + timedelta(microseconds=1)]
    if hasattr(value, "isoformat"):
        return [value + timedelta(days=1)]
    return [value + "x", value[:-1]]


class Scan:
    """Asks DuckDB and pyarrow for the rows that a filter leaves, and compares them with those of a full scan."""

    def __init__(self, where, paths, table, key):
        self.where, self.table, self.key = where, table, key
        self.names = [str(p) for p in paths]
        self.dataset = ds.dataset(self.names)
        # A row is told by its key; rows of rejected files may share one, so that order and number count too.
        self.keys = table.select(key).combine_chunks()

    def check(self, shown, sql, expression, mask):
        wanted = self.keys.filter(mask)
        columns = ", ".join(f'"{name}"' for name in self.key)
        ask = f"select {columns} from read_parquet({self.names}) where {sql}"
        answers = {
            "DuckDB": duckdb.sql(ask).to_arrow_table(),
            "pyarrow": self.dataset.to_table(columns=self.key, filter=expression),
        }
        for reader, found in answers.items():
            if not found.cast(wanted.schema).combine_chunks().equals(wanted):
                fault(self.where, f"{reader} finds {len(found)} rows with {shown}, a scan {len(wanted)}, or others")


def check_filters(where, paths, table, key):
    scan = Scan(where, paths, table, key)
    for name in table.column_names:
        column, field = table[name], ds.field(name)
        scan.check(f"{name} is null", f'"{name}" is null', field.is_null(), pc.is_null(column))
        present = probes(column)
        for value in present + [n for v in present[:3] for n in neighbours(v)]:
            scalar = pa.scalar(value, column.type)
            for sign, compare, ask in (
                ("=", pc.equal, lambda f, v: f == v),
                ("<", pc.less, lambda f, v: f < v),
                (">=", pc.greater_equal, lambda f, v: f >= v),
            ):
                if sign == "=" or (value in present and not pa.types.is_boolean(column.type)):
                    scan.check(f"{name} {sign} {value!r}", f'"{name}" {sign} {quoted(value)}', ask(field, scalar), compare(column, scalar))


def check_combined(where, paths, table, key):
    """A range of dates, of a decimal and an id at once: what a report asks."""
    scan = Scan(where, paths, table, key)
    dates, decimals, ids = "departed_at", "ghg_total_kg", "container_id"
    for low, high in pairwise(sorted(probes(table[dates]))):
        for least in probes(table[decimals]):
            for value in probes(table[ids])[:2] + [None]:
                span = pa.scalar(low, table[dates].type), pa.scalar(high, table[dates].type)
                bound = pa.scalar(least, table[decimals].type)
                mask = pc.and_(pc.greater_equal(table[dates], span[0]), pc.less(table[dates], span[1]))
                mask = pc.and_(mask, pc.greater_equal(table[decimals], bound))
                expression = (ds.field(dates) >= span[0]) & (ds.field(dates) < span[1]) & (ds.field(decimals) >= bound)
                sql = f"{dates} >= {quoted(low)} and {dates} < {quoted(high)} and {decimals} >= {quoted(least)}"
                if value is not None:
                    mask = pc.and_(mask, pc.equal(table[ids], value))
                    expression = expression & (ds.field(ids) == value)
                    sql += f" and {ids} = {quoted(value)}"
                scan.check(sql, sql, expression, mask)


def check_bloom(where, paths, table):
    for name in BLOOM:
        for value in probes(table[name]):
            for path in paths:
                rows = pq.read_table(path, columns=[name])[name]
                if not pc.any(pc.equal(rows, value)).as_py():
                    continue
                probe = duckdb.sql(f"select bool_and(bloom_filter_excludes) from parquet_bloom_probe('{path}', '{name}', '{value}')")
                if probe.fetchall()[0][0] is not False:
                    fault(where, f"the bloom filters of {name} exclude {value}, which is there")


def check_run(run):
    sums = {}
    for name, (key, wanted) in TABLES.items():
        paths, where = files_of(run, name), f"{run.name}/{name}"
        if not paths:
            fault(where, "is missing")
            continue
        table = pa.concat_tables(pq.read_table(p, partitioning=None) for p in paths)
        check_schema(where, pq.read_schema(paths[0]), wanted)
        for path in paths:
            check_file(path, key)
        check_order(where, table, key)
        check_readers(where, paths, table)
        check_filters(where, paths, table, key)
        if name == "elements":
            check_bloom(where, paths, table)
            check_combined(where, paths, table, key)
        if "ghg_total_kg" in table.column_names:
            files = [str(p) for p in paths]
            sums[name] = duckdb.sql(f"select coalesce(sum(ghg_total_kg), 0) from read_parquet({files})").fetchall()[0][0]
        print(f"{where}: {len(table)} rows, {len(table.column_names)} columns, {len(paths)} files")
    if len(set(sums.values())) != 1:
        fault(run.name, f"the tables have different sums: {sums}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for argument in sys.argv[1:]:
        check_run(Path(argument))
    print("\n".join(faults), file=sys.stderr)
    readers = "pyarrow, DuckDB" + (", Polars" if polars else "")
    print(f"read back with {readers}: {len(faults)} faults" + ("" if polars else ", skipped (polars)"))
    sys.exit(1 if faults else 0)
