"""Greys of sixteen bits, as Pillow opens them, in eight: its own conversion makes them white."""

from __future__ import annotations

import numpy as np
from PIL import Image


def eight_bits(image: Image.Image) -> Image.Image:
    """`image`, or in place of a grey of 16 bits (mode I;16 or I) the same in mode L, rounded.

    Of 16-bit colours Pillow itself has kept eight bits.
    """
    if image.mode != "I" and not image.mode.startswith("I;16"):
        return image
    deep = np.clip(np.asarray(image), 0, 65535).astype(np.uint32)  # [H,W]
    return Image.fromarray(((deep * 255 + 32767) // 65535).astype(np.uint8))
