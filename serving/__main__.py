"""`python -m serving`: the gateway, over onnxruntime in this process or over Triton."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read when onnxruntime is imported

import uvicorn

from contract.assets import AssetError
from engines.protocol import Engine
from faces.lbp import CascadeError
from serving.app import create_app
from serving.settings import Settings, SettingsError, from_environment

_GRACE_S = 30


class _Server(uvicorn.Server):
    """Says where it listens as soon as it does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            host, port = sockets[0].getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            print(f"celmood listening on http://{shown}:{port}", flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; then finish what was accepted."""
    given = _parser().parse_args(arguments)
    try:
        settings = from_environment(
            os.environ,
            engine=given.engine,
            model_repository=given.model_repository,
            triton=given.triton,
            finder=given.finder,
        )
        app = create_app(settings, open_engine(settings))
        listener = _listen(given.host, given.port)
    except (SettingsError, AssetError, CascadeError, OSError) as error:
        print(f"celmood: {error}", file=sys.stderr)
        return 2
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, timeout_graceful_shutdown=_GRACE_S
    )
    # When uvicorn has shut down it raises the signal again; by then all is done.
    signal.signal(signal.SIGTERM, lambda *_: None)
    with suppress(KeyboardInterrupt):
        _Server(config).run(sockets=[listener])
    return 0


def open_engine(settings: Settings) -> Engine:
    """The engine that the settings ask for. Models that cannot be used are its problems()."""
    if settings.engine == "triton":
        from engines.triton_engine import TritonEngine  # an extra of its own

        return TritonEngine(settings.triton)
    from engines.onnx_engine import OnnxEngine

    return OnnxEngine(settings.model_repository)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise OSError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return listener


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m serving", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000, help="0 takes a free one and says which")
    parser.add_argument("--engine", choices=("onnxruntime", "triton"))
    parser.add_argument("--model-repository", type=Path, metavar="DIR")
    parser.add_argument("--triton", metavar="HOST:PORT", help="Triton's gRPC address")
    parser.add_argument("--finder", choices=("network", "lbp"))
    return parser


if __name__ == "__main__":
    sys.exit(main())
