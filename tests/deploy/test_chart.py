"""The Helm chart, rendered: every object is one that Kubernetes takes, and says what it should."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy" / "helm" / "celmood"
HELM = Path(sys.executable).with_name("helm")
KUBERNETES = "1.31"
OF_OPERATORS = {"PrometheusRule", "ServiceMonitor"}
EVERYTHING = {
    "gateway": {"keysSecret": "keys"},
    "autoscaling": {"enabled": True, "cpuPercent": 70},
    "ingress": {"enabled": True, "host": "celmood.example", "tlsSecret": "tls"},
    "triton": {"replicas": 2},
    "monitoring": {
        "serviceMonitor": True,
        "prometheusRule": True,
        "dashboard": True,
        "keySecret": {"name": "metrics-key", "key": "key"},
    },
    "networkPolicy": {"from": [{"podSelector": {"matchLabels": {"app": "web"}}}]},
}

Objects = dict[tuple[str, str], dict[str, Any]]


def helm(values: dict[str, Any], command: str = "template") -> subprocess.CompletedProcess[str]:
    """helm on the chart with `values` in place of the defaults."""
    given = ["lint", "--strict"] if command == "lint" else ["template", "anime", "--namespace=here"]
    return subprocess.run(
        [HELM, *given, str(CHART), "--values=-"],
        input=json.dumps(values),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def rendered(values: dict[str, Any]) -> Objects:
    """The objects by kind and name."""
    told = helm(values)
    assert told.returncode == 0, told.stderr
    objects = [one for one in yaml.safe_load_all(told.stdout) if one]
    found = {(one["kind"], one["metadata"]["name"]): one for one in objects}
    assert len(found) == len(objects)
    return found


@pytest.fixture(scope="module")
def everything() -> Objects:
    return rendered(EVERYTHING)


def container(objects: Objects, kind: str, name: str) -> dict[str, Any]:
    (one,) = objects[kind, name]["spec"]["template"]["spec"]["containers"]
    return one


def environment(objects: Objects) -> dict[str, str]:
    return {one["name"]: one["value"] for one in container(objects, "Deployment", "anime")["env"]}


@pytest.mark.parametrize("values", [{"gateway": {"withoutKeys": True}}, EVERYTHING])
def test_kubernetes_takes_what_is_rendered(values: dict[str, Any]) -> None:
    objects = rendered(values)
    assert len(objects) >= 7
    for (kind, _), one in objects.items():
        if kind not in OF_OPERATORS:
            kubernetes_validate.validate(one, KUBERNETES, strict=True)
    assert helm(values, "lint").returncode == 0


def test_a_wrong_object_would_be_seen(everything: Objects) -> None:
    wrong = json.loads(json.dumps(everything["Deployment", "anime"]))
    wrong["spec"]["template"]["spec"]["containers"][0]["livenesProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, KUBERNETES, strict=True)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "gateway.keysSecret"),
        ({"gateway": {"withoutKeys": True, "replica": 3}}, "replica"),
        ({"gateway": {"withoutKeys": True, "settings": {"LOG": "json"}}}, "LOG"),
        ({"gateway": {"withoutKeys": True}, "image": {"tag": "latest"}}, "tag"),
        ({"gateway": {"withoutKeys": True}, "triton": {"address": "triton"}}, "address"),
        ({"gateway": {"withoutKeys": True}, "triton": {"tensorrt": True, "gpus": 0}}, "gpus"),
        ({"gateway": {"withoutKeys": True}, "triton": {"args": ["http-port=1"]}}, "args"),
        ({"gateway": {"withoutKeys": True}, "ingress": {"enabled": True}}, "host"),
        (
            {"gateway": {"withoutKeys": True}, "autoscaling": {"enabled": True, "workUnits": 0}},
            "workUnits",
        ),
    ],
)
def test_values_that_cannot_be_are_refused(values: dict[str, Any], told: str) -> None:
    answer = helm(values)
    assert answer.returncode != 0
    assert told in answer.stderr


def test_no_pod_runs_as_root_or_may_write_its_image(everything: Objects) -> None:
    pods = [
        one["spec"]["template"]["spec"]
        for one in everything.values()
        if "template" in one.get("spec", {})
    ]
    assert len(pods) == 2
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        for one in pod["containers"]:
            context = one["securityContext"]
            assert context["readOnlyRootFilesystem"] is True
            assert context["allowPrivilegeEscalation"] is False
            assert context["capabilities"]["drop"] == ["ALL"]
            assert {"requests", "limits"} <= one["resources"].keys()
            assert {"startupProbe", "livenessProbe", "readinessProbe"} <= one.keys()


def test_the_gateway_is_probed_where_it_answers_and_has_time_to_end(everything: Objects) -> None:
    gateway = container(everything, "Deployment", "anime")
    assert gateway["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert gateway["readinessProbe"]["httpGet"]["path"] == "/readyz"
    pod = everything["Deployment", "anime"]["spec"]["template"]["spec"]
    notice = float(environment(everything)["CELMOOD_DRAIN_NOTICE"])
    assert pod["terminationGracePeriodSeconds"] > notice + 2 * 30  # for work, and for its answers


def test_the_gateway_goes_round_all_tritons_and_wants_their_gpus(everything: Objects) -> None:
    told = environment(everything)
    name = "anime-triton"
    assert told["CELMOOD_ENGINE"] == "triton"
    assert told["CELMOOD_TRITON"] == f"{name}-0.{name}:8001,{name}-1.{name}:8001"
    assert told["CELMOOD_TRITON_DEVICE"] == "gpu"
    triton = everything["StatefulSet", name]["spec"]
    assert triton["serviceName"] == name
    assert everything["Service", name]["spec"]["clusterIP"] == "None"
    assert triton["template"]["spec"]["tolerations"][0]["key"] == "nvidia.com/gpu"
    limits = container(everything, "StatefulSet", name)["resources"]["limits"]
    assert limits == {"memory": "8Gi", "nvidia.com/gpu": 1}


def test_triton_has_the_arguments_of_its_image(everything: Objects) -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    of_image = next(line for line in lines if line.startswith('CMD ["--cache'))
    args = container(everything, "StatefulSet", "anime-triton")["args"]
    assert args == json.loads(of_image.removeprefix("CMD "))


def test_tensorrt_is_a_configuration_that_every_model_has(everything: Objects) -> None:
    given = {"tensorrt": True, "args": ["--log-verbose=1"]}
    objects = rendered({"gateway": {"withoutKeys": True}, "triton": given})
    args = container(objects, "StatefulSet", "anime-triton")["args"]
    assert args == ["--log-verbose=1", "--model-config-name=tensorrt"]
    models = [path.parent for path in (ROOT / "model_repository").glob("*/card.json")]
    assert all((model / "configs" / "tensorrt.pbtxt").is_file() for model in models)


def test_without_triton_models_run_in_the_gateway() -> None:
    objects = rendered({"gateway": {"withoutKeys": True}, "triton": {"enabled": False}})
    assert environment(objects)["CELMOOD_ENGINE"] == "onnxruntime"
    assert "CELMOOD_TRITON" not in environment(objects)
    assert not [name for _, name in objects if "triton" in name]


def test_a_triton_elsewhere_is_used() -> None:
    given = {"gateway": {"withoutKeys": True}, "triton": {"address": "a:8001,b:8001"}}
    objects = rendered(given)
    assert environment(objects)["CELMOOD_TRITON"] == "a:8001,b:8001"
    assert not [name for _, name in objects if "triton" in name]


def test_the_autoscaler_looks_at_the_cost_of_what_waits(everything: Objects) -> None:
    scaler = everything["HorizontalPodAutoscaler", "anime"]["spec"]
    pods, cpu = scaler["metrics"]
    assert pods["pods"]["metric"]["name"] == "celmood_work_units"
    assert pods["pods"]["target"] == {"type": "AverageValue", "averageValue": "12"}
    assert cpu["resource"]["target"]["averageUtilization"] == 70
    assert "replicas" not in everything["Deployment", "anime"]["spec"]
    adapter = yaml.safe_load((ROOT / "deploy" / "prometheus" / "adapter.yaml").read_text())
    (rule,) = adapter["rules"]["custom"]
    assert rule["seriesQuery"].startswith("celmood_work_units{")


def test_selectors_find_their_pods_and_nobody_elses(everything: Objects) -> None:
    pods = {
        name: one["spec"]["template"]["metadata"]["labels"]
        for (_, name), one in everything.items()
        if "template" in one.get("spec", {})
    }
    kinds = ("Service", "PodDisruptionBudget", "NetworkPolicy", "Deployment", "StatefulSet")
    for (kind, name), one in everything.items():
        if kind in kinds:
            spec = one["spec"]
            selector = spec.get("podSelector") or spec["selector"]
            wanted = selector.get("matchLabels", selector)
            found = [pod for pod, labels in pods.items() if wanted.items() <= labels.items()]
            assert found == [name], (kind, name)


def test_only_the_gateway_reaches_tritons_models(everything: Objects) -> None:
    policy = everything["NetworkPolicy", "anime-triton"]["spec"]
    models, metrics = policy["ingress"]
    labels = models["from"][0]["podSelector"]["matchLabels"]
    assert labels["app.kubernetes.io/component"] == "gateway"
    assert models["ports"] == [{"port": "grpc"}]
    assert metrics["ports"] == [{"port": "metrics"}]
    assert policy["egress"] == []


def test_a_triton_elsewhere_is_reached() -> None:
    given = {
        "gateway": {"withoutKeys": True},
        "triton": {"address": "a:8001,b:8001,c:9001"},
    }
    dns, triton = rendered(given)["NetworkPolicy", "anime"]["spec"]["egress"]
    assert [port["port"] for port in dns["ports"]] == [53, 53]
    assert triton == {"ports": [{"port": 8001}, {"port": 9001}]}  # to anywhere
    there = [{"ipBlock": {"cidr": "10.1.0.0/16"}}]
    only_there = rendered(given | {"networkPolicy": {"triton": there}})
    assert only_there["NetworkPolicy", "anime"]["spec"]["egress"][1]["to"] == there
    kubernetes_validate.validate(only_there["NetworkPolicy", "anime"], KUBERNETES, strict=True)


def test_kserves_pods_are_reached_behind_their_service() -> None:
    recipe = (ROOT / "deploy" / "kserve" / "models.yaml").read_text()
    models, _ = yaml.safe_load_all(recipe)
    (port,) = models["spec"]["predictor"]["model"]["ports"]
    assert f"networkPolicy.tritonPorts={{{port['containerPort']}}}" in recipe
    given = {
        "gateway": {"withoutKeys": True},
        "triton": {"enabled": False, "address": "celmood-models-predictor.here:80"},
        "networkPolicy": {"tritonPorts": [port["containerPort"]]},
    }
    _, triton = rendered(given)["NetworkPolicy", "anime"]["spec"]["egress"]
    assert triton["ports"] == [{"port": 9000}, {"port": 80}]


def test_without_a_triton_the_gateway_goes_nowhere() -> None:
    objects = rendered({"gateway": {"withoutKeys": True}, "triton": {"enabled": False}})
    (dns,) = objects["NetworkPolicy", "anime"]["spec"]["egress"]
    assert {port["port"] for port in dns["ports"]} == {53}


def test_batches_are_kept_in_a_database_that_a_secret_names() -> None:
    secret = {"secretKeyRef": {"name": "celmood", "key": "database"}}
    database = {"name": "CELMOOD_BATCH_DATABASE", "valueFrom": secret}
    there = {"ports": [{"port": 5432}], "to": [{"ipBlock": {"cidr": "10.2.0.0/16"}}]}
    given = {
        "gateway": {"withoutKeys": True, "env": [database]},
        "networkPolicy": {"egress": [there]},
    }
    objects = rendered(given)
    assert database in container(objects, "Deployment", "anime")["env"]
    assert there in objects["NetworkPolicy", "anime"]["spec"]["egress"]
    for kind in ("Deployment", "NetworkPolicy"):
        kubernetes_validate.validate(objects[kind, "anime"], KUBERNETES, strict=True)


def test_the_rules_and_the_dashboard_are_the_shipped_ones(everything: Objects) -> None:
    rules = yaml.safe_load((ROOT / "deploy" / "prometheus" / "celmood.rules.yml").read_text())
    assert everything["PrometheusRule", "anime"]["spec"] == rules
    dashboard = (ROOT / "deploy" / "grafana" / "celmood.json").read_text()
    assert everything["ConfigMap", "anime-dashboard"]["data"]["celmood.json"] == dashboard
    monitor = everything["ServiceMonitor", "anime-gateway"]["spec"]["endpoints"][0]
    assert monitor["authorization"]["credentials"] == {"name": "metrics-key", "key": "key"}
    assert monitor["relabelings"] == [{"targetLabel": "job", "replacement": "celmood"}]
