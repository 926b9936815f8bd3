"""A character: everything that stays the same under any view and expression, from one seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from contract.alignment import EYE_LINE, SIDE_IN_EYE_DISTANCES
from trainer.characters.accessories import Accessories, sample_accessories
from trainer.characters.background import Background, sample_background
from trainer.characters.brows import Brows, sample_brows
from trainer.characters.chance import clamp, sign
from trainer.characters.eyes import Eyes, sample_eyes
from trainer.characters.face import Features, sample_features
from trainer.characters.hair import Hair, sample_hair
from trainer.characters.head import Head, sample_head
from trainer.characters.mouth import Mouth, sample_mouth
from trainer.characters.nose import Nose, sample_nose
from trainer.characters.outfit import Outfit, sample_outfit
from trainer.characters.palette import Palette, sample_palette
from trainer.characters.style import TRAINING, Style, StyleRange, sample_style
from trainer.characters.view import View

EDITION: Final = 3
"""Rises when seeds draw other pictures than before: data sets say which edition drew them."""


@dataclass(frozen=True, slots=True)
class Character:
    """One identity in one artist's hand; its parts are frozen and hold no state."""

    seed: int
    style: Style
    palette: Palette
    head: Head
    eyes: Eyes
    brows: Brows
    mouth: Mouth
    nose: Nose
    features: Features
    hair: Hair
    outfit: Outfit
    accessories: Accessories
    background: Background


def sample_character(seed: int, within: StyleRange = TRAINING) -> Character:
    """The character of `seed` (any non-negative integer). Same seed and range, same character.

    Every part draws from a stream of its own, so that a new part does not change the others.
    """
    streams = iter(np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(12))
    style = sample_style(next(streams), within)
    palette = sample_palette(next(streams), style)
    head = sample_head(next(streams))
    eyes = sample_eyes(next(streams), head, style)
    brows = sample_brows(next(streams), head)
    mouth = sample_mouth(next(streams), head, style)
    features = sample_features(next(streams), head)
    hair = sample_hair(next(streams), head, style)
    outfit = sample_outfit(next(streams), head, style)
    accessories = sample_accessories(
        next(streams), head, hair.tails, style, dome=hair.dome, ties=hair.ties
    )
    background = sample_background(next(streams))
    nose = sample_nose(next(streams), head)
    return Character(
        seed=seed,
        style=style,
        palette=palette,
        head=head,
        eyes=eyes,
        brows=brows,
        mouth=mouth,
        nose=nose,
        features=features,
        hair=hair,
        outfit=outfit,
        accessories=accessories,
        background=background,
    )


def sample_view(rng: np.random.Generator, level: bool = False) -> View:
    """Draw a view for a crop around a face: half front, half three-quarter.

    Heads tilt as in real art; with `level` only as far as an alignment on the eyes leaves over.
    """
    front = rng.random() < 0.5
    yaw = rng.normal(0, 0.06) if front else sign(rng) * rng.uniform(0.25, 1.0)
    pitch = clamp(rng.normal(0, 0.3), -1, 1)
    roll, spread = (4.0, 0.06) if level else (12.0, 0.15)
    x, y = rng.normal(0, 0.4 * spread, 2)
    return View(
        yaw=float(yaw),
        pitch=pitch,
        roll=float(rng.normal(0, roll)),
        eye_distance=float(np.exp(rng.normal(0, spread)) / SIDE_IN_EYE_DISTANCES),
        x=float(0.5 + x),
        y=float(EYE_LINE + y),
    )
