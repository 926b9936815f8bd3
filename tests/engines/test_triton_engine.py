"""The engine on a Triton server, against a stub of its protocol."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import grpc
import numpy as np
import pytest

from contract.card import Tensor
from engines.onnx_engine import OnnxEngine
from engines.protocol import (
    EngineBusyError,
    EngineCancelledError,
    EngineError,
    EngineTimeoutError,
    EngineUnavailableError,
    ModelInputError,
    ModelMissingError,
)
from engines.triton_engine import TritonEngine
from tests.engines.tiny_models import tiny_editor, write_model, write_repository
from tests.engines.triton_stub import TritonStub


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return write_repository(tmp_path / "models", editor_size=8, finder_size=64)


@pytest.fixture
def stub(repository: Path) -> Iterator[TritonStub]:
    with TritonStub(repository) as stub:
        yield stub


@pytest.fixture
def engine(stub: TritonStub) -> Iterator[TritonEngine]:
    engine = TritonEngine(stub.address)
    yield engine
    engine.close()


def inputs(batch: int = 2) -> dict[str, np.ndarray]:
    random = np.random.default_rng(1)
    return {
        "image": random.uniform(-1, 1, (batch, 3, 8, 8)).astype(np.float32),
        "control": random.uniform(-1, 1, (batch, 62)).astype(np.float32),
    }


def test_the_cards_come_from_the_server(
    engine: TritonEngine, stub: TritonStub, repository: Path
) -> None:
    assert engine.cards() == OnnxEngine(repository).cards()
    assert engine.problems() == {}


def test_the_bytes_are_those_of_the_engine_in_this_process(
    engine: TritonEngine, repository: Path
) -> None:
    here = OnnxEngine(repository, threads=1).run("expression", inputs())
    there = engine.run("expression", inputs(), timeout=30)
    assert here.keys() == there.keys()
    for name, array in here.items():
        assert there[name].dtype == array.dtype
        np.testing.assert_array_equal(there[name], array)


def test_the_deadline_is_passed_on(engine: TritonEngine, stub: TritonStub) -> None:
    engine.run("expression", inputs(), timeout=12.5)
    engine.run("expression", inputs())
    told, untold = stub.requests
    assert 10_000_000 < told.parameters["timeout"].int64_param <= 12_500_000  # microseconds
    assert "timeout" not in untold.parameters
    assert told.model_version == "1"


def test_a_slow_server_is_a_timeout(engine: TritonEngine, stub: TritonStub) -> None:
    engine.cards()
    stub.delay = 0.5
    with pytest.raises(EngineTimeoutError):
        engine.run("expression", inputs(), timeout=0.1)
    with pytest.raises(EngineTimeoutError, match="no time is left"):
        engine.run("expression", inputs(), timeout=0)


@pytest.mark.parametrize(
    ("status", "message", "expected"),
    [
        (grpc.StatusCode.UNAVAILABLE, "Exceeds maximum queue size", EngineBusyError),
        (grpc.StatusCode.UNAVAILABLE, "Request timeout expired", EngineTimeoutError),
        (grpc.StatusCode.UNAVAILABLE, "Server is stopping", EngineUnavailableError),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "too much", EngineBusyError),
        (grpc.StatusCode.DEADLINE_EXCEEDED, "too late", EngineTimeoutError),
        (grpc.StatusCode.INVALID_ARGUMENT, "unexpected shape", ModelInputError),
        (grpc.StatusCode.NOT_FOUND, "unknown model", ModelMissingError),
        (grpc.StatusCode.INTERNAL, "onnx runtime error 6", EngineError),
    ],
)
def test_errors_of_the_server_are_typed(
    engine: TritonEngine,
    stub: TritonStub,
    status: grpc.StatusCode,
    message: str,
    expected: type[EngineError],
) -> None:
    stub.fail_with = (status, message)
    with pytest.raises(EngineError, match=message) as caught:
        engine.run("expression", inputs())
    assert type(caught.value) is expected
    stub.fail_with = None
    assert engine.run("expression", inputs())["paint"].shape == (2, 3, 8, 8)


def test_wrong_inputs_are_refused_before_they_travel(
    engine: TritonEngine, stub: TritonStub
) -> None:
    with pytest.raises(ModelInputError):
        engine.run("expression", {"image": inputs()["image"]})
    with pytest.raises(ModelMissingError, match="expression, finder"):
        engine.run("portrait", inputs())
    assert stub.requests == []


def test_a_model_that_the_server_cannot_load_is_a_problem(tmp_path: Path) -> None:
    repository = write_repository(tmp_path, editor_size=8)
    (repository / "finder" / "1" / "model.onnx").write_bytes(b"")
    with TritonStub(repository) as stub:
        engine = TritonEngine(stub.address)
        assert list(engine.cards()) == ["expression"]
        assert "could not load" in engine.problems()["finder"]
        engine.close()


def test_a_card_of_another_release_is_a_problem_and_no_card_no_model_of_ours(
    repository: Path,
) -> None:
    card = json.loads((repository / "finder" / "card.json").read_text()) | {"card_version": 99}
    parameter = json.dumps(json.dumps(card))  # a quoted string, as the text format has it
    (repository / "finder" / "config.pbtxt").write_text(
        f'parameters {{ key: "card" value {{ string_value: {parameter} }} }}'
    )
    (repository / "expression" / "config.pbtxt").write_text('backend: "python"')
    with TritonStub(repository) as stub:
        engine = TritonEngine(stub.address)
        assert engine.cards() == {}
        assert list(engine.problems()) == ["finder"]
        assert "card version 99" in engine.problems()["finder"]
        engine.close()


def test_a_server_that_is_not_there_yet(repository: Path) -> None:
    with TritonStub(repository) as first:
        port = first.port
    engine = TritonEngine(f"127.0.0.1:{port}", refresh=60.0)
    assert engine.cards() == {}
    assert "cannot be asked" in engine.problems()[f"127.0.0.1:{port}"]
    with pytest.raises(EngineUnavailableError, match="cannot be asked"):
        engine.run("expression", inputs())
    engine.close()


def test_a_model_that_is_loaded_later_appears(repository: Path) -> None:
    with TritonStub(repository) as stub:
        engine = TritonEngine(stub.address, refresh=60.0)
        card, weights = tiny_editor(16)
        write_model(repository, card.model_copy(update={"name": "other"}), weights)
        assert "other" not in engine.cards()
        stub.reload()
        engine.ask()
        assert engine.cards()["other"].inputs[0] == Tensor(name="image", shape=(-1, 3, 16, 16))
        engine.close()


def test_a_closed_engine_says_so(engine: TritonEngine) -> None:
    engine.close()
    with pytest.raises(EngineUnavailableError, match="closed"):
        engine.run("expression", inputs())
