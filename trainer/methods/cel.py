"""Method `cel`: the served network learns from pairs of drawings of one face.

Every weight of the recipe's `[weights]` belongs to one term, described in `Weights`. The
discriminator, where there is one, moves after the generator and judges the pictures that the
generator has just made.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from contract import expression
from trainer.data.augment import Photometric
from trainer.data.dataset import Dataset, DatasetError
from trainer.data.misalignment import Misalignment
from trainer.data.source import Batch, PairSource, Source
from trainer.losses import adversarial, landmarks, movement, paired
from trainer.methods import registry
from trainer.methods.method import Loss, Method, Phase
from trainer.networks.cel import STRIDE, Cel, warp
from trainer.networks.exported import exported_weights
from trainer.networks.patch import PatchDiscriminator, Verdict
from trainer.networks.tagger import Tagger
from trainer.recipe import Options, Recipe, RecipeError
from trainer.samples import grid

CONTROL = 2 * expression.SIZE


class Sizes(Options):
    """`[network]`: see `trainer.networks.cel.Cel` and `trainer.networks.patch`."""

    widths: tuple[int, int, int, int, int] = (16, 64, 96, 160, 256)
    blocks: tuple[int, int, int] = (1, 1, 1)
    mapping: int = 128
    colours: int = 7
    reach: float = 0.15
    fine: bool = True
    start: Path | None = None
    """Folder of a run or an exported model to go on from: a coarse network (fine = false, half the
    size), or one of the same sizes."""
    tagger: Path | None = None
    """Folder of a run of the tagger; the perceptual term compares its features."""
    discriminator_width: int = 32
    discriminator_layers: int = 3
    discriminator_rate: float = 1.0
    """The discriminator's learning rate, in those of the recipe."""


class Weights(Options):
    """`[weights]`: what each term of the generator's loss counts."""

    change: float = Field(default=1.0, description="L1 inside the region that truly changed")
    share: float = Field(
        default=0.0, description="L1 inside that region, as a share of the change itself"
    )
    rest: float = Field(default=1.0, description="L1 over the whole picture")
    coarse: float = Field(default=0.5, description="L1 of 4 x 4 averages, inside the region")
    lines: float = Field(default=0.5, description="neighbour differences, at 1/1 and 1/2, inside")
    even: float = Field(
        default=0.5, ge=0, le=1, description="how far small changes count like large ones, inside"
    )
    movement: float = Field(default=3.0, description="displacement against the landmarks' way")
    brows: float = Field(default=0.3, description="mask on the brows, which are to be moved")
    nose: float = Field(default=0.1, description="mask around the nose, which stays as it is")
    landmarks: float = Field(default=0.3, description="maps of the landmarks, before and after")
    paint: float = Field(default=0.5, description="L1 of the paint alone at 1/2, inside")
    warped: float = Field(default=0.1, description="L1 of the warped original at 1/4, inside")
    perceptual: float = Field(default=0.0, description="L1 of a tagger's features at 1/2 to 1/8")
    restraint: float = Field(default=0.2, description="mask outside the region that changed")
    mask: float = Field(default=0.005, description="mask anywhere")
    roughness: float = Field(default=0.03, description="total variation of the displacement")
    adversarial: float = Field(default=0.0, description="game against the discriminator's patches")
    matching: float = Field(default=0.0, description="features of the discriminator, made and true")
    vector: float = Field(default=0.0, description="discriminator's estimate of the set parameters")
    adversarial_from: float = Field(
        default=0.0, ge=0, le=1, description="share of the steps before the discriminator starts"
    )

    @property
    def judged(self) -> bool:
        """Whether a discriminator takes part."""
        return self.adversarial > 0 or self.matching > 0 or self.vector > 0


class Pairs(Options):
    """`[data]`: see `trainer.data.source.PairSource`; `turn`, `scale` and `shift` are how far crops
    stray from the alignment template (`trainer.data.misalignment`), as the finder's will. With
    `keep_drawn`, brows and marks are never asked for; the data set is drawn with the same flag."""

    flip: bool = True
    keep_drawn: bool = False
    identity: float = 0.0
    set_more: float = 0.5
    towards_near: float = 0.0
    towards_named: float = 0.6
    window: int | None = Field(
        default=None, description="learn on the middle of the crops, so many pixels of them"
    )
    turn: float = 4.0
    scale: float = 0.06
    shift: float = 0.02


