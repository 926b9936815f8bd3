"""Contact sheets of a folder: every picture with a face has its row."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.pictures import scene, with_alpha
from trainer.__main__ import main
from trainer.commands.look import ROWS, TILE


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures with a face, enough for a sheet and one more, and one without."""
    place = tmp_path / "pictures"
    place.mkdir()
    for i in range(ROWS + 1):
        Image.fromarray(with_alpha(scene(seed=i))).save(place / f"{i:02}.png")
    Image.fromarray(scene(faces=())).save(place / "none.JPG")
    (place / "notes.txt").touch()
    return place


def _look(folder: Path, model_repository: Path, *more: str) -> int:
    places = ["--out", str(folder.parent / "out"), "--repository", str(model_repository)]
    return main(["look", str(folder), *places, *more])


def test_rows_of_input_and_answers(
    folder: Path, model_repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _look(folder, model_repository, "--expressions", "neutral", "angry") == 0
    assert "no face found in none.JPG" in capsys.readouterr().out
    sheets = sorted((folder.parent / "out").iterdir())
    assert [sheet.name for sheet in sheets] == ["pictures_01.png", "pictures_02.png"]
    last = cv2.imread(str(sheets[1]))
    assert last is not None
    before, still, angry = (last[2 : 2 + TILE, 2 + TILE * i : 2 + TILE * (i + 1)] for i in range(3))
    assert last.shape[1] == 3 * TILE + 4
    assert np.array_equal(before, still)
    assert (before != angry).any(axis=2).mean() > 0.02


def test_what_cannot_be_shown_is_refused(
    folder: Path, model_repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _look(folder, model_repository, "--expressions", "merry") == 2
    assert "unknown expression 'merry'" in capsys.readouterr().err
    assert _look(folder.parent / "out", model_repository) == 2
    assert "has no pictures" in capsys.readouterr().err


@pytest.mark.parametrize("intensity", ["9", "-1", "nan"])
def test_an_intensity_out_of_range_is_refused(
    folder: Path, model_repository: Path, intensity: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        _look(folder, model_repository, "--intensity", intensity)
    assert ended.value.code == 2
    assert "give a number from 0 to 1.5" in capsys.readouterr().err


def test_pictures_without_a_face_are_told(
    tmp_path: Path, model_repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "empty"
    place.mkdir()
    Image.fromarray(scene(faces=())).save(place / "none.png")
    assert _look(place, model_repository) == 2
    assert "no face was found in any picture" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
