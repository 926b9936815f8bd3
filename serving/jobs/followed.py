"""One look at the store for all who follow batches, however many they are."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from serving.jobs.bell import Bell
from serving.jobs.duty import PAUSE_S
from serving.jobs.store import Batch, Standing, Store, StoreError

_LOOK_S: Final = 0.5
"""How often is looked for results of other processes."""
_LOOK_AGAIN_S: Final = 0.05
"""After news: more may have come during the look."""
_log = logging.getLogger("celmood")


class Followed:
    """Where the batches stand that somebody follows, as it was a moment ago; in one event loop.

    `results` rings when a result was kept in this process, `changed` when there is news of any of
    the batches.
    """

    def __init__(self, store: Store, results: Bell) -> None:
        self.changed = Bell()
        self._store = store
        self._results = results
        self._followers: Counter[str] = Counter()
        self._standings: dict[str, Standing] = {}
        self._looking: asyncio.Task[None] | None = None

    def standing(self, batch: str) -> Standing:
        """Where the batch stood when it was seen last; call it within `following`."""
        return self._standings[batch]

    @contextmanager
    def following(self, batch: Batch) -> Iterator[None]:
        """Look after the batch within the block."""
        if not self._followers[batch.id]:
            self._standings[batch.id] = Standing(batch.answered, batch.ended is not None)
        self._followers[batch.id] += 1
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        try:
            yield
        finally:
            self._followers[batch.id] -= 1
            if not self._followers[batch.id]:
                del self._followers[batch.id], self._standings[batch.id]
            if not self._followers and self._looking is not None:
                self._looking.cancel()
                self._looking = None

    async def _look(self) -> None:
        pause = _LOOK_S
        while True:
            await self._results.wait(pause)
            try:
                found = await asyncio.to_thread(self._store.look, list(self._followers))
            except StoreError as error:
                _log.error("where batches stand cannot be read: %s", error)
                pause = PAUSE_S
            else:
                pause = _LOOK_AGAIN_S if self._note(found) else _LOOK_S

    def _note(self, found: dict[str, Standing]) -> bool:
        """Take what was found, and whether it is news. A batch that has gone has ended."""
        news = False
        for batch, last in self._standings.items():
            now = found.get(batch, Standing(last.answered, ended=True))
            news = news or now != last
            self._standings[batch] = now
        if news:
            self.changed.ring()
        return news
