"""The pen: fills shapes and draws tapering strokes, all at once at the end.

It writes down what it is told: so the outlines of all strokes are computed together, and skia works
without being interrupted, which takes much less time than stroke after stroke.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np
import skia

from trainer.characters.ink import Points, outlines, path, taper
from trainer.characters.view import View

_WOBBLE: Final = np.array((0.012, -0.009))
"""How far beside the line a sketchy pen's second stroke runs at most, in face units."""

_Step = Callable[[skia.Canvas], object]


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
        self.pixel = 1.0 / (view.eye_distance * size)
        self.bottom = view.bottom(size, size if tall is None else tall)
        self.even = even
        self.sketchy = sketchy
        self._place = view.matrix(size)
        self._shapes: list[Points] = []
        self._widths: list[Points | None] = []
        # What to do, in order: a path or the number of a shape to fill with a colour or shader, or
        # a step of another kind. A shape is a polygon, or where it has widths a line.
        self._todo: list[tuple[skia.Path | int | _Step, int, skia.Shader | None]] = []

    @property
    def idle(self) -> bool:
        """Whether nothing was asked for."""
        return not self._todo

    def fill(
        self, shape: Points | skia.Path, colour: int, shader: skia.Shader | None = None
    ) -> None:
        """Fill a closed shape with an 0xAARRGGBB colour or a shader."""
        if isinstance(shape, np.ndarray):
            self._add(shape, None, colour, shader)
        else:
            self._todo.append((shape, colour, shader))

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
        self._add(points, width * shape, colour)
        if self.sketchy:
            paler = (colour >> 24) * 6 // 10 << 24 | colour & 0xFFFFFF
            again = points + _WOBBLE * np.sin(np.linspace(0.6, 3.4, len(points)))[:, None]
            self._add(again, 0.6 * width * shape, paler)

    def _add(
        self,
        points: Points,
        widths: Points | None,
        colour: int,
        shader: skia.Shader | None = None,
    ) -> None:
        self._todo.append((len(self._shapes), colour, shader))
        self._shapes.append(points)
        self._widths.append(widths)

    def wash(
        self, left: float, top: float, right: float, bottom: float, shader: skia.Shader
    ) -> None:
        """Fill a box with a shader; its edges are hard."""
        box = skia.Rect.MakeLTRB(left, top, right, bottom)
        paint = skia.Paint(AntiAlias=False, Shader=shader)
        self._do(lambda canvas: canvas.drawRect(box, paint))

    @contextmanager
    def clipped(self, *shapes: Points | skia.Path) -> Iterator[None]:
        """Draw only inside all of `shapes` while the context is open."""
        paths = [path(s) if isinstance(s, np.ndarray) else s for s in shapes]

        def clip(canvas: skia.Canvas) -> None:
            canvas.save()
            for shape in paths:
                canvas.clipPath(shape, doAntiAlias=True)

        self._do(clip)
        yield
        self._do(skia.Canvas.restore)

    @contextmanager
    def moved(self, x: float, y: float, flat: float = 1.0) -> Iterator[None]:
        """Draw around (x, y) instead of the origin, heights scaled by `flat`, in the context."""

        def move(canvas: skia.Canvas) -> None:
            canvas.save()
            canvas.translate(x, y)
            canvas.scale(1.0, flat)

        self._do(move)
        yield
        self._do(skia.Canvas.restore)

    @contextmanager
    def layer(self, alpha: float) -> Iterator[None]:
        """Draw into a layer that is composited with opacity `alpha` (0 to 1) when it closes."""
        self._do(lambda canvas: canvas.saveLayerAlpha(None, round(255 * alpha)))
        yield
        self._do(skia.Canvas.restore)

    def _do(self, step: _Step) -> None:
        self._todo.append((step, 0, None))

    def draw(self, canvas: skia.Canvas) -> None:
        """Draw on a canvas in pixels what was asked for."""
        shapes = outlines(self._shapes, self._widths)
        shape, plain, shaded = skia.Path(), skia.Paint(AntiAlias=True), skia.Paint(AntiAlias=True)
        canvas.save()
        canvas.concat(self._place)
        for what, colour, shader in self._todo:
            if isinstance(what, int):
                shape.readFromMemory(shapes[what])
            elif not isinstance(what, skia.Path):
                what(canvas)
                continue
            paint = plain
            if shader is not None:
                paint = shaded
                paint.setShader(shader)
            paint.setColor(colour)
            canvas.drawPath(shape if isinstance(what, int) else what, paint)
        canvas.restore()
