"""Which trace a run belongs to: headers that an engine on another machine is told with the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Final

_NONE: Final[Mapping[str, str]] = MappingProxyType({})
_HEADERS: ContextVar[Mapping[str, str]] = ContextVar("celmood_trace", default=_NONE)


def trace_headers() -> Mapping[str, str]:
    """What the current runs are to carry, such as `traceparent`; by name, in lower case."""
    return _HEADERS.get()


@contextmanager
def traced_by(headers: Mapping[str, str]) -> Iterator[None]:
    """Have runs within the block carry `headers`."""
    token = _HEADERS.set(headers)
    try:
        yield
    finally:
        _HEADERS.reset(token)
