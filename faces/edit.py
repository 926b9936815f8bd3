"""An edit of one face: what the network changes, and what is done in the picture's own pixels.

The network's change goes back to the picture (`faces.change`); then come brows, lids, shut eyes, a
mouth's line that has got lost, and the marks of feeling. Mouths that are drawn are there already
(`faces.plan`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from faces import brows, lids, marks, mouth_line, shut_eyes
from faces.align import Matrix
from faces.brow_lines import brows_of
from faces.canvas import RGB8, Canvas, Pixels
from faces.change import NOTHING, Change, Rectangle, apply, joined
from faces.face import Point
from faces.frame import Frame
from faces.lids import Lid

_MOVED: Final = ("left_eye_bottom", "right_eye_bottom", "mouth_left", "mouth_right")
"""The landmarks that are taken from where the change has brought them: tears well from lids."""


@dataclass(frozen=True)
class Drawing:
    """What is drawn beside the network's change. `before` and `after` are the face's landmarks in
    sides of the crop; `amounts`, -1 to 1 by the names of `contract.expression.DRAWN`, are what is
    drawn: parameters that are not there stay as they are. `wanted` are all that are set, scaled
    alike: a mouth that they shut is mended, and `lids` are moved. `share`, 0 to 1, is how far it
    holds."""

    before: Mapping[str, Point]
    after: Mapping[str, Point]
    amounts: Mapping[str, float] = field(default_factory=dict)
    wanted: Mapping[str, float] = field(default_factory=dict)
    lids: tuple[Lid, ...] = ()
    share: float = 1.0


class Written(NamedTuple):
    """The rectangles outside which an edit wrote no pixel: by the network's change, and beside it;
    `faces.change.NOTHING` when there is none."""

    change: Rectangle
    drawing: Rectangle

    @property
    def whole(self) -> Rectangle:
        """The rectangle around both."""
        return joined(self.change, self.drawing)


def edit(
    pixels: Pixels,
    canvas: Canvas,
    matrix: Matrix,
    face: RGB8,
    change: Change,
    drawing: Drawing | None = None,
) -> Written:
    """Write the edit of a face into `pixels` [H, W, C], the canvas's own or a copy; say where.

    `matrix` brings the picture to the aligned crop `face` [S, S, 3] that the network has seen.
    """
    if drawing is None or not (drawing.amounts or drawing.wanted):
        return Written(apply(pixels, canvas, matrix, change), NOTHING)
    found = brows_of(face, drawing.before)
    written = apply(pixels, canvas, matrix, brows.kept_clear(change, found))
    moved = brows.move(pixels, canvas, matrix, found, drawing.amounts, drawing.share)
    turned = lids.move(pixels, canvas, matrix, drawing.lids, drawing.wanted, drawing.share)
    moved = joined(moved, turned)
    shares = {name: amount * drawing.share for name, amount in drawing.amounts.items()}
    points = dict(drawing.before) | {name: drawing.after[name] for name in _MOVED}
    frame = Frame.of(points, matrix, face.shape[0])
    if frame is None:
        return Written(written, moved)
    wanted, share = drawing.wanted, drawing.share
    shut = shut_eyes.mend(pixels, canvas, matrix, frame, change.mask, wanted, share)
    mended = joined(shut, mouth_line.mend(pixels, canvas, frame, wanted, share))
    marked = marks.draw(pixels, canvas, frame, shares)
    return Written(written, joined(joined(moved, mended), marked))
