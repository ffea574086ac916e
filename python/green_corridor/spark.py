"""A run on Spark, or on what speaks its data frames (Sail): the figures of `green-corridor run`, from rows that stay where they are.

    import green_corridor.spark
    summary = green_corridor.spark.run(spark.read.parquet("movements"), "run.toml", "/shared/out")

Spark brings the rows of a stretch of shipment ids to one task and is asked for nothing else. Every task writes parts into a folder of the
stage and gives a receipt; the driver seals what came of it into a run like any other. Guide: docs/spark.md.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from hashlib import sha256
from importlib import import_module
from os import PathLike, fspath
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from . import Engine, Progress, Summary, UsageError
from .stretches import MEMORY, Input, Stretch, Task

__all__ = ["Input", "run", "with_lineage"]

FILE, ROW, STRETCH = "_file", "_row", "_stretch"
RECEIPT = "stretch int, receipt string"

ROWS = 250_000
"""Rows of a stretch, where nothing is said of their number."""
STRETCHES = 400
"""Stretches, where nothing is said: more are compared one by one for every row."""
SAMPLE = 100_000
"""Rows whose ids are looked at to cut stretches, at most about so many."""


def run(
    df: Any,
    run_file: str | PathLike[str],
    out: str | PathLike[str],
    *,
    inputs: Sequence[Input] | None = None,
    stretches: int | None = None,
    memory: int = MEMORY,
    progress: Progress | None = None,
) -> Summary:
    """Computes the rows of a data frame and publishes a run in `out`, which driver and executors must see under this path.

    `df`: movement records with the columns of docs/formats.md, or the names that `[columns]` of the run file gives them. Where each row
    comes from stands in `_file` (text, the name of an input) and `_row` (whole number from 1); without them they are taken from
    `_metadata` of files that Spark reads itself (`with_lineage`).

    `inputs`: what the rows come from; else the movement files of the run file, as far as they are Parquet, read and digested here.

    `stretches`: into how many the shipment ids are cut; else one for each 250,000 rows, at most 400. Each is a task of `memory` bytes beside
    those of the engine. The same number over the same rows gives the same bytes, on any engine and any number of machines.

    Raises an error per exit code of the program (docs/reliability.md); VerificationError where the rows that came are not those of the
    inputs; what Spark raises when a task fails for good. Nothing was published then.
    """
    engine = Engine.open(run_file, out=out)
    inputs = list(inputs) if inputs is not None else engine.inputs(progress)
    if (FILE in df.columns) != (ROW in df.columns):
        raise UsageError(f"rows: found one of {FILE} and {ROW}, wanted both or none")
    if FILE not in df.columns:
        df = with_lineage(df, inputs)
    key = engine.id_column(df.columns)
    rows = sum(i.rows for i in inputs)
    wanted = stretches if stretches is not None else max(1, min(STRETCHES, -(-rows // ROWS)))
    if wanted < 1:
        raise UsageError(f"stretches: found {wanted}, wanted 1 or more")
    bounds = _bounds(df, key, wanted, rows)
    begun = engine.begin(inputs, bounds)
    try:
        receipts = [] if begun.is_published else _receipts(df, key, bounds, begun.pack(), fspath(begun.folder or ""), memory)
    except BaseException as error:
        begun.give_up(f"{type(error).__name__}: {error}"[:2000])
        raise
    return Summary._of(begun.seal(receipts, progress))


def with_lineage(df: Any, inputs: Sequence[Input]) -> Any:
    """The data frame with `_file` and `_row`, from `_metadata` of the files that Spark reads: before anything moves or drops a row.

    Every input must have its path. Raises UsageError where the engine does not say where rows come from (Sail does not).
    """
    F = _functions()
    paths = {i.path.resolve().as_uri(): i.name for i in inputs if i.path is not None}
    if len(paths) != len(inputs):
        raise UsageError(f"rows: have no {FILE} and {ROW}, and inputs that are no files of the run file give them none: add both columns")
    try:
        placed = df.select("*", F.col("_metadata.file_path").alias(FILE), (F.col("_metadata.row_index") + 1).alias(ROW))
        placed.schema  # noqa: B018  Asked for here, so that a refusal is told here.
    except Exception as error:
        raise UsageError(
            f"rows: have no {FILE} and {ROW}, and this engine or data frame does not say where rows come from (_metadata): "
            f"write both columns into the data before they are moved ({str(error).splitlines()[0]})"
        ) from error
    # "file:/a" of Spark is "file:///a" of everybody else.
    names = F.create_map(*[F.lit(text) for path, name in paths.items() for text in (_uri(path), name)])
    return placed.withColumn(FILE, F.coalesce(F.element_at(names, F.regexp_replace(FILE, "^file:/+", "file:/")), F.col(FILE)))


def _functions() -> Any:
    """Functions of whichever `pyspark` there is; this package does not ask for one."""
    return import_module("pyspark.sql.functions")


def _uri(path: str) -> str:
    return "file:/" + path.removeprefix("file:").lstrip("/")


def _id(key: str) -> str:
    """The id in SQL, as the engine reads it; a row without one belongs to the first stretch."""
    quoted = key.replace("`", "``")
    return f"coalesce(trim(cast(`{quoted}` as string)), '')"


def _bounds(df: Any, key: str, stretches: int, rows: int) -> list[str]:
    """Ids before which the rows are cut, by a sample that depends on the rows alone: neither on their order nor on machines."""
    if stretches == 1:
        return []
    F = _functions()
    one_in = max(1, rows // SAMPLE)
    ids = df.select(F.expr(_id(key)).alias("id")).where(F.expr("id <> ''"))
    sample = ids.where(F.expr(f"crc32(cast(id as binary)) % {one_in} = 0")).groupBy("id").count().collect()
    # Python compares texts by code points, which is the order of their bytes in UTF-8.
    counts = sorted((row[0], row[1]) for row in sample)
    total = sum(count for _, count in counts)
    bounds: list[str] = []
    before = 0
    for text, count in counts:
        # Cut before the id with which the share of one more stretch is reached.
        if before * stretches >= total * (len(bounds) + 1) and before and len(bounds) + 1 < stretches:
            bounds.append(text)
        before += count
    return bounds


def _stretch(key: str, bounds: Sequence[str]) -> str:
    """The number of bounds at or below the id in SQL, as a balanced tree of comparisons of bytes."""

    def tree(low: int, high: int) -> str:
        if low == high:
            return str(low)
        middle = (low + high) // 2
        # Bytes, so that no setting of the engine changes how a text is written or compared.
        bound = bounds[middle].encode().hex()
        return f"if(_id < X'{bound}', {tree(low, middle)}, {tree(middle + 1, high)})"

    return f"cast({tree(0, len(bounds))} as int)"


def _receipts(df: Any, key: str, bounds: Sequence[str], packed: bytes, folder: str, memory: int) -> list[str]:
    F = _functions()
    ids = df.withColumn("_id", F.expr(f"cast({_id(key)} as binary)"))
    numbered = ids.withColumn(STRETCH, F.expr(_stretch(key, bounds))).drop("_id")
    count = len(bounds) + 1
    is_classic = type(df).__module__.startswith(("pyspark.sql.classic", "pyspark.sql.dataframe"))
    if is_classic and hasattr(numbered, "repartitionById"):
        moved = numbered.repartitionById(count, STRETCH)
    else:
        # By a hash: a task may get several stretches, or none.
        moved = numbered.repartition(count, STRETCH)
    work = partial(_work, packed, sha256(packed).hexdigest(), folder, memory)
    return [row[1] for row in moved.mapInArrow(work, RECEIPT).collect()]


_task: tuple[str, Task] | None = None
"""The task of this worker process, which is used again for the next partition."""


def _opened(packed: bytes, digest: str) -> Task:
    global _task
    if _task is None or _task[0] != digest:
        _task = (digest, Task.unpack(packed))
    return _task[1]


def _work(packed: bytes, digest: str, folder: str, memory: int, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """All rows of some stretches in, a receipt for each out: what a task does."""
    task = _opened(packed, digest)
    with tempfile.TemporaryDirectory(prefix="green-corridor-rows-") as aside:
        number: int | None = None
        stretch: Stretch | None = None
        waiting = _Waiting(Path(aside))
        for batch in batches:
            for found, rows in _by_stretch(batch):
                if stretch is None:
                    number, stretch = found, task.stretch(found, folder, memory=memory)
                if found == number:
                    stretch.push(rows)
                else:
                    waiting.add(found, rows)
        if stretch is None or number is None:
            return
        yield _receipt(number, stretch)
        for number, later in waiting.stretches():
            stretch = task.stretch(number, folder, memory=memory)
            for rows in later:
                stretch.push(rows)
            yield _receipt(number, stretch)


def _receipt(number: int, stretch: Stretch) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"stretch": pa.array([number], pa.int32()), "receipt": pa.array([stretch.finish()], pa.string())})


def _by_stretch(batch: pa.RecordBatch) -> Iterator[tuple[int, pa.RecordBatch]]:
    at = batch.schema.get_field_index(STRETCH)
    numbers = batch.column(at)
    rows = pa.RecordBatch.from_arrays(
        [column for i, column in enumerate(batch.columns) if i != at],
        schema=pa.schema([field for i, field in enumerate(batch.schema) if i != at]),
    )
    found: list[int] = [number for number in pc.unique(numbers).to_pylist() if number is not None]
    for number in found:
        yield number, rows if len(found) == 1 else rows.filter(pc.equal(numbers, pa.scalar(number, numbers.type)))


class _Waiting:
    """Rows of further stretches of a partition: on this machine's disk, so that one stretch is in memory at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[int, Any] = {}

    def add(self, number: int, rows: pa.RecordBatch) -> None:
        if number not in self._open:
            self._open[number] = pa.ipc.new_stream(fspath(self._folder / str(number)), rows.schema)
        self._open[number].write_batch(rows)

    def stretches(self) -> Iterator[tuple[int, Iterator[pa.RecordBatch]]]:
        for number, writer in sorted(self._open.items()):
            writer.close()
            path = self._folder / str(number)
            with pa.OSFile(fspath(path), "rb") as file:
                yield number, iter(pa.ipc.open_stream(file))
            path.unlink()
