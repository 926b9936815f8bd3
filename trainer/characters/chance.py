"""Chance: drawing as numpy's `Generator.choice` and `uniform` do, without what their checks cost.

The same stream gives the same picks and numbers as they would, and goes on at the same place.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def pick(
    rng: np.random.Generator, items: Sequence[T], shares: tuple[float, ...] | None = None
) -> T:
    """One of `items`, with `shares` of any positive sum, all alike without them."""
    if shares is None:
        return items[int(rng.integers(len(items)))]
    if len(shares) != len(items):
        raise ValueError(f"{len(items)} items have {len(shares)} shares; give one to each")
    return items[bisect_right(_sums(shares), rng.random())]


def between(rng: np.random.Generator, low: float, high: float) -> float:
    """A number from `low` to below `high`, all alike."""
    return low + (high - low) * rng.random()


def clamp(value: float, low: float, high: float) -> float:
    """`value`, or the nearer of two bounds."""
    return float(min(max(value, low), high))


def sign(rng: np.random.Generator) -> float:
    """-1 or 1."""
    return 2.0 * int(rng.integers(2)) - 1.0


@lru_cache(maxsize=512)
def _sums(shares: tuple[float, ...]) -> tuple[float, ...]:
    sums = np.cumsum(shares)
    return tuple((sums / sums[-1]).tolist())
