"""What the kernel says of a process and of all that it started."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """The process `pid` with its children and theirs; those that end meanwhile are left out."""

    pid: int

    def cpu_seconds(self) -> float:
        """Processor time used so far, in user and kernel mode, by those that still run."""
        ticks = 0
        for pid in self._family():
            with suppress(FileNotFoundError, ProcessLookupError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def peak_bytes(self) -> int:
        """The most memory that was resident at once in each process, added up."""
        return sum(_bytes(pid, "VmHWM:") for pid in self._family())

    def resident_bytes(self) -> int:
        """What is in memory now, added up."""
        return sum(_bytes(pid, "VmRSS:") for pid in self._family())

    def _family(self) -> list[int]:
        family = [self.pid]
        for pid in family:  # grows meanwhile
            try:
                tasks = list(Path(f"/proc/{pid}/task").iterdir())
            except (FileNotFoundError, ProcessLookupError):
                if pid == self.pid:
                    raise
                continue
            family += [child for task in tasks for child in _children(task)]
        return family


def _children(task: Path) -> list[int]:
    """The processes that the thread `task` started; none when it has ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return [int(child) for child in (task / "children").read_text().split()]
    return []


def _bytes(pid: int, name: str) -> int:
    with suppress(FileNotFoundError, ProcessLookupError):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(name)), 0)
    return 0
