"""What ships, on a real Triton: it loads, batches and gives the bytes of the engine here."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from contract.card import read_card
from engines.onnx_engine import OnnxEngine
from serving.pipeline import Pipeline
from serving.settings import Settings
from tests.integration.triton_calls import LONG_S, counted, engine_on, inputs
from tests.integration.triton_server import ROOT, TritonServer

pytestmark = [pytest.mark.integration, pytest.mark.slow]

SPRITE = (ROOT / "examples" / "sprite.png").read_bytes()
CALLERS = 64


def test_every_shipped_model_loads(shipped: TritonServer) -> None:
    names = sorted(path.parent.name for path in (ROOT / "model_repository").glob("*/card.json"))
    with engine_on(shipped) as engine:
        assert engine.problems() == {}
        assert sorted(engine.cards()) == names
        for name in names:
            assert engine.cards()[name] == read_card(ROOT / f"model_repository/{name}/card.json")
            assert engine.devices()[name] == "cpu"


def test_both_engines_give_the_same_bytes(shipped: TritonServer) -> None:
    here = OnnxEngine(ROOT / "model_repository", threads=1)
    with engine_on(shipped) as there:
        for expression in ("happy", "crying"):
            one, other = (Pipeline(e, Settings()).edit(SPRITE, expression) for e in (here, there))
            assert one.faces == other.faces
            assert one.data == other.data
            assert one.data != SPRITE
    here.close()


def test_every_model_computes_the_same_numbers_in_both_engines(shipped: TritonServer) -> None:
    here = OnnxEngine(ROOT / "model_repository", threads=1)
    with engine_on(shipped) as there:
        for name, card in here.cards().items():
            feed = inputs(card, seed=5, batch=2)
            one, other = (engine.run(name, feed, LONG_S) for engine in (here, there))
            assert one.keys() == other.keys() == {tensor.name for tensor in card.outputs}
            for output, array in one.items():
                assert np.ptp(array) > 0
                np.testing.assert_array_equal(other[output], array)
    here.close()


def test_many_callers_are_batched(shipped: TritonServer) -> None:
    with engine_on(shipped) as engine:
        card = next(c for c in engine.cards().values() if c.task == "edit_expression")
        feeds = [inputs(card, seed) for seed in range(CALLERS)]
        before = shipped.statistics(card.name)
        alone = engine.run(card.name, feeds[0], timeout=LONG_S)
        counted(shipped, card.name, before, 1)
        before = shipped.statistics(card.name)
        with ThreadPoolExecutor(CALLERS) as callers:
            answers = list(callers.map(lambda f: engine.run(card.name, f, timeout=LONG_S), feeds))
    done = counted(shipped, card.name, before, CALLERS)
    assert (done["inferences"], done["failures"]) == (CALLERS, 0)
    assert done["executions"] <= CALLERS // 2
    for name, array in alone.items():  # each caller has its own answer back
        np.testing.assert_allclose(answers[0][name], array, atol=1e-4)
        assert not np.allclose(answers[1][name], array, atol=1e-4)


def test_the_same_picture_is_looked_for_once(shipped: TritonServer) -> None:
    with engine_on(shipped) as engine:
        card = next(c for c in engine.cards().values() if c.task == "find_faces")
        before = shipped.statistics(card.name)
        first, second = (engine.run(card.name, inputs(card, 77), timeout=LONG_S) for _ in "ab")
    assert counted(shipped, card.name, before, 2)["hits"] == 1
    for name, array in first.items():
        np.testing.assert_array_equal(second[name], array)


def test_a_batch_beyond_the_largest_goes_in_parts(shipped: TritonServer) -> None:
    with engine_on(shipped) as engine:
        card = next(c for c in engine.cards().values() if c.task == "edit_expression")
        answer = engine.run(card.name, inputs(card, batch=9), timeout=LONG_S)
    assert {len(array) for array in answer.values()} == {9}


def test_a_cpu_is_not_taken_for_a_gpu(shipped: TritonServer) -> None:
    with engine_on(shipped, device="gpu") as engine:
        assert engine.problems().keys() == engine.cards().keys()
        assert all("runs on a CPU" in told for told in engine.problems().values())


def test_configurations_for_gpus_are_refused_without_one(tmp_path: Path) -> None:
    """Triton reads the variants too, and says at once that there is no GPU."""
    shutil.copytree(ROOT / "model_repository", tmp_path / "models")
    options = ("--model-config-name=tensorrt",)
    with (
        TritonServer(tmp_path / "models", tmp_path / "log", server_options=options) as server,
        engine_on(server) as engine,
    ):
        assert engine.cards() == {}
        assert all("no GPUs are available" in told for told in engine.problems().values())


def test_instances_on_gpus_run_on_the_cpu_here(repository: Path, tmp_path: Path) -> None:
    stated = repository / "finder" / "config.pbtxt"
    stated.write_text(stated.read_text().replace("KIND_AUTO", "KIND_GPU"))
    with TritonServer(repository, tmp_path / "log") as server, engine_on(server) as engine:
        assert engine.problems() == {}
        assert engine.devices() == {"expression": "cpu", "finder": "cpu"}
        assert "although they ask for GPUs: finder" in server.log()
