"""Method `reader`: the expression vector of a drawing."""

from __future__ import annotations

import torch.nn.functional as F
from torch import nn

from trainer.data.source import Batch
from trainer.methods.method import Loss
from trainer.methods.supervised import Supervised
from trainer.networks.reader import Reader

HUBER = 0.1
"""Where the loss turns from square to straight, in scaled units (1: the whole way from neutral)."""


class ReaderMethod(Supervised):
    """Network `reader`."""

    name = "reader"
    network: Reader

    def build(self, widths: tuple[int, ...]) -> nn.Module:
        """See Supervised."""
        return Reader(widths)

    def loss(self, batch: Batch) -> Loss:
        """Huber loss on scaled values. Figure `share`: absolute error as a share of that of always
        saying neutral."""
        truth = self.network.scaled(batch["vector"])
        found = self.network(batch["image"])
        loss = F.huber_loss(found, truth, delta=HUBER) / HUBER
        error = (found - truth).abs().mean()
        return loss, {"share": error / truth.abs().mean().clamp_min(1e-6)}


METHOD = ReaderMethod
