"""The native half; what users call is in `green_corridor`."""

from collections.abc import Callable
from os import PathLike
from typing import Any, final

import pyarrow as pa

__all__ = ["METHOD_REVISION", "Computing", "Engine", "__version__", "compare"]
METHOD_REVISION: int
__version__: str

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
