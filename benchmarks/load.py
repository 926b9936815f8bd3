"""Callers, by h2load: a compiled load generator, in a process of its own.

Either callers that ask for one answer after the other, or callers that come at a rate whether those
before have been answered or not. What each met is told, and what processor time it took to ask.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import httpx

PROGRAM: Final = "h2load"
_PATIENCE_S: Final = 60
_SET_BY_IT: Final = ("host", "content-length")


class LoadError(RuntimeError):
    """The generator is missing or failed; the message says what to do."""


@dataclass(frozen=True)
class Answer:
    """One answer. `sent_s` counts from the first request of all; status 0: none came."""

    sent_s: float
    status: int
    seconds: float


@dataclass(frozen=True)
class Load:
    """What callers met within `seconds`; `cpu_seconds` is the generator's processor time."""

    answers: tuple[Answer, ...]
    seconds: float
    cpu_seconds: float

    def statuses(self) -> dict[int, int]:
        """How many answers of each status."""
        return dict(Counter(answer.status for answer in self.answers))

    def good(self) -> list[Answer]:
        """The answers with status 200."""
        return [answer for answer in self.answers if answer.status == 200]


def one_after_the_other(request: httpx.Request, callers: int, seconds: float) -> Load:
    """`callers` at once for `seconds`; what is not answered by then is not counted.

    Raises LoadError.
    """
    return _run(request, seconds, ["-c", str(callers), "-D", f"{1000 * seconds:.0f}ms"])


def whether_answered_or_not(
    request: httpx.Request, rate: float, seconds: float, together: int = 1
) -> Load:
    """Callers that come `rate` times a second on the average, `together` of them each time.

    Each has a connection of its own and waits for its answer, also after `seconds`. Raises
    LoadError.
    """
    period_ms = max(1, round(1000 * together / rate))
    count = together * max(1, int(1000 * seconds / period_ms))
    words = ["-n", str(count), "-c", str(count), "-r", str(together)]
    words += ["--rate-period", f"{period_ms}ms", "-N", str(_PATIENCE_S)]
    load = _run(request, count / together * period_ms / 1000, words)
    none = Answer(0.0, 0, float(_PATIENCE_S))
    answers = load.answers + (none,) * (count - len(load.answers))
    # A busy machine may be late to let callers come: what was offered is what counts.
    last = max(answer.sent_s for answer in answers)
    return Load(answers, max(load.seconds, last), load.cpu_seconds)


class _Took(Protocol):
    @property
    def seconds(self) -> float: ...


def quantile_ms(answers: Iterable[_Took], share: float) -> float:
    """Milliseconds of the answer that is `share` on the way to the slowest; 0 without answers."""
    times = sorted(1e3 * answer.seconds for answer in answers)
    return times[int(share * (len(times) - 1))] if times else 0.0


def _run(request: httpx.Request, seconds: float, words: list[str]) -> Load:
    program = shutil.which(PROGRAM)
    if program is None:
        raise LoadError(
            f"{PROGRAM} is missing, which asks as many callers would; install it "
            "(Debian: apt-get install nghttp2-client)"
        )
    with tempfile.TemporaryDirectory() as folder:
        log, said = Path(folder, "log"), Path(folder, "said")
        command = [program, "--h1", *words, "--log-file", str(log)]
        for name, value in request.headers.items():
            if name.lower() not in _SET_BY_IT:
                command += ["-H", f"{name}: {value}"]
        if request.method == "POST":
            body = Path(folder, "body")
            body.write_bytes(request.read())
            command += ["-d", str(body)]
        with said.open("wb") as output:
            process = subprocess.Popen(
                [*command, str(request.url)], stdout=output, stderr=subprocess.STDOUT
            )
            # Only wait4 tells the processor time of this child, while others may be running.
            _, state, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(state)
        answers = _answers(log.read_text()) if log.exists() else ()
        if process.returncode or not answers:
            raise LoadError(
                f"{PROGRAM} got no answer, exit code {process.returncode}; it says: "
                + said.read_text(errors="replace")[-2000:]
            )
    return Load(answers, seconds, usage.ru_utime + usage.ru_stime)


def _answers(log: str) -> tuple[Answer, ...]:
    """Lines of microseconds when it was sent, status (-1: none), microseconds it took."""
    rows = [tuple(int(column) for column in line.split("\t")[:3]) for line in log.splitlines()]
    first = min((sent for sent, _, _ in rows), default=0)
    return tuple(
        Answer((sent - first) / 1e6, max(0, status), took / 1e6) for sent, status, took in rows
    )
