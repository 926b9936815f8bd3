"""The body below the chin as a place to draw on, and the tailor who cuts, shades and lines cloth.

Body coordinates: x right from the middle of the neck, t down from the chin, in face units.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from trainer.characters.chance import clamp
from trainer.characters.colour import Colour, argb, mix, shadow
from trainer.characters.head import Head
from trainer.characters.ink import Points, curve, linear, vertical
from trainer.characters.pen import Pen
from trainer.characters.style import Style
from trainer.characters.view import View

Half = Iterable[tuple[float, float]]

BOTTOM = 3.7


@dataclass(frozen=True, slots=True)
class Cloth:
    """A fabric as one hand paints it: base, shade, light and the tint of its lines."""

    base: Colour
    shade: Colour
    light: Colour
    line: Colour


def cloth(colour: Colour, style: Style) -> Cloth:
    """The fabric of `colour` in a style; white cloth is shaded lavender, never grey."""
    line = style.line(colour)
    return Cloth(
        base=colour,
        shade=shadow(colour, 0.10 + 0.75 * style.shadow_depth),
        light=mix(colour, (1.0, 0.99, 0.96), 0.22),
        line=line if max(colour) > 0.3 else mix(line, (0.02, 0.02, 0.02), 0.3),
    )


def mirrored(half: Half) -> list[tuple[float, float]]:
    """The left half, reversed, followed by the right one: `half` runs outward from the middle."""
    right = [(float(x), float(t)) for x, t in half]
    return [(-x, t) for x, t in right[::-1]] + right


def flipped(points: Half) -> list[tuple[float, float]]:
    """The same points on the other side."""
    return [(-x, t) for x, t in points]


class Body:
    """Sizes of one body and its place under a head in a view."""

    def __init__(self, head: Head, view: View, shoulders: float, length: float) -> None:
        self.neck = 0.5 * head.neck_width
        self.shoulder = 0.5 * shoulders
        self.length = length
        self._yaw = view.yaw
        self._tall = 1 - 0.12 * view.pitch
        self._scale = np.array((1 - 0.1 * abs(view.yaw), length * self._tall))
        self._chin = view.spot(0.0, head.chin)[1]
        self._turn = -np.radians(clamp(view.roll, -28, 28)) * 0.7

    def at(self, points: Points | Half) -> Points:
        """Take body coordinates [N, 2] to view units; the body stays more upright than the head."""
        given = points if isinstance(points, np.ndarray) else np.array(list(points), np.float64)
        out: Points = given * self._scale
        across, down, t = out[:, 0], out[:, 1], given[:, 1] * self.length
        if self._yaw:
            out_of_middle = given[:, 0] / self.shoulder
            ahead = np.maximum(1.0 - out_of_middle * out_of_middle, 0.0)
            ahead *= np.minimum(np.maximum(t, 0.0), 0.9)
            ahead *= 0.27 * self._yaw
            ahead -= 0.20 * self._yaw
            across += ahead
        if self._turn:
            t += 0.1
            angle = np.minimum(np.maximum(t, 0.0), 0.7)
            angle *= self._turn / 0.7
            turned = out.view(np.complex128)[:, 0]
            way = np.empty(len(angle), np.complex128)
            way.real, way.imag = np.cos(angle), np.sin(angle)
            turned *= way
        down += self._chin
        return out

    def lowest(self, pen: Pen) -> float:
        """The t below which nothing of the body can be seen."""
        bottom = pen.bottom - self._chin
        lean = 1.2 * self.shoulder * abs(float(np.sin(self._turn)))
        upright = float(np.cos(self._turn))
        return (bottom + lean) / (upright * self._tall * self.length)


class Place(Protocol):
    """Where pieces are put: takes its own coordinates [N, 2] to view units."""

    def at(self, points: Points | Half) -> Points: ...


class Maker:
    """Draws shaded and lined pieces in a place with one pen in one style."""

    def __init__(self, pen: Pen, place: Place, style: Style, numbers: tuple[float, ...]) -> None:
        self.pen, self.place, self.style, self.numbers = pen, place, style, numbers
        self.dark = -style.light  # the side in the shade
        self.width = style.line_width
        self.lowest = 9.0
        self.strength = {"flat": 0.0, "cel": 1.0, "soft": 0.55, "painted": 0.65}[style.shading]

    def smooth(self, anchors: Half, per_span: int = 5, closed: bool = False) -> Points:
        """A smooth curve through the place's coordinates, in view units."""
        return self.place.at(curve(list(anchors), per_span, closed))

    def placed(self, *lines: Points | Half) -> list[Points]:
        """Several lines of the place's coordinates in view units, worked out together."""
        given = [line if isinstance(line, np.ndarray) else np.array(list(line)) for line in lines]
        seen, start, out = self.place.at(np.concatenate(given)), 0, []
        for line in given:
            out.append(seen[start : start + len(line)])
            start += len(line)
        return out

    def fill(self, points: Points, colour: Colour, alpha: float = 1.0) -> None:
        """Fill view units with one colour."""
        self.pen.fill(points, argb(colour, alpha))

    def piece(
        self,
        points: Points,
        of: Cloth,
        shades: Iterable[Points] = (),
        outline: float = 1.0,
        closed: bool = True,
    ) -> None:
        """A piece of cloth cut along `points` (view units) with shade inside and a line around."""
        style = self.style
        if style.shading in ("soft", "painted"):
            top, bottom = float(points[:, 1].min()), float(points[:, 1].max())
            deep = mix(of.base, of.shade, 0.7 if style.shading == "painted" else 0.5)
            colours = (argb(mix(of.base, of.light, 0.6)), argb(of.base), argb(deep))
            self.pen.fill(points, 0xFF000000, vertical(top, bottom, colours))
        else:
            self.fill(points, of.base)
        if self.strength:
            shades = list(shades)
            if shades:
                with self.pen.clipped(points):
                    for shade in shades:
                        self.fill(shade, of.shade, self.strength)
        if outline:
            self.around(points, of, outline, closed)

    def turned(self, points: Points, of: Cloth) -> None:
        """Let a piece (view units) turn softly into the shade on the side away from the light."""
        if self.style.shading not in ("soft", "painted"):
            return
        left, right = float(points[:, 0].min()), float(points[:, 0].max())
        middle = 0.5 * (left + right)
        edge, rim = (right, left) if self.dark > 0 else (left, right)
        strong = 0.9 if self.style.shading == "painted" else 0.6
        colours = (argb(of.shade, strong), argb(of.shade, 0.25 * strong), argb(of.shade, 0.0))
        start = middle + 0.1 * (rim - middle)
        self.pen.fill(points, 0xFF000000, linear((edge, 0.0), (start, 0.0), colours))

    def around(self, points: Points, of: Cloth, width: float = 1.0, closed: bool = True) -> None:
        """The line around a piece, swelling and dying."""
        if closed:
            points = np.concatenate([points, points[:1]])
        self.pen.stroke(points, width * self.width, argb(of.line), 0.04, 0.04)

    def hidden(self, anchors: Half) -> bool:
        """Whether all of a piece lies below the picture."""
        return self.lowest < 9.0 and all(t > self.lowest for _, t in anchors)

    def line(
        self, anchors: Half, of: Cloth, width: float = 1.0, start: float = 0.3, end: float = 0.5
    ) -> None:
        """A line of the pen along a smooth curve through `anchors`."""
        anchors = list(anchors)
        if self.hidden(anchors):
            return
        points = self.smooth(anchors, 4)
        self.pen.stroke(points, width * self.width, argb(of.line), start, end)

    def fold(self, anchors: Half, of: Cloth, width: float, light: bool = False) -> None:
        """A fold: a stroke of shade (or light) that tapers at both ends."""
        anchors = list(anchors)
        if self.strength and not self.hidden(anchors):
            points = self.smooth(anchors, 4)
            colour = argb(of.light if light else of.shade, self.strength)
            self.pen.stroke(points, width, colour, 0.5, 0.5)

    def seam(self, points: Points, colour: Colour, width: float) -> None:
        """An even band along view units: stripes, hems, straps."""
        self.pen.stroke(points, width, argb(colour), 0.0, 0.0)


class Tailor(Maker):
    """Draws pieces of cloth on a body."""

    def __init__(self, pen: Pen, body: Body, style: Style, numbers: tuple[float, ...]) -> None:
        super().__init__(pen, body, style, numbers)
        self.body = body
        self.lowest = body.lowest(pen)


def scallops(anchors: Points, count: int, depth: float) -> Points:
    """Frill points along a line [N, 2]: `count` bumps, `depth` away from it to its right."""
    length = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(anchors, axis=0).T))])
    u = np.linspace(0, 1, 6 * count + 1)
    at = u * length[-1]
    line = np.stack([np.interp(at, length, anchors[:, i]) for i in (0, 1)], 1)
    step = np.gradient(line, axis=0)
    normal = step[:, ::-1] * (-1.0, 1.0) / (np.hypot(*step.T)[:, None] + 1e-9)
    bumps = 0.55 + 0.45 * np.abs(np.sin(np.pi * count * u)) ** 0.7
    frill: Points = line + normal * (depth * bumps)[:, None]
    return frill
