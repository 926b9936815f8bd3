"""The pen: fills shapes and draws tapering strokes, all at once at the end.

It writes down what it is told: so the outlines of all strokes are computed together, and skia works
without being interrupted, which takes much less time than stroke after stroke.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
import skia

from trainer.characters.ink import Contour, Outlines, Points, serialised, taper
from trainer.characters.view import View

_Shape: TypeAlias = "skia.Path | bytes | int"
"""A path, one in skia's serialised form, or the number of a polygon or line."""

_SHAPES: Final = (int, bytes, skia.Path)

_Step = Callable[[skia.Canvas], object]


@dataclass(frozen=True, slots=True)
class _Clip:
    """To draw only inside of all these."""

    shapes: list[_Shape]


class Pen:
    """Draws in face units for a picture of `size` pixels in a view; nothing is seen before `draw`.

    `pixel` is the size of one pixel in face units: strokes never get thinner than a visible hair.
    `bottom` is the y below which nothing can be seen, of a picture `tall` pixels high (or square).
    """

    def __init__(
        self,
        view: View,
        size: int,
        even: bool = False,
        sketchy: bool = False,
        tall: int | None = None,
    ) -> None:
        self.pixel = view.pixel(size)
        self.bottom = view.bottom(size, size if tall is None else tall)
        self.even = even
        self.sketchy = sketchy
        self._place = view.matrix(size)
        self._outlines = Outlines()
        # What to do, in order: a shape to fill with a colour or shader, or a step of another kind.
        self._todo: list[tuple[_Shape | _Clip | _Step, int, skia.Shader | None]] = []
        self._restored = _Restored(self)

    def another(self) -> Pen:
        """A pen that was told nothing yet, of the same hand for the same picture: what several such
        pens are told is outlined together."""
        other = copy(self)
        other._todo = []
        other._restored = _Restored(other)
        return other

    @property
    def idle(self) -> bool:
        """Whether nothing was asked for."""
        return not self._todo

    def fill(
        self, shape: Points | Contour | skia.Path, colour: int, shader: skia.Shader | None = None
    ) -> None:
        """Fill a closed shape with an 0xAARRGGBB colour or a shader."""
        self._todo.append((self._noted(shape), colour, shader))

    def _noted(self, shape: Points | Contour | skia.Path) -> _Shape:
        if isinstance(shape, np.ndarray):
            return self._outlines.polygon(shape)
        return serialised(*shape) if isinstance(shape, tuple) else shape

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
        shape = taper(len(points), start, end)
        self._todo.append((self._outlines.line(points, width * shape), colour, None))
        if self.sketchy:
            paler = (colour >> 24) * 6 // 10 << 24 | colour & 0xFFFFFF
            again = self._outlines.line(points + _wobble(len(points)), 0.6 * width * shape)
            self._todo.append((again, paler, None))

    def wash(
        self, left: float, top: float, right: float, bottom: float, shader: skia.Shader
    ) -> None:
        """Fill a box with a shader; its edges are hard."""
        box = skia.Rect.MakeLTRB(left, top, right, bottom)
        paint = skia.Paint(AntiAlias=False, Shader=shader)
        self._do(lambda canvas: canvas.drawRect(box, paint))

    def clipped(self, *shapes: Points | Contour | skia.Path) -> AbstractContextManager[None]:
        """Draw only inside all of `shapes` while the context is open."""
        self._todo.append((_Clip([self._noted(shape) for shape in shapes]), 0, None))
        return self._restored

    def moved(self, x: float, y: float, flat: float = 1.0) -> AbstractContextManager[None]:
        """Draw around (x, y) instead of the origin, heights scaled by `flat`, in the context."""

        def move(canvas: skia.Canvas) -> None:
            canvas.save()
            canvas.translate(x, y)
            canvas.scale(1.0, flat)

        self._do(move)
        return self._restored

    def layer(self, alpha: float) -> AbstractContextManager[None]:
        """Draw into a layer that is composited with opacity `alpha` (0 to 1) when it closes."""
        self._do(lambda canvas: canvas.saveLayerAlpha(None, round(255 * alpha)))
        return self._restored

    def _do(self, step: _Step) -> None:
        self._todo.append((step, 0, None))

    def draw(self, canvas: skia.Canvas) -> None:
        """Draw on a canvas in pixels what was asked for."""
        outlined = self._outlines.serialised()
        plain, shaded, scratch = skia.Paint(AntiAlias=True), skia.Paint(AntiAlias=True), skia.Path()

        def path(shape: _Shape) -> skia.Path:
            if isinstance(shape, skia.Path):
                return shape
            scratch.readFromMemory(outlined[shape] if isinstance(shape, int) else shape)
            return scratch

        canvas.save()
        canvas.concat(self._place)
        for what, colour, shader in self._todo:
            if isinstance(what, _SHAPES):
                paint = plain
                if shader is not None:
                    paint = shaded
                    paint.setShader(shader)
                paint.setColor(colour)
                canvas.drawPath(path(what), paint)
            elif isinstance(what, _Clip):
                canvas.save()
                for shape in what.shapes:
                    canvas.clipPath(path(shape), doAntiAlias=True)
            else:
                what(canvas)
        canvas.restore()


class _Restored(AbstractContextManager[None]):
    """Ends what a pen has begun: a clip, a move, a layer."""

    def __init__(self, pen: Pen) -> None:
        self._pen = pen

    def __exit__(self, *error: object) -> None:
        self._pen._do(skia.Canvas.restore)


@lru_cache(maxsize=64)
def _wobble(count: int) -> Points:
    """How far [count, 2] beside the line a sketchy pen's second stroke runs, in face units."""
    return _ASIDE * np.sin(np.linspace(0.6, 3.4, count))[:, None]


_ASIDE: Final = np.array((0.012, -0.009))
