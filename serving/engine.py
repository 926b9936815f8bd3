"""The engine that the settings ask for."""

from __future__ import annotations

from engines.cores import usable_cores
from engines.protocol import Engine
from serving.settings import Settings


def open_engine(settings: Settings) -> Engine:
    """The engine that the settings ask for. Models that cannot be used are its problems()."""
    if settings.engine == "triton":
        from engines.triton_engine import TritonEngine  # an extra of its own

        return TritonEngine(settings.triton)
    from engines.onnx_engine import OnnxEngine

    return OnnxEngine(
        settings.model_repository, threads=max(1, usable_cores() // settings.processes)
    )
