"""Traces (OpenTelemetry) through the gateway: a span per request, stage and run of a model.

The framework makes the span of a request and, where `OTEL_EXPORTER_OTLP_ENDPOINT` is set and the
extra `otel` is installed, sends all of them there. Without that nothing is recorded; a caller's
`traceparent` still goes on to the engine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, Final

from fastapi.telemetry import TelemetryConfig
from opentelemetry import context, trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

TRACEPARENT: Final = "traceparent"
UNTRACED: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""Paths that are asked all day long and tell nothing."""

_TRACER: Final = trace.get_tracer("celmood")
_W3C: Final = TraceContextTextMapPropagator()  # no baggage: that stays with whom it was meant for


def telemetry() -> TelemetryConfig:
    """How the framework traces requests: spans only, for figures are `serving.metrics`'."""
    os.environ.setdefault("OTEL_SERVICE_NAME", "celmood")
    return {
        "auto_configure": True,
        "metrics": False,
        "logs": False,
        "operation_spans": False,
        "exclude": _untraced,
    }


def _untraced(scope: MutableMapping[str, Any]) -> bool:
    return scope.get("path") in UNTRACED


@contextmanager
def span(name: str, **facts: str | int) -> Iterator[None]:
    """A span around the block, below the one that is current. An error marks it as failed."""
    attributes = {f"celmood.{key}": value for key, value in facts.items()}
    with _TRACER.start_as_current_span(name, attributes=attributes, record_exception=False):
        yield


@contextmanager
def joined(headers: Mapping[str, str]) -> Iterator[None]:
    """Within the block the caller's trace is the current one, unless a span is already."""
    if trace.get_current_span().get_span_context().is_valid or TRACEPARENT not in headers:
        yield
        return
    token = context.attach(_W3C.extract(headers))
    try:
        yield
    finally:
        context.detach(token)


def outgoing() -> dict[str, str]:
    """The headers that let another service join the current trace; none outside of one."""
    headers: dict[str, str] = {}
    _W3C.inject(headers)
    return headers


def mark(**facts: str | int) -> None:
    """Add facts to the current span."""
    trace.get_current_span().set_attributes({f"celmood.{k}": v for k, v in facts.items()})


def ids() -> dict[str, str]:
    """`trace_id` and `span_id` of the current span in hex; empty outside of one."""
    current = trace.get_current_span().get_span_context()
    if not current.is_valid:
        return {}
    return {
        "trace_id": trace.format_trace_id(current.trace_id),
        "span_id": trace.format_span_id(current.span_id),
    }
