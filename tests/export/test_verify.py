"""Verification: passes for the same network, refuses for any other."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from contract.card import Tensor
from export.convert import to_onnx
from export.verify import VerificationError, verify


def test_agreement_counts_every_batch_picture_control_and_output(
    tiny: torch.nn.Module, inputs: tuple[Tensor, ...], outputs: tuple[Tensor, ...]
) -> None:
    model = to_onnx(tiny, inputs, outputs)
    drawn = np.random.default_rng(1).uniform(-1, 1, (2, 3, 16, 16)).astype(np.float32)
    controls = np.eye(6, dtype=np.float32)
    agreement = verify(
        tiny, model, inputs, outputs, pictures=drawn, controls=controls, tolerance=1e-4
    )
    assert agreement.comparisons == 3 * 3 * 3 * 2
    assert set(agreement.largest) == {"paint", "mask"}
    assert "54 comparisons" in str(agreement)


def test_other_weights_are_refused_and_the_difference_is_named(
    tiny: torch.nn.Module, inputs: tuple[Tensor, ...], outputs: tuple[Tensor, ...]
) -> None:
    model = to_onnx(tiny, inputs, outputs)
    other = copy.deepcopy(tiny)
    with torch.no_grad():
        for weight in other.parameters():
            weight.mul_(1.1)
    with pytest.raises(VerificationError, match=r"more than 1\.0e-04: paint .*mask"):
        verify(other, model, inputs, outputs, tolerance=1e-4)


class Divides(torch.nn.Module):
    """Not finite for an all-zero control, as a normalised label is without an epsilon."""

    def forward(self, image: torch.Tensor, control: torch.Tensor) -> torch.Tensor:
        direction: torch.Tensor = control / control.norm(dim=1, keepdim=True)
        return image * direction.sum(1)[:, None, None, None]


def test_a_zero_control_that_is_not_finite_is_refused(inputs: tuple[Tensor, ...]) -> None:
    outputs = (Tensor(name="paint", shape=inputs[0].shape),)
    network = Divides()
    model = to_onnx(network, inputs, outputs)
    with pytest.raises(VerificationError, match="not finite"):
        verify(network, model, inputs, outputs)
