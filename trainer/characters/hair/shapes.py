"""The geometry of a character's hair in one view: outlines of its layers in view units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import skia

from trainer.characters.hair.contour import Contour, joined, loop, smooth
from trainer.characters.hair.design import Hair
from trainer.characters.hair.dome import back_view, front_view
from trainer.characters.hair.strand import STATIONS, Strand, edges
from trainer.characters.head import Head
from trainer.characters.ink import Points
from trainer.characters.view import View


@dataclass(frozen=True, slots=True, eq=False)
class Clumps:
    """The strands of one layer as seen, in drawing order: `edges` [K, 2, STATIONS, 2] (left edge
    first, root first) in view units, and their closed outlines."""

    strands: tuple[Strand, ...]
    edges: Points
    outlines: tuple[Contour, ...]


@dataclass(frozen=True, slots=True, eq=False)
class HairShapes:
    """What is drawn: `back` behind the body (with `mass`), `over_body` before it, `front` before
    the face (with the scalp's `cap`, whose lines are the `dome` and, at the temples, the `rims`).
    `shine` and `parting` are the lit shapes and the lines on the cap; `ties` [K, 2] is where tails
    are tied, for ribbons."""

    hair: Hair
    mass: Points
    back: Clumps
    over_body: Clumps
    cap: Points
    dome: Points
    rims: tuple[Points, ...]
    front: Clumps
    shine: tuple[Points, ...]
    parting: tuple[Points, ...]
    ties: Points
    top: float
    bottom: float


def shape_hair(hair: Hair, head: Head, view: View) -> HairShapes:
    """The hair of a head in a view, in view units."""
    del head  # a design is made for its head and knows its measures
    layers = [[s for s in hair.strands if s.layer == name] for name in ("back", "body", "front")]
    lines = [hair.dome.cap(), hair.dome.silhouette(-0.05), *hair.dome.rims()]
    before = front_view(
        np.concatenate(
            [*lines, *hair.shine_shapes, *hair.parting_lines, edges(layers[2]).reshape(-1, 2)]
        ),
        hair.dome.top, hair.dome.hairline, view,
    )  # fmt: skip
    behind = back_view(
        np.concatenate(
            [hair.mass, np.array(hair.ties, float).reshape(-1, 2), edges(layers[0]).reshape(-1, 2),
             edges(layers[1]).reshape(-1, 2)]
        ),
        view,
    )  # fmt: skip
    sizes = [len(p) for p in (*lines, *hair.shine_shapes, *hair.parting_lines)]
    cap, dome, left_rim, right_rim, *rest, front = np.split(before, np.cumsum(sizes))
    shine, parting = rest[: len(hair.shine_shapes)], rest[len(hair.shine_shapes) :]
    sizes = [len(hair.mass), len(hair.ties), 2 * STATIONS * len(layers[0])]
    mass, ties, back, body = np.split(behind, np.cumsum(sizes))
    return HairShapes(
        hair=hair,
        mass=mass,
        back=_clumps(layers[0], back),
        over_body=_clumps(layers[1], body),
        cap=cap,
        dome=dome,
        rims=(left_rim, right_rim),
        front=_clumps(layers[2], front),
        shine=tuple(shine),
        parting=tuple(parting),
        ties=ties,
        top=float(dome[:, 1].min()),
        bottom=float(max(hair.bottom, mass[:, 1].max())),
    )


def _clumps(strands: list[Strand], points: Points) -> Clumps:
    both = points.reshape(len(strands), 2, STATIONS, 2)
    # Right edge first: clockwise, as the cap and the mass are, so that unions have no holes.
    return Clumps(tuple(strands), both, tuple(loop(both[:, 1], both[:, 0])))


def front_path(shapes: HairShapes) -> skia.Path:
    """The union of the scalp's cap and all front clumps, to be filled with the winding rule."""
    return union(shapes.cap, shapes.front)


def union(outline: Points, clumps: Clumps) -> skia.Path:
    """The union of a closed outline [N, 2] and clumps (winding rule)."""
    return joined([smooth(outline), *clumps.outlines])
