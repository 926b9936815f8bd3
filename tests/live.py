"""A real server for tests: an ASGI app on a free port, and an HTTP client for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import uvicorn
from starlette.types import ASGIApp

from serving.connection import Connection


@contextmanager
def running(app: ASGIApp, keep_alive: int = 5) -> Iterator[httpx.Client]:
    """Serve `app` in a thread of this process within the block; `client.base_url` says where.

    A connection that is not used is kept for `keep_alive` seconds.
    """
    config = uvicorn.Config(
        app,
        port=0,
        http=Connection,
        log_level="critical",
        lifespan="on",
        ws="none",
        timeout_keep_alive=keep_alive,
        reset_contextvars=True,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        until = time.monotonic() + 20
        while not server.started:
            if not thread.is_alive() or time.monotonic() > until:
                raise RuntimeError("the server did not start")
            time.sleep(0.005)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(20)
