"""A face in a picture: its box, how sure the finder is, its landmarks.

Coordinates are continuous: the first pixel covers 0 to 1, so its centre lies at 0.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the picture as shown: left, top, width, height."""

    x: float
    y: float
    width: float
    height: float

    @property
    def centre(self) -> Point:
        return self.x + self.width / 2, self.y + self.height / 2

    @property
    def area(self) -> float:
        return self.width * self.height

    @property
    def longer(self) -> float:
        return max(self.width, self.height)

    def at(self, across: float, down: float) -> Point:
        """The point at these fractions of the width and the height."""
        return self.x + across * self.width, self.y + down * self.height

    def overlap(self, other: Box) -> float:
        """Intersection over union, 0 to 1."""
        width = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        height = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        if width <= 0 or height <= 0:
            return 0.0
        shared = width * height
        return shared / (self.area + other.area - shared)


@dataclass(frozen=True, slots=True)
class Face:
    """A found face. The box goes from hairline to chin and from cheek to cheek.

    `score` is 0 to 1. `landmarks` are named as in `contract.labels.LANDMARKS`, left and right as
    seen; there may be fewer, but `left_eye` and `right_eye` are always among them.
    """

    box: Box
    score: float
    landmarks: Mapping[str, Point] = field(default_factory=dict)


def distinct(faces: list[Face], overlap: float = 0.4) -> list[Face]:
    """The best of each group of faces that overlap more than `overlap`, best score first."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda f: f.score, reverse=True):
        if all(face.box.overlap(other.box) <= overlap for other in kept):
            kept.append(face)
    return kept


# Medians of drawn frontal faces, in fractions of a box from hairline to chin, cheek to cheek.
_PROPORTIONS = {
    "left_eye": (0.21, 0.51),
    "right_eye": (0.79, 0.51),
    "mouth": (0.50, 0.85),
    "chin": (0.50, 1.00),
}


def by_proportions(box: Box, score: float = 0.0) -> Face:
    """A face of which only the box is known: landmarks where most upright faces have them."""
    return Face(box, score, {name: box.at(*place) for name, place in _PROPORTIONS.items()})
