"""Painting hair: fills, shading by style, shine, inner lines and tapering outlines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import skia

from trainer.characters.colour import Colour, argb, mix
from trainer.characters.hair.shapes import HairShapes, Shape, layer_path
from trainer.characters.hair.strand import STATIONS, add_smooth, add_stroke
from trainer.characters.ink import Pen, Points, linear, radial, vertical
from trainer.characters.palette import HairColours
from trainer.characters.style import Style


def draw_back(pen: Pen, shapes: HairShapes, colours: HairColours, style: Style) -> None:
    """Draw the hair behind the body: the mass, its strands, and the shadow around the neck."""
    ink = _Ink(pen, colours, style)
    darker = mix(colours.base, colours.shadow, 0.45 if style.shading != "flat" else 0.25)
    fill = _gradient(shapes, colours, darker, style)
    whole = layer_path(shapes.back, shapes.mass)
    outline = skia.Path()
    ink.stroke(outline, np.concatenate([shapes.mass, shapes.mass[:1]]), 1.0, 0.02, 0.02)
    pen.fill(outline, ink.line)
    pen.fill(whole, argb(darker), fill)
    if style.shading != "flat":
        deep = mix(colours.shadow, colours.line, 0.25)
        with pen.clipped(whole):
            _nape(pen, shapes, deep, style)
    for shape in shapes.back:
        ink.strand(shape, argb(darker), fill, colours, cover=False)


def draw_over_body(pen: Pen, shapes: HairShapes, colours: HairColours, style: Style) -> None:
    """Draw the locks that fall before shoulders and body."""
    if not shapes.over_body:
        return
    ink = _Ink(pen, colours, style)
    fill = _gradient(shapes, colours, colours.base, style)
    for shape in shapes.over_body:
        ink.strand(shape, argb(colours.base), fill, colours)


def draw_front(pen: Pen, shapes: HairShapes, colours: HairColours, style: Style) -> None:
    """Draw the scalp's cap, side locks and fringe, then the shine."""
    ink = _Ink(pen, colours, style)
    base = argb(colours.base)
    fill = _front_gradient(shapes, colours, style)
    pen.fill(layer_path((), shapes.cap), base, fill)
    flow = skia.Path()
    for line in shapes.parting:
        ink.stroke(flow, line, 0.7, 0.5, 0.6)
    for line in shapes.rims:
        ink.stroke(flow, line, 0.9, 0.1, 0.5)
    pen.fill(flow, ink.line)
    for shape in shapes.front:
        if not shape.strand.off:
            ink.strand(shape, base, fill, colours)
    dome = skia.Path()
    ink.stroke(dome, shapes.dome, 1.1, 0.12, 0.12)
    pen.fill(dome, ink.line)
    _draw_shine(pen, shapes, colours, style)
    for shape in shapes.front:
        if shape.strand.off:
            ink.strand(shape, base, fill, colours)


class _Ink:
    """The hand's lines for hair: colour and width, thin lines paler as the pen's strokes are."""

    def __init__(self, pen: Pen, colours: HairColours, style: Style) -> None:
        width = min(0.9 * style.line_width, 0.005 + 0.5 * style.line_width)
        least = 0.8 * pen.pixel
        alpha = 1.0 if width >= least else max(width / least, 0.35)
        self.pen = pen
        self.width = max(width, least)
        self.line = argb(colours.line, alpha)
        self.inner = argb(mix(colours.line, colours.base, 0.25), alpha)
        self.even = style.even_pen
        self.shading = style.shading
        self.light = style.light

    def stroke(
        self, path: skia.Path, line: Points, weight: float, start: float, end: float
    ) -> None:
        add_stroke(path, line, weight * self.width, start, end, self.even)

    def strand(
        self,
        shape: Shape,
        base: int,
        fill: skia.Shader | None,
        colours: HairColours,
        cover: bool = True,
    ) -> None:
        """Fill one strand (unless it lies in a mass that is filled already), shade and outline it."""
        pen, strand = self.pen, shape.strand
        if cover or strand.bare == 0:
            pen.fill(shape.path, base, fill)
        if strand.shade > 0.05:
            self._shade(shape, colours)
        first = min(int(strand.bare * (STATIONS - 1)), STATIONS - 5)
        ink = skia.Path()
        pointed = strand.half[-1] < 0.02
        start = 0.75 if strand.bare > 0.2 else 0.3
        for edge in (shape.left, shape.right):
            self.stroke(ink, edge[first:], 1.0, start, 0.0)
        if not pointed:
            end = np.stack(
                [shape.left[-1], 0.5 * (shape.left[-1] + shape.right[-1]), shape.right[-1]]
            )
            self.stroke(ink, end, 1.0, 0.0, 0.0)
        for u, share in strand.lines:
            begin = max(int((1 - share) * (STATIONS - 1)) - 1, 0)
            self.stroke(ink, shape.at(u, begin, STATIONS - 1), 0.65, 0.8, 0.05)
        pen.fill(ink, self.line)

    def _shade(self, shape: Shape, colours: HairColours) -> None:
        """Shade the side away from the light: a hard strip in cel work, a soft one otherwise, with
        a lit edge on broad strands."""
        if self.shading == "flat":
            return
        depth, pen = shape.strand.shade, self.pen
        far, near = (shape.left, shape.right) if self.light > 0 else (shape.right, shape.left)
        if self.shading == "cel":
            pen.fill(_strip(far, near, depth), argb(colours.shadow, 0.9))
            return
        at = int(0.72 * STATIONS)
        if self.shading == "painted":
            pen.fill(_strip(far, near, 0.6 * depth), argb(colours.shadow, 0.35))
        reach = far[at] + (near[at] - far[at]) * min(0.45 + 0.5 * depth, 0.9)
        shades = [argb(colours.shadow, 0.8), argb(colours.shadow, 0.0)]
        pen.fill(_strip(far, near, 1.1), shades[0], linear(far[at], reach, shades))
        if max(shape.strand.half) > 0.08:
            lit = [argb(colours.light, 0.45), argb(colours.light, 0.0)]
            reach = near[at] + (far[at] - near[at]) * 0.4
            pen.fill(_strip(near, far, 0.45), lit[0], linear(near[at], reach, lit))


