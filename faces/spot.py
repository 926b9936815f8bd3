"""A part of the picture as it is seen from the aligned crop: to do in the picture's own pixels what
was found in the crop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from faces.align import Matrix, inverse
from faces.canvas import Canvas, Floats, Pixels, Place, own_colours, premultiplied
from faces.change import NOTHING, Rectangle

_SHOWN: Final = 0.02
"""What has less alpha than this share is transparent."""


@dataclass(frozen=True)
class Spot:
    """The `place` in the picture, where the middles of its pixels lie in the crop, `x` and `y`
    [h, w], and how far in the picture it is one pixel down in the crop."""

    place: Place
    x: Floats
    y: Floats
    downwards: tuple[float, float]

    @staticmethod
    def of(place: Place, matrix: Matrix) -> Spot:
        """`matrix` brings the picture to the crop."""
        left, top, right, bottom = place
        xs = np.arange(left, right, dtype=np.float32)[None] + np.float32(0.5)
        ys = np.arange(top, bottom, dtype=np.float32)[:, None] + np.float32(0.5)
        (a, b, c), (d, e, f) = matrix.astype(np.float32)
        back = inverse(matrix)
        return Spot(place, a * xs + b * ys + c, d * xs + e * ys + f, (back[0, 1], back[1, 1]))

    @staticmethod
    def around(
        canvas: Canvas, matrix: Matrix, across: tuple[float, float], down: tuple[float, float]
    ) -> Spot | None:
        """What of the picture lies in a rectangle of the crop, `across` and `down` in its pixels;
        None where that is nothing."""
        corners = np.array([(x, y, 1.0) for x in across for y in down]) @ inverse(matrix).T
        left, top = np.maximum(np.floor(corners.min(axis=0)).astype(int), 0).tolist()
        right, bottom = (np.ceil(corners.max(axis=0)).astype(int) + 1).tolist()
        right, bottom = min(right, canvas.width), min(bottom, canvas.height)
        inside = right > left and bottom > top
        return Spot.of((left, top, right, bottom), matrix) if inside else None

    def part(self, pixels: Pixels) -> Pixels:
        """These pixels [h, w, C] of the picture's, to read or to write."""
        left, top, right, bottom = self.place
        return pixels[top:bottom, left:right]

    def seen(self, layer: Floats, y: Floats | None = None) -> Floats:
        """A layer of the crop at these pixels [h, w], or at their x and other heights `y` in it."""
        rows = self.y if y is None else y
        return np.asarray(cv2.remap(layer, self.x - 0.5, rows - 0.5, cv2.INTER_LINEAR), np.float32)

    def of_picture(self, part: Pixels, down: Floats, alpha: bool = False) -> Floats:
        """What is `down` [h, w], in pixels of the crop, from each pixel of `part` [h, w, C].

        With `alpha`, its last channel, what is transparent there has no colour to bring.
        """
        height, width = part.shape[:2]
        xs = np.arange(width, dtype=np.float32)[None] + np.float32(self.downwards[0]) * down
        ys = np.arange(height, dtype=np.float32)[:, None] + np.float32(self.downwards[1]) * down
        source: NDArray[Any] = np.ascontiguousarray(premultiplied(part, alpha))
        there = cv2.remap(source, xs, ys, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        found = np.asarray(there.reshape(part.shape), np.float32)
        if source.dtype != part.dtype:
            share = found[..., -1:] / np.float32(np.iinfo(part.dtype).max)
            straight = found[..., :-1] / np.maximum(share, np.float32(1e-3))
            found[..., :-1] = np.where(share > _SHOWN, straight, part[..., :-1])
        return found

    def own_colours(self, canvas: Canvas, layer: Floats) -> Floats:
        """A layer [S, S, 3] of the crop, sRGB in 0 to 1, at these pixels in the picture's own
        colours and range, [h, w, C]."""
        seen = cv2.remap(layer, self.x - 0.5, self.y - 0.5, cv2.INTER_LINEAR).transpose(2, 0, 1)
        planes = own_colours(np.asarray(seen, np.float32), canvas)
        return np.stack(planes, axis=2) * np.float32(canvas.top)

    def write(
        self, pixels: Pixels, canvas: Canvas, values: Floats, touched: NDArray[Any]
    ) -> Rectangle:
        """Write `values` [h, w, C] where something is drawn and `touched` [h, w]; alpha stays.

        Returns the rectangle of these pixels, NOTHING when none was written.
        """
        here = self.part(pixels)
        colours = here.shape[2] - canvas.has_alpha
        where = touched & (here[..., -1] > 0) if canvas.has_alpha else touched
        whole = np.clip(np.rint(values), 0, canvas.top).astype(here.dtype)
        here[..., :colours][where] = whole[..., :colours][where]
        left, top, right, bottom = self.place
        return (left, top, right - left, bottom - top) if where.any() else NOTHING
