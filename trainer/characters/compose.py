"""Draw a character: all layers from the background to what is held in front of the face."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
from trainer.characters.brows import draw_brow, draw_furrow, shape_brow
from trainer.characters.character import Character
from trainer.characters.eyes import EyeShape, draw_eye, draw_lashes, shape_eyes
from trainer.characters.face import FaceShape
from trainer.characters.ink import Points
from trainer.characters.marks import draw_sweat, draw_tears, draw_vein
from trainer.characters.mouth import MouthShape, draw_mouth, shape_mouth
from trainer.characters.nose import draw_nose, nose_place
from trainer.characters.outfit import draw_body
from trainer.characters.pen import Pen
from trainer.characters.view import View


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture [S, S, 4] uint8 RGBA (straight alpha) and the landmarks [27, 2] in its pixels."""

    picture: NDArray[np.uint8]
    landmarks: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Still:
    """What no expression changes."""

    face: FaceShape
    hair: hairs.Dressed
    front: skia.Path


@dataclass(frozen=True, slots=True)
class Mood:
    """What an expression shapes."""

    p: Mapping[str, float]
    eyes: tuple[EyeShape, EyeShape]
    brows: tuple[Points, Points]
    mouth: MouthShape


def shape_still(c: Character, view: View, pixel: float) -> Still:
    shapes = hairs.shape_hair(c.hair, c.head, view)
    dressed = hairs.dress(shapes, c.palette.hair, c.style, pixel)
    return Still(faces.shape_face(c.head, view), dressed, hairs.front_path(shapes))


