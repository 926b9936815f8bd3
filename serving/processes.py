"""Several gateways side by side on one socket: processes that share their figures and the counts
of rates and quotas, and nothing else.
"""

from __future__ import annotations

import math
import os
import socket
import sys
import tempfile
from collections.abc import Mapping
from typing import Any, Final

import uvicorn
from fastapi import FastAPI
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from contract.assets import AssetError
from faces.lbp import CascadeError
from serving import logs
from serving.app import create_app
from serving.connection import Connection
from serving.engine import open_engine
from serving.scrape import FOLDER
from serving.security.rates import FILE, MEMORY
from serving.settings import Settings, SettingsError, from_environment, variable

_SERVER: Final[dict[str, Any]] = {
    "http": Connection,
    "ws": "none",
    "lifespan": "on",
    "log_config": None,  # that of serving.logs
    "log_level": "warning",
    "access_log": False,
    "server_header": False,
    "reset_contextvars": True,  # or a request would begin in the trace of the one before it
    "timeout_worker_healthcheck": 15,
}

_START_S: Final = 120


def server_options(settings: Settings) -> dict[str, Any]:
    """How uvicorn is run, in one process or in several.

    When all work has ended, answers that are still being sent have the grace once more.
    """
    return {
        **_SERVER,
        "timeout_graceful_shutdown": math.ceil(settings.drain_grace),
        "timeout_keep_alive": settings.keep_alive,
    }


def announce(listener: socket.socket) -> None:
    """Say where the gateway listens."""
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    print(f"celmood listening on http://{shown}:{port}", flush=True)


def serve_processes(
    settings: Settings, listener: socket.socket, given: Mapping[str, object]
) -> int:
    """Serve in as many processes as `settings` say until SIGTERM or SIGINT; returns the exit code.

    `given` are settings that win over the environment. A process that dies is started again; on
    SIGHUP all are, one after the other.
    """
    os.environ |= {variable(name): str(value) for name, value in given.items() if value is not None}
    with tempfile.TemporaryDirectory(prefix="celmood-figures-") as folder:
        os.environ.setdefault(FOLDER, folder)
        if settings.rate_store.get_secret_value() == MEMORY:
            os.environ[variable("rate_store")] = f"{FILE}{folder}/rates"
        config = uvicorn.Config(
            "serving.processes:app",
            factory=True,
            workers=settings.processes,
            **server_options(settings),
        )
        processes = _Processes(config, [listener])
        processes.run()
    return 2 if processes.failed else 0


class _Processes(Multiprocess):
    """Says where it listens when all are ready."""

    def init_processes(self) -> None:
        super().init_processes()
        if all(process.wait_until_ready(_START_S) for process in self.processes):
            announce(self.sockets[0])

    @property
    def failed(self) -> bool:
        """A process could not start."""
        return any(process.exitcode == STARTUP_FAILURE for process in self.processes)


def app() -> FastAPI:
    """The gateway of one process, set by the environment alone."""
    try:
        settings = from_environment(os.environ)
        logs.configure(settings.log, access=settings.access_log)
        return create_app(settings, open_engine(settings))
    except (SettingsError, AssetError, CascadeError, OSError) as error:
        print(f"celmood: {error}", file=sys.stderr)
        sys.exit(STARTUP_FAILURE)
