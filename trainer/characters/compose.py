"""Draw a character: all layers from the background to what is held in front of the face."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import skia
from numpy.typing import NDArray

from contract.expression import NAMES, Vector
from contract.labels import LANDMARKS
from trainer.characters import accessories as worn
from trainer.characters import face as faces
from trainer.characters import hair as hairs
from trainer.characters.background import draw_background
from trainer.characters.brows import draw_brow, shape_brow
from trainer.characters.character import Character
from trainer.characters.eyes import EyeShape, draw_eye, draw_lashes, shape_eye
from trainer.characters.face import FaceShape
from trainer.characters.ink import Pen, Points
from trainer.characters.marks import draw_sweat, draw_tears, draw_vein
from trainer.characters.mouth import MouthShape, draw_mouth, shape_mouth
from trainer.characters.outfit import draw_body
from trainer.characters.view import View


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture [S, S, 4] uint8 RGBA (straight alpha) and the landmarks [27, 2] in its pixels."""

    picture: NDArray[np.uint8]
    landmarks: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Shapes:
    face: FaceShape
    hair: hairs.HairShapes
    eyes: tuple[EyeShape, EyeShape]
    brows: tuple[Points, Points]
    mouth: MouthShape


def _shapes(character: Character, view: View, p: Mapping[str, float]) -> _Shapes:
    c = character
    return _Shapes(
        face=faces.shape_face(c.head, view),
        hair=hairs.shape_hair(c.hair, c.head, view),
        eyes=(shape_eye(c.eyes, view, -1.0, p), shape_eye(c.eyes, view, 1.0, p)),
        brows=(shape_brow(c.brows, view, -1.0, p), shape_brow(c.brows, view, 1.0, p)),
        mouth=shape_mouth(c.mouth, view, p),
    )


def draw(
    character: Character,
    view: View,
    expression: Vector,
    size: int,
    supersampling: int = 1,
    background: bool = True,
) -> Drawing:
    """Draw `character` in `view` with `expression` [31] on a square picture of `size` pixels.

    Drawn at `supersampling` times the size and averaged down. Without `background` (or for a
    character whose background is transparent) what is not the character has alpha 0. The same
    arguments give the same picture, bit for bit.
    """
    full = size * supersampling
    pixels = np.zeros((full, full, 4), np.uint8)
    info = skia.ImageInfo.Make(full, full, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType)
    surface = skia.Surface.MakeRasterDirect(info, pixels)
    canvas = surface.getCanvas()
    if background:
        draw_background(canvas, character.background, full)
    landmarks = draw_on(canvas, character, view, expression, full)
    surface.flushAndSubmit()
    if supersampling > 1:
        pixels = _shrink(pixels, supersampling)
    return Drawing(_straight(pixels), landmarks / np.float32(supersampling))


def draw_on(
    canvas: skia.Canvas, character: Character, view: View, expression: Vector, size: int
) -> NDArray[np.float32]:
    """Draw a character without background on a canvas; `view` is in units of `size` pixels.

    Returns its landmarks [27, 2] in the canvas's pixels. Several calls make a scene.
    """
    p = dict(zip(NAMES, expression.tolist(), strict=True))
    shapes = _shapes(character, view, p)
    canvas.save()
    canvas.concat(view.matrix(size))
    pen = Pen(canvas, 1.0 / (view.eye_distance * size), character.style.even_pen)
    _draw_layers(pen, character, view, shapes, p)
    canvas.restore()
    return _landmarks(character, view, shapes, size)


