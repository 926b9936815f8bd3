"""Triton as a process of its own, started as `make triton` does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Final

import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

from benchmarks.gateway import ROOT
from benchmarks.process import Process

PYTHON: Final = Path(
    os.environ.get("CELMOOD_TRITON_PYTHON", ROOT / ".venv-triton" / "bin" / "python")
)
"""The interpreter of the environment that `make triton` makes."""

_START_S: Final = 180.0


class TritonError(RuntimeError):
    """Triton cannot be started; the message says what to do."""


def check_installed() -> None:
    """Raise TritonError where there is no Triton to start."""
    if not PYTHON.exists():
        raise TritonError(
            f"{PYTHON} is missing: `make bench` makes it, and so does `make triton`; another "
            "one may be named in CELMOOD_TRITON_PYTHON"
        )


class Triton:
    """Triton on `repository` within a block, always at the same `address`, a free port.

    `threads` are those of each model, by default the usable cores. Raises TritonError.
    """

    def __init__(self, repository: Path, *, threads: int | None = None) -> None:
        check_installed()
        port = _free_port()
        self.address = f"127.0.0.1:{port}"
        self._command = [str(PYTHON), "-m", "deploy.triton.serve", "--grpc-port", str(port)]
        self._command += ["--model-repository", str(repository.resolve())]
        if threads is not None:
            self._command += ["--threads", str(threads)]
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the server lives
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Triton:
        try:
            self.start()
        except TritonError:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    @property
    def process(self) -> Process:
        """The one that runs now."""
        assert self._process is not None
        return Process(self._process.pid)

    def start(self) -> None:
        """Return when it answers, which it does when the models are loaded. Raises TritonError."""
        self._process = subprocess.Popen(
            self._command, cwd=ROOT, stdout=self._log, stderr=self._log
        )
        until = time.monotonic() + _START_S
        with triton.InferenceServerClient(self.address) as client:
            while not _answers(client):
                if self._process.poll() is not None or time.monotonic() > until:
                    self._log.seek(0)
                    said = self._log.read().decode(errors="replace")[-3000:]
                    raise TritonError(f"Triton did not start; it says: {said}")
                time.sleep(0.1)

    def kill(self) -> None:
        """SIGKILL: nothing is tidied up."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(30)

    def _end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(60)
        self._log.close()


def _answers(client: triton.InferenceServerClient) -> bool:
    try:
        return bool(client.is_server_live(client_timeout=5))
    except InferenceServerException:
        return False  # not yet


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
