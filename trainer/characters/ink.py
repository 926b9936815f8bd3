"""Curves and the pen: smooth curves through anchors, strokes as filled shapes that taper.

All coordinates are face units (eye distance 1, origin between the eyes, x right, y down), already
projected; the pen's canvas carries the transform to pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from struct import Struct
from typing import Final

import numpy as np
import skia
from numpy.typing import NDArray

Points = NDArray[np.float64]
Anchor = Sequence[float]


@lru_cache(maxsize=64)
def _catmull_rom(count: int, per_span: int, closed: bool) -> Points:
    """The matrix [M, count] that takes anchors to points of the uniform Catmull-Rom spline."""
    spans = count if closed else count - 1
    rows: list[NDArray[np.float64]] = []
    for span in range(spans):
        index = [span - 1, span, span + 1, span + 2]
        index = [i % count if closed else min(max(i, 0), count - 1) for i in index]
        last = not closed and span == spans - 1
        for t in np.linspace(0.0, 1.0, per_span + 1)[: None if last else -1]:
            row = np.zeros(count)
            weights = (
                -0.5 * t + t * t - 0.5 * t**3,
                1 - 2.5 * t * t + 1.5 * t**3,
                0.5 * t + 2 * t * t - 1.5 * t**3,
                -0.5 * t * t + 0.5 * t**3,
            )
            for i, w in zip(index, weights, strict=True):
                row[i] += w
            rows.append(row)
    return np.array(rows)


def curve(anchors: Sequence[Anchor] | Points, per_span: int = 6, closed: bool = False) -> Points:
    """Points [M, 2] of a smooth curve through `anchors` [A, 2], `per_span` points per anchor."""
    points = np.asarray(anchors, np.float64)
    return _catmull_rom(len(points), per_span, closed) @ points


def ellipse(cx: float, cy: float, rx: float, ry: float, count: int = 24) -> Points:
    """Points [count, 2] of an ellipse."""
    return _circle(count) * (rx, ry) + (cx, cy)


@lru_cache(maxsize=8)
def _circle(count: int) -> Points:
    t = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([np.cos(t), np.sin(t)], 1)


@lru_cache(maxsize=256)
def _taper(count: int, start: float, end: float) -> Points:
    t = np.linspace(0.0, 1.0, count)
    width = np.ones(count)
    if start > 0:
        width *= np.clip(t / start, 0, 1) ** 0.7
    if end > 0:
        width *= np.clip((1 - t) / end, 0, 1) ** 0.7
    return width


def ribbon(points: Points, width: Points | float) -> Points:
    """The outline [2N, 2] of a stroke along `points` [N, 2], `width` (scalar or [N]) thick."""
    # One complex number a point: a quarter turn is a product, and the calls to numpy are half.
    line = np.ascontiguousarray(points).view(np.complex128)[:, 0]
    step = np.empty_like(line)
    np.subtract(line[2:], line[:-2], out=step[1:-1])
    step[0], step[-1] = line[1] - line[0], line[-1] - line[-2]
    step *= 0.5j * width / (np.abs(step) + 1e-9)
    count = len(line)
    outline = np.empty(2 * count, np.complex128)
    np.add(line, step, out=outline[:count])
    np.subtract(line, step, out=outline[: count - 1 : -1])
    return outline.view(np.float64).reshape(-1, 2)


def stroke_outline(points: Points, width: float, start: float = 0.3, end: float = 0.3) -> Points:
    """The outline of a stroke that swells from nothing over `start` of its length and dies over
    `end` of it (both shares of the whole, 0 for a blunt end)."""
    return ribbon(points, width * _taper(len(points), start, end))


MOVE: Final = bytes([int(skia.Path.kMove_Verb)])
LINE: Final = bytes([int(skia.Path.kLine_Verb)])
CUBIC: Final = bytes([int(skia.Path.kCubic_Verb)])
CLOSE: Final = bytes([int(skia.Path.kClose_Verb)])
_FORMAT: Final = bytes(skia.Path().serialize())[:4]
_counts: Final = Struct("=3i").pack


def traced(points: bytes, verbs: bytes) -> skia.Path:
    """The path of some verbs and their points (pairs of float32).

    It is handed over whole, in skia's serialised form: its drawing methods cost a call each.
    """
    head, tail = _frame(len(points) // 8, verbs)
    return _read(head + points + tail)


def _frame(points: int, verbs: bytes) -> tuple[bytes, bytes]:
    """What stands before and behind the points of a path in its serialised form."""
    return _FORMAT + _counts(points, 0, len(verbs)), verbs + bytes(-len(verbs) % 4)


def _read(serialised: bytes) -> skia.Path:
    out = skia.Path()
    if not out.readFromMemory(serialised):
        raise RuntimeError("this version of skia-python writes paths in another form")
    return out


@lru_cache(maxsize=1024)
def _polygon(count: int, closed: bool) -> tuple[bytes, bytes]:
    return _frame(count, MOVE + LINE * (count - 1) + (CLOSE if closed else b""))


def path(points: Points, closed: bool = True) -> skia.Path:
    """A skia path along `points` [N, 2]."""
    head, tail = _polygon(len(points), closed)
    return _read(head + points.astype(np.float32).tobytes() + tail)


_WOBBLE = np.array((0.012, -0.009))
"""How far beside the line a sketchy pen's second stroke runs at most, in face units."""


