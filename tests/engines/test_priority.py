"""Background work is known as such within its block, also in a thread."""

from __future__ import annotations

import asyncio

from engines.priority import background, in_background


def test_background_lasts_as_long_as_its_block() -> None:
    assert not in_background()
    with background():
        assert in_background()
    assert not in_background()


def test_it_goes_along_into_a_thread() -> None:
    async def work() -> bool:
        with background():
            return await asyncio.to_thread(in_background)

    assert asyncio.run(work())
