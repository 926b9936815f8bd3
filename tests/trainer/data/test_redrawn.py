"""Characters of a data set, drawn again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from contract.expression import CORE_EXPRESSIONS, preset
from contract.labels import LANDMARKS
from trainer.commands.draw import Plan, draw_character
from trainer.data.dataset import Dataset, DatasetError, Writer
from trainer.data.redrawn import sitter


def _drawn(folder: Path, styles: str) -> Dataset:
    plan = Plan(size=48, views=6, moods="core", styles=styles, damage=False)
    with Writer(folder, views=6, size=48, notes={"styles": styles}) as writer:
        for seed in (21, 22):
            writer.append(*draw_character(plan, seed))
    return Dataset.open(folder)


@pytest.mark.parametrize("styles", ["training", "judging"])
def test_the_same_size_gives_the_same_drawing(tmp_path: Path, styles: str) -> None:
    dataset = _drawn(tmp_path / "set", styles)
    vectors = [preset(name) for name in CORE_EXPRESSIONS]
    for who in range(2):
        portraits = sitter(dataset, who).drawn(vectors, 48)
        for view, portrait in enumerate(portraits):
            assert np.array_equal(portrait.picture, dataset.pictures[who, view])
            points = np.array([portrait.landmarks[name] for name in LANDMARKS])
            assert points == pytest.approx(dataset.labels.landmarks[who, view])


def test_another_size_is_the_same_character(tmp_path: Path) -> None:
    dataset = _drawn(tmp_path / "set", "training")
    small, large = (sitter(dataset, 0).drawn([preset("happy")], size)[0] for size in (48, 96))
    assert large.picture.shape == (96, 96, 3)
    for name in ("left_eye", "chin"):
        assert large.landmarks[name] == pytest.approx(2 * np.array(small.landmarks[name]), abs=0.1)


def test_unknown_styles_are_told(tmp_path: Path) -> None:
    dataset = _drawn(tmp_path / "set", "training")
    dataset.description["notes"]["styles"] = "baroque"
    with pytest.raises(DatasetError, match="baroque"):
        sitter(dataset, 0)
