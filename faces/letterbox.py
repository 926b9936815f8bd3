"""Square windows on a picture, resized for a network; outside the picture lies the ground."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from faces.canvas import RGB8, Canvas, Colour, over_ground, reduced, whole_pixels
from faces.face import Box, Point


@dataclass(frozen=True)
class View:
    """A square of `pixels` [S, S, 3] and the way from its coordinates back to the picture's."""

    pixels: RGB8
    origin: Point
    scale: Point
    offset: Point

    def to_picture(self, x: float, y: float) -> Point:
        """The point of the picture that is seen at (x, y) of the square, both in pixels."""
        return (
            self.origin[0] + (x - self.offset[0]) / self.scale[0],
            self.origin[1] + (y - self.offset[1]) / self.scale[1],
        )


def whole(canvas: Canvas, size: int, ground: Colour) -> View:
    """The whole picture, letterboxed to `size` x `size`."""
    side = float(max(canvas.width, canvas.height))
    left, top = (canvas.width - side) / 2, (canvas.height - side) / 2
    return window(canvas, Box(left, top, side, side), size, ground)


def around(canvas: Canvas, box: Box, margin: float, size: int, ground: Colour) -> View:
    """The square around the middle of `box` with `margin` times its longer side."""
    side = max(margin * box.longer, 2.0)
    x, y = box.centre
    return window(canvas, Box(x - side / 2, y - side / 2, side, side), size, ground)


def squares(canvas: Canvas, side: float, overlap: float) -> list[Box]:
    """Squares of `side` over all of the picture, each with `overlap` or more of the next."""
    return [
        Box(x, y, side, side)
        for y in _starts(canvas.height, side, overlap)
        for x in _starts(canvas.width, side, overlap)
    ]


def _starts(length: int, side: float, overlap: float) -> list[float]:
    if length <= side:
        return [(length - side) / 2]
    steps = math.ceil((length - side) / (side - overlap))
    return [step * (length - side) / steps for step in range(steps + 1)]


def window(canvas: Canvas, square: Box, size: int, ground: Colour) -> View:
    """What `square` shows of the picture at `size` x `size`; smaller by means, larger by cubic."""
    left, right = whole_pixels(square.x, square.x + square.width, canvas.width)
    top, bottom = whole_pixels(square.y, square.y + square.height, canvas.height)
    scale = size / square.width
    x, y = (round(v) for v in ((left - square.x) * scale, (top - square.y) * scale))
    width = min(max(1, round((right - left) * scale)), size)
    height = min(max(1, round((bottom - top) * scale)), size)
    x, y = min(max(0, x), size - width), min(max(0, y), size - height)
    samples, step = reduced(canvas, (left, top, right, bottom), scale)
    exact = width / (samples.shape[1] * step), height / (samples.shape[0] * step)
    way = cv2.INTER_LINEAR if scale < 1 else cv2.INTER_CUBIC
    resized = np.asarray(cv2.resize(samples, (width, height), interpolation=way), np.uint8)
    seen = over_ground(resized, canvas, ground)
    margins = y, size - y - height, x, size - x - width
    pixels = cv2.copyMakeBorder(seen, *margins, cv2.BORDER_CONSTANT, value=ground)
    return View(
        np.asarray(pixels, np.uint8), (float(left), float(top)), exact, (float(x), float(y))
    )
