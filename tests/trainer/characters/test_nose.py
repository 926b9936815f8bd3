"""Noses: every kind marks the face where the landmark says, and no more than that."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from contract.expression import NEUTRAL
from contract.labels import LANDMARKS
from trainer.characters import Character, View, draw, sample_character
from trainer.characters.head import sample_head
from trainer.characters.nose import NOSES, sample_nose

SIZE = 192
FACES = [
    character
    for character in map(sample_character, range(40))
    if character.accessories.over == "none" and character.hair.fringe != "nose_lock"
][:6]


def _with(character: Character, kind: str) -> Character:
    return replace(character, nose=replace(character.nose, kind=kind, lit=False, size=0.06))


def _changed(character: Character, kind: str, view: View) -> tuple[NDArray[np.bool_], float, float]:
    marked = draw(_with(character, kind), view, NEUTRAL, SIZE)
    bare = draw(_with(character, "none"), view, NEUTRAL, SIZE)
    x, y = marked.landmarks[LANDMARKS.index("nose")].tolist()
    return (marked.picture != bare.picture).any(-1), x, y


@pytest.mark.parametrize("kind", [kind for kind in NOSES if kind != "none"])
def test_a_nose_marks_the_face_around_its_landmark(kind: str) -> None:
    for character in FACES:
        for yaw in (0.0, 0.8):
            changed, x, y = _changed(character, kind, View(yaw=yaw))
            ys, xs = np.nonzero(changed)
            assert len(ys) > 0
            eye = SIZE / 2.7
            assert np.abs(xs - x).max() < 0.3 * eye
            top = 0.12 * eye if kind not in ("bridge", "drawn") else y
            assert ys.max() - y < 0.12 * eye
            assert y - ys.min() < top


def test_shares_are_those_of_drawings() -> None:
    rng = np.random.default_rng(3)
    heads = [sample_head(rng) for _ in range(1500)]
    young = [sample_nose(rng, head).kind for head in heads if head.kind != "man"]
    men = [sample_nose(rng, head).kind for head in heads if head.kind == "man"]
    assert set(young) == set(NOSES)
    drawn = {kind: count / len(young) for kind, count in Counter(young).items()}
    assert 0.2 < drawn["none"] < 0.35
    assert 0.2 < drawn["line"] + drawn["corner"] + drawn["under"] + drawn["dash"] < 0.4
    assert drawn["drawn"] < 0.06 < np.mean([kind == "drawn" for kind in men])
