"""Plans: trtexec's command line and output, against a stand-in; what is wrong is never kept."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from contract.card import CardError
from export import tensorrt
from export.tensorrt import PlanError, build
from tests.engines.tiny_models import write_repository

STAND_IN = [sys.executable, str(Path(__file__).with_name("trtexec_stand_in.py"))]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return write_repository(tmp_path / "models", editor_size=8, finder_size=64)


def files(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def test_a_plan_lies_beside_its_onnx_model(repository: Path) -> None:
    agreement = build(repository / "expression", trtexec=STAND_IN)
    assert agreement.largest == {"paint": 0.0, "mask": 0.0, "displacement": 0.0}
    assert files(repository / "expression") == [
        "1/model.onnx",
        "1/model.plan",
        "card.json",
        "configs/plan.pbtxt",
    ]
    stated = text_format.Parse(
        (repository / "expression" / "configs" / "plan.pbtxt").read_text(),
        model_config_pb2.ModelConfig(),
    )
    assert stated.backend == "tensorrt"
    assert stated.default_model_filename == "model.plan"
    kinds = [group.kind for group in stated.instance_group]
    assert kinds == [model_config_pb2.ModelInstanceGroup.KIND_GPU]


@pytest.mark.parametrize(("half", "precision"), [(False, "noTF32"), (True, "fp16")])
def test_the_command_line(
    repository: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    half: bool,
    precision: str,
) -> None:
    log = tmp_path / "log"
    monkeypatch.setenv("STAND_IN_LOG", str(log))
    build(repository / "expression", half=half, trtexec=STAND_IN)
    built, *runs = (json.loads(line) for line in log.read_text().splitlines())
    assert built["onnx"] == str(repository / "expression" / "1" / "model.onnx")
    assert built["minShapes"] == "image:1x3x8x8,control:1x62"
    assert built["optShapes"] == built["maxShapes"] == "image:8x3x8x8,control:8x62"
    assert {"fp16", "noTF32"} & built.keys() == {precision}
    assert {ran["loadEngine"] for ran in runs} == {built["saveEngine"]}
    assert [ran["shapes"] for ran in runs] == [
        f"image:{batch}x3x8x8,control:{batch}x62" for batch in (2, 1, 3, 8, 8)
    ]


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("fail", "exit code 1.*no kernel for node conv_7"),
        ("silent", "exit code 0"),
        ("off", "differs .* build it without --half"),
        ("nan", "differs"),
        ("smooth", "differs"),
        ("sparse", "differs"),
        ("large", "differs"),
    ],
)
def test_what_is_wrong_is_not_kept(
    repository: Path, monkeypatch: pytest.MonkeyPatch, how: str, reason: str
) -> None:
    before = files(repository)
    monkeypatch.setenv("STAND_IN", how)
    with pytest.raises(PlanError, match=reason):
        build(repository / "expression", half=True, trtexec=STAND_IN)
    assert files(repository) == before


def test_an_old_plan_stays_where_the_new_one_fails(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(repository / "finder", trtexec=STAND_IN)
    old = (repository / "finder" / "1" / "model.plan").read_bytes()
    monkeypatch.setenv("STAND_IN", "fail")
    with pytest.raises(PlanError):
        build(repository / "finder", trtexec=STAND_IN)
    assert (repository / "finder" / "1" / "model.plan").read_bytes() == old


def test_weights_of_another_card_are_not_built(repository: Path) -> None:
    (repository / "finder" / "1" / "model.onnx").write_bytes(b"other")
    with pytest.raises(CardError, match="sha256"):
        build(repository / "finder", trtexec=STAND_IN)


def test_a_program_that_is_not_there(repository: Path) -> None:
    with pytest.raises(PlanError, match="--trtexec"):
        build(repository / "finder", trtexec=["/nowhere/trtexec"])


def test_by_default_it_runs_in_the_image(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A `docker` that drops its own options and runs the stand-in."""
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(
        '#!/bin/sh\necho "$@" >> "$0.log"\n'
        f'while [ "$1" != "{tensorrt.IMAGE}" ]; do shift; done\n'
        f'shift\nexec {" ".join(STAND_IN)} "$@"\n'
    )
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(docker.parent), prepend=":")
    build(repository / "finder")
    asked = docker.with_name("docker.log").read_text()
    assert "--gpus=all" in asked
    assert f"--volume {repository}/finder/1:{repository}/finder/1" in asked
    assert "--entrypoint /usr/src/tensorrt/bin/trtexec" in asked


def test_the_command(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = ["--repository", str(repository), "--trtexec", " ".join(STAND_IN)]
    assert tensorrt.main(program) == 0
    assert "expression: model.plan agrees" in capsys.readouterr().out
    assert (repository / "finder" / "1" / "model.plan").is_file()
    assert tensorrt.main(["nobody", *program]) == 2
    assert "nobody" in capsys.readouterr().err
