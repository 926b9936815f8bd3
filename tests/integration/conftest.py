"""Fixtures for tests on real servers; `make integration` runs them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.card import Card
from export.repository import configure
from export.repository import place as put
from tests.engines.tiny_models import tiny_loop, write_repository
from tests.integration.triton_server import ROOT, TritonServer

SLOW_STEPS = 900_000
"""About a second on one core of our own, more on a busy one."""


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TritonServer]:
    """Triton on the very repository that ships, with a response cache."""
    log = tmp_path_factory.mktemp("triton") / "log"
    options = ("--cache-bytes", str(64 * 2**20))
    with TritonServer(ROOT / "model_repository", log, *options) as server:
        yield server


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Tiny models, as the exporter writes them."""
    folder = write_repository(tmp_path / "models", editor_size=64, finder_size=256)
    for model in folder.iterdir():
        configure(model)
    return folder


@pytest.fixture
def tiny(repository: Path, tmp_path: Path) -> Iterator[TritonServer]:
    """Triton on tiny models, which callers may load and unload."""
    with TritonServer(repository, tmp_path / "log", "--explicit") as server:
        yield server


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TritonServer]:
    """Triton on the tiny models and `slow`: a second a picture, one at a time, two may wait."""
    place = tmp_path_factory.mktemp("slow")
    folder = write_repository(place / "models", editor_size=64, finder_size=256)
    for model in folder.iterdir():
        configure(model)
    write_slow(folder)
    with TritonServer(folder, place / "log") as server:
        yield server


def write_slow(folder: Path) -> Card:
    """Write the model `slow` with a short queue and no batches."""
    card, weights = tiny_loop(SLOW_STEPS)
    card = card.model_copy(update={"weights_sha256": hashlib.sha256(weights).hexdigest()})
    stated = put(folder, card, weights) / "config.pbtxt"
    text = stated.read_text()
    for old, new in (
        ("max_batch_size: 8", "max_batch_size: 1"),
        ("max_queue_size: 64", "max_queue_size: 2"),
    ):
        assert old in text
        text = text.replace(old, new)
    # It is as slow when it is warm: the server starts without.
    before, _, after = text.partition("model_warmup [")
    stated.write_text(before + after[after.index("parameters {") :])
    return card
