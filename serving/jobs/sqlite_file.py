"""The SQLite file of batches: its tables, its connections, its transactions, and how it fails.

What is done with the rows is `serving.jobs.sqlite_store`.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from serving.jobs.store import StoreFullError, StoreUnavailableError

FILE: Final = "batches.sqlite"
_VERSION: Final = 1
_LOCK_S: Final = 20.0
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
_INDEXES: Final = (
    "CREATE INDEX IF NOT EXISTS batches_open ON batches (turn, created) WHERE status = 'open'",
    "CREATE INDEX IF NOT EXISTS batches_due ON batches (call_due) WHERE call_due IS NOT NULL",
)
"""What is asked all the time costs the same however many batches have ended. Files of earlier
releases get them too."""


class SqliteFile:
    """The file (WAL) in `folder`, of at most `quota` bytes, made where there is none.

    One connection writes and one reads, each by one thread at a time; other processes may have the
    file open too. Raises StoreError when it cannot be used.
    """

    def __init__(self, folder: Path, quota: int) -> None:
        self._folder = folder
        self._quota = quota
        self._writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None
        self._write_lock, self._read_lock = threading.Lock(), threading.Lock()
        with _typed():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with _alone(folder):
                self._open(folder / FILE)
        except BaseException:
            self.close()
            raise

    def _open(self, path: Path) -> None:
        with _typed():
            self._writer = _opened(path)
            self._reader = _opened(path)
            page = int(self._writer.execute("PRAGMA page_size").fetchone()[0])
            self._writer.execute(f"PRAGMA max_page_count = {max(1, self._quota // page)}")
        with self.writing() as db:
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
            for index in _INDEXES:
                db.execute(index)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is on disk when the block has ended, or has left nothing."""
        with self._write_lock, _typed():
            db = _there(self._writer)
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection to read by; each query sees what is on disk when it begins."""
        with self._read_lock, _typed():
            yield _there(self._reader)

    def room(self, db: sqlite3.Connection) -> tuple[int, int]:
        """Bytes that are in use, and of how many at most: of the quota, or of what the disk has."""
        pages, free_pages, page = (
            int(db.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_count", "freelist_count", "page_size")
        )
        used = (pages - free_pages) * page
        held = pages * page
        return used, min(self._quota, held + _free_bytes(self._folder))

    def shrink(self) -> None:
        """Give pages that hold nothing back to the disk, a number of them at a time."""
        with self._write_lock, _typed():
            # `execute` would give back one page and stop.
            _there(self._writer).executescript(f"PRAGMA incremental_vacuum({_FREED_PAGES})")

    def close(self) -> None:
        """Let go of the file; it may be called twice."""
        with self._write_lock, self._read_lock:
            for connection in (self._reader, self._writer):
                if connection is not None:
                    connection.close()
            self._reader = self._writer = None


def _free_bytes(folder: Path) -> int:
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def _there(connection: sqlite3.Connection | None) -> sqlite3.Connection:
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
