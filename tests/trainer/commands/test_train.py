"""The command train: when a run begins, and what it says when it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainer import checkpoint
from trainer.__main__ import main
from trainer.methods.method import Method


def test_a_run_begins_once(
    tiny: Path, drawn: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a run that has no checkpoint yet is told to resume."""
    begun: list[Method] = []
    monkeypatch.setattr(Method, "begin", lambda method: begun.append(method))
    run = tmp_path / "run"
    command = ["train", str(tiny), "--data", str(drawn), "--out", str(run), "--steps", "2"]
    command += ["--device", "cpu", "--resume"]
    assert main(command) == 0
    assert len(begun) == 1
    assert main(command) == 0
    assert len(begun) == 1
    assert checkpoint.load(run / checkpoint.FILE).step == 2


def test_a_start_that_is_not_there_is_named(
    tmp_path: Path, drawn: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "fine.toml"
    recipe.write_text(
        'method = "cel"\nsize = 64\nbatch = 2\nsteps = 1\nlearning_rate = 1e-3\n'
        f'[network]\nwidths = [16, 16, 16, 16, 16]\nstart = "{tmp_path}/coarse"\n'
    )
    assert main(["train", str(recipe), "--data", str(drawn), "--out", str(tmp_path / "run")]) == 2
    assert "coarse" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
