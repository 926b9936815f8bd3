"""Grids of pictures, to look at while a network learns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor


def grid(columns: Sequence[Tensor], rows: int = 8) -> Tensor:
    """Pictures side by side: column c, row r is picture r of `columns[c]`.

    Each column is [N,3,H,W] in [-1,1], or [N,1,H,W] in [0,1] (a mask). Returns [rows*H, C*W, 3]
    uint8 on the CPU; the last columns of a batch that is too small are simply fewer rows.
    """
    shown = []
    for column in columns:
        pictures = column[:rows].detach().float().cpu()
        if pictures.shape[1] == 1:
            pictures = pictures.expand(-1, 3, -1, -1) * 2.0 - 1.0
        shown.append(pictures)
    wide = torch.cat(shown, dim=3)  # [N,3,H,C*W]
    tall = wide.permute(0, 2, 3, 1).reshape(-1, wide.shape[3], 3)
    return ((tall + 1.0) * 127.5).round().clamp(0, 255).to(torch.uint8)


def write_png(path: Path, picture: Tensor) -> None:
    """Write `picture` [H,W,3] uint8 RGB as PNG, beside `path` and renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.ascontiguousarray(picture.cpu().numpy()[:, :, ::-1])
    done, data = cv2.imencode(".png", pixels)
    if not done:
        raise OSError(f"{path}: the picture {pixels.shape} could not be written as PNG")
    beside = path.with_name(path.name + ".partial")
    beside.write_bytes(data.tobytes())
    beside.replace(path)
