"""Traces of a caller, the gateway and a real Triton are one."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from export.repository import configure
from tests.collector import Collector, Span
from tests.gateway import started
from tests.integration.triton_server import TritonServer
from tests.magenta_models import write_magenta_repository
from tests.pictures import encoded, scene

pytestmark = pytest.mark.integration

TRITON = "triton-inference-server"
CALLERS = {f"{n:032x}": f"{n:016x}" for n in range(1, 6)}
"""The spans that requests come from, by their traces."""


def above(spans: list[Span], span: Span) -> str:
    """The name of the parent; "caller" where it is the caller."""
    if span.parent == CALLERS[span.trace]:
        return "caller"
    return next(other.name for other in spans if other.id == span.parent)


@contextmanager
def gateway(triton: str, collector: str) -> Iterator[str]:
    """The address of a gateway on `triton`, stopped in the end so that it has sent all spans."""
    own = {
        "CELMOOD_ENGINE": "triton",
        "CELMOOD_TRITON": triton,
        "CELMOOD_DRAIN_NOTICE": "0",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector,
    }
    with started(**own) as (process, url):
        until = time.monotonic() + 60
        while httpx.get(f"{url}/readyz").status_code != 200:
            assert time.monotonic() < until
            time.sleep(0.2)
        yield url
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def test_one_trace_from_the_caller_to_a_real_triton(tmp_path: Path) -> None:
    repository = write_magenta_repository(tmp_path / "models")
    for model in repository.iterdir():
        configure(model)
    with Collector() as collector:
        # As docs/operations.md says: only what comes with a trace is traced.
        settings = ("mode=opentelemetry", f"opentelemetry,url={collector.url}/v1/traces")
        tracing = [f"--trace-config={s}" for s in (*settings, "rate=0", "level=TIMESTAMPS")]
        with TritonServer(repository, tmp_path / "log", server_options=tracing) as triton:
            assert "no trace" not in triton.log()  # the launcher has found what it needs
            with gateway(triton.address, collector.url) as url:
                for trace, caller in CALLERS.items():
                    httpx.post(
                        f"{url}/v1/expressions",
                        files={"image": encoded(scene())},
                        data={"expression": "happy"},
                        headers={"traceparent": f"00-{trace}-{caller}-01"},
                        timeout=60,
                    ).raise_for_status()
            triton.stop()  # it sends what is left when it ends

    spans = collector.spans
    assert {span.trace for span in spans} == CALLERS.keys()
    for trace in CALLERS:
        parents = {
            (span.name, above(spans, span))
            for span in spans
            if (span.trace, span.service) == (trace, "celmood")
        }
        assert ("POST /v1/expressions", "caller") in parents
        assert ("infer", "POST /v1/expressions") in parents
        assert ("run finder", "find") in parents
        assert ("run expression", "infer") in parents
    # Every run of a model has its request in Triton, and the other way round.
    runs = [(span.trace, span.id) for span in spans if span.name.startswith("run ")]
    asked = [(span.trace, span.parent) for span in spans if span.name == "InferRequest"]
    assert sorted(asked) == sorted(runs)
    served = {(span.name, above(spans, span)) for span in spans if span.service == TRITON}
    assert ("finder", "InferRequest") in served
    assert ("expression", "InferRequest") in served
