"""Brows: anger makes them heavy, draws them over the fringe, and some hands furrow between them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from contract.expression import NEUTRAL, toward, vector
from trainer.characters import Character, View, draw, sample_character
from trainer.characters.brows import brow_width, shape_brow

TILTS = {"brow_tilt_left": 0.9, "brow_tilt_right": 0.9}
ANGRY = vector(TILTS)
SORRY = vector(dict.fromkeys(TILTS, -0.9))


def _changed(character: Character, mood: NDArray[np.float32], other: Character) -> int:
    one, two = (draw(c, View(), mood, 160).picture.astype(int) for c in (character, other))
    return int((np.abs(one - two).max(-1) > 16).sum())


def _covered(count: int) -> list[Character]:
    """Characters whose fringe lies over the brows, in a hand that leaves them below."""
    out = []
    for character in map(sample_character, range(400)):
        if character.hair.fringe in ("blunt", "bowl") and character.accessories.hat == "none":
            out.append(replace(character, style=replace(character.style, brows_over_hair=False)))
    return out[:count]


def test_strong_moods_show_brows_that_lie_below_the_fringe() -> None:
    for character in _covered(4):
        bare = replace(character, brows=replace(character.brows, thickness=0.0001, length=0.001))
        assert _changed(character, ANGRY, bare) > _changed(character, NEUTRAL, bare) + 30
        assert _changed(character, SORRY, bare) > _changed(character, NEUTRAL, bare)


def test_brows_come_through_the_fringe_little_by_little() -> None:
    character = _covered(1)[0]
    rest = draw(character, View(), NEUTRAL, 128).picture.astype(int)
    steps = [
        np.abs(draw(character, View(), toward(ANGRY, share), 128).picture - rest).sum()
        for share in (0.0, 0.3, 0.6, 0.8, 1.0)
    ]
    assert steps[0] == 0
    assert (np.diff(steps) > 0).all()


def test_anger_makes_brows_heavier_and_brings_their_inner_ends_down() -> None:
    brows = sample_character(3).brows
    rest = {"brow_height_left": 0.0, "brow_tilt_left": 0.0, "brow_bend_left": 0.0}
    still, angry = (
        shape_brow(brows, View(), -1.0, rest | {"brow_tilt_left": tilt}) for tilt in (0.0, 0.9)
    )
    assert angry[0, 1] > still[0, 1] + 0.1
    assert angry[-1, 1] < still[-1, 1] - 0.05
    assert brow_width(brows, 0.9) > 1.3 * brow_width(brows, 0.0)
    assert brow_width(brows, -0.9) == brow_width(brows, 0.0)


def test_some_hands_furrow_between_angry_brows_only() -> None:
    people = [sample_character(seed) for seed in range(200)]
    assert 0.05 < np.mean([c.brows.furrow for c in people]) < 0.3
    smooth = next(c for c in people if c.hair.fringe == "bare" and c.accessories.patch == "none")
    smooth = replace(smooth, brows=replace(smooth.brows, furrow=False))
    furrowed = replace(smooth, brows=replace(smooth.brows, furrow=True))
    assert _changed(furrowed, NEUTRAL, smooth) == 0
    assert _changed(furrowed, ANGRY, smooth) > 5
