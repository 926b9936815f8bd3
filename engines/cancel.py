"""Leave off: how work that nobody waits for any more is ended, also inside an engine.

A gateway makes one Cancellation per request and works under it; whatever is slow asks `current()`.
The context goes along with `anyio.to_thread.run_sync` and `asyncio.to_thread`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class Cancellation:
    """Whether a piece of work is still wanted. May be used from several threads at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cancelled = False
        self._calls: dict[object, Callable[[], None]] = {}

    @property
    def cancelled(self) -> bool:
        """True once `cancel` has been called."""
        return self._cancelled

    def cancel(self) -> None:
        """Say that the work is not wanted any more; more than once is as good as once."""
        with self._lock:
            self._cancelled = True
            calls, self._calls = self._calls, {}
        for call in calls.values():
            call()

    @contextmanager
    def calling(self, call: Callable[[], None]) -> Iterator[None]:
        """Have `call` called once, in the thread that cancels, if that happens in this block.

        Where it has happened already, `call` is called at once. It must neither block nor raise.
        """
        key = object()
        with self._lock:
            late = self._cancelled
            if not late:
                self._calls[key] = call
        if late:
            call()
        try:
            yield
        finally:
            with self._lock:
                self._calls.pop(key, None)


_CURRENT: ContextVar[Cancellation | None] = ContextVar("celmood_cancellation", default=None)


def current() -> Cancellation | None:
    """The Cancellation that this thread or task works under, if any."""
    return _CURRENT.get()


@contextmanager
def working_under(cancellation: Cancellation) -> Iterator[None]:
    """Make `cancellation` the current one within the block."""
    token = _CURRENT.set(cancellation)
    try:
        yield
    finally:
        _CURRENT.reset(token)
