"""Limits as they are written: `600/minute` for a rate, `10000/day` for a quota."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from limits import RateLimitItem, parse_many

Sort = Literal["rate", "quota"]


@dataclass(frozen=True)
class Policy:
    """One limit; `name` is what headers and problems call it."""

    sort: Sort
    item: RateLimitItem

    @property
    def seconds(self) -> int:
        """How long its window is."""
        return self.item.get_expiry()

    @property
    def name(self) -> str:
        return f"{self.sort}-{self.seconds}s"

    def described(self) -> str:
        """As an item of the header RateLimit-Policy."""
        return f'"{self.name}";q={self.item.amount};w={self.seconds}'


def parse(text: str) -> tuple[RateLimitItem, ...]:
    """The limits in `text`, such as `10/second;600/minute`. Raises ValueError."""
    try:
        items = tuple(parse_many(text))
    except ValueError as error:
        raise ValueError(f"{text!r} is no limit; write one such as 600/minute") from error
    if any(item.amount < 1 for item in items):
        raise ValueError(f"{text!r} allows nothing; revoke the key instead")
    return items


def checked(text: str) -> str:
    """`text`, if it can be parsed. Raises ValueError."""
    parse(text)
    return text


@lru_cache(maxsize=1024)
def policies(rate: str | None, quota: str | None) -> tuple[Policy, ...]:
    """The limits of a rate and of a quota, either of which may be None. Raises ValueError."""
    rates = [Policy("rate", item) for item in parse(rate)] if rate else []
    quotas = [Policy("quota", item) for item in parse(quota)] if quota else []
    return (*rates, *quotas)
