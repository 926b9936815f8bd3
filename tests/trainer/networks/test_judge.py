"""The judge's network."""

from __future__ import annotations

import pytest
import torch

from trainer.networks.judge import Judge


@pytest.mark.parametrize("side", [64, 128])
def test_heads(side: int) -> None:
    judge = Judge((8, 16, 16, 16)).eval()
    found = judge(torch.zeros(2, 3, side, side))
    assert [tuple(head.shape) for head in found] == [(2, 14), (2, 8), (2, 12), (2, 10)]
    assert all(head.dtype == torch.float32 for head in found)


def test_evaluation_does_not_depend_on_the_batch() -> None:
    torch.manual_seed(0)
    judge = Judge((8, 16, 16, 16)).eval()
    pictures = torch.rand(3, 3, 64, 64)
    together = judge(pictures).expression
    alone = torch.cat([judge(one[None]).expression for one in pictures])
    assert torch.allclose(together, alone, atol=1e-5)
