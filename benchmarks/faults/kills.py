"""Triton is killed and started again, while callers and a batch have work for it."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Final

import httpx

from benchmarks.faults.batches import bring, collect
from benchmarks.faults.callers import FaultError, Picture, calling, until
from benchmarks.faults.servers import gateway
from benchmarks.faults.tally import Tally
from benchmarks.triton import Triton

_AWAY_S: Final = 0.5
_LINES_A_KILL: Final = 2


async def kill_triton(repository: Path, pictures: list[Picture], times: int) -> list[Tally]:
    """Kill it `times` times, each after all callers could have been answered.

    The batch has more lines than are done between two kills, and is waited for at the end. Raises
    FaultError or TritonError.
    """
    asked = Tally("Triton is killed", "requests", times)
    brought = Tally("Triton is killed", "lines of a batch", times)
    with (
        Triton(repository, threads=1) as server,
        tempfile.TemporaryDirectory() as folder,
        gateway(
            repository, engine="triton", triton=server.address, batches=folder, caller_share=1
        ) as running,
    ):
        async with httpx.AsyncClient(base_url=running.url) as client:
            place = await bring(client, pictures[0], _LINES_A_KILL * times, brought)
            if place is None:
                raise FaultError("the batch was not accepted")
            async with calling(running, pictures, asked):
                for _ in range(times):
                    enough = asked.answered + len(pictures)
                    await until(lambda: asked.answered >= enough, "answers between two kills")  # noqa: B023
                    await asyncio.to_thread(server.kill)
                    await asyncio.sleep(_AWAY_S)
                    await asyncio.to_thread(server.start)
            await collect(client, place, pictures[0], brought)
    return [asked, brought]
