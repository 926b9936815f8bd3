"""A connection as uvicorn serves it; it ends when its caller does not read the answer."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from serving.incoming import Incoming

PATIENCE_S: Final = 60.0
LEAST: Final = 2**20
"""Bytes that a caller takes within `PATIENCE_S`, or all that there are."""
_log = logging.getLogger("celmood")


class Connection(Incoming):
    """HTTP/1.1, whose writing pauses until all that was written is with the system.

    So what waits here is never more than what is written at once, and a pause that lasts means a
    caller who does not read.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=0)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._unwatch()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._unwatch()

    def _watch(self) -> None:
        left = self.transport.get_write_buffer_size()
        self._look = self.loop.call_later(PATIENCE_S, self._end_if_slow, left)

    def _unwatch(self) -> None:
        if self._look is not None:
            self._look.cancel()
            self._look = None

    def _end_if_slow(self, before: int) -> None:
        if before - self.transport.get_write_buffer_size() >= LEAST:
            self._watch()
            return
        _log.info("a caller does not read its answer; the connection is ended")
        self.transport.abort()
