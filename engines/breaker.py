"""A circuit breaker: a server that does not answer is not asked by every caller again.

It opens after failures in a row and is closed by whoever finds the server well again; asking
meanwhile is left to a watcher, so no caller pays for the try. (Libraries for this hold a lock
around the call, or let a caller's request be the probe.)
"""

from __future__ import annotations

import threading
from typing import Final

FAILURES: Final = 3
"""In a row, after which callers are kept away."""


class Breaker:
    """Open after `failures` in a row, closed by one success. For several threads at once."""

    def __init__(self, failures: int = FAILURES) -> None:
        self._limit = failures
        self._lock = threading.Lock()
        self._failed = 0

    @property
    def open(self) -> bool:
        """Whether callers are kept away."""
        return self._failed >= self._limit

    def failed(self) -> None:
        """The server could not be reached once more."""
        with self._lock:
            self._failed += 1

    def succeeded(self) -> None:
        """The server has answered."""
        with self._lock:
            self._failed = 0
