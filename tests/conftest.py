"""Fixtures that several folders share: a model repository of tiny models, and an engine on it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read when onnxruntime is imported


@pytest.fixture(scope="session")
def model_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in Triton's layout: `finder` sees magenta squares, `expression` paints a spot."""
    from tests.magenta_models import write_magenta_repository

    return write_magenta_repository(tmp_path_factory.mktemp("model_repository"))


@pytest.fixture(scope="session")
def engine(model_repository: Path) -> Iterator[object]:
    """onnxruntime, one thread, over `model_repository`."""
    from engines.onnx_engine import OnnxEngine

    engine = OnnxEngine(model_repository, threads=1)
    yield engine
    engine.close()
