"""Batches in PostgreSQL, which gateways on several machines share.

Which line is done when, and by whom, is left to procrastinate's queue in the same database
(`serving.jobs.queue_runner`): its jobs are added in the transaction that accepts a batch. Each
method is one transaction. A line stays in `celmood_lines` until it has its result: in one
transaction it leaves there and its result is added, so nothing is lost or doubled.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import psycopg
from procrastinate.schema import SchemaManager
from psycopg import errors, pq
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from serving.jobs.rules import (
    LONGEST_ARRIVAL_S,
    batch_of,
    check_arriving,
    check_room,
    check_same,
)
from serving.jobs.store import (
    Batch,
    Call,
    Claim,
    Result,
    Standing,
    StoreFullError,
    StoreUnavailableError,
)

QUEUE: Final = "celmood"
TASK: Final = "celmood.line"
_CONNECT_S: Final = 10.0
_WAIT_S: Final = 3.0
"""For a connection of the pool: while the database is away nobody waits long."""
_RECONNECT_S: Final = 3.0
"""For the attempts of the pool, whose pauses double; then whoever asks makes one of his own."""
_LOCK: Final = 0x63656C6D
"""Of our own among PostgreSQL's advisory locks."""
_NOW: Final = "EXTRACT(EPOCH FROM clock_timestamp())::float8"
"""The database's clock is the one that all machines share."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS celmood_batches (
  id text PRIMARY KEY,
  owner text NOT NULL,
  status text NOT NULL,  -- arriving, then a Status
  key text,
  digest text,
  created float8 NOT NULL,
  expires float8 NOT NULL,
  ended float8,
  total integer NOT NULL DEFAULT 0,
  answered integer NOT NULL DEFAULT 0,
  failed integer NOT NULL DEFAULT 0,
  webhook text,
  call_due float8,
  calls integer NOT NULL DEFAULT 0
);
ALTER TABLE celmood_batches ADD COLUMN IF NOT EXISTS bytes bigint;
CREATE UNIQUE INDEX IF NOT EXISTS celmood_batches_by_key ON celmood_batches (owner, key);
CREATE TABLE IF NOT EXISTS celmood_lines (
  batch text NOT NULL,
  number integer NOT NULL,
  busy boolean NOT NULL DEFAULT false,
  tries integer NOT NULL DEFAULT 0,
  body bytea NOT NULL,
  PRIMARY KEY (batch, number)
);
CREATE TABLE IF NOT EXISTS celmood_results (
  batch text NOT NULL,
  position integer NOT NULL,
  number integer NOT NULL,
  body bytea NOT NULL,
  PRIMARY KEY (batch, position),
  UNIQUE (batch, number)
);
UPDATE celmood_batches SET bytes =
  (SELECT COALESCE(SUM(octet_length(body)), 0) FROM celmood_lines WHERE batch = id)
  + (SELECT COALESCE(SUM(octet_length(body)), 0) FROM celmood_results WHERE batch = id)
WHERE bytes IS NULL;
"""
"""`bytes` of a batch are those of its lines and results. Tables of earlier releases get it too; the
size of the tables would not do, because what is deleted stays in it."""

_COLUMNS: Final = """
id, owner, status, created, expires, ended, total, answered, failed,
(SELECT COUNT(*)::integer FROM celmood_lines WHERE batch = id AND busy) AS running
"""

_DEFER: Final = f"""
SELECT procrastinate_defer_jobs_v1(ARRAY(
  SELECT ROW('{QUEUE}', '{TASK}', -number, NULL, NULL,
             jsonb_build_object('batch', batch, 'number', number), NULL
         )::procrastinate_job_to_defer_v1
  FROM celmood_lines WHERE {{which}} ORDER BY number))
"""
"""Lines become jobs. The first lines of a batch go before later ones of others: they take turns."""

_PAGE: Final = b"""
SELECT position, body FROM celmood_results JOIN (
  SELECT batch, position, SUM(octet_length(body)) OVER (ORDER BY position) AS size,
  row_number() OVER (ORDER BY position) AS place
  FROM celmood_results WHERE batch = $1 AND position > $2 ORDER BY position LIMIT $3
) AS page USING (batch, position)
WHERE size <= $4 OR place = 1 ORDER BY position
"""
"""Which results fit is asked first, so that no more than those come over the network."""

