"""Tables that are computed while they are read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa

from . import _native

NAMES = ("elements", "shipments", "rejected")


class Reader:
    """One table of footprints, batch by batch; each batch is computed when it is asked for, and given once.

    Whatever reads Arrow reads it without a copy (`__arrow_c_stream__`): `pyarrow.table(reader)`, `polars.DataFrame(reader)`,
    `pyarrow.RecordBatchReader.from_stream(reader)`, a query of DuckDB. Its own methods raise the errors of this package; a foreign
    reader turns them into its own, with the same text.
    """

    def __init__(self, computing: _native.Computing, table: int) -> None:
        self._computing = computing
        self._table = table

    def __repr__(self) -> str:
        return f"<green_corridor.Reader of {NAMES[self._table]}>"

    @property
    def schema(self) -> pa.Schema:
        """Columns and types, those of the published table (docs/formats.md, Published tables)."""
        return self._computing.schema(self._table)

    def read_next_batch(self) -> pa.RecordBatch:
        """The next batch, of one row at least; raises StopIteration at the end."""
        batch = self._computing.next(self._table)
        if batch is None:
            raise StopIteration
        return batch

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        while (batch := self._computing.next(self._table)) is not None:
            yield batch

    def read_all(self) -> pa.Table:
        """All batches that are left, as one table; what no batch is left of has the columns and no row."""
        return pa.Table.from_batches(self, schema=self.schema)

    def to_pandas(self, **options: Any) -> Any:
        """All that is left as a pandas data frame; `options` go to `pyarrow.Table.to_pandas`. Decimals stay exact (objects)."""
        return self.read_all().to_pandas(**options)

    def close(self) -> None:
        """Says that nobody wants the rest of this table, so that none of it has to wait in memory."""
        self._computing.forget(self._table)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The Arrow PyCapsule interface; a schema that is requested is not looked at, as the interface allows."""
        return self._computing.stream(self._table)

    def __arrow_c_schema__(self) -> object:
        """The columns, by the same interface."""
        return self.schema.__arrow_c_schema__()


class Batches(NamedTuple):
    """The next batches of the three tables; `None` where there is none."""

    elements: pa.RecordBatch | None
    shipments: pa.RecordBatch | None
    rejected: pa.RecordBatch | None


@dataclass(frozen=True)
class Sums:
    """Counts and exact sums over everything that was computed."""

    rows: int
    """Rows in."""
    accepted: int
    """Rows that became an element."""
    rejected: dict[str, int]
    """Rows that did not, by code (docs/formats.md, Rejections)."""
    elements: int
    """Transport chain elements, inferred hubs included."""
    shipments: int
    """Shipments."""
    transport_activity_tkm: Decimal
    """Transport activity, t.km, nine places."""
    ghg_operation_kg: Decimal
    """Emissions of vehicle and hub operation (tank-to-wheel), kg CO2e, nine places: micrograms."""
    ghg_provision_kg: Decimal
    """Emissions of energy provision (well-to-tank), kg CO2e."""
    ghg_total_kg: Decimal
    """Both together (well-to-wheel), kg CO2e."""


class Footprints:
    """Footprints of rows: three tables, which are computed while they are read.

    Rows of one table that come while another one is read wait in memory: read them by turns (`by_turns`), or close what nobody
    wants. Unpacks as `elements, shipments, rejected`.
    """

    elements: Reader
    """One row per transport chain element, in order of shipment, container, element. `ghg_*_kg`: Decimal(18, 9), kg CO2e."""
    shipments: Reader
    """One row per shipment, in order of id: sums of its elements. `ghg_*_kg`: Decimal(38, 9), kg CO2e."""
    rejected: Reader
    """One row per record that did not become part of a figure: file, row, code, column, value, wanted. Comes last."""

    def __init__(self, computing: _native.Computing) -> None:
        self._computing = computing
        self.elements, self.shipments, self.rejected = (Reader(computing, table) for table in range(3))

    def __iter__(self) -> Iterator[Reader]:
        return iter((self.elements, self.shipments, self.rejected))

    def by_turns(self) -> Iterator[Batches]:
        """The tables batch by batch as they are computed, so that little waits in memory however many rows there are."""
        while (turn := self._computing.turn()) is not None:
            yield Batches(*turn)

    @property
    def sums(self) -> Sums | None:
        """Counts and exact sums; `None` until the tables are read to their ends."""
        told = self._computing.sums()
        if told is None:
            return None
        return Sums(
            rows=told["rows"],
            accepted=told["accepted"],
            rejected=told["rejected"],
            elements=told["elements"],
            shipments=told["shipments"],
            transport_activity_tkm=Decimal(told["transport_activity_tkm"]),
            ghg_operation_kg=Decimal(told["ghg_operation_kg"]),
            ghg_provision_kg=Decimal(told["ghg_provision_kg"]),
            ghg_total_kg=Decimal(told["ghg_total_kg"]),
        )


class Session:
    """Rows that come in pieces: a batch may end anywhere, also within a shipment. All rows of a shipment go to one session."""

    def __init__(self, computing: _native.Computing) -> None:
        self._computing = computing

    def push(self, rows: object) -> None:
        """Adds rows, of any kind that `Engine.footprint` takes. Raises InputError for columns that are missing or unusable."""
        self._computing.push(rows)

    def finish(self) -> Footprints:
        """No more rows come: the footprints of all of them."""
        self._computing.finish()
        return Footprints(self._computing)
