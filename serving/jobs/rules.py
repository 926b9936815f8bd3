"""Rules of batches that hold in every store, whatever keeps the rows."""

from __future__ import annotations

from typing import Any, Final, Protocol

from serving.jobs.store import Batch, KeyReusedError, StoreFullError, StoreUnavailableError

LONGEST_ARRIVAL_S: Final = 600.0
"""What has not arrived as a whole after so long is given up; one that got no line, too."""


class Row(Protocol):
    """What a query has found, by the names of the columns."""

    def __getitem__(self, name: str, /) -> Any: ...


def batch_of(row: Row) -> Batch:
    """The batch in a row with a column for each of its fields."""
    return Batch(**{name: row[name] for name in Batch.__dataclass_fields__})


def check_room(used: int, most: int) -> None:
    """New batches may fill half of the space; the other half is for results.

    Raises StoreFullError.
    """
    if used > most // 2:
        raise StoreFullError("the space for batches is used up; come again when some have gone")


def check_arriving(changed: int) -> None:
    """One row was changed: that of the arriving batch. Raises StoreUnavailableError."""
    if changed != 1:
        raise StoreUnavailableError("the batch took too long to arrive; send it again")


def check_same(earlier: str, digest: str) -> None:
    """The batch that its owner sent before under the key has the same lines.

    Raises KeyReusedError.
    """
    if earlier != digest:
        raise KeyReusedError("the key was used for a batch with other lines")
