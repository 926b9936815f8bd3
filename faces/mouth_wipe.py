"""A mouth is found and wiped away before another is drawn: its place is filled with skin.

What a network leaves of a mouth that it shuts, or opens otherwise, is a patch or a crumb. So where
the mouth is surely one, a patch or a line of another colour within skin, it is taken away whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from faces.align import Matrix
from faces.canvas import RGB8, Canvas, Floats, Pixels
from faces.change import NOTHING, Rectangle
from faces.face import Point
from faces.frame import Points
from faces.ink import Light
from faces.spot import Spot

Bools = NDArray[np.bool_]

_ACROSS: Final = 0.42
_UP: Final = 0.27
_DOWN: Final = 0.40
"""How far a mouth reaches from its middle, in eye distances; down, not beyond the chin."""

_OPEN: Final = 0.008
"""A patch that is larger than this, in squares of the eye distance, is an open mouth."""

_LINE: Final = 0.02
"""A patch that is nowhere further from its edge than this, in eye distances, and as far as a crop
blurs it, is a line."""

_PIECES: Final = (0.26, 0.09)
"""A shut mouth's line may have pieces so far from its middle, across and down, in eye distances."""

_SHORTEST: Final = 0.04
"""No mouth is narrower than this, in eye distances."""

_EDGE: Final = 0.035
"""How far around a mouth its edge is wiped, too, in eye distances."""

_OTHER: Final = (0.5, 0.7, 1.0, 1.4)
"""Inside a mouth, colours are further from the skin's than one of these (`Light.off_skin`): the
first that shows a closed patch."""

_WHOLE: Final = 0.1
"""A patch with more of its outline than this at the border of that place goes on beyond it: a hand,
a book, hair."""

_SPREAD: Final = 0.07
"""How far the skin around is looked for, in eye distances."""


@dataclass(frozen=True)
class Mouth:
    """A mouth in the crop: whether it is open, how much lower its middle is than its ends, in eye
    distances, its patch [S, S], the crop's colours without it [S, S, 3] in 0 to 1, the skin's [3],
    where a line would shut it [2], in pixels, and the distance of the eyes."""

    is_open: bool
    bow: float
    patch: Bools
    filled: Floats
    skin: Floats
    line: Points
    unit: float


