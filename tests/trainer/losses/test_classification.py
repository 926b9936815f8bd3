"""Losses that hold a picture to an expression."""

from __future__ import annotations

import math

import pytest
import torch

from trainer.losses.classification import label_loss, vector_loss


def test_an_undecided_reading_costs_the_logarithm_of_the_labels() -> None:
    loss = label_loss(torch.zeros(4, 6), torch.tensor([0, 1, 2, 3]))
    assert loss.item() == pytest.approx(math.log(6))


def test_vectors_are_summed_over_parameters_and_averaged_over_the_batch() -> None:
    reading = torch.tensor([[1.0, 2.0], [0.0, 0.0]])
    assert vector_loss(reading, torch.zeros(2, 2)).item() == pytest.approx(2.5)
