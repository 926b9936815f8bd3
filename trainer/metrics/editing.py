"""How well an editor changes expressions: its results on held-out drawings against the truth.

Each character is drawn with several presets; every ordered pair of the six core expressions is an
edit whose right answer exists as a drawing. Other presets are edits too, each from one source. With
`rotate`, a character takes part in six of the pairs only, each six characters in all of them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from contract.expression import CORE_EXPRESSIONS, EXPRESSIONS
from trainer.data.dataset import Dataset, DatasetError
from trainer.data.source import to_tensor
from trainer.metrics.confusion import Confusion
from trainer.metrics.editors import Editor, control_between
from trainer.metrics.judging import Judges
from trainer.metrics.region import MARGIN, absolute_error, changed, dilated, spilled
from trainer.metrics.similarity import SsimMap, decibels, mean_in, squared_error

Pair = tuple[str, str]
"""The expression that a drawing has and the one that is asked for."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit of one character: views of the data set and their expressions."""

    character: int
    source: int
    target: int
    pair: Pair


@dataclass(frozen=True, slots=True)
class Example:
    """Pictures [3,S,S] in [0,1] of one edit, with its share of the error that was left."""

    edit: Edit
    before: Tensor
    result: Tensor
    truth: Tensor
    share: float


@dataclass(slots=True)
class Sums:
    """Sums over the edits of one pair. Figures of a region count only edits that have one."""

    edits: int = 0
    psnr: float = 0.0
    squared: float = 0.0
    ssim: float = 0.0
    regions: int = 0
    region_psnr: float = 0.0
    region_ssim: float = 0.0
    error: float = 0.0
    error_of_leaving: float = 0.0
    spilled: float = 0.0

    def __add__(self, other: Sums) -> Sums:
        return Sums(*(getattr(self, n) + getattr(other, n) for n in self.__slots__))

    @property
    def share(self) -> float:
        """L1 error inside the changed region as a share of that of leaving the picture alone."""
        return self.error / self.error_of_leaving if self.error_of_leaving else math.nan


@dataclass(slots=True)
class Measured:
    """All that was counted. `confusion` has the six core rows, as `truth_confusion` of drawings."""

    characters: int = 0
    pairs: dict[Pair, Sums] = field(default_factory=lambda: defaultdict(Sums))
    confusion: Confusion = field(default_factory=lambda: Confusion(CORE_EXPRESSIONS))
    truth_confusion: Confusion = field(default_factory=lambda: Confusion(CORE_EXPRESSIONS))
    all_confusion: Confusion = field(default_factory=lambda: Confusion(EXPRESSIONS))
    all_truth_confusion: Confusion = field(default_factory=lambda: Confusion(EXPRESSIONS))
    examples: dict[str, list[Example]] = field(default_factory=lambda: defaultdict(list))
    worst: list[Example] = field(default_factory=list)


def measure(
    editor: Editor,
    judge: Judges | None,
    dataset: Dataset,
    *,
    characters: int,
    batch: int = 16,
    examples: int = 8,
    rotate: bool = False,
    progress: Callable[[Iterator[int]], Iterator[int]] = iter,
) -> Measured:
    """Measure `editor` on the first `characters` of `dataset`, `batch` edits at a time.

    Raises DatasetError when the data set has fewer, smaller pictures than the editor takes, or no
    drawings of the core expressions.
    """
    if characters > dataset.characters:
        raise DatasetError(
            f"{dataset.folder} has {dataset.characters} characters, {characters} are asked for; "
            "draw more, or ask for fewer with --characters"
        )
    if editor.size > dataset.size:
        raise DatasetError(
            f"{dataset.folder} has pictures of {dataset.size} pixels, the model takes "
            f"{editor.size}; draw a larger data set"
        )
    measured = Measured(characters=characters)
    for who in progress(iter(range(characters))):
        edits = plan(dataset, who, rotate)
        pictures = to_tensor(_pictures(dataset, who, editor.size))
        if judge is not None:
            _judge_truths(judge, pictures, dataset.labels.presets[who], measured)
        for start in range(0, len(edits), batch):
            _measure_batch(
                editor, judge, dataset, pictures, edits[start : start + batch], measured, examples
            )
    return measured


def plan(dataset: Dataset, who: int, rotate: bool = False) -> list[Edit]:
    """The edits of character `who`: every ordered pair of core expressions with itself included,
    and every other preset from one source and from itself. With `rotate`, one edit from each core
    expression, to another one with each character.

    Raises DatasetError where a core expression is missing.
    """
    views = {
        EXPRESSIONS[preset]: view
        for view, preset in reversed(list(enumerate(dataset.labels.presets[who].tolist())))
        if preset >= 0
    }
    missing = [name for name in CORE_EXPRESSIONS if name not in views]
    if missing:
        raise DatasetError(
            f"{dataset.folder}: character {who} is not drawn {', '.join(missing)}; evaluation "
            "needs every core expression of each character"
        )
    count = len(CORE_EXPRESSIONS)
    steps = (who % count,) if rotate else range(count)
    pairs = [
        (CORE_EXPRESSIONS[i], CORE_EXPRESSIONS[(i + step) % count])
        for step in steps
        for i in range(count)
    ]
    others = [name for name in EXPRESSIONS if name in views and name not in CORE_EXPRESSIONS]
    for i, name in enumerate(others):
        pairs += [(CORE_EXPRESSIONS[(who + i) % count], name), (name, name)]
    return [Edit(who, views[a], views[b], (a, b)) for a, b in pairs]


