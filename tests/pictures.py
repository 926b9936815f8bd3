"""Pictures for tests: soft noise with magenta squares where `magenta_models` sees faces."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Square = tuple[int, int, int]
"""Middle x, middle y, side."""


def scene(
    width: int = 240,
    height: int = 200,
    faces: Sequence[Square] = ((120, 100, 20),),
    seed: int = 1,
) -> NDArray[np.uint8]:
    """RGB [H, W, 3]: greenish noise, no magenta but the squares."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(40, 200, (height // 8 + 2, width // 8 + 2, 3), np.uint8)
    picture = np.asarray(
        cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8
    )
    picture[..., 1] = np.maximum(picture[..., 1], 130)
    for x, y, side in faces:
        left, top = x - side // 2, y - side // 2
        picture[top : top + side, left : left + side] = (255, 0, 255)
    return picture


def with_alpha(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGBA: the left sixth is transparent but coloured, then a soft edge, then opaque."""
    width = picture.shape[1]
    ramp = np.clip((np.arange(width) - width / 6) * 8, 0, 255).astype(np.uint8)
    alpha = np.broadcast_to(ramp, picture.shape[:2])[..., None]
    return np.concatenate([picture, alpha], axis=2)


def encoded(picture: NDArray[np.uint8] | Image.Image, format: str = "PNG", **options) -> bytes:
    """`picture` as a file, by Pillow."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def opened(data: bytes) -> NDArray[np.uint8]:
    """The pixels of a file, by Pillow."""
    return np.asarray(Image.open(io.BytesIO(data)))


def same_outside(
    before: NDArray[np.generic],
    after: NDArray[np.generic],
    rectangles: Sequence[Sequence[int]],
) -> bool:
    """Whether no pixel outside the rectangles [x, y, width, height] differs."""
    different = (before != after).reshape(*before.shape[:2], -1).any(axis=2)
    for x, y, width, height in rectangles:
        different[y : y + height, x : x + width] = False
    return not different.any()


@cache
def noise() -> bytes:
    """A PNG of 17 MB, more bytes than a connection holds."""
    return encoded(np.random.default_rng(0).integers(0, 256, (2400, 2400, 3), np.uint8))
