from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.jobs.sqlite_file import FILE
from serving.jobs.sqlite_store import SqliteStore
from serving.jobs.store import Claim, KeyReusedError, StoreFullError, StoreUnavailableError

TTL = 1000.0
LEASE = 15.0


class Clock:
    """A time that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[SqliteStore]:
    store = opened(tmp_path, clock)
    yield store
    store.close()


def opened(folder: Path, clock: Clock, quota: int = 2**30) -> SqliteStore:
    return SqliteStore(folder, ttl=TTL, quota=quota, now=clock)


def put(
    store: SqliteStore,
    batch: str,
    *lines: bytes,
    owner: str = "me",
    key: str | None = None,
    digest: str = "d",
    webhook: str | None = None,
) -> str:
    store.begin(batch, owner, webhook)
    store.add(batch, list(enumerate(lines, 1)))
    return store.accept(batch, key, digest)


def claimed(store: SqliteStore) -> Claim:
    claim = store.claim(LEASE)
    assert claim is not None
    return claim


def test_lines_are_worked_off_and_results_come_in_the_order_they_were_done(
    store: SqliteStore, clock: Clock
) -> None:
    assert store.claim(LEASE) is None
    assert put(store, "a", b"one", b"two") == "a"
    first, second = claimed(store), claimed(store)
    assert (first.number, first.body, first.tries) == (1, b"one", 1)
    assert store.claim(LEASE) is None
    batch = store.get("a", "me")
    assert batch is not None
    assert (batch.status, batch.total, batch.answered, batch.running) == ("open", 2, 0, 2)

    assert store.finish(second, b"2", failed=True)
    clock.now += 5
    assert store.finish(first, b"1", failed=False)
    batch = store.get("a", "me")
    assert batch is not None
    assert (batch.status, batch.answered, batch.failed, batch.running) == ("completed", 2, 1, 0)
    assert (batch.ended, batch.expires) == (clock.now, clock.now + TTL)
    assert [(r.position, r.body) for r in store.results("a", 0, 9, 99)] == [(1, b"2"), (2, b"1")]


def test_results_come_in_pages_by_number_and_by_bytes(store: SqliteStore) -> None:
    put(store, "a", *[b"x"] * 5)
    for n in range(5):
        store.finish(claimed(store), bytes([n]) * 10, failed=False)

    def positions(after: int, limit: int, most: int) -> list[int]:
        return [result.position for result in store.results("a", after, limit, most)]

    assert positions(0, 2, 99) == [1, 2]
    assert positions(2, 9, 99) == [3, 4, 5]
    assert positions(0, 9, 25) == [1, 2]
    assert positions(1, 9, 1) == [2]
    assert positions(5, 9, 99) == []


def test_a_batch_is_its_owners_and_unseen_before_it_is_accepted(store: SqliteStore) -> None:
    store.begin("a", "me", None)
    store.add("a", [(1, b"x")])
    assert store.get("a", "me") is None
    assert store.claim(LEASE) is None
    store.accept("a", None, "d")
    assert store.get("a", "me") is not None
    assert store.get("a", "you") is None
    assert store.cancel("a", "you") is None
    store.begin("b", "me", None)
    store.add("b", [(1, b"x")])
    store.discard("b")
    with pytest.raises(StoreUnavailableError, match="send it again"):
        store.accept("b", None, "d")
    store.discard("a")
    assert store.get("a", "me") is not None


def test_batches_take_turns(store: SqliteStore) -> None:
    put(store, "large", *[b"x"] * 4)
    claimed(store)
    put(store, "small", b"x")
    assert [claimed(store).batch for _ in range(4)] == ["small", "large", "large", "large"]


def test_the_same_key_and_body_is_the_same_batch(store: SqliteStore, clock: Clock) -> None:
    assert put(store, "a", b"x", key="k") == "a"
    assert put(store, "b", b"x", key="k") == "a"
    assert store.get("b", "me") is None
    assert put(store, "c", b"x", key="k", owner="you") == "c"
    with pytest.raises(KeyReusedError):
        put(store, "d", b"y", key="k", digest="other")
    store.discard("d")
    assert {claimed(store).batch, claimed(store).batch} == {"a", "c"}
    assert store.claim(LEASE) is None
    store.cancel("a", "me")
    clock.now += TTL
    assert put(store, "e", b"y", key="k", digest="other") == "e"


def test_a_lease_that_ended_lets_others_go_on_and_only_one_result_is_kept(
    store: SqliteStore, clock: Clock
) -> None:
    put(store, "a", b"x")
    dead = claimed(store)
    clock.now += LEASE - 1
    assert store.claim(LEASE) is None
    clock.now += 1
    heir = claimed(store)
    assert (heir.number, heir.tries) == (1, 2)
    assert not store.finish(dead, b"dead", failed=False)
    assert store.finish(heir, b"heir", failed=False)
    assert not store.finish(heir, b"again", failed=False)
    assert [r.body for r in store.results("a", 0, 9, 99)] == [b"heir"]


def test_a_lease_can_be_renewed_while_it_is_ours(store: SqliteStore, clock: Clock) -> None:
    put(store, "a", b"x", b"y")
    put(store, "b", b"z")
    one, other, two = claimed(store), claimed(store), claimed(store)
    clock.now += LEASE - 1
    store.cancel("b", "me")
    assert store.renew([one, other, two], LEASE) == [c for c in (one, other, two) if c.batch == "b"]
    clock.now += LEASE - 1
    assert store.claim(LEASE) is None


def test_a_released_line_waits_and_counts_its_try_or_not(store: SqliteStore, clock: Clock) -> None:
    put(store, "a", b"x")
    store.release(claimed(store), 5, counted=False)
    assert store.claim(LEASE) is None
    clock.now += 5
    again = claimed(store)
    assert again.tries == 1
    store.release(again, 0, counted=True)
    assert claimed(store).tries == 2


def test_a_cancelled_batch_keeps_its_results_and_takes_no_more(
    store: SqliteStore, clock: Clock
) -> None:
    put(store, "a", b"x", b"y", b"z")
    store.finish(claimed(store), b"1", failed=False)
    running = claimed(store)
    batch = store.cancel("a", "me")
    assert batch is not None
    assert (batch.status, batch.answered, batch.total) == ("cancelled", 1, 3)
    assert store.claim(LEASE) is None
    assert not store.finish(running, b"2", failed=False)
    assert store.cancel("a", "me") == store.get("a", "me")
    store.sweep()
    assert [r.body for r in store.results("a", 0, 9, 99)] == [b"1"]


def test_what_is_too_old_ends_and_then_goes(
    store: SqliteStore, clock: Clock, tmp_path: Path
) -> None:
    put(store, "a", b"x" * 1_000_000, b"y")
    store.finish(claimed(store), b"1" * 1_000_000, failed=False)
    store.begin("arriving", "me", None)
    store.add("arriving", [(n, b"z" * 10_000) for n in range(100)])
    clock.now += TTL
    store.sweep()
    batch = store.get("a", "me")
    assert batch is not None
    assert (batch.status, batch.answered) == ("expired", 1)
    assert len(store.results("a", 0, 9, 9)) == 1
    with pytest.raises(StoreUnavailableError, match="took too long"):
        store.add("arriving", [(100, b"z")])
    clock.now += TTL
    assert store.get("a", "me") is None
    store.sweep()
    store.close()
    with sqlite3.connect(tmp_path / FILE) as db:
        rows = [db.execute(f"SELECT COUNT(*) FROM {t}").fetchone() for t in TABLES]
    db.close()
    assert rows == [(0,), (0,), (0,)]
    assert (tmp_path / FILE).stat().st_size < 100_000


TABLES = ("batches", "lines", "results")


def test_webhooks_are_due_at_the_end_and_again_after_a_failure(
    store: SqliteStore, clock: Clock
) -> None:
    put(store, "a", b"x", webhook="https://here/")
    put(store, "quiet", b"x")
    assert store.claim_call(60) is None
    for _ in range(2):
        store.finish(claimed(store), b"1", failed=False)
    call = store.claim_call(60)
    assert call is not None
    assert (call.batch, call.url, call.tries) == (store.get("a", "me"), "https://here/", 1)
    assert store.claim_call(60) is None
    clock.now += 60
    lost = store.claim_call(60)
    assert lost is not None
    assert lost.tries == 2
    store.end_call(lost, again_in=5)
    assert store.claim_call(60) is None
    clock.now += 5
    last = store.claim_call(60)
    assert last is not None
    store.end_call(last, again_in=None)
    clock.now += TTL / 2
    assert store.claim_call(60) is None


def test_a_full_store_refuses_new_batches_and_keeps_what_it_has(
    tmp_path: Path, clock: Clock
) -> None:
    store = opened(tmp_path, clock, quota=2_000_000)
    put(store, "a", b"x" * 400_000, b"y" * 400_000)
    store.begin("b", "me", None)
    store.add("b", [(1, b"z" * 300_000)])
    with pytest.raises(StoreFullError):
        store.add("b", [(2, b"z")])
    store.discard("b")
    with pytest.raises(StoreFullError):
        store.finish(claimed(store), b"r" * 2_500_000, failed=False)
    assert store.results("a", 0, 9, 9) == []
    clock.now += LEASE
    for _ in range(2):
        assert store.finish(claimed(store), b"r" * 400_000, failed=False)
    batch = store.get("a", "me")
    assert batch is not None
    assert batch.status == "completed"
    clock.now += TTL
    store.sweep()
    assert put(store, "c", b"x" * 400_000) == "c"
    store.close()


def test_two_stores_share_a_file_and_no_line_is_claimed_twice(
    store: SqliteStore, tmp_path: Path, clock: Clock
) -> None:
    put(store, "a", *[b"x"] * 60)
    other = opened(tmp_path, clock)
    numbers: Counter[int] = Counter()

    def work(mine: SqliteStore) -> None:
        while (claim := mine.claim(LEASE)) is not None:
            numbers[claim.number] += 1
            assert mine.finish(claim, b"r", failed=False)

    threads = [threading.Thread(target=work, args=(s,)) for s in (store, other) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    assert numbers == Counter(range(1, 61))
    batch = store.get("a", "me")
    assert batch is not None
    assert (batch.status, batch.answered) == ("completed", 60)


def test_a_closed_store_says_so(store: SqliteStore) -> None:
    store.close()
    with pytest.raises(StoreUnavailableError, match="closed"):
        store.claim(LEASE)


def test_work_costs_the_same_however_many_batches_have_ended(
    store: SqliteStore, tmp_path: Path, clock: Clock
) -> None:
    few = steps(store)
    ended = [(str(n), clock.now, clock.now + TTL, clock.now, n) for n in range(5000)]
    with sqlite3.connect(tmp_path / FILE) as db:
        db.executemany(
            "INSERT INTO batches (id, owner, status, created, expires, ended, turn)"
            " VALUES (?, '', 'completed', ?, ?, ?, ?)",
            ended,
        )
    db.close()
    assert steps(store) <= few + 1


def steps(store: SqliteStore) -> int:
    """What claiming, and looking for lines and calls in vain, cost: thousands of SQLite's steps."""
    taken = 0

    def step() -> None:
        nonlocal taken
        taken += 1

    put(store, "a", b"x")
    with store._file.writing() as writer, store._file.reading() as reader:
        for db in (writer, reader):
            db.set_progress_handler(step, 1000)
    claim = claimed(store)
    assert store.claim(LEASE) is None
    assert store.claim_call(LEASE) is None
    with store._file.writing() as writer, store._file.reading() as reader:
        for db in (writer, reader):
            db.set_progress_handler(None, 0)
    store.finish(claim, b"1", failed=False)
    with store._file.writing() as writer:
        writer.execute("DELETE FROM batches WHERE id = 'a'")
        writer.execute("DELETE FROM results")
    return taken


def test_a_sweep_writes_for_those_batches_only_that_have_something_to_remove(
    store: SqliteStore,
) -> None:
    for n in range(20):
        put(store, str(n), b"x")
        store.finish(claimed(store), b"1", failed=False)
    begun: list[str] = []
    with store._file.writing() as writer:
        writer.set_trace_callback(lambda text: begun.append(text) if "BEGIN" in text else None)
    store.sweep()
    assert len(begun) == 1
