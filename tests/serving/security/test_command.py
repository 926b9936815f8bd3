from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from serving.__main__ import main as serving
from serving.security import command
from serving.security.keys import id_of
from serving.security.store import Keys, read_keys

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the keys, named by the environment; it is noon on 1 March."""
    path = tmp_path / "keys.json"
    monkeypatch.setenv("CELMOOD_KEYS", str(path))
    monkeypatch.setattr(command, "_now", lambda: NOW)
    return path


def make(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The key that `keys make` shows."""
    assert command.main(["make", "--tenant", "studio", *words]) == 0
    told = capsys.readouterr()
    (token,) = told.out.splitlines()
    assert token not in told.err
    return token


def test_a_key_is_made_shown_once_and_found(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--scopes", "faces, metrics", "--begins", "2d", "--expires", "90d"]
    token = make(capsys, *words, "--rate", "60/minute", "--quota", "10000/day", "--note", "build")
    key = Keys(path).find(token)
    assert key is not None
    assert (key.tenant, key.scopes, key.note) == ("studio", ("faces", "metrics"), "build")
    assert (key.rate, key.quota) == ("60/minute", "10000/day")
    assert key.not_before == NOW + timedelta(days=2)
    assert key.expires == NOW + timedelta(days=92)
    assert command.main(["list"]) == 0
    told = capsys.readouterr().out
    assert told.split("  ") == [
        key.id,
        "studio",
        "faces,metrics",
        "holds only from 2026-03-03 12:00 UTC",
        "60/minute",
        "10000/day",
        "build\n",
    ]


def test_by_default_a_key_is_for_everything_but_the_figures(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(capsys)
    (key,) = read_keys(path).values()
    assert key.scopes == ("faces", "edit", "batches", "models")
    assert (key.expires, key.not_before, key.rate, key.quota) == (None,) * 4


def test_a_rotated_key_holds_beside_the_new_one_for_a_while(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = make(capsys, "--expires", "90d", "--rate", "60/minute")
    id = id_of(old) or ""
    assert command.main(["rotate", id, "--overlap", "12h"]) == 0
    told = capsys.readouterr()
    (new,) = told.out.splitlines()
    assert "2026-03-02 00:00" in told.err
    keys = Keys(path)
    before, after = keys.find(old), keys.find(new)
    assert before is not None
    assert after is not None
    assert before.expires == NOW + timedelta(hours=12)
    assert after.expires == NOW + timedelta(days=90)
    assert (after.tenant, after.scopes, after.rate) == (before.tenant, before.scopes, "60/minute")


def test_the_overlap_does_not_prolong_a_key(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = make(capsys, "--expires", "1h")
    assert command.main(["rotate", id_of(old) or ""]) == 0
    key = Keys(path).find(old)
    assert key is not None
    assert key.expires == NOW + timedelta(hours=1)


def test_a_revoked_key_stays_in_the_list_and_cannot_be_rotated(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    id = id_of(make(capsys)) or ""
    assert command.main(["revoke", id]) == 0
    assert read_keys(path)[id].revoked == NOW
    assert command.main(["rotate", id]) == 2
    assert "was revoked" in capsys.readouterr().err
    assert command.main(["list"]) == 0
    assert "was revoked" in capsys.readouterr().out
    assert len(read_keys(path)) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["make", "--tenant", "a b"], "tenant"),
        (["make", "--tenant", "a", "--scopes", "root"], "scopes"),
        (["make", "--tenant", "a", "--rate", "often"], "600/minute"),
        (["revoke", "0123456789abcdef"], "no key has the id"),
        (["rotate", "0123456789abcdef"], "no key has the id"),
    ],
)
def test_what_cannot_be_done_changes_nothing(
    path: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    make(capsys)
    before = path.read_bytes()
    assert command.main(words) == 2
    answer = capsys.readouterr()
    assert told in answer.err
    assert answer.out == ""
    assert path.read_bytes() == before


def test_without_a_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CELMOOD_KEYS", raising=False)
    assert command.main(["list"]) == 2
    assert "--file" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        command.main(["make", "--tenant", "a", "--expires", "soon"])
    assert "7d" in capsys.readouterr().err


def test_it_is_a_command_of_the_gateway(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "deep" / "keys.json"
    assert serving(["keys", "make", "--tenant", "studio", "--file", str(path)]) == 0
    assert re.fullmatch(r"celmood_[0-9a-f]{16}_\S{43}\n", capsys.readouterr().out)
    assert json.loads(path.read_text())["version"] == 1
