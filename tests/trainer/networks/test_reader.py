"""The reader's network."""

from __future__ import annotations

import numpy as np
import torch

from contract import expression
from contract.card import ParameterSpec
from contract.control import encode
from trainer.networks.reader import Reader


def test_scale_is_that_of_controls() -> None:
    reader = Reader((8, 8, 16, 16))
    specs = tuple(
        ParameterSpec(name=p.name, low=p.low, high=p.high, neutral=p.neutral)
        for p in expression.PARAMETERS
    )
    for name in expression.EXPRESSIONS:
        vector = expression.preset(name)
        wanted = dict(zip(expression.NAMES, vector.tolist(), strict=True))
        wanted = {
            n: min(max(v, p.low), p.high) for (n, v), p in zip(wanted.items(), specs, strict=True)
        }
        control = encode(specs, wanted)[: expression.SIZE]
        scaled = reader.scaled(torch.from_numpy(vector)[None])[0]
        assert np.allclose(scaled.numpy(), control, atol=1e-6)


def test_vectors_stay_in_range() -> None:
    torch.manual_seed(0)
    reader = Reader((8, 8, 16, 16)).eval()
    with torch.no_grad():
        list(reader.head.parameters())[-1].fill_(100.0)
        read = reader.vectors(torch.rand(2, 3, 64, 64))
    assert tuple(read.shape) == (2, expression.SIZE)
    assert np.allclose(read.numpy(), np.stack([expression.HIGH] * 2))
