"""Eyes that are shut are drawn as arcs of the lashes' colour.

To shut an eye a network paints skin over it and an arc of lashes, which comes out short, broken or
twice. Where it has painted, thin dark lines are filled in and one arc is drawn in their place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from faces.align import Matrix
from faces.canvas import Canvas, Floats, Pixels, Place, srgb_of
from faces.change import NOTHING, Rectangle, joined
from faces.frame import Frame, Points
from faces.ink import AS_SEEN, GREY, Mark, Stroke, lay, within
from faces.spot import Spot

_SHUT: Final = -0.92
"""An upper lid that is asked to be lower than this, in its scaled range, is shut."""

_PAINTED: Final = 0.5
"""A network that has shut an eye has painted over its middle with at least this share."""

_WIDTHS: Final = (0.34, 0.62)
"""Between these, in eye distances, an eye's width is taken as it was found."""

_ENDS: Final = 0.06
_RISE: Final = 0.12
_SAG: Final = 0.04
"""How far below the eye's middle an arc ends, how far a smiling one rises from there, and how far a
sleeping one hangs, in eye distances, after the census of drawn faces (section 1)."""

_LASHES: Final = (-0.3, 0.3), (-0.3, 0.2)
_LID: Final = (-0.45, 0.45), (-0.4, 0.35)
"""Where around an eye's middle, across and down, its lashes lie and, when it is shut, its lid."""

_THIN: Final = 0.14
"""Dark lines that are thinner than this, in eye distances, are filled in."""


def mend(
    pixels: Pixels,
    canvas: Canvas,
    matrix: Matrix,
    frame: Frame,
    mask: Floats,
    wanted: Mapping[str, float],
    share: float = 1.0,
) -> Rectangle:
    """Draw the arcs of the eyes that were to be shut; say where.

    `matrix` brings the picture to the crop with the network's `mask` [S, S]; `frame` has the face's
    landmarks; `wanted` are the scaled parameters of `contract.expression` that are set; an arc is
    drawn with that `share`. Returns the rectangle outside which no pixel was written, NOTHING when
    there is none.
    """
    written = NOTHING
    for side in ("left", "right"):
        if wanted.get(f"lid_upper_{side}", 0.0) > _SHUT:
            continue
        if _painted(mask, matrix, frame, side) < _PAINTED * share:
            continue
        ink = _lashes(canvas, frame, side)
        cleaned = _clean(pixels, canvas, matrix, frame, mask, side)
        arc = _arc(frame, side, wanted.get(f"lid_arc_{side}", 0.0))
        strokes = [Stroke(outline, ink, 0.95 * share) for outline in arc]
        drawn = lay(pixels, canvas, frame, AS_SEEN, Mark(strokes, on_skin=False))
        written = joined(written, joined(cleaned, drawn))
    return written


def _painted(mask: Floats, matrix: Matrix, frame: Frame, side: str) -> float:
    """The network's share of paint around the middle of the eye."""
    around = np.array([(x, y) for x in (-0.1, 0.0, 0.1) for y in (-0.06, 0.0, 0.06)])
    places = frame.picture(frame.points[f"{side}_eye"] + around)
    x, y = np.floor(places @ matrix[:, :2].T + matrix[:, 2]).astype(int).T
    size = mask.shape[0]
    inside = (x >= 0) & (x < size) & (y >= 0) & (y < size)
    return float(mask[y[inside], x[inside]].mean()) if inside.any() else 0.0


def _lashes(canvas: Canvas, frame: Frame, side: str) -> tuple[int, int, int]:
    """The colour of the lashes in the picture as it was: next to the darkest around the eye."""
    left, top, right, bottom = _around(canvas, frame, side, *_LASHES)
    step = max(1, int(frame.unit / 96))
    part = canvas.pixels[top:bottom:step, left:right:step]
    shown = part[part[..., -1] > 0] if canvas.has_alpha else part.reshape(-1, part.shape[2])
    if not shown.size:
        return (0, 0, 0)
    colours = srgb_of(shown[None], canvas)[0]
    levels = colours @ GREY
    dark = colours[levels <= np.percentile(levels, 4)]
    red, green, blue = np.rint(dark.mean(axis=0)).astype(int).tolist()
    return red, green, blue


def _clean(
    pixels: Pixels, canvas: Canvas, matrix: Matrix, frame: Frame, mask: Floats, side: str
) -> Rectangle:
    """Fill in the thin lines, dark and then light, that the network has painted over the eye."""
    place = _around(canvas, frame, side, *_LID)
    left, top, right, bottom = place
    if left == right or top == bottom:
        return NOTHING
    spot = Spot.of(place, matrix)
    here = spot.part(pixels)
    across = _across(frame)
    even = cv2.morphologyEx(here, cv2.MORPH_CLOSE, across)
    even = cv2.morphologyEx(even, cv2.MORPH_OPEN, across)
    share = np.clip((spot.seen(mask) - 0.3) / 0.4, 0, 1)
    values = here + share[..., None] * (even.reshape(here.shape).astype(np.float32) - here)
    return spot.write(pixels, canvas, values, share > 0)


def _around(
    canvas: Canvas, frame: Frame, side: str, across: tuple[float, float], down: tuple[float, float]
) -> Place:
    """The part of the picture around an eye, in eye distances from its middle."""
    corners = np.array([(x, y) for x in across for y in down])
    return within(frame.picture(frame.points[f"{side}_eye"] + corners), canvas, 2)


def _across(frame: Frame) -> NDArray[np.uint8]:
    """A line across the lids, as long in the picture as lines may be thick: OpenCV's kernel."""
    half = np.rint(frame.there[:, 1] * max(_THIN / 2, 1 / frame.unit)).astype(int)
    middle = np.abs(half)
    line = np.zeros(2 * middle[::-1] + 1, np.uint8)
    start, end = (middle - half).tolist(), (middle + half).tolist()
    return np.asarray(cv2.line(line, start, end, (1,)), np.uint8)


def _arc(frame: Frame, side: str, bow: float) -> list[Points]:
    """Outlines of an arc of lashes that is thickest in its middle, and of two at its outer end."""
    outer, inner = frame.points[f"{side}_eye_outer"], frame.points[f"{side}_eye_inner"]
    middle = frame.points[f"{side}_eye"]
    width = float(np.clip(abs(outer[0] - inner[0]), *_WIDTHS))
    outwards = -1.0 if side == "left" else 1.0
    t = np.linspace(-1, 1, 25)  # from the inner corner to the outer
    lift = _RISE * max(bow, 0.0) - _SAG * max(-bow, 0.0)
    x = middle[0] + 0.5 * width * t * outwards
    y = middle[1] + _ENDS - lift * (1 - t**2)
    half = 0.5 * (0.010 + 0.030 * (1 - np.abs(t) ** 2) ** 0.7 + 0.008 * np.clip(t, 0, 1))
    arc = np.concatenate([np.stack([x, y - half], 1), np.stack([x, y + half], 1)[::-1]])
    lashes = []
    for at, long in ((-1, 0.07), (-5, 0.06)):
        root = np.array((x[at], y[at]))
        tip = root + long * np.array((0.9 * outwards, 0.45))
        lashes.append(np.stack([root - (0, 0.012), tip, root + (0, 0.012)]))
    return [np.asarray(arc, np.float64), *lashes]
