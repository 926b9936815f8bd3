"""Changes of a drawn pair that make what is learned carry to other drawings.

`Photometric` moves colours alike in both pictures, so the pair stays exact. Damage that pictures
suffer on their way (JPEG, scanning, scaling) comes as a further `Augmentation`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


class Pair(NamedTuple):
    """Two pictures [S,S,3] uint8 sRGB, and points [...,2] that move with them: x, y in pixels, 0 at
    the left and upper edge (the middle of the first pixel is at 0.5)."""

    source: Picture
    target: Picture
    points: NDArray[np.float32]


class Augmentation(Protocol):
    """Change both pictures of a pair alike; a pure function of `random` and the pair."""

    def __call__(self, random: np.random.Generator, pair: Pair) -> Pair: ...


@dataclass(frozen=True, slots=True)
class Photometric:
    """Brightness, contrast, gamma, saturation and hue, drawn once per pair.

    Each number is the half-width of a uniform draw: brightness in fractions of full scale, contrast
    and saturation as factors 1 ± x, gamma as exp(± x), hue in radians around the grey axis.
    `grey` is the share of pairs that lose their colour.
    """

    brightness: float = 0.08
    contrast: float = 0.15
    gamma: float = 0.25
    saturation: float = 0.3
    hue: float = 0.35
    grey: float = 0.04

    def __call__(self, random: np.random.Generator, pair: Pair) -> Pair:
        u = random.uniform(-1.0, 1.0, 5)
        saturation = 0.0 if random.random() < self.grey else 1.0 + self.saturation * u[0]
        colours = colour_matrix(self.hue * u[1], saturation)
        curve = tone_curve(
            self.brightness * u[2], 1.0 + self.contrast * u[3], float(np.exp(self.gamma * u[4]))
        )
        return Pair(
            _apply(pair.source, colours, curve), _apply(pair.target, colours, curve), pair.points
        )


def colour_matrix(hue: float, saturation: float) -> NDArray[np.float32]:
    """The matrix [3,3] that turns RGB by `hue` radians around grey and scales its distance from
    luma by `saturation` (0 gives grey). Greys stay as they are."""
    cos, sin = np.cos(hue), np.sin(hue)
    third = (1.0 - cos) / 3.0
    root = np.sqrt(1.0 / 3.0) * sin
    turn = np.array(
        [
            [cos + third, third - root, third + root],
            [third + root, cos + third, third - root],
            [third - root, third + root, cos + third],
        ]
    )
    luma = np.tile(np.array([0.299, 0.587, 0.114]), (3, 1))
    fade = saturation * np.eye(3) + (1.0 - saturation) * luma
    return np.asarray(fade @ turn, np.float32)


def tone_curve(brightness: float, contrast: float, gamma: float) -> NDArray[np.uint8]:
    """The table [256] uint8 of v -> (v^gamma - 1/2) * contrast + 1/2 + brightness, v in 0 to 1."""
    v = np.linspace(0.0, 1.0, 256) ** gamma
    v = (v - 0.5) * contrast + 0.5 + brightness
    return np.asarray(np.clip(np.rint(v * 255.0), 0, 255), np.uint8)


def _apply(picture: Picture, colours: NDArray[np.float32], curve: NDArray[np.uint8]) -> Picture:
    return np.asarray(cv2.LUT(cv2.transform(picture, colours), curve), np.uint8)
