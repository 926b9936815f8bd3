"""Calls that are due later, all from one thread: a time limit costs no thread of its own."""

from __future__ import annotations

import heapq
import itertools
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Alarm:
    """Calls what is due and still wanted. May be used from several threads at once."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: list[tuple[float, int]] = []
        self._calls: dict[int, Callable[[], None]] = {}
        self._numbers = itertools.count()
        self._wakes = math.inf
        self._thread: threading.Thread | None = None

    @contextmanager
    def calling(self, seconds: float, call: Callable[[], None]) -> Iterator[None]:
        """Have `call` called once, in the alarm's thread, if the block lasts so long.

        It must neither block nor raise; it may just have begun when the block ends.
        """
        number = next(self._numbers)
        due = time.monotonic() + seconds
        with self._changed:
            self._calls[number] = call
            heapq.heappush(self._due, (due, number))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="alarm", daemon=True)
                self._thread.start()
            elif due < self._wakes:
                self._wakes = due
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._calls.pop(number, None)
                self._forget()

    def _forget(self) -> None:
        """Drop what is next but not wanted any more; the thread notices when it wakes.

        It may wake for nothing, once in a while: to wake it for each call would cost more.
        """
        while self._due and self._due[0][1] not in self._calls:
            heapq.heappop(self._due)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._forget()
                self._wakes = self._due[0][0] if self._due else math.inf
                left = self._wakes - time.monotonic()
                if left > 0:
                    self._changed.wait(left if self._due else None)
                    continue
                call = self._calls.pop(heapq.heappop(self._due)[1])
            call()
