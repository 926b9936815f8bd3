"""Batches in one SQLite file (WAL), which several processes of one machine share.

Each method is one transaction, on disk when it returns. A line stays in `lines` until it has its
result: in one transaction it leaves there and its result is added, so nothing is lost or doubled.
Whoever claims a line makes it free only at a later time (`free_at`), the end of the lease.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from serving.jobs.rules import LONGEST_ARRIVAL_S, batch_of, check_arriving, check_room, check_same
from serving.jobs.sqlite_file import SqliteFile
from serving.jobs.store import Batch, Call, Claim, Result, Standing

_SLICE: Final = 64
"""Rows removed in one transaction, so that nobody waits long for it."""

_COLUMNS: Final = """
id, owner, status, created, expires, ended, total, answered, failed,
(SELECT COUNT(*) FROM lines WHERE batch = id AND token IS NOT NULL AND free_at > :now) AS running
"""


_ENDED_WITH_LINES: Final = (
    "status IN ('cancelled', 'expired') AND EXISTS (SELECT 1 FROM lines WHERE batch = id)"
)


class SqliteStore:
    """The batches in `folder`, of at most `quota` bytes together, or what the disk has.

    New batches may fill half of that; the other half is for results. `ttl` is how many seconds a
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
        self._file = SqliteFile(folder, quota)

    def begin(self, batch: str, owner: str, webhook: str | None) -> None:
        with self._file.writing() as db:
            check_room(*self._file.room(db))
            now = self._now()
            db.execute(
                "INSERT INTO batches (id, owner, status, created, expires, webhook)"
                " VALUES (?, ?, 'arriving', ?, ?, ?)",
                (batch, owner, now, now + LONGEST_ARRIVAL_S, webhook),
            )

    def add(self, batch: str, lines: Sequence[tuple[int, bytes]]) -> None:
        with self._file.writing() as db:
            check_room(*self._file.room(db))
            changed = db.execute(
                "UPDATE batches SET total = total + ?, expires = ?"
                " WHERE id = ? AND status = 'arriving'",
                (len(lines), self._now() + LONGEST_ARRIVAL_S, batch),
            )
            check_arriving(changed.rowcount)
            db.executemany(
                "INSERT INTO lines (batch, number, body) VALUES (?, ?, ?)",
                [(batch, number, body) for number, body in lines],
            )

    def earlier(self, batch: str, key: str, digest: str) -> str | None:
        with self._file.writing() as db:
            return self._same_key(db, batch, key, digest)

    def accept(self, batch: str, key: str | None, digest: str) -> str:
        with self._file.writing() as db:
            earlier = None if key is None else self._same_key(db, batch, key, digest)
            if earlier is not None:
                _drop(db, batch)
                return earlier
            changed = db.execute(
                "UPDATE batches SET status = 'open', key = ?, digest = ?, expires = ?"
                " WHERE id = ? AND status = 'arriving'",
                (key, digest, self._now() + self._ttl, batch),
            )
            check_arriving(changed.rowcount)
        return batch

    def discard(self, batch: str) -> None:
        with self._file.writing() as db:
            _drop(db, batch)

    def get(self, batch: str, owner: str) -> Batch | None:
        with self._file.reading() as db:
            return self._get(db, batch, owner)

    def look(self, batches: Sequence[str]) -> dict[str, Standing]:
        with self._file.reading() as db:
            rows = db.execute(
                "SELECT id, answered, ended FROM batches"
                " WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(batches),),
            ).fetchall()
        return {row["id"]: Standing(row["answered"], row["ended"] is not None) for row in rows}

    def results(self, batch: str, after: int, limit: int, most_bytes: int) -> list[Result]:
        found: list[Result] = []
        size = 0
        with self._file.reading() as db:
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
        with self._file.writing() as db:
            if self._get(db, batch, owner) is None:
                return None
            self._end(db, "id = :id", "cancelled", {"id": batch})
            return self._get(db, batch, owner)

    def claim(self, lease: float) -> Claim | None:
        now = self._now()
        with self._file.reading() as db:  # most often there is nothing, and then nothing is written
            if _next_batch(db, now) is None:
                return None
        with self._file.writing() as db:
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
                "UPDATE batches SET turn ="
                " (SELECT MAX(turn) + 1 FROM batches WHERE status = 'open') WHERE id = ?",
                (line["batch"],),
            )
            return Claim(line["batch"], line["number"], token, line["tries"] + 1, line["body"])

    def renew(self, claims: Sequence[Claim], lease: float) -> list[Claim]:
        lost: list[Claim] = []
        with self._file.writing() as db:
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
        with self._file.writing() as db:
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
        with self._file.writing() as db:
            db.execute(
                "UPDATE lines SET token = NULL, free_at = ?, tries = tries - ?"
                " WHERE batch = ? AND number = ? AND token = ?",
                (self._now() + delay, 0 if counted else 1, *_place(claim)),
            )

    def claim_call(self, lease: float) -> Call | None:
        now = self._now()
        due = "SELECT id FROM batches WHERE call_due <= ? ORDER BY call_due LIMIT 1"
        with self._file.reading() as db:
            if db.execute(due, (now,)).fetchone() is None:
                return None
        with self._file.writing() as db:
            row = db.execute(
                "UPDATE batches SET call_due = :until, calls = calls + 1"
                " WHERE id = (SELECT id FROM batches WHERE call_due <= :now"
                "  ORDER BY call_due LIMIT 1)"
                f" RETURNING webhook, calls, {_COLUMNS}",
                {"until": now + lease, "now": now},
            ).fetchone()
        return None if row is None else Call(batch_of(row), row["webhook"], row["calls"])

    def end_call(self, call: Call, again_in: float | None) -> None:
        due = None if again_in is None else self._now() + again_in
        with self._file.writing() as db:
            db.execute("UPDATE batches SET call_due = ? WHERE id = ?", (due, call.batch.id))

    def sweep(self) -> None:
        now = {"now": self._now()}
        with self._file.writing() as db:
            self._end(db, "expires <= :now", "expired", {})
        with self._file.reading() as db:
            idle = _ids(db, _ENDED_WITH_LINES, now)
            gone = _ids(db, "expires <= :now AND status <> 'open'", now)
        for batch in idle:
            self._remove("lines", batch)
        for batch in gone:
            self._remove("lines", batch)  # it may have been arriving
            self._remove("results", batch)
            with self._file.writing() as db:
                db.execute("DELETE FROM batches WHERE id = ? AND expires <= ?", (batch, now["now"]))
        self._file.shrink()

    def close(self) -> None:
        self._file.close()

    def _same_key(self, db: sqlite3.Connection, batch: str, key: str, digest: str) -> str | None:
        """The batch of the same owner with this key. One that has expired gives its key up.

        Raises KeyReusedError where its digest is another.
        """
        owner = "owner = (SELECT owner FROM batches WHERE id = :id)"
        values = {"id": batch, "key": key, "now": self._now()}
        db.execute(
            f"UPDATE batches SET key = NULL WHERE {owner} AND key = :key"
            " AND ended IS NOT NULL AND expires <= :now",
            values,
        )
        found = db.execute(
            f"SELECT id, digest FROM batches WHERE {owner} AND key = :key", values
        ).fetchone()
        if found is None:
            return None
        check_same(found["digest"], digest)
        return str(found["id"])

    def _get(self, db: sqlite3.Connection, batch: str, owner: str) -> Batch | None:
        row = db.execute(
            f"SELECT {_COLUMNS} FROM batches WHERE id = :id AND owner = :owner"
            " AND (status = 'open' OR ended IS NOT NULL AND expires > :now)",
            {"id": batch, "owner": owner, "now": self._now()},
        ).fetchone()
        return None if row is None else batch_of(row)

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
            with self._file.writing() as db:
                removed = db.execute(
                    f"DELETE FROM {table} WHERE rowid IN"
                    f" (SELECT rowid FROM {table} WHERE batch = ? LIMIT {_SLICE})",
                    (batch,),
                ).rowcount


def _next_batch(db: sqlite3.Connection, now: float) -> str | None:
    """The open batch with a free line that has waited longest for its turn."""
    row = db.execute(
        "SELECT id FROM batches WHERE status = 'open' AND EXISTS"
        " (SELECT 1 FROM lines WHERE batch = id AND free_at <= ?)"
        " ORDER BY turn, created LIMIT 1",
        (now,),
    ).fetchone()
    return None if row is None else str(row["id"])


def _ids(db: sqlite3.Connection, which: str, values: dict[str, float]) -> list[str]:
    return [row["id"] for row in db.execute(f"SELECT id FROM batches WHERE {which}", values)]


def _drop(db: sqlite3.Connection, batch: str) -> None:
    """Forget a batch that is still arriving."""
    arriving = "(SELECT id FROM batches WHERE id = ? AND status = 'arriving')"
    db.execute(f"DELETE FROM lines WHERE batch IN {arriving}", (batch,))
    db.execute("DELETE FROM batches WHERE id = ? AND status = 'arriving'", (batch,))


def _place(claim: Claim) -> tuple[str, int, str]:
    return claim.batch, claim.number, claim.token
