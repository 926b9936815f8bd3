"""What editing at the picture's own resolution gains, and that nothing else is touched.

The same characters are drawn at several sizes. Once the change is applied as the service does it,
with the picture's own pixels; once the network's small result is made larger and laid over the
face. Both are compared with the true drawing at that size.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from contract.expression import CORE_EXPRESSIONS, preset
from contract.pixels import from_network, to_network
from faces.align import inverse, of_centres, scale_of
from faces.canvas import RGB8, Canvas
from trainer.data.dataset import Dataset
from trainer.data.redrawn import Portrait, sitter
from trainer.metrics.editors import Changer, Layers, composed, control_between
from trainer.metrics.region import absolute_error, changed
from trainer.metrics.similarity import decibels, mean_in, squared_error
from trainer.metrics.whole import Edited, edit

SIZES: Final = (256, 1024)
SERVED: Final = "served"
ENLARGED: Final = "enlarged"
WAYS: Final = (SERVED, ENLARGED)

LEAST_MASK: Final = 1 / 510
"""Paint with a smaller share changes a byte by less than half a step."""

LEAST_MOVE: Final = 0.05
"""A shorter move, in pixels of the picture, is none."""

REACH: Final = 2
"""So many pixels of the crop beyond its mask may change: what resampling spreads."""

_EDGE: Final = 0.06
"""Over this share of its side, the enlarged result is faded out."""


@dataclass(slots=True)
class WaySums:
    """Sums over the edits of one size and way."""

    edits: int = 0
    error: float = 0.0
    error_of_leaving: float = 0.0
    region_psnr: float = 0.0
    kept_psnr: float = 0.0
    """Of what the artist left alone."""
    psnr: float = 0.0

    @property
    def share(self) -> float:
        """L1 error inside the region that the artist changed, a share of that of leaving it."""
        return self.error / self.error_of_leaving if self.error_of_leaving else math.nan


@dataclass(slots=True)
class Resolved:
    """All that was counted: sums by size and way; pixels outside of the mask, and those of them
    that changed nevertheless."""

    characters: int = 0
    sums: dict[tuple[int, str], WaySums] = field(default_factory=lambda: defaultdict(WaySums))
    outside: int = 0
    changed_outside: int = 0
    examples: list[tuple[RGB8, ...]] = field(default_factory=list)
    """Input, enlarged, served, truth at the largest size."""


def measure(
    editor: Changer,
    dataset: Dataset,
    *,
    characters: int,
    sizes: tuple[int, ...] = SIZES,
    examples: int = 4,
    progress: Callable[[Iterator[int]], Iterator[int]] = iter,
) -> Resolved:
    """Measure on the first `characters` of `dataset`, drawn again; six edits of each at each size.

    Raises DatasetError or AlignmentError.
    """
    found = Resolved(characters=characters)
    vectors = [preset(name) for name in CORE_EXPRESSIONS]
    count = len(CORE_EXPRESSIONS)
    for who in progress(iter(range(characters))):
        sits = sitter(dataset, who)
        step = 1 + who % (count - 1)
        for size in sizes:
            portraits = sits.drawn(vectors, size)
            for i in range(count):
                j = (i + step) % count
                control = control_between(
                    editor, vectors[i][None], vectors[j][None], [CORE_EXPRESSIONS[j]]
                )[0]
                shown = _measure_one(editor, portraits[i], portraits[j], control, size, found)
                if size == max(sizes) and who < examples and i == who % count:
                    found.examples.append(shown)
    return found


def enlarged(canvas: Canvas, edited: Edited, editor: Changer) -> RGB8:
    """The network's own result, made as large as the face and laid over it with a soft edge."""
    change, matrix = edited.change, edited.matrix
    low, high = editor.pixels.value_range
    moves = change.displacement
    layers = Layers(
        torch.from_numpy(change.paint)[None] * (high - low) + low,
        torch.from_numpy(change.mask)[None, None],
        None if moves is None else torch.from_numpy(moves)[None],
    )
    image = torch.from_numpy(to_network(edited.crop, editor.pixels))
    result = from_network(composed(image, layers).numpy(), editor.pixels)[0]
    size = editor.size
    edge = (np.arange(size, dtype=np.float32) + 0.5) / size
    soft = np.clip(np.minimum(edge, 1 - edge) / np.float32(_EDGE), 0, 1)
    cover = np.minimum(soft[:, None], soft[None, :])
    back, place = of_centres(inverse(matrix)), (canvas.width, canvas.height)
    large = cv2.warpAffine(
        result, back, place, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    share = cv2.warpAffine(cover, back, place, flags=cv2.INTER_LINEAR)[..., None]
    mixed = canvas.pixels[..., :3] * (1 - share) + large * share
    return np.asarray(np.rint(mixed), np.uint8)


def allowed(edited: Edited, canvas: Canvas) -> NDArray[np.bool_]:
    """The pixels of the picture [H,W] that the edit has anything to do with."""
    change, size = edited.change, edited.crop.shape[0]
    some = change.mask >= LEAST_MASK
    if change.displacement is not None:
        side = size / scale_of(edited.matrix)
        some |= np.hypot(*change.displacement) * side >= LEAST_MOVE
    reach = np.ones((2 * REACH + 1, 2 * REACH + 1), np.uint8)
    near = cv2.dilate(np.pad(some.astype(np.uint8), REACH), reach)
    matrix = edited.matrix.copy()
    matrix[:, 2] += REACH
    place = (canvas.width, canvas.height)
    there = cv2.warpAffine(near, of_centres(inverse(matrix)), place, flags=cv2.INTER_NEAREST)
    inside = np.asarray(there > 0)
    x, y, width, height = edited.written.drawing
    inside[y : y + height, x : x + width] = True
    return inside


def _measure_one(
    editor: Changer, given: Portrait, wanted: Portrait, control: Tensor, size: int, found: Resolved
) -> tuple[RGB8, ...]:
    canvas = Canvas(given.picture)
    edited = edit(editor, canvas, given.landmarks, control)
    outside = ~allowed(edited, canvas)
    different = (edited.pixels != canvas.pixels).any(axis=2)
    found.outside += int(outside.sum())
    found.changed_outside += int((outside & different).sum())
    results = {SERVED: edited.pixels, ENLARGED: enlarged(canvas, edited, editor)}
    before, truth = _tensor(given.picture), _tensor(wanted.picture)
    region = changed(before, truth)
    for way, pixels in results.items():
        after = _tensor(np.asarray(pixels, np.uint8))
        squared = squared_error(after, truth)
        sums = found.sums[size, way]
        if not bool(region.any()):
            continue
        sums.edits += 1
        sums.error += float(absolute_error(after, truth, region))
        sums.error_of_leaving += float(absolute_error(before, truth, region))
        sums.region_psnr += float(decibels(mean_in(squared, region)))
        sums.kept_psnr += float(decibels(mean_in(squared, ~region)))
        sums.psnr += float(decibels(mean_in(squared)))
    served = np.asarray(results[SERVED], np.uint8)
    return given.picture, np.asarray(results[ENLARGED], np.uint8), served, wanted.picture


def _tensor(picture: RGB8) -> Tensor:
    return torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
