from __future__ import annotations

import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from serving.security.keys import Key, digest_of, id_of, new_token
from serving.security.store import KeyFileError, Keys, changed_keys, read_keys


def made(token: str, tenant: str = "studio") -> Key:
    return Key(
        id=id_of(token) or "",
        tenant=tenant,
        digest=digest_of(token),
        scopes=("edit", "faces"),
        created=datetime(2026, 3, 1, tzinfo=UTC),
    )


def add(path: Path, token: str) -> Key:
    key = made(token)
    with changed_keys(path) as keys:
        keys[key.id] = key
    return key


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "keys.json"


def test_keys_come_back_as_they_were(path: Path) -> None:
    first, second = add(path, new_token()), add(path, new_token())
    assert read_keys(path) == {first.id: first, second.id: second}


def test_no_secret_is_in_the_file_and_only_its_owner_reads_it(path: Path) -> None:
    token = new_token()
    add(path, token)
    assert token.rpartition("_")[2] not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    add(path, new_token())
    assert path.stat().st_mode & 0o777 == 0o640
    assert {file.name for file in path.parent.iterdir()} == {"keys.json", "keys.json.lock"}


def test_a_change_that_fails_changes_nothing(path: Path) -> None:
    add(path, new_token())
    before = path.read_bytes()

    def fail() -> None:
        with changed_keys(path) as keys:
            keys.clear()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "JSON"),
        ('{"version": 2, "keys": []}', "version"),
        ('{"version": 1, "keys": [{"id": "x"}]}', "keys.0"),
    ],
)
def test_a_file_that_cannot_be_used_says_where(path: Path, text: str, told: str) -> None:
    path.parent.mkdir()
    path.write_text(text)
    with pytest.raises(KeyFileError, match=told):
        read_keys(path)


def test_a_missing_file_says_how_to_make_one(path: Path) -> None:
    with pytest.raises(KeyFileError, match="keys make"):
        Keys(path)


def test_two_keys_of_one_id_and_a_file_that_everyone_can_write(path: Path) -> None:
    add(path, new_token())
    content = json.loads(path.read_text())
    path.write_text(json.dumps({"version": 1, "keys": content["keys"] * 2}))
    with pytest.raises(KeyFileError, match="same id"):
        read_keys(path)
    path.chmod(0o666)
    with pytest.raises(KeyFileError, match="chmod"):
        read_keys(path)


def test_a_token_finds_its_key_only(path: Path) -> None:
    token = new_token()
    key = add(path, token)
    keys = Keys(path)
    assert keys.find(token) == key
    assert keys.find(new_token()) is None
    assert keys.find(f"celmood_{key.id}_{'A' * 43}") is None
    assert keys.find("nonsense") is None


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What time.monotonic says to the store; change its one item."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_a_changed_file_counts_without_a_restart(path: Path, clock: list[float]) -> None:
    old, new = new_token(), new_token()
    key = add(path, old)
    keys = Keys(path)
    add(path, new)
    with changed_keys(path) as all_keys:
        del all_keys[key.id]
    assert keys.find(new) is None
    assert keys.find(old) == key
    clock[0] += 1
    assert keys.find(new) is not None
    assert keys.find(old) is None


@pytest.mark.parametrize("broken", ["cut", "gone"])
def test_a_file_that_breaks_leaves_the_keys_and_is_logged_once(
    path: Path, clock: list[float], caplog: pytest.LogCaptureFixture, broken: str
) -> None:
    token = new_token()
    add(path, token)
    keys = Keys(path)
    text = path.read_text()
    if broken == "cut":
        path.write_text(text[:40])
    else:
        path.unlink()
    with caplog.at_level(logging.ERROR, "celmood"):
        for _ in range(3):
            clock[0] += 1
            assert keys.find(token) is not None
    assert len(caplog.records) == 1
    other = new_token()
    path.write_text(text)
    add(path, other)
    clock[0] += 1
    assert keys.find(other) is not None


def test_a_revocation_counts_when_the_file_can_be_read_again(
    path: Path, clock: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    token = new_token()
    key = add(path, token)
    keys = Keys(path)
    with changed_keys(path) as all_keys:
        all_keys[key.id] = key.model_copy(update={"revoked": key.created})
    path.chmod(0o602)
    with caplog.at_level(logging.ERROR, "celmood"):
        for _ in range(3):
            clock[0] += 1
            assert keys.find(token) == key
    (record,) = caplog.records
    assert "chmod o-w" in record.getMessage()
    path.chmod(0o600)
    clock[0] += 1
    found = keys.find(token)
    assert found is not None
    assert found.revoked == key.created


def test_each_trouble_is_logged_once(
    path: Path, clock: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    add(path, new_token())
    keys = Keys(path)

    def look() -> None:
        clock[0] += 1
        keys.find("")

    with caplog.at_level(logging.ERROR, "celmood"):
        path.chmod(0o602)  # not a byte of it has changed
        look()
        look()
        text = path.read_text()
        path.chmod(0o600)
        path.write_text(text[:40])
        look()
        look()
        path.write_text(text)
        look()
        path.chmod(0o602)
        look()
    told = [record.getMessage() for record in caplog.records]
    assert ["chmod" in each for each in told] == [True, False, True]


def test_those_who_change_the_file_wait_for_each_other(path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: add(path, new_token()), range(24)))
    assert len(read_keys(path)) == 24
