from __future__ import annotations

import importlib.util
import json
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

PLACE = Path(__file__).parents[2] / ".ci" / "audit.py"


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", PLACE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GOOD: dict[str, Any] = {"name": "good", "version": "1", "vulns": []}
ODD: dict[str, Any] = {"name": "odd", "skip_reason": "not found"}
BAD: dict[str, Any] = {
    "name": "bad",
    "version": "2",
    "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["2.1"]}],
}


def test_a_vulnerability_is_named_with_its_mend(audit: ModuleType) -> None:
    text, code = audit.verdict({"dependencies": [GOOD, BAD, ODD]})
    assert code == audit.VULNERABLE
    assert "bad 2: PYSEC-1, mended in 2.1" in text
    assert "2 of 3" in text
    assert "not known: odd" in text


def test_what_was_looked_at_counts_no_more(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "IGNORED", {"CVE-1": "only where eval is used"})
    assert audit.verdict({"dependencies": [GOOD, BAD]})[1] == audit.CLEAN


def test_where_nothing_is_known_nothing_is_audited(audit: ModuleType) -> None:
    assert audit.verdict({"dependencies": [ODD]})[1] == audit.NOT_AUDITED
    assert audit.verdict({"dependencies": [GOOD, ODD]})[1] == audit.CLEAN


class Service:
    """In place of pip-audit: answers by the file that it is asked about."""

    def __init__(self, answers: dict[str, str], errors: str = "") -> None:
        self.answers = answers
        self.errors = errors
        self.asked: list[str] = []

    def __call__(
        self, command: list[str], *, timeout: float, **_: object
    ) -> subprocess.CompletedProcess[str]:
        assert timeout > 0
        name = Path(command[command.index("--requirement") + 1]).name
        self.asked.append(name)
        return subprocess.CompletedProcess(command, 0, self.answers.get(name, ""), self.errors)


def report(*packages: dict[str, Any]) -> str:
    return json.dumps({"dependencies": packages})


@pytest.mark.parametrize("told", ["", report(), report(ODD)])
def test_a_service_that_cannot_be_asked_is_told_aloud(
    audit: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    told: str,
) -> None:
    answers = {"constraints.txt": told, "requirements.txt": told}
    service = Service(answers, "Traceback\nConnectionError: no route\n")
    monkeypatch.setattr(audit.subprocess, "run", service)
    for arguments, code in (([], audit.NOT_AUDITED), (["--if-possible"], audit.CLEAN)):
        assert audit.main(arguments) == code
        lines = capsys.readouterr().out.splitlines()
        assert lines[-1].startswith("audit: NOT DONE")
        assert "constraints.txt, deploy/triton/requirements.txt" in lines[-1]
        assert ("no route" in "".join(lines)) == (told == "")


def test_a_service_that_does_not_answer_is_waited_for_in_vain(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def late(command: list[str], *, timeout: float, **_: object) -> None:
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(audit.subprocess, "run", late)
    assert audit.main([]) == audit.NOT_AUDITED
    assert "has not answered within" in capsys.readouterr().out


def test_tritons_packages_are_looked_at_too(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    service = Service({"constraints.txt": report(GOOD), "requirements.txt": report(BAD)})
    monkeypatch.setattr(audit.subprocess, "run", service)
    assert audit.main(["--if-possible"]) == audit.VULNERABLE
    assert service.asked == ["constraints.txt", "requirements.txt"]
    assert "bad 2: PYSEC-1" in capsys.readouterr().out
    assert all((audit.ROOT / name).is_file() for name in audit.REQUIREMENTS)


def test_one_vulnerability_counts_although_the_rest_is_not_known(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit.subprocess, "run", Service({"constraints.txt": report(BAD)}))
    assert audit.main(["--if-possible"]) == audit.VULNERABLE
    monkeypatch.setattr(audit.subprocess, "run", Service({"constraints.txt": report(GOOD)}))
    assert audit.main([]) == audit.NOT_AUDITED
