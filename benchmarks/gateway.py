"""The gateway as a process of its own, and what the kernel says about it."""

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

from serving.settings import PREFIX

LISTENING: Final = "celmood listening on "
ROOT: Final = Path(__file__).resolve().parent.parent


class GatewayError(RuntimeError):
    """The gateway did not start or is not ready."""


@dataclass(frozen=True)
class RunningGateway:
    """Where it listens, and its process."""

    url: str
    pid: int

    def cpu_seconds(self) -> float:
        """Processor time used so far, in user and kernel mode."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_bytes(self) -> int:
        """The most memory that was resident at once."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise GatewayError("the kernel does not tell the peak of resident memory")


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
        yield RunningGateway(url, process.pid)
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()
