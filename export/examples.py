"""Inputs that a check of a model is worth something on: drawn pictures, and every preset."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from contract import control
from contract.card import Card, ExpressionVector
from trainer.characters.scene import draw_scene
from trainer.characters.style import JUDGING
from trainer.commands.draw import Plan, draw_character
from trainer.data.source import to_tensor

Array = NDArray[np.float32]

DRAWN: Final = 16
"""Pictures in a check."""
_SMALLEST: Final = 64


def drawn(task: str, size: int) -> Array:
    """Pictures as a model of `task` gets them, [16, 3, size, size] in [-1, 1]: scenes for a finder,
    else aligned crops of faces, in styles and with damage that no training has seen.
    """
    side = max(size, _SMALLEST)
    pictures = _scenes(side) if task == "find_faces" else _crops(side)
    return as_tensor(pictures, size)


def presets(card: Card) -> Array | None:
    """The control of every expression of the card and of an open mouth, [K, C]; None without."""
    if card.control is None:
        return None
    names = control.expressions(card)
    rows = [control.control_for(card, name) for name in names]
    if isinstance(card.control, ExpressionVector):
        rows.append(control.control_for(card, {"mouth_open": 1.0}))
    return np.stack(rows)


def as_tensor(pictures: NDArray[np.uint8], size: int) -> Array:
    """`pictures` [M, S, S, 3] at `size`, [M, 3, size, size] in [-1, 1]."""
    if size != pictures.shape[1]:
        pictures = np.stack(
            [cv2.resize(p, (size, size), interpolation=cv2.INTER_AREA) for p in pictures]
        )
    return np.ascontiguousarray(to_tensor(pictures).numpy())


def _scenes(side: int) -> NDArray[np.uint8]:
    return np.stack([draw_scene(seed, side, within=JUDGING).picture for seed in range(DRAWN)])


def _crops(side: int) -> NDArray[np.uint8]:
    plan = Plan(size=side, views=1, moods="varied", styles="judging", damage=True)
    return np.concatenate([draw_character(plan, seed)[0] for seed in range(DRAWN)])
