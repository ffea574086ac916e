"""Runs whose rows another engine brings together, in stretches of shipment ids: what `green_corridor.spark` is made of.

    run = engine.begin(engine.inputs(), bounds)      # on the driver; holds the output folder
    task = Task.unpack(run.pack())                   # wherever rows are
    stretch = task.stretch(3, run.folder)            # all rows of one stretch of ids, in any order
    stretch.push(rows)
    receipt = stretch.finish()                       # its parts lie in the stage, synced
    summary = run.seal(receipts)                     # proves that all is whole, then one commit

The engine that moves rows is asked for one thing: bring the rows of a stretch to one place. It is not asked for order, batch sizes, sums,
or how often a task ran. Guide: docs/spark.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from . import _native

__all__ = ["Input", "Run", "Stretch", "Task"]

MEMORY = 512 << 20
"""Bytes that a stretch takes, where nothing else is said."""


@dataclass(frozen=True)
class Input:
    """An input whose rows others read: a file, or a state of a table."""

    name: str
    """What `_file` says of its rows: it becomes `source_file`, and the order of names decides about duplicates."""
    bytes: int
    sha256: str
    """Digest of its bytes, or of what tells this state from every other, 64 hexadecimal digits. It goes into the run id."""
    rows: int
    """Its rows, which `_row` numbers from 1. A run that has not seen each of them once is not published."""
    format: str = "parquet"
    path: Path | None = None
    """Where it lies, if it is a movement file of the run file."""


class Run:
    """A run that is under way: it holds the lock of its output folder until it is sealed or given up. Made by `Engine.begin`."""

    def __init__(self, engine: _native.Engine, native: _native.Stretched) -> None:
        self._engine = engine
        self._native = native

    @property
    def run_id(self) -> str:
        return self._native.run_id

    @property
    def stretches(self) -> int:
        """How many there are, counted from 0."""
        return self._native.stretches

    @property
    def is_published(self) -> bool:
        """The same inputs, library, plan and bounds were published before: nothing is left to compute, `seal([])` makes it current."""
        return self._native.is_published

    @property
    def folder(self) -> Path | None:
        """The folder of all stretches, which every task must see under this path; `None` where nothing is to be computed."""
        return self._native.folder

    def pack(self) -> bytes:
        """All that tasks need: rules of the run file, library, reference data, names of inputs, bounds. Some megabytes."""
        return self._native.pack()

    def seal(self, receipts: Iterable[str], progress: Callable[[str, int, int, int | None], object] | None = None) -> dict[str, Any]:
        """Proves from the receipts that the run is whole, takes the parts over by renames, and publishes it: one commit.

        Raises VerificationError where a shipment may be split, a row is lost or doubled, or a part is not what its task wrote; the errors
        of `Engine.run` where the run file does not allow what came out. Nothing is published then, and the stage is removed.
        """
        return _native.seal(self._engine, self._native, list(receipts), progress)

    def give_up(self, why: str) -> None:
        """Says in status and log that the run failed, removes its stage, and lets the output folder go."""
        _native.give_up(self._engine, self._native, why)


class Task:
    """What all tasks of a run have in common; threads may share it."""

    def __init__(self, native: _native.Task) -> None:
        self._native = native

    @staticmethod
    def unpack(packed: bytes) -> Task:
        """The task that `Run.pack` packed, with the same version of this package. Raises InputError for anything else."""
        return Task(_native.Task.unpack(packed))

    @property
    def run_id(self) -> str:
        return self._native.run_id

    def stretch(self, number: int, folder: str | PathLike[str], *, memory: int = MEMORY, threads: int = 1) -> Stretch:
        """Opens a stretch in a new folder below `folder`, which is `Run.folder`.

        `memory`: bytes that it may take; rows beyond it wait in this machine's folder for temporary files. LimitError says how many are
        needed at least, about 200 MiB. Nothing is made where `folder` is gone: its run is.
        """
        return Stretch(self._native.stretch(number, folder, memory, threads))


class Stretch:
    """All rows of a stretch of shipment ids, on their way through the kernel."""

    def __init__(self, native: _native.Stretch) -> None:
        self._native = native

    def push(self, rows: object) -> None:
        """Adds rows, of any kind that `Engine.footprint` takes, with `_file` and `_row`; a batch may end anywhere.

        Raises InputError for a row of another stretch or of an unknown input, a missing column, or one of a wrong type.
        """
        self._native.push(rows)

    def finish(self) -> str:
        """All rows are there. The receipt, when parts are written and synced: some kilobytes of JSON, however many rows there were."""
        return self._native.finish()


def told(inputs: Sequence[Input]) -> list[tuple[str, int, str, int, str, Path | None]]:
    """Inputs as the native half takes them."""
    return [(i.name, i.bytes, i.sha256, i.rows, i.format, i.path) for i in inputs]
