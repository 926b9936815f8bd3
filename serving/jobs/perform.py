"""How a line is done: by the same pipeline as a request, when no request waits for it."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import Final

from engines.cancel import Cancellation, working_under
from engines.priority import background
from serving.admission import Admission
from serving.calls import cost_of
from serving.fields import Fetch
from serving.jobs.duty import Outcome
from serving.jobs.lines import Line, answered, read_line, refused
from serving.jobs.store import Claim
from serving.pipeline import Pipeline
from serving.problems import CLOSING, INTERNAL, ProblemError, problem_of

_OURS: Final = 500
_PASSES: Final = 503
_SOON_S: Final = 1.0
_log = logging.getLogger("celmood")


@dataclass(frozen=True)
class Performer:
    """Does lines of batches; a Perform of `serving.jobs.duty`."""

    pipeline: Pipeline
    admission: Admission
    fetch: Fetch

    async def __call__(self, claim: Claim) -> Outcome:
        line: Line | None = None
        try:
            line = await asyncio.to_thread(read_line, claim.body)
            return Outcome(await self._answer(claim, line), failed=False)
        except Exception as error:
            return _failed(claim, line.id if line else None, error)

    async def _answer(self, claim: Claim, line: Line) -> bytes:
        settings, fields = self.pipeline.settings, line.fields
        if fields.image_url is not None:
            image = await self.fetch(fields.image_url)
            fields = fields.model_copy(update={"image": image, "image_url": None})
        cost = cost_of(self.pipeline, line.call, fields)

        def work() -> bytes:
            deadline = time.monotonic() + settings.timeout
            answer = line.call.answer(self.pipeline, fields, deadline)
            return answered(claim.number, line.id, answer)

        cancellation = Cancellation()
        try:
            with working_under(cancellation), background():
                return await self.admission.run(work, cost, claim.batch, patient=True)
        finally:
            cancellation.cancel()


def abandoned(claim: Claim) -> Outcome:
    """What becomes of a line whose work ended with its process, each time it was tried."""
    problem = ProblemError(
        INTERNAL, "the gateway stopped each time this line was in work; it is not tried again"
    )
    return Outcome(refused(claim.number, None, problem, claim.name), failed=True)


def _failed(claim: Claim, id: str | None, error: Exception) -> Outcome:
    problem = problem_of(error)
    status = problem.kind.status
    result = refused(claim.number, id, problem, claim.name)
    if problem.kind is CLOSING:  # the next process may have it at once
        return Outcome(result, failed=True, again_in=0.0, counted=False)
    if status >= _OURS:
        _log.warning("line %s: %s: %r", claim.name, problem.kind.slug, error)
    if status == _PASSES:
        wait = float(problem.headers.get("Retry-After", _SOON_S))
        return Outcome(result, failed=True, again_in=wait, counted=False)
    return Outcome(result, failed=True, again_in=_SOON_S if status >= _OURS else None)
