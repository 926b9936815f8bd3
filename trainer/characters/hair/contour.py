"""Smooth contours and tapering strokes through points, computed for many lines at once.

A line of N points becomes N - 1 cubic segments (x1, y1, x2, y2, x3, y3), which skia draws smoothly
at every size; numpy works on all lines of a layer together, as one call each would cost too much.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import skia

from trainer.characters.ink import Points

Row = list[float]


def cubics(points: Points) -> Points:
    """Cubic segments [..., N - 1, 6] of smooth lines through points [..., N, 2]."""
    tangent = np.empty_like(points)
    tangent[..., 1:-1, :] = (points[..., 2:, :] - points[..., :-2, :]) / 6
    tangent[..., 0, :] = (points[..., 1, :] - points[..., 0, :]) / 3
    tangent[..., -1, :] = (points[..., -1, :] - points[..., -2, :]) / 3
    start, end = points[..., :-1, :], points[..., 1:, :]
    return np.concatenate([start + tangent[..., :-1, :], end - tangent[..., 1:, :], end], -1)


def loop(forth: Points, back: Points) -> tuple[list[Row], list[list[Row]], list[list[Row]]]:
    """What `add_loop` needs for the contours along `forth` [K, N, 2] and home along `back`."""
    home = back[:, ::-1]
    starts = np.concatenate([forth[:, 0], home[:, 0]], -1)
    out: tuple[list[Row], list[list[Row]], list[list[Row]]] = (
        starts.tolist(), cubics(forth).tolist(), cubics(home).tolist(),
    )  # fmt: skip
    return out


def add_loop(path: skia.Path, start: Row, forth: list[Row], back: list[Row]) -> None:
    """Add a closed contour: smooth along `forth`, a straight step, smooth along `back`."""
    cubic = path.cubicTo
    path.moveTo(start[0], start[1])
    for row in forth:
        cubic(*row)
    path.lineTo(start[2], start[3])
    for row in back:
        cubic(*row)
    path.close()


def smooth(outline: Points) -> skia.Path:
    """The closed path along `outline` [N, 2], smooth but at its start."""
    path = skia.Path()
    path.moveTo(*outline[0].tolist())
    for row in cubics(outline).tolist():
        path.cubicTo(*row)
    path.close()
    return path


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


def strokes(
    lines: Points, widths: Points, firsts: Sequence[int]
) -> tuple[list[Row], list[list[Row]], list[list[Row]]]:
    """Contours (for `add_loop`) of strokes along `lines` [K, N, 2] with full `widths` [K, N], each
    drawn from its point `firsts` on."""
    step = np.empty_like(lines)
    step[:, 1:-1] = lines[:, 2:] - lines[:, :-2]
    step[:, 0] = lines[:, 1] - lines[:, 0]
    step[:, -1] = lines[:, -1] - lines[:, -2]
    step /= np.sqrt((step * step).sum(-1, keepdims=True)) + 1e-9
    half = step[..., ::-1] * (-1.0, 1.0) * (0.5 * widths[..., None])
    forth, home = lines + half, (lines - half)[:, ::-1]
    rows_forth, rows_home = cubics(forth).tolist(), cubics(home).tolist()
    starts = np.concatenate([forth[np.arange(len(lines)), list(firsts)], home[:, 0]], -1).tolist()
    last = lines.shape[1] - 1
    return (
        starts,
        [rows[first:] for rows, first in zip(rows_forth, firsts, strict=True)],
        [rows[: last - first] for rows, first in zip(rows_home, firsts, strict=True)],
    )
