"""Exact greenhouse-gas footprints of container movements to ISO 14083:2023, on Arrow batches in process.

    import green_corridor as gc
    engine = gc.Engine.open("run.toml")
    elements, shipments, rejected = engine.footprint(rows)

Rows are movement records with the columns of docs/formats.md, or the names that `[columns]` of the run file gives them, as anything
that speaks Arrow: tables and readers of pyarrow, frames of Polars and pandas, relations of DuckDB. Figures are those of the program, to
the microgram. Calls release the interpreter's lock, and Ctrl-C stops them. Guide: docs/python.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from . import _native
from ._errors import (
    Error,
    FilesMissing,
    InputError,
    InternalError,
    LibraryError,
    LimitError,
    Locked,
    StorageError,
    TooManyRejects,
    TooMuchChange,
    UsageError,
    VerificationError,
)
from ._native import METHOD_REVISION, __version__
from ._tables import Batches, Footprints, Reader, Session, Sums
from .stretches import Input, Run, told

__all__ = [
    "METHOD_REVISION",
    "Batches",
    "Engine",
    "Error",
    "FilesMissing",
    "Footprints",
    "InputError",
    "InternalError",
    "LibraryError",
    "LimitError",
    "Locked",
    "Reader",
    "Session",
    "StorageError",
    "Summary",
    "Sums",
    "TooManyRejects",
    "TooMuchChange",
    "UsageError",
    "VerificationError",
    "Verified",
    "__version__",
    "compare",
]

StrPath = str | PathLike[str]

Progress = Callable[[str, int, int, int | None], object]
"""Called as `progress(stage, rows, bytes, bytes_total)` some ten times a second, from any thread: what the stage got through so far, and how
many bytes are ahead where that is known. What it raises stops the work and is raised by the call."""


def _texts(name: str, texts: Sequence[str]) -> list[str]:
    """A text is a sequence of texts to Python, but not what is meant."""
    if isinstance(texts, str):
        raise TypeError(f"{name}: found {texts!r}, wanted a list of texts")
    return list(texts)


@dataclass(frozen=True)
class Summary:
    """A run that was published."""

    run_id: str
    folder: Path
    """Where its tables are (docs/formats.md, Layout of the output)."""
    was_there: bool
    """The same inputs, library and plan had been published before; nothing was computed."""
    rows: int
    accepted: int
    rejected: dict[str, int]
    """Rejected rows by code."""
    elements: int
    shipments: int
    missing_files: list[str]
    """Input files that the run went without, where the run file allows that."""
    ghg_total_kg: Decimal
    """kg CO2e over all elements, nine places."""

    @staticmethod
    def _of(told: dict[str, Any]) -> Summary:
        return Summary(**{**told, "folder": Path(told["folder"]), "ghg_total_kg": Decimal(told["ghg_total_kg"])})


@dataclass(frozen=True)
class Verified:
    """A published run of which every file and sum was checked."""

    run_id: str
    files: int
    """Files whose digests are right."""
    elements: int
    shipments: int
    recalculated: int
    """Elements that went through the kernel again and came to the same figures."""
    same_inputs: int
    """Input files that are, byte for byte, what the run read."""
    other_inputs: list[str]
    """Input files that are not any more."""
    absent_inputs: int
    ghg_total_kg: Decimal


class Engine:
    """Factor library, profile, places and distances, read and checked once; threads may share it.

    Opened by `open`, `shipped` or `at`.
    """

    def __init__(self, native: _native.Engine) -> None:
        self._native = native

    @staticmethod
    def open(
        run_file: StrPath,
        *,
        movements: Sequence[str] = (),
        out: StrPath | None = None,
        threads: int | None = None,
    ) -> Engine:
        """The engine of a run file; every key is described in docs/formats.md.

        `movements`, `out` and `threads` stand in for what the file says, as the flags of `green-corridor run` do. Movement files need not
        be there before `run`.

        Raises UsageError for the run file, LibraryError for library and data, each with file, line, found and wanted.
        """
        return Engine(_native.Engine.open(run_file, _texts("movements", movements), out, threads))

    @staticmethod
    def shipped(profile: str = "open") -> Engine:
        """The engine of a profile of the library that is inside the package: no file is read."""
        return Engine(_native.Engine.shipped(profile))

    @staticmethod
    def at(out: StrPath) -> Engine:
        """The engine of an output folder, for `verify` and `explain`: a published run carries its own library."""
        return Engine(_native.Engine.at(out))

    def footprint(
        self,
        rows: object,
        *,
        sorted: bool = False,
        files: Sequence[str] = (),
        memory: int = 512 << 20,
        threads: int = 1,
        progress: Progress | None = None,
    ) -> Footprints:
        """Footprints of whole shipments, computed while they are read; nothing is published.

        `rows`: anything with `__arrow_c_stream__` or `__arrow_c_array__`, any number of rows in batches of any size. Columns as in movement
        files (docs/formats.md, Movement records): text, numbers, decimals, dates and times of any width. `_file` (text) and `_row` (whole
        number from 1) say where a row comes from, as `source_file` and `source_row` and in `rejected`; without them rows of "memory" are
        numbered as they come.

        `sorted`: rows come in order of shipment id, as bytes; then they are computed as they come and little is held. Else they are put in
        order, in `memory` bytes and beyond that in the folder for temporary files. Rows of several files that come sorted want the names of
        all of them in `files`, since the order of names decides about duplicates.

        `threads`: threads that sort and make columns; several sessions at once use more of a machine.

        A row that cannot be used is in `rejected`, with code, column, value and what was wanted. Raises InputError where no row could be
        used: a required column is missing, a type cannot be that column, order is not kept.
        """
        return Footprints(self._native.footprint(rows, sorted, _texts("files", files), memory, threads, progress))

    def session(
        self,
        *,
        sorted: bool = False,
        files: Sequence[str] = (),
        memory: int = 512 << 20,
        threads: int = 1,
        progress: Progress | None = None,
    ) -> Session:
        """The same for rows that come in pieces: `push` them, then `finish`."""
        return Session(self._native.session(sorted, _texts("files", files), memory, threads, progress))

    def run(self, progress: Progress | None = None) -> Summary:
        """Computes the movement files of the run file and publishes the run, as `green-corridor run` does.

        Raises an error per exit code of the program (docs/reliability.md); nothing was published then, except with FilesMissing.
        """
        return Summary._of(self._native.run(progress))

    def inputs(self, progress: Progress | None = None) -> list[Input]:
        """The movement files of the run file, digested, with their rows, for `begin`. Parquet files only: no other says how many it has."""
        return [Input(*told) for told in _native.inputs(self._native, progress)]

    def begin(self, inputs: Sequence[Input], bounds: Sequence[str]) -> Run:
        """Begins a run whose rows somebody else brings together, cut before each shipment id in `bounds` (green_corridor.stretches).

        Raises Locked where another run holds the output folder, UsageError for bounds that do not ascend or inputs named twice.
        """
        return Run(self._native, _native.begin(self._native, told(inputs), _texts("bounds", bounds)))

    def id_column(self, columns: Sequence[str]) -> str:
        """Which of these columns of rows holds the shipment id, by the rules of the run file.

        Raises InputError for what else is wrong with them: a required column is missing, two could be the same.
        """
        return _native.id_column(self._native, _texts("columns", columns))

    def verify(
        self,
        run: str | None = None,
        *,
        recalculate: bool = False,
        inputs: StrPath | None = None,
        progress: Progress | None = None,
    ) -> Verified:
        """Checks a published run from its files alone; `run`: its id, else the current one.

        `recalculate`: every element goes through the kernel again. Raises VerificationError with the file that is not as it was.
        """
        told = self._native.verify(run, recalculate, inputs, progress)
        same, others, absent = told.pop("inputs")
        total = Decimal(told.pop("ghg_total_kg"))
        return Verified(**told, same_inputs=same, other_inputs=others, absent_inputs=absent, ghg_total_kg=total)

    def explain(self, shipment: str, run: str | None = None) -> dict[str, Any]:
        """The calculation sheet of a published shipment: factors with their sources and why they apply, every formula, flags.

        The keys of `green-corridor explain --format json`; figures are texts, exactly as published, in the units that their names say.
        """
        sheet: dict[str, Any] = json.loads(self._native.explain(shipment, run))
        return sheet


def compare(
    origin: str,
    destination: str,
    *,
    cargo_kg: str | int | Decimal | None = None,
    boxes: int | None = None,
    box_share: str | Decimal | None = None,
    container: str = "45G1",
    refrigerated: bool = False,
    depart: str | None = None,
    arrive_by: str | None = None,
    via: Sequence[str] = (),
    avoid: Sequence[str] = (),
    max_days: str | int | Decimal | None = None,
    modes: Sequence[str] = (),
    options: int = 10,
    objective: str = "co2e",
    profile: str = "open",
    factors: StrPath | None = None,
    reference: StrPath | None = None,
) -> dict[str, Any]:
    """Route options between two places (UN/LOCODEs) side by side, as `green-corridor compare` tells them.

    `cargo_kg`: goods and packaging of all boxes, kg. `boxes`: how many share it; else as many as it fills. `box_share`: the part of one box
    that it has. `depart`: day on which the cargo is ready, "YYYY-MM-DD", UTC; else today. `arrive_by`: last day of arrival; without
    `depart` each option says when the cargo must be ready.
    `avoid`: places, countries, modes and sea passages. The keys of `--format json`; figures are texts, kg CO2e, km and days.

    Raises UsageError for a place or word that is not known.
    """
    asked: dict[str, Any] = {
        "cargo_kg": cargo_kg if cargo_kg is None else str(cargo_kg),
        "boxes": boxes if boxes is None else str(boxes),
        "box_share": box_share if box_share is None else str(box_share),
        "container": container,
        "refrigerated": refrigerated,
        "depart": depart,
        "arrive_by": arrive_by,
        "via": _texts("via", via),
        "avoid": _texts("avoid", avoid),
        "max_days": max_days if max_days is None else str(max_days),
        "modes": _texts("modes", modes),
        "options": options,
        "objective": objective,
        "profile": profile,
        "factors": factors if factors is None else fspath(factors),
        "reference": reference if reference is None else fspath(reference),
    }
    answer: dict[str, Any] = json.loads(_native.compare(origin, destination, asked))
    return answer
