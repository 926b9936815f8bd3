from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from export.repository import configure
from tests.collector import Collector, Span
from tests.integration.triton_server import ROOT, TritonServer
from tests.magenta_models import write_magenta_repository
from tests.pictures import encoded, scene

pytestmark = pytest.mark.integration

TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = "b7ad6b7169203331"


def above(spans: list[Span], span: Span) -> str:
    """The name of the parent; the caller's id where it is the caller."""
    if span.parent == CALLER:
        return CALLER
    return next(other.name for other in spans if other.id == span.parent)


def test_one_trace_from_the_caller_to_a_real_triton(tmp_path: Path) -> None:
    repository = write_magenta_repository(tmp_path / "models")
    for model in repository.iterdir():
        configure(model)
    with Collector() as collector:
        # As docs/operations.md says: only what comes with a trace is traced.
        settings = ("mode=opentelemetry", f"opentelemetry,url={collector.url}/v1/traces")
        tracing = [f"--trace-config={s}" for s in (*settings, "rate=0", "level=TIMESTAMPS")]
        with TritonServer(repository, tmp_path / "log", server_options=tracing) as triton:
            process = subprocess.Popen(
                [sys.executable, "-m", "serving", "--port", "0", "--engine", "triton"],
                cwd=ROOT,
                env=os.environ
                | {
                    "CELMOOD_TRITON": triton.address,
                    "CELMOOD_DRAIN_NOTICE": "0",
                    "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
                },
                stdout=subprocess.PIPE,
                text=True,
            )
            assert process.stdout is not None
            with process.stdout:
                url = process.stdout.readline().rpartition(" ")[2].strip()
                until = time.monotonic() + 60
                while httpx.get(f"{url}/readyz").status_code != 200:
                    assert time.monotonic() < until
                    time.sleep(0.2)
                httpx.post(
                    f"{url}/v1/expressions",
                    files={"image": encoded(scene())},
                    data={"expression": "happy"},
                    headers={"traceparent": f"00-{TRACE}-{CALLER}-01"},
                    timeout=60,
                ).raise_for_status()
                process.send_signal(signal.SIGTERM)
                assert process.wait(60) == 0
            triton.stop()  # it sends what is left when it ends

    spans = collector.spans
    assert {span.trace for span in spans} == {TRACE}
    parents = {(span.name, above(spans, span)) for span in spans if span.service == "celmood"}
    assert ("POST /v1/expressions", CALLER) in parents
    assert ("infer", "POST /v1/expressions") in parents
    assert ("run expression", "infer") in parents
    runs = {span.id: span.name for span in spans if span.name.startswith("run ")}
    first = [
        span for span in spans if span.service == "triton-inference-server" and span.parent in runs
    ]
    # Of requests that follow at once, Triton may trace one only.
    assert {runs[span.parent] for span in first} & {"run finder", "run expression"}
    assert {span.name for span in first} == {"InferRequest"}
