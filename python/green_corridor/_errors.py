"""What the engine raises: one class per kind of failure, with the place that the message speaks of."""

from __future__ import annotations


class Error(Exception):
    """Base of everything that the engine raises. Rejected rows are no errors: they are a table of the result.

    The text names the place already; the attributes say it once more for programs, as far as it is known.
    """

    kind: str = "internal"
    """Kind as a word, as in `status.json`: "usage", "input", "library", ..."""
    exit_code: int = 70
    """Exit code of the program for the same failure (docs/reliability.md)."""
    file: str | None = None
    """File, or "memory"."""
    line: int | None = None
    """Line from 1, of a file of lines."""
    row: int | None = None
    """Row from 1, of a table."""
    column: str | None = None
    """Column or key."""
    found: str | None = None
    """What was found."""
    wanted: str | None = None
    """What was wanted."""


class UsageError(Error, ValueError):
    """Wrong use: arguments, run file, name of a profile."""


class InputError(Error, ValueError):
    """Rows or an input file cannot be read: a column is missing or of a type that it cannot have, an order is not kept."""


class TooManyRejects(Error):
    """More rows rejected than the run file allows; nothing was published."""


class TooMuchChange(Error):
    """Rows or totals changed by more than the run file allows; nothing was published."""


class Locked(Error):
    """Another run holds the output."""


class StorageError(Error):
    """Reading or writing the output failed."""


class VerificationError(Error):
    """Published files are not what they should be."""


class LimitError(Error):
    """Memory or another limit does not suffice."""


class LibraryError(Error):
    """The factor library or reference data are invalid."""


class FilesMissing(Error):
    """Published, but without the files named."""


class InternalError(Error):
    """A fault of the engine itself."""


KINDS: dict[str, type[Error]] = {
    "usage": UsageError,
    "input": InputError,
    "too_many_rejects": TooManyRejects,
    "too_much_change": TooMuchChange,
    "locked": Locked,
    "storage": StorageError,
    "verification": VerificationError,
    "limit": LimitError,
    "library": LibraryError,
    "files_missing": FilesMissing,
    "internal": InternalError,
}


def of(kind: str, message: str, **told: object) -> Error:
    """The exception of a kind, with what is told of its place."""
    error = KINDS.get(kind, InternalError)(message)
    error.kind = kind
    for name, value in told.items():
        setattr(error, name, value)
    return error
