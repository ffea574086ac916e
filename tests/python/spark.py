"""A run on Spark (local-cluster of two executors) or on Sail is the run of the program: every value of every table.

usage: spark.py spark|sail PROGRAM [unittest arguments]
"""

import csv
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import green_corridor
import green_corridor.spark
from green_corridor import Engine
from green_corridor.stretches import Input, Task

HOME = Path(__file__).resolve().parents[2]
MOVEMENTS = HOME / "data/movements/2025-03.csv"
TABLES = ("elements", "shipments", "rejected", "corridors", "corridor_sections", "factors")
STRETCHES = 5
RUN_FILE = """movements = ["mv/*.parquet"]
factors = "{home}/emission_factors"
reference = "{home}/data"
out = "single"
[limits]
max_reject_share = "50%"
"""


def dirty() -> list[dict]:
    """The rows of the sample with what exports have: spaces around ids, missing and unknown words, records that come twice."""
    with open(MOVEMENTS, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for i, row in enumerate(rows):
        if i % 7 == 0:
            row["shipment_id"] = f" {row['shipment_id']}  "
        if i % 211 == 5:
            row["mode"] = "teleport"
        if i % 223 == 7:
            row["cargo_mass_kg"] = "12,5 t"
        if i % 227 == 9:
            row["shipment_id"] = ""
        if i % 229 == 3:
            row["origin"] = "ZZ ZZZ"
        if i % 233 == 3:
            # Quotes, letters beyond ASCII, and what SQL might take for its own.
            row["shipment_id"] = f"sömething's \\ {i}"
    return rows + [dict(rows[i]) for i in range(0, len(rows), 41)]


def table(rows: list[dict]) -> pa.Table:
    return pa.table({name: pa.array([row[name] or None for row in rows], pa.string()) for name in rows[0]})


def published(folder: Path, name: str) -> pa.Table:
    path = folder / name
    return pq.read_table(path if path.is_dir() else path.with_suffix(".parquet"))


def spark_session(folder: Path):
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    os.environ["SPARK_LOCAL_DIRS"] = str(folder / "local")
    os.environ["SPARK_WORKER_DIR"] = str(folder / "work")
    from pyspark.sql import SparkSession

    settings = {
        "spark.driver.memory": "1g",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        # Not the zone of the records.
        "spark.sql.session.timeZone": "Asia/Singapore",
        "spark.sql.shuffle.partitions": "3",
        "spark.task.maxFailures": "2",
        "spark.executorEnv.PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        **SETTINGS,
    }
    builder = SparkSession.builder.master(os.environ.get("SPARK_MASTER_OF_TESTS", "local-cluster[2,1,1024]")).appName("green-corridor")
    for key, value in settings.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session, session.stop


SETTINGS: dict[str, str] = {}


def sail_session(folder: Path):
    os.environ.setdefault("SAIL_MODE", "local-cluster")
    os.environ.setdefault("RUST_LOG", "error")
    from pysail.spark import SparkConnectServer
    from pyspark.sql import SparkSession

    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    _, port = server.listening_address
    session = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()

    def stop():
        session.stop()
        server.stop()

    return session, stop


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="green-corridor-spark-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        (cls.folder / "mv").mkdir()
        (cls.folder / "lake").mkdir()
        cls.run_file = cls.folder / "run.toml"
        cls.run_file.write_text(RUN_FILE.format(home=HOME))
        rows = dirty()
        # Rows far from their order, over three files; records that come twice lie in different ones.
        for name, part in (("a", rows[1::3]), ("b", rows[0::3][::-1]), ("c", rows[2::3])):
            file = table(part)
            pq.write_table(file, cls.folder / f"mv/{name}.parquet")
            placed = file.append_column("_file", pa.array([f"mv/{name}.parquet"] * len(part)))
            placed = placed.append_column("_row", pa.array(range(1, len(part) + 1), pa.int64()))
            pq.write_table(placed, cls.folder / f"lake/{name}.parquet", store_schema=False)
        subprocess.run([PROGRAM, "run", cls.run_file], check=True, capture_output=True)
        cls.single = (cls.folder / "single/latest").resolve()
        begun = time.monotonic()
        cls.session, stop = {"spark": spark_session, "sail": sail_session}[ENGINE](cls.folder)
        cls.addClassCleanup(stop)
        print(f"session {time.monotonic() - begun:.1f} s")

    def frame(self):
        """The rows as the engine reads them: Spark says itself where they come from, Sail reads it."""
        if ENGINE == "spark":
            return self.session.read.parquet(str(self.folder / "mv"))
        return self.session.read.parquet(str(self.folder / "lake"))

    def run_in(self, out: str, **options):
        begun = time.monotonic()
        options = {"stretches": STRETCHES, **options}
        done = green_corridor.spark.run(options.pop("df", None) or self.frame(), self.run_file, self.folder / out, **options)
        print(f"run {time.monotonic() - begun:.1f} s")
        return done

    def same(self, folder: Path):
        for name in TABLES:
            wanted, found = published(self.single, name), published(folder, name)
            self.assertGreater(wanted.num_rows, 0, name)
            self.assertEqual(found.schema.remove_metadata(), wanted.schema.remove_metadata(), name)
            self.assertEqual(found.num_rows, wanted.num_rows, name)
            for column in wanted.column_names:
                self.assertTrue(found[column].equals(wanted[column]), f"{name}: {column}")

    def nothing_in(self, out: str):
        self.assertFalse((self.folder / out / "CURRENT").exists())
        self.assertEqual(list((self.folder / out / "stage").iterdir()), [])


class Figures(Case):
    def test_1_it_is_the_run_of_the_program(self):
        summary = self.run_in("out")
        self.same(summary.folder)
        manifest = json.loads((summary.folder / "manifest.json").read_text())
        wanted = json.loads((self.single / "manifest.json").read_text())
        for key in ("counts", "totals", "totals_by_gwp_set", "inputs", "reference", "warnings"):
            self.assertEqual(manifest[key], wanted[key], key)
        self.assertEqual(len(manifest["plan"]["stretches"]), STRETCHES - 1)
        self.assertEqual(len(list((summary.folder / "elements").iterdir())), STRETCHES)
        self.assertGreater(len(summary.rejected), 4)
        verified = Engine.at(self.folder / "out").verify(recalculate=True)
        self.assertEqual(verified.recalculated, summary.elements)
        self.assertEqual(verified.same_inputs, 3)
        # What reads runs reads this one.
        shipment = published(self.single, "shipments")["shipment_id"][7].as_py()
        sheets = [Engine.at(self.folder / out).explain(shipment) for out in ("out", "single")]
        # Each names the run that it is of.
        for sheet in sheets:
            sheet.pop("run_id")
        self.assertEqual(*sheets)
        out = self.folder / "out"
        subprocess.run([PROGRAM, "report", out, "--to", self.folder / "report"], check=True, capture_output=True)
        company = ["--company", "A", "--company-id", "urn:epc:id:sgln:4063973.00000.8"]
        subprocess.run([PROGRAM, "export", "ileap", out, "--to", self.folder / "docs", *company], check=True, capture_output=True)
        # The same again computes nothing; another number of stretches is another run of the same figures.
        again = self.run_in("out")
        self.assertTrue(again.was_there)
        other = self.run_in("out", stretches=2)
        self.assertNotEqual(other.run_id, summary.run_id)
        self.same(other.folder)
        compared = subprocess.run([PROGRAM, "diff", out, summary.run_id, other.run_id], check=True, capture_output=True, text=True)
        self.assertIn("0 of ", compared.stdout)
        self.assertEqual(list((out / "stage").iterdir()), [])

    def test_2_one_stretch_and_more_than_there_are_ids(self):
        self.same(self.run_in("one", stretches=1).folder)
        few = self.frame().where("shipment_id = 'SAMPLE-0000000002'")
        with self.assertRaisesRegex(green_corridor.VerificationError, "rows lie in it, .* came through"):
            self.run_in("few", df=few, stretches=40)
        self.nothing_in("few")

    def test_3_rows_that_are_lost_or_doubled_are_not_published(self):
        frame = self.frame()
        if ENGINE == "spark":
            frame = green_corridor.spark.with_lineage(frame, Engine.open(self.run_file).inputs())
        lost = frame.where("not (_file = 'mv/b.parquet' and _row = 17)")
        twice = frame.unionByName(frame.where("_file = 'mv/b.parquet' and _row = 18"))
        both = lost.unionByName(frame.where("_file = 'mv/b.parquet' and _row = 18"))
        for df, wanted in [(lost, "came through"), (twice, "came through"), (both, "not each of its rows once")]:
            with self.assertRaisesRegex(green_corridor.VerificationError, f"mv/b.parquet: .*{wanted}.*nothing is published"):
                self.run_in("wrong", df=df)
            self.nothing_in("wrong")

    def test_4_wrong_columns_are_told_before_anything_moves(self):
        for df, wanted in [
            (self.frame().drop("mode"), "required column .*mode.* is missing"),
            (self.frame().withColumnRenamed("shipment_id", "b/l"), "shipment_id"),
        ]:
            with self.assertRaisesRegex(green_corridor.InputError, wanted):
                self.run_in("wrong", df=df)

    def test_5_a_task_that_fails_fails_the_run(self):
        frame = self.frame()
        if ENGINE == "spark":
            frame = green_corridor.spark.with_lineage(frame, Engine.open(self.run_file).inputs())
        from pyspark.sql import functions as F

        unknown = frame.withColumn("_file", F.expr("if(_row = 5, 'other.parquet', _file)"))
        with self.assertRaises(Exception) as raised:
            self.run_in("wrong", df=unknown)
        self.assertIn("one of the files named", str(raised.exception))
        self.nothing_in("wrong")
        status = json.loads((self.folder / "wrong/status.json").read_text())
        self.assertEqual(status["state"], "failed")

    def test_6_two_drivers_do_not_write_one_folder(self):
        engine = Engine.open(self.run_file, out=self.folder / "locked")
        begun = engine.begin(engine.inputs(), [])
        with self.assertRaises(green_corridor.Locked):
            self.run_in("locked")
        begun.give_up("somebody else goes first")
        self.nothing_in("locked")
        self.same(self.run_in("locked").folder)

    def test_7_rows_without_a_place(self):
        if ENGINE == "spark":
            made = self.frame().limit(10)
            made = self.session.createDataFrame(made.toPandas())
        else:
            made = self.session.read.parquet(str(self.folder / "mv"))
        with self.assertRaisesRegex(green_corridor.UsageError, "have no _file and _row"):
            self.run_in("wrong", df=made)

    def test_8_a_pack_of_another_version_or_damaged_is_refused(self):
        engine = Engine.open(self.run_file, out=self.folder / "packed")
        begun = engine.begin([Input("t", 1, "0" * 64, 0)], [])
        packed = bytearray(begun.pack())
        self.assertEqual(Task.unpack(bytes(packed)).run_id, begun.run_id)
        packed[-9] ^= 1
        with self.assertRaisesRegex(green_corridor.InputError, "not what was packed"):
            Task.unpack(bytes(packed))
        with self.assertRaises(green_corridor.LimitError):
            Task.unpack(begun.pack()).stretch(0, begun.folder, memory=1 << 20)
        begun.give_up("enough")
        with self.assertRaisesRegex(green_corridor.UsageError, "has ended"):
            begun.pack()

    def test_9_what_cannot_be_the_same_is_refused_before_it_begins(self):
        digest = "0" * 64
        engine = Engine.open(self.run_file, out=self.folder / "refused")
        for inputs, bounds, wanted in [
            ([Input("a", 1, digest, 1), Input("a", 2, digest, 1)], [], "is named twice"),
            ([Input("a", 1, "0x12", 1)], [], "64 hexadecimal digits"),
            ([Input("", 1, digest, 1)], [], "wanted a name"),
            ([Input("a", 1, digest, 1)], ["S2", "S1"], '"S1" behind "S2", wanted ids that ascend'),
            ([Input("a", 1, digest, 1)], [""], "wanted ids that ascend"),
        ]:
            with self.assertRaisesRegex(green_corridor.UsageError, wanted):
                engine.begin(inputs, bounds)
        values = self.folder / "ids.csv"
        values.write_text("value,code\nX1,SAMPLE-1\n")
        run_file = self.folder / "values.toml"
        run_file.write_text(self.run_file.read_text() + '[values.shipment_id]\nfile = "ids.csv"\n')
        with self.assertRaisesRegex(green_corridor.UsageError, r"\[values.shipment_id\]"):
            Engine.open(run_file, out=self.folder / "refused").begin([Input("a", 1, digest, 1)], [])
        csv_file = self.folder / "csv.toml"
        csv_file.write_text(self.run_file.read_text().replace("mv/*.parquet", str(MOVEMENTS)))
        with self.assertRaisesRegex(green_corridor.UsageError, "wanted Parquet files, or inputs that are named with their rows"):
            Engine.open(csv_file, out=self.folder / "refused").inputs()
        with self.assertRaisesRegex(green_corridor.UsageError, "stretches: found 0"):
            self.run_in("refused", stretches=0)
        self.assertFalse((self.folder / "refused/CURRENT").exists())
        # Value files of other columns go to the tasks with the run file.
        values.write_text("value,code\nteleport,road\n")
        run_file.write_text(self.run_file.read_text() + '[values.mode]\nfile = "ids.csv"\n')
        begun = Engine.open(run_file, out=self.folder / "values").begin([Input("a", 1, digest, 1)], [])
        self.assertEqual(Task.unpack(begun.pack()).run_id, begun.run_id)
        begun.give_up("enough")


if __name__ == "__main__":
    ENGINE, PROGRAM = sys.argv.pop(1), Path(sys.argv.pop(1)).resolve()
    logging.getLogger("green_corridor").setLevel(logging.ERROR)
    unittest.main()
