"""How much a caller may ask for: rates and quotas, counted here, or where others count too: in a
file of this machine or in a Redis.

Windows are fixed: the first request opens one, and it ends on time, so that Retry-After is exact.
"""

from __future__ import annotations

import logging
import math
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from limits.aio.storage import RedisStorage, Storage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import StorageError

from serving.problems import OVER_QUOTA, OVER_RATE, ProblemError
from serving.security.counts import Counts
from serving.security.policies import Policy

if TYPE_CHECKING:
    from redis.asyncio import ConnectionPool

MEMORY: Final = "memory"
FILE: Final = "file:"
_REDIS: Final = ("redis://", "rediss://", "unix://")
_REDIS_TIMEOUT_S: Final = 1.0
_PAUSE_S: Final = 5.0
"""How long a store that failed is left alone."""

_REDIS_TELLS_S: Final = 0.5
"""How far off the end of a window may be that Redis tells: it rounds to seconds."""
_OWN_TELLS_S: Final = 0.001

_log = logging.getLogger("celmood")


@dataclass(frozen=True)
class Taken:
    """`cost` requests of `caller`, counted under all of `policies`; `at` seconds since 1970."""

    caller: str
    policies: tuple[Policy, ...]
    cost: int
    at: float


class Rates:
    """Counts requests in `store`: `memory`, `file:PATH`, or the URL of a Redis.

    While the file or Redis fails, this process counts alone, so that limits hold in each process
    at least.
    """

    def __init__(self, store: str = MEMORY, timeout: float = _REDIS_TIMEOUT_S) -> None:
        """`timeout` seconds are waited for Redis.

        Raises ValueError for another store, or a file that cannot be used.
        """
        self._memory = Counts()
        self._own = FixedWindowRateLimiter(self._memory)
        self._file = _file(store) if store.startswith(FILE) else None
        self._pool = _pool(store, timeout) if self._file is None and store != MEMORY else None
        shared = _storage(store, self._pool) if self._pool else self._file
        self._shared = FixedWindowRateLimiter(shared) if shared else None
        self._tells = _REDIS_TELLS_S if self._pool else _OWN_TELLS_S
        self._again = 0.0

    @property
    def alone(self) -> bool:
        """Whether only this process counts."""
        return self._shared is None

    async def close(self) -> None:
        """Give up the connections."""
        if self._pool is not None:
            await self._pool.aclose()
        for counts in (self._memory, self._file):
            if counts is not None:
                counts.close()

    async def take(self, caller: str, wanted: Sequence[Policy], cost: int = 1) -> Taken:
        """Count `cost` requests of `caller` under all of `wanted`, or none.

        Raises ProblemError for the first limit that does not allow it.
        """
        for number, policy in enumerate(wanted, 1):
            if not await self._count(policy, caller, cost):
                counted = Taken(caller, tuple(wanted[:number]), cost, time.time())
                await self.give_back(counted)
                raise await self._refused(policy, caller)
        return Taken(caller, tuple(wanted), cost, time.time())

    async def give_back(self, taken: Taken) -> None:
        """Undo `take`: nothing came of it. What was taken of a window that has ended is gone."""
        for policy in taken.policies:
            if await self._still_counts(policy, taken):
                await self._count(policy, taken.caller, -taken.cost)

    async def _still_counts(self, policy: Policy, taken: Taken) -> bool:
        """Whether the window in which `taken` was counted is the one that is open now."""
        ends, remaining = await self._window(policy, taken.caller)
        if remaining == policy.item.amount:
            return False
        return ends - policy.seconds - self._tells <= taken.at

    async def headers(self, caller: str, wanted: Sequence[Policy]) -> dict[str, str]:
        """What is left to `caller`, as the headers of draft-ietf-httpapi-ratelimit-headers."""
        if not wanted:
            return {}
        left = []
        for policy in wanted:
            seconds, remaining = await self._standing(policy, caller)
            left.append(f'"{policy.name}";r={remaining};t={seconds}')
        described = ", ".join(policy.described() for policy in wanted)
        return {"RateLimit-Policy": described, "RateLimit": ", ".join(left)}

    async def _refused(self, policy: Policy, caller: str) -> ProblemError:
        seconds, _ = await self._standing(policy, caller)
        seconds = max(1, seconds)
        kind = OVER_RATE if policy.sort == "rate" else OVER_QUOTA
        detail = (
            f"{policy.item.amount:,} requests in {policy.seconds:,} s are allowed; "
            f"try again in {seconds:,} s"
        )
        extra = {"policy": policy.name}
        return ProblemError(kind, detail, extra=extra, headers={"Retry-After": str(seconds)})

    async def _count(self, policy: Policy, caller: str, cost: int) -> bool:
        shared = self._reachable()
        if shared is not None:
            try:
                return await shared.hit(policy.item, policy.sort, caller, cost=cost)
            except StorageError as error:
                self._pause(error)
        return await self._own.hit(policy.item, policy.sort, caller, cost=cost)

    async def _standing(self, policy: Policy, caller: str) -> tuple[int, int]:
        """Whole seconds until the window ends, and requests that are left in it."""
        ends, remaining = await self._window(policy, caller)
        return math.ceil(max(0.0, ends - time.time())), remaining

    async def _window(self, policy: Policy, caller: str) -> tuple[float, int]:
        """When the window ends, in seconds since 1970, and requests that are left in it."""
        shared, stats = self._reachable(), None
        if shared is not None:
            try:
                stats = await shared.get_window_stats(policy.item, policy.sort, caller)
            except StorageError as error:
                self._pause(error)
        if stats is None:
            stats = await self._own.get_window_stats(policy.item, policy.sort, caller)
        return stats.reset_time, stats.remaining

    def _reachable(self) -> FixedWindowRateLimiter | None:
        return self._shared if time.monotonic() >= self._again else None

    def _pause(self, error: StorageError) -> None:
        self._again = time.monotonic() + _PAUSE_S
        reason = type(error.storage_error).__name__  # its text may name the URL and its password
        _log.error("the store of the rates fails (%s); this process counts alone", reason)


def _file(store: str) -> Counts:
    """Raises ValueError."""
    path = Path(store.removeprefix(FILE))
    try:
        return Counts(path)
    except (OSError, sqlite3.Error) as error:
        raise ValueError(
            f"{path} cannot be used ({error}): remove the file, or name another on a local disk "
            "that this user may write"
        ) from error


def _pool(url: str, timeout: float) -> ConnectionPool:
    """Raises ValueError for a URL that is none of a Redis."""
    if not url.startswith(_REDIS):
        raise ValueError("name `memory`, `file:PATH`, or the URL of a Redis, redis://HOST:PORT/0")
    try:
        from redis.asyncio import ConnectionPool  # an extra of its own
    except ImportError as error:
        raise ValueError("a Redis needs the extra `redis`: pip install '.[redis]'") from error
    return ConnectionPool.from_url(url, socket_timeout=timeout, socket_connect_timeout=timeout)


def _storage(url: str, pool: ConnectionPool) -> Storage:
    return RedisStorage(
        f"async+{url.replace('unix://', 'redis+unix://', 1)}",
        wrap_exceptions=True,
        implementation="redispy",
        key_prefix="celmood",
        connection_pool=pool,  # type: ignore[arg-type]  # as documented; annotated too narrowly
    )