def _draw_layers(
    pen: Pen, c: Character, view: View, s: _Shapes, p: Mapping[str, float]
) -> None:
    colours, style, palette, head = c.palette.hair, c.style, c.palette, c.head
    worn.draw_behind(pen, c.accessories, head, view, style)
    hairs.draw_back(pen, s.hair, colours, style)
    draw_body(pen, c.outfit, head, view, palette.skin, palette.skin_shadow, palette.skin_line, style)
    hairs.draw_over_body(pen, s.hair, colours, style)
    faces.draw_ears(pen, head, c.features, view, palette, style)
    worn.draw_ear_jewellery(pen, c.accessories, head, view, style)
    faces.draw_skin(pen, s.face, head, c.features, palette, style)
    front = hairs.front_path(s.hair)
    faces.draw_hair_shadow(pen, s.face, front, palette, style)
    faces.draw_gloom(pen, s.face, p)
    faces.draw_blush(pen, c.features, s.face, view, palette, p)
    faces.draw_mole(pen, c.features, view)
    faces.draw_nose(pen, head, c.features, view, palette, style)
    faces.draw_jaw(pen, s.face, c.features, palette, style)
    draw_mouth(pen, c.mouth, s.mouth, palette, style, p)
    for eye in s.eyes:
        draw_eye(pen, c.eyes, eye, palette, view, p)
        draw_lashes(pen, c.eyes, eye, palette, style)
    if not style.brows_over_hair:
        _draw_brows(pen, c, s)
    for eye in s.eyes:
        draw_tears(pen, eye, head, view, p)
    hairs.draw_front(pen, s.hair, colours, style)
    if style.eyes_through_hair:
        with pen.clipped(front), pen.layer(0.75):
            for eye in s.eyes:
                draw_lashes(pen, c.eyes, eye, palette, style)
    if style.brows_over_hair:
        _draw_brows(pen, c, s)
    worn.draw_on_face(pen, c.accessories, head, view, style)
    worn.draw_on_hair(pen, c.accessories, head, view, style, colours)
    draw_sweat(pen, head, view, p)
    draw_vein(pen, head, view, p)
    worn.draw_over(
        pen, c.accessories, head, view, style, palette.skin, palette.skin_shadow, palette.skin_line
    )


def _draw_brows(pen: Pen, c: Character, s: _Shapes) -> None:
    for spine in s.brows:
        draw_brow(pen, c.brows, spine, c.palette)


def _landmarks(c: Character, view: View, s: _Shapes, size: int) -> NDArray[np.float32]:
    left, right = s.eyes
    jaw, mouth = s.face, s.mouth
    centre = len(mouth.upper) // 2
    places = {
        "left_eye": left.centre[0], "right_eye": right.centre[0],
        "left_eye_outer": left.corners[1], "left_eye_inner": left.corners[0],
        "left_eye_top": left.upper[9], "left_eye_bottom": left.lower[9],
        "right_eye_inner": right.corners[0], "right_eye_outer": right.corners[1],
        "right_eye_top": right.upper[9], "right_eye_bottom": right.lower[9],
        "left_brow_outer": s.brows[0][-1], "left_brow_middle": s.brows[0][6],
        "left_brow_inner": s.brows[0][0], "right_brow_inner": s.brows[1][0],
        "right_brow_middle": s.brows[1][6], "right_brow_outer": s.brows[1][-1],
        "nose": faces.nose_place(c.head, view)[0],
        "mouth": view.face(np.array([[c.mouth.x, c.mouth.y]]))[0],
        "mouth_left": mouth.upper[0], "mouth_right": mouth.upper[-1],
        "mouth_top": mouth.upper[centre], "mouth_bottom": mouth.lower[centre],
        "chin": jaw.chin[0], "left_jaw": jaw.left_jaw[0], "right_jaw": jaw.right_jaw[0],
        "left_cheek": view.face(np.array([[-c.features.blush_x, c.features.blush_y]]))[0],
        "right_cheek": view.face(np.array([[c.features.blush_x, c.features.blush_y]]))[0],
    }  # fmt: skip
    points = np.array([places[name] for name in LANDMARKS])
    return view.pixels(points, size).astype(np.float32)


def _shrink(pixels: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    side = pixels.shape[0] // factor
    blocks = pixels.reshape(side, factor, side, factor, 4).astype(np.uint16)
    total = blocks.sum((1, 3), dtype=np.uint32)
    half = factor * factor // 2
    return ((total + half) // (factor * factor)).astype(np.uint8)


def _straight(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Premultiplied to straight alpha; opaque pictures come back as they are."""
    alpha = pixels[..., 3:]
    if alpha.min() == 255:
        return pixels
    scale = 255.0 / np.maximum(alpha, 1)
    colour = np.minimum(pixels[..., :3] * scale + 0.5, 255).astype(np.uint8)
    return np.concatenate([colour, alpha], 2)
