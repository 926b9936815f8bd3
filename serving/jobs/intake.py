"""How a batch comes in: line by line to the store, and accepted only when all of it is there."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from serving.jobs.lines import LineTooLongError, read_line, split
from serving.jobs.store import KeyReusedError, Store
from serving.problems import (
    BATCH_TOO_LARGE,
    INVALID_LINE,
    MALFORMED_BODY,
    ProblemError,
)

_CHUNK_BYTES: Final = 4 * 2**20
_CHUNK_LINES: Final = 256
_MOST_ERRORS: Final = 16


async def _uncounted(pictures: int) -> None:
    """Where nobody counts."""


def _unwaived() -> None:
    """Where nobody has counted."""


@dataclass(frozen=True)
class Wish:
    """Who brings a batch, and what for: `key` makes it the same one when it is sent again.

    `counted` is told how many pictures it has before it is accepted, and may raise ProblemError;
    `waived` is called when they make no work, because the key was used before.
    """

    owner: str
    key: str | None = None
    webhook: str | None = None
    counted: Callable[[int], Awaitable[None]] = _uncounted
    waived: Callable[[], None] = _unwaived


@dataclass(frozen=True)
class Limits:
    """What a batch may have at most; `line` is bytes of one line."""

    lines: int
    bytes: int
    line: int


@dataclass
class _Arrival:
    """A batch on its way in."""

    store: Store
    id: str
    digest: Any
    check_url: Callable[[str], None]
    errors: list[dict[str, Any]] = field(default_factory=list)
    chunk: list[tuple[int, bytes]] = field(default_factory=list)
    size: int = 0
    """Of the chunk."""

    def keep(self) -> None:
        """Check the lines of the chunk and put them into the store; blocks.

        When a line cannot be used nothing more is stored, but the rest is still checked.
        """
        for number, line in self.chunk:
            self.digest.update(line + b"\n")
            try:
                url = read_line(line).fields.image_url
                if url is not None:
                    self.check_url(url)
            except ProblemError as problem:
                told = {"line": number, "type": problem.kind.slug, "message": problem.detail}
                if len(self.errors) < _MOST_ERRORS:
                    self.errors.append(told)
        if not self.errors:
            self.store.add(self.id, self.chunk)
        self.chunk, self.size = [], 0


async def take(
    store: Store,
    parts: AsyncIterable[bytes],
    wish: Wish,
    limits: Limits,
    check_url: Callable[[str], None],
) -> str:
    """Keep the batch in the body `parts`; its id, when it is on disk.

    Lines are counted from 1, empty ones too, though they are left out. `check_url` raises for a URL
    from which no picture is fetched. Raises ProblemError, and
    StoreError when it cannot be kept; then nothing of it is.
    """
    digest = hashlib.sha256(repr(wish.webhook).encode())
    arrival = _Arrival(store, secrets.token_hex(16), digest, check_url)
    await asyncio.to_thread(store.begin, arrival.id, wish.owner, wish.webhook)
    try:
        count = await _read(arrival, parts, limits)
        batch = await _accepted(arrival, count, wish)
    except BaseException as error:
        if isinstance(error, KeyReusedError):
            wish.waived()
        await asyncio.shield(asyncio.to_thread(store.discard, arrival.id))
        raise
    if batch != arrival.id:
        wish.waived()
    return batch


async def _accepted(arrival: _Arrival, count: int, wish: Wish) -> str:
    """Accept the batch, of `count` pictures; or what was sent under its key before."""
    store, digest = arrival.store, arrival.digest.hexdigest()
    if wish.key is not None:  # asked first: what has been counted once is not refused for its count
        earlier = await asyncio.to_thread(store.earlier, arrival.id, wish.key, digest)
        if earlier is not None:
            await asyncio.to_thread(store.discard, arrival.id)
            return earlier
    await wish.counted(count)
    return await asyncio.to_thread(store.accept, arrival.id, wish.key, digest)


async def _read(arrival: _Arrival, parts: AsyncIterable[bytes], limits: Limits) -> int:
    """Store the lines of `parts`; how many there are."""
    count = 0
    try:
        async for number, line in split(_bounded(parts, limits.bytes), limits.line):
            count += 1
            if count > limits.lines:
                raise ProblemError(
                    BATCH_TOO_LARGE, f"a batch has at most {limits.lines:,} lines: send several"
                )
            arrival.chunk.append((number, line))
            arrival.size += len(line)
            if arrival.size >= _CHUNK_BYTES or len(arrival.chunk) >= _CHUNK_LINES:
                await asyncio.to_thread(arrival.keep)
    except LineTooLongError as error:
        raise ProblemError(
            BATCH_TOO_LARGE,
            f"line {error.number} has too many bytes; the limit is {limits.line:,} bytes a line",
        ) from error
    if arrival.chunk:
        await asyncio.to_thread(arrival.keep)
    if arrival.errors:
        raise _unusable(arrival.errors)
    if not count:
        raise ProblemError(MALFORMED_BODY, "the batch has no lines; send one JSON object a line")
    return count


async def _bounded(parts: AsyncIterable[bytes], most: int) -> AsyncGenerator[bytes, None]:
    """`parts`, as long as they have no more than `most` bytes. Raises ProblemError."""
    size = 0
    async for part in parts:
        size += len(part)
        if size > most:
            raise ProblemError(BATCH_TOO_LARGE, f"a batch has at most {most:,} bytes: send several")
        yield part


def _unusable(errors: list[dict[str, Any]]) -> ProblemError:
    first = errors[0]
    more = f" ({len(errors) - 1} more in `errors`)" if len(errors) > 1 else ""
    return ProblemError(
        INVALID_LINE,
        f"line {first['line']}: {first['message']}{more}; nothing of the batch was kept",
        extra={"errors": errors},
    )
