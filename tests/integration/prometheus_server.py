"""A real Prometheus on the shipped configuration, and promtool; the Debian package `prometheus`."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, Final

import httpx
import yaml

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "deploy" / "prometheus"
_PATIENCE_S: Final = 90


def tool(name: str) -> str:
    """The path of `prometheus` or `promtool`. Raises FileNotFoundError, which says what to do."""
    path = shutil.which(name)
    if path is None:
        raise FileNotFoundError(f"{name} is missing: apt-get install prometheus")
    return path


def promtool(*arguments: str | Path) -> str:
    """What promtool tells. Raises AssertionError when it is not content."""
    told = subprocess.run(
        [tool("promtool"), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout


class PrometheusServer:
    """Prometheus inside a `with` block, each job scraping the target that is given for it."""

    def __init__(self, folder: Path, targets: dict[str, str]) -> None:
        config = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
        config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        config["rule_files"] = [str(FOLDER / name) for name in config["rule_files"]]
        config["scrape_configs"] = [
            {**job, "static_configs": [{"targets": [targets[job["job_name"]]]}]}
            for job in config["scrape_configs"]
            if job["job_name"] in targets
        ]
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        self._folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._address = f"127.0.0.1:{free.getsockname()[1]}"
        self.client = httpx.Client(base_url=f"http://{self._address}/api/v1", timeout=10)

    def __enter__(self) -> PrometheusServer:
        self._log = (self._folder / "log").open("w")
        self._process = subprocess.Popen(
            [
                tool("prometheus"),
                f"--config.file={self._folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={self._folder / 'data'}",
                f"--web.listen-address={self._address}",
            ],
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(30)
        self._log.close()
        self.client.close()

    def ask(self, expression: str) -> dict[frozenset[tuple[str, str]], float]:
        """The present values of `expression`, by their labels."""
        answer = self.client.get("/query", params={"query": expression})
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()["data"]["result"]
        return {frozenset(one["metric"].items()): float(one["value"][1]) for one in found}

    def wait_for(self, expression: str) -> None:
        """Until `expression` has a value. Raises AssertionError with the log when it gets none."""
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            assert self._process.poll() is None, (self._folder / "log").read_text()
            try:
                if self.ask(expression):
                    return
            except httpx.TransportError:
                pass  # it does not listen yet
            time.sleep(0.5)
        raise AssertionError(f"no value of {expression}\n{(self._folder / 'log').read_text()}")
