"""What lies behind a character, drawn in pixels of the picture: plain grounds, patterns, scenes.

Scenes are drawn tiny and enlarged smoothly: the blur of a background, at next to no cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import skia

from trainer.characters.chance import pick
from trainer.characters.colour import Colour, adjust, argb, mix

Kind = Literal[
    "transparent", "white", "paper", "colour", "gradient", "dots", "stripes", "checks", "bokeh",
    "room", "sky", "landscape", "school", "street", "night", "rays", "speed", "tone", "collage",
]  # fmt: skip

_SHARES: Final[dict[Kind, float]] = {
    "transparent": 0.0, "white": 0.28, "paper": 0.03, "colour": 0.18, "gradient": 0.12,
    "dots": 0.02, "stripes": 0.015, "checks": 0.015, "bokeh": 0.04, "room": 0.06, "sky": 0.05,
    "landscape": 0.04, "school": 0.04, "street": 0.03, "night": 0.02, "rays": 0.01,
    "speed": 0.02, "tone": 0.01, "collage": 0.03,
}  # fmt: skip
_BLURRED: Final = ("bokeh", "room", "sky", "landscape", "school", "street", "night")


@dataclass(frozen=True, slots=True)
class Background:
    """`colours` are four that go together, `numbers` 64 uniform draws that place what is drawn,
    `sharpness` (pixels of a scene's small copy, a share of the side)."""

    kind: Kind
    colours: tuple[Colour, Colour, Colour, Colour]
    numbers: tuple[float, ...]
    sharpness: float


def sample_background(rng: np.random.Generator) -> Background:
    """Draw a background with the shares of real pictures (never `transparent`: ask for that)."""
    kind = pick(rng, tuple(_SHARES), tuple(_SHARES.values()))
    hue, spread = float(rng.random()), pick(rng, (0.04, 0.08, 0.5))
    bright = pick(rng, (0.97, 0.85, 0.5), (0.55, 0.3, 0.15))
    strong = float(rng.beta(1.6, 2.6))
    colours = [
        adjust((1.0, 0.0, 0.0), hue=hue + spread * i, saturation=strong * (1 - 0.15 * i))
        for i in range(4)
    ]
    first, second, third, fourth = (adjust(c, value=bright * v) for c, v in
                                    zip(colours, (1.0, 0.92, 0.8, 1.05), strict=True))  # fmt: skip
    return Background(
        kind=kind,
        colours=(first, second, third, fourth),
        numbers=tuple(float(n) for n in rng.random(64)),
        sharpness=pick(rng, (0.06, 0.12, 0.25, 1.0), (0.2, 0.35, 0.3, 0.15)),
    )


def draw_background(canvas: skia.Canvas, background: Background, size: int) -> None:
    """Cover a square picture of `size` pixels; `transparent` leaves it as it is."""
    if background.kind == "transparent":
        return
    if background.kind not in _BLURRED:
        _Ground(canvas, background).draw(size)
        return
    small = max(round(size * background.sharpness), 10)
    if small >= size:
        _Ground(canvas, background).draw(size)
        return
    surface = skia.Surface(small, small)
    _Ground(surface.getCanvas(), background).draw(small)
    canvas.drawImageRect(
        surface.makeImageSnapshot(),
        skia.Rect.MakeWH(size, size),
        skia.SamplingOptions(skia.CubicResampler.Mitchell()),
    )


class _Ground:
    """Draws one background in a unit square."""

    def __init__(self, canvas: skia.Canvas, background: Background) -> None:
        self.canvas, self.colours, self.kind = canvas, background.colours, background.kind
        self.n = background.numbers
        self.paint = skia.Paint(AntiAlias=True)

    def draw(self, size: int) -> None:
        self.canvas.save()
        self.canvas.scale(size, size)
        getattr(self, f"_{self.kind}")()
        self.canvas.restore()

    def _all(self, colour: Colour) -> None:
        self.canvas.drawColor(argb(colour))

    def _box(self, left: float, top: float, right: float, bottom: float, colour: Colour,
        alpha: float = 1.0) -> None:  # fmt: skip
        self.paint.setColor(argb(colour, alpha))
        self.canvas.drawRect(skia.Rect.MakeLTRB(left, top, right, bottom), self.paint)

    def _disc(self, x: float, y: float, r: float, colour: Colour, alpha: float = 1.0) -> None:
        self.paint.setColor(argb(colour, alpha))
        self.canvas.drawCircle(x, y, r, self.paint)

    def _area(self, points: list[tuple[float, float]], colour: Colour, alpha: float = 1.0) -> None:
        self.paint.setColor(argb(colour, alpha))
        self.canvas.drawPath(
            skia.Path.Polygon([skia.Point(x, y) for x, y in points], True), self.paint
        )

    def _fade(self, *colours: Colour, angle: float = np.pi / 2) -> None:
        dx, dy = 0.5 * float(np.cos(angle)), 0.5 * float(np.sin(angle))
        paint = skia.Paint(AntiAlias=True)
        paint.setShader(
            skia.GradientShader.MakeLinear(
                [skia.Point(0.5 - dx, 0.5 - dy), skia.Point(0.5 + dx, 0.5 + dy)],
                [argb(c) for c in colours],
            )
        )
        self.canvas.drawPaint(paint)

    def _white(self) -> None:
        self._all((1.0, 1.0, 1.0))

    def _paper(self) -> None:
        self._all(mix((0.97, 0.95, 0.9), (0.9, 0.9, 0.92), self.n[0]))

    def _colour(self) -> None:
        grey = (0.35 + 0.5 * self.n[0],) * 3
        self._all(grey if self.n[1] < 0.2 else self.colours[0])

    def _gradient(self) -> None:
        angle = np.pi / 2 if self.n[0] < 0.6 else 2 * np.pi * self.n[1]
        end = (1.0, 1.0, 1.0) if self.n[2] < 0.4 else self.colours[2]
        if self.n[3] < 0.3:
            paint = skia.Paint(AntiAlias=True)
            colours = [argb(end), argb(self.colours[0])]
            paint.setShader(
                skia.GradientShader.MakeRadial(
                    skia.Point(0.3 + 0.4 * self.n[4], 0.2 + 0.5 * self.n[5]), 0.75, colours
                )
            )
            self.canvas.drawPaint(paint)
            return
        self._fade(self.colours[0], end, angle=angle)

    def _tilt(self, most: float) -> None:
        self.canvas.translate(0.5, 0.5)
        self.canvas.rotate(most * (2 * self.n[9] - 1))
        self.canvas.scale(1.5, 1.5)
        self.canvas.translate(-0.5, -0.5)

    def _dots(self) -> None:
        self._all(self.colours[0])
        count = 5 + int(6 * self.n[0])
        radius = (0.2 + 0.15 * self.n[1]) / count
        colour = mix(self.colours[0], (1, 1, 1), 0.6) if self.n[2] < 0.7 else self.colours[2]
        for i in range(count):
            for j in range(count + 1):
                self._disc((j + 0.5 * (i % 2)) / count, (i + 0.5) / count, radius, colour)

    def _stripes(self) -> None:
        self._tilt(60)
        self._all(self.colours[0])
        count = 4 + int(10 * self.n[0])
        colour = mix(self.colours[0], (1, 1, 1), 0.5) if self.n[2] < 0.6 else self.colours[2]
        for i in range(count):
            self._box(i / count, -1, (i + 0.25 + 0.4 * self.n[1]) / count, 2, colour)

    def _checks(self) -> None:
        self._tilt(45)
        self._all(mix(self.colours[0], (1, 1, 1), 0.4))
        count = 5 + int(8 * self.n[0])
        colour = self.colours[0] if self.n[2] < 0.6 else self.colours[2]
        for i in range(count):
            self._box(i / count, -1, (i + 0.5) / count, 2, colour, 0.5)
            self._box(-1, i / count, 2, (i + 0.5) / count, colour, 0.5)

    def _bokeh(self) -> None:
        self._fade(self.colours[0], self.colours[2], angle=2 * np.pi * self.n[60])
        for i in range(12):
            x, y, r, a = self.n[4 * i : 4 * i + 4]
            colour = mix(self.colours[i % 4], (1, 1, 1), 0.5 + 0.4 * a)
            self._disc(x, y, 0.03 + 0.1 * r * r, colour, 0.2 + 0.4 * a)

    def _room(self) -> None:
        n, wall = self.n, mix(self.colours[0], (0.85, 0.8, 0.74), 0.55)
        wood = mix((0.45, 0.3, 0.2), (0.75, 0.6, 0.45), n[0])
        floor = 0.72 + 0.2 * n[1]
        self._fade(mix(wall, (1, 1, 1), 0.15), adjust(wall, value=0.85))
        self._box(0, floor, 1, 1, wood)
        self._box(0, floor - 0.015, 1, floor + 0.01, adjust(wood, value=0.7))
        left = n[2] - 0.25
        if n[3] < 0.6:  # window
            sky = mix((0.72, 0.88, 1.0), (1.0, 0.98, 0.9), n[4])
            self._box(left, 0.05, left + 0.5, 0.52, mix(wood, (1, 1, 1), 0.6 * n[5]))
            self._box(left + 0.03, 0.08, left + 0.47, 0.49, sky)
            self._box(left + 0.235, 0.05, left + 0.265, 0.52, mix(wood, (1, 1, 1), 0.5))
            self._box(left - 0.1, 0.0, left + 0.05, 0.66, self.colours[3], 0.9)
            self._box(left + 0.45, 0.0, left + 0.6, 0.66, self.colours[3], 0.9)
        shelf = (left + 0.62) % 1.0 - 0.1
        self._box(shelf, 0.12 + 0.1 * n[6], shelf + 0.42, floor, adjust(wood, value=0.75))
        for row in range(3):
            top = 0.17 + 0.1 * n[6] + 0.19 * row
            self._box(shelf + 0.02, top, shelf + 0.4, top + 0.15, adjust(wood, value=0.42))
            for i in range(7):
                k = n[10 + 7 * row + i]
                x = shelf + 0.03 + 0.05 * i
                colour = adjust(self.colours[i % 4], hue=0.6 * k, value=0.5 + 0.5 * k)
                self._box(x, top + 0.05 * k, x + 0.042, top + 0.15, colour)

    def _clouds(self, low: float, high: float, colour: Colour) -> None:
        for i in range(4):
            x, y, w = self.n[6 * i + 10 : 6 * i + 13]
            y = low + (high - low) * y
            for j in range(5):
                k = self.n[(7 * i + j) % 60]
                self._disc(
                    x + (j - 2) * 0.06 * (0.6 + w), y - 0.03 * k, 0.03 + 0.05 * k, colour, 0.85
                )

    def _sky(self) -> None:
        n = self.n
        if n[0] < 0.65:
            self._fade(mix((0.25, 0.55, 0.95), (0.45, 0.75, 1.0), n[1]), (0.82, 0.93, 1.0))
            self._clouds(0.1, 0.9, (1.0, 1.0, 1.0))
        elif n[0] < 0.85:
            self._fade((0.45, 0.4, 0.7), (0.95, 0.55, 0.45), (1.0, 0.8, 0.5))
            self._clouds(0.2, 0.8, (1.0, 0.75, 0.65))
        else:
            self._fade(self.colours[0], (1.0, 1.0, 1.0))
            self._clouds(0.1, 0.9, mix(self.colours[3], (1, 1, 1), 0.6))

    def _landscape(self) -> None:
        self._sky()
        n = self.n
        green = mix((0.25, 0.5, 0.25), (0.6, 0.75, 0.35), n[30])
        if n[31] < 0.3:
            green = mix((0.2, 0.5, 0.75), (0.4, 0.7, 0.85), n[30])  # sea
        line = 0.55 + 0.25 * n[32]
        for k in range(3):
            tone = mix(green, (0.75, 0.85, 0.95), 0.5 - 0.25 * k)
            hills = [(x / 8, line + 0.1 * k - 0.1 * n[33 + (x + 3 * k) % 12]) for x in range(9)]
            self._area([*hills, (1.0, 1.0), (0.0, 1.0)], tone)
        if n[34] < 0.5:
            for i in range(6):
                x, side = n[40 + i], n[46 + i]
                self._disc(x, 0.12 * side, 0.1 + 0.1 * side, adjust(green, value=0.8), 0.9)

    def _school(self) -> None:
        n = self.n
        self._fade((0.93, 0.91, 0.84), (0.84, 0.8, 0.72))
        if n[0] < 0.5:  # blackboard
            self._box(-0.1, 0.1, 0.75 + 0.4 * n[1], 0.62, (0.5, 0.36, 0.24))
            self._box(-0.1, 0.13, 0.72 + 0.4 * n[1], 0.59, (0.16, 0.34, 0.29))
            self._box(0.1 * n[2], 0.2, 0.3, 0.21, (0.9, 0.9, 0.85), 0.5)
        else:  # windows
            for i in range(3):
                x = 0.4 * i - 0.15 * n[1]
                self._box(x, 0.05, x + 0.34, 0.55, (0.55, 0.56, 0.58))
                self._box(x + 0.02, 0.07, x + 0.16, 0.53, (0.72, 0.88, 1.0))
                self._box(x + 0.18, 0.07, x + 0.32, 0.53, (0.78, 0.92, 1.0))
            self._box(-0.1 + 0.9 * n[3], 0.0, 0.1 + 0.9 * n[3], 0.7, (0.98, 0.97, 0.9), 0.9)
        self._box(0, 0.78, 1, 1, (0.62, 0.47, 0.32))
        for i in range(3):
            x = 0.45 * i - 0.2 * n[4]
            self._box(x, 0.74, x + 0.32, 0.79, (0.8, 0.63, 0.42))
            self._box(x + 0.03, 0.79, x + 0.05, 1, (0.45, 0.47, 0.5))
            self._box(x + 0.27, 0.79, x + 0.29, 1, (0.45, 0.47, 0.5))

    def _street(self) -> None:
        self._sky()
        for i in range(7):
            height, tone = 0.25 + 0.5 * self.n[20 + i], self.n[30 + i]
            x = i / 6 - 0.12
            colour = mix(self.colours[i % 4], (0.72, 0.7, 0.72), 0.65)
            colour = adjust(colour, value=0.65 + 0.4 * tone)
            self._box(x, 1 - height, x + 0.2, 1, colour)
            for row in range(5):
                for column in range(3):
                    y = 1.04 - height + 0.13 * row
                    left = x + 0.025 + 0.058 * column
                    lit = self.n[(i * 15 + row * 3 + column) % 64] < 0.3
                    pane = (1.0, 0.93, 0.7) if lit else adjust(colour, value=0.6)
                    self._box(left, y, left + 0.035, y + 0.07, pane)

    def _night(self) -> None:
        self._fade((0.05, 0.06, 0.2), mix((0.2, 0.2, 0.45), self.colours[2], 0.3))
        for i in range(30):
            x, y = self.n[2 * i], self.n[2 * i + 1]
            self._disc(x, 0.8 * y, 0.004 + 0.006 * self.n[i], (1.0, 1.0, 0.92), 0.9)
        if self.n[5] < 0.4:
            self._disc(0.15 + 0.7 * self.n[6], 0.15 + 0.2 * self.n[7], 0.09, (1.0, 0.97, 0.85))
        for i in range(8):
            x = self.n[40 + i]
            self._disc(x, 0.7 + 0.3 * self.n[50 + i], 0.03, self.colours[i % 4], 0.5)

    def _rays(self) -> None:
        self._all(self.colours[0])
        other = mix(self.colours[0], (1, 1, 1), 0.5) if self.n[0] < 0.6 else self.colours[2]
        count = 10 + int(8 * self.n[1])
        for i in range(count):
            a, b = 2 * np.pi * i / count, 2 * np.pi * (i + 0.5) / count
            far = [(0.5 + 1.2 * float(np.cos(t)), 0.45 + 1.2 * float(np.sin(t))) for t in (a, b)]
            self._area([(0.5, 0.45), *far], other)

    def _speed(self) -> None:
        ground = (1.0, 1.0, 1.0) if self.n[0] < 0.6 else self.colours[0]
        ink = (0.1, 0.1, 0.12) if self.n[0] < 0.6 else mix(self.colours[0], (1, 1, 1), 0.75)
        self._all(ground)
        for i in range(60):
            a = 2 * np.pi * (i + 0.8 * self.n[i]) / 60
            w = 0.004 + 0.022 * self.n[(i * 7) % 64]
            near = 0.38 + 0.25 * self.n[(i * 5 + 3) % 64]
            c, s = float(np.cos(a)), float(np.sin(a))
            c2, s2 = float(np.cos(a + w)), float(np.sin(a + w))
            tip = (0.5 + near * c, 0.45 + near * s)
            self._area([tip, (0.5 + c, 0.45 + s), (0.5 + c2, 0.45 + s2)], ink)

    def _tone(self) -> None:
        self._all((1.0, 1.0, 1.0))
        pitch = 0.02 + 0.015 * self.n[0]
        self.paint.setColor(argb((0.25, 0.25, 0.27)))
        self.paint.setStrokeCap(skia.Paint.kRound_Cap)
        count = int(1 / pitch) + 1
        for i in range(count):
            fade = i * pitch if self.n[1] < 0.5 else 0.6
            self.paint.setStrokeWidth(pitch * (0.24 + 0.64 * fade))
            row = [skia.Point((j + 0.5 * (i % 2)) * pitch, i * pitch) for j in range(count)]
            self.canvas.drawPoints(skia.Canvas.PointMode.kPoints_PointMode, row, self.paint)

    def _collage(self) -> None:
        self._fade(self.colours[0], self.colours[3], angle=np.pi * self.n[62])
        for i in range(10):
            x, y, w, h, turn, kind = self.n[6 * i : 6 * i + 6]
            colour = adjust(self.colours[i % 4], hue=0.5 * turn, value=0.5 + 0.6 * kind)
            self.canvas.save()
            self.canvas.translate(x, y)
            self.canvas.rotate(180 * turn)
            if kind < 0.35:
                self._disc(0, 0, 0.04 + 0.14 * w, colour, 0.9)
            elif kind < 0.75:
                self._box(-0.25 * w, -0.05, 0.25 * w, 0.05 + 0.2 * h, colour)
            else:
                self._area([(0, -0.15), (0.12 + 0.1 * w, 0.1), (-0.12, 0.1 + 0.1 * h)], colour)
            self.canvas.restore()