def open_mouth(face: RGB8, landmarks: Mapping[str, Point], *, shut: bool = False) -> Mouth | None:
    """The open mouth of the aligned crop `face` [S, S, 3]; None where none is surely one.

    `landmarks`, in sides of the crop, need the middles of eyes and mouth, and the chin. With
    `shut`, the line of a shut mouth is as good.
    """
    points = {name: np.array(place) * face.shape[0] for name, place in landmarks.items()}
    unit = float(np.hypot(*(points["right_eye"] - points["left_eye"])))
    place = _place(face, points, unit)
    light = Light.of_crop(face, points, unit)
    off = light.off_skin(face.astype(np.float32) / np.float32(255)) * place
    patches = (_patch(off > least, place, points["mouth"], unit, shut) for least in _OTHER)
    patch = next((one for one in patches if one is not None), None)
    if patch is None:
        return None
    reach = 2 * max(1, round(_EDGE * unit)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    wiped = cv2.dilate(patch.astype(np.uint8), disc) > 0
    skin = (~wiped & (off < _OTHER[-1])).astype(np.float32)
    rows, columns = np.nonzero(patch)
    line = np.array((columns.mean() + 0.5, rows.min() + 0.4 * np.ptp(rows) + 0.5))
    return Mouth(
        _is_open(patch, unit),
        _bow(patch) / unit,
        wiped,
        _filled(face, skin, _SPREAD * unit),
        light.skin,
        line,
        unit,
    )


def wipe(
    pixels: Pixels, canvas: Canvas, matrix: Matrix, mouth: Mouth, share: float = 1.0
) -> Rectangle:
    """Fill in a mouth in `pixels` [H, W, C], the canvas's own or a copy; say where.

    `matrix` brings the picture to the crop that it was found in; the mouth goes with that `share`.
    Returns the rectangle outside which no pixel was written, NOTHING when there is none.
    """
    rows, columns = np.nonzero(mouth.patch)
    across = float(columns.min() - 2), float(columns.max() + 3)
    spot = Spot.around(canvas, matrix, across, (float(rows.min() - 2), float(rows.max() + 3)))
    if spot is None:
        return NOTHING
    soft = cv2.GaussianBlur(mouth.patch.astype(np.float32), (0, 0), 1.0)
    cover = np.float32(share) * spot.seen(np.asarray(soft, np.float32))
    values = spot.part(pixels).astype(np.float32)
    own = spot.own_colours(canvas, mouth.filled)
    values[..., : own.shape[2]] += cover[..., None] * (own - values[..., : own.shape[2]])
    return spot.write(pixels, canvas, values, cover > 0)


def _place(face: RGB8, points: Mapping[str, NDArray[np.float64]], unit: float) -> Bools:
    """Where a mouth may be, [S, S]: half an ellipse up from its middle, half a larger one down."""
    x, y = points["mouth"]
    down = min(_DOWN * unit, 0.85 * max(float(points["chin"][1] - y), 1.0))
    rows, columns = np.ogrid[: face.shape[0], : face.shape[1]]
    tall = np.where(rows < y, _UP * unit, down)
    return np.asarray(((columns - x) / (_ACROSS * unit)) ** 2 + ((rows - y) / tall) ** 2 < 1)


def _patch(
    other: Bools, place: Bools, middle: NDArray[np.float64], unit: float, shut: bool
) -> Bools | None:
    """The mouth among what is not skin, [S, S]; None where there is none to be sure of."""
    count, labels = cv2.connectedComponents(other.astype(np.uint8))
    x, y = np.rint(middle).astype(int)
    near = round(0.12 * unit)
    around = labels[max(y - near, 0) : max(y + near, 0), max(x - near, 0) : max(x + near, 0)]
    sizes = np.bincount(around.ravel(), minlength=count)
    sizes[0] = 0
    if not sizes.any():
        return None
    mouth = labels == int(sizes.argmax())
    if shut:  # a line may be broken
        wide, tall = round(_PIECES[0] * unit), round(_PIECES[1] * unit)
        rows = slice(max(y - tall, 0), max(y + tall, 0))
        pieces = np.unique(labels[rows, max(x - wide, 0) : max(x + wide, 0)])
        mouth |= np.isin(labels, pieces[pieces > 0])
    if not shut and not _is_open(mouth, unit):
        return None
    if np.ptp(np.flatnonzero(mouth.any(axis=0))) < _SHORTEST * unit:
        return None
    outline = mouth & ~cv2.erode(mouth.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    inner = cv2.erode(place.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    beyond = (outline & ~inner).sum() / max(int(outline.sum()), 1)
    return mouth if beyond <= _WHOLE else None


def _is_open(patch: Bools, unit: float) -> bool:
    """Whether a mouth's patch [S, S] is more than a line."""
    deep = cv2.distanceTransform(patch.astype(np.uint8), cv2.DIST_L2, 5).max()
    return bool(patch.sum() >= _OPEN * unit**2 and deep >= _LINE * unit + 1.5)


def _bow(patch: Bools) -> float:
    """How much lower the middle third of a patch [S, S] is than its ends, in pixels."""
    columns = np.flatnonzero(patch.any(axis=0))
    part = patch[:, columns]
    rows = (np.arange(len(part)) @ part) / part.sum(axis=0)
    third = max(1, len(columns) // 3)
    ends = np.concatenate([rows[: third // 2 + 1], rows[-(third // 2) - 1 :]])
    return float(rows[third : len(rows) - third].mean() - ends.mean()) if len(rows) > 4 else 0.0


def _filled(face: RGB8, skin: Floats, spread: float) -> Floats:
    """The crop with the colours of the `skin` [S, S] around where there is none, [S, S, 3] in 0 to
    1: its mean, weighted by distance."""
    size = face.shape[1], face.shape[0]
    half = max(1, size[0] // 2), max(1, size[1] // 2)  # what is so smooth needs no fine pixels
    colours = face.astype(np.float32) / np.float32(255)
    layers = cv2.merge([*cv2.split(colours * skin[..., None]), skin])
    small = np.asarray(cv2.resize(layers, half, interpolation=cv2.INTER_AREA), np.float32)
    near, far = (cv2.GaussianBlur(small, (0, 0), reach) for reach in (spread / 2, 1.5 * spread))
    total = np.asarray(near + np.float32(1e-2) * far, np.float32)
    filled = total[..., :3] / np.maximum(total[..., 3:], np.float32(1e-6))
    return np.asarray(cv2.resize(filled, size, interpolation=cv2.INTER_LINEAR), np.float32)
