"""The engine in this process."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from contract.card import Pixels, Tensor
from engines.cancel import Cancellation, working_under
from engines.company import in_work
from engines.onnx_engine import OnnxEngine
from engines.protocol import (
    EngineCancelledError,
    EngineTimeoutError,
    EngineUnavailableError,
    ModelInputError,
    ModelMissingError,
)
from tests.engines.tiny_models import tiny_editor, tiny_loop, write_model, write_repository

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[OnnxEngine]:
    engine = OnnxEngine(write_repository(tmp_path, editor_size=8, finder_size=64), threads=1)
    yield engine
    engine.close()


def editor_inputs(batch: int = 1, size: int = 8) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    return {
        "image": random.uniform(-1, 1, (batch, 3, size, size)).astype(np.float32),
        "control": np.zeros((batch, 62), np.float32),
    }


@pytest.mark.parametrize("batch", [1, 3])
def test_a_model_runs_by_the_names_of_its_card(engine: OnnxEngine, batch: int) -> None:
    assert set(engine.cards()) == {"expression", "finder"}
    assert engine.problems() == {}
    inputs = editor_inputs(batch)
    inputs["control"][0, 5] = 0.5
    outputs = engine.run("expression", inputs, timeout=30)
    assert set(outputs) == {"paint", "mask", "displacement"}
    np.testing.assert_array_equal(outputs["paint"], -inputs["image"])
    assert outputs["mask"].max(axis=(1, 2, 3)).tolist() == [0.5, 0.0, 0.0][:batch]


def test_an_unknown_model_lists_the_known(engine: OnnxEngine) -> None:
    with pytest.raises(ModelMissingError, match="expression, finder"):
        engine.run("portrait", {})


def test_wrong_inputs_are_refused(engine: OnnxEngine) -> None:
    with pytest.raises(ModelInputError, match="takes the inputs image, control"):
        engine.run("expression", {"image": editor_inputs()["image"]})


def test_a_run_ends_when_its_time_is_over(tmp_path: Path) -> None:
    write_model(tmp_path, *tiny_loop())
    engine = OnnxEngine(tmp_path, threads=1)
    begun = time.monotonic()
    with pytest.raises(EngineTimeoutError, match=r"0\.2 s"):
        engine.run("slow", editor_inputs(), timeout=0.2)
    assert time.monotonic() - begun < 5
    with pytest.raises(EngineTimeoutError, match="no time is left"):
        engine.run("slow", editor_inputs(), timeout=0)


def test_a_run_ends_when_nobody_waits_any_more(tmp_path: Path) -> None:
    write_model(tmp_path, *tiny_loop())
    engine, cancellation = OnnxEngine(tmp_path, threads=1), Cancellation()
    leave = threading.Timer(0.2, cancellation.cancel)
    leave.start()
    begun = time.monotonic()
    with working_under(cancellation), pytest.raises(EngineCancelledError, match="nobody waits"):
        engine.run("slow", editor_inputs(), timeout=60)
    assert time.monotonic() - begun < 30
    leave.join()
    with working_under(cancellation), pytest.raises(EngineCancelledError):
        engine.run("slow", editor_inputs())


def test_a_closed_engine_says_so(engine: OnnxEngine) -> None:
    engine.close()
    with pytest.raises(EngineUnavailableError, match="closed"):
        engine.run("expression", editor_inputs())


@pytest.mark.parametrize(
    "damage",
    [lambda weights: b"", lambda weights: weights[: len(weights) // 2], lambda weights: b"\0" * 99],
    ids=["empty", "half", "zeros"],
)
def test_damaged_weights_are_a_problem_and_the_rest_runs(tmp_path: Path, damage) -> None:
    path = write_repository(tmp_path, editor_size=8) / "finder" / "1" / "model.onnx"
    path.write_bytes(damage(path.read_bytes()))
    engine = OnnxEngine(tmp_path, threads=1)
    assert "sha256" in engine.problems()["finder"]
    assert engine.run("expression", editor_inputs())["mask"].shape == (1, 1, 8, 8)
    with pytest.raises(ModelMissingError, match="sha256"):
        engine.run("finder", {})


def test_weights_that_are_no_model_are_a_problem_even_with_their_sha256(tmp_path: Path) -> None:
    card, _ = tiny_editor(8)
    write_model(tmp_path, card, b"not an ONNX file")
    engine = OnnxEngine(tmp_path)
    assert engine.cards() == {}
    assert "cannot be opened" in engine.problems()["expression"]


@pytest.mark.parametrize(
    "change",
    [
        {"outputs": (Tensor(name="painting", shape=(-1, 3, 8, 8)),)},
        {"inputs": (Tensor(name="image", shape=(-1, 3, 8, 8)),)},
        {
            "inputs": (
                Tensor(name="image", shape=(-1, 3, 16, 16)),
                Tensor(name="control", shape=(-1, 62)),
            ),
            "pixels": Pixels(size=16),
        },
    ],
    ids=["another output", "an input less", "another size"],
)
def test_a_card_that_is_not_the_models_is_a_problem(tmp_path: Path, change) -> None:
    card, weights = tiny_editor(8)
    write_model(tmp_path, card.model_copy(update=change), weights)
    assert "the model has" in OnnxEngine(tmp_path).problems()["expression"]


def test_a_provider_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    write_model(tmp_path, *tiny_editor(8))
    engine = OnnxEngine(tmp_path, providers=("NoSuchExecutionProvider", "CPUExecutionProvider"))
    assert "which this onnxruntime does not have" in engine.problems()["expression"]


def test_a_silent_fallback_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_model(tmp_path, *tiny_editor(8))
    wanted = ("CUDAExecutionProvider", "CPUExecutionProvider")
    real = ort.InferenceSession
    monkeypatch.setattr(ort, "get_available_providers", lambda: list(wanted))
    # As onnxruntime does where the driver is missing: a session on the CPU, and no error.
    monkeypatch.setattr(
        ort, "InferenceSession", lambda w, o, providers: real(w, o, providers=[providers[-1]])
    )
    engine = OnnxEngine(tmp_path, providers=wanted)
    assert engine.cards() == {}
    assert "fell back to CPUExecutionProvider" in engine.problems()["expression"]


def test_a_silent_fallback_in_a_run_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write_model(tmp_path, *tiny_editor(8))
    gpu = "CUDAExecutionProvider"
    used = [gpu, "CPUExecutionProvider"]
    monkeypatch.setattr(ort, "get_available_providers", lambda: [gpu, "CPUExecutionProvider"])

    class Session(ort.InferenceSession):
        """As onnxruntime's own where a GPU fails amid a run: it goes on with the CPU."""

        def __init__(self, weights, options, providers):
            super().__init__(weights, options, providers=providers[-1:])

        def get_providers(self):
            return used

    monkeypatch.setattr(ort, "InferenceSession", Session)
    engine = OnnxEngine(tmp_path, providers=tuple(used))
    engine.run("expression", editor_inputs())
    assert engine.wanted_devices() == engine.devices() == {"expression": "gpu"}
    assert engine.problems() == {}
    used.remove(gpu)
    for _ in range(2):
        engine.run("expression", editor_inputs())  # slowly, but it runs
    assert engine.devices() == {"expression": "cpu"}
    assert engine.wanted_devices() == {"expression": "gpu"}
    assert "fell back to CPUExecutionProvider" in engine.problems()["expression"]
    assert len(caplog.messages) == 1
    assert "fell back" in caplog.messages[0]


