from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.jobs.sqlite_file import FILE, SqliteFile
from serving.jobs.store import StoreFullError, StoreUnavailableError

QUOTA = 2**30
LINE = "INSERT INTO lines (batch, number, body) VALUES ('a', ?, ?)"


@pytest.fixture
def file(tmp_path: Path) -> Iterator[SqliteFile]:
    file = SqliteFile(tmp_path, QUOTA)
    yield file
    file.close()


def lines(file: SqliteFile) -> int:
    with file.reading() as db:
        return int(db.execute("SELECT COUNT(*) FROM lines").fetchone()[0])


def test_a_transaction_that_fails_leaves_nothing(file: SqliteFile) -> None:
    with file.writing() as db:
        db.execute(LINE, (1, b"x"))
        db.execute(LINE, (2, b"x"))
    twice = [(3, b"x"), (3, b"x")]
    with pytest.raises(StoreUnavailableError), file.writing() as db:
        db.executemany(LINE, twice)
    assert lines(file) == 2


def test_what_is_removed_is_given_back_to_the_disk(file: SqliteFile, tmp_path: Path) -> None:
    with file.writing() as db:
        db.execute(LINE, (1, b"x" * 1_000_000))
        assert file.room(db)[0] > 1_000_000
        db.execute("DELETE FROM lines")
        assert file.room(db)[0] < 100_000
    file.shrink()
    file.close()
    assert (tmp_path / FILE).stat().st_size < 100_000


def test_there_is_no_more_room_than_the_quota_or_the_disk_has(
    file: SqliteFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    with file.writing() as db:
        db.execute(LINE, (1, b"x" * 1_000_000))
        monkeypatch.setattr("serving.jobs.sqlite_file._free_bytes", lambda _: 2 * QUOTA)
        assert file.room(db)[1] == QUOTA
        monkeypatch.setattr("serving.jobs.sqlite_file._free_bytes", lambda _: 50_000)
        used, most = file.room(db)
        assert most == used + 50_000


def test_no_page_is_taken_beyond_the_quota(tmp_path: Path) -> None:
    file = SqliteFile(tmp_path, 1_000_000)
    with pytest.raises(StoreFullError), file.writing() as db:
        db.execute(LINE, (1, b"x" * 1_100_000))
    assert lines(file) == 0
    with file.writing() as db:
        db.execute(LINE, (1, b"x" * 500_000))
    assert lines(file) == 1
    file.close()


def test_many_open_a_new_file_at_once(tmp_path: Path) -> None:
    files: list[SqliteFile] = []

    def open_one() -> None:
        files.append(SqliteFile(tmp_path / "new", QUOTA))

    threads = [threading.Thread(target=open_one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(files) == 8
    for file in files:
        file.close()


def test_a_file_of_an_earlier_release_gets_its_indexes(tmp_path: Path) -> None:
    SqliteFile(tmp_path, QUOTA).close()
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("DROP INDEX batches_open")
    db.close()
    file = SqliteFile(tmp_path, QUOTA)
    with file.reading() as reader:
        found = reader.execute("SELECT name FROM sqlite_schema WHERE name = 'batches_open'")
        assert found.fetchone() is not None
    file.close()


def test_files_that_cannot_be_used_are_typed(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(StoreUnavailableError):
        SqliteFile(tmp_path / "a", QUOTA)
    (tmp_path / FILE).write_bytes(b"no database" * 1000)
    with pytest.raises(StoreUnavailableError):
        SqliteFile(tmp_path, QUOTA)
    newer = tmp_path / "newer"
    newer.mkdir()
    with sqlite3.connect(newer / FILE) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreUnavailableError, match="another release"):
        SqliteFile(newer, QUOTA)


def test_a_closed_file_says_so(file: SqliteFile) -> None:
    file.close()
    file.close()
    with pytest.raises(StoreUnavailableError, match="closed"):
        lines(file)
    with pytest.raises(StoreUnavailableError, match="closed"):
        file.shrink()
