from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from contract.expression import EXPRESSIONS
from engines.onnx_engine import OnnxEngine
from serving.calls import EXPRESSIONS as EDITS
from serving.calls import FACES, SHEETS, cost_of
from serving.cost import Cost, told_of_faces
from serving.fields import ExpressionFields, FacesFields, SheetFields
from serving.pipeline import Pipeline
from serving.problems import ProblemError
from serving.settings import Settings
from tests.pictures import encoded, scene

IMAGE = encoded(np.zeros((300, 400), np.uint8))
BOXES = [[0, 0, 50, 50], [100, 0, 50, 50], [200, 0, 50, 50]]
HIDDEN = b"\xff\xd8\xff\xff\xff"
LIMIT = 500_000


@pytest.fixture
def pipeline(engine: OnnxEngine) -> Pipeline:
    return Pipeline(engine, Settings(max_pixels=LIMIT))


def edit(**wishes: Any) -> ExpressionFields:
    return ExpressionFields.model_validate({"image": IMAGE, **wishes})


def sheet(**wishes: Any) -> SheetFields:
    return SheetFields.model_validate({"image": IMAGE, **wishes})


def test_a_picture_and_the_faces_asked_for(pipeline: Pipeline) -> None:
    faces = FacesFields.model_validate({"image": IMAGE})
    assert cost_of(pipeline, FACES, faces) == Cost("faces", 120_000, 1)
    assert cost_of(pipeline, EDITS, edit(expression="sad")) == Cost("expressions", 120_000, 1)
    boxes = edit(expression="sad", faces=BOXES)
    assert cost_of(pipeline, EDITS, boxes) == Cost("expressions", 120_000, 3)


def test_a_reference_is_a_picture_too(pipeline: Pipeline) -> None:
    reference = encoded(np.zeros((100, 100), np.uint8))
    cost = cost_of(pipeline, EDITS, edit(reference=reference))
    assert cost == Cost("expressions", 130_000, 1)


def test_each_picture_of_a_sheet_counts(pipeline: Pipeline) -> None:
    two = sheet(expressions=["sad", "happy", "sad"], faces=BOXES)
    assert cost_of(pipeline, SHEETS, two) == Cost("sheets", 3 * 120_000, 6)
    count = len(EXPRESSIONS)
    small = sheet(layout="grid", cell=100)
    side = 4
    assert cost_of(pipeline, SHEETS, small) == Cost("sheets", 120_000 + side**2 * 7_500, count)


def test_a_sheet_of_a_picture_that_hides_its_size_counts_as_the_largest(
    pipeline: Pipeline,
) -> None:
    hidden = sheet(image=HIDDEN, expressions=["sad"])
    assert cost_of(pipeline, SHEETS, hidden).pixels == 5 * LIMIT
    grid = sheet(image=HIDDEN, expressions=["sad"], layout="grid")
    assert cost_of(pipeline, SHEETS, grid).pixels == 2 * LIMIT


@pytest.mark.parametrize("image", [b"no picture", encoded(np.zeros((1000, 501), np.uint8))])
def test_what_is_refused_unread_costs_no_pixels(pipeline: Pipeline, image: bytes) -> None:
    assert cost_of(pipeline, SHEETS, sheet(image=image)).pixels == 0


@pytest.mark.parametrize(
    ("wishes", "told"),
    [
        ({}, "14 pictures of 120,000 pixels"),
        ({"layout": "grid"}, "smaller cells"),
        ({"layout": "grid", "columns": 5, "cell": 200}, "smaller cells"),
    ],
)
def test_a_sheet_of_too_many_pixels_is_refused_before_it_is_drawn(
    engine: OnnxEngine, wishes: dict[str, Any], told: str
) -> None:
    pipeline = Pipeline(engine, Settings(max_pixels=419_000))
    with pytest.raises(ProblemError, match=told) as refused:
        cost_of(pipeline, SHEETS, sheet(**wishes))
    assert refused.value.kind.slug == "too-many-pixels"


@pytest.mark.parametrize(
    ("wishes", "told"),
    [
        ({}, [2]),
        ({"faces": "largest"}, []),
        ({"faces": [[20, 60, 80, 80], [140, 60, 80, 80]]}, []),
    ],
)
def test_faces_that_were_not_known_before_are_told(
    pipeline: Pipeline, wishes: dict[str, Any], told: list[int]
) -> None:
    two = encoded(scene(faces=((60, 100, 20), (180, 100, 20))))
    found: list[int] = []
    deadline = time.monotonic() + 60
    with told_of_faces(found.append):
        EDITS.answer(pipeline, edit(image=two, expression="sad", **wishes), deadline)
        SHEETS.answer(pipeline, sheet(image=two, expressions=["sad", "happy"], **wishes), deadline)
    assert found == 2 * told
