"""The geometry of a character's hair in one view: outlines of its layers in view units."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise

import numpy as np
import skia

from trainer.characters.hair.contour import joined, loop, smooth
from trainer.characters.hair.design import Hair
from trainer.characters.hair.dome import back_view, front_view
from trainer.characters.hair.strand import STATIONS, Strand, edges, stations
from trainer.characters.head import Head
from trainer.characters.ink import Contour, Points, traced
from trainer.characters.view import View


@dataclass(frozen=True, slots=True, eq=False)
class Strands:
    """The strands of a design in drawing order, whatever the view: half of how wide each is at its
    widest, and the places of those behind the body (`back`), before it (`body`) and before the
    face (`front`)."""

    strands: tuple[Strand, ...]
    widest: tuple[float, ...]
    back: range
    body: range
    front: range


@dataclass(frozen=True, slots=True, eq=False)
class HairShapes:
    """What is drawn: behind the body the `mass` and the strands of `back`, before the face those of
    `front` and the scalp's `cap`, whose lines are the `dome` and, at the temples, the `rims`
    [2, N, 2]. `edges` [K, 2, STATIONS, 2] (left edge first, root first) and `outlines` are those of
    the `strands`. `shine` [K, N, 2] and `parting` [K, N, 2] are the lit shapes and the lines on the
    cap; `ties` [K, 2] is where tails are tied, for ribbons."""

    hair: Hair
    strands: Strands
    edges: Points
    outlines: list[Contour]
    mass: Points
    cap: Contour
    dome: Points
    rims: Points
    shine: Points
    parting: Points
    ties: Points
    top: float
    bottom: float


def shape_hair(hair: Hair, head: Head, view: View) -> HairShapes:
    """The hair of a head in a view, in view units."""
    del head  # a design is made for its head and knows its measures
    laid = _laid(hair)
    before = front_view(laid.before, hair.dome.top, hair.dome.hairline, view)
    behind = back_view(laid.behind, view)
    cap, dome, rims, shine, parting, front = _parts(before, laid.parts_before)
    mass, ties, back = _parts(behind, laid.parts_behind)
    both = np.concatenate([back, front]).reshape(-1, 2, STATIONS, 2)
    return HairShapes(
        hair=hair,
        strands=laid.strands,
        edges=both,
        # Right edge first: clockwise, as the cap and the mass are, so that unions have no holes.
        outlines=loop(both[:, 1], both[:, 0]),
        mass=mass,
        cap=smooth(cap[None]),
        dome=dome,
        rims=rims.reshape(2, -1, 2),
        shine=shine.reshape(hair.shine_shapes.shape),
        parting=parting.reshape(hair.parting_lines.shape),
        ties=ties,
        top=float(dome[:, 1].min()),
        bottom=float(max(hair.bottom, mass[:, 1].max())),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Laid:
    """All points of a design in face units, in front of the head and behind it, where its parts
    begin and end, and its strands."""

    strands: Strands
    before: Points
    parts_before: list[int]
    behind: Points
    parts_behind: list[int]


@lru_cache(maxsize=64)
def _laid(hair: Hair) -> _Laid:
    spines, widths = stations(hair.strands)
    layers = [
        [i for i, strand in enumerate(hair.strands) if strand.layer == layer]
        for layer in ("back", "body", "front")
    ]
    order = list(chain.from_iterable(layers))
    both, widest = edges(spines, widths)[order], widths.max(1, initial=0.0).tolist()
    back, body = len(layers[0]), len(layers[0]) + len(layers[1])
    strands = Strands(
        strands=tuple(hair.strands[i] for i in order),
        widest=tuple(widest[i] for i in order),
        back=range(back),
        body=range(back, body),
        front=range(body, len(order)),
    )
    before = [
        hair.dome.cap(), hair.dome.silhouette(-0.05), hair.dome.rims(), hair.shine_shapes,
        hair.parting_lines, both[body:],
    ]  # fmt: skip
    behind = [hair.mass, np.array(hair.ties, float), both[:body]]
    return _Laid(strands, *_joint(before), *_joint(behind))


def _joint(parts: Sequence[Points]) -> tuple[Points, list[int]]:
    """All points [N, 2] of parts [..., 2], and where each part begins and the last one ends."""
    flat = [part.reshape(-1, 2) for part in parts]
    return np.concatenate(flat), [0, *np.cumsum([len(part) for part in flat]).tolist()]


def _parts(points: Points, ends: Sequence[int]) -> Iterator[Points]:
    return (points[a:b] for a, b in pairwise(ends))


def front_path(shapes: HairShapes) -> skia.Path:
    """The union of the scalp's cap and all front strands, to be filled with the winding rule."""
    return traced(*joined([shapes.cap, *(shapes.outlines[i] for i in shapes.strands.front)]))


def back_path(shapes: HairShapes) -> skia.Path:
    """The union of the mass and all strands behind the body (winding rule)."""
    return traced(
        *joined([smooth(shapes.mass[None]), *(shapes.outlines[i] for i in shapes.strands.back)])
    )
