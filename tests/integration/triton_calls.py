"""Engines and gateways on a real Triton, and what tests ask of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from httpx import Client, Response

from contract.card import Card
from engines.triton_engine import TritonEngine
from serving.app import create_app
from serving.settings import Settings
from tests.integration.triton_server import TritonServer
from tests.live import running
from tests.pictures import encoded, scene

PICTURE = encoded(scene())
LONG_S = 120.0
"""Generous: the machine may be busy."""


@contextmanager
def engine_on(server: TritonServer, **options: object) -> Iterator[TritonEngine]:
    """An engine that asks `server` only, closed in the end."""
    engine = TritonEngine(server.address, **options)  # type: ignore[arg-type]
    try:
        yield engine
    finally:
        engine.close()


@contextmanager
def gateway_on(server: TritonServer, **settings: object) -> Iterator[Client]:
    """A gateway over `server` in this process, and a patient client of it."""
    engine = TritonEngine(server.address)
    with running(create_app(Settings.model_validate(settings), engine)) as client:
        client.timeout = LONG_S
        yield client


def wait_until(true: Callable[[], bool], why: str) -> None:
    """Ask `true` again and again; `why` says what was waited for in vain."""
    until = time.monotonic() + LONG_S
    while not true():
        assert time.monotonic() < until, f"in vain: {why}"
        time.sleep(0.1)


def counted(server: TritonServer, model: str, before: dict[str, int], least: int) -> dict[str, int]:
    """What the server has done since `before`, at least so many requests: it counts after it has
    answered.
    """

    def since() -> dict[str, int]:
        now = server.statistics(model)
        return {name: count - before[name] for name, count in now.items()}

    wait_until(lambda: since()["inferences"] + since()["hits"] >= least, "the server has counted")
    return since()


def edit(client: Client, image: bytes = PICTURE, **fields: str) -> Response:
    """The answer to an edit, whatever it is."""
    data = {"expression": "happy"} | fields
    return client.post("/v1/expressions", files={"image": ("x", image)}, data=data)


def problem(response: Response) -> str:
    """The last part of the problem's type."""
    return str(response.json()["type"]).removeprefix("urn:celmood:problem:")


def inputs(card: Card, seed: int = 0, batch: int = 1) -> dict[str, np.ndarray]:
    """Random numbers from -1 to 1 for every input of the model, the same for the same seed."""
    random = np.random.default_rng(seed)
    return {
        tensor.name: random.uniform(-1, 1, (batch, *tensor.shape[1:])).astype(np.float32)
        for tensor in card.inputs
    }


def regions(pattern: str) -> list[Path]:
    """What of ours lies in shared memory, by a pattern of its name."""
    return list(Path("/dev/shm").glob(f"celmood_{pattern}"))
