"""Method `finder`: supervised on drawn scenes; heat by a focal loss, boxes and landmarks by L1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from contract.labels import LANDMARKS
from trainer.data.dataset import DatasetError
from trainer.data.scenes import SceneSource, open_scenes
from trainer.data.source import Batch, Source
from trainer.methods.method import Loss, Method, Phase
from trainer.networks.finder import POINTS, STRIDE, Finder, Found
from trainer.recipe import Options, Recipe
from trainer.samples import grid

_CHOSEN: Final = torch.tensor([LANDMARKS.index(name) for name in POINTS])


class Sizes(Options):
    """`[network]`: channels at 1/2, 1/4, 1/8, 1/16 and 1/32 of the picture's side."""

    widths: tuple[int, int, int, int, int] = (16, 32, 64, 96, 160)


class Weights(Options):
    """`[weights]`: what each term counts."""

    heat: float = Field(default=1.0, description="focal loss of the heat")
    box: float = Field(default=1.0, description="L1 of the box, in box sides")
    landmarks: float = Field(default=4.0, description="L1 of the landmarks, in box sides")


class FinderMethod(Method):
    """One network, `finder`, averaged."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__(recipe)
        self.weights = recipe.section("weights", Weights)
        self.finder = Finder(recipe.section("network", Sizes).widths)
        self.networks = {"finder": self.finder}
        self.ema = ("finder",)
        self.optimisers = {
            "finder": torch.optim.AdamW(
                self.finder.parameters(), recipe.learning_rate, recipe.betas, weight_decay=0.01
            )
        }

    def source(self, data: Path | None) -> Source:
        """Scenes in folder `data`. Raises DatasetError."""
        if data is None:
            raise DatasetError("this method needs scenes: --data DIR (see `trainer draw --scenes`)")
        return SceneSource(open_scenes(data), self.recipe.batch, self.recipe.seed, self.recipe.size)

    def phases(self, step: int) -> Sequence[Phase]:
        """One move."""
        return (Phase("finder", "finder", self.loss),)

    def loss(self, batch: Batch) -> Loss:
        """Loss and figures of a batch of `SceneSource`."""
        found: Found = self.finder(batch["image"])
        wanted = targets(batch, found.heat.shape[-1])
        heat = focal(found.heat, wanted.heat)
        near = wanted.near
        total = near.sum().clamp_min(1.0)
        side = wanted.side
        box = ((found.box - wanted.box).abs().sum(1, keepdim=True) / side * near).sum() / total
        off = (found.landmarks - wanted.landmarks).abs().sum(1, keepdim=True) / side
        landmarks = (off * near).sum() / total / len(POINTS)
        w = self.weights
        loss = w.heat * heat + w.box * box + w.landmarks * landmarks
        return loss, {"heat": heat, "box": box, "landmarks": landmarks}

    def samples(self, batch: Batch, networks: Mapping[str, nn.Module]) -> Tensor:
        """Rows of picture | heat | picture with its landmarks at the hottest cell."""
        found: Found = cast(Finder, networks["finder"])(batch["image"])
        image = batch["image"].clone()
        size = image.shape[-1]
        for i in range(len(image)):
            cell = int(found.heat[i, 0].argmax())
            row, column = divmod(cell, found.heat.shape[-1])
            points = found.landmarks[i, :, row, column].view(-1, 2) * size
            for dx, dy in points.tolist():
                x, y = (column + 0.5) * STRIDE + dx, (row + 0.5) * STRIDE + dy
                x, y = (int(min(max(v, 1), size - 2)) for v in (x, y))
                image[i, :, y - 1 : y + 2, x - 1 : x + 2] = torch.tensor([1.0, -1.0, -1.0])[
                    :, None, None
                ]
        heat = F.interpolate(torch.sigmoid(found.heat), size=size)
        return grid([batch["image"], heat, image])


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the network should say; see `targets`."""

    heat: Tensor
    near: Tensor
    side: Tensor
    box: Tensor
    landmarks: Tensor


def targets(batch: Batch, cells: int) -> Wanted:
    """Targets on the grid of `cells` x `cells`.

    `heat` [N,1,h,w]: 1 at the cell of each face's centre, a Gaussian around it; `near` 1 at the
    cells that answer for a face (a tenth of its side around the centre), `side` the longer side of
    that face's box, `box` [N,4,h,w] and `landmarks` [N,2K,h,w] as in `Found`; all in sides of the
    picture.
    """
    image = batch["image"]
    n, size = len(image), image.shape[-1]
    device = image.device
    boxes = batch["boxes"] / size  # [N,F,4]
    points = batch["landmarks"][:, :, _CHOSEN.to(device)] / size  # [N,F,K,2]
    middle = boxes[..., :2] + boxes[..., 2:] / 2
    longer = boxes[..., 2:].amax(-1)
    inside = ((middle > 0) & (middle < 1)).all(-1) & (longer > 0.045)
    slots = torch.arange(boxes.shape[1], device=device)
    real = (slots < batch["count"][:, None].to(device)) & inside
    at = (torch.arange(cells, device=device) + 0.5) / cells
    grid_x, grid_y = at[None, :].expand(cells, cells), at[:, None].expand(cells, cells)
    # Distances between cells and centres, from the cell that holds the centre: [N,F,h,w].
    snapped = (middle * cells).floor().clamp(0, cells - 1).add(0.5) / cells
    dx = grid_x - snapped[..., 0, None, None]
    dy = grid_y - snapped[..., 1, None, None]
    squared = dx * dx + dy * dy
    sigma = (0.06 * longer).clamp_min(0.6 / cells)[..., None, None]
    blob = torch.exp(-squared / (2 * sigma * sigma)) * real[..., None, None]
    heat, _ = blob.max(1, keepdim=True)
    reach = (0.10 * longer).clamp_min(1.01 / cells)[..., None, None]
    close = (squared <= reach * reach) & real[..., None, None]
    owner = torch.where(close, blob, -1.0).argmax(1)  # [N,h,w]
    near = close.any(1, keepdim=True).float()
    rows = torch.arange(n, device=device)[:, None, None]
    own_box, own_points = boxes[rows, owner], points[rows, owner]  # [N,h,w,4], [N,h,w,K,2]
    left, top = grid_x - own_box[..., 0], grid_y - own_box[..., 1]
    right, bottom = own_box[..., 2] - left, own_box[..., 3] - top
    cell = torch.stack([grid_x, grid_y], -1)[None, :, :, None]
    offsets = (own_points - cell).flatten(3).permute(0, 3, 1, 2)
    return Wanted(
        heat=heat,
        near=near,
        side=longer[rows, owner].clamp_min(0.02)[:, None],
        box=torch.stack([left, top, right, bottom], 1),
        landmarks=offsets,
    )


def focal(logits: Tensor, wanted: Tensor) -> Tensor:
    """CornerNet's focal loss (Law & Deng 2018, eq. 1) per face, with alpha 2 and beta 4."""
    hot = (wanted > 0.999).float()
    p = torch.sigmoid(logits)
    gain = F.logsigmoid(logits) * (1 - p) ** 2 * hot
    rest = F.logsigmoid(-logits) * p**2 * (1 - wanted) ** 4 * (1 - hot)
    return -(gain + rest).sum() / hot.sum().clamp_min(1.0)


METHOD = FinderMethod
