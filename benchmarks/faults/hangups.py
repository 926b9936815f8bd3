"""Callers who hang up, in the middle of what they send, of the work, and of what they are sent."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx

from benchmarks.faults.callers import FaultError, Picture, ask, calling, until
from benchmarks.faults.servers import gateway
from benchmarks.faults.tally import Tally

_LONGEST_S: Final = 1.0
"""Within which callers leave who have sent all."""
_AT_ONCE: Final = 8
_UNITS: Final = "celmood_work_units{"


async def hang_up(repository: Path, pictures: list[Picture], times: int) -> list[Tally]:
    """`times` callers hang up while others stay, who must be answered. Raises FaultError.

    At the end nothing may be left in work, and a lone caller is answered.
    """
    stay = Tally("callers hang up", "requests of those who stay", times)
    leave = Tally("callers hang up", "requests of those who leave", times)
    with gateway(repository, caller_share=1) as running:
        url = running.url
        numbers, chance = iter(range(times)), random.Random(0)

        async def leavers() -> None:
            for number in numbers:
                await _leave(url, pictures[number % len(pictures)], number, chance, leave)

        async with calling(running, pictures, stay):
            await asyncio.gather(*(leavers() for _ in range(_AT_ONCE)))
            enough = stay.answered + len(pictures)
            await until(lambda: stay.answered >= enough, "answers to those who stay")
        await _idle(url)
        async with httpx.AsyncClient(base_url=url, timeout=_LONGEST_S * 60) as client:
            stay.count(await ask(client, pictures[0]), pictures[0].size)
    return [stay, leave]


async def _leave(
    url: str, picture: Picture, number: int, chance: random.Random, tally: Tally
) -> None:
    """Send a request and close the connection: too early, while it is done, or amid the answer."""
    request = httpx.Request(
        "POST",
        f"{url}/v1/expressions",
        files={"image": ("image", picture.data)},
        data={"expression": "happy"},
    )
    head = [b"POST /v1/expressions HTTP/1.1"]
    head += [name + b": " + value for name, value in request.headers.raw]
    sent = b"\r\n".join([*head, b"", b""]) + request.read()
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        match number % 3:
            case 0:
                writer.write(sent[: len(sent) // 2])
                await writer.drain()
            case 1:
                writer.write(sent)
                await writer.drain()
                await asyncio.sleep(chance.uniform(0, _LONGEST_S))
            case _:
                writer.write(sent)
                await writer.drain()
                if b" 200 " not in await reader.readline():
                    tally.refused += 1
                    return
        tally.hung_up += 1
    except OSError:  # refused before all was sent
        tally.refused += 1
    finally:
        writer.transport.abort()


async def _idle(url: str) -> None:
    """Return when the gateway has no work any more. Raises FaultError."""
    async with httpx.AsyncClient(base_url=url) as client:
        for _ in range(100):
            lines = (await client.get("/metrics")).text.splitlines()
            if not any(float(line.split()[-1]) for line in lines if line.startswith(_UNITS)):
                return
            await asyncio.sleep(0.1)
    raise FaultError("work of callers who have left is still there after ten seconds")
