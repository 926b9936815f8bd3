"""The dome of hair over the skull: its silhouette, the flow of hair from the parting, its view."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from trainer.characters.head import Head
from trainer.characters.ink import Points, curve
from trainer.characters.view import View

Line = NDArray[np.float64]

WIDEST = -0.35
"""The y at which the dome has reached its full width."""


@dataclass(frozen=True, slots=True)
class Dome:
    """Half width, top and parting of the hair, and the face beneath it (face units)."""

    half: float
    top: float
    hairline: float
    face: float
    parting: float
    volume: float = 1.0

    @classmethod
    def of(cls, head: Head, parting: float, volume: float) -> Dome:
        """The dome of a head: `volume` scales how far hair stands from the face at the sides."""
        face = 0.5 * head.width_eyes
        half = face + max((0.5 * head.hair_width - face) * volume, 0.22)
        top = head.hairline + (head.hair_top - head.hairline) * (0.5 + 0.5 * volume)
        return cls(half, top, head.hairline, face, parting, volume)

    def flow(self, q: float | Line, r: Line) -> Points:
        """Points [..., 2] on hair that starts at the parting (r=0) and reaches the brows' height
        (r=1), at the lateral place q: -1 and 1 are the silhouette, 0 the middle."""
        out_of_middle = abs(q) if isinstance(q, float) else np.abs(q)
        side = out_of_middle**2.2
        turn = np.minimum(np.maximum(r, 0), 1) * (np.pi / 2)
        start = self.height(self.parting) + 0.09 * (1 - out_of_middle**4)
        fall = (1 - side) * r + side * (1 - np.cos(turn) + np.maximum(r - 1, 0))
        y = start + (WIDEST - start) * fall
        out = np.empty((*y.shape, 2))
        out[..., 0] = self.parting + (0.98 * q * self.half - self.parting) * np.sin(turn)
        out[..., 1] = y
        return out

    def height(self, x: float) -> float:
        """The y of the silhouette above the lateral place `x`."""
        away = min(abs(x) / self.half, 1.0) ** 2.1
        return WIDEST - (WIDEST - self.top) * sqrt(1 - away)

    def silhouette(self, bottom: float = 0.1) -> Points:
        """The outer line of the dome from the lower left over the top to the lower right [N, 2]."""
        w, t = self.half, self.top
        h = WIDEST - t
        right = [
            (0.0, t), (0.40 * w, t + 0.055 * h), (0.73 * w, t + 0.27 * h),
            (0.93 * w, t + 0.60 * h), (1.0 * w, WIDEST), (1.0 * w, 0.5 * (WIDEST + bottom)),
            (0.97 * w, bottom),
        ]  # fmt: skip
        left = [(-x, y) for x, y in right[:0:-1]]
        return curve(left + right, 2)

    def cap(self) -> Points:
        """The scalp's hair seen from the front: silhouette, temples and hairline, closed [N, 2]."""
        f, h = self.face, self.hairline
        inner = [
            (0.55 * (self.half + f), 0.03), (1.02 * f, 0.16), (0.95 * f, -0.12), (0.88 * f, -0.42),
            (0.72 * f, h + 0.27), (0.38 * f, h + 0.06), (0.0, h),
        ]  # fmt: skip
        left = [(-x, y) for x, y in inner[-2::-1]]
        return np.concatenate([self.silhouette(-0.08), curve(inner + left, 2)])

    def rims(self) -> Points:
        """The cap's lower lines [2, N, 2] at the left and right temple, from behind the ear on."""
        line = [
            (0.975 * self.half, -0.1), (0.55 * (self.half + self.face), 0.03),
            (1.02 * self.face, 0.16), (0.95 * self.face, -0.12), (0.88 * self.face, -0.42),
        ]  # fmt: skip
        both: Points = curve(line, 2) * _SIDES
        return both


_SIDES: Final = np.array([[[-1.0, 1.0]], [[1.0, 1.0]]])


def front_view(points: Points, head_top: float, hairline: float, view: View) -> Points:
    """Take hair in front of the face to view units: at the brows it stands a little above the
    face, at the crown it follows the skull, whose centre moves against the facing direction."""
    x, y = np.minimum(np.maximum(points[:, 0], -1.2), 1.2), points[:, 1]
    s = np.minimum(np.maximum((hairline + 0.2 - y) / (hairline + 0.2 - head_top), 0), 1)
    s = s * s * (3 - 2 * s)
    return view.raised(points, 0.06 * (1 - s) + s * _skull(x))


def back_view(points: Points, view: View) -> Points:
    """Take hair behind the face to view units: it keeps its width and shifts as the skull does."""
    return view.raised(points, _skull(np.clip(points[:, 0], -1.2, 1.2)))  # type: ignore[arg-type]


def _skull(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Height above the face plane that cancels the plane's bend and moves the skull by -.24 yaw."""
    return -0.432 + 0.357 * x * x
