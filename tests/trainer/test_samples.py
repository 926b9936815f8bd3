"""Grids: pictures by column, masks as greys."""

from __future__ import annotations

import torch

from trainer.samples import grid


def test_columns_and_rows() -> None:
    pictures = torch.linspace(-1, 1, 3)[:, None, None, None].expand(3, 3, 2, 2)
    masks = torch.tensor([0.0, 0.5, 1.0])[:, None, None, None].expand(3, 1, 2, 2)
    shown = grid([pictures, masks], rows=2)
    assert shown.shape == (4, 4, 3)
    assert shown.dtype == torch.uint8
    assert shown[0, 0].tolist() == shown[0, 2].tolist() == [0, 0, 0]
    assert shown[2, 0].tolist() == shown[2, 3].tolist() == [128, 128, 128]


def test_values_out_of_range_are_clipped() -> None:
    assert grid([torch.full((1, 3, 1, 1), 3.0)]).flatten().tolist() == [255] * 3