def shape_mood(c: Character, view: View, expression: Vector) -> Mood:
    p = dict(zip(NAMES, expression.tolist(), strict=True))
    return Mood(
        p=p,
        eyes=shape_eyes(c.eyes, view, p),
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
    return draw_all(character, view, [expression], size, supersampling, background)[0]


def draw_all(
    character: Character,
    view: View,
    expressions: Sequence[Vector],
    size: int,
    supersampling: int = 1,
    background: bool = True,
) -> list[Drawing]:
    """The drawings that `draw` gives for each of `expressions`, bit for bit, in a fraction of its
    time: what no expression changes is drawn once, below and above the faces."""
    full = size * supersampling
    still = shape_still(character, view, view.pixel(full))
    moods = [shape_mood(character, view, expression) for expression in expressions]

    blank = _pen(character, view, full)

    # All is thought out before anything is drawn: both go faster when they do not take turns.
    def planned(draw_layer: _Layer) -> Pen:
        pen = blank.another()
        draw_layer(pen, character, view, still)
        return pen

    def planned_faces(draw_part: _Part) -> list[Pen]:
        pens = [blank.another() for _ in moods]
        for pen, mood in zip(pens, moods, strict=True):
            draw_part(pen, character, view, still, mood)
        return pens

    below, *above = (planned(layer) for layer in (_draw_below, _draw_hair, _draw_worn, _draw_over))
    parts = [planned_faces(part) for part in (_draw_face, _draw_through_hair, _draw_marks)]

    ground = np.zeros((full, full, 4), np.uint8)
    canvas = _surface(ground).getCanvas()
    if background:
        draw_background(canvas, character.background, full)
    below.draw(canvas)
    images = [_image(pen, full) for pen in above]

    drawings = []
    for mood, *pens in zip(moods, *parts, strict=True):
        pixels = ground.copy()
        canvas = _surface(pixels).getCanvas()
        for pen, image in zip(pens, images, strict=True):
            pen.draw(canvas)
            if image is not None:
                canvas.drawImage(image, 0, 0)
        landmarks = _landmarks(character, view, still, mood, full)
        if supersampling > 1:
            pixels = _shrink(pixels, supersampling)
        drawings.append(Drawing(_straight(pixels), landmarks / np.float32(supersampling)))
    return drawings


def draw_on(
    canvas: skia.Canvas, character: Character, view: View, expression: Vector, size: int
) -> NDArray[np.float32]:
    """Draw a character without background on a canvas; `view` is in units of `size` pixels.

    Returns its landmarks [27, 2] in the canvas's pixels. Several calls make a scene.
    """
    still = shape_still(character, view, view.pixel(size))
    mood = shape_mood(character, view, expression)
    pen = _pen(character, view, size)
    _draw_below(pen, character, view, still)
    _draw_face(pen, character, view, still, mood)
    _draw_hair(pen, character, view, still)
    _draw_through_hair(pen, character, view, still, mood)
    _draw_worn(pen, character, view, still)
    _draw_marks(pen, character, view, still, mood)
    _draw_over(pen, character, view, still)
    pen.draw(canvas)
    return _landmarks(character, view, still, mood, size)


def _pen(c: Character, view: View, size: int) -> Pen:
    return Pen(view, size, c.style.even_pen, c.style.sketchy)


def _surface(pixels: NDArray[np.uint8]) -> skia.Surface:
    """A surface that draws into `pixels` [S, S, 4]."""
    info = skia.ImageInfo.Make(*pixels.shape[:2], skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType)
    return skia.Surface.MakeRasterDirect(info, pixels)


def _image(pen: Pen, size: int) -> skia.Image | None:
    """What a pen draws on nothing, or None where that is nothing."""
    if pen.idle:
        return None
    pixels = np.zeros((size, size, 4), np.uint8)
    surface = _surface(pixels)
    pen.draw(surface.getCanvas())
    return surface.makeImageSnapshot() if pixels.view(np.uint32).any() else None


# The layers, from the back to the front.

_Layer = Callable[[Pen, Character, View, Still], None]
_Part = Callable[[Pen, Character, View, Still, Mood], None]


def _draw_below(pen: Pen, c: Character, view: View, s: Still) -> None:
    colours, style, palette, head = c.palette.hair, c.style, c.palette, c.head
    tones = (palette.skin, palette.skin_shadow, palette.skin_line)
    worn.draw_behind(pen, c.accessories, head, view, style)
    hairs.draw_back(pen, s.hair, colours, style)
    draw_body(pen, c.outfit, head, view, *tones, style)
    hairs.draw_over_body(pen, s.hair, colours, style)
    faces.draw_ears(pen, head, c.features, view, palette, style)
    worn.draw_ear_jewellery(pen, c.accessories, head, view, style)
    faces.draw_skin(pen, s.face, s.front, head, c.features, palette, style)


def _draw_face(pen: Pen, c: Character, view: View, s: Still, mood: Mood) -> None:
    style, palette, head, p = c.style, c.palette, c.head, mood.p
    faces.draw_gloom(pen, s.face, p)
    faces.draw_blush(pen, c.features, s.face, view, palette, p)
    faces.draw_mole(pen, c.features, view)
    draw_nose(pen, c.nose, head, view, palette, style)
    faces.draw_jaw(pen, s.face, c.features, palette, style)
    draw_mouth(pen, c.mouth, mood.mouth, palette, style, p)
    for eye in mood.eyes:
        draw_eye(pen, c.eyes, eye, palette, view, p)
        draw_lashes(pen, c.eyes, eye, palette, style)
    draw_furrow(pen, c.brows, mood.brows, palette, min(p["brow_tilt_left"], p["brow_tilt_right"]))
    if not style.brows_over_hair:
        _draw_brows(pen, c, mood)
    for eye in mood.eyes:
        draw_tears(pen, eye, head, view, p)


def _draw_hair(pen: Pen, c: Character, view: View, s: Still) -> None:
    hairs.draw_front(pen, s.hair, s.front, c.palette.hair, c.style)


def _draw_through_hair(pen: Pen, c: Character, view: View, s: Still, mood: Mood) -> None:
    if c.style.eyes_through_hair:
        with pen.clipped(s.front), pen.layer(0.75):
            for eye in mood.eyes:
                draw_lashes(pen, c.eyes, eye, c.palette, c.style)
    if c.style.brows_over_hair:
        _draw_brows(pen, c, mood)
        return
    # Anger and sorrow are read from the brows: hands that leave them under the hair draw them then.
    tilt = max(abs(mood.p["brow_tilt_left"]), abs(mood.p["brow_tilt_right"]))
    shown = min(max((tilt - 0.3) / 0.4, 0.0), 1.0)
    if shown > 0.02:
        _draw_brows(pen, c, mood, 0.85 * shown)


def _draw_worn(pen: Pen, c: Character, view: View, s: Still) -> None:
    worn.draw_on_face(pen, c.accessories, c.head, view, c.style)
    worn.draw_on_hair(pen, c.accessories, c.head, view, c.style, c.palette.hair)


def _draw_marks(pen: Pen, c: Character, view: View, s: Still, mood: Mood) -> None:
    draw_sweat(pen, c.head, view, mood.p)
    draw_vein(pen, c.head, view, mood.p)


def _draw_over(pen: Pen, c: Character, view: View, s: Still) -> None:
    tones = (c.palette.skin, c.palette.skin_shadow, c.palette.skin_line)
    worn.draw_over(pen, c.accessories, c.head, view, c.style, *tones)


def _draw_brows(pen: Pen, c: Character, mood: Mood, alpha: float = 1.0) -> None:
    tilts = mood.p["brow_tilt_left"], mood.p["brow_tilt_right"]
    for spine, tilt in zip(mood.brows, tilts, strict=True):
        draw_brow(pen, c.brows, spine, c.palette, tilt, alpha)


def _landmarks(c: Character, view: View, s: Still, mood: Mood, size: int) -> NDArray[np.float32]:
    left, right = mood.eyes
    jaw, mouth, brows = s.face, mood.mouth, mood.brows
    centre = len(mouth.upper) // 2
    places = {
        "left_eye": left.centre[0], "right_eye": right.centre[0],
        "left_eye_outer": left.corners[1], "left_eye_inner": left.corners[0],
        "left_eye_top": left.upper[9], "left_eye_bottom": left.lower[9],
        "right_eye_inner": right.corners[0], "right_eye_outer": right.corners[1],
        "right_eye_top": right.upper[9], "right_eye_bottom": right.lower[9],
        "left_brow_outer": brows[0][-1], "left_brow_middle": brows[0][6],
        "left_brow_inner": brows[0][0], "right_brow_inner": brows[1][0],
        "right_brow_middle": brows[1][6], "right_brow_outer": brows[1][-1],
        "nose": nose_place(c.head, view),
        "mouth": view.spot(c.mouth.x, c.mouth.y),
        "mouth_left": mouth.upper[0], "mouth_right": mouth.upper[-1],
        "mouth_top": mouth.upper[centre], "mouth_bottom": mouth.lower[centre],
        "chin": jaw.chin[0], "left_jaw": jaw.left_jaw[0], "right_jaw": jaw.right_jaw[0],
        "left_cheek": view.spot(-c.features.blush_x, c.features.blush_y),
        "right_cheek": view.spot(c.features.blush_x, c.features.blush_y),
    }  # fmt: skip
    points = np.array([places[name] for name in LANDMARKS])
    return view.pixels(points, size).astype(np.float32)


def _shrink(pixels: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    side = pixels.shape[0] // factor
    blocks = pixels.reshape(side, factor, side, factor, 4).astype(np.uint16)
    total = blocks.sum((1, 3), dtype=np.uint32)
    half = factor * factor // 2
    return np.asarray((total + half) // (factor * factor), np.uint8)


def _straight(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Premultiplied to straight alpha; opaque pictures come back as they are."""
    alpha = pixels[..., 3:]
    if alpha.min() == 255:
        return pixels
    scale = 255.0 / np.maximum(alpha, 1)
    colour = np.minimum(pixels[..., :3] * scale + 0.5, 255).astype(np.uint8)
    return np.concatenate([colour, alpha], 2)
