"""A picture's own pixels, and what a network sees of them: sRGB over a neutral ground.

Reading and writing files is left to the caller, who also brings the way to sRGB and back when the
picture has a colour profile.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8] | NDArray[np.uint16]
"""[H, W, C]: grey, grey and alpha, RGB, or RGB and alpha (straight), for C of 1 to 4."""

Samples = NDArray[np.float32] | Pixels
"""Pixels on their way: straight as in the file, or float32 where colours are times alpha."""

RGB8 = NDArray[np.uint8]
Colour = tuple[int, int, int]


def _same(colours: RGB8) -> RGB8:
    return colours


@dataclass(frozen=True)
class Canvas:
    """Pixels and their colours. `to_srgb` and `from_srgb` map RGB [H, W, 3] uint8 to the same."""

    pixels: Pixels
    to_srgb: Callable[[RGB8], RGB8] = _same
    from_srgb: Callable[[RGB8], RGB8] = _same

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])

    @property
    def has_alpha(self) -> bool:
        return self.pixels.shape[2] in (2, 4)

    @property
    def top(self) -> int:
        """The largest value of a channel: 255 or 65535."""
        return int(np.iinfo(self.pixels.dtype).max)

    @property
    def profiled(self) -> bool:
        return self.to_srgb is not _same


def premultiplied(pixels: Pixels, alpha: bool) -> Samples:
    """Pixels ready to be resampled: colours times alpha as float32, or untouched when opaque."""
    top = np.iinfo(pixels.dtype).max
    if not alpha or int(pixels[..., -1].min()) == top:
        return pixels
    result = pixels.astype(np.float32)
    share = result[..., -1:] * np.float32(1 / top)
    result[..., :-1] *= share
    return result


def over_ground(samples: Samples, canvas: Canvas, ground: Colour) -> RGB8:
    """Samples [S, S, C] of `canvas` as sRGB [S, S, 3] over `ground`."""
    top = canvas.top
    colours = samples[..., :-1] if canvas.has_alpha else samples
    share: NDArray[np.float32] | None = None
    values: NDArray[np.float32] = colours.astype(np.float32)
    if canvas.has_alpha and samples.dtype == np.float32:
        share = np.asarray(np.clip(samples[..., -1:] / np.float32(top), 0, 1), np.float32)
        values /= np.maximum(share, np.float32(1e-4))
    if values.shape[2] == 1:
        values = np.repeat(values, 3, axis=2)
    rgb = canvas.to_srgb(_rounded(values * np.float32(255 / top)))
    if share is None:
        return rgb
    below = np.array(ground, np.float32)
    return _rounded(below + share * (rgb - below))


def _rounded(values: NDArray[np.float32]) -> RGB8:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def shrunk(samples: Samples, scale: float) -> Samples:
    """`samples` [H, W, C] made smaller by `scale` < 1 with an area filter, else as they are."""
    if scale >= 1:
        return samples
    height, width = samples.shape[:2]
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return as_samples(cv2.resize(samples, size, interpolation=cv2.INTER_AREA))


def as_samples(array: NDArray[Any]) -> Samples:
    """What OpenCV gave back as [H, W, C]: it drops the last axis when C is 1."""
    return array if array.ndim == 3 else array[..., None]


def whole_pixels(start: float, stop: float, length: int) -> tuple[int, int]:
    """First and end of the whole pixels of [0, length) that [start, stop) touches, at least one."""
    first = min(max(0, math.floor(start)), length - 1)
    return first, max(min(length, math.ceil(stop)), first + 1)