class CelMethod(Method):
    """Networks `generator` (averaged) and, where the recipe weighs it, `discriminator`."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__(recipe)
        sizes = recipe.section("network", Sizes)
        self.weights = recipe.section("weights", Weights)
        self.pairs = recipe.section("data", Pairs)
        self.drawn = expression.DRAWN if self.pairs.keep_drawn else ()
        self.generator = Cel(
            CONTROL,
            size=recipe.size,
            widths=sizes.widths,
            blocks=sizes.blocks,
            mapping=sizes.mapping,
            colours=sizes.colours,
            reach=sizes.reach,
            fine=sizes.fine,
        )
        self._start = sizes.start
        self.origins = (sizes.start,) if sizes.start else ()
        self.networks = {"generator": self.generator}
        self.ema = ("generator",)
        self.optimisers = {"generator": self._adam(self.generator)}
        if self.weights.judged:
            self.discriminator = PatchDiscriminator(
                CONTROL, sizes.discriminator_width, sizes.discriminator_layers
            )
            self.networks["discriminator"] = self.discriminator
            self.optimisers["discriminator"] = self._adam(
                self.discriminator, sizes.discriminator_rate
            )
        if self.weights.perceptual:
            self.frozen["tagger"] = _tagger(recipe, sizes.tagger)
        self._made: deque[Tensor] = deque()
        if recipe.compile:
            self._paired = torch.compile(self._paired)  # type: ignore[method-assign]

    def begin(self) -> None:
        """Go on from the network that the recipe names, if it does: that of a coarse run, refined;
        that of a run of the same network, with its discriminator where both have one; or an
        exported model of the same network.

        Raises CheckpointError, or RecipeError when that network does not fit.
        """
        if self._start is None:
            return
        where = f"recipe {self.recipe.name}: network.start = {self._start}"
        exported = (self._start / "card.json").exists()
        found = {} if exported else registry.trained(self._start).networks
        begun = found.get("generator")
        if not exported and not isinstance(begun, Cel):
            raise RecipeError(f"{where} is no run of the method cel")
        try:
            if begun is None:
                self.generator.load_state_dict(exported_weights(self._start))
            elif begun.fine == self.generator.fine and begun.size == self.generator.size:
                self.generator.load_state_dict(begun.state_dict())
                if self.weights.judged and "discriminator" in found:
                    self.discriminator.load_state_dict(found["discriminator"].state_dict())
            else:
                self.generator.refine(cast(Cel, begun))
        except (ValueError, FileNotFoundError) as error:
            raise RecipeError(f"{where}: {error}") from error
        except RuntimeError as error:
            raise RecipeError(
                f"{where} has other widths, blocks, mapping, colours or discriminator"
            ) from error

    def source(self, data: Path | None) -> Source:
        """Pairs from the drawn data set in `data`. Raises DatasetError."""
        if data is None:
            raise DatasetError("this method needs a data set: --data DIR (see `trainer draw`)")
        pairs = self.pairs
        if pairs.window is not None and (
            pairs.window > self.recipe.size or (self.recipe.size - pairs.window) % (2 * STRIDE)
        ):
            raise RecipeError(
                f"recipe {self.recipe.name}: data.window is {pairs.window}; it must be the size "
                f"({self.recipe.size}) less a multiple of {2 * STRIDE}"
            )
        dataset = Dataset.open(data)
        if pairs.keep_drawn and not dataset.description["notes"].get("keep_drawn"):
            raise DatasetError(
                f"{data} was drawn without --keep-drawn, which the recipe's data.keep_drawn needs; "
                "draw it again with it, or set keep_drawn to false"
            )
        return PairSource(
            dataset,
            batch_size=self.recipe.batch,
            seed=self.recipe.seed,
            size=self.recipe.size,
            augment=(Misalignment(pairs.turn, pairs.scale, pairs.shift), Photometric()),
            flip=pairs.flip,
            identity=pairs.identity,
            set_more=pairs.set_more,
            unset=self.drawn,
            towards_near=pairs.towards_near,
            towards_named=pairs.towards_named,
            window=pairs.window,
        )

    def phases(self, step: int) -> Sequence[Phase]:
        """The generator; from the share `adversarial_from` on, the discriminator after it."""
        judged = self.weights.judged and step >= self.weights.adversarial_from * self.recipe.steps
        if not judged:
            return (Phase("generator", "generator", self.paired_loss),)
        self._made.clear()
        return (
            Phase("generator", "generator", self.judged_loss),
            Phase("discriminator", "discriminator", self.discriminator_loss),
        )

    def paired_loss(self, batch: Batch) -> Loss:
        """All terms that need no discriminator, and `left`: see `_paired`."""
        return self._paired(batch)[1]

    def judged_loss(self, batch: Batch) -> Loss:
        """The paired terms and the discriminator's on the generator's pictures."""
        result, (loss, figures) = self._paired(batch)
        self._made.append(result.detach())
        w = self.weights
        made = self._judge(result, batch)
        with torch.no_grad():
            true = self._judge(batch["target"], batch)
        terms = {
            "adversarial": adversarial.told_apart(made.logits, true.logits, _weights(batch, made)),
            "matching": adversarial.matching(made.features, true.features),
        }
        if w.vector:
            terms["vector"] = _misread(made, batch)
        for name, term in terms.items():
            loss = loss + getattr(w, name) * term
        return loss, figures | terms

    def discriminator_loss(self, batch: Batch) -> Loss:
        """The game's loss; where `vector` counts, the estimate's error too. Figure `told_apart`:
        the weighted share of patches whose true drawing scores higher than the made one."""
        true = self._judge(batch["target"], batch)
        made = self._judge(self._made.popleft(), batch)
        loss = adversarial.told_apart(true.logits, made.logits, _weights(batch, true))
        above = (true.logits > made.logits).float()
        figures = {"told_apart": (above * _weights(batch, true)).mean()}
        if self.weights.vector:
            figures["vector"] = _misread(true, batch)
            loss = loss + figures["vector"]
        return loss, figures

    def samples(self, batch: Batch, networks: Mapping[str, nn.Module]) -> Tensor:
        """Rows of original | result | truth | mask | length of the displacement (white: reach)."""
        generator = cast(Cel, networks["generator"])
        change = generator(batch["source"], batch["control"])
        result = generator.apply_change(batch["source"], change)
        length = change.displacement.norm(dim=1, keepdim=True) / generator.reach
        return grid([batch["source"], result, batch["target"], change.mask, length])

    def _paired(self, batch: Batch) -> tuple[Tensor, Loss]:
        """The result and the paired loss. Figure `left`: mean over pairs of the L1 error inside the
        changed region, as a share of the error of leaving the picture alone."""
        w = self.weights
        source, target = batch["source"], batch["target"]
        change, maps = self.generator.understood(source, batch["control"])
        with torch.autocast(source.device.type, enabled=False):
            result = self.generator.apply_change(source, change)
            difference = (target - source).abs()
            region = paired.changed_region(difference)
            plain = paired.region_weights(region)
            inside = torch.lerp(plain, paired.even_weights(region), w.even)
            inside2 = paired.halved(inside)
            inside4 = paired.halved(inside2)
            target2 = paired.halved(target)
            target4, source4 = paired.halved(target2), F.avg_pool2d(source, 4)
            displacement4 = F.avg_pool2d(change.displacement, 4)
            error = result - target
            error2 = paired.halved(error)
            distance = paired.distance(error)
            terms = {
                "change": (distance * inside).mean(),
                "share": paired.share(distance, paired.distance(difference), region),
                "rest": distance.mean(),
                "coarse": paired.absolute(paired.halved(error2), inside4),
                "lines": paired.lines(error, inside) + paired.lines(error2, inside2),
                "paint": paired.absolute(paired.halved(change.paint) - target2, inside2),
                "warped": paired.absolute(warp(source4, displacement4) - target4, inside4),
                "restraint": paired.restraint(change.mask, region),
                "mask": change.mask.mean(),
                "roughness": paired.roughness(displacement4),
                "movement": movement.movement(
                    change.displacement,
                    batch["source_landmarks"],
                    batch["target_landmarks"],
                    region,
                ),
            }
            terms["brows"] = movement.painted_brows(
                change.mask, batch["source_landmarks"], batch["target_landmarks"]
            )
            terms["nose"] = movement.painted_nose(change.mask, batch["source_landmarks"])
            points = torch.cat((batch["source_landmarks"], batch["target_landmarks"]), 1)
            terms["landmarks"] = landmarks.astray(maps, points)
            if "tagger" in self.frozen:
                terms["perceptual"] = self._perceptual(result, target)
            loss = torch.stack([getattr(w, name) * term for name, term in terms.items()]).sum()
            with torch.no_grad():
                left = (distance * plain).mean() / paired.absolute(difference, plain).clamp_min(
                    1e-6
                )
        return result, (loss, terms | {"left": left})

    def _perceptual(self, result: Tensor, target: Tensor) -> Tensor:
        """Distance of the tagger's features at 1/2, 1/4 and 1/8, in the precision of the recipe."""
        tagger = cast(Tagger, self.frozen["tagger"])
        fast = self.recipe.precision == "bf16"
        with torch.autocast(result.device.type, dtype=torch.bfloat16, enabled=fast):
            with torch.no_grad():
                wanted = tagger.features(target)[:3]
            return adversarial.matching(tagger.features(result)[:3], wanted)

    def _judge(self, picture: Tensor, batch: Batch) -> Verdict:
        return cast(Verdict, self.discriminator(picture, batch["source"], batch["control"]))

    def _adam(self, network: nn.Module, rate: float = 1.0) -> torch.optim.Optimizer:
        return torch.optim.Adam(
            network.parameters(), rate * self.recipe.learning_rate, betas=self.recipe.betas
        )


def _weights(batch: Batch, verdict: Verdict) -> Tensor:
    """What each patch of a verdict counts: little where the artist changed nothing."""
    region = paired.changed_region((batch["target"] - batch["source"]).abs())
    return adversarial.patch_weights(region, verdict.logits)


def _misread(verdict: Verdict, batch: Batch) -> Tensor:
    """Error of the parameters that the discriminator reads, over those that are set."""
    value, asked = batch["control"].chunk(2, 1)
    return (F.smooth_l1_loss(verdict.vector, value, reduction="none") * asked).mean()


def _tagger(recipe: Recipe, run: Path | None) -> Tagger:
    if run is None:
        raise RecipeError(
            f"recipe {recipe.name}: weights.perceptual needs a trained tagger; name the folder of "
            "its run as network.tagger, or set the weight to 0"
        )
    tagger = registry.trained(run).networks.get("tagger")
    if not isinstance(tagger, Tagger):
        raise RecipeError(f"recipe {recipe.name}: {run} is no run of the tagger")
    return tagger


METHOD = CelMethod
