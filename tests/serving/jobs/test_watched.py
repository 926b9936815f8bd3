from __future__ import annotations

import asyncio
import logging

import pytest
from opentelemetry import trace

from serving import logs
from serving.jobs.duty import Outcome
from serving.jobs.store import Claim
from serving.jobs.watched import watched
from serving.metrics import Metrics
from tests.serving.figures import read, value

CLAIM = Claim("batch", 7, "token", 1, b"{}")


@pytest.mark.parametrize(
    ("outcome", "word"),
    [
        (Outcome(b"{}", failed=False), "ok"),
        (Outcome(b"{}", failed=True), "failed"),
        (Outcome(b"{}", failed=True, again_in=1.0), "again"),
    ],
)
async def test_a_line_is_counted_by_what_became_of_it(outcome: Outcome, word: str) -> None:
    async def perform(claim: Claim) -> Outcome:
        assert claim is CLAIM
        return outcome

    metrics = Metrics()
    assert await watched(perform, metrics)(CLAIM) is outcome
    assert value(metrics.text(), "celmood_batch_line_seconds_count", outcome=word) == 1


async def test_the_log_has_the_name_of_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    async def perform(_: Claim) -> Outcome:
        logging.getLogger("celmood").warning("look")
        return Outcome(b"{}", failed=False)

    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        logs.configure("json", access=False)
        await watched(perform, Metrics())(CLAIM)
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.captureWarnings(False)
    assert '"request_id": "batch.7"' in capsys.readouterr().err


async def test_a_line_that_is_cancelled_is_not_counted() -> None:
    begun = asyncio.Event()

    async def perform(_: Claim) -> Outcome:
        begun.set()
        await asyncio.sleep(60)
        raise AssertionError

    metrics = Metrics()
    task = asyncio.ensure_future(watched(perform, metrics)(CLAIM))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not [name for name, _ in read(metrics.text()) if name.startswith("celmood_batch")]
    assert not trace.get_current_span().get_span_context().is_valid
