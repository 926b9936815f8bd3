from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.stages import main, measure
from serving.stages import STAGES
from tests.pictures import encoded, scene


def test_every_stage_is_measured_and_the_edit_is_their_sum(model_repository: Path) -> None:
    stages = measure(encoded(scene()), "angry", model_repository, threads=1, repeats=1)
    assert [stage.name for stage in stages] == [*STAGES, "edit"]
    edit = stages[-1]
    assert all(stage.cpu_ms >= 0 and stage.wall_ms > 0 for stage in stages)
    assert sum(stage.cpu_ms for stage in stages[:-1]) == pytest.approx(edit.cpu_ms)
    assert sum(stage.wall_ms for stage in stages[:-1]) <= edit.wall_ms


def test_a_table_is_printed_and_written(
    model_repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "p.png"
    path.write_bytes(encoded(scene()))
    words = ["--picture", str(path), "--model-repository", str(model_repository)]
    out = tmp_path / "stages.json"
    assert main([*words, "--repeats", "2", "--out", str(out)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[2:]] == [*STAGES, "edit"]
    assert [stage["name"] for stage in json.loads(out.read_text())] == [*STAGES, "edit"]


def test_a_picture_without_a_face_is_said(
    model_repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "empty.png"
    path.write_bytes(encoded(scene(faces=())))
    words = ["--picture", str(path), "--model-repository", str(model_repository)]
    assert main(words) == 1
    assert "no face was found" in capsys.readouterr().err
