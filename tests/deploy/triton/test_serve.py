"""The launcher of Triton: what it assembles, what it says, what it tells the server."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.triton import serve

ROOT = Path(__file__).parents[3]


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Packages as nvidia-pytriton leaves them, as far as the launcher looks."""
    came = tmp_path / "packages" / "pytriton" / "tritonserver"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for name in (
        "bin/tritonserver",
        "backends/python/libtriton_python.so",
        "backends/python/triton_python_backend_utils.py",
        f"python_backend_stubs/{version}/triton_python_backend_stub",
    ):
        (came / name).parent.mkdir(parents=True, exist_ok=True)
        (came / name).write_text(name)
    return tmp_path / "packages"


def test_the_backends_lie_side_by_side(installed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backends"
    for _ in range(2):  # a second start finds them as they should be
        assert serve.assemble(installed, folder) == folder
        found = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
        assert found == [
            "onnxruntime/model.py",
            "python/libtriton_python.so",
            "python/triton_python_backend_stub",
            "python/triton_python_backend_utils.py",
        ]
        assert not any(path.is_symlink() for path in folder.rglob("*"))
    (folder / "onnxruntime" / "model.py").write_text("an older one")
    serve.assemble(installed, folder)
    ours = (serve.OURS / "model.py").read_bytes()
    assert (folder / "onnxruntime" / "model.py").read_bytes() == ours


def test_a_python_that_the_server_does_not_know(installed: Path, tmp_path: Path) -> None:
    shutil.rmtree(installed / "pytriton" / "tritonserver" / "python_backend_stubs")
    with pytest.raises(serve.LaunchError, match="no stub for Python"):
        serve.assemble(installed, tmp_path / "backends")


def test_what_the_server_is_told(installed: Path, tmp_path: Path) -> None:
    given = serve._parser().parse_args([])
    plain = serve.options(given, tmp_path, tmp_path / "backends", installed)
    assert f"--model-repository={tmp_path}" in plain
    assert "--model-control-mode=none" in plain
    assert "--grpc-address=127.0.0.1" in plain
    assert {"--allow-http=false", "--allow-metrics=false"} < set(plain)
    given = serve._parser().parse_args(
        ["--explicit", "--http-port", "81", "--metrics-port", "82", "--cache-bytes", "83"]
    )
    more = serve.options(given, tmp_path, tmp_path / "backends", installed)
    assert {"--model-control-mode=explicit", "--load-model=*"} < set(more)
    assert {"--http-port=81", "--metrics-port=82", "--cache-config=local,size=83"} < set(more)


def test_a_repository_for_anything_is_taken_as_it_is(tmp_path: Path) -> None:
    shipped = ROOT / "model_repository"
    assert serve.on_cpu(shipped, tmp_path / "copy") == shipped
    assert not (tmp_path / "copy").exists()


def test_a_repository_for_gpus_is_changed_in_a_copy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models = tmp_path / "models"
    for name, kind in (("one", "KIND_GPU"), ("two", "KIND_AUTO")):
        (models / name / "1").mkdir(parents=True)
        (models / name / "1" / "model.onnx").write_text(name)
        (models / name / "config.pbtxt").write_text(f"instance_group [ {{ kind: {kind} }} ]")
    for _ in range(2):
        copy = serve.on_cpu(models, tmp_path / "copy")
        assert copy == tmp_path / "copy"
        assert "KIND_CPU" in (copy / "one" / "config.pbtxt").read_text()
        assert (copy / "one" / "1" / "model.onnx").read_text() == "one"
        assert (copy / "two" / "config.pbtxt").samefile(models / "two" / "config.pbtxt")
    assert "KIND_GPU" in (models / "one" / "config.pbtxt").read_text()
    assert "although they ask for GPUs: one" in capsys.readouterr().err


def test_only_instances_are_changed(tmp_path: Path) -> None:
    config = (
        "# KIND_GPU where there is one, don't ask for more\n"
        'parameters { key: "card" value { string_value:\n'
        '  "{\\"origin\\": \\"tuned with KIND_GPU\\"}\\n"\n'
        "  'KIND_GPU \\' KIND_GPU' } }\n"
        "instance_group [ { count: 1 kind: %s }, { kind:%s } ]\n"
    )
    (tmp_path / "models" / "one").mkdir(parents=True)
    stated = tmp_path / "models" / "one" / "config.pbtxt"
    stated.write_text(config % ("KIND_GPU", "KIND_GPU"))
    copy = serve.on_cpu(tmp_path / "models", tmp_path / "copy")
    assert (copy / "one" / "config.pbtxt").read_text() == config % ("KIND_CPU", "KIND_CPU")
    stated.write_text(config % ("KIND_CPU", "KIND_AUTO"))  # the card only tells of GPUs
    assert serve.on_cpu(tmp_path / "models", tmp_path / "other") == tmp_path / "models"


def test_the_servers_environment(installed: Path) -> None:
    environment = serve.environment({"PATH": "/bin", "LD_LIBRARY_PATH": "/mine"}, installed, 3)
    assert environment["PATH"].split(":")[0] == str(Path(sys.prefix) / "bin")
    assert environment["LD_LIBRARY_PATH"].split(":")[0].endswith("nvidia_pytriton.libs")
    assert environment["LD_LIBRARY_PATH"].endswith(":/mine")
    assert environment["CUDA_VISIBLE_DEVICES"] == ""
    assert environment["CELMOOD_TRITON_THREADS"] == "3"
    assert environment["ORT_DISABLE_TELEMETRY"] == "1"


def test_what_a_killed_server_left_is_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "SHARED_MEMORY", tmp_path)
    for name in ("celmood_triton_8001_a", "celmood_triton_80010_b", "other"):
        (tmp_path / name).touch()
    serve._forget_regions(8001)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["celmood_triton_80010_b", "other"]


def test_a_port_in_use_is_said_before_anything_is_removed() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(serve.LaunchError, match="--grpc-port"):
            serve._check_port("127.0.0.1", taken.getsockname()[1])


def test_an_environment_without_the_server_is_said() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "deploy.triton.serve"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert "make triton" in ended.stderr


def test_both_engines_have_the_same_onnxruntime() -> None:
    """The same bytes from both engines need it; and the server's stubs an older numpy."""

    def pinned(path: Path) -> dict[str, str]:
        return dict(re.findall(r"^([\w.-]+)==(\S+)$", path.read_text(), re.MULTILINE))

    ours, theirs = pinned(ROOT / "constraints.txt"), pinned(serve.OURS.parent / "requirements.txt")
    assert theirs["onnxruntime"] == ours["onnxruntime"]
    assert int(theirs["numpy"].split(".")[0]) < 2
