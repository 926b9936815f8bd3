"""What a model reads off faces: told by /v1/faces, and taken from a reference picture."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from httpx import Client

from contract.expression import EXPRESSIONS, PARAMETERS
from engines.onnx_engine import OnnxEngine
from serving.app import create_app
from serving.pipeline import Pipeline
from serving.request_errors import NoExpressionError, NoModelError
from serving.settings import Settings
from tests.engines.tiny_models import tiny_reader, write_model, write_repository
from tests.live import running
from tests.pictures import encoded, opened


def flat(level: int) -> bytes:
    """A picture of one grey; the reader takes its brightness for an expression."""
    return encoded(np.full((128, 128, 3), level, np.uint8))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnnxEngine]:
    folder = write_repository(tmp_path_factory.mktemp("models"))
    write_model(folder, *tiny_reader())
    engine = OnnxEngine(folder, threads=1)
    yield engine
    engine.close()


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Pipeline]:
    """A pipeline without a reader."""
    engine = OnnxEngine(write_repository(tmp_path), threads=1)
    yield Pipeline(engine, Settings())
    engine.close()


def test_faces_are_told_what_they_show(engine: OnnxEngine) -> None:
    result = Pipeline(engine, Settings()).faces(flat(255))
    assert len(result.readings) == len(result.faces) == 1
    assert (
        max(result.readings[0].expression, key=lambda n: result.readings[0].expression[n])
        == (EXPRESSIONS[1])
    )


def test_without_a_reader_nothing_is_told_and_no_reference_taken(bare: Pipeline) -> None:
    assert bare.faces(flat(255)).readings == ()
    with pytest.raises(NoModelError, match="send `expression`"):
        bare.edit(flat(90), None, reference=flat(255))
    with pytest.raises(NoExpressionError, match="reference"):
        bare.edit(flat(90), None)


def test_the_expression_of_a_reference_is_that_of_its_parameters(engine: OnnxEngine) -> None:
    """The editor inverts the middle as far as parameters are moved or set."""
    pipeline = Pipeline(engine, Settings())
    picture = flat(90)
    taken = pipeline.edit(picture, None, reference=flat(255))
    reading = pipeline.faces(flat(255)).readings[0]
    named = pipeline.edit(picture, reading.vector)
    np.testing.assert_array_equal(opened(taken.data), opened(named.data))
    assert (opened(taken.data) != opened(picture)).any()


def test_what_may_be_the_readers_mistake_is_neutral(
    engine: OnnxEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = Pipeline(engine, Settings())
    seen: list[object] = []
    monkeypatch.setattr(
        "serving.pipeline.control_for",
        lambda card, wanted, intensity: seen.append(wanted) or np.zeros(62, np.float32),  # type: ignore[func-returns-value]
    )
    pipeline.edit(flat(90), None, reference=flat(20))  # a scaled value of .08 everywhere
    assert seen == [{p.name: p.neutral for p in PARAMETERS}]


def test_over_rest(engine: OnnxEngine) -> None:
    app = create_app(Settings(workers=1), engine)
    with running(app) as client:
        face = client.post("/v1/faces", files={"image": flat(255)}).json()["faces"][0]
        assert set(face["expression"]) == set(EXPRESSIONS)
        assert set(face["parameters"]) == {p.name for p in PARAMETERS}
        assert 0.99 < face["attributes"]["blush"] <= 1
        form = client.post("/v1/expressions", files={"image": flat(90), "reference": flat(255)})
        pictures = {"image": flat(90), "reference": flat(255)}
        inline = {name: base64.b64encode(data).decode() for name, data in pictures.items()}
        body = client.post("/v1/expressions", json=inline)
        assert form.status_code == body.status_code == 200, form.text
        np.testing.assert_array_equal(opened(form.content), opened(body.content))
        _refusals(client)


def _refusals(client: Client) -> None:
    both = {"expression": "happy"}
    files = {"image": flat(90), "reference": flat(255)}
    for answer in (
        client.post("/v1/expressions", files=files, data=both),
        client.post("/v1/expressions", files={"image": flat(90)}),
    ):
        assert answer.status_code == 422
        assert answer.json()["type"].endswith("invalid-field")
        assert "either" in answer.json()["detail"]
    text = client.post("/v1/expressions", files={"image": flat(90)}, data={"reference": "no file"})
    assert text.json()["type"].endswith("no-picture")
    broken = client.post(
        "/v1/expressions", files={"image": flat(90), "reference": b"not a picture"}
    )
    assert broken.json()["type"].endswith("not-a-picture")
