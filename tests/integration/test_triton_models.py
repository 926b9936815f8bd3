"""Models on a real Triton that come, go, get a new version, or are wrong."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from contract.card import read_card
from engines.protocol import ModelMissingError
from export.repository import place
from tests.engines.tiny_models import tiny_editor
from tests.integration.triton_calls import (
    edit,
    engine_on,
    gateway_on,
    inputs,
    problem,
    wait_until,
)
from tests.integration.triton_server import TritonServer

pytestmark = [pytest.mark.integration, pytest.mark.slow]


def test_models_are_unloaded_and_loaded(tiny: TritonServer) -> None:
    with engine_on(tiny) as engine, gateway_on(tiny) as client:
        assert edit(client).status_code == 200
        tiny.client.unload_model("expression")
        engine.ask()
        assert sorted(engine.cards()) == ["finder"]
        wait_until(lambda: client.get("/readyz").status_code == 503, "the gateway notices")
        answer = edit(client)
        assert (answer.status_code, problem(answer)) == (503, "model-unavailable")
        tiny.client.load_model("expression")
        wait_until(lambda: client.get("/readyz").status_code == 200, "the gateway notices again")
        assert edit(client).status_code == 200


def test_a_new_version_is_picked_up(tiny: TritonServer) -> None:
    _, weights = tiny_editor(64)
    old = read_card(tiny.repository / "expression" / "card.json")
    newer = old.model_copy(update={"version": 2, "description": "the second"})
    with engine_on(tiny) as engine:
        assert engine.cards()["expression"].version == 1
        place(tiny.repository, newer, weights)
        tiny.client.load_model("expression")
        before = by_version(tiny)
        engine.run("expression", inputs(old))  # not told yet: the version before still answers
        wait_until(lambda: by_version(tiny)["1"] == before["1"] + 1, "the first has counted it")
        engine.ask()
        assert engine.cards()["expression"] == newer
        engine.run("expression", inputs(newer))
        wait_until(lambda: by_version(tiny)["2"] == before["2"] + 1, "the second has counted it")
        assert engine.problems() == {}
        assert by_version(tiny)["1"] == before["1"] + 1


def by_version(server: TritonServer) -> dict[str, int]:
    """How many pictures each version of `expression` has computed."""
    stats = server.client.get_inference_statistics("expression").model_stats
    return {version.version: version.inference_count for version in stats}


def test_a_model_that_is_not_there(tiny: TritonServer) -> None:
    with engine_on(tiny) as engine, gateway_on(tiny) as client:
        with pytest.raises(ModelMissingError, match="expression, finder"):
            engine.run("portrait", {})
        answer = edit(client, model="portrait")
        assert (answer.status_code, problem(answer)) == (404, "unknown-model")


def test_wrong_cards_and_broken_models(repository: Path, tmp_path: Path) -> None:
    """Each is named with its reason, and the others go on."""
    _, weights = tiny_editor(64)
    for name in ("another", "damaged", "renamed", "future"):
        shutil.copytree(repository / "expression", repository / name)
        stated = repository / name / "config.pbtxt"
        stated.write_text(stated.read_text().replace('name: "expression"', f'name: "{name}"', 1))
    # Weights that are not those of the card.
    (repository / "another" / "1" / "model.onnx").write_bytes(weights + b"\0")
    # No ONNX model at all, and a card that knows it.
    (repository / "damaged" / "1" / "model.onnx").write_bytes(b"")
    # A card of a later release.
    assert 'card_version\\": 1,' in stated.read_text()
    future = repository / "future" / "config.pbtxt"
    future.write_text(future.read_text().replace('card_version\\": 1,', 'card_version\\": 99,'))
    with TritonServer(repository, tmp_path / "log") as server, engine_on(server) as engine:
        told = engine.problems()
        assert sorted(engine.cards()) == ["expression", "finder"]
        assert sorted(told) == ["another", "damaged", "future", "renamed"]
        assert "sha256" in told["another"]
        assert "could not load" in told["damaged"]
        assert "has the card of expression" in told["renamed"]
        assert "card version 99" in told["future"]
        with gateway_on(server) as client:
            assert client.get("/readyz").status_code == 503
            assert edit(client).status_code == 200
