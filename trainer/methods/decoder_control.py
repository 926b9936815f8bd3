"""Method `decoder_control`: Rao et al.'s generator and losses, and one term that they could not
have: the true drawing of the target.

As published: WGAN-GP, classification, contextual loss, one-hot control. Ours, by recipe: the vector
control, the paired L1 term, and restraints on the mask, which saturates without them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from contract import assets, expression
from trainer.data.dataset import Dataset, DatasetError
from trainer.data.source import Batch, PairSource, Source, scaled
from trainer.losses import adversarial, mask
from trainer.losses.classification import label_loss, vector_loss
from trainer.losses.contextual import contextual_loss
from trainer.methods import registry
from trainer.methods.method import Loss, Method, Phase
from trainer.networks.decoder_control import Generator, compose
from trainer.networks.discriminator import Discriminator
from trainer.networks.tagger import Tagger
from trainer.networks.vgg19 import ASSET, load_vgg19
from trainer.recipe import Options, Recipe, RecipeError
from trainer.samples import grid


class Sizes(Options):
    """`[network]`: the published widths by default. See `trainer.networks.decoder_control`."""

    control: Literal["one_hot", "vector"] = "one_hot"
    width: int = 64
    attention_width: int | None = None
    mapping: int = 512
    information: int = 512
    discriminator_width: int = 64
    discriminator_layers: int = 6
    critic_steps: int = Field(default=5, gt=0, description="critic moves per generator move")
    features: Literal["auto", "vgg19", "tagger"] = Field(
        default="auto", description="what the contextual loss sees; auto: VGG19 if at hand"
    )
    tagger: Path | None = Field(default=None, description="run of a trained tagger")


class Weights(Options):
    """`[weights]`: what each term counts; the paper's where it has one."""

    classification: float = 1.0
    penalty: float = 10.0
    contextual: float = 0.1
    paired: float = Field(default=0.0, description="L1 to the true drawing")
    mask: float = Field(default=0.1, description="mean of the mask (GANimation's)")
    variation: float = Field(default=1e-5, description="total variation of the mask, the same")


class Pairs(Options):
    """`[data]`: see `trainer.data.source.PairSource`."""

    flip: bool = True
    identity: float = 0.06
    set_more: float = 0.5


class TaggerFeatures(nn.Module):
    """Our tagger's feature maps at 1/4 and 1/8, the scales of VGG19's conv3_2 and conv4_2."""

    def __init__(self, tagger: Tagger) -> None:
        super().__init__()
        self.tagger = tagger

    def forward(self, image: Tensor) -> list[Tensor]:
        """image [N,3,S,S] in [-1,1] to the two maps."""
        return self.tagger.features(image)[1:3]