def test_several_threads_run_at_once(engine: OnnxEngine) -> None:
    inputs = editor_inputs()
    wrong: list[object] = []

    def work() -> None:
        for _ in range(50):
            if not np.array_equal(engine.run("expression", inputs)["paint"], -inputs["image"]):
                wrong.append("paint")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.shipped
def test_runs_share_the_cores_with_other_pictures_and_give_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads: list[int] = []

    class Session(ort.InferenceSession):
        def run(self, *given, **options):
            threads.append(self.get_session_options().intra_op_num_threads)
            return super().run(*given, **options)

    monkeypatch.setattr(ort, "InferenceSession", Session)
    engine = OnnxEngine(ROOT / "model_repository", threads=3)
    size = engine.cards()["expression"].pixels.size
    inputs = editor_inputs(size=size)
    with in_work():
        alone = engine.run("expression", inputs)
        with in_work():
            beside = engine.run("expression", inputs)
    engine.close()
    assert threads == [3, 1]
    for name, values in alone.items():
        np.testing.assert_array_equal(beside[name], values)


def test_telemetry_is_off_before_onnxruntime_is_imported() -> None:
    program = (
        "import os, sys, engines; assert 'onnxruntime' not in sys.modules; "
        "print(os.environ['ORT_DISABLE_TELEMETRY'])"
    )
    clean = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    told = subprocess.run(
        [sys.executable, "-c", program], env=clean, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "1"
