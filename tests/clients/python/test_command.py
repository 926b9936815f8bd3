from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import celmood
from celmood import Celmood
from celmood._command import main
from engines.protocol import Engine
from tests.clients.python.answers import FACE, faces_answer
from tests.clients.python.gateway import Gateway, running_gateway
from tests.pictures import encoded, opened, scene, with_alpha


@pytest.fixture(scope="module")
def gateway(engine: Engine) -> Iterator[Gateway]:
    with running_gateway(engine) as running:
        yield running


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "maki.png"
    path.write_bytes(encoded(with_alpha(scene())))
    return path


def test_edit_writes_beside_the_picture(
    gateway: Gateway, picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["edit", str(picture), "--expression", "angry", "--url", gateway.url]) == 0
    out = picture.with_name("maki-angry.png")
    assert capsys.readouterr().out == f"{out}\n"
    before, after = opened(picture.read_bytes()), opened(out.read_bytes())
    assert before.shape == after.shape
    assert (before != after).any()
    assert sorted(path.name for path in picture.parent.iterdir()) == ["maki-angry.png", "maki.png"]


def test_the_suffix_of_out_is_the_format(gateway: Gateway, picture: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.webp"
    assert main(["edit", str(picture), "-e", "sad", "-o", str(out), "--url", gateway.url]) == 0
    assert out.read_bytes()[8:12] == b"WEBP"


def test_the_default_name_has_the_suffix_of_the_format(gateway: Gateway, picture: Path) -> None:
    words = ["edit", str(picture), "--set", "vein=1", "--format", "jpeg", "--url", gateway.url]
    assert main(words) == 0
    assert picture.with_name("maki-edited.jpg").read_bytes()[:2] == b"\xff\xd8"


def test_set_goes_on_top_of_the_named_expression(
    gateway: Gateway, picture: Path, tmp_path: Path
) -> None:
    def pixels(*words: str) -> bytes:
        out = tmp_path / "out.png"
        command = ["edit", str(picture), *words, "-o", str(out), "--url", gateway.url]
        assert main([*command, "--intensity", "0.3"]) == 0
        return opened(out.read_bytes()).tobytes()

    angry = pixels("-e", "angry")
    preset = gateway.preset("angry")
    same = pixels(
        *(word for name, value in preset.items() for word in ("--set", f"{name}={value}"))
    )
    assert same == angry
    assert pixels("-e", "angry", "--set", "shade=0.5") != angry


def test_a_face_that_is_not_found_can_be_pointed_at(gateway: Gateway, tmp_path: Path) -> None:
    path = tmp_path / "hidden.png"
    path.write_bytes(encoded(scene(faces=())))
    words = ["edit", str(path), "-e", "angry", "--url", gateway.url]
    assert main(words) == 1
    assert main([*words, "--face", "80,60,80,80", "--model", "expression"]) == 0
    assert (tmp_path / "hidden-angry.png").is_file()


def test_faces(gateway: Gateway, picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["faces", str(picture), "--url", gateway.url]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    box, score = line.split("  ")
    assert "score" in score
    words = ["edit", str(picture), "-e", "sad", "--face", box]  # as it stands there
    assert main([*words, "--url", gateway.url]) == 0
    capsys.readouterr()
    assert main(["faces", str(picture), "--json", "--url", gateway.url]) == 0
    body = json.loads(capsys.readouterr().out)
    assert (body["width"], body["height"]) == (240, 200)
    assert len(body["faces"]) == 1
    assert "left_eye" in body["faces"][0]["landmarks"]


def test_what_a_face_shows_is_told(
    monkeypatch: pytest.MonkeyPatch, picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = {"expression": {"sad": 0.7, "happy": 0.3}, "attributes": {"hat": 1.0}}
    body = {**faces_answer(), "faces": [{**FACE, **shown}]}
    result = celmood.FacesResult.from_json(body, "r")
    monkeypatch.setattr(Celmood, "faces", lambda *_: result)
    assert main(["faces", str(picture)]) == 0
    assert capsys.readouterr().out == "10,20,30,40  score 0.90  sad\n"
    assert main(["faces", str(picture), "--json"]) == 0
    (face,) = json.loads(capsys.readouterr().out)["faces"]
    assert face["expression"] == shown["expression"]
    assert face["attributes"] == shown["attributes"]
    assert face["parameters"] == {}


def test_models(gateway: Gateway, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--url", gateway.url]) == 0
    told = capsys.readouterr().out
    assert "edit_expression" in told
    assert "angry" in told
    assert main(["models", "--json", "--url", gateway.url]) == 0
    cards = json.loads(capsys.readouterr().out)
    assert [card["name"] for card in cards] == ["expression", "finder"]


def test_the_environment_names_the_gateway(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CELMOOD_URL", gateway.url)
    assert main(["models"]) == 0


def test_the_gateway_is_told_how_long_the_command_waits(
    monkeypatch: pytest.MonkeyPatch, picture: Path
) -> None:
    told: list[str] = []

    def send(_: httpx.Client, request: httpx.Request) -> httpx.Response:
        told.append(request.headers["X-Request-Timeout"])
        return httpx.Response(200, json=faces_answer())

    monkeypatch.setattr(httpx.Client, "send", send)
    assert main(["faces", str(picture), "--timeout", "2.5"]) == 0
    assert main(["faces", str(picture)]) == 0
    assert told == ["2.5", "60"]


def test_1_when_the_service_refuses(
    gateway: Gateway, picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["edit", str(picture), "-e", "agry", "--url", gateway.url]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert "unknown expression 'agry'; known are" in told.err
    assert "(request " in told.err
    assert main(["edit", str(picture), "-e", "agry", "--set", "vein=1", "--url", gateway.url]) == 1
    assert "known are neutral, " in capsys.readouterr().err
    assert list(picture.parent.iterdir()) == [picture]


@pytest.mark.parametrize(
    "words",
    [
        ["edit"],
        ["edit", "maki.png"],
        ["edit", "maki.png", "-e", "sad", "--set", "vein"],
        ["edit", "maki.png", "--set", "vein=much"],
        ["edit", "maki.png", "-e", "sad", "--intensity", "much"],
        ["edit", "maki.png", "-e", "sad", "--face", "1,2,3"],
        ["edit", "maki.png", "-e", "sad", "--face", "1,2,3,4", "--faces", "all"],
        ["faces", "maki.png", "--timeout", "0"],
        ["faces", "maki.png", "--timeout", "soon"],
        ["sheet", "maki.png", "--columns", "3"],
        ["sheet", "maki.png", "--grid", "a.png", "--out", "b"],
        ["paint", "maki.png"],
        [],
    ],
)
def test_2_for_a_wrong_call(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "usage: celmood" in capsys.readouterr().err


def test_the_usage_is_that_of_the_subcommand(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["edit", "maki.png"])
    assert "usage: celmood edit" in capsys.readouterr().err


def test_whoever_reads_the_beginning_only_sees_no_traceback(gateway: Gateway) -> None:
    command = [sys.executable, "-m", "celmood", "models", "--json", "--url", gateway.url]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    reading, writing = os.pipe()
    os.close(reading)
    run = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, env=environment)
    os.close(writing)
    assert run.returncode == 141
    assert run.stderr == b""


def test_2_for_files_that_cannot_be_used(
    gateway: Gateway, picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["faces", str(tmp_path / "none.png"), "--url", gateway.url]) == 2
    assert "no picture at" in capsys.readouterr().err
    out = tmp_path / "no" / "folder" / "a.png"
    assert main(["edit", str(picture), "-e", "sad", "-o", str(out), "--url", gateway.url]) == 2
    assert str(out) in capsys.readouterr().err


def test_3_for_no_connection(
    picture: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    assert main(["faces", str(picture), "--url", "http://127.0.0.1:9"]) == 3
    assert "no connection to a gateway at http://127.0.0.1:9" in capsys.readouterr().err


def test_an_interrupt_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Celmood, "models", interrupt)
    assert main(["models"]) == 130


def test_2_for_a_key_that_cannot_be_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CELMOOD_API_KEY", "my key")
    assert main(["models"]) == 2
    assert "API key" in capsys.readouterr().err
