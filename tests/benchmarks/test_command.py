from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import command
from benchmarks.gateway import ROOT


@pytest.mark.parametrize(
    ("name", "report"),
    [("benchmarks", "gateway"), ("benchmarks.fuzz", "fuzz"), ("benchmarks.faults", "faults")],
)
def test_each_command_has_its_own_report(name: str, report: str) -> None:
    given = command.parser(name, "what it does").parse_args([])
    assert given.out == ROOT / "out" / "benchmarks" / f"{report}.json"
    assert given.model_repository == ROOT / "model_repository"
    assert given.picture.is_file()


def test_who_edits_no_picture_takes_none(capsys: pytest.CaptureFixture[str]) -> None:
    parser = command.parser("benchmarks.watching", "what it does", edits=False)
    with pytest.raises(SystemExit):
        parser.parse_args(["--picture", "p.png"])
    assert "python -m benchmarks.watching" in capsys.readouterr().err


def test_a_report_is_written_into_folders_that_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "report.json"
    command.write_report(path, {"answers": [1, 2]})
    assert json.loads(path.read_text()) == {"answers": [1, 2]}
