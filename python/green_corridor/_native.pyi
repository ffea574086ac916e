"""The native half; what users call is in `green_corridor`."""

from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Any, final

import pyarrow as pa

__all__ = [
    "METHOD_REVISION",
    "Computing",
    "Engine",
    "Stretch",
    "Stretched",
    "Task",
    "__version__",
    "begin",
    "compare",
    "give_up",
    "id_column",
    "inputs",
    "seal",
]
METHOD_REVISION: int
__version__: str

_Input = tuple[str, int, str, int, str, Path | None]
_Progress = Callable[[str, int, int, int | None], object] | None

@final
class Computing:
    def push(self, object: object) -> None: ...
    def finish(self) -> None: ...
    def next(self, table: int) -> pa.RecordBatch | None: ...
    def turn(self) -> list[pa.RecordBatch | None] | None: ...
    def schema(self, table: int) -> pa.Schema: ...
    def forget(self, table: int) -> None: ...
    def stream(self, table: int) -> object: ...
    def sums(self) -> dict[str, Any] | None: ...

@final
class Engine:
    @staticmethod
    def open(
        run_file: str | PathLike[str],
        movements: list[str],
        out: str | PathLike[str] | None,
        threads: int | None,
    ) -> Engine: ...
    @staticmethod
    def shipped(profile: str) -> Engine: ...
    @staticmethod
    def at(out: str | PathLike[str]) -> Engine: ...
    def session(
        self,
        is_sorted: bool,
        files: list[str],
        memory: int,
        threads: int,
        progress: _Progress,
    ) -> Computing: ...
    def footprint(
        self,
        rows: object,
        is_sorted: bool,
        files: list[str],
        memory: int,
        threads: int,
        progress: _Progress,
    ) -> Computing: ...
    def run(self, progress: _Progress) -> dict[str, Any]: ...
    def verify(
        self,
        run: str | None,
        recalculate: bool,
        inputs: str | PathLike[str] | None,
        progress: _Progress,
    ) -> dict[str, Any]: ...
    def explain(self, shipment: str, run: str | None) -> str: ...

def compare(origin: str, destination: str, asked: dict[str, Any]) -> str: ...
def inputs(engine: Engine, progress: _Progress) -> list[_Input]: ...
def id_column(engine: Engine, columns: list[str]) -> str: ...
def begin(engine: Engine, inputs: list[_Input], bounds: list[str]) -> Stretched: ...
def seal(engine: Engine, run: Stretched, receipts: list[str], progress: _Progress) -> dict[str, Any]: ...
def give_up(engine: Engine, run: Stretched, why: str) -> None: ...
@final
class Stretched:
    run_id: str
    stretches: int
    @property
    def is_published(self) -> bool: ...
    @property
    def folder(self) -> Path | None: ...
    def pack(self) -> bytes: ...

@final
class Task:
    run_id: str
    @staticmethod
    def unpack(packed: bytes) -> Task: ...
    def stretch(self, stretch: int, folder: str | PathLike[str], memory: int, threads: int) -> Stretch: ...

@final
class Stretch:
    def push(self, object: object) -> None: ...
    def finish(self) -> str: ...
