"""The finder's network: shapes, a quiet start, and what its cells see."""

from __future__ import annotations

import pytest
import torch

from contract.labels import LANDMARKS
from trainer.networks.finder import POINTS, STRIDE, Finder, probability


def tiny() -> Finder:
    torch.manual_seed(0)
    return Finder((4, 8, 8, 8, 8)).eval()


@pytest.mark.parametrize("size", [64, 96])
def test_shapes(size: int) -> None:
    cells = size // STRIDE
    with torch.no_grad():
        found = tiny()(torch.rand(2, 3, size, size) * 2 - 1)
    assert found.heat.shape == (2, 1, cells, cells)
    assert found.box.shape == (2, 4, cells, cells)
    assert found.landmarks.shape == (2, 2 * len(POINTS), cells, cells)


def test_points_are_landmarks_with_both_eyes() -> None:
    assert len(set(POINTS)) == len(POINTS)
    assert set(POINTS) <= set(LANDMARKS)
    assert {"left_eye", "right_eye"} <= set(POINTS)


def test_an_untrained_network_finds_nothing() -> None:
    with torch.no_grad():
        found = tiny()(torch.rand(1, 3, 64, 64) * 2 - 1)
    heat = probability(found).heat
    assert heat.min() > 0
    assert heat.max() < 0.35
    torch.testing.assert_close(torch.logit(heat), found.heat, atol=1e-4, rtol=1e-4)
    assert probability(found).box is found.box


def test_outputs_are_float32_in_half_precision_too() -> None:
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        found = tiny()(torch.rand(1, 3, 64, 64))
    assert {output.dtype for output in found} == {torch.float32}


def test_pictures_of_a_batch_do_not_touch_each_other() -> None:
    network, image = tiny(), torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        together, alone = network(image), network(image[1:])
    for a, b in zip(together, alone, strict=True):
        torch.testing.assert_close(a[1:], b, atol=1e-5, rtol=1e-4)


def test_a_cell_sees_a_close_up_whole() -> None:
    """The middle of a face of 160 px knows of its chin and its hairline."""
    network, image = tiny(), torch.rand(1, 3, 256, 256, requires_grad=True)
    network(image).box[0, :, 32, 32].sum().backward()
    assert image.grad is not None
    for rows in (slice(48, 56), slice(200, 208)):
        assert image.grad[0, :, rows, 120:136].abs().max() > 0
