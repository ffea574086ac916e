"""The Python package as users have it: figures against the published run of the sample, every kind of table, hostile inputs.

usage: check.py PROGRAM [unittest arguments]
"""

import csv
import gc
import logging
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import unittest
import weakref
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import duckdb
import pandas
import polars
import pyarrow as pa
import pyarrow.parquet as pq

import green_corridor
from green_corridor import Engine

HOME = Path(__file__).resolve().parents[2]
RUN_FILE = HOME / "data/run.toml"
MOVEMENTS = "movements/2025-03.csv"
# Of the long form, `ENGINES=1000`.
THOUSAND = int(os.environ.get("ENGINES", "100"))
PROGRAM = Path(sys.argv.pop(1)).resolve() if __name__ == "__main__" else None


def sample() -> pa.Table:
    """The rows of the shipped sample as text, with the places where they stand."""
    with open(HOME / "data" / MOVEMENTS, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        records = list(reader)
    columns = {name: pa.array([record[name] or None for record in records], pa.string()) for name in reader.fieldnames}
    columns["_file"] = pa.array([MOVEMENTS] * len(records))
    columns["_row"] = pa.array(range(1, len(records) + 1), pa.int64())
    return pa.table(columns)


def published(folder: Path, name: str) -> pa.Table:
    path = folder / name
    return pq.read_table(path if path.is_dir() else path.with_suffix(".parquet"))


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rows = sample()
        cls.engine = Engine.open(RUN_FILE)

    def same(self, found: pa.Table, wanted: pa.Table, name: str):
        """Every value of every column, in order."""
        self.assertEqual(found.column_names, wanted.column_names, name)
        self.assertEqual([f.type for f in found.schema], [f.type for f in wanted.schema], name)
        self.assertEqual([f.nullable for f in found.schema], [f.nullable for f in wanted.schema], name)
        found.validate(full=True)
        self.assertEqual(found.num_rows, wanted.num_rows, name)
        for column in wanted.column_names:
            self.assertTrue(found[column].equals(wanted[column]), f"{name}: {column}")


class Figures(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        out = Path(cls.folder.name) / "out"
        subprocess.run([PROGRAM, "run", RUN_FILE, "--out", out], check=True, capture_output=True)
        cls.out = out
        cls.run_folder = (out / "latest").resolve()
        cls.wanted = {name: published(cls.run_folder, name) for name in ("elements", "shipments", "rejected")}

    def footprints(self, footprints):
        tables = {name: getattr(footprints, name).read_all() for name in self.wanted}
        for name, table in tables.items():
            self.same(table, self.wanted[name], name)
        return footprints

    def test_rows_of_every_library_come_to_the_published_figures(self):
        connection = duckdb.connect()
        rows = self.rows
        sources = {
            "table": rows,
            "reader": pa.RecordBatchReader.from_batches(rows.schema, rows.to_batches(max_chunksize=1000)),
            "batch": rows.combine_chunks().to_batches()[0],
            "polars": polars.from_arrow(rows),
            "pandas": rows.to_pandas(),
            "duckdb": connection.sql("SELECT * FROM rows"),
        }
        for name, source in sources.items():
            with self.subTest(name):
                sums = self.footprints(self.engine.footprint(source)).sums
                self.assertEqual(sums.rows, rows.num_rows)
                self.assertEqual(sums.accepted + sum(sums.rejected.values()), sums.rows)
                self.assertEqual(str(sums.ghg_total_kg), "15570056.442712594")

    def test_order_and_cuts_of_rows_do_not_matter(self):
        shuffled = self.rows.take([i * 7919 % self.rows.num_rows for i in range(self.rows.num_rows)])
        self.footprints(self.engine.footprint(shuffled))
        self.footprints(self.engine.footprint(shuffled, threads=2))
        # Little memory: rows wait on disk.
        self.footprints(self.engine.footprint(shuffled, memory=1 << 20))
        session = self.engine.session()
        for batch in shuffled.to_batches(max_chunksize=7):
            session.push(batch)
        self.footprints(session.finish())
        ids = pandas.Series(self.rows["shipment_id"].to_pylist()).fillna("").str.strip()
        order = sorted(range(len(ids)), key=lambda i: ids[i].encode())
        self.footprints(self.engine.footprint(self.rows.take(order), sorted=True))

    def test_a_table_is_read_by_whoever_reads_arrow(self):
        footprints = self.engine.footprint(self.rows)
        frame = polars.DataFrame(footprints.elements)
        self.assertEqual(frame["ghg_total_kg"].sum(), Decimal("15570056.442712594"))
        reader = pa.RecordBatchReader.from_stream(footprints.shipments)
        self.same(reader.read_all(), self.wanted["shipments"], "shipments")
        rejected = footprints.rejected
        found = duckdb.connect().sql("SELECT count(*) FROM rejected").fetchall()[0]
        self.assertEqual(found[0], self.wanted["rejected"].num_rows)
        turns = {name: [] for name in self.wanted}
        for batches in self.engine.footprint(self.rows).by_turns():
            for name, batch in zip(turns, batches):
                if batch is not None:
                    turns[name].append(batch)
        for name, batches in turns.items():
            self.same(pa.Table.from_batches(batches), self.wanted[name], name)

    def test_runs_in_process_are_the_programs(self):
        out = Path(self.folder.name) / "in-process"
        told = []
        engine = Engine.open(RUN_FILE, out=out, threads=1)
        summary = engine.run(progress=lambda *now: told.append(now))
        self.assertEqual(summary.run_id, self.run_folder.name)
        self.assertEqual(str(summary.ghg_total_kg), "15570056.442712594")
        self.assertTrue({"load", "compute"} <= {stage for stage, *_ in told} or len(told) > 2, told)
        self.assertTrue(engine.run().was_there)
        verified = Engine.at(out).verify(recalculate=True)
        self.assertEqual(verified.recalculated, summary.elements)
        self.assertEqual(verified.ghg_total_kg, summary.ghg_total_kg)
        shipment = self.wanted["shipments"]["shipment_id"][0].as_py()
        sheet = Engine.at(out).explain(shipment)
        self.assertEqual((sheet["run_id"], sheet["shipment_id"]), (summary.run_id, shipment))
        part = next(out.resolve().glob("runs/*/elements/*.parquet"))
        part.chmod(0o644)
        part.write_bytes(part.read_bytes()[:-1])
        with self.assertRaises(green_corridor.VerificationError) as raised:
            Engine.at(out).verify()
        self.assertIn(part.name, str(raised.exception))

    def test_routes_are_compared(self):
        answer = green_corridor.compare("CNCKG", "SGSIN", cargo_kg=18000, depart="2025-06-02", options=3)
        totals = [Decimal(option["ghg_total_kg"]) for option in answer["options"]]
        self.assertEqual((len(totals), totals), (3, sorted(totals)))
        with self.assertRaisesRegex(green_corridor.UsageError, "nowhere: unknown place"):
            green_corridor.compare("CNCKG", "nowhere")
        with self.assertRaisesRegex(green_corridor.UsageError, "objective"):
            green_corridor.compare("CNCKG", "SGSIN", objective="luck")


class Hostile(Case):
    """Inputs of every shape: the same figures, or an error that says where."""

    def setUp(self):
        self.few = self.rows.slice(0, 400)
        self.wanted = self.computed(self.few)

    def computed(self, rows, **options):
        footprints = self.engine.footprint(rows, **options)
        return [table.read_all() for table in footprints]

    def agrees(self, rows, **options):
        for found, wanted, name in zip(self.computed(rows, **options), self.wanted, ("elements", "shipments", "rejected")):
            self.same(found, wanted, name)

    def with_column(self, name, array):
        return self.few.set_column(self.few.column_names.index(name), name, array)

    def refused(self, rows, pattern, kind=green_corridor.InputError, **options):
        with self.assertRaisesRegex(kind, pattern) as raised:
            self.computed(rows, **options)
        return raised.exception

    def test_texts_of_every_width(self):
        texts = [f.name for f in self.few.schema if f.type == pa.string()]
        for kind in (pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())):
            with self.subTest(str(kind)):
                self.agrees(self.few.cast(pa.schema([(f.name, kind if f.name in texts else f.type) for f in self.few.schema])))
        for keys in (pa.int8(), pa.uint32(), pa.int64()):
            for values in (pa.string(), pa.large_string()):
                with self.subTest(f"{keys} {values}"):
                    coded = self.few["mode"].combine_chunks().dictionary_encode().cast(pa.dictionary(keys, values))
                    self.agrees(self.with_column("mode", coded))
        self.agrees(polars.from_arrow(self.few).with_columns(polars.col("mode").cast(polars.Categorical)))
        # A null among the values of a dictionary is no text.
        codes = pa.DictionaryArray.from_arrays(pa.array([0, 1] * 200, pa.int32()), pa.array(["45G1", None]))
        plain = pa.array(["45G1", None] * 200)
        self.wanted = self.computed(self.with_column("container_type", plain))
        self.agrees(self.with_column("container_type", codes))

    def test_numbers_and_times_of_every_width(self):
        few = self.few
        mass = few["cargo_mass_kg"].to_pylist()
        decimals = [None if m is None else Decimal(m) for m in mass]
        if all(d is None or d == d.quantize(Decimal("0.001")) for d in decimals):
            for kind in (pa.decimal128(18, 3), pa.decimal128(38, 3), pa.float64()):
                with self.subTest(str(kind)):
                    values = decimals if pa.types.is_decimal(kind) else [None if d is None else float(d) for d in decimals]
                    self.agrees(self.with_column("cargo_mass_kg", pa.array(values, kind)))
        sequence = pa.array([None if s is None else int(s) for s in few["sequence"].to_pylist()])
        for kind in (pa.int8(), pa.uint16(), pa.int32(), pa.int64(), pa.uint64()):
            with self.subTest(str(kind)):
                self.agrees(self.with_column("sequence", sequence.cast(kind)))
        times = pandas.to_datetime(pandas.Series(few["departed_at"].to_pylist()), utc=True, format="ISO8601")
        for unit in ("s", "ms", "us", "ns"):
            with self.subTest(unit):
                self.agrees(self.with_column("departed_at", pa.array(times).cast(pa.timestamp(unit, "UTC"))))

    def test_values_in_other_layouts(self):
        few = self.few
        mode = few["mode"].combine_chunks()
        texts = mode.to_pylist()
        ends = [i + 1 for i in range(400) if i == 399 or texts[i] != texts[i + 1]]
        runs = pa.RunEndEncodedArray.from_arrays(pa.array(ends, pa.int32()), pa.array([texts[i - 1] for i in ends]))
        for kind in (pa.binary(), pa.large_binary(), pa.binary_view(), pa.dictionary(pa.int32(), pa.binary())):
            with self.subTest(str(kind)):
                coded = mode.cast(pa.binary())
                self.agrees(self.with_column("mode", coded.dictionary_encode() if pa.types.is_dictionary(kind) else coded.cast(kind)))
        self.agrees(self.with_column("mode", runs))
        # A slice of a longer column, and a dictionary of which most is not used.
        for column in (runs, mode.cast(pa.large_string()), mode.cast(pa.string_view())):
            twice = pa.concat_arrays([column, column])
            self.agrees(self.with_column("mode", twice.slice(400)))
        many = pa.array([f"V{i}" for i in range(5000)] + sorted(set(texts)))
        places = {text: 5000 + i for i, text in enumerate(sorted(set(texts)))}
        self.agrees(self.with_column("mode", pa.DictionaryArray.from_arrays(pa.array([places[t] for t in texts], pa.int32()), many)))
        self.wanted = self.computed(self.with_column("cargo_mass_kg", pa.array(["1000.5"] * 400)))
        for kind in (pa.decimal32(8, 1), pa.decimal64(18, 3), pa.decimal128(38, 9), pa.float16(), pa.float32()):
            with self.subTest(str(kind)):
                self.agrees(self.with_column("cargo_mass_kg", pa.array([1000.5] * 400).cast(kind)))
        noon = datetime(2025, 3, 1, tzinfo=timezone.utc)
        self.wanted = self.computed(self.with_column("departed_at", pa.array([noon] * 400)))
        for zone in ("Europe/Amsterdam", "Asia/Shanghai", "+05:30"):
            with self.subTest(zone):
                self.agrees(self.with_column("departed_at", pa.array([noon] * 400, pa.timestamp("us", zone))))
        self.wanted = self.computed(self.with_column("departed_at", pa.array([noon.date()] * 400)))
        self.agrees(self.with_column("departed_at", pa.array([noon.date()] * 400, pa.date64())))

    def test_columns_in_pieces_of_their_own(self):
        pieces = {}
        for at, name in enumerate(self.few.column_names, 1):
            whole = self.few[name].combine_chunks()
            pieces[name] = pa.chunked_array([whole.slice(0, 7 * at), whole.slice(7 * at, 0), whole.slice(7 * at)])
        self.agrees(pa.table(pieces))

    def test_values_out_of_bounds(self):
        huge = Decimal(10) ** 37
        cases = [
            ("cargo_mass_kg", pa.array([huge] * 400, pa.decimal128(38, 0)), "R003"),
            ("cargo_mass_kg", pa.array([1e300] * 400), "R003"),
            ("cargo_mass_kg", pa.array([float("nan")] * 400), "R002"),
            ("cargo_mass_kg", pa.array([float("-inf")] * 400), "R002"),
            ("sequence", pa.array([2**63 - 1] * 400), "R003"),
            ("sequence", pa.array([2**64 - 1] * 400, pa.uint64()), "R003"),
            ("sequence", pa.array([-(2**63)] * 400), "R003"),
            ("sequence", pa.array(["9" * 5000] * 400), "R003"),
            ("departed_at", pa.array([2**63 - 1] * 400).view(pa.timestamp("s", "UTC")), "R004"),
            ("shipment_id", pa.array(["S\x001"] * 400), "R016"),
            ("carrier", pa.array(["a\x00b"] * 400), "R016"),
            ("shipment_id", pa.array(["x" * 1_000_000] * 400), "R016"),
        ]
        for name, array, code in cases:
            with self.subTest(f"{name} {array.type} {code}"):
                elements, _, rejected = self.computed(self.with_column(name, array))
                found = [(row["code"], row["column"]) for row in rejected.to_pylist() if row["code"] != "R010"]
                # What is empty in the sample stays what it is: every row has the value.
                self.assertEqual((elements.num_rows, set(found)), (0, {(code, name)}))

    def test_types_that_cannot_be(self):
        numbers = pa.array(range(400))
        error = self.refused(self.with_column("departed_at", numbers), 'column "departed_at" is Int64, wanted a timestamp')
        self.assertEqual((error.kind, error.exit_code), ("input", 3))
        place = (error.file, error.row, error.column, error.found, error.wanted)
        self.assertEqual(place, ("memory", None, "departed_at", "Int64", "a timestamp, date or text"))
        self.refused(self.with_column("departed_at", pa.array([timedelta(1)] * 400)), "is Duration")
        self.refused(self.with_column("departed_at", pa.array([numbers[0].as_py()] * 400).cast(pa.time64("us"))), "is Time64")
        self.refused(self.with_column("movement_id", pa.array([bytes(16)] * 400, pa.binary(16))), "is FixedSizeBinary")
        self.refused(self.with_column("mode", pa.array([["a"]] * 400, pa.list_view(pa.string()))), "is ListView")
        self.refused(self.with_column("mode", pa.array([[("a", 1)]] * 400, pa.map_(pa.string(), pa.int64()))), "is Map")
        self.refused(self.with_column("cargo_mass_kg", pa.array([Decimal(1)] * 400, pa.decimal256(76, 0))), "is Decimal256")
        self.refused(None, "found NoneType, wanted a table", TypeError)
        self.refused("rows", "found str, wanted a table", TypeError)
        self.refused(pandas.Series([1]), "Schema", ValueError)
        with self.assertRaisesRegex(TypeError, "found NoneType"):
            self.engine.session().push(None)
        self.refused(self.few, "files: found 'a.csv', wanted a list", TypeError, files="a.csv")
        for wrong in ({"memory": 0}, {"threads": 0}, {"threads": 1_000_000}):
            self.refused(self.few, "wanted", green_corridor.UsageError, **wrong)
        self.refused(self.with_column("cargo_mass_kg", pa.array([[1]] * 400)), 'column "cargo_mass_kg" is List')
        self.refused(self.with_column("mode", pa.array([{"a": 1}] * 400)), 'column "mode" is Struct')
        self.refused(self.with_column("cargo_mass_kg", pa.array([True] * 400)), 'column "cargo_mass_kg" is Boolean')
        self.refused(self.few.drop_columns(["mode"]), "mode")
        self.refused(self.few.append_column("mode", self.few["mode"]), "mode")
        self.refused(pa.table({}), "shipment_id")
        self.refused([1, 2, 3], "found list, wanted a table", TypeError)
        self.refused(pa.array([1]), "Struct", TypeError)

    def test_columns_without_a_value(self):
        self.wanted = self.computed(self.with_column("carrier", pa.nulls(400, pa.string())))
        self.agrees(self.with_column("carrier", pa.nulls(400)))
        elements, shipments, rejected = self.computed(self.with_column("shipment_id", pa.nulls(400)))
        self.assertEqual((elements.num_rows, shipments.num_rows, rejected.num_rows), (0, 0, 400))
        self.assertEqual(set(rejected["code"].to_pylist()), {"R001"})

    def test_cells_that_are_no_text(self):
        # Bytes that are not UTF-8, which Arrow takes for text when told so.
        broken = pa.array([b"\xff\xfe"] * 400, pa.binary()).view(pa.string())
        elements, _, rejected = self.computed(self.with_column("evidence_ref", broken) if "evidence_ref" in self.few.column_names else self.few.append_column("evidence_ref", broken))
        self.assertEqual(set(rejected["code"].to_pylist()) & {"R016"}, {"R016"})
        self.assertEqual(elements.num_rows, 0)

    def test_no_rows(self):
        for rows in (self.few.slice(0, 0), pa.RecordBatchReader.from_batches(self.few.schema, [])):
            for table, name in zip(self.computed(rows), ("elements", "shipments", "rejected")):
                self.assertEqual(table.num_rows, 0)
                self.assertEqual(table.schema.names, self.wanted[("elements", "shipments", "rejected").index(name)].schema.names)

    def test_a_shipment_over_the_bounds_of_batches(self):
        one = self.few.slice(0, 6)
        many = pa.concat_tables([one] * 8000)
        ids = pa.array(["ONE"] * many.num_rows)
        many = many.set_column(many.column_names.index("shipment_id"), "shipment_id", ids)
        many = many.set_column(many.column_names.index("_row"), "_row", pa.array(range(1, many.num_rows + 1)))
        many = many.set_column(many.column_names.index("movement_id"), "movement_id", pa.array([str(i) for i in range(many.num_rows)]))
        many = many.set_column(many.column_names.index("sequence"), "sequence", pa.array(range(1, many.num_rows + 1)))
        self.wanted = self.computed(many)
        self.assertEqual(self.wanted[1].num_rows, 1)
        self.agrees(many, sorted=True)
        pieces = pa.Table.from_batches([b for at in range(0, many.num_rows, 999) for b in many.slice(at, 999).to_batches()])
        self.agrees(pieces, sorted=True)

    def test_order_is_kept_or_the_row_is_named(self):
        rows = self.few.sort_by([("shipment_id", "descending")])
        error = self.refused(rows, "shipment_id", sorted=True)
        self.assertEqual((error.file, error.column), (MOVEMENTS, "shipment_id"))
        self.assertIsInstance(error.row, int)
        self.assertIsNotNone(error.found)

    def test_places(self):
        many = pa.concat_tables([self.few] * 101)
        late = many.set_column(many.column_names.index("_row"), "_row", pa.array([*range(1, 40_000), *[None] * 401]))
        self.assertEqual(self.refused(late, "_row").row, 40_000)
        error = self.refused(self.with_column("_row", pa.array([1, None] * 200)), "_row")
        self.assertEqual((error.column, error.row, error.wanted), ("_row", 2, "a number from 1"))
        self.refused(self.with_column("_row", pa.array([0] * 400)), "_row")
        self.refused(self.few, 'column "_file": found', files=["another.csv"])
        two = self.with_column("_file", pa.array(["b.csv", "a.csv"] * 200))
        self.refused(two.sort_by("shipment_id"), "several files", sorted=True)
        self.wanted = self.computed(two)
        self.agrees(two.sort_by("shipment_id"), sorted=True, files=["b.csv", "a.csv"])
        plain = self.few.drop_columns(["_file", "_row"])
        rejected = self.computed(plain)[2]
        self.assertLessEqual(set(rejected["file"].to_pylist()), {"memory"})

    def test_columns_that_mean_nothing_are_told(self):
        with self.assertLogs("green_corridor", logging.WARNING) as logs:
            self.agrees(self.few.append_column("colour", pa.array(["red"] * 400)))
        self.assertIn("colour", logs.output[0])

    def test_a_reader_that_fails(self):
        def batches():
            yield self.few.to_batches()[0]
            raise RuntimeError("the sea is rough")

        rows = pa.RecordBatchReader.from_batches(self.few.schema, batches())
        self.refused(rows, "the sea is rough")

        def others():
            yield self.few.to_batches()[0]
            yield self.few.select(["mode"]).to_batches()[0]

        rows = pa.RecordBatchReader.from_batches(self.few.schema, others())
        self.refused(rows, "a batch that has not the columns of its stream")

        class Strange:
            """Says that it speaks Arrow."""

            def __init__(self, answer):
                self.answer = answer

            def __arrow_c_stream__(self, requested_schema=None):
                return self.answer()

        self.refused(Strange(lambda: 5), "capsule", TypeError)
        self.refused(Strange(self.few.schema.__arrow_c_schema__), "capsule", TypeError)
        self.refused(Strange({}.popitem), "empty", KeyError)
        capsule = self.few.__arrow_c_stream__()
        self.agrees(Strange(lambda: capsule))
        self.refused(Strange(lambda: capsule), "already released", ValueError)

    def test_a_reader_is_read_once(self):
        rows = pa.RecordBatchReader.from_batches(self.few.schema, self.few.to_batches())
        self.agrees(rows)
        with self.assertLogs("green_corridor", logging.WARNING) as logs:
            self.assertEqual([table.num_rows for table in self.computed(rows)], [0, 0, 0])
        self.assertIn("no row", logs.output[0])
        footprints = self.engine.footprint(self.few)
        reader = footprints.elements
        first = reader.read_all()
        self.assertTrue(first.equals(self.wanted[0]))
        self.assertEqual(reader.read_all().num_rows, 0)
        with self.assertRaises(StopIteration):
            reader.read_next_batch()

    def test_a_session_is_pushed_and_finished(self):
        session = self.engine.session()
        session.push(self.few)
        session.finish()
        with self.assertRaisesRegex(green_corridor.UsageError, "no rows after finish"):
            session.push(self.few)

    def test_run_files_and_libraries_that_are_wrong(self):
        with self.assertRaises(green_corridor.UsageError) as raised:
            Engine.open("no/run.toml")
        self.assertEqual(raised.exception.exit_code, 2)
        with self.assertRaises(green_corridor.Error):
            Engine.shipped("luck")
        with self.assertRaises(green_corridor.UsageError):
            Engine.at("out").footprint(self.few)


class Manners(Case):
    """What a guest in somebody else's process must not do."""

    def many(self, times):
        return pa.RecordBatchReader.from_batches(self.rows.schema, (b for _ in range(times) for b in self.rows.to_batches()))

    def test_the_interpreter_is_free_meanwhile(self):
        counted, stop = [0], threading.Event()

        def count():
            while not stop.is_set():
                counted[0] += 1
                time.sleep(0.0005)

        thread = threading.Thread(target=count)
        thread.start()
        began = time.monotonic()
        self.engine.footprint(pa.concat_tables([self.rows] * 10)).elements.read_all()
        took = time.monotonic() - began
        stop.set()
        thread.join()
        # Without the lock half of the rounds that a quiet machine would make are plenty.
        self.assertGreater(counted[0], took / 0.0005 / 20, f"{counted[0]} rounds in {took:.2f} s")

    def test_threads_share_an_engine(self):
        wanted, found = self.engine.footprint(self.rows).elements.read_all(), {}

        def work(number):
            found[number] = self.engine.footprint(self.rows).elements.read_all()

        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertTrue(all(found[n].equals(wanted) for n in range(4)))

    def test_memory_does_not_grow(self):
        def resident():
            with open("/proc/self/statm") as file:
                return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)

        rows = self.rows.slice(0, 2000)

        def calls(number):
            for _ in range(number):
                for table in self.engine.footprint(rows):
                    table.read_all()
                # One that nobody reads, and one that is left in the middle.
                self.engine.footprint(rows)
                next(iter(self.engine.footprint(rows, sorted=True).rejected), None)
            gc.collect()
            pa.default_memory_pool().release_unused()

        if not Path("/proc/self/statm").exists():
            self.skipTest("no /proc")
        calls(50)
        before = resident()
        calls(200)
        self.assertLess(resident() - before, 32, "MiB more after 200 calls")

    def test_turns_hold_little(self):
        """A table of which nothing comes before the end is not waited for."""
        ids = pandas.Series(self.rows["shipment_id"].to_pylist()).fillna("").str.strip()
        order = sorted(range(len(ids)), key=lambda i: ids[i].encode())
        rows, taken = self.rows.take(order).to_batches(max_chunksize=1000), []

        def batches():
            for batch in rows:
                taken.append(batch.num_rows)
                yield batch

        reader = pa.RecordBatchReader.from_batches(self.rows.schema, batches())
        turns = self.engine.footprint(reader, sorted=True).by_turns()
        next(turns)
        self.assertLess(len(taken), 4)
        self.assertIsNotNone([turn for turn in turns][-1].rejected)

    def test_a_thousand_engines(self):
        def resident():
            with open("/proc/self/statm") as file:
                return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)

        if not Path("/proc/self/statm").exists():
            self.skipTest("no /proc")
        rows = self.rows.slice(0, 20)

        def engines(number):
            for _ in range(number):
                Engine.shipped("open").footprint(rows).elements.read_all()
            gc.collect()

        engines(20)
        before, files, threads = resident(), len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))
        engines(THOUSAND)
        # An engine that stays would be some ten; arenas of an allocator grow for a while.
        self.assertLess(resident() - before, 64, f"MiB more after {THOUSAND} engines")
        self.assertEqual(len(os.listdir("/proc/self/fd")), files)
        # A thread ends a moment after its last answer.
        end = time.monotonic() + 5
        while len(os.listdir("/proc/self/task")) > threads and time.monotonic() < end:
            time.sleep(0.01)
        self.assertLessEqual(len(os.listdir("/proc/self/task")), threads)

    def test_what_refers_to_itself_is_collected(self):
        class Holder:
            def begin(self, engine, rows):
                self.footprints = engine.footprint(rows, progress=self.tell)

            def tell(self, *_):
                pass

        holder = Holder()
        holder.begin(self.engine, self.rows.slice(0, 20))
        gone = weakref.ref(holder)
        del holder
        gc.collect()
        self.assertIsNone(gone())

    def test_a_child_begins_its_own_session(self):
        if not hasattr(os, "fork"):
            self.skipTest("no fork")
        rows = self.rows.slice(0, 2000)
        wanted = self.engine.footprint(rows).elements.read_all()
        begun = self.engine.footprint(rows)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                signal.alarm(20)
                if self.engine.footprint(rows).elements.read_all().equals(wanted):
                    begun.elements.read_all()
            except green_corridor.UsageError as error:
                code = 0 if "another process" in str(error) else 2
            finally:
                os._exit(code)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)
        self.assertTrue(begun.elements.read_all().equals(wanted))

    def test_who_waits_for_itself_is_told(self):
        told = []

        def ask(*_):
            try:
                footprints.sums
            except green_corridor.UsageError as error:
                told.append(str(error))

        footprints = self.engine.footprint(self.rows, progress=ask)
        footprints.elements.read_all()
        self.assertIn("asked by their own rows or progress", told[0])

        def batches():
            footprints.shipments.read_next_batch()
            yield from self.rows.to_batches()

        footprints = self.engine.footprint(pa.RecordBatchReader.from_batches(self.rows.schema, batches()))
        with self.assertRaisesRegex(green_corridor.InputError, "asked by their own rows"):
            footprints.elements.read_all()
        # Rows that another session computes are none of that.
        inner = self.engine.footprint(self.rows)
        outer = pa.RecordBatchReader.from_batches(self.rows.schema, (b for _ in inner.elements for b in self.rows.to_batches()))
        self.assertGreater(self.engine.footprint(outer).rejected.read_all().num_rows, 0)

    def test_progress_is_told_and_may_stop(self):
        told = []
        self.engine.footprint(self.many(3), progress=lambda *now: told.append(now)).elements.read_all()
        self.assertEqual({stage for stage, *_ in told}, {"compute"})
        self.assertEqual(max(rows for _, rows, *_ in told), 3 * self.rows.num_rows)

        def stop(*_):
            raise LookupError("enough")

        with self.assertRaisesRegex(LookupError, "enough"):
            self.engine.footprint(self.many(3), progress=stop).elements.read_all()

    def interrupted(self, work):
        code = textwrap.dedent(f"""
            import signal, sys, time
            sys.path.insert(0, {str(Path(__file__).parent)!r})
            import pyarrow as pa
            from green_corridor import Engine
            from check import sample, RUN_FILE
            rows = sample()
            engine = Engine.open(RUN_FILE, out=sys.argv[1])
            def endless():
                while True:
                    yield from rows.to_batches()
            reader = pa.RecordBatchReader.from_batches(rows.schema, endless())
            # A job in the background begins with the signal ignored.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            print("ready", flush=True)
            try:
                try:
                    {work}
                except Exception:
                    time.sleep(5)
            except KeyboardInterrupt:
                print("stopped", flush=True)
        """)
        with tempfile.TemporaryDirectory() as out:
            process = subprocess.Popen([sys.executable, "-c", code, out], stdout=subprocess.PIPE, text=True)
            self.assertEqual(process.stdout.readline().strip(), "ready")
            time.sleep(0.5)
            process.send_signal(signal.SIGINT)
            try:
                self.assertEqual(process.communicate(timeout=20)[0].strip(), "stopped")
            finally:
                process.kill()

    def test_ctrl_c(self):
        self.interrupted("engine.footprint(reader).elements.read_all()")
        # A reader of somebody else makes an error of its own of it; the interrupt comes all the same.
        self.interrupted("list(pa.RecordBatchReader.from_stream(engine.footprint(reader).elements))")
        self.interrupted("pa.Table.from_batches(b for b, *_ in engine.footprint(reader, sorted=False, threads=2).by_turns())")

    def test_what_is_offered_is_described(self):
        self.assertTrue((Path(green_corridor.__file__).parent / "py.typed").exists())
        for name in green_corridor.__all__:
            self.assertTrue(getattr(green_corridor, name).__doc__ or name.isupper() or name == "__version__", name)


if __name__ == "__main__":
    logging.getLogger("green_corridor").addHandler(logging.NullHandler())
    unittest.main(verbosity=2)
