"""A face's own units: the origin between its eyes, x along them, their distance as the unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faces.align import Matrix, inverse
from faces.face import Point

Points = NDArray[np.float64]
"""[N, 2]: x, y."""


@dataclass(frozen=True)
class Frame:
    """Where the landmarks of a face lie in its own units, and the way from there to the picture."""

    points: Mapping[str, Points]  # [2] each
    there: Matrix

    @staticmethod
    def of(landmarks: Mapping[str, Point], matrix: Matrix, size: int) -> Frame | None:
        """From landmarks in sides of a crop of `size` pixels, to which `matrix` brings the picture.

        None where the eyes are less than a pixel of the picture apart.
        """
        back = inverse(matrix)
        seen = {n: back[:, :2] @ (np.array(p) * size) + back[:, 2] for n, p in landmarks.items()}
        across, down = seen["right_eye"] - seen["left_eye"]
        if not 1.0 <= np.hypot(across, down) < np.inf:
            return None
        turn = np.array([[across, -down], [down, across]])
        middle = (seen["left_eye"] + seen["right_eye"]) / 2
        home = np.linalg.inv(turn)
        points = {name: home @ (place - middle) for name, place in seen.items()}
        return Frame(points, np.hstack([turn, middle[:, None]]))

    @property
    def unit(self) -> float:
        """Pixels of the picture in a unit."""
        return float(np.hypot(*self.there[:, 0]))

    def own(self, points: Points) -> Points:
        """Points [N, 2] of the picture in units of the face."""
        return np.asarray((points - self.there[:, 2]) @ np.linalg.inv(self.there[:, :2]).T)

    def picture(self, points: Points) -> Points:
        """Points [N, 2] of the face in pixels of the picture."""
        return np.asarray(points @ self.there[:, :2].T + self.there[:, 2])
