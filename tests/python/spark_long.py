"""What happens to a run on Spark when machines misbehave, and what it costs: the long form of spark.py, which tests/run does not run.

usage: spark_long.py PROGRAM [--rows 1000000] [--stretches N] [CASE ...]

Cases: retry (every task fails once, after it has written), kill (kill -9 of an executor), speculation, driver (killed before it seals),
heavy (a shipment of 100,000 rows), skew (half of all rows in one stretch), cost (rows of the peers' generator, made by `sample`).
Each compares all six tables with a run of the program, value by value.
"""

import argparse
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

import green_corridor.spark
from green_corridor import Engine

sys.path.insert(0, str(Path(__file__).parent))
import spark as small

HERE = Path(__file__).resolve()


def failing(work, batches):
    """A task that fails the first time, when everything is written and the receipt is made."""
    from pyspark import TaskContext

    done = list(work(batches))
    if TaskContext.get().attemptNumber() == 0:
        raise RuntimeError("a task that fails after it has written")
    yield from done


def slow(work, seconds, batches):
    done = list(work(batches))
    from pyspark import TaskContext

    if TaskContext.get().partitionId() == 0 and TaskContext.get().attemptNumber() == 0:
        time.sleep(seconds)
    yield from done


def executors() -> list[int]:
    """Processes of executors below this one."""
    rows = [line.split(None, 2) for line in subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout.splitlines()[1:]]
    mine, todo = [], [os.getpid()]
    while todo:
        at = todo.pop()
        for pid, parent, command in rows:
            if int(parent) == at:
                todo.append(int(pid))
                if "CoarseGrainedExecutorBackend" in command and command.split()[0].endswith("java"):
                    mine.append(int(pid))
    return mine


def container(number: int) -> str:
    """A container number with its check digit (ISO 6346)."""
    text = f"SMXU{number:06}"
    values = [int(c) if c.isdigit() else [v for v in range(10, 39) if v % 11][ord(c) - 65] for c in text]
    return text + str(sum(value << place for place, value in enumerate(values)) % 11 % 10)


