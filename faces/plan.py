"""Who does what of an edit: what a network is asked for, and what is drawn beside its answer.

A card names what its network leaves alone (`drawn`). Lids that are only to come down a little are
drawn, too, where their lashes are found: then the network is not asked for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contract.card import Control, ExpressionVector
from contract.control import split, unset, wanted
from contract.expression import Vector
from contract.labels import LANDMARKS
from faces import lids
from faces.align import Matrix
from faces.canvas import RGB8
from faces.edit import Drawing
from faces.face import Point
from faces.lids import Lid

_FOUND: Final = (
    "left_eye", "right_eye", "left_eye_outer", "left_eye_inner", "right_eye_inner",
    "right_eye_outer", "mouth", "chin",
)  # fmt: skip
"""What a finder sees more surely than a network that edits."""


@dataclass(frozen=True)
class Plan:
    """An edit of one face. `asked` [C] is the network's control; `amounts` are the scaled values of
    what is drawn, `every` of all that is set; `lids` are those to lower; `found` are the finder's
    landmarks, in sides of the crop."""

    asked: Vector
    amounts: Mapping[str, float]
    every: Mapping[str, float]
    lids: tuple[Lid, ...]
    found: Mapping[str, Point]
    share: float

    def drawing(self, landmarks: NDArray[np.float32] | None) -> Drawing | None:
        """What is drawn beside a change with the network's `landmarks` [2, K, 2], before and after;
        None where nothing is."""
        if landmarks is None or not self.amounts:
            return None
        before, after = (_named(points) for points in landmarks)
        seen = before | {name: self.found[name] for name in _FOUND if name in self.found}
        return Drawing(seen, after, self.amounts, self.every, self.lids, self.share)


def plan(
    control: Control,
    encoded: Vector,
    face: RGB8,
    found: Mapping[str, Point],
    matrix: Matrix,
    share: float = 1.0,
) -> Plan:
    """The plan for a face that is to change as `encoded` [C] asks, with that share (0 to 1) of it.

    `face` [S, S, 3] is its aligned crop, to which `matrix` brings the picture, and `found` are the
    landmarks that a finder saw in the picture; where it saw no corners of eyes, none of them count.
    """
    asked, amounts = split(control, encoded)
    if not amounts or not isinstance(control, ExpressionVector):
        return Plan(asked, {}, {}, (), {}, share)
    every = wanted(control, encoded)
    seen = _in_sides(found, matrix, face.shape[0]) if set(_FOUND) <= set(found) else {}
    lowered = lids.lids_of(face, seen) if lids.lowered(every) else ()
    if lowered:
        asked = unset(control, asked, lids.NAMES)
    return Plan(asked, amounts, every, lowered, seen, share)


def _in_sides(found: Mapping[str, Point], matrix: Matrix, size: int) -> dict[str, Point]:
    places = np.array([(*place, 1.0) for place in found.values()]) @ matrix.T / size
    return {name: (float(x), float(y)) for name, (x, y) in zip(found, places, strict=True)}


def _named(points: Sequence[Sequence[float]] | NDArray[np.float32]) -> dict[str, Point]:
    return {name: (float(x), float(y)) for name, (x, y) in zip(LANDMARKS, points, strict=True)}
