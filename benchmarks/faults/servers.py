"""A gateway that may be stopped and killed, a process of its own that keeps its log."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.faults.callers import FaultError
from benchmarks.gateway import LISTENING, ROOT
from serving.settings import PREFIX


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
