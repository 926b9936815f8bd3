"""An amount that many callers share, of which no caller may take more than a share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal

Refusal = Literal["full", "share"]

FULL: Final[Refusal] = "full"
SHARE: Final[Refusal] = "share"


class Room:
    """`limit` of something; a caller may hold `share` (0 to 1) of it.

    Whoever holds nothing may take more than a share, and the first of all more than the limit: what
    is allowed at all can be done.
    """

    def __init__(self, limit: int, share: float) -> None:
        self._limit = limit
        self._share = share * limit
        self._held: Counter[str] = Counter()
        self.used = 0

    def refusal(self, caller: str, amount: int) -> Refusal | None:
        """Why `caller` cannot take `amount` now; None where it can."""
        if self.used and self.used + amount > self._limit:
            return FULL
        if self._held[caller] and self._held[caller] + amount > self._share:
            return SHARE
        return None

    @contextmanager
    def held(self, caller: str, amount: int) -> Iterator[None]:
        """Hold `amount` within the block; ask `refusal` before."""
        self.used += amount
        self._held[caller] += amount
        try:
            yield
        finally:
            self.used -= amount
            self._held[caller] -= amount
            if not self._held[caller]:
                del self._held[caller]
