"""How a gateway stops: readiness off, new work refused, accepted work ended, then the server."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from types import FrameType
from typing import Final

from serving.admission import Admission
from serving.settings import Settings

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
_log = logging.getLogger("celmood")


@asynccontextmanager
async def draining(admission: Admission, settings: Settings) -> AsyncGenerator[None, None]:
    """Within the block SIGTERM and SIGINT drain `admission` before they reach the server.

    The server's own handlers come after that, so it goes on answering meanwhile: for the notice
    that the settings ask for (SIGTERM only), until accepted work has ended, and no longer than the
    grace. A second SIGINT does not wait. Outside of the main thread signals are left alone.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    servers = {number: signal.getsignal(number) for number in _SIGNALS}
    tasks: set[asyncio.Task[None]] = set()

    def stop(number: int, frame: FrameType | None = None) -> None:
        server = servers[signal.Signals(number)]
        if callable(server):
            server(number, frame)

    async def drain(number: int) -> None:
        notice = settings.drain_notice if number == signal.SIGTERM else 0.0
        await drained(admission, notice, settings.drain_grace)
        stop(number)

    def on_signal(number: int, frame: FrameType | None) -> None:
        first = not admission.closing
        admission.close()
        if first:
            loop.call_soon_threadsafe(lambda: tasks.add(loop.create_task(drain(number))))
        elif number == signal.SIGINT:
            stop(number, frame)

    for number in _SIGNALS:
        signal.signal(number, on_signal)
    try:
        yield
    finally:
        for number, server in servers.items():
            signal.signal(number, server)
    if admission.closing and admission.busy:
        _log.error("work that did not end within the grace is left behind")
        os._exit(0)  # an exit of the usual kind would wait for its threads


async def drained(admission: Admission, notice: float, grace: float) -> None:
    """Return when `admission` has drained and `notice` seconds are over, or after `grace`."""
    try:
        async with asyncio.timeout(grace):
            await asyncio.gather(admission.drained(), asyncio.sleep(min(notice, grace)))
    except TimeoutError:
        _log.error("%g s were not enough for the accepted work; its callers are told", grace)
        admission.give_up()
