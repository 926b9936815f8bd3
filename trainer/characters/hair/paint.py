"""Painting hair: fills, shading by style, shine, inner lines and tapering outlines."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import skia
from numpy.typing import NDArray

from trainer.characters.colour import Colour, argb, mix
from trainer.characters.hair.contour import Contour, joined, loop, single, smooth, strokes, taper
from trainer.characters.hair.shapes import Clumps, HairShapes, Layer, union
from trainer.characters.hair.strand import STATIONS
from trainer.characters.ink import Points, linear, path, radial, vertical
from trainer.characters.palette import HairColours
from trainer.characters.pen import Pen
from trainer.characters.style import Style


def draw_back(pen: Pen, shapes: HairShapes, colours: HairColours, style: Style) -> None:
    """Draw the hair behind the body: the mass, its strands, and the shadow around the neck."""
    ink = _Ink(pen, colours, style)
    darker = mix(colours.base, colours.shadow, 0.45 if style.shading != "flat" else 0.25)
    fill = _long_gradient(shapes, colours, darker)
    whole = union(shapes.mass, shapes.back)
    ink.draw([np.concatenate([shapes.mass, shapes.mass[:1]])], 1.0, 0.02, 0.02)
    pen.fill(whole, argb(darker), fill)
    if style.shading != "flat":
        with pen.clipped(whole):
            _nape(pen, shapes, mix(colours.shadow, colours.line, 0.25), style)
    ink.lay(ink.dressed(shapes.back, flat=True), argb(darker), fill)


def draw_over_body(pen: Pen, shapes: HairShapes, colours: HairColours, style: Style) -> None:
    """Draw the locks that fall before shoulders and body."""
    fill = _long_gradient(shapes, colours, colours.base)
    ink = _Ink(pen, colours, style)
    ink.lay(ink.dressed(shapes.over_body), argb(colours.base), fill)


def draw_front(pen: Pen, shapes: HairShapes, colours: HairColours, style: Style) -> None:
    """Draw the scalp's cap, side locks and fringe, what stands off the head, and the shine."""
    ink = _Ink(pen, colours, style)
    base, fill = argb(colours.base), _long_gradient(shapes, colours, colours.base)
    pen.fill(single(smooth(shapes.cap)), base, fill)
    ink.draw(shapes.parting, 0.7, 0.5, 0.6)
    ink.draw(shapes.rims, 0.9, 0.1, 0.5)
    front = ink.dressed(shapes.front)
    ink.lay(front, base, fill, off=False)
    ink.draw([shapes.dome], 1.1, 0.12, 0.12)
    ink.lay(front, base, fill, off=True)
    if style.shading in ("soft", "painted"):
        pen.fill(union(shapes.cap, shapes.front), base, _veil(shapes, colours))
    _draw_shine(pen, shapes, colours, style)


