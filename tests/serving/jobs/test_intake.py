from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from serving.jobs.intake import Limits, Wish, take
from serving.jobs.sqlite_store import SqliteStore
from serving.jobs.store import KeyReusedError
from serving.problems import BATCH_TOO_LARGE, OVER_QUOTA, ProblemError

LIMITS = Limits(lines=10, bytes=10_000, line=1000)
LINE = b'{"call": "faces", "image": "aa=="}\n'


@dataclass
class Quota:
    """How many pictures are left; what was counted, and how often it was waived."""

    left: int = 10
    counted: list[int] = field(default_factory=list)
    waived: int = 0

    async def count(self, pictures: int) -> None:
        if pictures > self.left:
            raise ProblemError(OVER_QUOTA, "it is used up")
        self.left -= pictures
        self.counted.append(pictures)

    def waive(self) -> None:
        self.waived += 1

    def wish(self, key: str | None = None) -> Wish:
        return Wish("me", key, None, self.count, self.waive)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path, ttl=1000, quota=2**30)
    yield store
    store.close()


async def body(*parts: bytes) -> AsyncGenerator[bytes, None]:
    for part in parts:
        yield part


async def sent(store: SqliteStore, wish: Wish, *parts: bytes) -> str:
    return await take(store, body(*parts), wish, LIMITS, lambda url: None)


async def test_pictures_are_counted_before_they_are_accepted(store: SqliteStore) -> None:
    quota = Quota(left=3)
    batch = await sent(store, quota.wish(), LINE + b"\n", LINE)
    found = store.get(batch, "me")
    assert found is not None
    assert (found.total, quota.counted, quota.waived) == (2, [2], 0)
    with pytest.raises(ProblemError) as raised:
        await sent(store, quota.wish(), LINE, LINE)
    assert raised.value.kind is OVER_QUOTA
    claims = [store.claim(10) for _ in range(3)]
    assert [claim.batch for claim in claims if claim is not None] == [batch] * 2


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ([b"\n" * 5000, b"\n" * 5001], "10,000 bytes"),
        ([b" \n" * 5001], "10,000 bytes"),
        ([LINE * 11], "10 lines"),
        ([b"\n", LINE, b" " * 1001], "line 3"),
    ],
    ids=["empty", "blank", "many", "long"],
)
async def test_what_is_too_large_is_refused_and_nothing_kept(
    store: SqliteStore, parts: list[bytes], told: str
) -> None:
    with pytest.raises(ProblemError, match=told) as raised:
        await sent(store, Quota().wish(), *parts)
    assert raised.value.kind is BATCH_TOO_LARGE
    assert store.claim(10) is None


async def test_what_was_counted_once_is_not_counted_again(store: SqliteStore) -> None:
    quota = Quota(left=3)
    first = await sent(store, quota.wish("k"), LINE, LINE)
    assert await sent(store, quota.wish("k"), LINE, LINE) == first
    assert (quota.counted, quota.waived) == ([2], 1)
    with pytest.raises(KeyReusedError):
        await sent(store, quota.wish("k"), LINE, LINE, LINE)
    assert (quota.counted, quota.waived) == ([2], 2)


async def test_of_two_at_once_one_is_waived(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    quota = Quota()
    first = await sent(store, quota.wish("k"), LINE)
    # as if the first had been accepted after the second had asked
    monkeypatch.setattr(store, "earlier", lambda *_: None)
    assert await sent(store, quota.wish("k"), LINE) == first
    assert (quota.counted, quota.waived) == ([1, 1], 1)
