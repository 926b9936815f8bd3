from __future__ import annotations

import importlib.util
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


@pytest.mark.parametrize("told", ["", '{"dependencies": []}'])
def test_a_service_that_cannot_be_asked(
    audit: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    told: str,
) -> None:
    class Run:
        stdout, stderr = told, "Traceback\nConnectionError: no route\n"

    monkeypatch.setattr(audit.subprocess, "run", lambda *_, **__: Run)
    assert audit.main([]) == audit.NOT_AUDITED
    assert capsys.readouterr().out.startswith("audit: ")
    assert audit.main(["--if-possible"]) == audit.CLEAN
