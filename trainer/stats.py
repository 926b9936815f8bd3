"""The log of a run: `stats.jsonl` (one line per report) and TensorBoard beside it."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Final

from torch.utils.tensorboard import SummaryWriter

FILE: Final = "stats.jsonl"


class Stats:
    """Writes the figures of a run in folder `run`. Lines of steps after `start` (a run that was
    killed beyond its last checkpoint) are dropped, so that each step is told once."""

    def __init__(self, run: Path, start: int) -> None:
        path = run / FILE
        kept = [
            line
            for line in (path.read_text(encoding="utf-8").splitlines() if path.exists() else [])
            if _step_of(line) <= start
        ]
        beside = path.with_name(FILE + ".partial")
        beside.write_text("".join(line + "\n" for line in kept), encoding="utf-8")
        beside.replace(path)
        self._lines = path.open("a", encoding="utf-8")
        self._board = SummaryWriter(
            str(run / "tensorboard"), purge_step=start + 1 if start else None
        )

    def write(self, step: int, figures: dict[str, float]) -> None:
        """Log `figures` as the state after `step` steps."""
        line = {"step": step, "time": round(time.time(), 3), **figures}
        self._lines.write(json.dumps(line) + "\n")
        self._lines.flush()
        for name, value in figures.items():
            self._board.add_scalar(name, value, step)

    def close(self) -> None:
        """Flush and close both."""
        self._lines.close()
        self._board.close()


def _step_of(line: str) -> float:
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return float("inf")
