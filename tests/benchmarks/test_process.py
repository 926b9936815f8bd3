from __future__ import annotations

import subprocess
import sys
import time

import pytest

from benchmarks.process import Process

WORK = "import time\nwhile time.process_time() < 0.3: pass\n"
PARENT = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {WORK + "print('done', flush=True); input()"!r}],
                         stdin=subprocess.PIPE)
input()
child.communicate(b"end")
"""

RESTLESS = """
import subprocess, threading, time
print('on', flush=True)
end = time.time() + 20
while time.time() < end:
    threads = [threading.Thread(target=subprocess.run, args=(["true"],)) for _ in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
"""


def test_what_ends_meanwhile_is_left_out() -> None:
    with subprocess.Popen([sys.executable, "-c", RESTLESS], stdout=subprocess.PIPE) as restless:
        assert restless.stdout is not None
        restless.stdout.readline()
        process = Process(restless.pid)
        for _ in range(300):
            assert process.resident_bytes() > 1e6
            assert process.cpu_seconds() >= 0
        restless.kill()
    with pytest.raises(FileNotFoundError):
        process.resident_bytes()


def test_a_child_counts_as_its_parent() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"done\n"
        process = Process(parent.pid)
        assert process.cpu_seconds() >= 0.3
        assert process.peak_bytes() >= process.resident_bytes() > 2 * 5e6
        parent.communicate(b"end")


def test_processor_time_does_not_pass_with_the_clock() -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as idle:
        before, start = Process(idle.pid).cpu_seconds(), time.perf_counter()
        time.sleep(0.3)
        assert Process(idle.pid).cpu_seconds() - before < time.perf_counter() - start
        idle.communicate()
