"""The displacement is held against where the landmarks went."""

from __future__ import annotations

import pytest
import torch

from contract.labels import LANDMARKS
from trainer.losses.movement import movement, painted_brows, painted_nose, tracked

BROW = [LANDMARKS.index(f"left_brow_{part}") for part in ("outer", "middle", "inner")]


def face() -> torch.Tensor:
    return torch.rand(1, len(LANDMARKS), 2, generator=torch.Generator().manual_seed(1)) * 0.6 + 0.2


def test_tracked_points_lie_on_the_brow() -> None:
    landmarks = face()
    landmarks[0, BROW] = torch.tensor([[0.2, 0.4], [0.3, 0.3], [0.4, 0.4]])
    brow = tracked(landmarks)[0, 13:20]
    torch.testing.assert_close(brow[[0, 6]], landmarks[0, [BROW[0], BROW[2]]])
    x = brow[:, 0]
    torch.testing.assert_close(brow[:, 1], 0.3 + 10 * (x - 0.3) ** 2)


def test_the_true_movement_costs_nothing_and_none_costs_its_length() -> None:
    target = face()
    source = target + torch.tensor([0.02, -0.01])
    right = torch.tensor([0.02, -0.01]).view(1, 2, 1, 1).expand(1, 2, 32, 32)
    region = torch.ones(1, 1, 32, 32)
    assert movement(right, source, target, region).item() == pytest.approx(0, abs=1e-6)
    none = movement(torch.zeros(1, 2, 32, 32), source, target, region).item()
    count = tracked(target).shape[1]
    assert none == pytest.approx(0.03 * count / (count + 1), rel=1e-4)


def test_what_the_picture_does_not_show_does_not_count() -> None:
    target = face()
    wrong = torch.full((1, 2, 32, 32), 0.1)
    assert movement(wrong, target, target, torch.zeros(1, 1, 32, 32)) == 0


def test_paint_counts_on_the_brows_alone() -> None:
    landmarks = face()
    landmarks[0, :, 1] = 0.8
    for side, x in (("left", 0.3), ("right", 0.7)):
        for i, part in enumerate(("outer", "middle", "inner")):
            landmarks[0, LANDMARKS.index(f"{side}_brow_{part}")] = torch.tensor([x + i / 50, 0.2])
    everywhere = painted_brows(torch.ones(1, 1, 128, 128), landmarks, landmarks)
    assert everywhere.item() == pytest.approx(1)
    below = torch.zeros(1, 1, 128, 128)
    below[..., 40:, :] = 1
    assert painted_brows(below, landmarks, landmarks).item() < 1e-3
    assert painted_brows(1 - below, landmarks, landmarks).item() > 0.99


def test_paint_counts_around_the_nose_only() -> None:
    landmarks = face()
    landmarks[0, LANDMARKS.index("nose")] = torch.tensor([0.25, 0.75])
    near = torch.zeros(1, 1, 128, 128)
    near[..., 80:112, 16:48] = 1
    assert painted_nose(torch.ones_like(near), landmarks).item() == pytest.approx(1)
    assert painted_nose(near, landmarks).item() > 0.99
    assert painted_nose(1 - near, landmarks).item() < 1e-2
