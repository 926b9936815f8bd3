from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from engines.onnx_engine import OnnxEngine
from engines.triton_engine import TritonEngine
from serving import tracing
from serving.app import create_app
from serving.pipeline import STAGES
from serving.settings import Settings
from tests.engines.triton_stub import TritonStub
from tests.live import running
from tests.pictures import encoded, scene

ROOT = Path(__file__).parents[2]
PICTURE = encoded(scene())
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """All spans that are made in this test, when they have ended."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    monkeypatch.setattr(tracing, "_TRACER", provider.get_tracer("test"))
    yield exporter
    provider.shutdown()


def parent(spans: dict[str, ReadableSpan], name: str) -> str | None:
    """The name of the span above."""
    above = spans[name].parent
    assert above is not None
    return next((n for n, s in spans.items() if s.context.span_id == above.span_id), None)


def test_a_trace_goes_from_the_caller_through_the_stages_to_triton(
    spans: InMemorySpanExporter, model_repository: Path
) -> None:
    with (
        TritonStub(model_repository) as stub,
        running(create_app(Settings(), TritonEngine(stub.address))) as client,
    ):
        stub.headers.clear()
        answer = client.post(
            "/v1/expressions",
            files={"image": PICTURE},
            data={"expression": "happy", "faces": "[[80, 60, 80, 80]]"},
            headers={"traceparent": PARENT, "X-Request-Id": "job-7", "baggage": "key=secret"},
        )
        assert answer.status_code == 200
        told = [headers for headers in stub.headers if "traceparent" in headers]
    ended = {span.name: span for span in spans.get_finished_spans()}
    assert {*STAGES, "POST /v1/expressions", "run expression"} <= ended.keys()
    assert {span.context.trace_id for span in ended.values()} == {int(TRACE, 16)}
    assert parent(ended, "run expression") == "infer"
    assert {parent(ended, stage) for stage in STAGES} == {"POST /v1/expressions"}
    server = ended["POST /v1/expressions"]
    assert server.attributes is not None
    assert server.attributes["http.route"] == "/v1/expressions"
    assert server.attributes["celmood.request_id"] == "job-7"
    run = ended["run expression"]
    assert run.attributes == {"celmood.model": "expression", "celmood.batch": 1}
    to_expression = f"00-{TRACE}-{trace.format_span_id(run.context.span_id)}-01"
    assert to_expression in [headers["traceparent"] for headers in told]
    assert not any("baggage" in headers for headers in told)
    server_id = trace.format_span_id(server.context.span_id)
    assert answer.headers["traceparent"] == f"00-{TRACE}-{server_id}-01"


def test_a_failed_stage_is_marked_and_no_picture_is_told(
    spans: InMemorySpanExporter, model_repository: Path
) -> None:
    engine = OnnxEngine(model_repository, threads=1)
    with running(create_app(Settings(), engine)) as client:
        assert client.post("/v1/faces", files={"image": b"no picture"}).status_code == 415
        assert client.get("/healthz").status_code == 200
    ended = {span.name: span for span in spans.get_finished_spans()}
    assert ended["decode"].status.status_code is trace.StatusCode.ERROR
    assert ended["decode"].events == ()
    assert ended.keys() == {"decode", "POST /v1/faces"}


def test_without_a_collector_the_callers_trace_still_goes_on(model_repository: Path) -> None:
    with (
        TritonStub(model_repository) as stub,
        running(create_app(Settings(), TritonEngine(stub.address))) as client,
    ):
        stub.headers.clear()
        sent = {"traceparent": PARENT}
        answer = client.post("/v1/faces", files={"image": PICTURE}, headers=sent)
        assert answer.headers["traceparent"] == PARENT
        assert PARENT in [headers.get("traceparent") for headers in stub.headers]
        stub.headers.clear()
        plain = client.post("/v1/faces", files={"image": PICTURE})
        assert "traceparent" not in plain.headers
        assert not any("traceparent" in headers for headers in stub.headers)
        odd = client.get("/healthz", headers={"traceparent": "00-nonsense"})
        assert "traceparent" not in odd.headers


@pytest.fixture
def collector() -> Iterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """A collector of OTLP over HTTP: where it listens, and what it was sent."""
    got: list[ExportTraceServiceRequest] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", got
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_collector_gets_the_spans_before_the_gateway_ends(
    collector: tuple[str, list[ExportTraceServiceRequest]], model_repository: Path
) -> None:
    address, got = collector
    process = subprocess.Popen(
        [sys.executable, "-m", "serving", "--port", "0"],
        cwd=ROOT,
        env=os.environ
        | {
            "CELMOOD_MODEL_REPOSITORY": str(model_repository),
            "CELMOOD_DRAIN_NOTICE": "0",
            "OTEL_EXPORTER_OTLP_ENDPOINT": address,
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout:
        url = process.stdout.readline().rpartition(" ")[2].strip()
        httpx.post(f"{url}/v1/faces", files={"image": PICTURE}).raise_for_status()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    resources = [resource for request in got for resource in request.resource_spans]
    services = {
        attribute.value.string_value
        for resource in resources
        for attribute in resource.resource.attributes
        if attribute.key == "service.name"
    }
    names = {
        span.name
        for resource in resources
        for scope in resource.scope_spans
        for span in scope.spans
    }
    assert services == {"celmood"}
    assert {"POST /v1/faces", "decode", "find", "run finder"} <= names
