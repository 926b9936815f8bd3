"""Callers who ask for one picture after the other, and do not give up before they have it."""

from __future__ import annotations

import asyncio
import io
import secrets
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Protocol

import httpx
from PIL import Image

from benchmarks.faults.tally import Tally

PATIENCE_S: Final = 120.0
_LOOK_S: Final = 0.05
_MOST_PAUSE_S: Final = 2.0
"""Retry-After may ask for more; callers who come back early make it harder."""


class FaultError(RuntimeError):
    """A fault cannot be brought about, or what was waited for did not come."""


@dataclass(frozen=True)
class Picture:
    """A PNG of `size`, width and height, which no other caller's has."""

    data: bytes
    size: tuple[int, int]


def pictures(data: bytes, count: int) -> list[Picture]:
    """`count` pictures, each a row lower than the one before: an answer tells whose it is."""
    made = []
    with Image.open(io.BytesIO(data)) as image:
        for n in range(count):
            size = image.width, image.height - n
            file = io.BytesIO()
            image.crop((0, 0, *size)).save(file, "png")
            made.append(Picture(file.getvalue(), size))
    return made


async def ask(
    client: httpx.AsyncClient, picture: Picture, name: str | None = None
) -> httpx.Response:
    """The answer to an edit of the picture; `name` is the request's id."""
    return await client.post(
        "/v1/expressions",
        files={"image": ("image", picture.data)},
        data={"expression": "happy"},
        headers={"X-Request-Id": name or secrets.token_hex(8)},
    )


class Answering(Protocol):
    """A gateway at `url`."""

    @property
    def url(self) -> str: ...

    def heard(self, name: str) -> bool:
        """Whether the request with this id has come to it, told once it has ended."""
        ...


class Caller:
    """Asks for `picture` again and again until it is told to end, and then has it once more.

    A caller who is told that the gateway closes, or finds nobody there, has left.
    """

    def __init__(self, gateway: Answering, picture: Picture, tally: Tally) -> None:
        self._gateway = gateway
        self._picture = picture
        self._tally = tally
        self.ending = False
        self.broken: dict[str, str] = {}
        """How requests ended that got no answer, by their ids."""

    async def __call__(self) -> None:
        async with httpx.AsyncClient(base_url=self._gateway.url, timeout=PATIENCE_S) as client:
            while True:
                name = secrets.token_hex(8)
                try:
                    answer = await ask(client, self._picture, name)
                except httpx.ConnectError:
                    return  # nobody listens any more, so nothing was accepted
                except httpx.HTTPError as error:
                    self.broken[name] = f"no answer: {error!r}"
                    continue
                done = self._tally.count(answer, self._picture.size)
                if answer.headers.get("Connection") == "close" or (done and self.ending):
                    return
                wait = float(answer.headers.get("Retry-After", "0"))
                await asyncio.sleep(min(wait, _MOST_PAUSE_S))


@asynccontextmanager
async def calling(
    gateway: Answering, pictures: list[Picture], tally: Tally
) -> AsyncGenerator[None, None]:
    """Within the block a caller for each picture asks; after it each has been answered."""
    callers = [Caller(gateway, picture, tally) for picture in pictures]
    tasks = [asyncio.ensure_future(caller()) for caller in callers]
    try:
        yield
        for caller in callers:
            caller.ending = True
        _, late = await asyncio.wait(tasks, timeout=PATIENCE_S)
        tally.lost += ["no answer until the end"] * len(late)
        for name, how in ((n, how) for caller in callers for n, how in caller.broken.items()):
            if gateway.heard(name):
                tally.lost.append(how)
            else:
                tally.unheard += 1
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def until(true: Callable[[], bool], what: str) -> None:
    """Return when it is true. Raises FaultError when that takes too long."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                if true():
                    return
                await asyncio.sleep(_LOOK_S)
    except TimeoutError as error:
        raise FaultError(f"in vain: {what}") from error
