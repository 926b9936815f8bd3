"""The view of a head: yaw, pitch, roll, scale and place; maps face units to view units and pixels.

The face plane is warped as artists turn a face: the far half narrows, the near half widens, the
nose moves most, mouth and chin stay below the middle of the eyes (which has moved itself).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import skia

from trainer.characters.ink import Points

_LOW, _HIGH = np.array((-1.2, -1.0)), np.array((1.2, 1.0))
"""Where the face plane stops bending (x) and foreshortening (y)."""


@dataclass(frozen=True, slots=True)
class View:
    """Yaw -1 to 1 (1: three-quarter, about 45 degrees, to the picture's right), pitch -1 to 1 (1:
    seen from above, about 20 degrees), roll in degrees clockwise, `eye_distance` in units of the
    picture's side, centre between the eyes in units of the picture's side."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    eye_distance: float = 1 / 2.7
    x: float = 0.5
    y: float = 0.38

    def face(self, points: Points) -> Points:
        """Take points [N, 2] on the face plane to view units (eye centres stay at x = +-0.5)."""
        inside = np.minimum(np.maximum(points, _LOW), _HIGH)
        bend = inside[:, 0] * inside[:, 0] - 0.25
        tall = 1.0 - (0.12 * self.pitch) * inside[:, 1]
        out = np.empty_like(points)
        np.subtract(points[:, 0], (0.25 * self.yaw) * bend, out=out[:, 0])
        np.subtract(points[:, 1] * tall, (0.07 * self.pitch) * bend, out=out[:, 1])
        return out

    def spot(self, x: float, y: float, height: float = 0.0) -> tuple[float, float]:
        """The single point that `raised` gives (`face` for no height)."""
        bend = min(max(x, -1.2), 1.2) ** 2 - 0.25
        tall = 1.0 - 0.12 * self.pitch * min(max(y, -1.0), 1.0)
        across = x - 0.25 * self.yaw * bend + self.yaw * 0.7 * height
        return across, y * tall - 0.07 * self.pitch * bend + self.pitch * 0.25 * height

    def raised(self, points: Points, height: float) -> Points:
        """Like `face`, for points that stand `height` (face units) above the face plane.

        The nose stands .25 above it, the fringe .15; the back of the skull lies -1 below it.
        """
        out = self.face(points)
        out[:, 0] += self.yaw * 0.7 * height
        out[:, 1] += self.pitch * 0.25 * height
        return out

    def matrix(self, size: float) -> skia.Matrix:
        """The transform from view units to pixels of a square picture of side `size`."""
        scale = self.eye_distance * size
        matrix = skia.Matrix()
        matrix.setTranslate(self.x * size, self.y * size)
        matrix.preRotate(self.roll)
        matrix.preScale(scale, scale)
        return matrix

    def pixel(self, size: float) -> float:
        """How large a pixel of a square picture of side `size` is, in face units."""
        return 1.0 / (self.eye_distance * size)

    def bottom(self, width: float, height: float) -> float:
        """The y (view units) below which nothing is of a picture, `width` by `height` pixels and a
        border of one, for which `matrix(width)` was made."""
        angle, scale = np.radians(self.roll), self.eye_distance * width
        x = -1.0 if angle > 0 else width + 1.0
        across, down = x - self.x * width, height + 1.0 - self.y * width
        return float(np.cos(angle) * down - np.sin(angle) * across) / scale

    def pixels(self, points: Points, size: float) -> Points:
        """Take view units [N, 2] to pixels of a square picture of side `size`."""
        scale = self.eye_distance * size
        angle = np.radians(self.roll)
        c, s = np.cos(angle), np.sin(angle)
        turned: Points = points @ np.array([[c, s], [-s, c]])
        moved: Points = turned * scale + (self.x * size, self.y * size)
        return moved
