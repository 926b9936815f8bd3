"""The exponential moving average of a network's weights."""

from __future__ import annotations

import copy

import torch
from torch import nn


class Average:
    """A copy of `network` that follows it.

    After step n (counted from 0) the decay is min(decay, (1 + n) / (10 + n)): a young average
    forgets its random start. Buffers are copied.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Move towards `network` after step `step`."""
        decay = min(self.decay, (1 + step) / (10 + step))
        mine = [p.data for p in self.network.parameters()]
        theirs = [p.data for p in network.parameters()]
        if mine:
            torch._foreach_lerp_(mine, theirs, 1.0 - decay)
        for buffer, current in zip(self.network.buffers(), network.buffers(), strict=True):
            buffer.copy_(current)
