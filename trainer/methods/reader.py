"""Method `reader`: expression vector, named expression and attributes of a drawing."""

from __future__ import annotations

import torch.nn.functional as F
from torch import nn

from trainer.data.source import Batch
from trainer.methods.method import Loss
from trainer.methods.supervised import Supervised
from trainer.networks.reader import Reader, Reading

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
        """Huber loss on scaled values, cross-entropies of name and attributes.

        Drawings of no preset do not count in the name's. Figure `share`: absolute error of the
        vector as a share of that of always saying neutral.
        """
        truth = self.network.scaled(batch["vector"])
        found: Reading = self.network(batch["image"])
        named = batch["preset"] >= 0
        name = F.cross_entropy(found.expression, batch["preset"].clamp_min(0), reduction="none")
        terms = {
            "vector": F.huber_loss(found.vector, truth, delta=HUBER) / HUBER,
            "expression": (name * named).sum() / named.sum().clamp_min(1),
            "attributes": F.binary_cross_entropy_with_logits(found.attributes, batch["attributes"]),
        }
        loss = terms["vector"] + 0.1 * terms["expression"] + 0.1 * terms["attributes"]
        error = (found.vector - truth).abs().mean()
        right = (found.expression.argmax(1) == batch["preset"]) & named
        return loss, terms | {
            "share": error / truth.abs().mean().clamp_min(1e-6),
            "accuracy": right.sum() / named.sum().clamp_min(1),
        }


METHOD = ReaderMethod
