"""Places for accessories: on the hair's dome, on the face, and patterns put down anywhere there."""

from __future__ import annotations

import numpy as np

from trainer.characters.accessories.design import Accessories
from trainer.characters.hair.dome import front_view
from trainer.characters.ink import Points
from trainer.characters.tailor import Half
from trainer.characters.view import View


def _points(points: Points | Half) -> Points:
    return points if isinstance(points, np.ndarray) else np.array(list(points), np.float64)


class OnHair:
    """The surface of the hair: face units, following the dome as the head turns."""

    def __init__(self, acc: Accessories, view: View) -> None:
        self._top, self._hairline, self._view = acc.top, acc.hairline, view

    def at(self, points: Points | Half) -> Points:
        return front_view(_points(points), self._top, self._hairline, self._view)


class OnFace:
    """A plane `height` face units above the face."""

    def __init__(self, view: View, height: float) -> None:
        self._view, self._height = view, height

    def at(self, points: Points | Half) -> Points:
        return self._view.raised(_points(points), self._height)


def put(points: Points | Half, x: float, y: float, size: float = 1.0,
    degrees: float = 0.0) -> Points:  # fmt: skip
    """A pattern [N, 2] scaled, turned clockwise and moved to (x, y)."""
    angle = np.radians(degrees)
    c, s = float(np.cos(angle)), float(np.sin(angle))
    turned = _points(points) @ np.array([[c, s], [-s, c]])
    moved: Points = turned * size + (x, y)
    return moved
