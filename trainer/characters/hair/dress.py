"""One hand's lines and shades on hair: the contours to be painted, of all strands at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from trainer.characters.colour import argb
from trainer.characters.hair.contour import loop, stroke_verbs, strokes, taper
from trainer.characters.hair.shapes import HairShapes, Strands
from trainer.characters.hair.strand import STATIONS
from trainer.characters.ink import Contour, Points
from trainer.characters.palette import HairColours
from trainer.characters.style import Style

BROAD: Final = 0.12
"""Strands with a larger half width show light along an edge."""


@dataclass(frozen=True, slots=True, eq=False)
class Dressed:
    """Shapes with what a hand adds. Of every strand: its `lines`; the strip to shade (`strips`,
    none in flat work); of the broad ones also the strip that is `lit`. `fade` and `glow` say where
    the gradients on these begin and end, [K, 2, 2] as lists. `line` is the colour of lines, `width`
    how thick they are (thin lines are paler, as the pen draws them); strands with a half width
    below `fine` are too narrow to show a gradient."""

    shapes: HairShapes
    line: int
    width: float
    even: bool
    fine: float
    lines: list[Contour]
    strips: list[Contour]
    lit: dict[int, Contour]
    fade: list[list[list[float]]]
    glow: list[list[list[float]]]

    def stroked(self, lines: Points, weight: float, start: float, end: float) -> Contour:
        """The strokes along lines [K, N, 2], tapering over `start` and `end` of their length."""
        count, places = lines.shape[:2]
        width = weight * self.width * taper(places, 0, start, end, self.even)
        return strokes(lines, width).tobytes(), count * stroke_verbs(places - 1)


def dress(shapes: HairShapes, colours: HairColours, style: Style, pixel: float) -> Dressed:
    """The contours of a style's lines and shades; a `pixel` is so large in face units."""
    thick = min(0.9 * style.line_width, 0.005 + 0.5 * style.line_width)
    least = 0.8 * pixel
    width, fine = max(thick, least), 4.5 * pixel
    strips: list[Contour] = []
    lit: dict[int, Contour] = {}
    fade: list[list[list[float]]] = []
    glow: list[list[list[float]]] = []
    if style.shading != "flat":
        plan = _plan(shapes.strands, style.even_pen)
        left, right = shapes.edges[:, 0], shapes.edges[:, 1]
        far, near = (left, right) if style.light > 0 else (right, left)
        strips = _strips(far[:, 2:], near[:, 2:], plan, fine, style.shading == "cel")
        if style.shading != "cel":
            far_end, near_end = far[:, 7], near[:, 7]
            reach = far_end + (near_end - far_end) * (0.35 + 0.4 * plan.shades)
            fade = np.stack([far_end, reach], 1).tolist()
            glow = np.stack([near_end, near_end + 0.4 * (far_end - near_end)], 1).tolist()
            if plan.broad:
                far, near = far[plan.broad, 2:], near[plan.broad, 2:]
                rows = loop(near, near + (far - near) * (0.7 * _SWELL)[:, None])
                lit = dict(zip(plan.broad, rows, strict=True))
    return Dressed(
        shapes=shapes,
        line=argb(colours.line, 1.0 if thick >= least else max(thick / least, 0.35)),
        width=width,
        even=style.even_pen,
        fine=fine,
        lines=_lines(shapes, width, style.even_pen),
        strips=strips,
        lit=lit,
        fade=fade,
        glow=glow,
    )


def _strips(far: Points, near: Points, plan: _Plan, fine: float, cel: bool) -> list[Contour]:
    """The strips to shade [K]: along the far edge, growing from the root to the tip; those without
    a gradient only as wide as the strand's `shade`."""
    soft = plan.soft & (plan.widest >= fine) & (not cel)
    reach = np.where(soft[:, None], 2.2, plan.shades) * _SWELL
    return loop(far, far + (near - far) * np.minimum(reach, 1)[..., None])


