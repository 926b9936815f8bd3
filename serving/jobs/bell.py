"""A bell between tasks: who waits hears it, and looks for himself from time to time."""

from __future__ import annotations

import asyncio


class Bell:
    """Rung in one event loop. Other processes cannot ring it, so waits end by themselves too."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Wake all who wait now."""
        event, self._event = self._event, asyncio.Event()
        event.set()

    async def wait(self, seconds: float) -> None:
        """Return when it rings, or after some seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            pass
