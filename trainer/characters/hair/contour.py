"""Smooth contours and tapering strokes through points, computed for many lines at once.

A line of N points becomes N - 1 cubic segments (x1, y1, x2, y2, x3, y3), which skia draws smoothly
at every size; numpy works on all lines of a design together, as one call each would cost too much.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from trainer.characters.ink import CLOSE, CUBIC, LINE, MOVE, Contour, Points


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
    rows = _loops(forth, back[:, ::-1])
    return _each(rows, _verbs(forth.shape[1] - 1, back.shape[1] - 1))


def _each(rows: NDArray[np.float32], verbs: bytes) -> list[Contour]:
    """A contour of each row of points [K, P, 2]."""
    points, size = rows.tobytes(), 8 * rows.shape[1]
    return [(points[at : at + size], verbs) for at in range(0, len(points), size)]


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


def smooth(outlines: Points) -> Contour:
    """The shape of closed outlines [K, N, 2], each smooth but at its start."""
    count, places = outlines.shape[:2]
    points = np.empty((count, 3 * places - 2, 2), np.float32)
    points[:, 0], points[:, 1:] = outlines[:, 0], cubics(outlines)
    return points.tobytes(), count * _smooth_verbs(places - 1)


@lru_cache(maxsize=256)
def _smooth_verbs(count: int) -> bytes:
    return MOVE + CUBIC * count + CLOSE


def joined(contours: Iterable[Contour]) -> Contour:
    """One shape (winding rule) of several."""
    points, verbs = zip(*contours, strict=True)
    return b"".join(points), b"".join(verbs)


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


def strokes(lines: Points, widths: Points) -> NDArray[np.float32]:
    """The points [K, 6 N - 4, 2] of the outlines of strokes along `lines` [K, N, 2] with full
    `widths` [K, N] or [N]; their verbs are `stroke_verbs`. Three points a span, at both ends of an
    outline, are left out for the first spans where these are not drawn."""
    half = 0.5 * widths[..., None] * normals(lines)
    return _loops(lines + half, (lines - half)[:, ::-1])


def stroke_verbs(spans: int) -> bytes:
    """The verbs of a stroke of so many spans (steps between points)."""
    return _verbs(spans, spans)
