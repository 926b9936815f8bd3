"""Lit shapes and fine lines on the dome, laid along the flow of the hair, in face units."""

from __future__ import annotations

from itertools import pairwise
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from trainer.characters.chance import between
from trainer.characters.hair.dome import WIDEST, Dome
from trainer.characters.ink import Points

Rng = np.random.Generator
Shine = Literal["none", "streaks", "patches", "zigzag", "arc"]

SHARES: Final[dict[Shine, float]] = {
    "none": 0.24, "streaks": 0.43, "patches": 0.12, "zigzag": 0.10, "arc": 0.11,
}  # fmt: skip


def shine_shapes(dome: Dome, kind: Shine, rng: Rng, *, open_brow: bool) -> Points:
    """Closed outlines [K, N, 2] of the shine; a ring around the dome at about half its height.

    With an `open_brow` the ring stays above the hairline, as no fringe lies below it.
    """
    height = between(rng, 0.34, 0.50)
    if open_brow:
        hairline = (dome.hairline - dome.top) / (WIDEST - dome.top)
        height = min(height, hairline - 0.16)
    if kind == "none":
        return np.empty((0, 2, 2))
    if kind == "streaks":
        count = int(rng.integers(5, 12))
        places = -0.8 + 1.6 * (np.arange(count) + rng.uniform(0, 0.8, count)) / count
        return _streaks(dome, places.tolist(), height, 0.05, 0.02, rng)
    if kind == "patches":
        starts = [between(rng, -0.6, 0.1), between(rng, 0.1, 0.6)]
        groups = [[start + 0.09 * i for i in range(int(rng.integers(2, 5)))] for start in starts]
        return _streaks(dome, [q for group in groups for q in group], height, 0.06, 0.04, rng)
    reach = between(rng, 0.7, 0.9)
    return _arc(dome, height, reach, rng) if kind == "arc" else _zigzag(dome, height, reach, rng)


def _ring(height: float, q: NDArray[np.float64]) -> NDArray[np.float64]:
    """The ring's place on the flow: it sinks towards the sides."""
    return height + 0.32 * q * q


def _streaks(
    dome: Dome, places: list[float], height: float, long: float, wide: float, rng: Rng
) -> Points:
    """Lens shapes at the lateral `places`, along the flow."""
    q = np.array(places)[:, None]
    drawn = rng.uniform(*_STREAK, (len(places), 3))
    middle = _ring(height, q) + drawn[:, 1:2]
    r = middle + (long * drawn[:, :1]) * np.array([-1, -0.5, 0, 0.5, 1])
    lens = (wide * drawn[:, 2:]) * np.array([0, 0.8, 1, 0.8, 0])
    return np.concatenate([dome.flow(q - lens, r), dome.flow(q + lens, r)[:, -2:0:-1]], 1)


_STREAK: Final = (0.8, -0.025, 0.4), (3.0, 0.025, 1.4)
"""Least and most length, place and width of a streak."""


def _arc(dome: Dome, height: float, reach: float, rng: Rng) -> Points:
    """A ring broken into unequal pieces."""
    cuts = np.cumsum(np.concatenate([[0], rng.uniform(0.4, 1.4, int(rng.integers(2, 7)))]))
    ends = reach * (2 * cuts / cuts[-1] - 1)
    out = []
    for left, right in pairwise(ends.tolist()):
        q = np.linspace(left, right - 0.02, 7)
        swell = np.sin(np.linspace(0, np.pi, 7)) ** 0.5 * (1 - 0.6 * (q / reach) ** 2)
        upper = dome.flow(q, _ring(height, q) - between(rng, 0.02, 0.05) * swell)
        lower = dome.flow(q, _ring(height, q) + between(rng, 0.03, 0.08) * swell)
        out.append(np.concatenate([upper, lower[::-1]]))
    return np.array(out)


def _zigzag(dome: Dome, height: float, reach: float, rng: Rng) -> Points:
    """A band whose edges run up and down along the strands."""
    spikes = int(rng.integers(6, 12))
    q = np.linspace(-reach, reach, 2 * spikes + 1)
    fall = np.clip(1 - (q / reach) ** 2, 0, 1) ** 0.6
    upper = np.full(len(q), between(rng, 0.02, 0.04))
    lower = upper.copy()
    upper[1::2] += rng.uniform(0, 0.06, spikes)
    lower[2:-1:2] += rng.uniform(0.03, 0.15, spikes - 1)
    above = dome.flow(q, _ring(height, q) - fall * upper)
    below = dome.flow(q, _ring(height, q) + fall * lower)
    return np.concatenate([above, below[::-1]])[None]


def parting_lines(dome: Dome, rng: Rng) -> Points:
    """Fine lines [K, 6, 2] that leave the parting along the flow."""
    count = int(rng.integers(4, 11))
    drawn = rng.uniform((0.0, 0.0, 0.14), (1.0, 1.0, 0.4), (count, 3))
    q = -0.85 + 1.7 * (np.arange(count)[:, None] + drawn[:, :1]) / count
    start = 0.07 + 0.38 * drawn[:, 1:2] ** 1.5
    return dome.flow(q, start + drawn[:, 2:] * np.linspace(0, 1, 6))
