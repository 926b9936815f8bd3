"""Counts of `limits`, in memory or in a file for processes of one machine that count together.

`limits` has no such file, and its own memory looks through all callers at each request, which takes
longer the more there are.
"""

from __future__ import annotations

import fcntl
import sqlite3
import time
from pathlib import Path
from typing import Final, Literal

from limits.aio.storage import Storage

_WAIT_S: Final = 0.1
"""For another process that writes; the event loop waits, too. One takes some 20 microseconds."""

_SWEPT: Final = 256
"""Counts of which the time is over that are removed at once."""

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS counts (
  key TEXT PRIMARY KEY,
  amount INTEGER NOT NULL,
  ends REAL NOT NULL  -- seconds since 1970
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS counts_by_end ON counts (ends);
"""
_COUNT: Final = """
INSERT INTO counts VALUES (:key, max(0, :amount), :now + :expiry)
ON CONFLICT (key) DO UPDATE SET
  amount = CASE WHEN ends > :now THEN max(0, amount + :amount) ELSE excluded.amount END,
  ends = CASE WHEN ends > :now THEN ends ELSE excluded.ends END
RETURNING amount
"""
_SWEEP: Final = """
DELETE FROM counts WHERE key IN (SELECT key FROM counts WHERE ends <= ? LIMIT ?)
"""
_READ: Final = "SELECT amount, ends FROM counts WHERE key = ? AND ends > ?"


class Counts(Storage):
    """An SQLite file on a local disk, made where there is none; without one, memory.

    What is in the file outlives a process that dies, though not always a machine.
    """

    STORAGE_SCHEME = None

    def __init__(self, path: Path | None = None) -> None:
        """Raises OSError or sqlite3.Error where the file cannot be used."""
        super().__init__(wrap_exceptions=True)
        if path is None:
            self._db = _opened(":memory:")
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.with_name(path.name + ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # no two make the file at once
            self._db = _opened(path)

    @property
    def base_exceptions(self) -> type[Exception]:
        """What becomes a StorageError of `limits`."""
        return sqlite3.Error

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count `amount`, in a window of `expiry` seconds that begins now if none is open."""
        now = time.time()
        self._db.execute(_SWEEP, (now, _SWEPT))
        values = {"key": key, "amount": amount, "now": now, "expiry": expiry}
        return int(self._db.execute(_COUNT, values).fetchall()[0][0])

    async def get(self, key: str) -> int:
        """What is counted in the window that is open, 0 where none is."""
        return self._window(key)[0]

    async def get_expiry(self, key: str) -> float:
        """When the window ends, in seconds since 1970; now, where none is open."""
        return self._window(key)[1]

    async def check(self) -> bool:
        """Whether the file can be read."""
        self._window("")
        return True

    async def reset(self) -> int:
        """Forget all counts; returns how many there were."""
        return self._db.execute("DELETE FROM counts").rowcount

    async def clear(self, key: str) -> None:
        """Forget what is counted under `key`."""
        self._db.execute("DELETE FROM counts WHERE key = ?", (key,))

    def close(self) -> None:
        """Close the file, which stays, or forget."""
        self._db.close()

    def _window(self, key: str) -> tuple[int, float]:
        now = time.time()
        found = self._db.execute(_READ, (key, now)).fetchone()
        return (0, now) if found is None else (int(found[0]), float(found[1]))


def _opened(path: Path | Literal[":memory:"]) -> sqlite3.Connection:
    """A connection for one thread at a time, which need not be the one that opens it."""
    db = sqlite3.connect(path, _WAIT_S, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = OFF")  # nothing waits for the disk
    db.executescript(_TABLE)
    return db
