"""A crop that is aligned a little wrongly, as when eye centres are found a little off."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.data.augment import Pair, Picture


@dataclass(frozen=True, slots=True)
class Misalignment:
    """A similarity transform around the middle, the same for both pictures of a pair.

    Half-widths of uniform draws: turn in degrees, scale as a factor exp(± x), shift in sides.
    """

    turn: float = 8.0
    scale: float = 0.1
    shift: float = 0.04

    def __call__(self, random: np.random.Generator, pair: Pair) -> Pair:
        u = random.uniform(-1.0, 1.0, 4)
        side = pair.source.shape[0]
        middle = (side - 1) / 2
        matrix = np.asarray(
            cv2.getRotationMatrix2D(
                (middle, middle), self.turn * float(u[0]), float(np.exp(self.scale * u[1]))
            ),
            np.float64,
        )
        matrix[:, 2] += self.shift * side * u[2:]
        # OpenCV counts from the middle of the first pixel, points from its edge
        points = (pair.points - 0.5) @ matrix[:, :2].T + matrix[:, 2] + 0.5
        return Pair(
            _moved(pair.source, matrix), _moved(pair.target, matrix), points.astype(np.float32)
        )


def _moved(picture: Picture, matrix: NDArray[np.float64]) -> Picture:
    size = (picture.shape[1], picture.shape[0])
    moved = cv2.warpAffine(
        picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    return np.asarray(moved, np.uint8)
