"""The engine that the settings ask for."""

from __future__ import annotations

from engines.cores import usable_cores
from engines.protocol import Engine
from serving.settings import Settings


def open_engine(settings: Settings) -> Engine:
    """The engine that the settings ask for. Models that cannot be used are its problems()."""
    if settings.engine == "triton":
        # An extra of its own.
        from engines.triton_engine import TritonEngine
        from engines.triton_host import Access

        token = settings.triton_token
        access = Access(
            tls=settings.triton_tls,
            authorities=settings.triton_authorities,
            certificate=settings.triton_certificate,
            key=settings.triton_key,
            token=token.get_secret_value() if token else None,
            token_header=settings.triton_token_header,
        )
        return TritonEngine(
            settings.triton,
            access=access,
            device=settings.triton_device,
            shared_memory=settings.triton_shared_memory,
        )
    from engines.onnx_engine import OnnxEngine

    return OnnxEngine(
        settings.model_repository, threads=max(1, usable_cores() // settings.processes)
    )
