"""Find the brows of an aligned face as lines of the drawing.

A brow is a thin dark line, short and nearly level, with the same colour above it as below: on skin,
or over the hair, where two in three artists draw it. A line that may be something else (a lash, the
edge of a fringe, a strand) is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from faces.canvas import RGB8, Floats, Place
from faces.face import Point

Rows = NDArray[np.int64]

_STEEPEST: Final = 0.75
"""The steepest line that is a brow: rise by run."""

_CONTRAST: Final = 16.0
"""A line that is not darker than this, in levels of 255, is no brow to be sure of."""

_ALIKE: Final = 26.0
"""Colours above and below a brow differ by less, in levels."""

_BEND: Final = np.float32(0.25)
"""What a step up or down costs a line, in columns of darkness."""

_UNEXPECTED: Final = 0.22
"""A line that is further from where the network takes the brow to be, in eye distances, is none."""

_SMALLEST: Final = 16.0
"""Eyes that are not so far apart, in pixels of the crop, leave no lines to find."""


@dataclass(frozen=True)
class Brow:
    """A brow in the crop of S pixels, in pixels of it.

    `cover` [S, S] is how much of each pixel is its ink, `place` [S, S] where it lies, with its
    edges; `above` and `below` [S] are the rows next to that in each column. `left` and `right` are
    its ends' x; `slope` is rise by run, positive where the inner end is the lower one; `height` is
    how far it lies above the middle of its eye, `astray` how far from where it was expected; `unit`
    is the distance of the eyes; `side` is as seen.
    """

    side: str
    cover: Floats
    place: Floats
    above: Floats
    below: Floats
    left: float
    right: float
    slope: float
    height: float
    astray: float
    unit: float

    @property
    def inwards(self) -> int:
        """The sign of the way along x to the nose."""
        return 1 if self.side == "left" else -1


def brows_of(face: RGB8, landmarks: Mapping[str, Point]) -> tuple[Brow, ...]:
    """The brows of the aligned crop `face` [S, S, 3] that are surely brows: none to two.

    `landmarks`, in sides of the crop, has the points of eyes and brows.
    """
    points = {name: np.array(place) * face.shape[0] for name, place in landmarks.items()}
    unit = float(np.hypot(*(points["right_eye"] - points["left_eye"])))
    if not unit >= _SMALLEST:
        return ()
    dark = _thin_and_dark(face, unit)
    found = [_brow(face, dark, points, side, unit) for side in ("left", "right")]
    brows = [brow for brow in found if brow is not None]
    if len(brows) == 2 and not _alike(brows[0], brows[1]):
        brows = [min(brows, key=lambda brow: brow.astray)]
    return tuple(brows)


def _alike(a: Brow, b: Brow) -> bool:
    """Whether two lines may be the brows of one face: as steep, and as far above the eyes."""
    return abs(a.slope - b.slope) <= 0.4 and abs(a.height - b.height) <= 0.22 * a.unit


def _brow(
    face: RGB8, dark: Floats, points: Mapping[str, NDArray[np.float64]], side: str, unit: float
) -> Brow | None:
    """The brow above the eye of that side, None where no line is surely one."""
    left, top, right, bottom = _above_the_eye(points, side, unit)
    zone = dark[top:bottom, left:right]
    if zone.shape[0] < 0.12 * unit or zone.shape[1] < 0.3 * unit:
        return None
    names = ("outer", "middle", "inner")
    guess = np.stack([points[f"{side}_brow_{name}"] for name in names]) - (left, top)
    strong = max(_CONTRAST, 0.5 * float(np.percentile(zone, 98)))
    rows = darkest_line(np.minimum(zone / np.float32(strong), 1), guess, unit)
    columns = _run(zone[rows, np.arange(len(rows))], 0.5 * strong, round(0.05 * unit))
    if not 0.22 * unit <= len(columns) <= 0.9 * unit:
        return None
    rows = rows[columns]
    bends = np.abs(np.polyval(np.polyfit(columns, rows, 2), columns) - rows)
    astray = float(np.abs(_between(guess, columns) - rows).mean())
    if np.percentile(bends, 90) > 0.035 * unit or astray > _UNEXPECTED * unit:
        return None
    spread = _spread(zone, rows, columns, 0.5 * strong, round(0.09 * unit))
    if spread is None or _edge_of_something(face[top:bottom, left:right], spread, unit):
        return None
    inked = np.flatnonzero(spread.any(axis=0))
    middles = (np.arange(len(spread)) @ spread[:, inked]) / spread[:, inked].sum(axis=0)
    slope = float(np.polyfit(inked, middles, 1)[0])
    if abs(slope) > _STEEPEST:
        return None
    cover, place = np.zeros((2, *face.shape[:2]), np.float32)
    wide = cv2.dilate(spread, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5)))
    cover[top:bottom, left:right] = np.clip(1.4 * zone / strong, 0, 1) * wide
    place[top:bottom, left:right] = cv2.dilate(wide, np.ones((3, 3), np.uint8))
    return Brow(
        side,
        np.asarray(cv2.GaussianBlur(cover, (0, 0), 0.6), np.float32),
        np.asarray(cv2.GaussianBlur(place, (0, 0), 0.8), np.float32),
        *_rows_beside(place),
        float(columns[0] + left),
        float(columns[-1] + left + 1),
        slope if side == "left" else -slope,
        float(points[f"{side}_eye"][1] - top - middles.mean()),
        astray,
        unit,
    )


def _above_the_eye(points: Mapping[str, NDArray[np.float64]], side: str, unit: float) -> Place:
    """Where in the crop a brow may be: over the eye and a little beside it, above its lashes."""
    corners = points[f"{side}_eye_outer"][0], points[f"{side}_eye_inner"][0]
    lid = points[f"{side}_eye_top"][1]
    left, right = int(min(corners) - 0.22 * unit), int(max(corners) + 0.18 * unit) + 1
    top, bottom = int(lid - 0.60 * unit), int(lid - 0.04 * unit)
    return max(left, 0), max(top, 0), max(right, 0), max(bottom, 0)


def _thin_and_dark(face: RGB8, unit: float) -> Floats:
    """How much darker than above and below it each pixel is, where that is thin: a black top-hat
    along columns, in levels."""
    grey = cv2.cvtColor(face, cv2.COLOR_RGB2GRAY)
    column = np.ones((max(3, round(0.15 * unit)) | 1, 1), np.uint8)
    return np.asarray(cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, column), np.float32)


def darkest_line(zone: Floats, guess: NDArray[np.float64], unit: float) -> Rows:
    """The row in each column of the darkest smooth line across `zone` [h, w], 1 where it is dark
    and 0 where not, by dynamic programming.

    It steps up or down by one pixel a column at most, and keeps to the line through the three
    points of `guess` [3, 2] where nothing is darker. `unit` is the distance of the eyes.
    """
    height, width = zone.shape
    away = (np.arange(height)[:, None] - _between(guess, np.arange(width))) / (0.16 * unit)
    value = zone - np.float32(0.35) * np.minimum(away**2, 2.0).astype(np.float32)
    total = value[:, 0].copy()
    steps = np.zeros((height, width), np.int8)
    edge = np.array([-np.inf], np.float32)
    for x in range(1, width):
        ways = np.stack(
            [
                np.concatenate([edge, total[:-1]]) - _BEND,
                total,
                np.concatenate([total[1:], edge]) - _BEND,
            ]
        )  # from above, level, from below
        best = ways.argmax(0)
        steps[:, x] = best - 1
        total = ways[best, np.arange(height)] + value[:, x]
    rows = np.zeros(width, np.int64)
    rows[-1] = int(total.argmax())
    for x in range(width - 1, 0, -1):
        rows[x - 1] = rows[x] + steps[rows[x], x]
    return rows


def _between(points: NDArray[np.float64], columns: Rows) -> NDArray[np.float64]:
    """The rows at `columns` of the line through `points` [3, 2]; level beyond its ends."""
    order = np.argsort(points[:, 0])
    return np.asarray(np.interp(columns, points[order, 0], points[order, 1]))


def _run(dark: Floats, least: float, gap: int) -> Rows:
    """The columns, from first to last, of the longest run darker than `least`, with gaps of `gap`
    at most, and its fading ends."""
    found = np.flatnonzero(dark > least)
    if not found.size:
        return found
    runs = np.split(found, np.flatnonzero(np.diff(found) > gap + 1) + 1)
    longest = max(runs, key=len)
    first, last = int(longest[0]), int(longest[-1])
    while first > 0 and dark[first - 1] > 0.4 * least:
        first -= 1
    while last + 1 < len(dark) and dark[last + 1] > 0.4 * least:
        last += 1
    return np.arange(first, last + 1)


def _spread(
    zone: Floats, rows: Rows, columns: Rows, least: float, most: int
) -> NDArray[np.uint8] | None:
    """Where the line is, 1 in a mask like the zone: all that is dark up and down from `rows`.

    None where it is mostly thicker than `most`, as no brow is.
    """
    thin = zone[:, columns] <= least
    height = np.arange(len(zone))[:, None]
    first = np.where(thin & (height < rows), height, -1).max(axis=0) + 1
    last = np.where(thin & (height > rows), height, len(zone)).min(axis=0)
    thick = last - first
    if np.median(thick) > most:
        return None
    first = np.where(thick > most, rows - most // 4, first)
    last = np.where(thick > most, rows + most // 4 + 1, last)
    mask = np.zeros(zone.shape, np.uint8)
    mask[:, columns] = (height >= first) & (height < last)
    return mask


def _rows_beside(place: Floats) -> tuple[Floats, Floats]:
    """The rows above and below what is not 0 in each column [S]; beside it, those of its ends."""
    columns = np.flatnonzero(place.any(axis=0))
    first = place[:, columns].argmax(axis=0)
    last = len(place) - 1 - place[::-1, columns].argmax(axis=0)
    every = np.arange(place.shape[1])
    above, below = np.interp(every, columns, first - 1), np.interp(every, columns, last + 1)
    return above.astype(np.float32), below.astype(np.float32)


def _edge_of_something(zone: RGB8, line: NDArray[np.uint8], unit: float) -> bool:
    """Whether what lies above the line is of another colour than what lies below it."""
    gap = max(2, round(0.03 * unit))
    columns = np.flatnonzero(line.any(axis=0))
    above = line[:, columns].argmax(axis=0) - gap
    below = len(line) - 1 - line[::-1, columns].argmax(axis=0) + gap
    inside = (above >= 1) & (below + 1 < len(zone))
    above, below, columns = above[inside], below[inside], columns[inside]
    if not columns.size:
        return True
    levels = zone.astype(np.float32)
    a = levels[above - 1, columns] + levels[above, columns]
    b = levels[below, columns] + levels[below + 1, columns]
    return float(np.median(np.abs(a - b).max(axis=1))) / 2 > _ALIKE
