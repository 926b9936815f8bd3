"""A real Triton for tests: started by our own launcher, on a free port, stopped however it went."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import httpx
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

ROOT = Path(__file__).parents[2]
PYTHON = Path(os.environ.get("CELMOOD_TRITON_PYTHON", ROOT / ".venv-triton" / "bin" / "python"))
"""The interpreter of the environment that `make triton` makes."""

_WAITING = "nv_inference_pending_request_count"

START_S = 180.0
"""Generous: the machine may be busy, and models are warmed up."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class TritonServer:
    """Triton on `repository`, running within a `with` block; may be killed and started again."""

    def __init__(
        self,
        repository: Path,
        log: Path,
        *options: str,
        server_options: Sequence[str] = (),
    ) -> None:
        if not PYTHON.exists():
            raise RuntimeError(f"{PYTHON} is missing; run these tests with `make integration`")
        self.repository = repository
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.metrics_port = free_port()
        self._log = log
        self._options = options
        self._server_options = server_options
        self._process: subprocess.Popen[bytes] | None = None
        self.client = triton.InferenceServerClient(self.address)

    def __enter__(self) -> TritonServer:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Kill it, whatever it does, and leave nothing in shared memory."""
        self.client.close()
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self.kill()
        for left in Path("/dev/shm").glob(f"celmood_triton_{self.port}_*"):
            left.unlink(missing_ok=True)

    def launch(self) -> None:
        """Start the process, without waiting."""
        command = [
            *(str(PYTHON), "-m", "deploy.triton.serve", "--threads", "1"),
            *("--model-repository", str(self.repository), "--grpc-port", str(self.port)),
            *("--metrics-port", str(self.metrics_port)),
            *self._options,
            *(("--", *self._server_options) if self._server_options else ()),
        ]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)

    def start(self) -> None:
        """Start the process and wait until it answers and has tried to load its models."""
        self.launch()
        until = time.monotonic() + START_S
        while not self._answers():
            assert self._process is not None
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"Triton did not start:\n{self.log()[-4000:]}")
            time.sleep(0.1)

    def kill(self) -> None:
        """SIGKILL: nothing is tidied up."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(30)

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(60)

    def freeze(self) -> None:
        """The server keeps its connections and answers nothing any more."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def statistics(self, model: str) -> dict[str, int]:
        """Requests computed, executions (batches), cache hits, failures of all versions so far."""
        answer = self.client.get_inference_statistics(model).model_stats
        return {
            "inferences": sum(stats.inference_count for stats in answer),
            "executions": sum(stats.execution_count for stats in answer),
            "hits": sum(stats.inference_stats.cache_hit.count for stats in answer),
            "failures": sum(stats.inference_stats.fail.count for stats in answer),
        }

    def waiting(self, model: str) -> int:
        """Requests in the model's queue."""
        text = httpx.get(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=30).text
        lines = [line for line in text.splitlines() if line.startswith(f"{_WAITING}{{")]
        own = [line for line in lines if f'model="{model}"' in line]
        return int(sum(float(line.rpartition(" ")[2]) for line in own))

    def log(self) -> str:
        """What launcher and server have written."""
        return self._log.read_text(errors="replace")

    def _answers(self) -> bool:
        try:
            # It listens only when it has loaded what it can.
            return bool(self.client.is_server_live(client_timeout=5))
        except InferenceServerException:
            return False
