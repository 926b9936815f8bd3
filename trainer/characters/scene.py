"""Scenes for the finder: up to six characters on one ground, with the boxes of their faces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import skia
from numpy.typing import NDArray

from contract.labels import LANDMARKS
from trainer.characters.background import draw_background, sample_background
from trainer.characters.chance import between, clamp, pick
from trainer.characters.character import sample_character
from trainer.characters.compose import draw_on
from trainer.characters.damage import apply_damage, sample_damage
from trainer.characters.moods import sample_mood
from trainer.characters.style import TRAINING, StyleRange
from trainer.characters.view import View

MAX_FACES = 6


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture [S,S,3] uint8; per face its box [F,4] (x, y, width, height) and landmarks [F,27,2],
    both in pixels. The box goes from hairline to chin and from cheek to cheek."""

    picture: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    landmarks: NDArray[np.float32]


def draw_scene(
    seed: int, size: int = 256, within: StyleRange = TRAINING, damage: bool = True
) -> Scene:
    """The scene of `seed`: no face in a tenth, one in most, else up to six that hardly overlap."""
    rng = np.random.default_rng((seed, 2))
    pixels = np.zeros((size, size, 4), np.uint8)
    info = skia.ImageInfo.Make(size, size, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType)
    surface = skia.Surface.MakeRasterDirect(info, pixels)
    canvas = surface.getCanvas()
    ground = int(rng.integers(150, 256))
    canvas.clear(skia.Color(ground, ground, ground))
    draw_background(canvas, sample_background(rng), size)
    if rng.random() < 0.3:
        _letterbox(canvas, rng, size)
    count = pick(rng, range(7), (0.10, 0.56, 0.14, 0.08, 0.06, 0.03, 0.03))
    views = _places(rng, count)
    landmarks, boxes = [], []
    for view in sorted(views, key=lambda v: v.eye_distance):
        character = sample_character(int(rng.integers(2**31)) * 2 + 1, within)
        mood, _ = sample_mood(rng)
        points = draw_on(canvas, character, view, mood, size)
        landmarks.append(points)
        boxes.append(_box(character.head.hairline, view, points, size))
    surface.flushAndSubmit()
    picture = np.ascontiguousarray(pixels[..., :3])
    if damage:
        picture = apply_damage(picture, sample_damage(rng))
    return Scene(
        picture,
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(landmarks, np.float32).reshape(-1, len(LANDMARKS), 2),
    )


def _places(rng: np.random.Generator, count: int) -> list[View]:
    """Views whose faces lie apart; sizes from a 12th of the picture to a close-up."""
    views: list[View] = []
    for _ in range(12 * count):
        if len(views) == count:
            break
        low, high = (0.045, 0.42) if count == 1 else (0.035, 0.34 / count**0.5)
        if count == 1 and rng.random() < 0.4:  # what the second, closer look sees
            low = 0.24
        distance = float(np.exp(rng.uniform(np.log(low), np.log(high))))
        free = max(0.5 - 1.35 * distance, 0.06)
        view = View(
            yaw=float(rng.normal(0, 0.1)) if rng.random() < 0.5 else between(rng, -1, 1),
            pitch=clamp(rng.normal(0, 0.4), -1, 1),
            roll=float(rng.normal(0, 15)),
            eye_distance=distance,
            x=float(0.5 + rng.uniform(-free, free)),
            y=float(0.46 + rng.uniform(-free, free)),
        )
        apart = (
            (view.x - v.x) ** 2 + (view.y - v.y) ** 2 > (1.3 * (v.eye_distance + distance)) ** 2
            for v in views
        )
        if all(apart):
            views.append(view)
    return views


def _box(hairline: float, view: View, points: NDArray[np.float32], size: int) -> list[float]:
    """The upright box around hairline, jaw and chin."""
    place = {name: points[i] for i, name in enumerate(LANDMARKS)}
    top = view.pixels(view.face(np.array([[0.0, 0.75 * hairline]])), size)[0]
    edges = view.pixels(view.face(np.array([[-0.86, 0.0], [0.86, 0.0]])), size)
    around = np.array([top, *edges, place["chin"], place["left_jaw"], place["right_jaw"]])
    low, high = around.min(0), around.max(0)
    return [float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])]


def _letterbox(canvas: skia.Canvas, rng: np.random.Generator, size: int) -> None:
    """Bars as a letterboxed picture has them."""
    bar = between(rng, 0.05, 0.25) * size
    grey = skia.Paint(Color=skia.Color(200, 200, 200))
    if rng.random() < 0.5:
        canvas.drawRect(skia.Rect.MakeLTRB(0, 0, size, bar), grey)
        canvas.drawRect(skia.Rect.MakeLTRB(0, size - bar, size, size), grey)
    else:
        canvas.drawRect(skia.Rect.MakeLTRB(0, 0, bar, size), grey)
        canvas.drawRect(skia.Rect.MakeLTRB(size - bar, 0, size, size), grey)
