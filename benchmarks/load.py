"""Callers that ask for one picture after the other: `python -m benchmarks.load URL PICTURE`.

A process of its own, so that its share of the processor is known. It speaks plain HTTP/1.1 over
kept connections with a request that is built once, so as to take little from the gateway.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx


class LoadError(RuntimeError):
    """The gateway answered something other than a picture."""


def request_bytes(url: str, picture: bytes, expression: str) -> bytes:
    """The whole request, head and body."""
    request = httpx.Request(
        "POST",
        f"{url}/v1/expressions",
        data={"expression": expression},
        files={"image": ("image", picture)},
    )
    head = [f"POST {request.url.path} HTTP/1.1".encode()]
    head += [name + b": " + value for name, value in request.headers.raw]
    return b"\r\n".join([*head, b"", b""]) + request.read()


async def load(
    url: str, picture: bytes, expression: str, callers: int, seconds: float
) -> tuple[list[float], float]:
    """Seconds of each answered request, and the wall time of all. Raises LoadError, OSError."""
    request = request_bytes(url, picture, expression)
    address = urlsplit(url)
    latencies: list[float] = []
    start = time.perf_counter()

    async def call() -> None:
        reader, writer = await asyncio.open_connection(address.hostname, address.port, limit=2**20)
        try:
            while time.perf_counter() - start < seconds:
                sent = time.perf_counter()
                writer.write(request)
                await writer.drain()
                await _answer(reader)
                latencies.append(time.perf_counter() - sent)
        finally:
            writer.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(callers):
            group.create_task(call())
    return latencies, time.perf_counter() - start


async def _answer(reader: asyncio.StreamReader) -> bytes:
    """The body of the next answer. Raises LoadError unless it is a picture."""
    status, *lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
    headers = {
        name.lower(): value.strip()
        for name, _, value in (line.partition(b":") for line in lines if line)
    }
    body = await reader.readexactly(int(headers[b"content-length"]))
    if b" 200 " not in status or not headers[b"content-type"].startswith(b"image/"):
        raise LoadError(f"{status.decode()}: {body[:300].decode(errors='replace')}")
    return body


def main(arguments: list[str] | None = None) -> int:
    """Print one JSON object: latencies in seconds, wall time, processor time of this process."""
    parser = argparse.ArgumentParser("python -m benchmarks.load", description=__doc__)
    parser.add_argument("url")
    parser.add_argument("picture", type=Path)
    parser.add_argument("--expression", default="angry")
    parser.add_argument("--callers", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=8.0)
    given = parser.parse_args(arguments)
    cpu = time.process_time()
    work = load(
        given.url, given.picture.read_bytes(), given.expression, given.callers, given.seconds
    )
    latencies, wall = asyncio.run(work)
    cpu = time.process_time() - cpu
    print(json.dumps({"latencies": latencies, "wall_s": wall, "cpu_s": cpu}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
