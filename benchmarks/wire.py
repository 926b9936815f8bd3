"""HTTP/1.1 with as little between as can be, for callers that no load generator plays.

They hang up, each sends another request, or they wait as long as they are asked to. A request is
bytes that were built once; of an answer the status, the wait it asks for and its length are read,
and its body is thrown away.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import urlsplit

import httpx

_Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(frozen=True)
class Answer:
    """`status` 0: none came. `retry_after` in seconds, 0 where none was named."""

    status: int
    seconds: float
    retry_after: float = 0.0


def edit_request(
    url: str, picture: bytes, expression: str, headers: Mapping[str, str] | None = None
) -> httpx.Request:
    """The request for the picture in `picture` with another expression."""
    return httpx.Request(
        "POST",
        f"{url}/v1/expressions",
        data={"expression": expression},
        files={"image": ("image", picture)},
        headers=headers,
    )


def bytes_of(request: httpx.Request) -> bytes:
    """The whole request, head and body."""
    head = [f"{request.method} {request.url.path} HTTP/1.1".encode()]
    head += [name + b": " + value for name, value in request.headers.raw]
    return b"\r\n".join([*head, b"", b""]) + request.read()


class Wire:
    """Connections to one server, kept for the next request."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._host, self._port = address.hostname, address.port
        self._idle: list[_Line] = []

    async def __aenter__(self) -> Wire:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for _, writer in self._idle:
            writer.close()

    async def ask(self, request: bytes, patience: float) -> Answer:
        """The answer to `request`; after `patience` seconds the caller hangs up."""
        start = time.perf_counter()
        line: _Line | None = None
        try:
            async with asyncio.timeout(patience):
                line = await self._open()
                reader, writer = line
                writer.write(request)
                await writer.drain()
                status, headers = await _head(reader)
                await reader.readexactly(int(headers.get(b"content-length", b"0")))
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            if line is not None:
                line[1].close()
            return Answer(0, time.perf_counter() - start)
        if headers.get(b"connection", b"").lower() == b"close":
            line[1].close()
        else:
            self._idle.append(line)
        retry_after = float(headers.get(b"retry-after", b"0"))
        return Answer(status, time.perf_counter() - start, retry_after)

    async def _open(self) -> _Line:
        """A kept connection that the server has not closed meanwhile, or a new one."""
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return await asyncio.open_connection(self._host, self._port, limit=2**20)


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[bytes, bytes]]:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
    headers = (line.partition(b":") for line in lines if line)
    return int(first.split()[1]), {name.lower(): value.strip() for name, _, value in headers}
