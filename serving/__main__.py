"""`python -m serving`: the gateway, over onnxruntime in this process or over Triton."""

from __future__ import annotations

import argparse
import os
import resource
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read when onnxruntime is imported

import uvicorn

from contract.assets import AssetError
from faces.lbp import CascadeError
from serving import logs
from serving.app import create_app
from serving.engine import open_engine
from serving.processes import announce, serve_processes, server_options
from serving.security import command as keys
from serving.security.guard import check_exposure
from serving.settings import SettingsError, from_environment

_FILES: Final = 65_536
"""Each connection is an open file, and one that is kept waits for its next request."""


class _Server(uvicorn.Server):
    """Says where it listens as soon as it does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            announce(sockets[0])


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; then finish what was accepted."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["keys"]:
        return keys.main(arguments[1:])
    given = vars(_parser().parse_args(arguments))
    host, port = given.pop("host"), given.pop("port")
    try:
        settings = from_environment(os.environ, **given)
        check_exposure(host, settings)
        logs.configure(settings.log, access=settings.access_log)
        allow_files(_FILES)
        listener = listen(host, port)
        if settings.processes > 1:
            return serve_processes(settings, listener, given)
        app = create_app(settings, open_engine(settings))
    except (SettingsError, AssetError, CascadeError, OSError) as error:
        print(f"celmood: {error}", file=sys.stderr)
        return 2
    # When uvicorn has shut down it raises the signal again; by then all is done.
    signal.signal(signal.SIGTERM, lambda *_: None)
    with suppress(KeyboardInterrupt):
        _Server(uvicorn.Config(app, **server_options(settings))).run(sockets=[listener])
    return 0


def allow_files(wanted: int) -> None:
    """Let this process, and those that it starts, open so many files, or as many as they may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def listen(host: str, port: int) -> socket.socket:
    """A socket of that address, for the server to listen on. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Only where it is told that this is TCP asyncio turns off Nagle's wait for acknowledgements.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
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
    parser.add_argument(
        "--workers", type=int, dest="processes", metavar="N", help="processes side by side"
    )
    parser.add_argument("--keys", type=Path, metavar="FILE", help="of the API keys; see `keys -h`")
    parser.add_argument(
        "--without-keys",
        action="store_true",
        default=None,
        help="let in everybody, also on an address that others can reach",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
