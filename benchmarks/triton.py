"""Triton as a process of its own, started as `make triton` does."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

from benchmarks.gateway import ROOT
from benchmarks.process import Process

PYTHON: Final = Path(
    os.environ.get("CELMOOD_TRITON_PYTHON", ROOT / ".venv-triton" / "bin" / "python")
)
"""The interpreter of the environment that `make triton` makes."""

_START_S: Final = 180


class TritonError(RuntimeError):
    """Triton cannot be started; the message says what to do."""


@contextmanager
def running_triton(repository: Path) -> Iterator[tuple[str, Process]]:
    """Triton on a free port until the block ends: its address and its process.

    Raises TritonError.
    """
    if not PYTHON.exists():
        raise TritonError(
            f"{PYTHON} is missing: `make bench` makes it, and so does `make triton`; another "
            "one may be named in CELMOOD_TRITON_PYTHON"
        )
    port = _free_port()
    command = [str(PYTHON), "-m", "deploy.triton.serve", "--grpc-port", str(port)]
    command += ["--model-repository", str(repository.resolve())]
    with TemporaryDirectory() as folder, Path(folder, "log").open("w+b") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        try:
            _wait(process, f"127.0.0.1:{port}", Path(folder, "log"))
            yield f"127.0.0.1:{port}", Process(process.pid)
        finally:
            process.terminate()
            process.wait(60)


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    """Until it listens, which it does when the models are loaded. Raises TritonError."""
    until = time.monotonic() + _START_S
    with triton.InferenceServerClient(address) as client:
        while True:
            try:
                if client.is_server_live(client_timeout=5):
                    return
            except InferenceServerException:
                pass  # not yet
            if process.poll() is not None or time.monotonic() > until:
                said = log.read_text(errors="replace")[-3000:]
                raise TritonError(f"Triton did not start; it says: {said}")
            time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
