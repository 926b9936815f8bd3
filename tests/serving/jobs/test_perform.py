from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from engines.cancel import current
from engines.onnx_engine import OnnxEngine
from engines.priority import in_background
from engines.protocol import EngineTimeoutError, EngineUnavailableError
from serving.admission import Admission, Limits
from serving.cost import Cost
from serving.jobs.perform import Performer, abandoned
from serving.jobs.store import Claim
from serving.metrics import Metrics
from serving.pipeline import Pipeline
from serving.settings import Settings
from tests.pictures import encoded, scene

IMAGE = base64.b64encode(encoded(scene())).decode()
EDIT = {"image": IMAGE, "expression": "sad", "id": "a"}


class Noted(Admission):
    """Notes what it is asked for."""

    def __init__(self) -> None:
        super().__init__(Limits(1, 1, 1.0, 1.0, 10**9), Metrics())
        self.asked: list[tuple[str, bool]] = []

    async def run(
        self,
        work: Callable[[], Any],
        cost: Cost,
        caller: str,
        deadline: float = 0.0,
        *,
        patient: bool = False,
    ) -> Any:
        self.asked.append((cost.kind, patient))
        return await super().run(work, cost, caller, patient=patient)


def claim(line: object = EDIT) -> Claim:
    return Claim("batch", 7, "token", 1, json.dumps(line).encode())


def performer(engine: Any) -> Performer:
    return Performer(Pipeline(engine, Settings()), Noted(), fetched)


async def fetched(url: str) -> bytes:
    assert url == "https://pictures.example/a.png"
    return encoded(scene())


async def test_a_line_is_patient_work_with_its_answer_as_result(engine: OnnxEngine) -> None:
    perform = performer(engine)
    outcome = await perform(claim())
    result = json.loads(outcome.result)
    assert (result["line"], result["id"], result["status"]) == (7, "a", 200)
    own = perform.pipeline.edit(encoded(scene()), "sad")
    assert base64.b64decode(result["answer"]["image"]) == own.data
    assert (outcome.failed, outcome.again_in) == (False, None)
    assert perform.admission.asked == [("expressions", True)]  # type: ignore[attr-defined]


class Seen:
    """An engine that notes whether its runs may wait."""

    def __init__(self, engine: OnnxEngine) -> None:
        self._engine = engine
        self.seen: set[bool] = set()

    def cards(self):
        return self._engine.cards()

    def run(self, model, inputs, timeout=None):
        self.seen.add(in_background())
        return self._engine.run(model, inputs, timeout)


async def test_the_runs_of_a_line_go_after_those_of_people(engine: OnnxEngine) -> None:
    seen = Seen(engine)
    assert not (await performer(seen)(claim())).failed
    assert seen.seen == {True}


async def test_a_picture_is_fetched_when_its_turn_has_come(engine: OnnxEngine) -> None:
    perform = performer(engine)
    from_url = {"image_url": "https://pictures.example/a.png", "expression": "sad"}
    outcomes = [await perform(claim(line)) for line in (EDIT, from_url)]
    images = [json.loads(outcome.result)["answer"]["image"] for outcome in outcomes]
    assert images[0] == images[1]


class Failing:
    """An engine that fails."""

    def __init__(self, engine: OnnxEngine, error: Exception) -> None:
        self._engine = engine
        self._error = error

    def cards(self):
        return self._engine.cards()

    def run(self, model, inputs, timeout=None):
        raise self._error


@pytest.mark.parametrize(
    ("error", "status", "again", "counted"),
    [
        (EngineUnavailableError("down"), 503, True, False),
        (EngineTimeoutError("slow"), 504, True, True),
        (ZeroDivisionError("secret"), 500, True, True),
    ],
)
async def test_what_may_pass_is_tried_again(
    engine: OnnxEngine, error: Exception, status: int, again: bool, counted: bool
) -> None:
    outcome = await performer(Failing(engine, error))(claim())
    result = json.loads(outcome.result)
    assert (result["status"], result["id"]) == (status, "a")
    assert result["problem"]["request_id"] == "batch.7"
    assert "secret" not in outcome.result.decode()
    assert outcome.failed
    assert (outcome.again_in is not None, outcome.counted) == (again, counted)


@pytest.mark.parametrize("line", [{**EDIT, "expression": "hungry"}, {**EDIT, "colour": 1}, [1]])
async def test_what_is_wrong_with_the_line_is_not_tried_again(
    engine: OnnxEngine, line: object
) -> None:
    outcome = await performer(engine)(claim(line))
    assert json.loads(outcome.result)["status"] in (400, 422)
    assert (outcome.failed, outcome.again_in) == (True, None)


async def test_a_gateway_that_closes_leaves_the_line_to_the_next(
    engine: OnnxEngine, caplog: pytest.LogCaptureFixture
) -> None:
    perform = performer(engine)
    perform.admission.close()
    outcome = await perform(claim())
    assert (outcome.again_in, outcome.counted) == (0.0, False)
    assert not caplog.records  # there is nothing to look into


async def test_a_line_that_nobody_wants_any_more_is_cancelled_in_the_engine(
    engine: OnnxEngine,
) -> None:
    seen: list[Any] = []
    started = asyncio.Event()
    loop = asyncio.get_running_loop()

    class Waiting(Failing):
        def run(self, model, inputs, timeout=None):
            cancellation = current()
            assert cancellation is not None
            seen.append(cancellation)
            loop.call_soon_threadsafe(started.set)
            raise EngineUnavailableError("down")

    perform = performer(Waiting(engine, KeyError()))
    task = asyncio.create_task(perform(claim()))
    await started.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert seen[0].cancelled


def test_a_line_that_was_abandoned_says_so() -> None:
    outcome = abandoned(claim())
    result = json.loads(outcome.result)
    assert (result["line"], result["status"]) == (7, 500)
    assert (outcome.failed, outcome.again_in) == (True, None)
