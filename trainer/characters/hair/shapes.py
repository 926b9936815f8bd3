"""The geometry of a character's hair in one view: outlines of its layers in view units."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import skia
from numpy.typing import NDArray

from trainer.characters.hair.contour import Contour, joined, loop, smooth
from trainer.characters.hair.design import Hair
from trainer.characters.hair.dome import back_view, front_view
from trainer.characters.hair.strand import Strand, edges, stations
from trainer.characters.head import Head
from trainer.characters.ink import Points
from trainer.characters.view import View


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """The strands of one layer, their edges [K, 2, STATIONS, 2] in face units, and half of how wide
    each is at its widest."""

    strands: tuple[Strand, ...]
    edges: Points
    widest: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Clumps:
    """A layer as seen, in drawing order: its `edges` [K, 2, STATIONS, 2] (left edge first, root
    first) in view units, and the strands' closed outlines."""

    layer: Layer
    edges: Points
    outlines: tuple[Contour, ...]

    @property
    def widest(self) -> tuple[float, ...]:
        """Half of how wide each is at its widest, in the same order."""
        return self.layer.widest

    @property
    def strands(self) -> tuple[Strand, ...]:
        """What the strands are, in the same order."""
        return self.layer.strands


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
    laid = _laid(hair)
    before = front_view(laid.before, hair.dome.top, hair.dome.hairline, view)
    behind = back_view(laid.behind, view)
    cap, dome, left_rim, right_rim, *rest, front = np.split(before, laid.parts_before)
    shine, parting = rest[: len(hair.shine_shapes)], rest[len(hair.shine_shapes) :]
    mass, ties, back, body = np.split(behind, laid.parts_behind)
    return HairShapes(
        hair=hair,
        mass=mass,
        back=_clumps(laid.layers[0], back),
        over_body=_clumps(laid.layers[1], body),
        cap=cap,
        dome=dome,
        rims=(left_rim, right_rim),
        front=_clumps(laid.layers[2], front),
        shine=tuple(shine),
        parting=tuple(parting),
        ties=ties,
        top=float(dome[:, 1].min()),
        bottom=float(max(hair.bottom, mass[:, 1].max())),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Laid:
    """All points of a design in face units, in front of the head and behind it, where its parts
    end, and its layers: back, body, front."""

    layers: tuple[Layer, Layer, Layer]
    before: Points
    parts_before: NDArray[np.int64]
    behind: Points
    parts_behind: NDArray[np.int64]


@lru_cache(maxsize=64)
def _laid(hair: Hair) -> _Laid:
    spines, widths = stations(hair.strands)
    both, widest = edges(spines, widths), widths.max(1, initial=0.0).tolist()

    def layer(name: str) -> Layer:
        chosen = [i for i, strand in enumerate(hair.strands) if strand.layer == name]
        strands = tuple(hair.strands[i] for i in chosen)
        return Layer(strands, both[chosen], tuple(widest[i] for i in chosen))

    back, body, front = layer("back"), layer("body"), layer("front")
    lines = [hair.dome.cap(), hair.dome.silhouette(-0.05), *hair.dome.rims()]
    before = [*lines, *hair.shine_shapes, *hair.parting_lines, front.edges.reshape(-1, 2)]
    behind = [
        hair.mass, np.array(hair.ties, float).reshape(-1, 2), back.edges.reshape(-1, 2),
        body.edges.reshape(-1, 2),
    ]  # fmt: skip
    return _Laid(
        (back, body, front),
        np.concatenate(before), np.cumsum([len(p) for p in before[:-1]]),
        np.concatenate(behind), np.cumsum([len(p) for p in behind[:-1]]),
    )  # fmt: skip


def _clumps(layer: Layer, points: Points) -> Clumps:
    both = points.reshape(layer.edges.shape)
    # Right edge first: clockwise, as the cap and the mass are, so that unions have no holes.
    return Clumps(layer, both, tuple(loop(both[:, 1], both[:, 0])))


def front_path(shapes: HairShapes) -> skia.Path:
    """The union of the scalp's cap and all front clumps, to be filled with the winding rule."""
    return union(shapes.cap, shapes.front)


def union(outline: Points, clumps: Clumps) -> skia.Path:
    """The union of a closed outline [N, 2] and clumps (winding rule)."""
    return joined([smooth(outline), *clumps.outlines])
