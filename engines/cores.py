"""How many cores this process may use, which is fewer than the machine has in most containers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_MEMBERSHIP: Final = Path("/proc/self/cgroup")
_MOUNT: Final = Path("/sys/fs/cgroup")


def usable_cores(membership: Path = _MEMBERSHIP, mount: Path = _MOUNT) -> int:
    """The cores of the affinity mask, or the cgroup's quota rounded down if that is less; >= 1.

    Reads cgroup v2 (`cpu.max`) and v1 (`cpu.cfs_quota_us`), of this process's group and of all
    groups above it. `membership` and `mount` are the kernel's files, elsewhere in tests.
    """
    quotas = [quota for folder in _folders(membership, mount) for quota in _quota(folder)]
    return max(1, int(min([float(_affinity()), *quotas])))


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _folders(membership: Path, mount: Path) -> list[Path]:
    """The folders of the groups that limit this process, as far as they are mounted."""
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        lines = ["0::/"]
    folders: list[Path] = []
    for line in lines:
        _, controllers, group = line.split(":", 2)
        names = controllers.split(",")
        if not controllers:
            bases = [mount, mount / "unified"]
        elif "cpu" in names:
            bases = [mount / "cpu", mount / controllers]
        else:
            continue
        parts = Path(group.lstrip("/"))
        for base in bases:
            # In a container the group may be named as the host sees it: then only its top exists.
            folders += [base / parts, *(base / above for above in parts.parents), base]
    return list(dict.fromkeys(folders))


def _quota(folder: Path) -> list[float]:
    """The quota of one group in cores; empty where it sets none."""
    try:
        if (limits := folder / "cpu.max").is_file():
            quota, period = limits.read_text().split()
        else:
            quota = (folder / "cpu.cfs_quota_us").read_text().strip()
            period = (folder / "cpu.cfs_period_us").read_text().strip()
        if quota in ("max", "-1"):
            return []
        return [int(quota) / int(period)]
    except (OSError, ValueError, ZeroDivisionError):
        return []
