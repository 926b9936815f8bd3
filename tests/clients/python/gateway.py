"""A real gateway for tests: the app in uvicorn, on a free port, in a thread."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn

from contract.card import ExpressionVector
from engines.protocol import Engine
from serving.app import create_app
from serving.pipeline import Pipeline
from serving.settings import from_environment


@dataclass(frozen=True)
class Gateway:
    url: str
    pipeline: Pipeline

    def preset(self, name: str) -> Mapping[str, float]:
        control = self.pipeline.engine.cards()["expression"].control
        assert isinstance(control, ExpressionVector)
        return control.presets[name]


@contextmanager
def running_gateway(engine: Engine, **given: object) -> Iterator[Gateway]:
    """Serve `engine`, which stays open, until the block ends; `given` are settings."""
    settings = from_environment({}, **given)
    app = create_app(settings, engine)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="error", lifespan="off")  # it would close the engine
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        until = time.monotonic() + 10
        while not server.started:
            assert thread.is_alive()
            assert time.monotonic() < until
            time.sleep(0.01)
        host, port = listener.getsockname()
        yield Gateway(f"http://{host}:{port}", Pipeline(engine, settings))
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
