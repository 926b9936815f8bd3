"""Lines of batches, watched: how long each took, what became of it, its name in log and trace."""

from __future__ import annotations

import time

from serving import logs, tracing
from serving.jobs.duty import Outcome, Perform
from serving.jobs.store import Claim
from serving.metrics import Metrics


def watched(perform: Perform, metrics: Metrics) -> Perform:
    """`perform`, counted in `metrics`; lines that are cancelled are not."""

    async def watch(claim: Claim) -> Outcome:
        start = time.perf_counter()
        name = claim.name
        with logs.naming(name), tracing.span("batch line", request_id=name, tries=claim.tries):
            outcome = await perform(claim)
        metrics.observe_line(_word(outcome), time.perf_counter() - start)
        return outcome

    return watch


def _word(outcome: Outcome) -> str:
    """`ok`, `failed`, or `again` where it is to be tried once more."""
    if outcome.again_in is not None:
        return "again"
    return "failed" if outcome.failed else "ok"
