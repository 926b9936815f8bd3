"""The engine that the settings ask for, and how many pictures keep it and the cores busy."""

from __future__ import annotations

from typing import Final

from engines.cores import usable_cores
from engines.protocol import Engine
from serving.settings import Settings

_FOR_EACH_CORE: Final = 2
"""Pictures in work for each core where models run elsewhere: one is there while one is here."""


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

    return OnnxEngine(settings.model_repository, threads=_cores(settings))


def pictures_at_once(settings: Settings) -> int:
    """How many pictures one of the processes may have in work, a thread each.

    By default as many as it has cores, and twice as many where threads wait for Triton meanwhile.
    """
    each = _FOR_EACH_CORE if settings.engine == "triton" else 1
    return settings.workers or each * _cores(settings)


def _cores(settings: Settings) -> int:
    """The cores that one of the processes has to itself."""
    return max(1, usable_cores() // settings.processes)
