"""Contact sheets of pictures of any size: tiles with a caption, laid out in rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch

from faces.canvas import RGB8
from trainer.samples import write_png

Colour = tuple[int, int, int]

CAPTION: Final = 16
"""Height of the line of text below a tile, pixels."""

_PAPER: Final = 245
_INK: Final[Colour] = (30, 30, 30)


def captioned(picture: RGB8, text: str) -> RGB8:
    """`picture` [H,W,3] with a line of text below it, [H+CAPTION,W,3]; too long a text is cut."""
    line = np.full((CAPTION, picture.shape[1], 3), _PAPER, np.uint8)
    cv2.putText(line, text, (2, CAPTION - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.36, _INK, 1, cv2.LINE_AA)
    return np.vstack([picture, line])


def laid_out(tiles: Sequence[RGB8], columns: int) -> RGB8:
    """Tiles of one size in rows of `columns`, with a gap; the last row is filled with paper."""
    height, width = tiles[0].shape[:2]
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    sheet = np.full((rows * (height + 4), columns * (width + 4), 3), _PAPER, np.uint8)
    for i, tile in enumerate(tiles):
        y, x = i // columns * (height + 4) + 2, i % columns * (width + 4) + 2
        sheet[y : y + height, x : x + width] = tile
    return sheet


def write_sheet(path: Path, tiles: Sequence[RGB8], columns: int) -> None:
    """Write tiles of one size as a PNG; nothing where there are none."""
    if tiles:
        write_png(path, torch.from_numpy(laid_out(tiles, columns)))
