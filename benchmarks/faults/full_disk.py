"""The disk of the batches is full, to the last byte, while batches are in work."""

from __future__ import annotations

import asyncio
import errno
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final

import httpx

from benchmarks.faults.batches import bring, collect
from benchmarks.faults.callers import PATIENCE_S, FaultError, Picture, ask
from benchmarks.faults.servers import gateway
from benchmarks.faults.tally import Tally

_DISK_BYTES: Final = 16 * 2**20
_LINES: Final = 4
_FULL_S: Final = 8.0
"""Longer than the gateway's pause after its store has failed."""
_MOUNT: Final = 'mount -t tmpfs -o size="$0" none "$1" && shift && exec "$@"'
"""Becomes a process that alone sees a small disk at a folder; the disk goes with it."""


async def fill_disk(repository: Path, pictures: list[Picture], times: int) -> list[Tally]:
    """Fill the disks of so many gateways, and make room again. Raises FaultError.

    Batches are brought before, until they are refused, and while it is full; pictures are asked for
    all the time. When there is room again every line that was accepted must get its result.
    """
    lines = Tally("disk full", "lines of batches", times)
    asked = Tally("disk full", "requests", times)
    for _ in range(times):
        with (
            tempfile.TemporaryDirectory() as folder,
            gateway(repository, within=_on_small_disk(folder), batches=folder) as running,
        ):
            disk = Path(f"/proc/{running.process.pid}/root{folder}")
            async with httpx.AsyncClient(base_url=running.url, timeout=PATIENCE_S) as client:
                places = await _bring_until_refused(client, pictures[0], lines)
                places += await _while_full(client, disk / "filler", pictures[0], lines, asked)
                for place in places:
                    await collect(client, place, pictures[0], lines)
    return [lines, asked]


async def _while_full(
    client: httpx.AsyncClient, filler: Path, picture: Picture, lines: Tally, asked: Tally
) -> list[str]:
    """Ask for pictures and bring batches on a full disk; the addresses of those accepted."""
    places: list[str] = []
    until = time.monotonic() + _FULL_S
    while time.monotonic() < until:
        await asyncio.to_thread(_fill, filler)  # also what is given back meanwhile
        asked.count(await ask(client, picture), picture.size)
        place = await bring(client, picture, _LINES, lines)
        places += [] if place is None else [place]
    await asyncio.to_thread(filler.unlink)
    return places


async def _bring_until_refused(
    client: httpx.AsyncClient, picture: Picture, tally: Tally
) -> list[str]:
    places: list[str] = []
    while (place := await bring(client, picture, _LINES, tally)) is not None:
        places.append(place)
    if not places:
        raise FaultError("no batch was accepted before the disk was full")
    return places


def _fill(filler: Path) -> None:
    """Write until there is not a byte left."""
    with filler.open("ab", buffering=0) as file:
        for size in (2**20, 2**12, 1):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


def _on_small_disk(folder: str) -> list[str]:
    """A command that becomes another one, which has a disk of its own at `folder`."""
    own = ["unshare", "--mount"]
    if os.geteuid() != 0:
        own += ["--user", "--map-root-user"]
    own += ["sh", "-c", _MOUNT, str(_DISK_BYTES), folder]
    tried = subprocess.run([*own, "true"], capture_output=True, text=True)
    if tried.returncode:
        raise FaultError(f"a small disk cannot be mounted here: {tried.stderr.strip()}")
    return own
