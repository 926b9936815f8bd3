"""Fetch a picture from a URL, within limits of size and time; `outside` says from where."""

from __future__ import annotations

import asyncio
from typing import Final

import httpx

from serving.problems import TOO_MANY_BYTES, ProblemError
from serving.security.outside import Outside, Target, failed

_MOST_REDIRECTS: Final = 3
_DIGITS: Final = 18
_HEADERS: Final = {"User-Agent": "celmood", "Accept": "image/*", "Accept-Encoding": "identity"}


class Urls:
    """Fetches pictures of at most `max_bytes`, each within `timeout` seconds."""

    def __init__(self, outside: Outside, *, max_bytes: int, timeout: float) -> None:
        self._outside = outside
        self._max_bytes = max_bytes
        self._timeout = timeout

    def check(self, url: str) -> None:
        """Raises ProblemError for a URL that would not be fetched; looks nowhere."""
        self._outside.check(url)

    async def fetch(self, url: str) -> bytes:
        """The bytes at `url`. Redirects are followed within its host. Raises ProblemError."""
        _, place = self._outside.check(url)
        try:
            async with asyncio.timeout(self._timeout):
                target = await self._outside.target(url)
                for _ in range(_MOST_REDIRECTS + 1):
                    target, data = await self._step(target)
                    if data is not None:
                        return data
        except TimeoutError as error:
            raise failed(place, f"did not come within {self._timeout:g} s") from error
        except httpx.HTTPError as error:
            raise failed(place, f"cannot be fetched ({type(error).__name__})") from error
        raise failed(place, "was moved too often")

    async def _step(self, target: Target) -> tuple[Target, bytes | None]:
        """The picture; or None, and where it has moved."""
        async with self._outside.answer("GET", target, _HEADERS) as response:
            if response.is_redirect:
                return target.moved(response.headers.get("Location", "")), None
            if response.status_code != httpx.codes.OK:
                raise failed(target.place, f"is not there: the answer is {response.status_code}")
            if response.headers.get("Content-Encoding", "identity") != "identity":
                raise failed(target.place, "came compressed, which was not asked for")
            return target, await self._read(response)

    async def _read(self, response: httpx.Response) -> bytes:
        too_many = ProblemError(
            TOO_MANY_BYTES, f"the limit is {self._max_bytes:,} bytes a picture: name a smaller one"
        )
        declared = response.headers.get("Content-Length", "")
        if declared.isdecimal() and (len(declared) > _DIGITS or int(declared) > self._max_bytes):
            raise too_many
        data = bytearray()
        async for part in response.aiter_raw():
            data += part
            if len(data) > self._max_bytes:
                raise too_many
        return bytes(data)
