"""A server that traces gets memory that starts as zeros, without which it loses traces.

Triton 24.10 takes the header `traceparent` for a string that a zero ends, which gRPC does not
promise: what happens to lie behind it decides whether a request is traced. With zeroed memory it
always is.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from ctypes.util import find_library

_MODE = "mode=opentelemetry"


def wanted(options: Sequence[str]) -> bool:
    """Whether tritonserver's `options` ask for traces that go on where a caller's began."""
    return any(option.removeprefix("--trace-config=") == _MODE for option in options)


def zeroed(current: Mapping[str, str]) -> dict[str, str]:
    """The environment `current` with jemalloc, told to zero what it hands out.

    Where there is no jemalloc it is left as it is, and standard error says what that means.
    """
    library = find_library("jemalloc")
    if library is None:
        print(
            "jemalloc is missing, so some requests will have no trace; install it "
            "(Debian: apt-get install libjemalloc2)",
            file=sys.stderr,
        )
        return dict(current)
    return {
        **current,
        "LD_PRELOAD": _with(library, current.get("LD_PRELOAD"), ":"),
        "MALLOC_CONF": _with("zero:true", current.get("MALLOC_CONF"), ","),
    }


def _with(own: str, before: str | None, mark: str) -> str:
    return f"{before}{mark}{own}" if before else own
