"""Find faces with the LBP cascade of nagadomi: needs no network, sees upright frontal faces only.

The cascade gives boxes alone, about as large as the head; eyes, mouth and chin are set by fixed
proportions, which is rough: a few hundredths of the box for upright faces, wrong for tilted ones.
What Mobini & Ghaderi keep of its finds when they gather a data set is `cleaned`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from threading import local
from typing import Final

import cv2
import numpy as np

from faces.canvas import Canvas
from faces.face import Box, Face, distinct
from faces.letterbox import whole

CONFIDENT: Final = 0.8
"""Mobini & Ghaderi (2020, data preparation, 2) discard faces with a smaller score."""

MOST_FACES: Final = 6
"""They discard pictures with more faces."""

_PADDING: Final = 0.3
_SCALE_FACTOR: Final = 1.05
_NEIGHBOURS: Final = 5
_LONGEST: Final = 640
"""Larger pictures are looked at in this size."""

# Medians of 107 level faces in drawn scenes; quartiles are .02 to .07 of the box apart.
_PROPORTIONS: Final = {
    "left_eye": (0.32, 0.42),
    "right_eye": (0.68, 0.42),
    "mouth": (0.50, 0.68),
    "chin": (0.50, 0.80),
}
_FACE: Final = (0.19, 0.14, 0.62, 0.66)
"""The face, hairline to chin and cheek to cheek, within the cascade's box."""

_GROUND: Final = (200, 200, 200)


class CascadeError(RuntimeError):
    """The cascade's file cannot be read as one."""


class CascadeFinder:
    """The cascade at `path`. Safe to use from several threads. Raises CascadeError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._own = local()
        self._cascade()

    def find(self, canvas: Canvas) -> list[Face]:
        """The faces of a picture, best score first."""
        longest = max(canvas.width, canvas.height)
        size = min(longest, _LONGEST)
        view = whole(canvas, size, _GROUND)
        pad = round(size * _PADDING)
        grey = cv2.equalizeHist(cv2.cvtColor(view.pixels, cv2.COLOR_RGB2GRAY))
        padded = cv2.copyMakeBorder(grey, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
        smallest = max(24, size // 20)
        boxes, _, weights = self._cascade().detectMultiScale3(
            padded,
            scaleFactor=_SCALE_FACTOR,
            minNeighbors=_NEIGHBOURS,
            minSize=(smallest, smallest),
            outputRejectLevels=True,
        )
        faces = []
        for (x, y, width, height), weight in zip(boxes, np.ravel(weights), strict=True):
            x0, y0 = view.to_picture(float(x - pad), float(y - pad))
            x1, y1 = view.to_picture(float(x + width - pad), float(y + height - pad))
            faces.append(_face(Box(x0, y0, x1 - x0, y1 - y0), float(weight)))
        return distinct([face for face in faces if _within(face.box, canvas)])

    def _cascade(self) -> cv2.CascadeClassifier:
        """This thread's own classifier: OpenCV's keeps state while it looks."""
        cascade = getattr(self._own, "cascade", None)
        if cascade is None:
            try:
                cascade = cv2.CascadeClassifier(str(self._path))
            except (cv2.error, SystemError) as error:
                raise CascadeError(f"{self._path} is not a cascade; fetch it again") from error
            if cascade.empty():
                raise CascadeError(f"{self._path} is not a cascade; fetch it again")
            self._own.cascade = cascade
        return cascade


def cleaned(faces: Sequence[Face]) -> list[Face]:
    """Of the finds in a picture those that Mobini & Ghaderi (2020) take into their data set.

    Faces below CONFIDENT go; then, as tags of a crowd need not hold for each of it, all faces of a
    picture that has more than MOST_FACES. An edit needs neither, so the finder does not do it.
    """
    sure = [face for face in faces if face.score >= CONFIDENT]
    return sure if len(sure) <= MOST_FACES else []


def _face(head: Box, weight: float) -> Face:
    left, top, width, height = _FACE
    x, y = head.at(left, top)
    box = Box(x, y, width * head.width, height * head.height)
    landmarks = {name: head.at(*place) for name, place in _PROPORTIONS.items()}
    return Face(box, 1 / (1 + math.exp(-weight)), landmarks)


def _within(box: Box, canvas: Canvas) -> bool:
    x, y = box.centre
    return 0 <= x < canvas.width and 0 <= y < canvas.height
