"""Lay shapes over a face at the picture's own resolution: lines, fills and soft colour, in the
light that the picture is drawn in, and where that is asked for only on skin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from faces.canvas import RGB8, Canvas, Colour, Floats, Pixels, Place, own_colours, srgb_of
from faces.change import NOTHING, Rectangle
from faces.frame import Frame, Points

_SHIFT: Final = 4
"""Bits of a pixel's parts in the points that OpenCV draws."""

_SOFT_UNIT: Final = 96
"""Pixels in a unit at which what is blurred is drawn."""

_FINE_UNIT: Final = 512
"""Pixels in a unit at which OpenCV's edges are fine enough."""

_FINEST: Final = 4
"""So many pixels at most are drawn and averaged for one where a unit has fewer."""

_LIGHT_UNIT: Final = 64
"""Pixels in a unit that are enough to see the light by."""

GREY: Final = np.array((0.299, 0.587, 0.114), np.float32)
"""How much red, green and blue count in brightness."""

_HUE: Final = 0.11
"""Skin's colour, less its brightness, strays by so much of the range from place to place."""

_DIM: Final = 0.6
_BRIGHT: Final = 0.9
"""A face whose brightest is beyond the second of these is in white light; below the first, the
light has the colour of its brightest."""

_LEVEL: Final = 0.28
"""Skin's brightness strays by so much between light and shade."""


@dataclass(frozen=True)
class Stroke:
    """An outline [N, 2] in units of the face: filled, or a line of `width` units where that is not
    0. `colour` is sRGB as in white light, `alpha` 0 to 1."""

    outline: Points
    colour: Colour
    alpha: float
    width: float = 0.0


@dataclass(frozen=True)
class Mark:
    """Strokes one over the other. `soft` is how far they are blurred, in units; with `on_skin`,
    hair and lines hide them."""

    strokes: Sequence[Stroke]
    on_skin: bool
    soft: float = 0.0


@dataclass(frozen=True)
class Light:
    """How bright the face is lit, 0 to 1 for each channel, its skin's colour, both sRGB, and how
    colourful it is drawn: 0 in shades of grey, 1 in colours."""

    white: Floats  # [3]
    skin: Floats  # [3]
    colourful: float

    @staticmethod
    def of(pixels: Pixels, canvas: Canvas, frame: Frame) -> Light:
        """White is next to the brightest of the face; skin is the median of places on the cheeks,
        over the mouth and under it."""
        middle = np.array([(x, y) for x in (-0.7, 0.7) for y in (-0.35, 0.9)])
        left, top, right, bottom = within(frame.picture(middle), canvas, 0)
        step = max(1, int(frame.unit / _LIGHT_UNIT))
        face = _srgb(pixels[top:bottom:step, left:right:step], canvas)
        white = np.percentile(face.reshape(-1, 3), 98, axis=0) if face.size else np.ones(3)
        bright = np.clip((white.max() - _DIM) / (_BRIGHT - _DIM), 0, 1)
        white = white + bright * (1 - white)  # what is bright is skin, where no white is seen
        spots = [frame.points[f"{side}_eye"] + (0, 0.36) for side in ("left", "right")]
        spots.append(0.45 * frame.points["mouth"])
        spots.append(0.6 * frame.points["mouth"] + 0.4 * frame.points["chin"])
        samples = []
        for spot in spots:
            around = frame.picture(spot + np.array([[-0.07, -0.04], [0.07, 0.04]]))
            left, top, right, bottom = within(around, canvas, 1)
            seen = _srgb(pixels[top:bottom, left:right], canvas)
            if seen.size:
                samples.append(np.median(seen.reshape(-1, 3), axis=0))
        skin = np.median(samples, axis=0) if samples else np.ones(3)
        hues = np.ptp(face, axis=2)
        colourful = (
            float(np.clip((np.percentile(hues, 90) - 0.03) / 0.08, 0, 1)) if hues.size else 1
        )
        white, skin = np.clip(white, 0.3, 1).astype(np.float32), skin.astype(np.float32)
        return Light(white, skin, colourful)

    @staticmethod
    def of_crop(face: RGB8, points: Mapping[str, NDArray[np.float64]], unit: float) -> Light:
        """The same of an aligned crop [S, S, 3], from landmarks in pixels of it and the distance of
        its eyes."""
        spots = [points[f"{side}_eye"] + (0, 0.36 * unit) for side in ("left", "right")]
        middle = (points["left_eye"] + points["right_eye"]) / 2
        spots.append(middle + 0.45 * (points["mouth"] - middle))
        reach = max(2, round(0.05 * unit))
        samples = []
        for x, y in np.rint(spots).astype(int):
            part = face[max(y - reach, 0) : y + reach, max(x - reach, 0) : x + reach]
            if part.size:
                samples.append(np.median(part.reshape(-1, 3), axis=0) / 255)
        skin = np.median(samples, axis=0) if samples else np.ones(3)
        return Light(np.ones(3, np.float32), skin.astype(np.float32), 1.0)

    def on(self, colour: Colour) -> Floats:
        """What a colour of white light [3] looks like in this one."""
        own = np.array(colour, np.float32) / np.float32(255)
        grey = np.float32(own @ GREY)
        return np.asarray(self.white * (grey + self.colourful * (own - grey)), np.float32)

    def is_skin(self, colours: Floats) -> Floats:
        """How much each of `colours` [h, w, 3] looks like this face's skin in light or shade."""
        return np.asarray(np.clip((1.7 - self.off_skin(colours)) / 0.5, 0, 1), np.float32)

    def off_skin(self, colours: Floats) -> Floats:
        """How far each of `colours` [h, w, 3] is from this face's skin; skin goes to 1."""
        level, own = colours @ GREY, float(self.skin @ GREY)
        hue = np.linalg.norm((colours - level[..., None]) - (self.skin - own), axis=2)
        away = np.hypot(hue / np.float32(_HUE), (level - own) / np.float32(_LEVEL))
        return np.asarray(away, np.float32)


