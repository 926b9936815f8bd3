"""The engine on a Triton server, against a stub of its protocol."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import grpc
import numpy as np
import pytest
from tritonclient.grpc import model_config_pb2

from contract.card import Tensor
from engines.breaker import FAILURES
from engines.onnx_engine import OnnxEngine
from engines.protocol import (
    EngineBusyError,
    EngineError,
    EngineTimeoutError,
    EngineUnavailableError,
    ModelInputError,
    ModelMissingError,
)
from engines.triton_engine import TritonEngine
from engines.triton_host import TritonHost
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


def test_an_engine_without_a_server_is_refused() -> None:
    with pytest.raises(ValueError, match="host:port"):
        TritonEngine(" , ")


def test_large_batches_go_in_parts(
    engine: TritonEngine, stub: TritonStub, repository: Path
) -> None:
    here = OnnxEngine(repository, threads=1).run("expression", inputs(20))
    there = engine.run("expression", inputs(20), timeout=30)
    assert [request.inputs[0].shape[0] for request in stub.requests] == [8, 8, 4]
    for name, array in here.items():
        np.testing.assert_array_equal(there[name], array)


@pytest.fixture
def two(repository: Path) -> Iterator[tuple[TritonStub, TritonStub, TritonEngine]]:
    """Two servers of the same models, and an engine on both that has asked them."""
    with TritonStub(repository) as first, TritonStub(repository) as second:
        engine = TritonEngine(f"{first.address}, {second.address}", refresh=60.0)
        engine.cards()
        yield first, second, engine
        engine.close()


def test_servers_are_asked_in_turn(two: tuple[TritonStub, TritonStub, TritonEngine]) -> None:
    first, second, engine = two
    for _ in range(6):
        engine.run("expression", inputs())
    assert (len(first.requests), len(second.requests)) == (3, 3)


def test_a_full_server_is_passed_over(two: tuple[TritonStub, TritonStub, TritonEngine]) -> None:
    first, second, engine = two
    full = (grpc.StatusCode.UNAVAILABLE, "Exceeds maximum queue size")
    first.fail_with = full
    for _ in range(4):
        engine.run("expression", inputs())
    assert engine.problems() == {}
    second.fail_with = full
    with pytest.raises(EngineBusyError):
        engine.run("expression", inputs())


def test_a_frozen_server_costs_its_callers_a_part_of_their_time(
    two: tuple[TritonStub, TritonStub, TritonEngine],
) -> None:
    first, second, engine = two
    first.frozen = True
    for _ in range(10):
        assert engine.run("expression", inputs(), timeout=3.0)["paint"].shape == (2, 3, 8, 8)
    assert len(second.requests) == 10
    assert len(first.requests) <= FAILURES  # then it is left alone
    second.frozen = True
    with pytest.raises(EngineTimeoutError):
        engine.run("expression", inputs(), timeout=0.2)


def test_what_waited_too_long_in_a_queue_goes_to_another_server(
    two: tuple[TritonStub, TritonStub, TritonEngine],
) -> None:
    first, second, engine = two
    first.fail_with = (grpc.StatusCode.UNAVAILABLE, "Request timeout expired")
    for _ in range(2 * FAILURES + 2):
        engine.run("expression", inputs(), timeout=30)
    assert len(second.requests) == 2 * FAILURES + 2
    assert len(first.requests) == FAILURES + 1  # it answers, so it is not left alone


def test_servers_are_asked_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    both = threading.Barrier(2, timeout=10)
    met: list[str] = []

    def ask(host: TritonHost) -> bool:
        both.wait()
        met.append(host.address)
        return True

    monkeypatch.setattr(TritonHost, "ask", ask)
    TritonEngine("127.0.0.1:1,127.0.0.1:2", refresh=60.0).close()
    assert sorted(met) == ["127.0.0.1:1", "127.0.0.1:2"]


def test_a_server_that_goes_away_and_comes_back(repository: Path) -> None:
    with TritonStub(repository) as first, TritonStub(repository) as second:
        port = first.port
        engine = TritonEngine(f"{first.address},{second.address}", refresh=60.0)
        engine.cards()
        first.server.stop(grace=None).wait()
        for _ in range(8):  # its callers go to the other one
            engine.run("expression", inputs(), timeout=30)
        assert len(second.requests) == 8
        engine.ask()
        assert list(engine.notices()) == [first.address]
        assert engine.problems() == {}  # the other stands in
        with TritonStub(repository, port=port) as again:
            while engine.notices():  # the watcher asks it every second
                engine.ask()
            for _ in range(4):
                engine.run("expression", inputs())
            assert len(again.requests) == 2
        engine.close()


def test_servers_in_the_middle_of_a_change_of_versions(repository: Path, tmp_path: Path) -> None:
    card, weights = tiny_editor(8)
    newer = write_repository(tmp_path / "newer", editor_size=8, finder_size=64)
    shutil.rmtree(newer / "expression")
    write_model(newer, card.model_copy(update={"version": 2}), weights)
    with TritonStub(repository) as old, TritonStub(newer) as new:
        engine = TritonEngine(f"{old.address},{new.address}")
        assert engine.cards()["expression"].version == 2
        for _ in range(4):
            engine.run("expression", inputs())
        assert (len(old.requests), len(new.requests)) == (0, 4)
        engine.close()


def test_what_only_the_lost_server_had_is_a_problem(repository: Path, tmp_path: Path) -> None:
    other = write_repository(tmp_path / "other", editor_size=8, finder_size=64)
    shutil.rmtree(other / "finder")
    with TritonStub(repository) as both, TritonStub(other) as one:
        engine = TritonEngine(f"{both.address},{one.address}", refresh=60.0)
        assert engine.problems() == engine.notices() == {}
        both.server.stop(grace=None).wait()
        for _ in range(3):
            engine.ask()
        assert list(engine.problems()) == [both.address]
        assert engine.run("expression", inputs())["paint"].shape == (2, 3, 8, 8)
        with pytest.raises(EngineUnavailableError, match="cannot be asked"):
            engine.run("finder", {"image": np.zeros((1, 3, 64, 64), np.float32)})
        engine.close()


def test_a_model_that_one_server_could_not_load(repository: Path, tmp_path: Path) -> None:
    broken = write_repository(tmp_path / "broken", editor_size=8, finder_size=64)
    (broken / "finder" / "1" / "model.onnx").write_bytes(b"")
    with TritonStub(repository) as well, TritonStub(broken) as ill:
        engine = TritonEngine(f"{well.address},{ill.address}")
        assert engine.problems() == {}
        assert list(engine.notices()) == [f"finder on {ill.address}"]
        for _ in range(2):
            engine.run("finder", {"image": np.zeros((1, 3, 64, 64), np.float32)})
        assert (len(well.requests), len(ill.requests)) == (2, 0)
        engine.close()


def test_a_gpu_that_became_a_cpu_is_a_problem(stub: TritonStub) -> None:
    engine = TritonEngine(stub.address)
    assert engine.devices() == {"expression": "cpu", "finder": "cpu"}
    assert engine.problems() == {}
    engine.close()
    assert engine.wanted_devices() == {"expression": "any", "finder": "any"}
    wanted = TritonEngine(stub.address, device="gpu")
    assert wanted.wanted_devices() == {"expression": "gpu", "finder": "gpu"}
    assert "runs on a CPU" in wanted.problems()["expression"]
    stub.instances = model_config_pb2.ModelInstanceGroup.KIND_GPU
    wanted.ask()
    assert wanted.problems() == {}
    assert wanted.devices() == {"expression": "gpu", "finder": "gpu"}
    wanted.close()


def test_memory_that_cannot_be_shared_is_done_without(stub: TritonStub) -> None:
    engine = TritonEngine(stub.address, shared_memory=True)  # the stub knows nothing of it
    assert engine.run("expression", inputs())["paint"].shape == (2, 3, 8, 8)
    engine.close()
    assert list(Path("/dev/shm").glob(f"celmood_*_{os.getpid()}_*")) == []