class _Ink:
    """One hand's way with hair: line colour and width (thin lines paler, as the pen draws them),
    and how strands are shaded."""

    def __init__(self, pen: Pen, colours: HairColours, style: Style) -> None:
        width = min(0.9 * style.line_width, 0.005 + 0.5 * style.line_width)
        least = 0.8 * pen.pixel
        self.pen = pen
        self.colours = colours
        self.width = max(width, least)
        self.line = argb(colours.line, 1.0 if width >= least else max(width / least, 0.35))
        self.even = style.even_pen
        self.shading = style.shading
        self.light = style.light
        self.fine = 4.5 * pen.pixel
        """Strands with a smaller half width are too narrow to show a gradient."""

    def draw(
        self, lines: tuple[Points, ...] | list[Points], weight: float, start: float, end: float
    ) -> None:
        """Stroke lines of one length [N, 2]."""
        if not lines:
            return
        width = weight * self.width * taper(len(lines[0]), 0, start, end, self.even)
        contours = strokes(np.stack(lines), np.tile(width, (len(lines), 1)), [0] * len(lines))
        self.pen.fill(joined(contours), self.line)

    def dressed(self, clumps: Clumps, *, flat: bool = False) -> _Dressed:
        """The lines and shades of strands. With `flat` the strands lie in a mass that is filled
        already: those that are outlined only in part are shaded and outlined together, the others
        (tails, buns) cover each other."""
        hard = flat or self.shading == "cel"
        shaded = bool(clumps.strands) and self.shading != "flat"
        return _Dressed(
            clumps=clumps,
            flat=flat,
            hard=hard,
            lines=self._lines(clumps) if clumps.strands else [],
            strips=self._strips(clumps, hard) if shaded else [],
            lit=self._lit(clumps) if shaded and not hard else {},
        )

    def lay(
        self, dressed: _Dressed, base: int, fill: skia.Shader | None, *, off: bool | None = None
    ) -> None:
        """Fill, shade and outline strands one over the other; `off` picks those that stand off the
        head or those that do not."""
        clumps, strips, lit = dressed.clumps, dressed.strips, dressed.lit
        if dressed.flat:
            self._flat(clumps, dressed.lines, strips)
        for i, strand in enumerate(clumps.strands):
            if (dressed.flat and strand.bare > 0) or (off is not None and strand.off != off):
                continue
            self.pen.fill(single(clumps.outlines[i]), base, fill)
            wide = clumps.widest[i]
            if strips and wide > 0.04:
                simple = dressed.hard or wide < self.fine
                self._shade(single(strips[i]), clumps.edges[i], strand.shade, simple)
            if i in lit:
                near, far = clumps.edges[i, ::-1, 7] if self.light > 0 else clumps.edges[i, :, 7]
                tones = [argb(self.colours.light, 0.5), argb(self.colours.light, 0.0)]
                self.pen.fill(
                    single(lit[i]), tones[0], linear(near, near + 0.4 * (far - near), tones)
                )
            self.pen.fill(joined(dressed.lines[i]), self.line)

    def _flat(self, clumps: Clumps, lines: list[list[Contour]], strips: list[Contour]) -> None:
        chosen = [i for i, strand in enumerate(clumps.strands) if strand.bare > 0]
        if not chosen:
            return
        if strips:
            alpha = 0.75 if self.shading == "cel" else 0.4
            self.pen.fill(joined(strips[i] for i in chosen), argb(self.colours.shadow, alpha))
        self.pen.fill(joined(line for i in chosen for line in lines[i]), self.line)

    def _shade(self, strip: skia.Path, both: Points, depth: float, hard: bool) -> None:
        """Shade the side away from the light: a hard strip in cel work, else a gradient."""
        shadow = self.colours.shadow
        if hard:
            self.pen.fill(strip, argb(shadow, 0.9 if self.shading == "cel" else 0.5))
            return
        far, near = both[:, 7] if self.light > 0 else both[::-1, 7]
        reach = far + (near - far) * (0.35 + 0.4 * depth)
        ends = [skia.Point(*far.tolist()), skia.Point(*reach.tolist())]
        tones, stops = [argb(shadow, 0.85), argb(shadow, 0.0)], [0.0, 1.0]
        if self.shading == "painted":  # a brush's edge within the gradient
            tones, stops = (
                [argb(shadow, 0.95), argb(shadow, 0.55), argb(shadow, 0.2)],
                [0, 0.6, 0.61],
            )
            tones, stops = [*tones, argb(shadow, 0.0)], [*stops, 1.0]
        self.pen.fill(strip, tones[0], skia.GradientShader.MakeLinear(ends, tones, stops))

    def _sides(self, clumps: Clumps) -> tuple[Points, Points]:
        """The edges [K, STATIONS - 2, 2] away from the light and towards it, without the root."""
        left, right = clumps.edges[:, 0, 2:], clumps.edges[:, 1, 2:]
        return (left, right) if self.light > 0 else (right, left)

    def _strips(self, clumps: Clumps, hard: bool) -> list[Contour]:
        """The strips to shade [K]: along the far edge, growing from the root to the tip; hard ones
        only as wide as the strand's `shade`."""
        far, near = self._sides(clumps)
        if hard:
            reach = np.array([s.shade for s in clumps.strands])[:, None] * _SWELL
        else:
            shades = [
                strand.shade if wide < self.fine else 2.2
                for strand, wide in zip(clumps.strands, clumps.widest, strict=True)
            ]
            reach = np.clip(np.array(shades)[:, None] * _SWELL, 0, 1)
        return loop(far, far + (near - far) * reach[..., None])

    def _lit(self, clumps: Clumps) -> dict[int, Contour]:
        """Strips along the lit edge of the broad strands, by their place."""
        broad = [i for i, wide in enumerate(clumps.widest) if wide > 0.12]
        if not broad:
            return {}
        far, near = (side[broad] for side in self._sides(clumps))
        strips = loop(near, near + (far - near) * (0.7 * _SWELL)[:, None])
        return dict(zip(broad, strips, strict=True))

    def _lines(self, clumps: Clumps) -> list[list[Contour]]:
        """The strokes of every strand [K]: both edges, the end where it is blunt, inner lines."""
        plan = _plan(clumps.layer, self.even)
        left, right = clumps.edges[plan.owners, 0], clumps.edges[plan.owners, 1]
        lines = left * (1 - plan.share) + right * plan.share
        if len(plan.ends):
            foot, to = left[plan.ends, -1:], right[plan.ends, -1:]
            lines[plan.ends] = foot + (to - foot) * _ACROSS
        contours = strokes(lines, self.width * plan.widths, plan.firsts)
        return [contours[a:b] for a, b in pairwise(plan.parts)]


