from __future__ import annotations

from pathlib import Path

import numpy as np

from engines.trace import trace_headers, traced_by
from engines.triton_engine import TritonEngine
from tests.engines.triton_stub import TritonStub

PARENT = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}


def test_headers_hold_for_the_block() -> None:
    assert trace_headers() == {}
    with traced_by(PARENT):
        assert trace_headers() == PARENT
        with traced_by({}):
            assert trace_headers() == {}
        assert trace_headers() == PARENT
    assert trace_headers() == {}


def test_triton_is_told_the_trace_of_a_run_and_of_no_other(model_repository: Path) -> None:
    with TritonStub(model_repository) as stub:
        engine = TritonEngine(stub.address)
        size = engine.cards()["finder"].pixels.size
        inputs = {"image": np.zeros((1, 3, size, size), np.float32)}
        with traced_by(PARENT):
            engine.run("finder", inputs)
        engine.run("finder", inputs)
        engine.close()
    first, second = stub.headers[-2:]
    assert first["traceparent"] == PARENT["traceparent"]
    assert "traceparent" not in second