def _strip(outer: Points, inner: Points, depth: float) -> skia.Path:
    """A strip along `outer`, `depth` of the way to `inner` at its widest, dying towards the root."""
    first = int(0.2 * STATIONS)
    t = np.linspace(0, 1, STATIONS - first)[:, None]
    reach = 0.5 * depth * np.sin(0.85 * np.pi * t) ** 0.8 + 0.25 * depth * t
    path = skia.Path()
    add_smooth(path, outer[first:], outer[first:] + (inner[first:] - outer[first:]) * reach)
    return path


def _gradient(
    shapes: HairShapes, colours: HairColours, colour: Colour, style: Style
) -> skia.Shader | None:
    if colours.tip == colours.base:
        return None
    tip = mix(colours.tip, colour, 0.3) if colour != colours.base else colours.tip
    return vertical(-0.1, max(shapes.bottom, 0.8), [argb(colour), argb(tip)])


def _front_gradient(shapes: HairShapes, colours: HairColours, style: Style) -> skia.Shader | None:
    end = max(shapes.bottom, 0.8)
    base, top = colours.base, shapes.top
    flat = style.shading in ("flat", "cel")
    if flat and colours.tip == base:
        return None
    if flat:
        return vertical(-0.1, end, [argb(base), argb(colours.tip)])
    crown = mix(base, colours.shadow, 0.35)
    near = {
        "none": base,
        "dark": mix(base, colours.shadow, 0.6),
        "pale": mix(base, colours.light, 0.5),
    }
    span = end - top
    stops = [0.0, (-0.9 - top) / span, (-0.25 - top) / span, 1.0]
    last = colours.tip if colours.tip != base else near[shapes.hair.fade]
    return vertical(
        top, end, [argb(crown), argb(base), argb(near[shapes.hair.fade]), argb(last)],
        np.clip(np.maximum.accumulate(stops), 0, 1).tolist(),
    )  # fmt: skip


def _nape(pen: Pen, shapes: HairShapes, deep: Colour, style: Style) -> None:
    """The deep shadow behind neck and jaw, inside the back hair."""
    x = float(shapes.mass[:, 0].mean())
    if style.shading == "cel":
        zig = np.array([
            (-1.05, -0.4), (-1.0, 0.5), (-0.86, 1.0), (-0.78, 0.8), (-0.6, 1.6), (-0.45, 1.05),
            (-0.2, 1.9), (0.0, 1.2), (0.25, 1.8), (0.42, 1.1), (0.66, 1.5), (0.8, 0.9),
            (0.9, 1.05), (1.0, 0.4), (1.05, -0.4),
        ])  # fmt: skip
        pen.fill(zig + (x, 0.0), argb(deep, 0.55))
        return
    shade = radial(x, 0.5, 1.35, [argb(deep, 0.8), argb(deep, 0.55), argb(deep, 0.0)])
    pen.canvas.drawRect(
        skia.Rect.MakeLTRB(x - 1.4, -0.9, x + 1.4, 1.9), skia.Paint(AntiAlias=False, Shader=shade)
    )


def _draw_shine(pen: Pen, shapes: HairShapes, colours: HairColours, style: Style) -> None:
    if not shapes.shine:
        return
    alpha = {"flat": 0.8, "cel": 0.85, "soft": 0.6, "painted": 0.65}[style.shading]
    path = skia.Path()
    for outline in shapes.shine:
        if shapes.hair.shine == "zigzag":
            points: Sequence[skia.Point] = [skia.Point(x, y) for x, y in outline.tolist()]
            path.addPoly(list(points), True)
        else:
            add_smooth(path, outline)
    pen.fill(path, argb(colours.light, alpha))
