from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from serving.jobs.duty import Outcome, sweeping
from serving.jobs.sqlite_store import SqliteStore
from serving.jobs.store import Claim, StoreUnavailableError


def claim(tries: int) -> Claim:
    return Claim("a", 1, "token", tries, b"x")


@pytest.mark.parametrize(
    ("again_in", "counted", "tries", "expected"),
    [
        (None, True, 1, None),
        (None, False, 1, None),
        (2.0, True, 1, 2.0),
        (2.0, True, 3, None),
        (2.0, False, 3, 2.0),
        (0.0, True, 2, 0.0),
    ],
)
def test_a_line_is_tried_again_while_it_may(
    again_in: float | None, counted: bool, tries: int, expected: float | None
) -> None:
    outcome = Outcome(b"{}", failed=True, again_in=again_in, counted=counted)
    assert outcome.retry_in(claim(tries)) == expected


async def test_sweeping_goes_on_when_the_store_was_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = SqliteStore(tmp_path, ttl=1000, quota=2**30)
    loop = asyncio.get_running_loop()
    again = asyncio.Event()
    away = [True]

    def sweep() -> None:
        if away:
            away.pop()
            raise StoreUnavailableError("it is away")
        loop.call_soon_threadsafe(again.set)

    monkeypatch.setattr(store, "sweep", sweep)
    monkeypatch.setattr("serving.jobs.duty._SWEEP_S", 0.01)
    with caplog.at_level(logging.ERROR, "celmood"):
        task = asyncio.create_task(sweeping(store))
        async with asyncio.timeout(30):
            await again.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert [record.getMessage() for record in caplog.records] == [
        "old batches are not removed: it is away"
    ]
    store.close()