class DecoderControl(Method):
    """Networks `generator` (averaged) and `discriminator`."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__(recipe)
        self.sizes = sizes = recipe.section("network", Sizes)
        self.weights = recipe.section("weights", Weights)
        self.labelled = sizes.control == "one_hot"
        labels = len(expression.EXPRESSIONS)
        self.generator = Generator(
            labels if self.labelled else 2 * expression.SIZE,
            width=sizes.width,
            attention_width=sizes.attention_width,
            mapping=sizes.mapping,
            information=sizes.information,
        )
        try:
            self.discriminator = Discriminator(
                recipe.size,
                labels if self.labelled else expression.SIZE,
                width=sizes.discriminator_width,
                layers=sizes.discriminator_layers,
            )
        except ValueError as error:
            raise RecipeError(f"recipe {recipe.name}: {error}") from error
        self.networks = {"generator": self.generator, "discriminator": self.discriminator}
        self.ema = ("generator",)
        self.optimisers = {
            name: torch.optim.Adam(network.parameters(), recipe.learning_rate, betas=recipe.betas)
            for name, network in self.networks.items()
        }

    def source(self, data: Path | None) -> Source:
        """Pairs from the drawn data set in `data`. Raises DatasetError, RecipeError."""
        if data is None:
            raise DatasetError("this method needs a data set: --data DIR (see `trainer draw`)")
        pairs = self.recipe.section("data", Pairs)
        self._find_features()
        return PairSource(
            Dataset.open(data),
            batch_size=self.recipe.batch,
            seed=self.recipe.seed,
            size=self.recipe.size,
            flip=pairs.flip,
            identity=pairs.identity,
            set_more=pairs.set_more,
            labelled=self.labelled,
        )

    def phases(self, step: int) -> Sequence[Phase]:
        """The critic each step, the generator after every `critic_steps` of them."""
        critic = Phase("discriminator", "discriminator", self.discriminator_loss)
        if (step + 1) % self.sizes.critic_steps:
            return (critic,)
        return (critic, Phase("generator", "generator", self.generator_loss))

    def discriminator_loss(self, batch: Batch) -> Loss:
        """Eq. 15: critic, reading of the true picture's own expression, gradient penalty."""
        real = batch["source"]
        with torch.no_grad():
            fake = self._result(self.generator, batch)[0].to(real.dtype)
        real_scores, reading = self.discriminator(real)
        critic = adversarial.critic_loss(real_scores, self.discriminator(fake)[0])
        reading_error = self._reading_loss(reading, batch, "source")
        penalty = adversarial.gradient_penalty(
            lambda between: self.discriminator(between)[0], real, fake, batch["chance"]
        )
        w = self.weights
        loss = critic + w.classification * reading_error + w.penalty * penalty
        return loss, {"critic": critic, "classification": reading_error, "penalty": penalty}

    def generator_loss(self, batch: Batch) -> Loss:
        """Eq. 14 and the terms of ours that the recipe weighs. Figure `left` is the paired L1 error
        as a share of the error of leaving the pictures as they are."""
        w = self.weights
        result, opened = self._result(self.generator, batch)
        scores, reading = self.discriminator(result)
        terms = {
            "adversarial": adversarial.generator_loss(scores),
            "classification": self._reading_loss(reading, batch, "target"),
        }
        if w.paired:
            terms["paired"] = (result.float() - batch["target"]).abs().mean()
        if w.contextual:
            terms["contextual"] = self._contextual(result, batch["source"])
        if w.mask:
            terms["mask"] = mask.mean_mask(opened)
        if w.variation:
            terms["variation"] = mask.total_variation(opened)
        weights = {"adversarial": 1.0, **w.model_dump()}
        loss = torch.stack([weights[name] * term for name, term in terms.items()]).sum()
        with torch.no_grad():
            error = (result.float() - batch["target"]).abs().mean()
            still = (batch["source"] - batch["target"]).abs().mean()
        return loss, terms | {"left": error / still.clamp_min(1e-6)}

    def samples(self, batch: Batch, networks: Mapping[str, nn.Module]) -> Tensor:
        """Rows of original | result | truth | paint | mask."""
        paint, opened = networks["generator"](batch["source"], self._control(batch))
        result = compose(batch["source"], paint, opened)
        return grid([batch["source"], result, batch["target"], paint, opened])

    def _result(self, generator: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """The composed picture [N,3,S,S] and the mask [N,1,S,S]."""
        paint, opened = generator(batch["source"], self._control(batch))
        return compose(batch["source"], paint, opened), opened

    def _control(self, batch: Batch) -> Tensor:
        if not self.labelled:
            return batch["control"]
        return F.one_hot(batch["target_label"], len(expression.EXPRESSIONS)).float()

    def _reading_loss(self, reading: Tensor, batch: Batch, side: str) -> Tensor:
        if self.labelled:
            return label_loss(reading, batch[f"{side}_label"])
        return vector_loss(reading, scaled(batch[f"{side}_vector"]))

    def _contextual(self, result: Tensor, source: Tensor) -> Tensor:
        """Eq. 13, summed over the feature maps."""
        features = self.frozen["features"]
        with torch.no_grad():
            wanted = features(source)
        found = features(result)
        losses = [contextual_loss(x, y) for x, y in zip(found, wanted, strict=True)]
        return torch.stack(losses).sum()

    def _find_features(self) -> None:
        """Load what the contextual loss sees. Raises RecipeError when there is nothing."""
        if not self.weights.contextual or "features" in self.frozen:
            return
        choice = self.sizes.features
        path = assets.asset_at_hand(ASSET) if choice == "auto" else None
        if choice == "vgg19":
            path = assets.asset_path(ASSET)  # fetched where it is missing
        if path is not None:
            self.frozen["features"] = load_vgg19(path)
        elif self.sizes.tagger is not None:
            tagger = registry.trained(self.sizes.tagger).networks.get("tagger")
            if not isinstance(tagger, Tagger):
                raise RecipeError(
                    f"recipe {self.recipe.name}: {self.sizes.tagger} is no run of a tagger"
                )
            self.frozen["features"] = TaggerFeatures(tagger)
        else:
            raise RecipeError(
                f"recipe {self.recipe.name}: the contextual loss needs features; put {ASSET} into "
                "a folder of CELMOOD_ASSETS, or name the run of a trained tagger as "
                "network.tagger, or set weights.contextual to 0"
            )


METHOD = DecoderControl
