"""Part masks of a drawn face: where each part is, as the artist shaped it."""

from __future__ import annotations

from typing import Final

import numpy as np
import skia
from numpy.typing import NDArray

from contract.expression import Vector
from trainer.characters.brows import brow_width
from trainer.characters.character import Character
from trainer.characters.compose import shape_mood
from trainer.characters.face import shape_face
from trainer.characters.hair import front_path, shape_hair
from trainer.characters.ink import Points, path, stroke_outline
from trainer.characters.view import View

PARTS: Final = (
    "face", "front_hair", "left_eye", "right_eye", "left_brow", "right_brow", "mouth",
)  # fmt: skip

_LINE: Final = 0.02
"""Least thickness of a shut eye or mouth in a mask, face units."""


def part_masks(
    character: Character, view: View, expression: Vector, size: int
) -> dict[str, NDArray[np.uint8]]:
    """Masks [size, size] uint8 (255 inside, anti-aliased) of PARTS for what `draw` makes.

    Each is the part's own shape, also where hair, glasses or a hand lie over it.
    """
    mood = shape_mood(character, view, expression)
    shapes: dict[str, list[Points | skia.Path]] = {
        "face": [shape_face(character.head, view).outline],
        "front_hair": [front_path(shape_hair(character.hair, character.head, view))],
    }
    for name, eye, brow in zip(("left", "right"), mood.eyes, mood.brows, strict=True):
        thick = brow_width(character.brows, mood.p[f"brow_tilt_{name}"])
        lash = stroke_outline(eye.upper, max(character.eyes.lash, _LINE))
        shapes[f"{name}_eye"] = [eye.opening, lash]
        shapes[f"{name}_brow"] = [stroke_outline(brow, max(thick, _LINE))]
    lips = mood.mouth
    shapes["mouth"] = [
        np.concatenate([lips.upper, lips.lower[::-1]]),
        stroke_outline(lips.upper, _LINE),
    ]
    return {part: _filled(shapes[part], view, size) for part in PARTS}


def _filled(shapes: list[Points | skia.Path], view: View, size: int) -> NDArray[np.uint8]:
    pixels = np.zeros((size, size, 4), np.uint8)
    info = skia.ImageInfo.Make(size, size, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType)
    canvas = skia.Surface.MakeRasterDirect(info, pixels).getCanvas()
    canvas.concat(view.matrix(size))
    paint = skia.Paint(AntiAlias=True, Color=0xFFFFFFFF)
    for shape in shapes:
        canvas.drawPath(shape if isinstance(shape, skia.Path) else path(shape), paint)
    return pixels[..., 3].copy()