_TAKE: Final = b"""
UPDATE celmood_lines SET busy = true, tries = tries + 1 WHERE batch = $1 AND number = $2
AND EXISTS (SELECT 1 FROM celmood_batches WHERE id = batch AND status = 'open')
RETURNING tries, body
"""

_ORPHANS: Final = f"""
EXISTS (SELECT 1 FROM celmood_batches WHERE id = batch AND status = 'open')
AND NOT EXISTS (
  SELECT 1 FROM procrastinate_jobs AS job
  WHERE job.queue_name = '{QUEUE}' AND job.status IN ('todo', 'doing')
    AND job.args ->> 'batch' = batch AND (job.args ->> 'number')::integer = number)
"""

Connection = psycopg.Connection[DictRow]


class PostgresStore:
    """The batches in the database at `url`; `ttl` and `quota` are those of SqliteStore."""

    def __init__(self, url: str, *, ttl: float, quota: int) -> None:
        self._ttl = ttl
        self._quota = quota
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            url,
            connection_class=psycopg.Connection[DictRow],
            kwargs={"row_factory": dict_row},
            min_size=1,
            max_size=8,
            timeout=_WAIT_S,
            reconnect_timeout=_RECONNECT_S,
            check=self._check,
            open=False,
        )
        try:
            with _typed():
                self._pool.open(wait=True, timeout=_CONNECT_S)
            with self._transaction() as db:
                db.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
                known = db.execute("SELECT to_regclass('procrastinate_jobs') AS name").fetchone()
                if known is None or known["name"] is None:
                    db.execute(SchemaManager.get_schema())
                db.execute(_SCHEMA)
        except BaseException:
            self._pool.close()
            raise

    def begin(self, batch: str, owner: str, webhook: str | None) -> None:
        with self._transaction() as db:
            check_room(_used(db), self._quota)
            db.execute(
                "INSERT INTO celmood_batches (id, owner, status, created, expires, webhook, bytes)"
                f" VALUES (%s, %s, 'arriving', {_NOW}, {_NOW} + %s, %s, 0)",
                (batch, owner, LONGEST_ARRIVAL_S, webhook),
            )

    def add(self, batch: str, lines: Sequence[tuple[int, bytes]]) -> None:
        with self._transaction() as db:
            check_room(_used(db), self._quota)
            changed = db.execute(
                f"UPDATE celmood_batches SET total = total + %s, expires = {_NOW} + %s,"
                " bytes = bytes + %s WHERE id = %s AND status = 'arriving'",
                (len(lines), LONGEST_ARRIVAL_S, sum(len(body) for _, body in lines), batch),
            )
            check_arriving(changed.rowcount)
            with db.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO celmood_lines (batch, number, body) VALUES (%s, %s, %s)",
                    [(batch, number, body) for number, body in lines],
                )

    def earlier(self, batch: str, key: str, digest: str) -> str | None:
        with self._transaction() as db:
            return self._same_key(db, batch, key, digest)

    def accept(self, batch: str, key: str | None, digest: str) -> str:
        with self._transaction() as db:
            if key is not None:  # one after the other, where two bring the same key at once
                db.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))", (key, _LOCK))
                earlier = self._same_key(db, batch, key, digest)
                if earlier is not None:
                    _drop(db, batch)
                    return earlier
            changed = db.execute(
                f"UPDATE celmood_batches SET status = 'open', key = %s, digest = %s,"
                f" expires = {_NOW} + %s WHERE id = %s AND status = 'arriving'",
                (key, digest, self._ttl, batch),
            )
            check_arriving(changed.rowcount)
            db.execute(_DEFER.format(which="batch = %s"), (batch,))
        return batch

    def discard(self, batch: str) -> None:
        with self._transaction() as db:
            _drop(db, batch)

    def get(self, batch: str, owner: str) -> Batch | None:
        with self._transaction() as db:
            return _get(db, batch, owner)

    def look(self, batches: Sequence[str]) -> dict[str, Standing]:
        with self._transaction() as db:
            rows = db.execute(
                "SELECT id, answered, ended FROM celmood_batches WHERE id = ANY(%s)",
                (list(batches),),
            ).fetchall()
        return {row["id"]: Standing(row["answered"], row["ended"] is not None) for row in rows}

    def results(self, batch: str, after: int, limit: int, most_bytes: int) -> list[Result]:
        with self._transaction() as db:
            rows = _whole(db, _PAGE, batch, after, limit, most_bytes)
        return [Result(int.from_bytes(position), body) for position, body in rows]

    def cancel(self, batch: str, owner: str) -> Batch | None:
        with self._transaction() as db:
            if _get(db, batch, owner) is None:
                return None
            self._end(db, "id = %s", "cancelled", batch)
            return _get(db, batch, owner)

    def take(self, batch: str, number: int) -> Claim | None:
        """The line of a job that has begun; None when nobody wants it any more."""
        with self._transaction() as db:
            rows = _whole(db, _TAKE, batch, number)
        return next((Claim(batch, number, "", int.from_bytes(t), body) for t, body in rows), None)

    def put_back(self, claim: Claim, counted: bool) -> None:
        """The line is not done; its job will come again. The try counts or does not."""
        with self._transaction() as db:
            db.execute(
                "UPDATE celmood_lines SET busy = false, tries = tries - %s"
                " WHERE batch = %s AND number = %s",
                (0 if counted else 1, claim.batch, claim.number),
            )

    def finish(self, claim: Claim, result: bytes, failed: bool) -> bool:
        with self._transaction() as db:
            batch = db.execute(
                "SELECT answered + 1 AS position, total FROM celmood_batches"
                " WHERE id = %s AND status = 'open' FOR UPDATE",
                (claim.batch,),
            ).fetchone()
            if batch is None:
                return False
            gone = db.execute(
                "DELETE FROM celmood_lines WHERE batch = %s AND number = %s"
                " RETURNING octet_length(body) AS size",
                (claim.batch, claim.number),
            ).fetchone()
            if gone is None:
                return False
            db.execute(
                "UPDATE celmood_batches SET answered = answered + 1, failed = failed + %s,"
                " bytes = bytes + %s WHERE id = %s",
                (int(failed), len(result) - gone["size"], claim.batch),
            )
            db.execute(
                "INSERT INTO celmood_results (batch, position, number, body)"
                " VALUES (%s, %s, %s, %s)",
                (claim.batch, batch["position"], claim.number, result),
            )
            if batch["position"] == batch["total"]:
                self._end(db, "id = %s", "completed", claim.batch)
        return True

    def claim_call(self, lease: float) -> Call | None:
        with self._transaction() as db:
            row = db.execute(
                f"UPDATE celmood_batches SET call_due = {_NOW} + %s, calls = calls + 1"
                f" WHERE id = (SELECT id FROM celmood_batches WHERE call_due <= {_NOW}"
                "  ORDER BY call_due LIMIT 1 FOR UPDATE SKIP LOCKED)"
                f" RETURNING webhook, calls, {_COLUMNS}",
                (lease,),
            ).fetchone()
        return None if row is None else Call(batch_of(row), row["webhook"], row["calls"])

    def end_call(self, call: Call, again_in: float | None) -> None:
        with self._transaction() as db:
            db.execute(
                f"UPDATE celmood_batches SET call_due = {_NOW} + %s::float8 WHERE id = %s",
                (again_in, call.batch.id),
            )

    def sweep(self) -> None:
        with self._transaction() as db:
            found = db.execute("SELECT pg_try_advisory_xact_lock(%s) AS mine", (_LOCK,)).fetchone()
            if found is None or not found["mine"]:
                return  # another machine is at it
            self._end(db, f"expires <= {_NOW}", "expired")
            db.execute(_DEFER.format(which=_ORPHANS))
            ended = "SELECT id FROM celmood_batches WHERE status NOT IN ('arriving', 'open')"
            gone = f"SELECT id FROM celmood_batches WHERE status <> 'open' AND expires <= {_NOW}"
            db.execute(
                "WITH gone AS (DELETE FROM celmood_lines"
                f" WHERE batch IN ({ended} UNION {gone})"
                " RETURNING batch, octet_length(body) AS size),"
                " freed AS (SELECT batch, SUM(size) AS size FROM gone GROUP BY batch)"
                " UPDATE celmood_batches SET bytes = bytes - size FROM freed WHERE id = batch"
            )
            db.execute(f"DELETE FROM celmood_results WHERE batch IN ({gone})")
            db.execute(f"DELETE FROM celmood_batches WHERE id IN ({gone})")

    def close(self) -> None:
        self._pool.close()

    def _same_key(self, db: Connection, batch: str, key: str, digest: str) -> str | None:
        """The batch of the same owner with this key. One that has expired gives its key up.

        Raises KeyReusedError where its digest is another.
        """
        owner = "owner = (SELECT owner FROM celmood_batches WHERE id = %s)"
        db.execute(
            f"UPDATE celmood_batches SET key = NULL WHERE {owner} AND key = %s"
            f" AND ended IS NOT NULL AND expires <= {_NOW}",
            (batch, key),
        )
        found = db.execute(
            f"SELECT id, digest FROM celmood_batches WHERE {owner} AND key = %s", (batch, key)
        ).fetchone()
        if found is None:
            return None
        check_same(found["digest"], digest)
        return str(found["id"])

    def _end(self, db: Connection, which: str, status: str, *values: str) -> None:
        """End the open batches that `which` describes; a webhook that was asked for is due."""
        db.execute(
            f"UPDATE celmood_batches SET status = %s, ended = {_NOW}, expires = {_NOW} + %s,"
            f" call_due = CASE WHEN webhook IS NULL THEN NULL ELSE {_NOW} END"
            f" WHERE status = 'open' AND {which}",
            (status, self._ttl, *values),
        )

    def _check(self, db: Connection) -> None:
        """Raises psycopg.Error where the database has ended the connection.

        Then it has ended the others too: all are made anew, so that nobody is told of a restart
        that is over.
        """
        try:
            ConnectionPool.check_connection(db)
        except psycopg.Error:
            self._pool.drain()
            raise

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with _typed(), self._pool.connection() as db:
            yield db


