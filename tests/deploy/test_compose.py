"""The compose files, and that what belongs together says the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from serving.settings import from_environment

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
TOOLS = Path(sys.executable).parent
FILES = ("compose.yaml", "compose.gpu.yaml", "compose.tensorrt.yaml")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]


def run(*command: str | Path) -> str:
    """What a tool tells. Raises AssertionError when it is not content."""
    told = subprocess.run(
        [TOOLS / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout


def test_compose_files_are_what_the_specification_allows() -> None:
    run("check-jsonschema", "--builtin-schema", "vendor.compose-spec", *(DEPLOY / f for f in FILES))


def test_every_yaml_file_is_tidy() -> None:
    run("yamllint", "--strict", "deploy", ".yamllint.yaml")


def test_the_values_fit_their_schema() -> None:
    chart = DEPLOY / "helm" / "celmood"
    schema = chart / "values.schema.json"
    run("check-jsonschema", "--check-metaschema", schema)
    run("check-jsonschema", "--schemafile", schema, chart / "values.yaml")


def test_files_that_are_mounted_are_there(services: dict[str, Any]) -> None:
    mounted = [
        volume.split(":")[0]
        for service in services.values()
        for volume in service.get("volumes", ())
        if volume.startswith(".")
    ]
    assert len(mounted) >= 3
    assert all((DEPLOY / path).exists() for path in mounted)


def test_ports_are_open_to_this_machine_only(services: dict[str, Any]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", ())]
    assert len(ports) == 3
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_no_service_has_rights_it_does_not_need(services: dict[str, Any]) -> None:
    for service in services.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert ":" in service["image"]
        assert not service["image"].endswith(":latest")


def test_prometheus_watches_the_services_there_are(services: dict[str, Any]) -> None:
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())
    targets = [
        target
        for job in config["scrape_configs"]
        for place in job["static_configs"]
        for target in place["targets"]
    ]
    assert {target.partition(":")[0] for target in targets} <= services.keys()


def test_the_gateways_settings_are_settings(services: dict[str, Any]) -> None:
    gpu = yaml.safe_load((DEPLOY / "compose.gpu.yaml").read_text())["services"]["gateway"]
    told = services["gateway"]["environment"] | gpu["environment"]
    ours = {name: value for name, value in told.items() if name.startswith("CELMOOD_")}
    settings = from_environment(ours)
    assert settings.engine == "triton"
    assert settings.triton == "triton:8001"
    known = {f"CELMOOD_{name.upper()}" for name in type(settings).model_fields}
    assert ours.keys() <= known
    grace = int(services["gateway"]["stop_grace_period"].removesuffix("s"))
    assert grace > settings.drain_notice + 2 * settings.drain_grace


def test_tensorrt_is_asked_for_beside_what_the_image_asks_for() -> None:
    text = (DEPLOY / "compose.tensorrt.yaml").read_text()
    triton = yaml.safe_load(text)["services"]["triton"]
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    of_image = next(line for line in lines if line.startswith('CMD ["--cache'))
    own = json.loads(of_image.removeprefix("CMD "))
    assert triton["command"] == [*own, "--model-config-name=tensorrt"]
    (folder,) = (volume.partition(":")[2] for volume in triton["volumes"])
    stated = sorted((ROOT / "model_repository").glob("*/configs/tensorrt.pbtxt"))
    assert len(stated) >= 2
    assert all(f'"{folder}/' in one.read_text() for one in stated)
    assert f"--owner=1000 --group=1000 {folder}" in (ROOT / "Dockerfile").read_text()


def test_the_kserve_example_sets_what_is_a_setting() -> None:
    documents = yaml.safe_load_all((DEPLOY / "kserve" / "models.yaml").read_text())
    containers = [c for one in documents for c in one["spec"]["predictor"].get("containers", ())]
    (gateway,) = containers
    settings = from_environment({one["name"]: one["value"] for one in gateway["env"]})
    assert settings.engine == "triton"
    assert len(os.fspath(settings.keys or "")) > 0