def _lines(shapes: HairShapes, width: float, even: bool) -> list[Contour]:
    """The strokes of every strand [K]: both edges, the end where it is blunt, inner lines."""
    plan = _plan(shapes.strands, even)
    left, right = shapes.edges[plan.owners, 0], shapes.edges[plan.owners, 1]
    lines = left * plan.rest + right * plan.share
    if plan.ends:
        foot, to = left[plan.ends, -1:], right[plan.ends, -1:]
        lines[plan.ends] = foot + (to - foot) * _ACROSS
    rows = strokes(lines, width * plan.widths)
    points = rows.reshape(-1, 2)[plan.drawn].tobytes()
    spans = pairwise(plan.stops)
    return [(points[a:b], verbs) for (a, b), verbs in zip(spans, plan.verbs, strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """The strokes of a design's strands, whatever the view: of whom each is, its place across the
    strand (0 the left edge to 1) and the `rest` to 1, widths; which are `ends` and run across; the
    points of all outlines that are `drawn`. Those of strand k are bytes `stops[k]` to
    `stops[k + 1]`, with its `verbs`. Of the strands: their `shades` [K, 1], half of how wide they
    are, whether they may be `soft`, and those that are `broad` as well."""

    owners: NDArray[np.int64]
    share: Points
    rest: Points
    widths: Points
    ends: list[int]
    drawn: NDArray[np.int64]
    stops: list[int]
    verbs: list[bytes]
    shades: Points
    widest: Points
    soft: NDArray[np.bool_]
    broad: list[int]


@lru_cache(maxsize=64)
def _plan(design: Strands, even: bool) -> _Plan:
    owners: list[int] = []
    shares: list[float] = []
    widths: list[Points] = []
    firsts: list[int] = []
    ends: list[int] = []
    stops, verbs = [0], []
    for k, strand in enumerate(design.strands):
        first = min(int(strand.bare * (STATIONS - 1)), STATIONS - 4)
        width = taper(STATIONS, first, 0.75 if strand.bare > 0.2 else 0.3, 0.0, even)
        mine = [first, first]
        shares += [0.0, 1.0]
        widths += [width, width]
        for u, share in strand.lines:
            first = int((1 - share) * (STATIONS - 1))
            shares.append(0.5 * (u + 1))
            widths.append(0.65 * taper(STATIONS, first, 0.8, 0.1, even))
            mine.append(first)
        if strand.half[-1] > 0.02:
            ends.append(len(shares))
            shares.append(0.0)
            widths.append(taper(STATIONS, 0, 0.0, 0.0, True))
            mine.append(0)
        owners += [k] * len(mine)
        firsts += mine
        verbs.append(b"".join(stroke_verbs(STATIONS - 1 - first) for first in mine))
        stops.append(stops[-1] + 8 * sum(_POINTS - 6 * first for first in mine))
    across = np.array(shares)[:, None, None]
    skipped, place = 3 * np.array(firsts)[:, None], np.arange(_POINTS)
    drawn = (place >= skipped) & (place < _POINTS - skipped)
    widest = np.array(design.widest)
    soft = np.arange(len(widest)) >= design.back.stop
    return _Plan(
        owners=np.array(owners),
        share=across,
        rest=1 - across,
        widths=np.array(widths),
        ends=ends,
        drawn=np.flatnonzero(drawn),
        stops=stops,
        verbs=verbs,
        shades=np.array([strand.shade for strand in design.strands])[:, None],
        widest=widest,
        soft=soft,
        broad=np.flatnonzero(soft & (widest > BROAD)).tolist(),
    )


_POINTS: Final = 6 * STATIONS - 4
_T: Final = np.linspace(0, 1, STATIONS - 2)
_SWELL: Final = 0.5 * np.sin(0.85 * np.pi * _T) ** 0.8 + 0.25 * _T
_ACROSS: Final = np.linspace(0, 1, STATIONS)[:, None]
