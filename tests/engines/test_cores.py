"""The cores that a process may use, from files as the kernel writes them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engines.cores import usable_cores


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))


def cores(tmp_path: Path, membership: str, files: dict[str, str]) -> int:
    (tmp_path / "membership").write_text(membership)
    for name, text in files.items():
        path = tmp_path / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return usable_cores(tmp_path / "membership", tmp_path / "cgroup")


@pytest.mark.parametrize(
    ("limit", "expected"),
    [("max 100000", 8), ("200000 100000", 2), ("250000 100000", 2), ("50000 100000", 1)],
)
def test_version_2(tmp_path: Path, limit: str, expected: int) -> None:
    assert cores(tmp_path, "0::/\n", {"cpu.max": limit}) == expected


def test_version_2_obeys_the_groups_above(tmp_path: Path) -> None:
    files = {"pod/cpu.max": "300000 100000", "pod/main/cpu.max": "max 100000"}
    assert cores(tmp_path, "0::/pod/main\n", files) == 3


def test_version_1(tmp_path: Path) -> None:
    files = {
        "cpu,cpuacct/box/cpu.cfs_quota_us": "400000",
        "cpu,cpuacct/box/cpu.cfs_period_us": "100000",
    }
    membership = "5:memory:/else\n4:cpu,cpuacct:/box\n0::/\n"
    assert cores(tmp_path, membership, files) == 4
    files["cpu,cpuacct/box/cpu.cfs_quota_us"] = "-1"
    assert cores(tmp_path, membership, files) == 8


def test_version_1_in_a_container_that_sees_only_its_own_group(tmp_path: Path) -> None:
    files = {"cpu/cpu.cfs_quota_us": "150000", "cpu/cpu.cfs_period_us": "100000"}
    assert cores(tmp_path, "4:cpu:/docker/0123\n", files) == 1


def test_without_groups_the_affinity_mask_counts(tmp_path: Path) -> None:
    assert usable_cores(tmp_path / "nothing", tmp_path / "nowhere") == 8


def test_files_that_make_no_sense_are_passed_over(tmp_path: Path) -> None:
    assert cores(tmp_path, "0::/\n", {"cpu.max": "lots"}) == 8


def test_here() -> None:
    assert 1 <= usable_cores() <= 8