@dataclass(frozen=True, slots=True, eq=False)
class _Dressed:
    """Clumps with the contours of their lines [K], of the strips to shade [K] and of the lit ones
    by their place."""

    clumps: Clumps
    flat: bool
    hard: bool
    lines: list[list[Contour]]
    strips: list[Contour]
    lit: dict[int, Contour]


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """The strokes of a layer's strands, whatever the view: of whom each is, its place across the
    strand (0 the left edge to 1), widths, first point; which are `ends` and run across. Those of
    strand k are `parts[k]` to `parts[k + 1]`."""

    owners: NDArray[np.int64]
    share: Points
    widths: Points
    firsts: list[int]
    ends: list[int]
    parts: list[int]


@lru_cache(maxsize=128)
def _plan(layer: Layer, even: bool) -> _Plan:
    owners: list[int] = []
    shares: list[float] = []
    widths: list[Points] = []
    firsts: list[int] = []
    ends: list[int] = []
    parts = [0]
    for k, strand in enumerate(layer.strands):
        first = min(int(strand.bare * (STATIONS - 1)), STATIONS - 4)
        width = taper(STATIONS, first, 0.75 if strand.bare > 0.2 else 0.3, 0.0, even)
        shares += [0.0, 1.0]
        widths += [width, width]
        firsts += [first, first]
        for u, share in strand.lines:
            first = int((1 - share) * (STATIONS - 1))
            shares.append(0.5 * (u + 1))
            widths.append(0.65 * taper(STATIONS, first, 0.8, 0.1, even))
            firsts.append(first)
        if strand.half[-1] > 0.02:
            ends.append(len(shares))
            shares.append(0.0)
            widths.append(taper(STATIONS, 0, 0.0, 0.0, True))
            firsts.append(0)
        owners += [k] * (len(shares) - parts[-1])
        parts.append(len(shares))
    across = np.array(shares)[:, None, None]
    return _Plan(np.array(owners), across, np.array(widths), firsts, ends, parts)


_T = np.linspace(0, 1, STATIONS - 2)
_SWELL = 0.5 * np.sin(0.85 * np.pi * _T) ** 0.8 + 0.25 * _T
_ACROSS = np.linspace(0, 1, STATIONS)[:, None]


def _long_gradient(shapes: HairShapes, colours: HairColours, colour: Colour) -> skia.Shader | None:
    """From `colour` to the colour of the tips, None where they are equal."""
    if colours.tip == colours.base:
        return None
    tip = mix(colours.tip, colour, 0.3) if colour != colours.base else colours.tip
    return vertical(-0.1, max(shapes.bottom, 0.8), [argb(colour), argb(tip)])


def _veil(shapes: HairShapes, colours: HairColours) -> skia.Shader:
    """Shadow over the crown, and shadow or light near the face, as one gradient over the front."""
    top, end = shapes.top, max(shapes.bottom, 0.8)
    tone, alpha = {
        "none": (colours.shadow, 0.0),
        "dark": (colours.shadow, 0.6),
        "pale": (colours.light, 0.5),
    }[shapes.hair.fade]
    last = alpha if colours.tip == colours.base else 0.0
    stops = np.array([top, -0.9, -0.85, -0.25, end])
    stops = np.clip(np.maximum.accumulate((stops - top) / (end - top)), 0, 1)
    tones = [
        argb(colours.shadow, 0.35), argb(colours.shadow, 0.0), argb(tone, 0.0), argb(tone, alpha),
        argb(tone, last),
    ]  # fmt: skip
    return vertical(top, end, tones, stops.tolist())


def _nape(pen: Pen, shapes: HairShapes, deep: Colour, style: Style) -> None:
    """The deep shadow behind neck and jaw, inside the back hair."""
    x = float(shapes.mass[:, 0].mean())
    if style.shading == "cel":
        pen.fill(_SPIKES + (x, 0.0), argb(deep, 0.55))
        return
    shade = radial(x, 0.5, 1.35, [argb(deep, 0.8), argb(deep, 0.55), argb(deep, 0.0)])
    pen.wash(x - 1.4, -0.9, x + 1.4, 1.9, shade)


_SPIKES = np.array([
    (-1.05, -0.4), (-1.0, 0.5), (-0.86, 1.0), (-0.78, 0.8), (-0.6, 1.6), (-0.45, 1.05),
    (-0.2, 1.9), (0.0, 1.2), (0.25, 1.8), (0.42, 1.1), (0.66, 1.5), (0.8, 0.9), (0.9, 1.05),
    (1.0, 0.4), (1.05, -0.4),
])  # fmt: skip


def _draw_shine(pen: Pen, shapes: HairShapes, colours: HairColours, style: Style) -> None:
    if not shapes.shine:
        return
    alpha = {"flat": 0.8, "cel": 0.85, "soft": 0.6, "painted": 0.65}[style.shading]
    if shapes.hair.shine == "zigzag":
        (band,) = shapes.shine
        lit = path(band)
    else:
        lit = joined(map(smooth, shapes.shine))
    pen.fill(lit, argb(colours.light, alpha))
