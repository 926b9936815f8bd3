"""A pipeline and a gateway over the tiny models, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx import Client

from engines.onnx_engine import OnnxEngine
from serving.app import create_app
from serving.pipeline import Pipeline
from serving.settings import Settings
from tests.live import running


@pytest.fixture(scope="session")
def pipeline(engine: OnnxEngine) -> Pipeline:
    return Pipeline(engine, Settings())


@pytest.fixture(scope="session")
def client(model_repository: Path) -> Iterator[Client]:
    """A client of a gateway with low limits, on a real socket."""
    settings = Settings(max_bytes=3_000_000, max_pixels=2_000_000, workers=2)
    app = create_app(settings, OnnxEngine(model_repository, threads=1))
    with running(app) as client:
        yield client
