"""Method `judge`: expression, attributes and colours of a drawing. For figures, not for losses."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trainer.data.source import Batch
from trainer.methods.method import Loss
from trainer.methods.supervised import Supervised
from trainer.networks.judge import Judge, Judgement


class JudgeMethod(Supervised):
    """Network `judge`."""

    name = "judge"

    def build(self, widths: tuple[int, ...]) -> nn.Module:
        """See Supervised."""
        return Judge(widths)

    def loss(self, batch: Batch) -> Loss:
        """Cross-entropies, averaged over heads. Drawings of no preset do not count in the first."""
        found: Judgement = self.network(batch["image"])
        named = batch["preset"] >= 0
        expression = F.cross_entropy(
            found.expression, batch["preset"].clamp_min(0), reduction="none", label_smoothing=0.05
        )
        terms = {
            "expression": (expression * named).sum() / named.sum().clamp_min(1),
            "attributes": F.binary_cross_entropy_with_logits(found.attributes, batch["attributes"]),
            "hair": F.cross_entropy(found.hair, batch["hair"]),
            "eyes": F.cross_entropy(found.eyes, batch["eyes"]),
        }
        loss = 2 * terms["expression"] + terms["attributes"] + 0.3 * (terms["hair"] + terms["eyes"])
        return loss, terms | {"accuracy": _accuracy(found.expression, batch["preset"])}


def _accuracy(logits: Tensor, labels: Tensor) -> Tensor:
    """The share of labelled rows whose largest logit is right."""
    named = labels >= 0
    right = (logits.argmax(1) == labels) & named
    return torch.as_tensor(right.sum() / named.sum().clamp_min(1))


METHOD = JudgeMethod
