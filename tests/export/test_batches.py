"""Times by batch size: one line each, and errors that say what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from export import batches
from tests.engines.tiny_models import write_repository


def test_one_line_for_each_size(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repository = write_repository(tmp_path, editor_size=8, finder_size=64)
    given = ["--repository", str(repository), "--sizes", "1", "3", "--runs", "1"]
    assert batches.main(given) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["expression", "1"],
        ["expression", "3"],
        ["finder", "1"],
        ["finder", "3"],
    ]
    assert all(float(line.split()[4]) > 0 for line in lines)


def test_a_model_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert batches.main(["nobody", "--repository", str(tmp_path)]) == 2
    assert "nobody" in capsys.readouterr().err
