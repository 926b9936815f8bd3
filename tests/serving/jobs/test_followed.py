from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from serving.jobs.bell import Bell
from serving.jobs.followed import Followed
from serving.jobs.sqlite_store import SqliteStore
from serving.jobs.store import Batch, Standing, StoreUnavailableError


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path, ttl=1000, quota=2**30)
    for batch in "ab":
        store.begin(batch, "", None)
        store.add(batch, [(1, b"x"), (2, b"y")])
        store.accept(batch, None, "")
    yield store
    store.close()


def of(store: SqliteStore, batch: str) -> Batch:
    found = store.get(batch, "")
    assert found is not None
    return found


def finish(store: SqliteStore) -> str:
    claim = store.claim(10)
    assert claim is not None
    store.finish(claim, b"{}", failed=False)
    return claim.batch


async def until(condition: Callable[[], bool], followed: Followed) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await followed.changed.wait(0.1)


async def test_who_follows_hears_of_results_here_and_elsewhere(store: SqliteStore) -> None:
    results = Bell()
    followed = Followed(store, results)
    with followed.following(of(store, "a")), followed.following(of(store, "b")):
        assert followed.standing("a") == Standing(0, ended=False)
        batch = finish(store)  # nothing rings: another process has done it
        await until(lambda: followed.standing(batch).answered == 1, followed)
        for _ in range(3):
            finish(store)
            results.ring()
        done = Standing(2, ended=True)
        await until(lambda: followed.standing("a") == followed.standing("b") == done, followed)


async def test_many_who_follow_ask_no_more_than_one(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Sequence[str]] = []
    look = store.look

    def counted(batches: Sequence[str]) -> dict[str, Standing]:
        asked.append(batches)
        return look(batches)

    monkeypatch.setattr(store, "look", counted)
    results = Bell()
    followed = Followed(store, results)
    with ExitStack() as stack:
        for _ in range(300):
            for batch in "ab":
                stack.enter_context(followed.following(of(store, batch)))
        await asyncio.sleep(0)  # the look begins to wait
        batch = finish(store)
        results.ring()
        await until(lambda: followed.standing(batch).answered == 1, followed)
        assert asked == [["a", "b"]]
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}, "nobody follows, and it still looks"


async def test_a_batch_that_has_gone_has_ended(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    followed = Followed(store, Bell())
    batch = of(store, "a")
    monkeypatch.setattr(store, "look", lambda _: {})
    with followed.following(batch):
        await until(lambda: followed.standing("a").ended, followed)


async def test_a_store_that_was_away_is_looked_at_again(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    away = [True]
    look = store.look

    def sometimes(batches: Sequence[str]) -> dict[str, Standing]:
        if away:
            away.pop()
            raise StoreUnavailableError("it is away")
        return look(batches)

    monkeypatch.setattr(store, "look", sometimes)
    monkeypatch.setattr("serving.jobs.followed.PAUSE_S", 0.01)
    results = Bell()
    followed = Followed(store, results)
    with caplog.at_level(logging.ERROR, "celmood"), followed.following(of(store, "a")):
        await asyncio.sleep(0)
        store.cancel("a", "")
        results.ring()
        await until(lambda: followed.standing("a").ended, followed)
    assert [record.getMessage() for record in caplog.records] == [
        "where batches stand cannot be read: it is away"
    ]
