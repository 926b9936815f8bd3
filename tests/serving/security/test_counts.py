from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from serving.security import counts
from serving.security.counts import Counts

ROOT = Path(__file__).parents[3]
COUNT = """
import asyncio, sys
from pathlib import Path
from serving.security.counts import Counts

async def count(file):
    return [await file.incr("a", 60) for _ in range(300)]

print(*asyncio.run(count(Counts(Path(sys.argv[1])))))
"""


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    time = [1_000_000.0]
    monkeypatch.setattr("time.time", lambda: time[0])
    return time


@pytest.fixture(params=["memory", "file"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Counts]:
    with closing(Counts(tmp_path / "rates" if request.param == "file" else None)) as file:
        yield file


async def test_a_window_begins_with_the_first_count_and_ends_in_time(
    file: Counts, now: list[float]
) -> None:
    assert await file.get("a") == 0
    assert await file.get_expiry("a") == now[0]
    assert await file.incr("a", 60) == 1
    now[0] += 59
    assert await file.incr("a", 60, 4) == 5
    assert await file.get("a") == 5
    assert await file.get_expiry("a") == 1_000_060
    now[0] += 1
    assert await file.get("a") == 0
    assert await file.incr("a", 60) == 1
    assert await file.get_expiry("a") == 1_000_120


async def test_what_is_given_back_is_never_more_than_was_taken(
    file: Counts, now: list[float]
) -> None:
    assert await file.incr("a", 60, -1) == 0
    assert await file.incr("a", 60, 2) == 2
    assert await file.incr("a", 60, -3) == 0


async def test_counts_are_kept_apart_and_can_be_forgotten(file: Counts) -> None:
    for key in "aab":
        await file.incr(key, 60)
    assert (await file.get("a"), await file.get("b")) == (2, 1)
    await file.clear("a")
    assert (await file.get("a"), await file.get("b")) == (0, 1)
    assert await file.reset() == 1
    assert await file.get("b") == 0
    assert await file.check()


@pytest.mark.parametrize("file", ["file"], indirect=True)
async def test_windows_that_have_ended_leave_the_file(
    file: Counts, now: list[float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counts, "_SWEPT", 3)
    for number in range(5):
        await file.incr(str(number), 60)
    now[0] += 61
    for left in (3, 1):
        await file.incr("new", 60)
        with closing(sqlite3.connect(tmp_path / "rates")) as other:
            assert other.execute("SELECT count(*) FROM counts").fetchone() == (left,)


async def test_what_was_counted_outlives_the_process(tmp_path: Path) -> None:
    with closing(Counts(tmp_path / "rates")) as file:
        await file.incr("a", 60)
    with closing(Counts(tmp_path / "rates")) as file:
        assert await file.get("a") == 1


async def test_what_a_count_costs_does_not_grow_with_the_callers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As SQLite plans it: no statement looks through the table."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(counts._TABLE)
        values = {"key": "a", "amount": 1, "now": 0.0, "expiry": 60}
        asked: list[tuple[str, Any]] = [
            (counts._COUNT, values),
            (counts._SWEEP, (0.0, 1)),
            (counts._READ, ("a", 0.0)),
        ]
        for statement, given in asked:
            plan = db.execute(f"EXPLAIN QUERY PLAN {statement}", given).fetchall()
            assert not [step for *_, step in plan if step.startswith("SCAN")]


def test_processes_count_together(tmp_path: Path) -> None:
    command = [sys.executable, "-c", COUNT, str(tmp_path / "rates")]
    processes = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    told = [int(word) for process in processes for word in process.communicate()[0].split()]
    assert sorted(told) == list(range(1, 901))
