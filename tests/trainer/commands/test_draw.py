"""The command draw: sets that open, the same bytes for the same seeds, scenes, a sprite."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from contract import expression
from trainer.__main__ import main
from trainer.characters import EDITION
from trainer.data.dataset import Dataset, DatasetError
from trainer.data.redrawn import sitter
from trainer.data.scenes import open_scenes


def draw(out: Path, *arguments: str) -> int:
    return main(["draw", str(out), *arguments])


def test_a_drawn_set_opens(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "set"
    few = ("--characters", "3", "--views", "2", "--size", "48", "--first-seed", "5")
    assert draw(out, *few) == 0
    assert str(out) in capsys.readouterr().out
    data = Dataset.open(out)
    assert (data.characters, data.views, data.size) == (3, 2, 48)
    assert data.labels.seeds.tolist() == [5, 6, 7]
    assert data.pictures.std(axis=(2, 3, 4)).min() > 5
    low, high = data.labels.vectors.min((0, 1)), data.labels.vectors.max((0, 1))
    assert (low >= expression.LOW).all()
    assert (high <= expression.HIGH).all()
    assert not np.array_equal(data.labels.vectors[:, 0], data.labels.vectors[:, 1])
    with Image.open(out / "sheet.png") as sheet:
        assert sheet.size == (48 * 2, 48 * 3)  # one row per character


def test_the_same_seeds_give_the_same_bytes(tmp_path: Path) -> None:
    some = ("--characters", "2", "--views", "2", "--size", "48")
    assert draw(tmp_path / "one", *some) == 0
    assert draw(tmp_path / "two", *some, "--workers", "2") == 0
    assert draw(tmp_path / "other", *some, "--first-seed", "2") == 0
    for name in ("pictures.npy", "labels.npz", "dataset.json"):
        one = (tmp_path / "one" / name).read_bytes()
        assert one == (tmp_path / "two" / name).read_bytes()
    pictures = [(tmp_path / each / "pictures.npy").read_bytes() for each in ("one", "other")]
    assert pictures[0] != pictures[1]


def test_moods_of_the_core_and_clean_pictures(tmp_path: Path) -> None:
    core = ("--characters", "2", "--moods", "core", "--size", "48")
    assert draw(tmp_path / "core", *core) == 0
    labels = Dataset.open(tmp_path / "core").labels
    assert labels.presets.tolist() == [[0, 1, 2, 3, 4, 5]] * 2
    for i, name in enumerate(expression.CORE_EXPRESSIONS):
        np.testing.assert_array_equal(labels.vectors[0, i], expression.preset(name))
    assert draw(tmp_path / "clean", *core, "--clean", "--styles", "judging") == 0
    notes = Dataset.open(tmp_path / "clean").description["notes"]
    assert notes == {"artist": "trainer.characters", "edition": EDITION, "moods": "core",
                     "styles": "judging", "damage": 0, "keep_drawn": 0}  # fmt: skip


def test_what_is_drawn_may_stay_in_all_drawings_of_a_character(tmp_path: Path) -> None:
    some = ("--characters", "3", "--views", "24", "--size", "32")
    assert draw(tmp_path / "kept", *some, "--keep-drawn") == 0
    data = Dataset.open(tmp_path / "kept")
    assert data.description["notes"]["keep_drawn"] == 1
    same = np.array([name in expression.DRAWN for name in expression.NAMES])
    spread = np.ptp(data.labels.vectors, axis=1)  # [3, 31]
    assert not spread[:, same].any()
    assert (spread[:, ~same].max(0) > 0).mean() > 0.8
    assert (data.labels.vectors[:, :, same] != expression.NEUTRAL[same]).any()
    assert draw(tmp_path / "free", *some) == 0
    free = np.ptp(Dataset.open(tmp_path / "free").labels.vectors, axis=1)
    assert (free[:, same].max(0) > 0).mean() > 0.8


@pytest.mark.parametrize("moods", ["core", "presets"])
def test_expressions_that_name_what_is_drawn_cannot_keep_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], moods: str
) -> None:
    assert draw(tmp_path / "set", "--characters", "1", "--keep-drawn", "--moods", moods) == 2
    assert "--keep-drawn goes with --moods varied" in capsys.readouterr().err
    assert not (tmp_path / "set").exists()


def test_a_set_of_another_edition_is_not_drawn_again_as_if_it_were_of_this_one(
    tmp_path: Path,
) -> None:
    assert draw(tmp_path / "set", "--characters", "1", "--views", "1", "--size", "48") == 0
    data = Dataset.open(tmp_path / "set")
    assert sitter(data, 0).character.seed == 0
    data.description["notes"]["edition"] = EDITION - 1
    with pytest.raises(DatasetError, match="draw it anew"):
        sitter(data, 0)


def test_scenes(tmp_path: Path) -> None:
    assert draw(tmp_path / "scenes", "--scenes", "6", "--size", "64") == 0
    scenes = open_scenes(tmp_path / "scenes")
    assert scenes.pictures.shape == (6, 64, 64, 3)
    assert scenes.count.max() >= 1
    for boxes, count in zip(scenes.boxes, scenes.count, strict=True):
        assert (boxes[:count, 2:] > 0).all()
    assert (tmp_path / "scenes" / "sheet.png").exists()


def test_a_sprite_has_alpha(tmp_path: Path) -> None:
    out = tmp_path / "sprite.png"
    assert draw(out, "--sprite", "3", "--size", "128") == 0
    with Image.open(out) as sprite:
        assert (sprite.mode, sprite.size) == ("RGBA", (128, 128))
        alpha = np.asarray(sprite)[..., 3]
    assert alpha[0, 0] == 0
    assert alpha[64, 64] == 255
    assert 0.2 < (alpha == 255).mean() < 0.9


@pytest.mark.parametrize("what", [("--characters", "1"), ("--scenes", "1")])
def test_an_existing_folder_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], what: tuple[str, str]
) -> None:
    (tmp_path / "kept").mkdir()
    assert draw(tmp_path / "kept", *what, "--size", "48") == 2
    assert "exists already" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [tmp_path / "kept"]
    assert not list((tmp_path / "kept").iterdir())


@pytest.mark.parametrize(
    ("option", "value", "least"),
    [
        ("--characters", "0", 1),
        ("--scenes", "0", 1),
        ("--views", "-1", 1),
        ("--workers", "0", 1),
        ("--size", "8", 16),
        ("--first-seed", "-3", 0),
        ("--characters", "many", 1),
    ],
)
def test_numbers_that_ask_for_nothing_are_refused_with_what_to_give(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, value: str, least: int
) -> None:
    with pytest.raises(SystemExit) as refused:
        draw(tmp_path / "set", f"{option}={value}")
    assert refused.value.code == 2
    said = capsys.readouterr().err
    assert option in said
    assert f"give a whole number from {least}" in said
    assert not (tmp_path / "set").exists()


def test_a_sprite_gets_its_folder(tmp_path: Path) -> None:
    assert draw(tmp_path / "new" / "sprite.png", "--sprite", "3", "--size", "64") == 0
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["sprite.png"]


@pytest.mark.parametrize("name", ["sprite.jpg", "sprite"])
def test_a_sprite_is_a_png(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert draw(tmp_path / name, "--sprite", "3", "--size", "64") == 2
    assert "ends in .png" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