class Long:
    def __init__(self, program: Path, folder: Path, rows: int, stretches: int | None):
        self.program, self.folder, self.rows, self.stretches = program, folder, rows, stretches
        (folder / "mv").mkdir()
        self.run_file = folder / "run.toml"
        self.run_file.write_text(small.RUN_FILE.format(home=small.HOME))
        self.session, self.stop = None, None

    def start(self, **settings):
        if self.stop:
            self.stop()
        small.SETTINGS.update(settings)
        self.session, self.stop = small.spark_session(self.folder)

    def movements(self, files: dict[str, pa.Table]):
        for old in (self.folder / "mv").iterdir():
            old.unlink()
        for name, rows in files.items():
            pq.write_table(rows, self.folder / f"mv/{name}.parquet", row_group_size=100_000)
        begun, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([self.program, "run", self.run_file], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(f"  program: {time.monotonic() - begun:.1f} s, {cpu:.1f} s of processors")
        self.single = (self.folder / "single/latest").resolve()

    def dirty(self):
        rows = small.dirty()
        self.movements({name: small.table(rows[i::3]) for i, name in enumerate("abc")})

    def run(self, out: str, stretches: int | None = None):
        begun = time.monotonic()
        frame = self.session.read.parquet(str(self.folder / "mv"))
        summary = green_corridor.spark.run(frame, self.run_file, self.folder / out, stretches=stretches or self.stretches or 8)
        print(f"  spark: {time.monotonic() - begun:.1f} s")
        self.same(summary.folder)
        return summary

    def same(self, folder: Path):
        for name in small.TABLES:
            wanted, found = small.published(self.single, name), small.published(folder, name)
            for column in wanted.column_names:
                if not found[column].equals(wanted[column]):
                    raise AssertionError(f"{folder}: {name}: {column}")
        out = folder.parents[1]
        left = list((out / "stage").iterdir())
        if left:
            raise AssertionError(f"left in the stage: {left}")

    def retry(self):
        self.dirty()
        self.start(**{"spark.task.maxFailures": "3"})
        work = green_corridor.spark._work
        try:
            green_corridor.spark.partial = lambda _, *bound: partial(failing, partial(work, *bound))
            self.run("retry")
        finally:
            green_corridor.spark.partial = partial
            small.SETTINGS.clear()

    def speculation(self):
        self.dirty()
        self.start(**{"spark.speculation": "true", "spark.speculation.quantile": "0.1", "spark.speculation.multiplier": "1.1", "spark.speculation.interval": "50ms"})
        work = green_corridor.spark._work
        try:
            green_corridor.spark.partial = lambda _, *bound: partial(slow, partial(work, *bound), 8)
            self.run("speculation")
        finally:
            green_corridor.spark.partial = partial
            small.SETTINGS.clear()

    def kill(self):
        self.dirty()
        if not self.session:
            self.start()
        stage = self.folder / "kill/stage"
        killed = []

        def watch():
            while not list(stage.glob("stretches-*/*/parts")):
                time.sleep(0.02)
            written = len(list(stage.glob("stretches-*/*/parts")))
            killed.append((executors()[0], written))
            os.kill(killed[0][0], signal.SIGKILL)

        threading.Thread(target=watch, daemon=True).start()
        self.run("kill", stretches=24)
        if not killed:
            raise AssertionError("no executor was killed")
        print(f"  executor {killed[0][0]} was killed when {killed[0][1]} stretches were written")

    def driver(self):
        """Another driver dies between its tasks and the seal; the run after it sweeps what it left."""
        self.dirty()
        code = f"""
import os, sys
sys.path.insert(0, {str(HERE.parent)!r})
from green_corridor import Engine
from green_corridor.stretches import Task
import pyarrow.parquet as pq
engine = Engine.open({str(self.run_file)!r}, out={str(self.folder / "driver")!r})
run = engine.begin(engine.inputs(), [])
stretch = Task.unpack(run.pack()).stretch(0, run.folder)
print("written", stretch and os.listdir(run.folder), flush=True)
os.kill(os.getpid(), 9)
"""
        died = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        if died.returncode != -signal.SIGKILL or "written" not in died.stdout:
            raise AssertionError(died.stderr)
        left = list((self.folder / "driver/stage").iterdir())
        print(f"  left by the dead driver: {sorted(p.name for p in left)}")
        if len(left) < 2 or (self.folder / "driver/CURRENT").exists():
            raise AssertionError("the dead driver left nothing, or has published")
        if not self.session:
            self.start()
        self.run("driver")

    def heavy(self):
        rows = small.dirty()
        road = next(row for row in rows if row["mode"] == "road")
        heavy = [dict(road, shipment_id="SAMPLE-0000000900", movement_id=f"H{i}", container_id=container(i)) for i in range(100_000)]
        self.movements({"a": small.table(rows), "b": small.table(heavy)})
        if not self.session:
            self.start()
        self.run("heavy")

    def skew(self):
        rows = small.dirty()
        # Half of all rows have ids behind all others, close to each other.
        same = [dict(row, shipment_id=f"Z{i // 6:06}", movement_id=f"Z{i}") for i, row in enumerate(rows)]
        self.movements({"a": small.table(rows), "b": small.table(same)})
        if not self.session:
            self.start()
        summary = self.run("skew")
        parts = [pq.ParquetFile(p).metadata.num_rows for p in sorted((summary.folder / "elements").iterdir())]
        print(f"  elements by stretch: {parts}")

    def cost(self):
        shipments = max(1, self.rows // 6)
        made = self.folder / "mv/made.parquet"
        for old in (self.folder / "mv").iterdir():
            old.unlink()
        subprocess.run([self.program, "sample", "--shipments", str(shipments), "--seed", "7", "--out", made], check=True, capture_output=True)
        rows = pq.read_table(made)
        order = pa.array([i * 7919 % rows.num_rows for i in range(rows.num_rows)])
        self.movements({"made": rows.take(order) if rows.num_rows % 7919 else rows})
        print(f"  {rows.num_rows} rows")
        if not self.session:
            self.start()
        for n in range(2):
            self.run(f"cost{n}", stretches=self.stretches)


if __name__ == "__main__":
    names = ("retry", "kill", "speculation", "driver", "heavy", "skew", "cost")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path)
    parser.add_argument("cases", nargs="*", default=names)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--stretches", type=int)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="green-corridor-spark-long-") as folder:
        long = Long(arguments.program.resolve(), Path(folder), arguments.rows, arguments.stretches)
        for name in arguments.cases:
            print(name, flush=True)
            getattr(long, name)()
        if long.stop:
            long.stop()
    print(f"{len(arguments.cases)} cases, all equal to the run of the program")
