"""The command, on sprites with magenta squares for faces."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.pictures import scene
from trainer.__main__ import main


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ann with a mouth that differs, a drawing of another size, and one without a face."""
    place = tmp_path / "sprites"
    (place / "ann").mkdir(parents=True)
    for name, shade in {"normal": 90, "smile": 220}.items():
        picture = scene()
        picture[120:130, 110:130] = shade
        Image.fromarray(picture).save(place / "ann" / f"{name}.png")
    Image.fromarray(scene(200, 180)).save(place / "ann" / "sad.png")
    Image.fromarray(np.full((200, 240, 3), 90, np.uint8)).save(place / "ann" / "angry.png")
    return place


def _evaluate(folder: Path, model_repository: Path, *more: str) -> int:
    out = ["--out", str(folder.parent / "out"), "--repository", str(model_repository)]
    return main(["evaluate-sprites", str(folder), *out, *more])


def test_every_pair_is_compared(folder: Path, model_repository: Path) -> None:
    against = ["--against", str(model_repository / "expression")]
    assert _evaluate(folder, model_repository, *against) == 0
    told = json.loads((folder.parent / "out" / "sprites.json").read_text())
    pairs = {(pair["from"], pair["to"]): pair for pair in told["pairs"]}
    assert {("neutral", "happy"), ("happy", "neutral"), ("neutral", "angry")} <= set(pairs)
    assert not any("angry" in pair[0] or "sad" in pair for pair in pairs)
    assert told["no_face_found"] == ["ann angry"]
    assert "ann neutral to sad" in told["other_size"]
    answers = pairs["neutral", "happy"]["answers"]
    assert answers["ours"] == answers["expression"]
    assert answers["ours"]["error_share"] != 1
    assert (folder.parent / "out" / "sheets" / "ann.png").exists()


def test_at_intensity_0_a_face_at_rest_is_left_alone(folder: Path, model_repository: Path) -> None:
    assert _evaluate(folder, model_repository, "--intensity", "0") == 0
    told = json.loads((folder.parent / "out" / "sprites.json").read_text())
    assert {pair["answers"]["ours"]["error_share"] for pair in told["pairs"]} == {1}


def test_what_cannot_be_measured_is_refused(
    folder: Path, model_repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _evaluate(folder, model_repository, "--model", str(model_repository / "finder")) == 2
    assert "not for edit_expression" in capsys.readouterr().err
    assert _evaluate(folder / "ann", model_repository) == 2
    assert "name each for its expression" in capsys.readouterr().err


@pytest.mark.parametrize("intensity", ["9", "-1", "nan"])
def test_an_intensity_out_of_range_is_refused(
    folder: Path, model_repository: Path, intensity: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        _evaluate(folder, model_repository, "--intensity", intensity)
    assert ended.value.code == 2
    assert "give a number from 0 to 1.5" in capsys.readouterr().err
