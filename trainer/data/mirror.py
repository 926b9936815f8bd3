"""What a horizontal flip does to labels: left and right change places, sideways numbers turn."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from contract import expression
from contract.labels import LANDMARKS

_TURNED: Final = ("gaze_x", "mouth_skew")


def _other_side(name: str) -> str:
    if "left" in name:
        return name.replace("left", "right")
    return name.replace("right", "left")


_VECTOR_ORDER: Final = np.array([expression.INDEX[_other_side(n)] for n in expression.NAMES])
_VECTOR_SIGN: Final = np.array(
    [-1.0 if n in _TURNED else 1.0 for n in expression.NAMES], np.float32
)
LANDMARK_SWAP: Final = np.array([LANDMARKS.index(_other_side(n)) for n in LANDMARKS])


def flip_vectors(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The expression vectors [...,31] of the mirrored faces."""
    return vectors[..., _VECTOR_ORDER] * _VECTOR_SIGN


def flip_landmarks(landmarks: NDArray[np.float32], width: float) -> NDArray[np.float32]:
    """The landmarks [...,27,2] of the mirrored picture, `width` pixels wide (x to width - x)."""
    flipped = landmarks[..., LANDMARK_SWAP, :].copy()
    flipped[..., 0] = width - flipped[..., 0]
    return flipped
