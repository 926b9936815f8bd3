"""How pictures become tensors and back: channel order, value range, ground, rounding.

The networks see sRGB as stored, NCHW, over a neutral ground. Colour profiles, depths beyond eight
bits and the picture's own alpha are left to those who decode and paste.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.card import Pixels


class PixelError(ValueError):
    """An array that is no picture or no tensor of a picture; the message gives its shape."""


def to_network(picture: NDArray[np.uint8], pixels: Pixels) -> NDArray[np.float32]:
    """The tensor [1,3,H,W] float32 in `pixels.value_range` of a picture [H,W,3 or 4] uint8.

    Transparent parts show `pixels.ground`: colour * alpha + ground * (1 - alpha). The size is
    left as it is. Raises PixelError for another shape or dtype.
    """
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] not in (3, 4):
        raise PixelError(
            f"a picture is uint8 [H,W,3] or [H,W,4], this is {picture.dtype} {picture.shape}"
        )
    colour: NDArray[Any] = picture[..., :3]  # [HWC] 0..255
    if picture.shape[2] == 4:
        alpha = picture[..., 3:].astype(np.float32) / np.float32(255)
        ground = np.array(pixels.ground, np.float32)
        colour = colour.astype(np.float32) * alpha + ground * (1 - alpha)
    low, high = pixels.value_range
    planes = np.ascontiguousarray(colour.transpose(2, 0, 1)[None])  # [1CHW]
    scaled = planes * np.float32((high - low) / 255)
    scaled += np.float32(low)
    return scaled


def from_network(tensor: NDArray[np.float32], pixels: Pixels) -> NDArray[np.uint8]:
    """The pictures [N,H,W,3] uint8 of a tensor [N,3,H,W] in `pixels.value_range`.

    Values outside the range are clipped, those between two steps go to the nearer one, to the even
    one from the middle. Undoes to_network exactly on opaque pictures. Raises PixelError for another
    shape and for values that are not finite.
    """
    if tensor.ndim != 4 or tensor.shape[1] != 3:
        raise PixelError(f"a tensor of pictures is [N,3,H,W], this is {tensor.shape}")
    if not np.isfinite(tensor).all():
        raise PixelError("the tensor holds values that are not finite; the model is at fault")
    low, high = pixels.value_range
    steps = (tensor.astype(np.float32) - np.float32(low)) * np.float32(255 / (high - low))
    rounded = np.rint(np.clip(steps, 0, 255)).astype(np.uint8)
    return np.ascontiguousarray(rounded.transpose(0, 2, 3, 1))
