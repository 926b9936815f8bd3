"""An edit of a whole picture at its own resolution, as the service gives it back.

The face is brought into the network's crop by its eyes, the change is written into the picture's
own pixels. Which face, and reading and writing files, is left to the caller.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from contract.pixels import to_network
from faces.align import Matrix, crop, similarity
from faces.canvas import RGB8, Canvas, Pixels
from faces.change import Change, joined
from faces.edit import Written
from faces.edit import edit as give_back
from faces.face import Point
from faces.plan import plan
from trainer.metrics.editors import Changer, change_of, faded


@dataclass(frozen=True)
class Edited:
    """A picture after an edit: `pixels`, the rectangles that were written, how the network's crop
    lay on it (`matrix` brings the picture to the crop), the crop, and the network's change."""

    pixels: Pixels
    written: Written
    matrix: Matrix
    crop: RGB8
    change: Change


def edit(
    editor: Changer,
    canvas: Canvas,
    landmarks: Mapping[str, Point],
    control: Tensor,
    share: float = 1.0,
) -> Edited:
    """Change the face with `landmarks` as `control` [C] says, with a share (0 to 1) of mask and
    displacement. Raises AlignmentError."""
    matrix = similarity(landmarks, editor.template, editor.size)
    face = crop(canvas, matrix, editor.size, editor.pixels.ground)
    planned = plan(editor.control, control.numpy(), face, landmarks, matrix, share)
    pixels = canvas.pixels.copy()
    face, wiped = planned.prepare(pixels, canvas, matrix, face, editor.pixels.ground)
    image = torch.from_numpy(to_network(face, editor.pixels))
    layers = faded(editor.change(image, torch.from_numpy(planned.asked)[None]), share)
    change = change_of(editor.pixels, layers, 0)
    drawing = planned.drawing(None if layers.landmarks is None else layers.landmarks[0].numpy())
    written = give_back(pixels, canvas, matrix, face, change, drawing)
    written = written._replace(drawing=joined(wiped, written.drawing))
    return Edited(pixels, written, matrix, face, change)


def seen(pixels: Pixels, ground: tuple[int, int, int]) -> NDArray[np.float32]:
    """What is seen of RGB or RGBA pixels [H,W,C] over `ground`, [H,W,3] in [0,1]."""
    values = pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)
    if values.shape[2] == 3:
        return values
    share, below = values[..., 3:], np.array(ground, np.float32) / np.float32(255)
    return np.asarray(below + share * (values[..., :3] - below), np.float32)
