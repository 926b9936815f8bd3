from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from serving.jobs.pages import Pages
from serving.jobs.store import Result

MOST_TURNS = 1000
"""Of the event loop, in which what can go on has gone on."""


def of(size: int, fetched: list[int] | None = None) -> Callable[[], Awaitable[list[Result]]]:
    """Fetches a page of so many bytes, in two results."""

    async def fetch() -> list[Result]:
        await asyncio.sleep(0)
        if fetched is not None:
            fetched.append(size)
        return [Result(1, bytes(size // 2)), Result(2, bytes(size - size // 2))]

    return fetch


async def settled() -> None:
    for _ in range(MOST_TURNS):
        await asyncio.sleep(0)


class Reader:
    """A caller that has a page as soon as there is room, and keeps it until it has `read`."""

    def __init__(self, pages: Pages, caller: str, size: int) -> None:
        self.fetched: list[int] = []
        self._held = AsyncExitStack()
        page = pages.page(caller, of(size, self.fetched))
        self.task = asyncio.create_task(self._held.enter_async_context(page))

    @property
    def has_it(self) -> bool:
        return self.task.done()

    async def read(self) -> None:
        await self.task
        await self._held.aclose()


@pytest.fixture
def pages() -> Pages:
    return Pages(100, 0.7)


async def test_who_finds_no_room_waits_until_others_have_read(pages: Pages) -> None:
    first, second = Reader(pages, "a", 60), Reader(pages, "b", 60)
    await settled()
    assert (first.has_it, second.has_it) == (True, False)
    await first.read()
    await settled()
    assert second.has_it
    await second.read()


async def test_what_was_too_large_is_fetched_again_only_when_there_is_room(pages: Pages) -> None:
    first, small = Reader(pages, "a", 60), Reader(pages, "b", 30)
    large = Reader(pages, "c", 50)
    await settled()
    assert large.fetched == [50]
    await small.read()
    await settled()
    assert large.fetched == [50]
    await first.read()
    await settled()
    assert large.has_it
    assert large.fetched == [50, 50]
    await large.read()


async def test_a_caller_has_its_share_and_leaves_room_to_others(pages: Pages) -> None:
    readers = [Reader(pages, "a", 40), Reader(pages, "a", 40), Reader(pages, "b", 40)]
    await settled()
    assert [reader.has_it for reader in readers] == [True, False, True]
    await readers[0].read()
    await settled()
    assert readers[1].has_it
    for reader in readers[1:]:
        await reader.read()


async def test_a_page_that_is_larger_than_all_the_room_comes_alone(pages: Pages) -> None:
    huge, other = Reader(pages, "a", 1000), Reader(pages, "b", 1)
    await settled()
    assert (huge.has_it, other.has_it) == (True, False)
    await huge.read()
    await settled()
    assert other.has_it
    await other.read()


async def test_who_gives_up_leaves_the_room(pages: Pages) -> None:
    first, waiting = Reader(pages, "a", 60), Reader(pages, "b", 60)
    await settled()
    waiting.task.cancel()
    await first.read()
    last = Reader(pages, "c", 100)
    await settled()
    assert last.has_it
    await last.read()


async def test_many_at_once_never_have_more_than_there_is(pages: Pages) -> None:
    held = most = 0

    async def reader(caller: str) -> None:
        nonlocal held, most
        async with pages.page(caller, of(30)) as page:
            held += sum(len(result.body) for result in page)
            most = max(most, held)
            for _ in range(20):
                await asyncio.sleep(0)
            held -= 30

    await asyncio.gather(*(reader(f"{n}") for n in range(50)))
    assert most == 90
