"""A gateway and a Triton that may be stopped and killed, each a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final

import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

from benchmarks.faults.callers import FaultError
from benchmarks.gateway import LISTENING, ROOT
from benchmarks.triton import PYTHON
from serving.settings import PREFIX

_START_S: Final = 180.0


@dataclass(frozen=True)
class Gateway:
    """A gateway at `url`, its process, and where it writes its log."""

    url: str
    process: subprocess.Popen[str]
    log: Path

    def heard(self, name: str) -> bool:
        """Whether the request with this id has come to it and ended."""
        return f'"{name}"' in self.log.read_text()


@contextmanager
def gateway(
    repository: Path, *, within: Sequence[str] = (), **settings: object
) -> Iterator[Gateway]:
    """`python -m serving` on a free port, killed after the block.

    `settings` are those of `serving.settings`; `within` is a command that becomes the gateway.
    Raises FaultError.
    """
    command = [*within, sys.executable, "-m", "serving", "--port", "0"]
    others = {name: v for name, v in os.environ.items() if not name.startswith(PREFIX)}
    own = {"model_repository": repository.resolve(), "log": "json", "access_log": True, **settings}
    environment = others | {PREFIX + name.upper(): str(value) for name, value in own.items()}
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        with (
            log.open("w") as said,
            subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=said, text=True
            ) as process,
        ):
            try:
                assert process.stdout is not None
                line = process.stdout.readline()
                if not line.startswith(LISTENING):
                    raise FaultError(f"the gateway did not start: {' '.join(command)}")
                yield Gateway(line.removeprefix(LISTENING).strip(), process, log)
            finally:
                process.kill()


class Triton:
    """Triton on `repository`, as `make triton` starts it; always at the same `address`."""

    def __init__(self, repository: Path) -> None:
        if not PYTHON.exists():
            raise FaultError(f"{PYTHON} is missing: `make triton` makes it")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        self.address = f"127.0.0.1:{port}"
        self._command = [str(PYTHON), "-m", "deploy.triton.serve", "--threads", "1"]
        self._command += ["--model-repository", str(repository.resolve())]
        self._command += ["--grpc-port", str(port)]
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the server lives
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Triton:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(60)
        self._log.close()

    def start(self) -> None:
        """Return when it answers. Raises FaultError."""
        self._process = subprocess.Popen(
            self._command, cwd=ROOT, stdout=self._log, stderr=self._log
        )
        until = time.monotonic() + _START_S
        with triton.InferenceServerClient(self.address) as client:
            while not _answers(client):
                if self._process.poll() is not None or time.monotonic() > until:
                    self._log.seek(0)
                    said = self._log.read().decode(errors="replace")[-2000:]
                    raise FaultError(f"Triton did not start; it says: {said}")
                time.sleep(0.1)

    def kill(self) -> None:
        """SIGKILL: nothing is tidied up."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(30)


def _answers(client: triton.InferenceServerClient) -> bool:
    try:
        return bool(client.is_server_live(client_timeout=5))
    except InferenceServerException:
        return False
