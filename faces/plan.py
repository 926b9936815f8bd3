"""Who does what of an edit: what a network is asked for, and what is drawn beside its answer.

A card names what its network leaves alone (`drawn`). Lids that are only to come down or rise a
little are moved, too, where their lashes are found, and a mouth that is surely found is drawn; lids
that are to be at rest, and eyes that are shut, stay as they are. The network is not asked for any
of these: it would paint them again, and narrow eyes wide.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contract.card import Control, ExpressionVector
from contract.control import split, unset, wanted
from contract.expression import NAMES, Vector
from contract.labels import LANDMARKS
from faces import lids, mouth_line, mouths
from faces.align import Matrix, crop, inverse
from faces.canvas import RGB8, Canvas, Colour, Pixels
from faces.change import NOTHING, Rectangle, joined
from faces.edit import Drawing
from faces.eyes import shut_eyes_of
from faces.face import Point
from faces.frame import Frame
from faces.lids import Lid
from faces.mouth_line import is_shut
from faces.mouth_wipe import Mouth, open_mouth, wipe

_FOUND: Final = (
    "left_eye", "right_eye", "left_eye_outer", "left_eye_inner", "right_eye_inner",
    "right_eye_outer", "mouth", "chin",
)  # fmt: skip
"""What a finder sees more surely than a network that edits."""

_FEW_PIXELS: Final = 16.0
"""A face whose eyes are not so far apart, in pixels of the picture, has no lines to find."""

_LEVEL: Final = 0.3
"""A shut mouth with less of a curve is as good as any shut mouth."""

_BOWED: Final = 0.03
"""A line whose middle lies so far from its ends, in eye distances, smiles or frowns."""

_SMALL: Final = -0.3
"""An iris that is to be larger than this, in its scaled range, is left beside lids that rise."""

_BOTH_EYES: Final = ("lid_slant", "iris_size", "gaze_x", "gaze_y", "highlight")

MOUTH: Final = tuple(n for n in NAMES if n.startswith(("mouth_", "teeth", "tongue", "fang")))
"""What of `contract.expression` is done where the mouth is drawn."""


@dataclass(frozen=True)
class Plan:
    """An edit of one face. `asked` [C] is the network's control; `amounts` are the scaled values of
    what is drawn, `every` of all that is set; `lids` are those to move, `mouth` is the one to
    draw another for; `found` are the finder's landmarks, in sides of the crop."""

    asked: Vector
    amounts: Mapping[str, float]
    every: Mapping[str, float]
    lids: tuple[Lid, ...]
    mouth: Mouth | None
    found: Mapping[str, Point]
    share: float

    def prepare(
        self, pixels: Pixels, canvas: Canvas, matrix: Matrix, face: RGB8, ground: Colour
    ) -> tuple[RGB8, Rectangle]:
        """Wipe the mouth away in `pixels`, the canvas's own or a copy, and draw the one that is
        wanted.

        Returns the aligned crop that the network is to see in place of `face` [S, S, 3], and the
        rectangle outside which no pixel was written, `faces.change.NOTHING` when there is none.
        """
        frame = Frame.of(self.found, matrix, face.shape[0]) if self.mouth else None
        if self.mouth is None or frame is None:
            return face, NOTHING
        written = wipe(pixels, canvas, matrix, self.mouth, self.share)
        back = inverse(matrix)
        middle = frame.own((back[:, :2] @ self.mouth.line + back[:, 2])[None])[0]
        draw = mouth_line.draw if is_shut(self.every) else mouths.draw
        drawn = draw(pixels, canvas, frame, middle, self.mouth.skin, self.every, self.share)
        seen = crop(replace(canvas, pixels=pixels), matrix, face.shape[0], ground)
        return seen, joined(written, drawn)

    def drawing(self, landmarks: NDArray[np.float32] | None) -> Drawing | None:
        """What is drawn beside a change with the network's `landmarks` [2, K, 2], before and after;
        None where nothing is."""
        if landmarks is None or not self.every:
            return None
        before, after = (_named(points) for points in landmarks)
        seen = before | {name: self.found[name] for name in _FOUND if name in self.found}
        every = {n: v for n, v in self.every.items() if not (self.mouth and n in MOUTH)}
        return Drawing(seen, after, self.amounts, every, self.lids, self.share)


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
    landmarks that a finder saw in the picture; where it saw no corners of eyes, or next to no
    pixels, none of them count.
    """
    asked, amounts = split(control, encoded)
    if not isinstance(control, ExpressionVector) or not control.drawn:
        return Plan(asked, {}, {}, (), None, {}, share)
    every = wanted(control, encoded)
    seen = _in_sides(found, matrix, face.shape[0]) if _closely_seen(found) else {}
    kept = _of_shut_eyes(shut_eyes_of(face, seen)) + lids.at_rest(every) if seen else ()
    asked = unset(control, asked, kept)
    every = {name: value for name, value in every.items() if name not in kept}
    moved = lids.lids_of(face, seen) if lids.moved(every) else ()
    mouth = open_mouth(face, seen, shut=True) if seen and "mouth_open" in every else None
    done: tuple[str, ...] = lids.NAMES if moved else ()
    if seen and lids.moved(every) and every["lid_upper_left"] > 0:  # no network opens eyes well
        done = lids.NAMES + (("iris_size",) if every.get("iris_size", 0.0) > _SMALL else ())
    if mouth:
        done += MOUTH
        level = not mouth.is_open and abs(mouth.bow) < _BOWED
        if level and _level(every):  # the artist's own line is the best one
            mouth = None
    return Plan(unset(control, asked, done), amounts, every, moved, mouth, seen, share)


def _level(every: Mapping[str, float]) -> bool:
    """Whether a shut mouth is wanted that is hardly bowed."""
    return is_shut(every) and abs(every.get("mouth_curve", 0.0)) <= _LEVEL


def _closely_seen(found: Mapping[str, Point]) -> bool:
    """Whether a finder saw all that lines are looked for by, in a face that has enough pixels."""
    if not set(_FOUND) <= set(found):
        return False
    return math.dist(found["left_eye"], found["right_eye"]) >= _FEW_PIXELS


def _of_shut_eyes(sides: Sequence[str]) -> tuple[str, ...]:
    """What cannot be asked of a face whose eyes on these sides are shut: to open them is to draw
    eyes that nobody has seen."""
    lid_names = tuple(f"lid_{part}_{side}" for part in ("upper", "lower", "arc") for side in sides)
    return lid_names + (_BOTH_EYES if len(sides) == 2 else ())


def _in_sides(found: Mapping[str, Point], matrix: Matrix, size: int) -> dict[str, Point]:
    places = np.array([(*place, 1.0) for place in found.values()]) @ matrix.T / size
    return {name: (float(x), float(y)) for name, (x, y) in zip(found, places, strict=True)}


def _named(points: Sequence[Sequence[float]] | NDArray[np.float32]) -> dict[str, Point]:
    return {name: (float(x), float(y)) for name, (x, y) in zip(LANDMARKS, points, strict=True)}
