"""The patch discriminator: shapes, and that original, control and picture all count."""

from __future__ import annotations

import torch

from trainer.networks.patch import PatchDiscriminator


def test_shapes() -> None:
    verdict = PatchDiscriminator(62, width=4, layers=3)(
        torch.rand(2, 3, 64, 64), torch.rand(2, 3, 64, 64), torch.rand(2, 62)
    )
    assert verdict.logits.shape == (2, 1, 4, 4)
    assert verdict.vector.shape == (2, 31)
    assert [f.shape[1:] for f in verdict.features] == [(4, 16, 16), (8, 8, 8), (16, 4, 4)]


def test_all_inputs_count() -> None:
    torch.manual_seed(0)
    inputs = [torch.rand(1, 3, 32, 32), torch.rand(1, 3, 32, 32), torch.rand(1, 62)]
    for tensor in inputs:
        tensor.requires_grad_(True)
    PatchDiscriminator(62, width=4, layers=2)(*inputs).logits.sum().backward()
    assert all(tensor.grad is not None and tensor.grad.abs().max() > 0 for tensor in inputs)
