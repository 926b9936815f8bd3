"""Characters of a data set, drawn again: at another size, or with other expressions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from contract.expression import Vector
from contract.labels import LANDMARKS
from faces.canvas import RGB8
from faces.face import Point
from trainer.characters import EDITION, View, draw_all, sample_character, sample_view
from trainer.characters.character import Character
from trainer.characters.style import JUDGING, TRAINING
from trainer.data.dataset import Dataset, DatasetError

_STYLES: Final = {"training": TRAINING, "judging": JUDGING}


@dataclass(frozen=True)
class Sitter:
    """A character in the view in which the data set shows it."""

    character: Character
    view: View

    def drawn(self, expressions: Sequence[Vector], size: int) -> list[Portrait]:
        """One undamaged drawing of `size` pixels per expression [31]."""
        drawings = draw_all(self.character, self.view, expressions, size)
        return [
            Portrait(
                np.ascontiguousarray(drawing.picture[..., :3]),
                dict(zip(LANDMARKS, ((x, y) for x, y in drawing.landmarks.tolist()), strict=True)),
            )
            for drawing in drawings
        ]


@dataclass(frozen=True)
class Portrait:
    """A drawing [S,S,3] and the landmarks of its face in pixels."""

    picture: RGB8
    landmarks: dict[str, Point]


def sitter(dataset: Dataset, who: int) -> Sitter:
    """Character `who` of `dataset`. Raises DatasetError where its styles are not known."""
    notes = dict(dataset.description.get("notes", {}))
    if "artist" in notes and notes.get("edition") != EDITION:
        raise DatasetError(f"{dataset.folder} is of another edition of the artist; draw it anew")
    styles = notes.get("styles", "training")
    if styles not in _STYLES:
        raise DatasetError(f"{dataset.folder} was drawn in the styles {styles!r}, which are gone")
    seed = int(dataset.labels.seeds[who])
    view = sample_view(np.random.default_rng((seed, 1)), level=True)
    return Sitter(sample_character(seed, _STYLES[styles]), view)
