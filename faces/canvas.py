"""A picture's own pixels, and what a network sees of them: sRGB over a neutral ground.

Reading and writing files is left to the caller, who also brings the way to sRGB and back when the
picture has a colour profile.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8] | NDArray[np.uint16]
"""[H, W, C]: grey, grey and alpha, RGB, or RGB and alpha (straight), for C of 1 to 4."""

Floats = NDArray[np.float32]

Samples = NDArray[np.uint8]
"""[H, W, 3], or [H, W, 4] with colours times alpha, so that they can be averaged."""

RGB8 = NDArray[np.uint8]
Colour = tuple[int, int, int]

Place = tuple[int, int, int, int]
"""A part of a picture in whole pixels: left, top, right, bottom; the last two are beyond it."""

_BAND: Final = 128
"""Rows of the picture that are made smaller at once, so that memory stays small."""


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


def reduced(canvas: Canvas, place: Place, scale: float) -> tuple[Samples, int]:
    """`place` as eight-bit samples, each the mean of `step` x `step` pixels; and that step.

    The step is the largest power of two that leaves the samples at least as fine as a target that
    is `scale` times as large as the place. Where the place does not divide by the step, its last
    row and column go on.
    """
    left, top, right, bottom = place
    times = max(0, math.floor(math.log2(1 / scale)))
    step = 2**times
    rows = max(step, _BAND)
    bands = []
    for row in range(top, bottom, rows):
        samples = _samples(canvas.pixels[row : min(row + rows, bottom), left:right])
        for _ in range(times):
            samples = halved(samples)
        bands.append(samples)
    return bands[0] if len(bands) == 1 else np.concatenate(bands), step


def halved(samples: Samples) -> Samples:
    """The means of 2 x 2 samples; an odd last row or column counts twice."""
    height, width = samples.shape[:2]
    if height % 2 or width % 2:
        edge = cv2.BORDER_REPLICATE
        samples = np.asarray(
            cv2.copyMakeBorder(samples, 0, height % 2, 0, width % 2, edge), np.uint8
        )
        height, width = samples.shape[:2]
    half = width // 2, height // 2
    return np.asarray(cv2.resize(samples, half, interpolation=cv2.INTER_AREA), np.uint8)


def _samples(pixels: Pixels) -> Samples:
    """Pixels of any kind as RGB in eight bits, times alpha where they have it."""
    eight: NDArray[Any] = pixels
    if pixels.dtype == np.uint16:
        eight = cv2.convertScaleAbs(pixels, alpha=255 / 65535).reshape(pixels.shape)
    match pixels.shape[2]:
        case 1:
            eight = cv2.cvtColor(eight, cv2.COLOR_GRAY2RGB)
        case 2:
            grey, alpha = cv2.split(eight)
            eight = cv2.cvtColor(cv2.merge([grey, grey, grey, alpha]), cv2.COLOR_RGBA2mRGBA)
        case 4:
            eight = cv2.cvtColor(eight, cv2.COLOR_RGBA2mRGBA)
    return np.asarray(eight, np.uint8)


def over_ground(samples: Samples, canvas: Canvas, ground: Colour) -> RGB8:
    """Samples [S, S, 3 or 4] of `canvas` as sRGB [S, S, 3] over `ground`."""
    if samples.shape[2] == 3:
        return canvas.to_srgb(samples)
    colours, alpha = cv2.cvtColor(samples, cv2.COLOR_RGBA2RGB), cv2.extractChannel(samples, 3)
    if canvas.profiled:  # a profile speaks of straight colours
        share = np.maximum(alpha, 1)[..., None] * np.float32(1 / 255)
        straight = np.clip(np.rint(colours / share), 0, 255).astype(np.uint8)
        seen = np.dstack([canvas.to_srgb(straight), alpha])
        colours = cv2.cvtColor(cv2.cvtColor(seen, cv2.COLOR_RGBA2mRGBA), cv2.COLOR_RGBA2RGB)
    below = cv2.LUT(cv2.cvtColor(alpha, cv2.COLOR_GRAY2RGB), _showing_through(ground))
    return np.asarray(cv2.add(colours, below), np.uint8)


@lru_cache(maxsize=8)
def _showing_through(ground: Colour) -> RGB8:
    """[256, 1, 3]: what is seen of `ground`, by alpha."""
    through = np.arange(255, -1, -1, dtype=np.float32)[:, None] * np.array(ground, np.float32)
    return np.rint(through / 255).astype(np.uint8)[:, None]


def premultiplied(pixels: Pixels, alpha: bool) -> Pixels | NDArray[np.float32]:
    """Pixels to be resampled exactly: colours times alpha as float32, or untouched when opaque."""
    top = np.iinfo(pixels.dtype).max
    if not alpha or int(cv2.extractChannel(pixels, pixels.shape[2] - 1).min()) == top:
        return pixels
    result = pixels.astype(np.float32)
    result[..., :-1] *= result[..., -1:] * np.float32(1 / top)
    return result


def own_colours(paint: Floats, canvas: Canvas) -> Sequence[Floats]:
    """Planes [h, w] in the picture's own colours, 0 to 1, of sRGB [3, h, w]."""
    planes = np.clip(paint, 0, 1)
    if canvas.profiled:
        rgb = canvas.from_srgb(np.rint(cv2.merge(list(planes)) * 255).astype(np.uint8))
        planes = rgb.transpose(2, 0, 1) * np.float32(1 / 255)
    if canvas.pixels.shape[2] < 3:
        planes = cv2.cvtColor(cv2.merge(list(planes)), cv2.COLOR_RGB2GRAY)[None]
    return list(planes)


def srgb_of(pixels: Pixels, canvas: Canvas) -> RGB8:
    """Pixels of `canvas` as sRGB [H, W, 3], their colours as if they were opaque."""
    eight: NDArray[Any] = pixels
    if pixels.dtype == np.uint16:
        eight = cv2.convertScaleAbs(pixels, alpha=255 / 65535).reshape(pixels.shape)
    if pixels.shape[2] < 3:
        eight = np.repeat(eight[..., :1], 3, axis=2)
    return canvas.to_srgb(np.ascontiguousarray(eight[..., :3]))


def whole_pixels(start: float, stop: float, length: int) -> tuple[int, int]:
    """First and end of the whole pixels of [0, length) that [start, stop) touches, at least one."""
    first = min(max(0, math.floor(start)), length - 1)
    return first, max(min(length, math.ceil(stop)), first + 1)
