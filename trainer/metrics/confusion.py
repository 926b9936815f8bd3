"""Counts of what was asked for against what a judge saw, as Mobini & Ghaderi (2020) print them.

Their Table II has a row per expression asked for, a column per expression seen, and a last column
"other" for whatever is none of the rows' expressions; entries are out of a hundred pictures.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

OTHER = "other"


class Confusion:
    """A table of counts with one row per label asked for and one column more, "other"."""

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = tuple(labels)
        self.counts: NDArray[np.int64] = np.zeros((len(labels), len(labels) + 1), np.int64)

    def add(self, asked: Sequence[str], seen: Sequence[str]) -> None:
        """Count pictures. Raises ValueError for an asked label that has no row."""
        for row, column in zip(asked, seen, strict=True):
            if row not in self.labels:
                raise ValueError(f"{row!r} has no row; rows are {', '.join(self.labels)}")
            i = self.labels.index(row)
            j = self.labels.index(column) if column in self.labels else len(self.labels)
            self.counts[i, j] += 1

    def percent(self) -> NDArray[np.float64]:
        """Each row out of a hundred, [L, L + 1]; NaN in rows without a picture."""
        total = self.counts.sum(1, keepdims=True)
        with np.errstate(invalid="ignore"):
            result: NDArray[np.float64] = 100.0 * self.counts / total
        return result

    def diagonal(self) -> dict[str, float]:
        """The share of each row that was seen as asked, out of a hundred."""
        return dict(zip(self.labels, np.diag(self.percent()).tolist(), strict=True))

    def accuracy(self) -> float:
        """The mean of the diagonal over rows with pictures, out of a hundred."""
        return float(np.nanmean(np.diag(self.percent())))