class Pen:
    """Draws filled shapes and tapering strokes on a skia canvas whose unit is the face unit.

    `pixel` is the size of one pixel in face units: strokes never get thinner than a visible hair.
    """

    def __init__(
        self, canvas: skia.Canvas, pixel: float, even: bool = False, sketchy: bool = False
    ) -> None:
        self.canvas = canvas
        self.pixel = pixel
        self.even = even
        self.sketchy = sketchy
        self._paint = skia.Paint(AntiAlias=True)

    def fill(
        self,
        shape: Points | skia.Path,
        colour: int,
        shader: skia.Shader | None = None,
        blur: float = 0.0,
    ) -> None:
        """Fill a closed shape with an 0xAARRGGBB colour or a shader; `blur` is a sigma in units."""
        paint = self._paint
        if shader is not None or blur > 0:
            paint = skia.Paint(AntiAlias=True)
            if shader is not None:
                paint.setShader(shader)
            if blur > 0:
                paint.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, blur))
        paint.setColor(colour)
        self.canvas.drawPath(shape if isinstance(shape, skia.Path) else path(shape), paint)

    def stroke(
        self,
        points: Points,
        width: float,
        colour: int,
        start: float = 0.3,
        end: float = 0.3,
    ) -> None:
        """A line along `points` [N, 2], `width` thick, tapering over `start` and `end` of itself.

        An even pen (`even=True`) does not taper; a sketchy one goes over the line again, a little
        beside it. Lines thinner than a pixel become paler instead.
        """
        if self.even:
            start = end = 0.0
        least = 0.9 * self.pixel
        if width < least:
            alpha = int((colour >> 24) * max(width / least, 0.35))
            colour = alpha << 24 | colour & 0xFFFFFF
            width = least
        self.fill(stroke_outline(points, width, start, end), colour)
        if self.sketchy:
            paler = (colour >> 24) * 6 // 10 << 24 | colour & 0xFFFFFF
            again = points + _WOBBLE * np.sin(np.linspace(0.6, 3.4, len(points)))[:, None]
            self.fill(stroke_outline(again, 0.6 * width, start, end), paler)

    @contextmanager
    def clipped(self, *shapes: Points | skia.Path) -> Iterator[None]:
        """Draw only inside all of `shapes` while the context is open."""
        self.canvas.save()
        for shape in shapes:
            self.canvas.clipPath(
                shape if isinstance(shape, skia.Path) else path(shape), doAntiAlias=True
            )
        try:
            yield
        finally:
            self.canvas.restore()

    @contextmanager
    def layer(self, alpha: float) -> Iterator[None]:
        """Draw into a layer that is composited with opacity `alpha` (0 to 1) when it closes."""
        self.canvas.saveLayerAlpha(None, round(255 * alpha))
        try:
            yield
        finally:
            self.canvas.restore()


def vertical(
    top: float, bottom: float, colours: Sequence[int], stops: Sequence[float] | None = None
) -> skia.Shader:
    """A vertical gradient from y=`top` to y=`bottom` through `colours` (0xAARRGGBB)."""
    return skia.GradientShader.MakeLinear(
        [skia.Point(0, top), skia.Point(0, bottom)], list(colours), list(stops) if stops else None
    )


def linear(start: Anchor, end: Anchor, colours: Sequence[int]) -> skia.Shader:
    """A linear gradient between two points through `colours`."""
    return skia.GradientShader.MakeLinear([skia.Point(*start), skia.Point(*end)], list(colours))


def radial(cx: float, cy: float, radius: float, colours: Sequence[int]) -> skia.Shader:
    """A radial gradient from the centre outward through `colours`."""
    return skia.GradientShader.MakeRadial(skia.Point(cx, cy), radius, list(colours))
