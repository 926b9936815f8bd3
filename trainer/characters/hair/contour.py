"""Smooth contours and tapering strokes through points, computed for many lines at once.

A line of N points becomes N - 1 cubic segments (x1, y1, x2, y2, x3, y3), which skia draws smoothly
at every size; numpy works on all lines of a layer together, as one call each would cost too much.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
import skia
from numpy.typing import NDArray

from trainer.characters.ink import CLOSE, CUBIC, LINE, MOVE, Points, traced

Contour = tuple[bytes, bytes]
"""One closed contour: its points (pairs of float32) and its verbs, as `ink.traced` takes them."""


@lru_cache(maxsize=64)
def _segments(count: int) -> Points:
    """The matrix [3 (N - 1), N] from points to the control points of a smooth line through them:
    tangents are a third of the way between the neighbours of a point, of the step at the ends."""
    tangent = np.zeros((count, count))
    inner = np.arange(1, count - 1)
    tangent[inner, inner + 1], tangent[inner, inner - 1] = 1 / 6, -1 / 6
    tangent[0, :2], tangent[-1, -2:] = (-1 / 3, 1 / 3), (-1 / 3, 1 / 3)
    point = np.eye(count)
    ends = point[:-1] + tangent[:-1], point[1:] - tangent[1:], point[1:]
    return np.stack(ends, 1).reshape(-1, count)


def cubics(points: Points) -> Points:
    """Control points [..., 3 (N - 1), 2] of smooth lines through points [..., N, 2]: two of the
    curve and its end for each step."""
    return _segments(points.shape[-2]) @ points


def loop(forth: Points, back: Points) -> list[Contour]:
    """The closed contours smooth along `forth` [K, N, 2], a straight step, smooth home along `back`
    [K, M, 2]."""
    row = _loops(forth, back[:, ::-1])
    points, size = row.tobytes(), row[0].nbytes if len(row) else 0
    verbs = _verbs(forth.shape[1] - 1, back.shape[1] - 1)
    return [(points[k * size : (k + 1) * size], verbs) for k in range(len(row))]


def _loops(forth: Points, home: Points) -> NDArray[np.float32]:
    """The points [K, 3 N + 3 M - 4, 2] of closed contours along `forth` and on along `home`."""
    count, turn, rest = len(forth), 3 * forth.shape[1] - 2, 3 * home.shape[1] - 3
    out = np.empty((count, turn + 1 + rest, 2), np.float32)
    out[:, 0], out[:, 1:turn] = forth[:, 0], cubics(forth)
    out[:, turn], out[:, turn + 1 :] = home[:, 0], cubics(home)
    return out


@lru_cache(maxsize=256)
def _verbs(forth: int, home: int) -> bytes:
    return MOVE + CUBIC * forth + LINE + CUBIC * home + CLOSE


def smooth(outline: Points) -> Contour:
    """The closed contour along `outline` [N, 2], smooth but at its start."""
    points = np.empty((3 * len(outline) - 2, 2), np.float32)
    points[0], points[1:] = outline[0], cubics(outline)
    return points.tobytes(), _smooth_verbs(len(outline) - 1)


@lru_cache(maxsize=256)
def _smooth_verbs(count: int) -> bytes:
    return MOVE + CUBIC * count + CLOSE


def single(contour: Contour) -> skia.Path:
    """The path of one contour."""
    return traced(*contour)


def joined(contours: Iterable[Contour]) -> skia.Path:
    """One path (winding rule) of several contours."""
    points, verbs = zip(*contours, strict=True)
    return traced(b"".join(points), b"".join(verbs))


@lru_cache(maxsize=512)
def taper(count: int, first: int, start: float, end: float, even: bool) -> Points:
    """Widths [count] of a stroke that begins at point `first`, swells over `start` of its length
    and dies over `end` of it; an even pen hardly tapers."""
    t = (np.arange(count) - first) / (count - 1 - first)
    if even:
        start, end = min(start, 0.15), 0.0
    width = np.where(t < 0, 0.0, 1.0)
    if start > 0:
        width *= np.clip(t / start, 0.02, 1) ** 0.8
    if end > 0:
        width *= np.clip((1 - t) / end, 0.02, 1) ** 0.8
    return width


def normals(lines: Points) -> Points:
    """Unit normals [..., N, 2] of lines [..., N, 2], to the right of their way on a screen."""
    step = np.empty_like(lines)
    np.subtract(lines[..., 2:, :], lines[..., :-2, :], out=step[..., 1:-1, :])
    np.subtract(lines[..., 1, :], lines[..., 0, :], out=step[..., 0, :])
    np.subtract(lines[..., -1, :], lines[..., -2, :], out=step[..., -1, :])
    way = step.view(np.complex128)
    way *= 1j / (np.abs(way) + 1e-9)
    return step


def strokes(lines: Points, widths: Points, firsts: Sequence[int]) -> list[Contour]:
    """Contours of strokes along `lines` [K, N, 2] with full `widths` [K, N], each drawn from its
    point `firsts` on."""
    half = 0.5 * widths[..., None] * normals(lines)
    rows = _loops(lines + half, (lines - half)[:, ::-1])
    points, size, spans = rows.tobytes(), rows[0].nbytes, lines.shape[1] - 1
    # Three points a span, at both ends of a row, are left out for what is not drawn.
    return [
        (points[k * size + 24 * first : (k + 1) * size - 24 * first],
         _verbs(spans - first, spans - first))
        for k, first in enumerate(firsts)
    ]  # fmt: skip
