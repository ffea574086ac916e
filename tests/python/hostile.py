"""Random hostile cases of the oracle's generator: a run in stretches has the tables of a run of the program, value by value.

usage: hostile.py PROGRAM [FIRST LAST]      default seeds 1 12; last line: N equal, N differ
"""

import random
import subprocess
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "oracle"))
import generate

from green_corridor import Engine
from green_corridor.stretches import Task

TABLES = ("elements", "shipments", "rejected", "corridors", "corridor_sections", "factors")


class ParquetFile(generate.MovementFile):
    """Every file of a case as texts in Parquet; all of them with the same columns, as a data frame has them."""

    def __init__(self, case, index, kind, rows):
        case.without_sequence = set(range(len(case.kinds))) if 0 in case.without_sequence else set()
        super().__init__(case, index, "parquet", rows)

    def write(self, folder):
        def text(row, column):
            return row[column].encode("utf-8", "replace").decode() or None

        Path(folder).mkdir(exist_ok=True)
        columns = {self.names[c]: pa.array([text(row, c) for row in self.rows], pa.string()) for c in self.columns}
        pq.write_table(pa.table(columns), Path(folder) / self.name)


generate.MovementFile = ParquetFile


def published(folder: Path, name: str) -> pa.Table:
    path = folder / name
    return pq.read_table(path if path.is_dir() else path.with_suffix(".parquet"))


def in_stretches(folder: Path, seed: int) -> Path:
    """The folder of the run, whose rows come in an order of their own, in several stretches."""
    order = random.Random(seed)
    engine = Engine.open(folder / "data/run.toml", out=folder / "out")
    inputs = engine.inputs()
    parts = []
    for source in inputs:
        rows = pq.read_table(source.path)
        rows = rows.append_column("_file", pa.array([source.name] * rows.num_rows, pa.string()))
        parts.append(rows.append_column("_row", pa.array(range(1, rows.num_rows + 1), pa.int64())))
    rows = pa.concat_tables(parts, promote_options="default")
    ids = [(text or "").strip(" ") for text in rows[engine.id_column(rows.column_names)].to_pylist()]
    known = sorted({text for text in ids if text})
    bounds = sorted(order.sample(known, min(len(known), order.randint(0, 6))))
    run = engine.begin(inputs, bounds)
    task = Task.unpack(run.pack())
    receipts = []
    for number in range(run.stretches):
        mine = [i for i, text in enumerate(ids) if sum(bound <= text for bound in bounds) == number]
        order.shuffle(mine)
        stretch = task.stretch(number, run.folder, threads=order.randint(1, 2))
        for batch in rows.take(pa.array(mine, pa.int64())).to_batches(max_chunksize=order.randint(1, 50)):
            stretch.push(batch)
        receipts.append(stretch.finish())
    order.shuffle(receipts)
    folder = Path(run.seal(receipts)["folder"])
    Engine.at(folder.parents[1]).verify(recalculate=True)
    return folder


def difference(program: Path, seed: int, folder: Path) -> str | None:
    generate.generate(seed, str(folder))
    subprocess.run([program, "run", folder / "data/run.toml", "--out", folder / "single"], check=True, capture_output=True)
    found = in_stretches(folder, seed)
    for name in TABLES:
        wanted, table = published(folder / "single/latest", name), published(found, name)
        if not table.equals(wanted):
            columns = [c for c in wanted.column_names if not table[c].equals(wanted[c])]
            return f"{name}: {table.num_rows} rows after {wanted.num_rows}, columns {columns}"
    return None


if __name__ == "__main__":
    first, last = (int(text) for text in sys.argv[2:4]) if len(sys.argv) > 3 else (1, 12)
    differ = 0
    for seed in range(first, last + 1):
        with tempfile.TemporaryDirectory() as folder:
            fault = difference(Path(sys.argv[1]).resolve(), seed, Path(folder))
        if fault:
            differ += 1
            print(f"seed {seed}: {fault}")
    print(f"{last - first + 1 - differ} equal, {differ} differ")
    sys.exit(bool(differ))
