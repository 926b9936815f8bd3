"""Batches in one SQLite file (WAL), which several processes of one machine share.

Each method is one transaction, on disk when it returns. A line stays in `lines` until it has its
result: in one transaction it leaves there and its result is added, so nothing is lost or doubled.
Whoever claims a line makes it free only at a later time (`free_at`), the end of the lease.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from serving.jobs.store import (
    Batch,
    Call,
    Claim,
    KeyReusedError,
    Result,
    StoreFullError,
    StoreUnavailableError,
)

FILE: Final = "batches.sqlite"
_VERSION: Final = 1
_LONGEST_ARRIVAL_S: Final = 600.0
"""An arriving batch that got no line for so long has lost its caller."""
_LOCK_S: Final = 20.0
_SLICE: Final = 64
"""Rows removed in one transaction, so that nobody waits long for it."""
_FREED_PAGES: Final = 4096
_LOG_BYTES: Final = 64 * 2**20

_SCHEMA: Final = """
CREATE TABLE batches (
  id TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  status TEXT NOT NULL,  -- arriving, then a Status
  key TEXT,
  digest TEXT,
  created REAL NOT NULL,
  expires REAL NOT NULL,
  ended REAL,
  total INTEGER NOT NULL DEFAULT 0,
  answered INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  turn INTEGER NOT NULL DEFAULT 0,
  webhook TEXT,
  call_due REAL,
  calls INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX batches_by_key ON batches (owner, key) WHERE key IS NOT NULL;
CREATE TABLE lines (
  batch TEXT NOT NULL,
  number INTEGER NOT NULL,
  free_at REAL NOT NULL DEFAULT 0,
  token TEXT,
  tries INTEGER NOT NULL DEFAULT 0,
  body BLOB NOT NULL,
  PRIMARY KEY (batch, number)
) STRICT;
CREATE TABLE results (
  batch TEXT NOT NULL,
  position INTEGER NOT NULL,
  number INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (batch, position),
  UNIQUE (batch, number)
) STRICT;
"""

_COLUMNS: Final = """
id, owner, status, created, expires, ended, total, answered, failed,
(SELECT COUNT(*) FROM lines WHERE batch = id AND token IS NOT NULL AND free_at > :now) AS running
"""


class SqliteStore:
    """The batches in `folder`, of at most `quota` bytes together.

    New batches may fill half of it; the other half is for results. `ttl` is how many seconds a
    batch may take, and how long its results stay. Raises StoreError when the file cannot be used.
    """

    def __init__(
        self,
        folder: Path,
        *,
        ttl: float,
        quota: int,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._ttl = ttl
        self._now = now
        self._writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None
        self._write_lock, self._read_lock = threading.Lock(), threading.Lock()
        path = folder / FILE
        with _typed():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with _alone(folder):
                self._open(path, quota)
        except BaseException:
            self.close()
            raise

    def _open(self, path: Path, quota: int) -> None:
        """Open the file, which is made where there is none."""
        with _typed():
            self._writer = _opened(path)
            self._reader = _opened(path)
            page = int(self._writer.execute("PRAGMA page_size").fetchone()[0])
            self._most_pages = max(1, quota // page)
            self._writer.execute(f"PRAGMA max_page_count = {self._most_pages}")
        with self._writing() as db:
            version = int(db.execute("PRAGMA user_version").fetchone()[0])
            if version == 0:
                for statement in _SCHEMA.split(";\n"):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {_VERSION}")
            elif version != _VERSION:
                raise StoreUnavailableError(
                    f"{path} was written by another release (version {version}, this one reads "
                    f"{_VERSION}): let that release finish its batches, or name another folder"
                )

    def begin(self, batch: str, owner: str, webhook: str | None) -> None:
        with self._writing() as db:
            self._check_room(db)
            now = self._now()
            db.execute(
                "INSERT INTO batches (id, owner, status, created, expires, webhook)"
                " VALUES (?, ?, 'arriving', ?, ?, ?)",
                (batch, owner, now, now + _LONGEST_ARRIVAL_S, webhook),
            )

    def add(self, batch: str, lines: Sequence[tuple[int, bytes]]) -> None:
        with self._writing() as db:
            self._check_room(db)
            changed = db.execute(
                "UPDATE batches SET total = total + ?, expires = ?"
                " WHERE id = ? AND status = 'arriving'",
                (len(lines), self._now() + _LONGEST_ARRIVAL_S, batch),
            )
            if changed.rowcount != 1:
                raise StoreUnavailableError("the batch took too long to arrive; send it again")
            db.executemany(
                "INSERT INTO lines (batch, number, body) VALUES (?, ?, ?)",
                [(batch, number, body) for number, body in lines],
            )

    def accept(self, batch: str, key: str | None, digest: str) -> str:
        with self._writing() as db:
            earlier = self._same_key(db, batch, key)
            if earlier is not None:
                if earlier["digest"] != digest:
                    raise KeyReusedError("the key was used for a batch with other lines")
                _drop(db, batch)
                return str(earlier["id"])
            changed = db.execute(
                "UPDATE batches SET status = 'open', key = ?, digest = ?, expires = ?"
                " WHERE id = ? AND status = 'arriving'",
                (key, digest, self._now() + self._ttl, batch),
            )
            if changed.rowcount != 1:
                raise StoreUnavailableError("the batch took too long to arrive; send it again")
        return batch

    def discard(self, batch: str) -> None:
        with self._writing() as db:
            _drop(db, batch)

    def get(self, batch: str, owner: str) -> Batch | None:
        with self._reading() as db:
            return self._get(db, batch, owner)

    def results(self, batch: str, after: int, limit: int, most_bytes: int) -> list[Result]:
        found: list[Result] = []
        size = 0
        with self._reading() as db:
            rows = db.execute(
                "SELECT position, body FROM results WHERE batch = ? AND position > ?"
                " ORDER BY position LIMIT ?",
                (batch, after, limit),
            )
            for position, body in rows:
                size += len(body)
                if found and size > most_bytes:
                    break
                found.append(Result(position, body))
        return found

    def cancel(self, batch: str, owner: str) -> Batch | None:
        with self._writing() as db:
            if self._get(db, batch, owner) is None:
                return None
            self._end(db, "id = :id", "cancelled", {"id": batch})
            return self._get(db, batch, owner)

    def claim(self, lease: float) -> Claim | None:
        now = self._now()
        with self._reading() as db:  # most often there is nothing, and then nothing is written
            if _next_batch(db, now) is None:
                return None
        with self._writing() as db:
            batch = _next_batch(db, now)
            if batch is None:
                return None
            line = db.execute(
                "SELECT rowid AS row, batch, number, tries, body FROM lines"
                " WHERE batch = ? AND free_at <= ? ORDER BY number LIMIT 1",
                (batch, now),
            ).fetchone()
            token = secrets.token_hex(8)
            db.execute(
                "UPDATE lines SET token = ?, free_at = ?, tries = tries + 1 WHERE rowid = ?",
                (token, now + lease, line["row"]),
            )
            db.execute(
                "UPDATE batches SET turn = (SELECT MAX(turn) + 1 FROM batches) WHERE id = ?",
                (line["batch"],),
            )
            return Claim(line["batch"], line["number"], token, line["tries"] + 1, line["body"])

    def renew(self, claims: Sequence[Claim], lease: float) -> list[Claim]:
        lost: list[Claim] = []
        with self._writing() as db:
            until = self._now() + lease
            for claim in claims:
                changed = db.execute(
                    "UPDATE lines SET free_at = ? WHERE batch = ? AND number = ? AND token = ?"
                    " AND EXISTS (SELECT 1 FROM batches WHERE id = batch AND status = 'open')",
                    (until, *_place(claim)),
                )
                if changed.rowcount != 1:
                    lost.append(claim)
        return lost

    def finish(self, claim: Claim, result: bytes, failed: bool) -> bool:
        with self._writing() as db:
            gone = db.execute(
                "DELETE FROM lines WHERE batch = ? AND number = ? AND token = ?"
                " AND EXISTS (SELECT 1 FROM batches WHERE id = batch AND status = 'open')",
                _place(claim),
            )
            if gone.rowcount != 1:
                return False
            counts = db.execute(
                "UPDATE batches SET answered = answered + 1, failed = failed + ?"
                " WHERE id = ? RETURNING answered, total",
                (failed, claim.batch),
            ).fetchone()
            db.execute(
                "INSERT INTO results (batch, position, number, body) VALUES (?, ?, ?, ?)",
                (claim.batch, counts["answered"], claim.number, result),
            )
            if counts["answered"] == counts["total"]:
                self._end(db, "id = :id", "completed", {"id": claim.batch})
        return True

    def release(self, claim: Claim, delay: float, counted: bool) -> None:
        with self._writing() as db:
            db.execute(
                "UPDATE lines SET token = NULL, free_at = ?, tries = tries - ?"
                " WHERE batch = ? AND number = ? AND token = ?",
                (self._now() + delay, 0 if counted else 1, *_place(claim)),
            )

    def claim_call(self, lease: float) -> Call | None:
        now = self._now()
        due = "SELECT id FROM batches WHERE call_due <= ? ORDER BY call_due LIMIT 1"
        with self._reading() as db:
            if db.execute(due, (now,)).fetchone() is None:
                return None
        with self._writing() as db:
            row = db.execute(
                "UPDATE batches SET call_due = :until, calls = calls + 1"
                " WHERE id = (SELECT id FROM batches WHERE call_due <= :now"
                "  ORDER BY call_due LIMIT 1)"
                f" RETURNING webhook, calls, {_COLUMNS}",
                {"until": now + lease, "now": now},
            ).fetchone()
        return None if row is None else Call(_batch(row), row["webhook"], row["calls"])

    def end_call(self, call: Call, again_in: float | None) -> None:
        due = None if again_in is None else self._now() + again_in
        with self._writing() as db:
            db.execute("UPDATE batches SET call_due = ? WHERE id = ?", (due, call.batch.id))

    def sweep(self) -> None:
        now = {"now": self._now()}
        with self._writing() as db:
            self._end(db, "expires <= :now", "expired", {})
        with self._reading() as db:
            idle = [
                row["id"]
                for row in db.execute(
                    "SELECT id FROM batches WHERE status NOT IN ('arriving', 'open')"
                )
            ]
            gone = [
                row["id"]
                for row in db.execute(
                    "SELECT id FROM batches WHERE expires <= :now AND status <> 'open'", now
                )
            ]
        for batch in idle:  # what was not done in time, or was cancelled
            self._remove("lines", batch)
        for batch in gone:
            self._remove("lines", batch)
            self._remove("results", batch)
            with self._writing() as db:
                db.execute("DELETE FROM batches WHERE id = ? AND expires <= ?", (batch, now["now"]))
        with self._write_lock, _typed():
            # `execute` would give back one page and stop.
            self._connection(self._writer).executescript(
                f"PRAGMA incremental_vacuum({_FREED_PAGES})"
            )

    def close(self) -> None:
        with self._write_lock, self._read_lock:
            for connection in (self._reader, self._writer):
                if connection is not None:
                    connection.close()
            self._reader = self._writer = None

    def _same_key(self, db: sqlite3.Connection, batch: str, key: str | None) -> Any:
        """The batch of the same owner with this key. One that has expired gives its key up."""
        owner = "owner = (SELECT owner FROM batches WHERE id = :id)"
        values = {"id": batch, "key": key, "now": self._now()}
        db.execute(
            f"UPDATE batches SET key = NULL WHERE {owner} AND key = :key"
            " AND ended IS NOT NULL AND expires <= :now",
            values,
        )
        found = db.execute(f"SELECT id, digest FROM batches WHERE {owner} AND key = :key", values)
        return found.fetchone()

    def _get(self, db: sqlite3.Connection, batch: str, owner: str) -> Batch | None:
        row = db.execute(
            f"SELECT {_COLUMNS} FROM batches WHERE id = :id AND owner = :owner"
            " AND (status = 'open' OR ended IS NOT NULL AND expires > :now)",
            {"id": batch, "owner": owner, "now": self._now()},
        ).fetchone()
        return None if row is None else _batch(row)

    def _end(self, db: sqlite3.Connection, which: str, status: str, values: dict[str, Any]) -> None:
        """End the open batches that `which` describes; a webhook that was asked for is due."""
        now = self._now()
        db.execute(
            "UPDATE batches SET status = :status, ended = :now, expires = :expires,"
            " call_due = CASE WHEN webhook IS NULL THEN NULL ELSE :now END"
            f" WHERE status = 'open' AND {which}",
            {"status": status, "now": now, "expires": now + self._ttl, **values},
        )

    def _remove(self, table: str, batch: str) -> None:
        removed = _SLICE
        while removed == _SLICE:
            with self._writing() as db:
                removed = db.execute(
                    f"DELETE FROM {table} WHERE rowid IN"
                    f" (SELECT rowid FROM {table} WHERE batch = ? LIMIT {_SLICE})",
                    (batch,),
                ).rowcount

    def _check_room(self, db: sqlite3.Connection) -> None:
        used, free = (
            int(db.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_count", "freelist_count")
        )
        if used - free > self._most_pages // 2:
            raise StoreFullError("the space for batches is used up; come again when some have gone")

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is on disk when the block has ended, or has left nothing."""
        with self._write_lock, _typed():
            db = self._connection(self._writer)
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._read_lock, _typed():
            yield self._connection(self._reader)

    @staticmethod
    def _connection(connection: sqlite3.Connection | None) -> sqlite3.Connection:
        if connection is None:
            raise StoreUnavailableError("the store is closed")
        return connection


def _opened(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=_LOCK_S, isolation_level=None, check_same_thread=False)
    db.row_factory = sqlite3.Row
    for pragma in (
        "auto_vacuum = INCREMENTAL",
        "journal_mode = WAL",
        "synchronous = FULL",
        f"journal_size_limit = {_LOG_BYTES}",
    ):
        db.execute(f"PRAGMA {pragma}").fetchall()
    return db


def _next_batch(db: sqlite3.Connection, now: float) -> str | None:
    """The open batch with a free line that has waited longest for its turn."""
    row = db.execute(
        "SELECT id FROM batches WHERE status = 'open' AND EXISTS"
        " (SELECT 1 FROM lines WHERE batch = id AND free_at <= ?)"
        " ORDER BY turn, created LIMIT 1",
        (now,),
    ).fetchone()
    return None if row is None else str(row["id"])


def _drop(db: sqlite3.Connection, batch: str) -> None:
    """Forget a batch that is still arriving."""
    arriving = "(SELECT id FROM batches WHERE id = ? AND status = 'arriving')"
    db.execute(f"DELETE FROM lines WHERE batch IN {arriving}", (batch,))
    db.execute("DELETE FROM batches WHERE id = ? AND status = 'arriving'", (batch,))


def _place(claim: Claim) -> tuple[str, int, str]:
    return claim.batch, claim.number, claim.token


def _batch(row: sqlite3.Row) -> Batch:
    return Batch(**{name: row[name] for name in Batch.__dataclass_fields__})


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else is in this block; after it the names of new files are on disk too.

    While one process turns a new file to WAL, SQLite would not let others wait, but fail.
    """
    with _typed():
        handle = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def _typed() -> Iterator[None]:
    """Errors of SQLite and of the disk as StoreErrors."""
    try:
        yield
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
            raise StoreFullError("the disk or the space for batches is full") from error
        raise StoreUnavailableError(f"the file of batches cannot be used: {error}") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreFullError("the disk is full") from error
        raise StoreUnavailableError(f"the file of batches cannot be used: {error}") from error
