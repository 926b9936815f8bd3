"""Where batches are kept: what every store does, and how it fails.

A batch is accepted when `accept` has returned: from then on each of its lines gets exactly one
result, whatever happens to the processes that work on it. Times are seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Status = Literal["open", "completed", "cancelled", "expired"]


class StoreError(Exception):
    """Batches cannot be kept or read.

    StoreError
      StoreFullError
      StoreUnavailableError
      KeyReusedError
    """


class StoreFullError(StoreError):
    """There is no space for more."""


class StoreUnavailableError(StoreError):
    """The file or the database does not answer as it should."""


class KeyReusedError(StoreError):
    """The owner has used this idempotency key for another batch."""


@dataclass(frozen=True)
class Batch:
    """A batch that was accepted: `total` lines, of which `answered` have a result.

    `failed` of the answered have a problem in place of an answer, `running` are in work now.
    """

    id: str
    owner: str
    status: Status
    created: float
    expires: float
    ended: float | None
    total: int
    answered: int
    failed: int
    running: int


@dataclass(frozen=True)
class Standing:
    """How far an accepted batch is: how many lines have a result, and whether more will."""

    answered: int
    ended: bool


@dataclass(frozen=True)
class Claim:
    """A line in work, ours until the lease ends. `tries` counts this one."""

    batch: str
    number: int
    token: str
    tries: int
    body: bytes

    @property
    def name(self) -> str:
        """The name of the line in the log, in traces and in problems."""
        return f"{self.batch}.{self.number}"


@dataclass(frozen=True)
class Result:
    """The result of a line, a JSON object. `position` counts the batch's results from 1."""

    position: int
    body: bytes


@dataclass(frozen=True)
class Call:
    """A webhook that is due. `tries` counts this one."""

    batch: Batch
    url: str
    tries: int


class Store(Protocol):
    """Keeps batches. Every method may be called from several threads and raises StoreError."""

    def begin(self, batch: str, owner: str, webhook: str | None) -> None:
        """Make room for a batch that arrives; nobody sees it before `accept`."""
        ...

    def add(self, batch: str, lines: Sequence[tuple[int, bytes]]) -> None:
        """Keep lines of an arriving batch, by their numbers."""
        ...

    def earlier(self, batch: str, key: str, digest: str) -> str | None:
        """The batch that the owner of `batch` has sent under `key` before: its id, if there is one.

        Raises KeyReusedError if that has another `digest`.
        """
        ...

    def accept(self, batch: str, key: str | None, digest: str) -> str:
        """Make the arriving batch an open one, on disk when this returns; the id of the batch.

        If its owner has a batch with the same `key` and `digest`, the arriving one is dropped and
        that one's id returned. Raises KeyReusedError if only the key is the same.
        """
        ...

    def discard(self, batch: str) -> None:
        """Forget an arriving batch."""
        ...

    def get(self, batch: str, owner: str) -> Batch | None:
        """The accepted batch of this owner; None if there is none, or not any more."""
        ...

    def look(self, batches: Sequence[str]) -> dict[str, Standing]:
        """Where those of the batches stand that there are; cheaper than `get` of each."""
        ...

    def results(self, batch: str, after: int, limit: int, most_bytes: int) -> list[Result]:
        """Results behind position `after`, in order; at least one of those there are."""
        ...

    def cancel(self, batch: str, owner: str) -> Batch | None:
        """End an open batch; its results stay. The batch as it is then, or None."""
        ...

    def finish(self, claim: Claim, result: bytes, failed: bool) -> bool:
        """Keep the result of a line, unless the claim is not ours any more (then False)."""
        ...

    def claim_call(self, lease: float) -> Call | None:
        """A webhook to call, ours for `lease` seconds."""
        ...

    def end_call(self, call: Call, again_in: float | None) -> None:
        """The call was made (None), or is to be repeated after some seconds."""
        ...

    def sweep(self) -> None:
        """End batches that are too old, and remove what has expired."""
        ...

    def close(self) -> None:
        """Let go of the file or the connections."""
        ...


class Claims(Store, Protocol):
    """A store that hands out its lines itself."""

    def claim(self, lease: float) -> Claim | None:
        """A line to work on, for `lease` seconds; batches take turns."""
        ...

    def renew(self, claims: Sequence[Claim], lease: float) -> list[Claim]:
        """Extend claims; returns those that are not ours any more."""
        ...

    def release(self, claim: Claim, delay: float, counted: bool) -> None:
        """Let the line be claimed again after `delay` seconds; the try counts or does not."""
        ...
