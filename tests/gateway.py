"""`python -m serving` as a process of its own: for tests that stop it, kill it or start several."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]


@contextmanager
def started(*arguments: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and its address, with only these CELMOOD_ variables; killed in the end."""
    others = {k: v for k, v in os.environ.items() if not k.startswith("CELMOOD_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "serving", "--port", "0", *arguments],
        cwd=ROOT,
        env=others | environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            match = re.fullmatch(r"celmood listening on (\S+)\n", line)
            assert match, line
            yield process, match[1]
        finally:
            process.kill()  # before its end is waited for, whatever the test has met
