from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from engines.onnx_engine import OnnxEngine
from engines.triton_engine import TritonEngine
from serving import tracing
from serving.app import create_app
from serving.settings import Settings
from serving.stages import STAGES
from tests.collector import Collector
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


def test_a_collector_gets_the_spans_before_the_gateway_ends(model_repository: Path) -> None:
    with Collector() as collector:
        process = subprocess.Popen(
            [sys.executable, "-m", "serving", "--port", "0"],
            cwd=ROOT,
            env=os.environ
            | {
                "CELMOOD_MODEL_REPOSITORY": str(model_repository),
                "CELMOOD_DRAIN_NOTICE": "0",
                "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
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
    assert {span.service for span in collector.spans} == {"celmood"}
    names = {span.name for span in collector.spans}
    assert {"POST /v1/faces", "decode", "find", "run finder"} <= names
