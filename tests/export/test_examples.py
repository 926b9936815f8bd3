"""What models are checked on: drawn pictures at their size, and every preset of their card."""

from __future__ import annotations

import numpy as np
import pytest

from contract import control
from export import examples
from tests.engines.tiny_models import tiny_editor, tiny_finder


@pytest.mark.parametrize(("task", "size"), [("edit_expression", 48), ("find_faces", 96)])
def test_drawn_pictures_are_no_noise_and_not_all_the_same(task: str, size: int) -> None:
    pictures = examples.drawn(task, size)
    assert pictures.shape == (examples.DRAWN, 3, size, size)
    assert pictures.dtype == np.float32
    assert -1 <= pictures.min() < -0.5 < 0.5 < pictures.max() <= 1
    assert np.abs(np.diff(pictures, axis=-1)).mean() < 0.25  # noise has 0.67
    assert len({picture.tobytes() for picture in pictures}) == examples.DRAWN


def test_a_finder_looks_at_scenes_and_not_at_faces() -> None:
    crops, scenes = (examples.drawn(task, 64) for task in ("edit_expression", "find_faces"))
    assert not np.array_equal(crops, scenes)


def test_every_preset_is_there_and_an_open_mouth() -> None:
    card, _ = tiny_editor(8)
    rows = examples.presets(card)
    assert rows is not None
    names = control.expressions(card)
    assert rows.shape == (len(names) + 1, card.inputs[1].shape[1])
    assert len({row.tobytes() for row in rows}) == len(rows)
    assert examples.presets(tiny_finder(64)[0]) is None
