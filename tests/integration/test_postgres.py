"""Batches in a real PostgreSQL: gateways that share it, are killed, or lose it for a while."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.abc import PQGen

from serving.jobs.postgres_store import PostgresStore
from serving.jobs.store import (
    Call,
    Claim,
    KeyReusedError,
    Standing,
    StoreFullError,
    StoreUnavailableError,
)
from tests.batches import LINES, NDJSON, begun, check, results, sent
from tests.gateway import started
from tests.integration.postgres_server import PostgresServer

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@pytest.fixture
def url(server: PostgresServer) -> str:
    """An empty database."""
    with psycopg.connect(server.url, autocommit=True) as db:
        db.execute("DROP SCHEMA public CASCADE")
        db.execute("CREATE SCHEMA public")
    return server.url


@pytest.fixture
def store(url: str) -> Iterator[PostgresStore]:
    store = PostgresStore(url, ttl=1000, quota=2**30)
    yield store
    store.close()


def put(
    store: PostgresStore,
    batch: str,
    *lines: bytes,
    key: str | None = None,
    digest: str = "d",
    webhook: str | None = None,
) -> str:
    store.begin(batch, "me", webhook)
    store.add(batch, list(enumerate(lines, 1)))
    return store.accept(batch, key, digest)


def taken(store: PostgresStore, batch: str, number: int = 1) -> Claim:
    claim = store.take(batch, number)
    assert claim is not None
    return claim


def jobs(url: str) -> list[tuple[str, int]]:
    with psycopg.connect(url) as db:
        rows = db.execute(
            "SELECT args ->> 'batch', (args ->> 'number')::int FROM procrastinate_jobs"
            " WHERE status = 'todo' ORDER BY priority DESC, id"
        ).fetchall()
    return [(batch, number) for batch, number in rows]


def test_an_accepted_batch_is_jobs_that_take_turns(store: PostgresStore, url: str) -> None:
    store.begin("a", "me", None)
    store.add("a", [(1, b"x"), (2, b"y")])
    assert store.get("a", "me") is None
    assert jobs(url) == []
    assert store.accept("a", None, "d") == "a"
    put(store, "b", b"z")
    assert jobs(url) == [("a", 1), ("b", 1), ("a", 2)]
    assert store.get("a", "you") is None


def test_a_line_has_one_result(store: PostgresStore) -> None:
    put(store, "a", b"x", b"y")
    first, again = taken(store, "a"), taken(store, "a")
    assert (first.body, first.tries, again.tries) == (b"x", 1, 2)
    batch = store.get("a", "me")
    assert batch is not None
    assert (batch.status, batch.running) == ("open", 1)
    assert store.finish(again, b"1", failed=True)
    assert not store.finish(first, b"late", failed=False)
    assert store.take("a", 1) is None
    assert store.finish(taken(store, "a", 2), b"22", failed=False)
    batch = store.get("a", "me")
    assert batch is not None
    assert (batch.status, batch.answered, batch.failed, batch.running) == ("completed", 2, 1, 0)
    assert [(r.position, r.body) for r in store.results("a", 0, 9, 99)] == [(1, b"1"), (2, b"22")]
    assert [r.position for r in store.results("a", 0, 9, 2)] == [1]
    assert [r.position for r in store.results("a", 1, 9, 1)] == [2]


def test_large_rows_ask_for_pythons_lock_no_oftener_than_small_ones(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside pictures in work each time lasts milliseconds."""
    large = bytes(range(256)) * 2**14
    put(store, "small", b"x", b"x")
    put(store, "large", large, large)
    rounds = 0
    wait = psycopg.Connection.wait

    def told(connection: Any, waiting: PQGen[Any], *rest: Any) -> Any:
        return wait(connection, counted(waiting), *rest)

    def counted(waiting: PQGen[Any]) -> PQGen[Any]:
        nonlocal rounds
        ready = None
        while True:
            try:
                wanted = next(waiting) if ready is None else waiting.send(ready)
            except StopIteration as end:
                return end.value
            rounds += 1
            ready = yield wanted

    def taken_in(batch: str) -> int:
        """Rounds for lines and results of the batch."""
        nonlocal rounds
        before = rounds
        claims = [taken(store, batch, number) for number in (1, 2)]
        sent = rounds
        for claim in claims:
            store.finish(claim, claim.body, failed=False)
        kept = rounds
        assert [r.body for r in store.results(batch, 0, 9, 2**30)] == [c.body for c in claims]
        return sent - before + rounds - kept

    monkeypatch.setattr(psycopg.Connection, "wait", told)
    assert taken_in("large") == taken_in("small")
    assert rounds


