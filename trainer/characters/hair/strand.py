"""The strand: a clump of hair as a spine with half widths, and its edges.

Every lock, clump, tail and bun is a strand. A place on it is (u, t): u from -1 (its left edge when
it hangs down) to 1, t from 0 (root) to 1 (tip).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import numpy as np

from trainer.characters.hair.contour import normals
from trainer.characters.ink import Anchor, Points, curve

Layer = Literal["back", "body", "front"]

STATIONS: Final = 10
"""Points along a strand's spine and along each of its edges."""


@dataclass(frozen=True, slots=True, eq=False)
class Strand:
    """A clump of hair in face units, laid along a smooth curve.

    `spine` [A, 2] holds the curve's anchors from root to tip, `half` half widths at equal steps of
    its length. The outline fades in from `bare` (a share of the length). `lines` are inner lines
    (u, share of the length from the tip), `shade` the width of the shaded strip (0 to 1). A strand
    that stands `off` the head is drawn over the line of the dome. Of a `plain` strand the anchors
    are its STATIONS, with as many widths.
    """

    layer: Layer
    spine: Points
    half: Points
    bare: float = 0.4
    lines: tuple[tuple[float, float], ...] = ()
    shade: float = 0.5
    off: bool = False
    plain: bool = False

    @property
    def tip(self) -> tuple[float, float]:
        """Where it ends."""
        return float(self.spine[-1, 0]), float(self.spine[-1, 1])


def laid(
    layer: Layer,
    spine: Sequence[Anchor] | Points,
    half: Sequence[float] | Points,
    *,
    bare: float = 0.4,
    lines: Sequence[tuple[float, float]] = (),
    shade: float = 0.5,
    off: bool = False,
) -> Strand:
    """A strand along the smooth curve through `spine`; `half` holds half widths along it."""
    points, widths = np.asarray(spine, np.float64), np.asarray(half, np.float64)
    return Strand(layer, points, widths, bare, tuple(lines), shade, off)


def disc(layer: Layer, centre: Anchor, radius: float, tall: float = 1.0) -> Strand:
    """A round strand, such as a bun."""
    angle = np.linspace(0, np.pi, STATIONS)
    spine = np.stack([np.full(STATIONS, centre[0]), centre[1] - radius * tall * np.cos(angle)], 1)
    lines = ((0.3, 0.75), (-0.45, 0.6))
    return Strand(layer, spine, radius * np.sin(angle), 0.0, lines, 0.6, plain=True)


def stations(strands: Sequence[Strand]) -> tuple[Points, Points]:
    """Points [K, STATIONS, 2] at equal steps along strands, and their half widths [K, STATIONS]."""
    if not strands:
        return np.empty((0, STATIONS, 2)), np.empty((0, STATIONS))
    widths = np.array([s.half if s.plain else _spread(len(s.half)) @ s.half for s in strands])
    # All curves lie end to end on one line of lengths, so that one search places all stations.
    fine = [curve(s.spine, 8) for s in strands]
    ends = np.cumsum([len(points) for points in fine])
    starts = np.concatenate([[0], ends[:-1]])
    points = np.concatenate(fine)
    steps = np.sqrt(((points[1:] - points[:-1]) ** 2).sum(1))
    steps[starts[1:] - 1] = 0.0
    length = np.concatenate([[0.0], np.cumsum(steps)])
    first, last = length[starts, None], length[ends - 1, None]
    places = first + (last - first) * _SHARES
    spines = np.stack([np.interp(places, length, points[:, i]) for i in (0, 1)], -1)
    spines[:, 0], spines[:, -1] = points[starts], points[ends - 1]
    for k, strand in enumerate(strands):
        if strand.plain:
            spines[k] = strand.spine
    return spines, widths


_SHARES: Final = np.linspace(0, 1, STATIONS)


@lru_cache(maxsize=32)
def _spread(count: int) -> Points:
    """The matrix [STATIONS, count] from widths at equal steps to those at the stations."""
    at = np.linspace(0, 1, count)
    return np.stack([np.interp(_SHARES, at, row) for row in np.eye(count)], 1)


def edges(spines: Points, widths: Points) -> Points:
    """Both edges [K, 2, STATIONS, 2] of strands along `spines` [K, STATIONS, 2] with half `widths`
    [K, STATIONS], left edge first."""
    out = normals(spines) * widths[..., None]
    return np.stack([spines + out, spines - out], 1)
