"""The list of models says what they run on."""

from __future__ import annotations

from pathlib import Path

from httpx import Client

from engines.triton_engine import TritonEngine
from serving.app import create_app
from serving.settings import Settings
from tests.engines.triton_stub import TritonStub
from tests.live import running


def test_devices_of_the_engine_in_this_process(client: Client) -> None:
    assert client.get("/v1/models").json()["devices"] == {"expression": "cpu", "finder": "cpu"}


def test_a_cpu_in_place_of_a_gpu_is_shown_and_not_ready(model_repository: Path) -> None:
    with TritonStub(model_repository) as stub:
        engine = TritonEngine(stub.address, device="gpu")
        with running(create_app(Settings(), engine)) as client:
            told = client.get("/v1/models").json()
            assert told["devices"] == {"expression": "cpu", "finder": "cpu"}
            assert "runs on a CPU" in told["problems"]["finder"]
            assert client.get("/readyz").status_code == 503


def test_one_of_two_servers_that_is_away_is_shown_and_ready(model_repository: Path) -> None:
    with TritonStub(model_repository) as stub:
        engine = TritonEngine(f"{stub.address},127.0.0.1:1")
        with running(create_app(Settings(), engine)) as client:
            told = client.get("/v1/models").json()
            assert (told["problems"], list(told["notices"])) == ({}, ["127.0.0.1:1"])
            assert client.get("/readyz").status_code == 200