def test_results_of_many_at_once_have_each_their_position(store: PostgresStore) -> None:
    put(store, "a", *[b"x"] * 40)

    def work(numbers: range) -> None:
        for number in numbers:
            assert store.finish(taken(store, "a", number), b"r", failed=False)

    threads = [threading.Thread(target=work, args=(range(n, 41, 4),)) for n in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [r.position for r in store.results("a", 0, 99, 999)] == list(range(1, 41))


def test_tries_and_cancelled_batches(store: PostgresStore) -> None:
    put(store, "a", b"x")
    store.put_back(taken(store, "a"), counted=False)
    store.put_back(taken(store, "a"), counted=True)
    last = taken(store, "a")
    assert last.tries == 2
    ended = store.cancel("a", "me")
    assert ended is not None
    assert (ended.status, ended.total, ended.answered) == ("cancelled", 1, 0)
    assert store.take("a", 1) is None
    assert not store.finish(last, b"r", failed=False)


def test_keys(store: PostgresStore) -> None:
    put(store, "a", b"x", key="k")
    assert put(store, "b", b"x", key="k") == "a"
    with pytest.raises(KeyReusedError):
        put(store, "c", b"y", key="k", digest="other")
    store.discard("c")
    ids: list[str] = []

    def bring(name: str) -> None:
        ids.append(put(store, name, b"x", key="same"))

    threads = [threading.Thread(target=bring, args=(f"t{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 4
    assert len(set(ids)) == 1


def test_what_is_too_old_ends_and_then_goes(url: str) -> None:
    store = PostgresStore(url, ttl=0.5, quota=2**30)
    put(store, "a", b"x", b"y", webhook="https://here.example/")
    store.finish(taken(store, "a"), b"1", failed=False)
    time.sleep(0.6)
    store.sweep()
    batch = store.get("a", "me")
    assert batch is not None
    assert (batch.status, batch.answered) == ("expired", 1)
    call = store.claim_call(60)
    assert call is not None
    assert (call.url, call.tries, call.batch.status) == ("https://here.example/", 1, "expired")
    assert store.claim_call(60) is None
    store.end_call(call, again_in=0)
    again = store.claim_call(60)
    assert again is not None
    store.end_call(again, again_in=None)
    assert store.claim_call(60) is None
    time.sleep(0.6)
    assert store.get("a", "me") is None
    store.sweep()
    store.close()
    with psycopg.connect(url) as db:
        for table in ("batches", "lines", "results"):
            assert db.execute(f"SELECT COUNT(*) FROM celmood_{table}").fetchone() == (0,)


def test_a_webhook_is_called_by_one_of_many(store: PostgresStore) -> None:
    put(store, "a", b"x", webhook="https://here.example/")
    store.cancel("a", "me")
    together = threading.Barrier(6)
    calls: list[Call | None] = []

    def ask() -> None:
        together.wait(30)
        calls.append(store.claim_call(60))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(call is None for call in calls) == [False] + [True] * 5


def test_a_full_disk_is_told_and_loses_nothing(store: PostgresStore, url: str) -> None:
    put(store, "a", b"x", b"y")
    claim = taken(store, "a")
    with psycopg.connect(url) as db:
        db.execute(
            "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql"
            " AS $$ BEGIN RAISE disk_full; END $$"
        )
        for table in ("lines", "results"):
            db.execute(
                f"CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON celmood_{table}"
                " FOR EACH ROW EXECUTE FUNCTION fail()"
            )
    with pytest.raises(StoreFullError):
        store.finish(claim, b"1", failed=False)
    with pytest.raises(StoreFullError):
        store.take("a", 2)
    with pytest.raises(StoreFullError):
        put(store, "b", b"z")
    with psycopg.connect(url) as db:
        db.execute("DROP FUNCTION fail CASCADE")
    assert store.finish(claim, b"1", failed=False)
    assert taken(store, "a", 2).tries == 1


def test_lines_whose_jobs_were_lost_get_new_ones(store: PostgresStore, url: str) -> None:
    put(store, "a", b"x", b"y")
    with psycopg.connect(url) as db:
        db.execute("DELETE FROM procrastinate_jobs WHERE args ->> 'number' = '2'")
    store.sweep()
    store.sweep()
    assert jobs(url) == [("a", 1), ("a", 2)]


def test_space_that_is_free_again_is_used_again(url: str) -> None:
    store = PostgresStore(url, ttl=1000, quota=10_000)
    put(store, "a", bytes(5500), bytes(500))
    with pytest.raises(StoreFullError):
        put(store, "b", b"x")
    store.finish(taken(store, "a"), bytes(1000), failed=False)  # a line goes, its result comes
    put(store, "b", bytes(3400))
    put(store, "c", bytes(101))
    with pytest.raises(StoreFullError):
        put(store, "d", b"x")
    store.cancel("b", "me")
    store.sweep()
    put(store, "d", bytes(3400))
    store.close()


def test_tables_of_an_earlier_release_are_counted(url: str) -> None:
    store = PostgresStore(url, ttl=1000, quota=10_000)
    put(store, "a", bytes(5000), bytes(500))
    store.finish(taken(store, "a"), bytes(4600), failed=False)
    store.close()
    with psycopg.connect(url) as db:
        db.execute("ALTER TABLE celmood_batches DROP COLUMN bytes")
    again = PostgresStore(url, ttl=1000, quota=10_000)
    with pytest.raises(StoreFullError):
        again.begin("b", "me", None)
    again.finish(taken(again, "a", 2), b"x", failed=False)
    again.begin("b", "me", None)
    again.close()


def test_where_batches_stand(store: PostgresStore) -> None:
    put(store, "a", b"x", b"y")
    put(store, "b", b"z")
    store.finish(taken(store, "a"), b"1", failed=False)
    store.finish(taken(store, "b"), b"1", failed=False)
    assert store.look(["a", "b", "none"]) == {
        "a": Standing(1, ended=False),
        "b": Standing(1, ended=True),
    }


def test_connections_that_the_database_has_closed_are_not_used(
    store: PostgresStore, server: PostgresServer
) -> None:
    """Nobody is told of a restart that is over."""
    put(store, "a", b"x")
    together = threading.Barrier(4)

    def look() -> None:
        with store._pool.connection():
            together.wait(30)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    server.stop()
    server.start()
    for _ in range(4):
        assert store.look(["a"]) == {"a": Standing(0, ended=False)}


def test_who_asks_after_an_outage_is_answered(
    url: str, server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long it was: nobody waits for the next attempt of the pool."""
    monkeypatch.setattr("serving.jobs.postgres_store._RECONNECT_S", 0.1)
    store = PostgresStore(url, ttl=1000, quota=2**30)
    put(store, "a", b"x")
    server.stop()
    try:
        with pytest.raises(StoreUnavailableError):
            store.look(["a"])
    finally:
        server.start()
    assert store.look(["a"]) == {"a": Standing(0, ended=False)}
    store.close()


def test_errors_are_typed_and_tell_no_password(url: str) -> None:
    small = PostgresStore(url, ttl=9, quota=1000)
    put(small, "a", bytes(501))
    with pytest.raises(StoreFullError):
        small.begin("b", "me", None)
    small.close()
    with pytest.raises(StoreUnavailableError, match="PoolClosed"):
        small.get("a", "me")


@contextmanager
def gateway(repository: Path, url: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    own = {
        "CELMOOD_MODEL_REPOSITORY": str(repository),
        "CELMOOD_BATCH_DATABASE": url,
        "CELMOOD_BATCH_LEASE": "3",
        "CELMOOD_DRAIN_NOTICE": "0",
    }
    with started(**own) as running:
        yield running


def test_gateways_share_the_work_and_one_may_die(model_repository: Path, url: str) -> None:
    with (
        gateway(model_repository, url) as (dying, one),
        gateway(model_repository, url) as (_, two),
    ):
        place = sent(one)
        results(two, place, most=3)
        dying.kill()
        dying.wait(10)
        check(results(two, place))


def test_a_gateway_that_stops_leaves_its_lines_to_the_next(
    model_repository: Path, url: str
) -> None:
    with gateway(model_repository, url) as (process, one):
        place = sent(one)
        begun(one, place)
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0
    with gateway(model_repository, url) as (_, two):
        state = httpx.get(two + place, params={"limit": 0}).json()
        assert state["counts"]["succeeded"] < LINES
        check(results(two, place))


def test_a_database_that_goes_away_loses_nothing(
    model_repository: Path, url: str, server: PostgresServer
) -> None:
    with gateway(model_repository, url) as (_, one):
        place = sent(one)
        results(one, place, most=2)
        server.stop()
        away = httpx.post(
            f"{one}/v1/batches", content=b'{"call":"faces"}', headers=NDJSON, timeout=60
        )
        assert away.json()["type"] == "urn:celmood:problem:batches-unavailable"
        server.start()
        until = time.monotonic() + 120
        while time.monotonic() < until:
            answer = httpx.get(one + place, params={"limit": 0}, timeout=60)
            if answer.status_code == 200 and answer.json()["status"] == "completed":
                break
            time.sleep(0.5)
        check(httpx.get(one + place, params={"limit": 100}, timeout=60).json()["results"])
