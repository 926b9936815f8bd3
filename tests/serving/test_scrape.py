from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from contract.card import Card
from engines.onnx_engine import OnnxEngine
from serving.metrics import Metrics
from serving.scrape import FOLDER, Models, living
from tests.serving.figures import read, value

ROOT = Path(__file__).parents[2]
WORKER = """
import sys
from serving.metrics import Metrics
metrics = Metrics()
metrics.observe_request("/v1/faces", "POST", 200, "ok", 0.3)
metrics.observe_run("finder", 2, 0.5)
metrics.under_way.inc()
metrics.threads.set(4)
print("counted", flush=True)
if sys.stdin.read() == "tell":
    sys.stdout.write(metrics.text().decode())
"""


def worker(folder: Path) -> subprocess.Popen[str]:
    """A process that has counted one request, has it under way, and waits."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER],
        cwd=ROOT,
        env=os.environ | {FOLDER: str(folder)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "counted\n"
    return process


def test_one_process_answers_for_all_and_gauges_of_the_dead_go(tmp_path: Path) -> None:
    one, two, three = (worker(tmp_path) for _ in range(3))
    three.kill()
    three.communicate()
    text, _ = one.communicate("tell")
    two.communicate("")
    here = {"route": "/v1/faces", "method": "POST", "status": "200"}
    assert value(text, "celmood_requests_total", **here, outcome="ok") == 3
    assert value(text, "celmood_request_seconds_count", **here) == 3
    assert value(text, "celmood_engine_batch_size_sum", model="finder") == 6
    assert value(text, "celmood_requests_under_way") == 2
    assert value(text, "celmood_work_threads") == 8
    assert 20e6 < value(text, "process_resident_memory_bytes") < 2e9


def test_the_kernels_figures_are_summed_over_processes(tmp_path: Path) -> None:
    one, two = worker(tmp_path), worker(tmp_path)
    assert living(tmp_path) == sorted((one.pid, two.pid))
    alone = int(Path(f"/proc/{two.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    limit = Path(f"/proc/{two.pid}/limits").read_text()
    text, _ = one.communicate("tell")
    two.communicate("")
    assert value(text, "process_resident_memory_bytes") > 1.5 * alone
    assert str(int(value(text, "process_max_fds"))) in limit
    assert living(tmp_path) == []


def test_one_process_tells_its_own_memory() -> None:
    text = Metrics().text()
    assert value(text, "process_resident_memory_bytes") > 1e6
    assert value(text, "process_cpu_seconds_total") > 0


class Shelf(OnnxEngine):
    """An engine that knows what its models run on, and has one that is broken."""

    def devices(self):
        return {"finder": "gpu"}

    def wanted_devices(self):
        return {"finder": "cpu"}

    def problems(self):
        return {"broken": "no weights"}


@pytest.fixture
def shelf(model_repository: Path):
    engine = Shelf(model_repository, threads=1)
    yield engine
    engine.close()


def test_models_are_told_at_each_scrape(shelf: Shelf) -> None:
    metrics = Metrics()
    metrics.add(Models(shelf))
    card: Card = shelf.cards()["finder"]
    labels = {
        "model": "finder",
        "version": str(card.version),
        "task": "find_faces",
        "device": "gpu",
        "wanted": "cpu",
        "weights": card.weights_sha256[:12],
    }
    assert value(metrics.text(), "celmood_model_info", **labels) == 1
    assert value(metrics.text(), "celmood_model_problem", name="broken") == 1
    told = [labels for name, labels in read(metrics.text()) if name == "celmood_model_info"]
    assert len(told) == 2