def _pictures(dataset: Dataset, who: int, size: int) -> NDArray[np.uint8]:
    drawn = np.array(dataset.pictures[who])  # a copy: the file's own memory is read-only
    if size == dataset.size:
        return drawn
    return np.stack([cv2.resize(p, (size, size), interpolation=cv2.INTER_AREA) for p in drawn])


def _judge_truths(
    judge: Judges,
    pictures: Tensor,
    presets: NDArray[np.int64],
    measured: Measured,
) -> None:
    named = [view for view, preset in enumerate(presets.tolist()) if preset >= 0]
    asked = [EXPRESSIONS[presets[view]] for view in named]
    _count(measured.truth_confusion, measured.all_truth_confusion, asked, judge, pictures[named])


def _count(
    core: Confusion, every: Confusion, asked: Sequence[str], judge: Judges, pictures: Tensor
) -> None:
    seen = judge.expressions(pictures)
    every.add(asked, seen)
    rows = [(a, s) for a, s in zip(asked, seen, strict=True) if a in CORE_EXPRESSIONS]
    core.add([a for a, _ in rows], [s for _, s in rows])


def _measure_batch(
    editor: Editor,
    judge: Judges | None,
    dataset: Dataset,
    pictures: Tensor,
    edits: Sequence[Edit],
    measured: Measured,
    examples: int,
) -> None:
    who = edits[0].character
    source, target = [e.source for e in edits], [e.target for e in edits]
    vectors = dataset.labels.vectors[who]
    control = control_between(editor, vectors[source], vectors[target], [e.pair[1] for e in edits])
    given = pictures[source]
    result = _as_served(editor(given, control))
    if judge is not None:
        moved = [i for i, e in enumerate(edits) if e.pair[0] != e.pair[1]]
        if moved:
            asked = [edits[i].pair[1] for i in moved]
            _count(measured.confusion, measured.all_confusion, asked, judge, result[moved])
    before, after, truth = (0.5 * (p + 1.0) for p in (given, result, pictures[target]))
    region = changed(before, truth)
    margin = round(MARGIN * editor.size)
    squared = squared_error(after, truth)
    similarity = SsimMap(after, truth)
    whole, inside = mean_in(squared), mean_in(squared, region)
    figures = {
        "psnr": decibels(whole),
        "squared": whole,
        "ssim": similarity.mean(),
        "region_psnr": decibels(inside),
        "region_ssim": similarity.mean(region),
        "error": absolute_error(after, truth, region),
        "error_of_leaving": absolute_error(before, truth, region),
        "spilled": spilled(before, after, dilated(region, margin)),
    }
    for i, edit in enumerate(edits):
        row = {name: float(values[i]) for name, values in figures.items()}
        has_region = not math.isnan(row["region_psnr"])
        if not has_region:
            row["region_psnr"] = row["region_ssim"] = 0.0
        sums = Sums(edits=1, regions=int(has_region), **row)
        measured.pairs[edit.pair] += sums
        example = Example(edit, before[i], after[i], truth[i], sums.share)
        if _is_shown(edit, examples):
            measured.examples[edit.pair[1]].append(_kept(example))
        if has_region and edit.pair[0] != edit.pair[1]:
            _keep_worst(measured.worst, example, examples)


def _as_served(result: Tensor) -> Tensor:
    """The result in the 256 levels of a picture file, in [-1,1]."""
    return ((result.clamp(-1, 1) + 1) * 127.5).round() / 127.5 - 1


def _is_shown(edit: Edit, examples: int) -> bool:
    """One edit to each expression for the first characters, from a source that goes round."""
    source, wanted = edit.pair
    if edit.character >= examples or source == wanted:
        return False
    if wanted not in CORE_EXPRESSIONS:
        return True
    others = [name for name in CORE_EXPRESSIONS if name != wanted]
    return source == others[edit.character % len(others)]


def _keep_worst(worst: list[Example], example: Example, count: int) -> None:
    if len(worst) == count and example.share <= worst[-1].share:
        return
    worst.append(_kept(example))
    worst.sort(key=lambda e: -e.share)
    del worst[count:]


def _kept(example: Example) -> Example:
    """A copy that does not keep its whole batch in memory."""
    return Example(
        example.edit,
        example.before.clone(),
        example.result.clone(),
        example.truth.clone(),
        example.share,
    )
