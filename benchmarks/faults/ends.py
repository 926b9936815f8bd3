"""SIGTERM comes while many callers have work in the gateway."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Final

from benchmarks.faults.callers import PATIENCE_S, FaultError, Picture, calling, until
from benchmarks.faults.servers import gateway
from benchmarks.faults.tally import Tally

_LEFT: Final = "work that did not end"
"""In the log, of work that the gateway does not tell about one by one."""


async def end_gateway(repository: Path, pictures: list[Picture], times: int) -> list[Tally]:
    """End a gateway `times` times, each under the callers of all pictures. Raises FaultError.

    It has one process and two in turn. Callers go on asking until they are told that it closes, or
    nobody listens any more.
    """
    tally = Tally("SIGTERM", "requests", times)
    for n in range(times):
        with gateway(repository, caller_share=1, processes=1 + n % 2) as running:
            enough = tally.answered + len(pictures)
            async with calling(running, pictures, tally):
                await until(lambda: tally.answered >= enough, "answers before the end")  # noqa: B023
                running.process.send_signal(signal.SIGTERM)
                code = await asyncio.to_thread(running.process.wait, PATIENCE_S)
            if code != 0 or _LEFT in running.log.read_text():
                raise FaultError(f"the gateway left work behind and ended with {code}")
    return [tally]
