"""Proportions of a head in face units, drawn with the correlations of real faces (frontal)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from trainer.characters.chance import between, clamp, pick

Kind = Literal["young", "man", "comic"]


@dataclass(frozen=True, slots=True)
class Head:
    """All y from the eye line, down positive; all widths are full widths.

    `hair_top` is where hair ends, `skull_top` where the scalp does, `hairline` where it starts.
    """

    kind: Kind
    chin: float
    width_eyes: float
    width_mouth: float
    cheek: float
    chin_width: float
    hairline: float
    skull_top: float
    hair_top: float
    hair_width: float
    nose: float
    mouth: float
    ear_top: float
    ear_bottom: float
    neck_width: float
    eye_width: float
    eye_height: float
    brow: float


def sample_head(rng: np.random.Generator) -> Head:
    """Draw proportions: chin, mouth and nose move together; tall eyes push brows up and nose up;
    eye height and face length are independent; men and comic faces are clusters of their own."""
    kind: Kind = pick(rng, ("young", "man", "comic"), (0.86, 0.10, 0.04))
    a, b, c = rng.normal(size=3)  # face length, eye height, face width
    n = rng.normal(size=12)
    if kind == "man":
        chin = 1.33 + 0.13 * a
        eye_height, eye_width = 0.28 + 0.055 * b, 0.50 + 0.04 * n[0]
        width_eyes, width_mouth = 1.86 + 0.09 * c, 1.46 + 0.09 * c + 0.05 * n[1]
        nose_share, brow_gap = 0.64, 0.18
    elif kind == "comic":
        chin = 1.35 + 0.15 * a
        eye_height, eye_width = 0.68 + 0.06 * b, 0.55 + 0.05 * n[0]
        width_eyes, width_mouth = 2.08 + 0.08 * c, 1.85 + 0.08 * c
        nose_share, brow_gap = 0.5, 0.25
    else:
        chin = 1.00 + 0.135 * a
        eye_height, eye_width = 0.455 + 0.068 * b, 0.525 + 0.035 * (0.5 * b + n[0])
        width_eyes = 1.73 + 0.09 * a + 0.08 * c
        width_mouth = width_eyes * clamp(0.74 + 0.06 * n[1], 0.60, 0.90)
        nose_share, brow_gap = 0.52 - 0.04 * b, 0.225
    chin = clamp(chin, 0.78, 1.75)
    eye_height = clamp(eye_height, 0.19, 0.85)
    mouth = chin * clamp(0.68 + 0.045 * n[2], 0.57, 0.79)
    hairline = -1.05 + 0.10 * n[3]
    hair_top = hairline - clamp(0.75 + 0.12 * n[4], 0.5, 1.0)
    ear_top = 0.02 + 0.1 * n[5]
    return Head(
        kind=kind,
        chin=chin,
        width_eyes=clamp(width_eyes, 1.45, 2.3),
        width_mouth=float(width_mouth),
        cheek=between(rng, 0.3, 0.5),
        chin_width=between(rng, 0.09, 0.16) * (1.6 if kind == "man" else 1.0),
        hairline=float(hairline),
        skull_top=float(hair_top + 0.2),
        hair_top=float(hair_top),
        hair_width=clamp(2.68 + 0.22 * n[6], 2.25, 3.2),
        nose=mouth * clamp(nose_share + 0.07 * n[7], 0.33, 0.75),
        mouth=mouth,
        ear_top=float(ear_top),
        ear_bottom=float(ear_top + 0.48 + 0.08 * n[8]),
        neck_width=clamp(0.67 + 0.07 * n[9] + (0.3 if kind == "man" else 0), 0.48, 1.2),
        eye_width=clamp(eye_width, 0.42, 0.70),
        eye_height=eye_height,
        brow=-(0.5 * eye_height + clamp(brow_gap + 0.07 * n[10], 0.09, 0.45)),
    )
