"""Painting hair: fills, shading by style, shine, inner lines and tapering outlines."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import skia

from trainer.characters.colour import Colour, argb, mix
from trainer.characters.hair.contour import joined, smooth
from trainer.characters.hair.dress import Dressed
from trainer.characters.hair.shapes import HairShapes, back_path
from trainer.characters.ink import linear, radial, vertical
from trainer.characters.palette import HairColours
from trainer.characters.pen import Pen
from trainer.characters.style import Style


def draw_back(pen: Pen, dressed: Dressed, colours: HairColours, style: Style) -> None:
    """Draw the hair behind the body: the mass, its strands, and the shadow around the neck."""
    shapes = dressed.shapes
    darker = mix(colours.base, colours.shadow, 0.45 if style.shading != "flat" else 0.25)
    fill = _long_gradient(shapes, colours, darker)
    whole = back_path(shapes)
    rim = np.concatenate([shapes.mass, shapes.mass[:1]])
    pen.fill(dressed.stroked(rim[None], 1.0, 0.02, 0.02), dressed.line)
    pen.fill(whole, argb(darker), fill)
    if style.shading != "flat":
        with pen.clipped(whole):
            _nape(pen, shapes, mix(colours.shadow, colours.line, 0.25), style)
    # Those outlined only in part lie in the mass, which is filled already, and are shaded and
    # outlined together; the others (tails, buns) cover each other.
    strands, places = shapes.strands.strands, shapes.strands.back
    _lie(pen, dressed, [i for i in places if strands[i].bare > 0], colours, style)
    tails = [i for i in places if strands[i].bare <= 0]
    _lay(pen, dressed, tails, argb(darker), fill, colours, style)


def draw_over_body(pen: Pen, dressed: Dressed, colours: HairColours, style: Style) -> None:
    """Draw the locks that fall before shoulders and body."""
    fill = _long_gradient(dressed.shapes, colours, colours.base)
    _lay(pen, dressed, dressed.shapes.strands.body, argb(colours.base), fill, colours, style)


def draw_front(
    pen: Pen, dressed: Dressed, front: skia.Path, colours: HairColours, style: Style
) -> None:
    """Draw the scalp's cap, side locks and fringe, what stands off the head, and the shine; `front`
    is the union of all (`front_path`)."""
    shapes, line = dressed.shapes, dressed.line
    strands, places = shapes.strands.strands, shapes.strands.front
    base, fill = argb(colours.base), _long_gradient(shapes, colours, colours.base)
    pen.fill(shapes.cap, base, fill)
    pen.fill(dressed.stroked(shapes.parting, 0.7, 0.5, 0.6), line)
    pen.fill(dressed.stroked(shapes.rims, 0.9, 0.1, 0.5), line)
    _lay(pen, dressed, [i for i in places if not strands[i].off], base, fill, colours, style)
    pen.fill(dressed.stroked(shapes.dome[None], 1.1, 0.12, 0.12), line)
    _lay(pen, dressed, [i for i in places if strands[i].off], base, fill, colours, style)
    if style.shading in ("soft", "painted"):
        pen.fill(front, base, _veil(shapes, colours))
    _draw_shine(pen, shapes, colours, style)


def _lie(pen: Pen, dressed: Dressed, places: list[int], colours: HairColours, style: Style) -> None:
    """Shade and outline strands that lie in one mass."""
    if not places:
        return
    if dressed.strips:
        alpha = 0.75 if style.shading == "cel" else 0.4
        pen.fill(joined(dressed.strips[i] for i in places), argb(colours.shadow, alpha))
    pen.fill(joined(dressed.lines[i] for i in places), dressed.line)


def _lay(
    pen: Pen,
    dressed: Dressed,
    places: Iterable[int],
    base: int,
    fill: skia.Shader | None,
    colours: HairColours,
    style: Style,
) -> None:
    """Fill, shade and outline strands one over the other, behind the body without gradients."""
    shapes, strips = dressed.shapes, dressed.strips
    design = shapes.strands
    hard = argb(colours.shadow, 0.9 if style.shading == "cel" else 0.5)
    tones, stops = _shades(colours, style)
    light = [argb(colours.light, 0.5), argb(colours.light, 0.0)]
    for i in places:
        pen.fill(shapes.outlines[i], base, fill)
        wide = design.widest[i]
        if strips and wide > 0.04:
            if style.shading == "cel" or wide < dressed.fine or i in design.back:
                pen.fill(strips[i], hard)
            else:
                start, end = dressed.fade[i]
                pen.fill(strips[i], tones[0], linear(start, end, tones, stops))
        if i in dressed.lit:
            start, end = dressed.glow[i]
            pen.fill(dressed.lit[i], light[0], linear(start, end, light))
        pen.fill(dressed.lines[i], dressed.line)


def _shades(colours: HairColours, style: Style) -> tuple[list[int], list[float]]:
    """The gradient on the side away from the light: its tones and where they are."""
    places = {0.85: 0.0, 0.0: 1.0}
    if style.shading == "painted":  # a brush's edge within the gradient
        places = {0.95: 0.0, 0.55: 0.6, 0.2: 0.61, 0.0: 1.0}
    return [argb(colours.shadow, strength) for strength in places], list(places.values())


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
    if not len(shapes.shine):
        return
    alpha = {"flat": 0.8, "cel": 0.85, "soft": 0.6, "painted": 0.65}[style.shading]
    lit = shapes.shine[0] if shapes.hair.shine == "zigzag" else smooth(shapes.shine)
    pen.fill(lit, argb(colours.light, alpha))
