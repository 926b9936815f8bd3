"""What those who go through the lines of batches are asked to do, whatever keeps the lines."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

from serving.jobs.bell import Bell
from serving.jobs.store import Claim, Store, StoreError

TRIES: Final = 3
PAUSE_S: Final = 5.0
"""After the store has failed."""
_SWEEP_S: Final = 60.0
_log = logging.getLogger("celmood")


@dataclass(frozen=True)
class Outcome:
    """What became of a line: its result in JSON.

    `again_in` seconds it should be tried again instead, if it may; `counted`: not without end.
    """

    result: bytes
    failed: bool
    again_in: float | None = None
    counted: bool = True

    def retry_in(self, claim: Claim) -> float | None:
        """Seconds after which the line is tried again; None where this is its result."""
        return None if self.counted and claim.tries >= TRIES else self.again_in


Perform = Callable[[Claim], Awaitable[Outcome]]
"""Does a line; must not raise but when it is cancelled."""


@dataclass(frozen=True)
class Duty:
    """How lines are worked on: `size` at once, each ours for `lease` seconds at a time.

    `abandoned` is what becomes of a line that has taken its process with it too often; nothing more
    is begun when `closing` says so.
    """

    perform: Perform
    abandoned: Callable[[Claim], Outcome]
    closing: Callable[[], bool]
    size: int
    lease: float


class Working(Protocol):
    """Who goes through the lines of a store.

    `results` rings when a result was kept; whoever accepts a batch rings `arrivals`.
    """

    results: Bell
    arrivals: Bell

    def start(self) -> None: ...

    async def stop(self, grace: float) -> None: ...

    def drop(self, batch: str) -> None: ...


async def kept(claim: Claim, keep: Callable[[], object]) -> None:
    """Call `keep`, which writes what became of the line, however long there is no space for it."""
    while True:
        try:
            await asyncio.to_thread(keep)
        except StoreError as error:
            _log.error("the result of line %d of %s: %s", claim.number, claim.batch, error)
            await asyncio.sleep(PAUSE_S)
        else:
            return


async def sweeping(store: Store) -> None:
    """Remove what is too old, now and then, until it is cancelled."""
    while True:
        try:
            await asyncio.to_thread(store.sweep)
        except StoreError as error:
            _log.error("old batches are not removed: %s", error)
        await asyncio.sleep(_SWEEP_S)
