"""The command train: when a run begins, and what it says when it cannot."""

from __future__ import annotations

import json
import shutil
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


@pytest.fixture
def run(tiny: Path, drawn: Path, tmp_path: Path) -> list[str]:
    """The command that trains 4 steps into tmp_path/run, which has been done."""
    command = ["train", str(tiny), "--data", str(drawn), "--out", str(tmp_path / "run")]
    command += ["--device", "cpu", "--resume"]
    assert main([*command, "--steps", "4"]) == 0
    return command


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_fewer_steps_than_were_done_are_refused_and_nothing_is_written(
    run: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(tmp_path / "run")
    assert main([*run, "--steps", "2"]) == 2
    assert "is at step 4, beyond the 2 steps" in capsys.readouterr().err
    assert files(tmp_path / "run") == before


def test_another_recipe_is_refused_and_nothing_is_written(
    run: list[str], tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(tmp_path / "run")
    tiny.write_text("seed = 5\n" + tiny.read_text())
    assert main(run) == 2
    assert "another seed" in capsys.readouterr().err
    assert files(tmp_path / "run") == before


def test_other_data_is_refused_and_nothing_is_written(
    run: list[str], drawn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(tmp_path / "run")
    for folder, first in (("moved", 0), ("other", 100)):
        shutil.copytree(drawn, tmp_path / folder)
        told = json.loads((drawn / "dataset.json").read_text())
        told["seeds"] = [seed + first for seed in told["seeds"]]
        (tmp_path / folder / "dataset.json").write_text(json.dumps(told))
    run[run.index("--data") + 1] = str(tmp_path / "other")
    assert main([*run, "--steps", "6"]) == 2
    assert "other data" in capsys.readouterr().err
    assert files(tmp_path / "run") == before
    run[run.index("--data") + 1] = str(tmp_path / "moved")
    assert main([*run, "--steps", "6"]) == 0


def test_more_steps_at_a_lower_rate_are_taken(run: list[str], tiny: Path, tmp_path: Path) -> None:
    tiny.write_text(tiny.read_text().replace("1e-3", "1e-4"))
    assert main([*run, "--steps", "6"]) == 0
    noted = json.loads((tmp_path / "run" / "recipe.json").read_text())
    assert (noted["steps"], noted["learning_rate"]) == (6, 1e-4)


def test_a_run_below_a_file_is_told(
    tiny: Path, drawn: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["train", str(tiny), "--data", str(drawn), "--out", str(tiny / "run")]
    assert main([*command, "--device", "cpu"]) == 2
    assert "tiny.toml" in capsys.readouterr().err
