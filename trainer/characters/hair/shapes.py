"""The geometry of a character's hair in one view: outlines of its layers in view units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import skia

from trainer.characters.hair.design import Hair
from trainer.characters.hair.dome import back_view, front_view
from trainer.characters.hair.strand import STATIONS, Layer, Strand, add_smooth, edges
from trainer.characters.head import Head
from trainer.characters.ink import Points
from trainer.characters.view import View


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A strand as seen: `left` and `right` edges [STATIONS, 2] in view units, root first."""

    strand: Strand
    left: Points
    right: Points
    path: skia.Path

    def at(self, u: float, first: int = 0, last: int = STATIONS) -> Points:
        """The line at lateral place `u` (-1 left, 1 right) between two stations [N, 2]."""
        s = 0.5 * (u + 1)
        return self.left[first:last] * (1 - s) + self.right[first:last] * s


@dataclass(frozen=True, slots=True, eq=False)
class HairShapes:
    """What is drawn: `back` behind the body (with `mass`), `over_body` before it, `front` before
    the face (with the scalp's `cap`, whose lines are the `dome` and, at the temples, the `rims`). `ties` [K, 2] is where tails are tied, for ribbons."""

    hair: Hair
    mass: Points
    back: tuple[Shape, ...]
    over_body: tuple[Shape, ...]
    cap: Points
    dome: Points
    rims: tuple[Points, ...]
    front: tuple[Shape, ...]
    shine: tuple[Points, ...]
    parting: tuple[Points, ...]
    ties: Points
    top: float
    bottom: float


def shape_hair(hair: Hair, head: Head, view: View) -> HairShapes:
    """The hair of a head in a view, in view units."""
    top, hairline = hair.dome.top, hair.dome.hairline

    def before(points: Points) -> Points:
        return front_view(points, top, hairline, view)

    layers = {
        layer: [s for s in hair.strands if s.layer == layer] for layer in ("back", "body", "front")
    }

    def seen(layer: Layer) -> tuple[Shape, ...]:
        strands = layers[layer]
        if not strands:
            return ()
        flat = edges(strands).reshape(-1, 2)
        flat = before(flat) if layer == "front" else back_view(flat, view)
        both = flat.reshape(len(strands), 2, STATIONS, 2)
        shapes = []
        for strand, (left, right) in zip(strands, both, strict=True):
            outline = skia.Path()
            add_smooth(outline, right, left)  # clockwise, as the cap and the mass
            shapes.append(Shape(strand, left, right, outline))
        return tuple(shapes)

    cap = before(hair.dome.cap())
    dome = before(hair.dome.silhouette(-0.05))
    ties = np.array(hair.ties, float).reshape(-1, 2)
    mass = back_view(hair.mass, view)
    return HairShapes(
        hair=hair,
        mass=mass,
        back=seen("back"),
        over_body=seen("body"),
        cap=cap,
        dome=dome,
        rims=tuple(before(p) for p in hair.dome.rims()),
        front=seen("front"),
        shine=tuple(before(p) for p in _shine(hair)),
        parting=tuple(before(p) for p in _parting(hair)),
        ties=back_view(ties, view),
        top=float(dome[:, 1].min()),
        bottom=float(max(hair.bottom, mass[:, 1].max())),
    )


def front_path(shapes: HairShapes) -> skia.Path:
    """The union of the scalp's cap and all front clumps, to be filled with the winding rule."""
    out = skia.Path()
    add_smooth(out, shapes.cap)
    for shape in shapes.front:
        out.addPath(shape.path)
    out.setFillType(skia.PathFillType.kWinding)
    return out


def _shine(hair: Hair) -> list[Points]:
    """The lit shapes on the dome, in face units, along the flow of the hair."""
    dome, seeds, height = hair.dome, hair.seeds, hair.shine_height
    if hair.shine == "none":
        return []
    if hair.shine in ("streaks", "patches"):
        broad = hair.shine == "patches"
        count = 6 if broad else 5 + int(6 * seeds[0])
        out = []
        for i in range(count):
            q = -0.8 + 1.6 * ((i + 0.8 * seeds[i + 1]) / count)
            if broad:  # groups of three broad streaks
                q = (-0.6 + 1.0 * seeds[0] if i < 3 else 0.1 + 0.6 * seeds[9]) + 0.09 * (i % 3)
            long = 0.05 + (0.08 if broad else 0.13) * seeds[(i * 7 + 3) % 32]
            middle = height + 0.05 * (seeds[(i * 5 + 2) % 32] - 0.5) + 0.32 * q * q
            r = middle + long * np.array([-1, -0.5, 0, 0.5, 1])
            wide = (0.008 + 0.022 * seeds[(i * 3 + 1) % 32]) * (2.0 if broad else 1.0)
            lens = wide * np.array([0, 0.8, 1, 0.8, 0])
            out.append(np.concatenate([dome.flow(q - lens, r), dome.flow(q + lens, r)[-2:0:-1]]))
        return out
    reach = 0.7 + 0.2 * seeds[1]
    if hair.shine == "arc":
        cuts = np.cumsum([0.4 + seed for seed in seeds[2 : 4 + int(4 * seeds[0])]])
        ends = reach * (2 * np.concatenate([[0], cuts]) / cuts[-1] - 1)
        out = []
        for i, (left, right) in enumerate(zip(ends[:-1], ends[1:], strict=True)):
            q = np.linspace(left, right - 0.02, 7)
            swell = np.sin(np.linspace(0, np.pi, 7)) ** 0.5 * (1 - 0.6 * (q / reach) ** 2)
            middle = height + 0.32 * q * q
            upper = dome.flow(q, middle - (0.02 + 0.03 * seeds[i + 9]) * swell)
            lower = dome.flow(q, middle + (0.03 + 0.05 * seeds[i + 17]) * swell)
            out.append(np.concatenate([upper, lower[::-1]]))
        return out
    spikes = 6 + int(6 * seeds[0])
    q = np.linspace(-reach, reach, 2 * spikes + 1)
    fall = np.clip(1 - (q / reach) ** 2, 0, 1) ** 0.6
    upper = lower = (0.02 + 0.02 * seeds[2]) * np.ones_like(q)
    upper[1::2] += 0.06 * np.array(seeds[3 : 3 + spikes])
    lower = lower.copy()
    lower[2:-1:2] += 0.03 + 0.12 * np.array(seeds[16 : 15 + spikes])
    middle = height + 0.32 * q * q
    above, below = dome.flow(q, middle - fall * upper), dome.flow(q, middle + fall * lower)
    return [np.concatenate([above, below[::-1]])]


def _parting(hair: Hair) -> list[Points]:
    """Fine lines that leave the parting along the flow, in face units."""
    seeds = hair.seeds
    count = 4 + int(6 * seeds[20])
    out = []
    for i in range(count):
        q = -0.95 + 1.9 * (i + seeds[21 + i % 8]) / count
        start = 0.03 + 0.4 * seeds[(22 + 3 * i) % 32] ** 1.5
        out.append(hair.dome.flow(q, np.linspace(start, start + 0.14 + 0.26 * seeds[i], 6)))
    return out


def layer_path(shapes: Sequence[Shape], *outlines: Points) -> skia.Path:
    """The union of shapes and closed outlines."""
    out = skia.Path()
    for outline in outlines:
        add_smooth(out, outline)
    for shape in shapes:
        out.addPath(shape.path)
    out.setFillType(skia.PathFillType.kWinding)
    return out
