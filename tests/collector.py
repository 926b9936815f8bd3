"""A collector of traces for tests: OTLP over HTTP, as protobuf or JSON; it keeps the spans."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Span:
    """A span as it was sent; ids in hex, `parent` empty at the root."""

    service: str
    name: str
    trace: str
    id: str
    parent: str


class Collector:
    """Listens at `url` inside a `with` block."""

    def __init__(self) -> None:
        self.spans: list[Span] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(handler) -> None:
                body = handler.rfile.read(int(handler.headers["Content-Length"]))
                is_json = handler.headers["Content-Type"].startswith("application/json")
                self.spans += _from_json(body) if is_json else _from_protobuf(body)
                handler.send_response(200)
                handler.send_header("Content-Length", "0")
                handler.end_headers()

            def log_message(handler, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Collector:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _from_protobuf(body: bytes) -> list[Span]:
    request = ExportTraceServiceRequest.FromString(body)
    return [
        Span(
            _service([(a.key, a.value.string_value) for a in resource.resource.attributes]),
            span.name,
            span.trace_id.hex(),
            span.span_id.hex(),
            span.parent_span_id.hex(),
        )
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def _from_json(body: bytes) -> list[Span]:
    request: dict[str, Any] = json.loads(body)
    return [
        Span(
            _service(
                [
                    (a["key"], a["value"].get("stringValue"))
                    for a in resource["resource"]["attributes"]
                ]
            ),
            span["name"],
            span["traceId"],
            span["spanId"],
            span.get("parentSpanId", ""),
        )
        for resource in request["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    ]


def _service(attributes: list[tuple[str, Any]]) -> str:
    return str(dict(attributes)["service.name"])
