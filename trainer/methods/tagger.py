"""Method `tagger`: tags and attributes of a drawing; its features serve other methods' losses."""

from __future__ import annotations

import torch.nn.functional as F
from torch import nn

from trainer.data.source import Batch
from trainer.methods.method import Loss
from trainer.methods.supervised import Supervised
from trainer.networks.tagger import Tagged, Tagger


class TaggerMethod(Supervised):
    """Network `tagger`."""

    name = "tagger"

    def build(self, widths: tuple[int, ...]) -> nn.Module:
        """See Supervised."""
        return Tagger(widths)

    def loss(self, batch: Batch) -> Loss:
        """Binary cross-entropies of tags and attributes. Figure `error`: tags told wrong."""
        found: Tagged = self.network(batch["image"])
        tags = F.binary_cross_entropy_with_logits(found.tags, batch["tags"])
        attributes = F.binary_cross_entropy_with_logits(found.attributes, batch["attributes"])
        wrong = ((found.tags > 0) != (batch["tags"] > 0.5)).float().mean()
        figures = {"tags": tags, "attributes": attributes, "error": wrong}
        return tags + 0.3 * attributes, figures


METHOD = TaggerMethod
