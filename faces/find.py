"""Find faces with a network: heat peaks on the whole picture, then a closer look at each find.

Parts of a large picture are looked at, too, or small faces would vanish as it is shrunk
(`faces.pyramid`). The network is described at `contract.card.Card` with the task `find_faces`;
running it is left to an engine.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from contract.card import Card
from contract.pixels import to_network
from engines.protocol import Engine
from faces.canvas import Canvas
from faces.face import Box, Face, by_proportions, distinct
from faces.letterbox import View, around, whole, window
from faces.pyramid import Level, levels

Floats = NDArray[np.float32]

THRESHOLD: Final = 0.55
"""The score from which a find is a face. On real pictures, lower ones were hands and flowers as
often as faces (docs/quality.md)."""

GLANCE: Final = 0.35
"""The heat from which a peak of the first look is worth a closer one, at most the threshold."""

CLOSER: Final = 1.6
"""Side of the second look as a multiple of the longer side of the box that the first found."""

MOST_FACES: Final = 16
"""How many faces of a picture are looked at twice and kept: the best."""

_SAME_FACE: Final = 0.3
"""A closer look shows the face of a box when what it finds overlaps the box so much."""

_ONE_FACE: Final = 0.6
"""What two closer looks find is one face when it overlaps so much."""

_MEANT: Final = 0.5
"""A box that overlaps a seen face more than this is meant for that face."""

LARGE: Final = 3000
"""Pictures with a longer side than this, in pixels, are looked at in parts whatever they show."""

_MAIN: Final = 1 / 8
"""A smaller picture with a face of this share of its longer side has the face that it is about."""


_SMALL: Final = 1 / 20
"""Faces of a smaller share of the longer side are hardly seen in the whole, but in parts."""

_SURER: Final = 0.2
"""Part of the way from the threshold to 1 that small faces have to be above it: a large picture has
hundreds of places that may look like one."""


class SameFaceError(ValueError):
    """Two given boxes, `first` and `second`, lie over one face."""

    def __init__(self, first: Box, second: Box) -> None:
        super().__init__(f"{first} and {second} are of the same face; give it once")
        self.first = first
        self.second = second


def find_faces(
    engine: Engine,
    card: Card,
    canvas: Canvas,
    *,
    threshold: float = THRESHOLD,
    only_largest: bool = False,
    timeout: float | None = None,
) -> list[Face]:
    """The faces of a picture whose score reaches `threshold`, best first, at most MOST_FACES.

    What is taken for a face is looked at again: what the closer look shows stands in its place, and
    where it shows nothing, the first look stands. Parts of the picture are looked at where it is
    LARGE or its whole shows no face that it can be about; who needs `only_largest` is spared the
    small ones wherever the whole shows a face. Raises EngineError.
    """
    left = _countdown(timeout)
    glance = min(GLANCE, threshold)
    size = card.pixels.size
    (faces,) = _look(engine, card, [whole(canvas, size, card.pixels.ground)], glance, left())
    least = 0.0 if only_largest else _main(canvas)
    if not any(face.score >= threshold and face.box.longer >= least for face in faces):
        for level in levels(canvas, size):
            faces += _look_at_parts(engine, card, canvas, level, glance, left)
    faces = distinct(faces)[:MOST_FACES]
    if not faces:
        return []
    closer = _closer(engine, card, canvas, [face.box for face in faces], glance, left())
    judged = [seen[0] if seen else face for face, seen in zip(faces, closer, strict=True)]
    return distinct([face for face in judged if face.score >= _enough(face, canvas, threshold)])


def _main(canvas: Canvas) -> float:
    """From how many pixels a face is what the picture is about."""
    side = max(canvas.width, canvas.height)
    return _MAIN * side if side <= LARGE else math.inf


def _enough(face: Face, canvas: Canvas, threshold: float) -> float:
    """The score that a face of that size needs."""
    small = face.box.longer < _SMALL * max(canvas.width, canvas.height)
    return threshold + _SURER * (1 - threshold) if small else threshold


def find_in_boxes(
    engine: Engine,
    card: Card,
    canvas: Canvas,
    boxes: Sequence[Box],
    *,
    threshold: float = THRESHOLD,
    timeout: float | None = None,
) -> list[Face]:
    """One face per given box, in their order: landmarks from a closer look at each box.

    Where the network sees no face in a box, or only one that another box fits better, the landmarks
    are set by common proportions and the score is 0. Raises SameFaceError or EngineError.
    """
    left = _countdown(timeout)
    seen: list[list[Face]] = []
    for first in range(0, len(boxes), MOST_FACES):
        some = boxes[first : first + MOST_FACES]
        seen += _closer(engine, card, canvas, some, min(GLANCE, threshold), left())
    return [
        replace(face, box=box) if face else by_proportions(box)
        for box, face in zip(boxes, _shared_out(boxes, seen), strict=True)
    ]


def _shared_out(boxes: Sequence[Box], seen: Sequence[Sequence[Face]]) -> list[Face | None]:
    """For each box the face that is seen in it, the nearest first; no face goes to two boxes.

    A box that is left without one may be of a face behind another: None. Raises SameFaceError where
    it lies too much over the other for that.
    """
    offers = sorted(
        (-box.overlap(face.box), i, j)
        for i, box in enumerate(boxes)
        for j, face in enumerate(seen[i])
    )
    given: dict[int, Face] = {}
    for _, i, j in offers:
        face = seen[i][j]
        taken = any(face.box.overlap(other.box) > _ONE_FACE for other in given.values())
        if i not in given and not taken:
            given[i] = face
    for i, box in enumerate(boxes):
        for k, face in given.items():
            if i not in given and box.overlap(face.box) > _MEANT:
                raise SameFaceError(boxes[k], box)
    return [given.get(i) for i in range(len(boxes))]


def _countdown(timeout: float | None) -> Callable[[], float | None]:
    """What is left of `timeout` seconds that begin now: all looks share them."""
    if timeout is None:
        return lambda: None
    until = time.monotonic() + timeout
    return lambda: until - time.monotonic()


def _look_at_parts(
    engine: Engine,
    card: Card,
    canvas: Canvas,
    level: Level,
    threshold: float,
    left: Callable[[], float | None],
) -> list[Face]:
    """The faces in parts of the picture, but for those that a part cuts: another has them whole."""
    size, ground = card.pixels.size, card.pixels.ground
    faces: list[Face] = []
    for first in range(0, len(level.parts), MOST_FACES):
        some = level.parts[first : first + MOST_FACES]
        views = [window(canvas, part, size, ground) for part in some]
        looks = _look(engine, card, views, threshold, left())
        for part, found in zip(some, looks, strict=True):
            small = (face for face in found if face.box.longer <= level.largest)
            faces += [face for face in small if not _cut(face.box, part, canvas)]
    return faces


def _cut(box: Box, part: Box, canvas: Canvas) -> bool:
    """Whether `box` reaches beyond `part` to where the picture goes on."""
    right, bottom = part.x + part.width, part.y + part.height
    return (
        (box.x < part.x and part.x > 0)
        or (box.y < part.y and part.y > 0)
        or (box.x + box.width > right and right < canvas.width)
        or (box.y + box.height > bottom and bottom < canvas.height)
    )


def _closer(
    engine: Engine,
    card: Card,
    canvas: Canvas,
    boxes: Sequence[Box],
    threshold: float,
    timeout: float | None,
) -> list[list[Face]]:
    """What a closer look at each box shows in its place, the one that overlaps it most first."""
    size, ground = card.pixels.size, card.pixels.ground
    views = [around(canvas, box, CLOSER, size, ground) for box in boxes]
    looks = _look(engine, card, views, threshold, timeout)
    return [_in_place(box, faces) for box, faces in zip(boxes, looks, strict=True)]


def _in_place(box: Box, faces: Sequence[Face]) -> list[Face]:
    near = [face for face in faces if face.box.overlap(box) >= _SAME_FACE]
    return sorted(near, key=lambda face: face.box.overlap(box), reverse=True)


def _look(
    engine: Engine, card: Card, views: Sequence[View], threshold: float, timeout: float | None
) -> list[list[Face]]:
    """The faces in each view, in coordinates of the picture, not yet distinct."""
    image = np.concatenate([to_network(view.pixels, card.pixels) for view in views])
    outputs = engine.run(card.name, {"image": image}, timeout=timeout)
    heat, box, landmarks = outputs["heat"], outputs["box"], outputs["landmarks"]
    return [
        _decode(view, card, heat[i, 0], box[i], landmarks[i], threshold)
        for i, view in enumerate(views)
    ]


def _decode(
    view: View, card: Card, heat: Floats, box: Floats, landmarks: Floats, threshold: float
) -> list[Face]:
    """Faces at the peaks of `heat` [h, w]; `box` [4, h, w] and `landmarks` [2K, h, w] in sides."""
    size = float(card.pixels.size)
    stride = size / heat.shape[0]
    # A peak is the largest of its 3 x 3 neighbours; of equal ones distinct() keeps the first.
    peak = (heat >= cv2.dilate(heat, np.ones((3, 3), np.uint8))) & (heat > threshold)
    faces = []
    for row, column in np.argwhere(peak):
        x, y = (float(column) + 0.5) * stride, (float(row) + 0.5) * stride
        left, top, right, bottom = (float(v) * size for v in box[:, row, column])
        if left + right <= 0 or top + bottom <= 0:
            continue
        x0, y0 = view.to_picture(x - left, y - top)
        x1, y1 = view.to_picture(x + right, y + bottom)
        offsets = landmarks[:, row, column].reshape(-1, 2) * size
        points = {
            name: view.to_picture(x + float(dx), y + float(dy))
            for name, (dx, dy) in zip(card.labels, offsets, strict=True)
        }
        faces.append(Face(Box(x0, y0, x1 - x0, y1 - y0), float(heat[row, column]), points))
    return faces