def _whole(db: Connection, query: bytes, *values: str | int) -> list[tuple[bytes, ...]]:
    """What one statement, a transaction of its own, returns; in PostgreSQL's binary format.

    For rows with pictures. A cursor takes them in pieces of 16 kB, and Python's lock before each:
    beside pictures in work that are seconds for a page. Here libpq takes all of them without it.
    """
    given = [str(value).encode() for value in values]
    answer = db.pgconn.exec_params(query, given, result_format=pq.Format.BINARY)
    if answer.status != pq.ExecStatus.TUPLES_OK:
        raise errors.error_from_result(answer)
    columns = range(answer.nfields)
    return [
        tuple(answer.get_value(row, column) or b"" for column in columns)
        for row in range(answer.ntuples)
    ]


def _used(db: Connection) -> int:
    """Bytes of all lines and results that there are."""
    row = db.execute("SELECT COALESCE(SUM(bytes), 0) AS used FROM celmood_batches").fetchone()
    assert row is not None
    return int(row["used"])


def _get(db: Connection, batch: str, owner: str) -> Batch | None:
    row = db.execute(
        f"SELECT {_COLUMNS} FROM celmood_batches WHERE id = %s AND owner = %s"
        f" AND (status = 'open' OR ended IS NOT NULL AND expires > {_NOW})",
        (batch, owner),
    ).fetchone()
    return None if row is None else batch_of(row)


def _drop(db: Connection, batch: str) -> None:
    """Forget a batch that is still arriving."""
    gone = db.execute("DELETE FROM celmood_batches WHERE id = %s AND status = 'arriving'", (batch,))
    if gone.rowcount == 1:
        db.execute("DELETE FROM celmood_lines WHERE batch = %s", (batch,))


@contextmanager
def _typed() -> Iterator[None]:
    """Errors of the database as StoreErrors. A message may hold the URL, so it is left out."""
    try:
        yield
    except errors.DiskFull as error:
        raise StoreFullError("the database's disk is full") from error
    except (psycopg.Error, PoolTimeout, PoolClosed) as error:
        raise StoreUnavailableError(
            f"the database of batches does not answer ({type(error).__name__})"
        ) from error
