"""Pictures in which every face is known because the artist drew them: scenes, bare grounds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import skia

from contract.labels import LANDMARKS
from faces.canvas import RGB8, Canvas
from trainer.characters.background import draw_background, sample_background
from trainer.characters.scene import Scene, draw_scene
from trainer.data.annotated import Mark

_STREAM = 5
"""Keeps the grounds apart from what else a seed draws."""


def scenes(first_seed: int, count: int, size: int) -> Iterator[tuple[Canvas, tuple[Mark, ...]]]:
    """Drawn scenes of `size` pixels, damaged as pictures are, with the marks of their faces."""
    for seed in range(first_seed, first_seed + count):
        scene = draw_scene(seed, size)
        yield Canvas(scene.picture), marks_of(scene)


def grounds(first_seed: int, count: int, size: int) -> Iterator[Canvas]:
    """Drawn backgrounds of `size` pixels with nobody in front of them."""
    for seed in range(first_seed, first_seed + count):
        yield Canvas(draw_ground(seed, size))


def draw_ground(seed: int, size: int) -> RGB8:
    """The background of `seed`, [size, size, 3]."""
    rng = np.random.default_rng((seed, _STREAM))
    pixels = np.zeros((size, size, 4), np.uint8)
    info = skia.ImageInfo.Make(size, size, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType)
    surface = skia.Surface.MakeRasterDirect(info, pixels)
    canvas = surface.getCanvas()
    canvas.clear(skia.ColorWHITE)
    draw_background(canvas, sample_background(rng), size)
    surface.flushAndSubmit()
    return np.ascontiguousarray(pixels[..., :3])


def marks_of(scene: Scene) -> tuple[Mark, ...]:
    """What is known of the faces of a scene; names as in LANDMARKS."""
    marks = []
    for box, points in zip(scene.boxes.tolist(), scene.landmarks.tolist(), strict=True):
        known = {name: (x, y) for name, (x, y) in zip(LANDMARKS, points, strict=True)}
        named = {name: known.pop(name) for name in ("left_eye", "right_eye", "mouth", "chin")}
        marks.append(Mark(box=box, others=known, **named))
    return tuple(marks)
