"""The strand: a clump of hair as a spine with half widths, and its smooth outlines as skia paths.

Every lock, clump, tail and bun is a strand. A place on it is (u, t): u from -1 (its left edge when
it hangs down) to 1, t from 0 (root) to 1 (tip).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import numpy as np
import skia

from trainer.characters.ink import Anchor, Points, _catmull_rom, curve

Layer = Literal["back", "body", "front"]

ANCHORS: Final = 8
STATIONS: Final = 15
"""Anchors of a strand's spine, and points along each of its projected edges."""


@dataclass(frozen=True, slots=True)
class Strand:
    """A clump of hair in face units.

    `spine` has ANCHORS points from root to tip, `half` as many half widths. The outline fades in
    from `bare` (a share of the length). `lines` are inner lines (u, share of the length from the
    tip), `shade` the width of the shaded strip (0 to 1). A strand that stands `off` the head is drawn over
    the line of the dome.
    """

    layer: Layer
    spine: tuple[tuple[float, float], ...]
    half: tuple[float, ...]
    bare: float = 0.4
    lines: tuple[tuple[float, float], ...] = ()
    shade: float = 0.5
    off: bool = False


def laid(
    layer: Layer,
    spine: Sequence[Anchor] | Points,
    half: Sequence[float],
    *,
    bare: float = 0.4,
    lines: Sequence[tuple[float, float]] = (),
    shade: float = 0.5,
    off: bool = False,
) -> Strand:
    """A strand along any smooth curve; `half` holds half widths at equal steps of its length."""
    fine = curve(spine, 8)
    steps = np.sqrt(((fine[1:] - fine[:-1]) ** 2).sum(1))
    length = np.concatenate([[0.0], np.cumsum(steps)])
    places = np.linspace(0, length[-1], ANCHORS)
    xs, ys = (np.interp(places, length, fine[:, i]).tolist() for i in (0, 1))
    widths = np.interp(np.linspace(0, 1, ANCHORS), np.linspace(0, 1, len(half)), half)
    return Strand(
        layer=layer,
        spine=tuple(zip(xs, ys, strict=True)),
        half=tuple(widths.tolist()),
        bare=bare,
        lines=tuple(lines),
        shade=shade,
        off=off,
    )


def disc(layer: Layer, centre: Anchor, radius: float, tall: float = 1.0) -> Strand:
    """A round strand, such as a bun."""
    angle = np.linspace(0, np.pi, ANCHORS)
    ys = (centre[1] - radius * tall * np.cos(angle)).tolist()
    return Strand(
        layer=layer,
        spine=tuple((centre[0], y) for y in ys),
        half=tuple((radius * np.sin(angle)).tolist()),
        bare=0.0,
        lines=((0.3, 0.75), (-0.45, 0.6)),
        shade=0.6,
    )


def edges(strands: Sequence[Strand]) -> Points:
    """Both edges of each strand, [K, 2, STATIONS, 2] face units, left edge first."""
    spine = np.array([s.spine for s in strands])
    half = np.array([s.half for s in strands])
    basis = _catmull_rom(ANCHORS, 2, False)
    centre = basis @ spine
    width = np.clip(half @ basis.T, 0.0, None)
    width[:, -1] = half[:, -1]
    step = np.empty_like(centre)
    step[:, 1:-1] = centre[:, 2:] - centre[:, :-2]
    step[:, 0] = centre[:, 1] - centre[:, 0]
    step[:, -1] = centre[:, -1] - centre[:, -2]
    step /= np.sqrt((step * step).sum(-1, keepdims=True)) + 1e-9
    out = step[..., ::-1] * (-1.0, 1.0) * width[..., None]
    return np.stack([centre + out, centre - out], 1)


def segments(points: Points) -> list[list[float]]:
    """Cubic segments through `points` [N, 2]: rows (x1, y1, x2, y2, x3, y3) for skia."""
    tangent = np.empty_like(points)
    tangent[1:-1] = (points[2:] - points[:-2]) / 6
    tangent[0] = (points[1] - points[0]) / 3
    tangent[-1] = (points[-1] - points[-2]) / 3
    rows = [points[:-1] + tangent[:-1], points[1:] - tangent[1:], points[1:]]
    out: list[list[float]] = np.concatenate(rows, 1).tolist()
    return out


def add_smooth(path: skia.Path, forth: Points, back: Points | None = None) -> None:
    """Add the closed contour along `forth` [N, 2] and back along `back` reversed, both smooth."""
    x, y = forth[0].tolist()
    path.moveTo(x, y)
    for row in segments(forth):
        path.cubicTo(*row)
    if back is not None:
        back = back[::-1]
        x, y = back[0].tolist()
        path.lineTo(x, y)
        for row in segments(back):
            path.cubicTo(*row)
    path.close()


@lru_cache(maxsize=64)
def _swell(count: int, start: float, end: float, even: bool) -> Points:
    t = np.linspace(0.0, 1.0, count)
    width = np.ones(count)
    if even:
        start, end = min(start, 0.12), 0.0
    if start > 0:
        width *= np.clip(t / start, 0.02, 1) ** 0.8
    if end > 0:
        width *= np.clip((1 - t) / end, 0.02, 1) ** 0.8
    return width[:, None]


def add_stroke(
    path: skia.Path, line: Points, width: float, start: float, end: float, even: bool = False
) -> None:
    """Add a stroke along `line` [N, 2] that swells over `start` and dies over `end` of it."""
    step = np.empty_like(line)
    step[1:-1] = line[2:] - line[:-2]
    step[0] = line[1] - line[0]
    step[-1] = line[-1] - line[-2]
    step /= np.sqrt((step * step).sum(1, keepdims=True)) + 1e-9
    half = step[:, ::-1] * (-1.0, 1.0) * (0.5 * width) * _swell(len(line), start, end, even)
    add_smooth(path, line + half, line - half)