AS_SEEN: Final = Light(np.ones(3, np.float32), np.ones(3, np.float32), 1.0)
"""For colours that were taken from the picture: its light is in them."""


def lay(pixels: Pixels, canvas: Canvas, frame: Frame, light: Light, mark: Mark) -> Rectangle:
    """Lay a mark over the picture; say in which rectangle, NOTHING when it lies beside it."""
    unit = frame.unit
    strokes = [(frame.picture(stroke.outline), stroke) for stroke in mark.strokes]
    widest = max(stroke.width for stroke in mark.strokes) / 2 + 3 * mark.soft
    ends = np.concatenate([outline for outline, _ in strokes])
    place = within(ends, canvas, int(np.ceil(widest * unit)) + 2)
    left, top, right, bottom = place
    here = pixels[top:bottom, left:right]
    if not here.size:
        return NOTHING
    colour = np.zeros((bottom - top, right - left, 3), np.float32)  # times its share
    share = np.zeros(colour.shape[:2], np.float32)
    for outline, stroke in strokes:
        cover = _cover(outline - (left, top), stroke, mark.soft, unit, share.shape)
        colour += cover[..., None] * (light.on(stroke.colour) - colour)
        share += cover * (1 - share)
    if mark.on_skin:
        seen = light.is_skin(_srgb(here, canvas))
        colour *= seen[..., None]
        share *= seen
    drawn = _blend(here, canvas, colour, share)
    return (left, top, right - left, bottom - top) if drawn else NOTHING


def within(points: Points, canvas: Canvas, margin: int) -> Place:
    """The whole pixels of the picture around `points`; empty when they lie beside it."""
    left, top = np.floor(points.min(0)).astype(int) - margin
    right, bottom = np.ceil(points.max(0)).astype(int) + margin
    left, top = max(int(left), 0), max(int(top), 0)
    return (
        left,
        top,
        max(min(int(right), canvas.width), left),
        max(min(int(bottom), canvas.height), top),
    )


def _srgb(pixels: Pixels, canvas: Canvas) -> Floats:
    """Pixels [h, w, C] as sRGB [h, w, 3] in 0 to 1; what alpha hides counts as it is."""
    if not pixels.size:
        return np.empty((0, 0, 3), np.float32)
    return srgb_of(pixels, canvas).astype(np.float32) / np.float32(255)


def _cover(
    outline: Points, stroke: Stroke, soft: float, unit: float, shape: tuple[int, ...]
) -> Floats:
    """The share [h, w] of every pixel that a stroke covers; `outline` is in these pixels."""
    times = _drawn_for_one(unit, soft)
    size = max(1, round(shape[0] * times)), max(1, round(shape[1] * times))
    points = [np.rint((outline * times - 0.5) * 2**_SHIFT).astype(np.int32)]
    drawn = np.zeros(size, np.uint8)
    alpha = stroke.alpha / 255
    if stroke.width:
        thickness, share = _pen(stroke.width * unit * times)
        alpha *= share
        cv2.polylines(drawn, points, False, (255,), thickness, cv2.LINE_AA, _SHIFT)
    else:
        cv2.fillPoly(drawn, points, (255,), cv2.LINE_AA, _SHIFT)
    if soft:
        blurred = cv2.GaussianBlur(drawn.astype(np.float32), (0, 0), soft * unit * times)
        cover = cv2.resize(blurred, (shape[1], shape[0]))
    else:
        cover = cv2.resize(drawn, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    return cover * np.float32(alpha)


def _drawn_for_one(unit: float, soft: float) -> float:
    """How many pixels are drawn, across and down, for one of the picture: what is blurred needs no
    fine ones, and edges in small faces need finer ones."""
    if soft:
        return min(1.0, _SOFT_UNIT / unit)
    return float(np.clip(np.rint(_FINE_UNIT / unit), 1, _FINEST))


def _pen(width: float) -> tuple[int, float]:
    """The thickness that OpenCV draws nearest to `width`, and the share that leaves as much ink.

    Its smooth lines come out wider: 1.3 pixels for 1, and 1.5 more than any even thickness.
    """
    if width <= 1.3:
        return 1, width / 1.3
    thickness = 2 * max(1, round((width - 1.5) / 2))
    return thickness, min(1.0, width / (thickness + 1.5))


def _blend(here: Pixels, canvas: Canvas, colour: Floats, share: Floats) -> bool:
    """Lay sRGB `colour` [h, w, 3], which is times its `share`, over what is drawn `here`; say
    whether anything is."""
    touched = share > 1 / 512
    if canvas.has_alpha:
        touched &= here[..., -1] > 0
    rows, columns = np.nonzero(touched)
    if not rows.size:
        return False
    part = share[rows, columns]
    straight = np.clip(colour[rows, columns] / part[:, None], 0, 1)
    own = np.stack([p[0] for p in own_colours(straight.T[:, None], canvas)], 1)
    before = here[rows, columns]
    count = own.shape[1]
    values = before[:, :count] + part[:, None] * (own * np.float32(canvas.top) - before[:, :count])
    before[:, :count] = np.clip(np.rint(values), 0, canvas.top).astype(here.dtype)
    here[rows, columns] = before
    return True
