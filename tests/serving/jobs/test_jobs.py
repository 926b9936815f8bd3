from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import pytest_asyncio

from engines.onnx_engine import OnnxEngine
from serving.admission import Admission, Limits
from serving.jobs.jobs import Jobs, open_jobs
from serving.jobs.sqlite_store import SqliteStore
from serving.jobs.store import Batch, Result
from serving.metrics import Metrics
from serving.pipeline import Pipeline
from serving.security.guard import open_urls
from serving.settings import Settings

ROOM = 1000
"""Bytes that streamed results may have."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    """The file of the batches, as another process has it open."""
    with closing(SqliteStore(tmp_path, ttl=1000, quota=2**30)) as store:
        yield store


@pytest_asyncio.fixture
async def jobs(engine: OnnxEngine, tmp_path: Path, store: SqliteStore) -> AsyncIterator[Jobs]:
    """Nobody works on the lines."""
    settings = Settings(batches=tmp_path, max_bytes_at_once=2 * ROOM, caller_share=1)
    metrics = Metrics()
    admission = Admission(Limits(1, 1, 1.0, 1.0, 1), metrics)
    pipeline = Pipeline(engine, settings)
    jobs = open_jobs(settings, pipeline, admission, open_urls(settings), metrics)
    assert jobs is not None
    yield jobs
    await jobs.stop()


def done(store: SqliteStore, name: str, *results: bytes) -> Batch:
    """A batch with these results."""
    store.begin(name, "", None)
    store.add(name, [(number, b"x") for number, _ in enumerate(results, 1)])
    store.accept(name, None, "")
    for result in results:
        claim = store.claim(10)
        assert claim is not None
        store.finish(claim, result, failed=False)
    batch = store.get(name, "")
    assert batch is not None
    return batch


async def test_a_stream_has_all_results_behind_a_place(jobs: Jobs, store: SqliteStore) -> None:
    batch = done(store, "a", b"{1}", b"{2}", bytes(5 * 2**20), b"{4}")
    found = [(each.position, len(each.body)) async for each in jobs.follow(batch, 1, "me")]
    assert found == [(2, 3), (3, 5 * 2**20), (4, 3)]


async def test_results_that_nobody_reads_keep_other_streams_waiting(
    jobs: Jobs, store: SqliteStore
) -> None:
    batch = done(store, "a", bytes(ROOM // 2), bytes(ROOM // 2))
    unread: AsyncGenerator[Result, None] = jobs.follow(batch, 0, "me")
    assert (await anext(unread)).position == 1
    other = jobs.follow(batch, 0, "you")
    reading = asyncio.ensure_future(anext(other))
    done_first, _ = await asyncio.wait([reading], timeout=1)
    assert not done_first
    await unread.aclose()
    assert (await reading).position == 1
    await other.aclose()
