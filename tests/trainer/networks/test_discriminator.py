"""The discriminator's sizes are those published for StarGAN."""

from __future__ import annotations

import pytest
import torch

from trainer.networks.discriminator import Discriminator


@pytest.mark.parametrize(
    ("size", "labels", "count"),
    [(128, 5, 44_762_048), (128, 8, 44_786_624), (256, 5, 44_884_928)],
)
def test_parameter_counts(size: int, labels: int, count: int) -> None:
    with torch.device("meta"):
        network = Discriminator(size, labels)
    assert sum(p.numel() for p in network.parameters()) == count


def test_shapes() -> None:
    scores, readings = Discriminator(32, 7, width=4, layers=4)(torch.zeros(3, 3, 32, 32))
    assert scores.shape == (3, 1, 2, 2)
    assert readings.shape == (3, 7)


def test_a_size_that_cannot_be_halved_is_named() -> None:
    with pytest.raises(ValueError, match="multiple of 64"):
        Discriminator(96, 5)
