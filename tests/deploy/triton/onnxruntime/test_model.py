"""Our backend for Triton, with a stand-in for the server's side of it."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from deploy.triton.serve import OURS
from engines.onnx_engine import OnnxEngine
from tests.engines.tiny_models import write_repository


class Tensor:
    """As the server's: a name and an array."""

    def __init__(self, name: str, array: np.ndarray) -> None:
        self.name = name
        self._array = array

    def as_numpy(self) -> np.ndarray:
        return self._array


class Request:
    """As the server's: inputs, the names of wanted outputs, whether the caller has gone."""

    def __init__(self, inputs: dict[str, np.ndarray], wanted: list[str], gone: bool = False):
        self.inputs = inputs
        self.wanted = wanted
        self.gone = gone

    def is_cancelled(self) -> bool:
        return self.gone

    def requested_output_names(self) -> list[str]:
        return self.wanted


class Refused(Exception):
    """The server's TritonModelException."""


class Failure:
    CANCELLED = 1
    INTERNAL = 2

    def __init__(self, message: str, code: int) -> None:
        self.message = message
        self.code = code


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return write_repository(tmp_path, editor_size=8, finder_size=64)


@pytest.fixture
def backend(repository: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The backend's module, as the server imports it."""
    utils = ModuleType("triton_python_backend_utils")
    utils.__dict__.update(
        Tensor=Tensor,
        TritonError=Failure,
        TritonModelException=Refused,
        InferenceResponse=lambda output_tensors, error=None: SimpleNamespace(
            outputs={t.name: t.as_numpy() for t in output_tensors}, error=error
        ),
        get_input_tensor_by_name=lambda request, name: Tensor(name, request.inputs[name]),
        get_model_dir=lambda: str(repository / "expression" / "1"),
    )
    monkeypatch.setitem(sys.modules, utils.__name__, utils)
    spec = importlib.util.spec_from_file_location("celmood_backend", OURS / "model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def arguments(repository: Path, **changes: Any) -> dict[str, str]:
    text = (repository / "expression" / "card.json").read_text()
    card = json.loads(text)
    config = {
        "input": [{"name": t["name"]} for t in card["inputs"]],
        "output": [{"name": t["name"]} for t in card["outputs"]],
        "parameters": {"card": {"string_value": text}},
    } | changes.pop("config", {})
    return {
        "model_config": json.dumps(config),
        "model_version": "1",
        "model_instance_kind": "CPU",
    } | changes


@pytest.fixture
def model(backend: ModuleType, repository: Path) -> Any:
    model = backend.TritonPythonModel()
    model.initialize(arguments(repository))
    return model


def inputs(seed: int, batch: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    return {
        "image": random.uniform(-1, 1, (batch, 3, 8, 8)).astype(np.float32),
        "control": random.uniform(-1, 1, (batch, 62)).astype(np.float32),
    }


def test_requests_run_together_and_answers_are_their_own(model: Any, repository: Path) -> None:
    feeds = [inputs(seed, batch) for seed, batch in enumerate((1, 3, 2))]
    wanted = [["paint", "mask"], ["mask"], ["displacement", "paint"]]
    runs: list[int] = []
    session = model._session

    class Counting:
        def run(self, names: list[str], feed: dict[str, np.ndarray]) -> list[np.ndarray]:
            runs.append(len(feed["image"]))
            return session.run(names, feed)

    model._session = Counting()
    answers = model.execute([Request(f, w) for f, w in zip(feeds, wanted, strict=True)])
    assert runs == [6]
    engine = OnnxEngine(repository, threads=1)
    for feed, names, answer in zip(feeds, wanted, answers, strict=True):
        assert list(answer.outputs) == names
        right = engine.run("expression", feed)
        for name in names:
            np.testing.assert_array_equal(answer.outputs[name], right[name])


def test_who_has_gone_is_left_out(model: Any) -> None:
    here, gone = Request(inputs(1, 1), ["mask"]), Request(inputs(2, 1), ["mask"], gone=True)
    first, second, third = model.execute([gone, here, gone])
    assert (first.error.code, third.error.code) == (Failure.CANCELLED, Failure.CANCELLED)
    assert second.error is None
    assert second.outputs["mask"].shape == (1, 1, 8, 8)
    assert [answer.error.code for answer in model.execute([gone])] == [Failure.CANCELLED]


def test_an_error_of_onnxruntime_is_an_answer(model: Any) -> None:
    wrong = inputs(1, 1) | {"control": np.zeros((1, 3, 3), np.float32)}
    (answer,) = model.execute([Request(wrong, ["mask"])])
    assert answer.error.code == Failure.INTERNAL
    assert "onnxruntime" in answer.error.message


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"model_instance_kind": "GPU"}, "CPU only"),
        ({"config": {"output": [{"name": "picture"}]}}, "names the outputs picture"),
    ],
)
def test_what_cannot_be_served_is_said(
    backend: ModuleType, repository: Path, changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Refused, match=reason):
        backend.TritonPythonModel().initialize(arguments(repository, **changes))


def test_weights_of_another_card_are_refused(backend: ModuleType, repository: Path) -> None:
    path = repository / "expression" / "1" / "model.onnx"
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(Refused, match="sha256"):
        backend.TritonPythonModel().initialize(arguments(repository))


def test_the_weights_of_the_version_before_have_no_card(
    backend: ModuleType, repository: Path
) -> None:
    path = repository / "expression" / "card.json"
    path.write_text(path.read_text().replace('"version": 1', '"version": 2'))
    backend.TritonPythonModel().initialize(arguments(repository))
