"""Results in memory while callers read them: only so many bytes, and who finds no room waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from typing import Final

from serving.jobs.bell import Bell
from serving.jobs.store import Result
from serving.room import Room

_LOOK_S: Final = 0.5


class Pages:
    """Room for `limit` bytes, of which a caller may have `share` (0 to 1); in one event loop.

    What a page has is known when it was fetched, so it may be one page more for a moment.
    """

    def __init__(self, limit: int, share: float) -> None:
        self._room = Room(limit, share)
        self._fetching = asyncio.Lock()
        self._left = Bell()

    @asynccontextmanager
    async def page(
        self, caller: str, fetch: Callable[[], Awaitable[Sequence[Result]]]
    ) -> AsyncGenerator[Sequence[Result], None]:
        """What `fetch` gives, when there is room for it, which it has within the block.

        One that turns out to be too large is fetched again when there is room.
        """
        size = 1
        with ExitStack() as held:
            while True:
                async with self._fetching:
                    if self._room.refusal(caller, size) is None:
                        page = await fetch()
                        size = max(1, sum(len(result.body) for result in page))
                        if self._room.refusal(caller, size) is None:
                            held.enter_context(self._room.held(caller, size))
                            break
                        page = ()
                await self._left.wait(_LOOK_S)
            try:
                yield page
            finally:
                held.close()
                self._left.ring()
