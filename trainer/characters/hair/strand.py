"""The strand: a clump of hair as a spine with half widths, and its edges.

Every lock, clump, tail and bun is a strand. A place on it is (u, t): u from -1 (its left edge when
it hangs down) to 1, t from 0 (root) to 1 (tip).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from trainer.characters.hair.contour import normals
from trainer.characters.ink import Anchor, Points, curve

Layer = Literal["back", "body", "front"]

STATIONS: Final = 10
"""Points along a strand's spine and along each of its edges."""


@dataclass(frozen=True, slots=True)
class Strand:
    """A clump of hair in face units.

    `spine` has STATIONS points from root to tip, `half` as many half widths. The outline fades in
    from `bare` (a share of the length). `lines` are inner lines (u, share of the length from the
    tip), `shade` the width of the shaded strip (0 to 1). A strand that stands `off` the head is
    drawn over the line of the dome.
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
    half: Sequence[float] | Points,
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
    places = np.linspace(0, length[-1], STATIONS)
    xs, ys = (np.interp(places, length, fine[:, i]).tolist() for i in (0, 1))
    widths = np.interp(
        np.linspace(0, 1, STATIONS), np.linspace(0, 1, len(half)), np.asarray(half, float)
    )
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
    angle = np.linspace(0, np.pi, STATIONS)
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
    centre = np.array([s.spine for s in strands]).reshape(-1, STATIONS, 2)
    width = np.array([s.half for s in strands]).reshape(-1, STATIONS)
    out = normals(centre) * width[..., None]
    return np.stack([centre + out, centre - out], 1)
