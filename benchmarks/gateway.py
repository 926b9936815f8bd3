"""The gateway as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from benchmarks.process import Process
from serving.settings import PREFIX

LISTENING: Final = "celmood listening on "
ROOT: Final = Path(__file__).resolve().parent.parent


class GatewayError(RuntimeError):
    """The gateway did not start or is not ready."""


@dataclass(frozen=True)
class RunningGateway:
    """Where it listens, and its process."""

    url: str
    process: Process


@contextmanager
def running_gateway(repository: Path, **settings: object) -> Iterator[RunningGateway]:
    """`python -m serving` on a free port until the block ends. Raises GatewayError.

    `settings` are those of `serving.settings`, by name.
    """
    command = [sys.executable, "-m", "serving", "--port", "0"]
    command += ["--model-repository", str(repository.resolve())]
    environment = os.environ | {PREFIX + name.upper(): str(v) for name, v in settings.items()}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line.startswith(LISTENING):
            raise GatewayError("the gateway did not start; it says why above")
        url = line.removeprefix(LISTENING).strip()
        ready = httpx.get(f"{url}/readyz", timeout=30)
        if not ready.is_success:
            raise GatewayError(f"the gateway is not ready: {ready.json()['detail']}")
        yield RunningGateway(url, Process(process.pid))
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()
