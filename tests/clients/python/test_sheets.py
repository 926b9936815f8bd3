from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import celmood
from celmood import AsyncCelmood, Celmood
from celmood._command import main
from contract.expression import EXPRESSIONS
from engines.protocol import Engine
from tests.clients.python.gateway import Gateway, running_gateway
from tests.pictures import encoded, opened, scene, with_alpha

PICTURE = encoded(with_alpha(scene()))


@pytest.fixture(scope="module")
def gateway(engine: Engine) -> Iterator[Gateway]:
    with running_gateway(engine) as running:
        yield running


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "maki.png"
    path.write_bytes(PICTURE)
    return path


def test_a_sheet_is_the_edits(gateway: Gateway, tmp_path: Path) -> None:
    with Celmood(base_url=gateway.url) as client:
        sheet = client.sheet(PICTURE, expressions=["sad", "angry"], intensity=0.7)
    assert (sheet.format, sheet.width, sheet.height) == ("png", 240, 200)
    assert [picture.expression for picture in sheet.pictures] == ["sad", "angry"]
    for picture in sheet.pictures:
        assert picture.image == gateway.pipeline.edit(PICTURE, picture.expression, 0.7).data
        assert picture.faces[0].changed
    saved = sheet.pictures[0].save(tmp_path / "sad.png")
    assert saved.read_bytes() == sheet.pictures[0].image
    assert sheet.timings["infer"] > 0


def test_a_grid_is_one_picture(gateway: Gateway, tmp_path: Path) -> None:
    async def ask() -> celmood.Grid:
        async with AsyncCelmood(base_url=gateway.url) as client:
            assert len((await client.sheet(PICTURE)).pictures) == len(EXPRESSIONS)
            return await client.grid(PICTURE, columns=7, cell=60, format="webp")

    grid = asyncio.run(ask())
    assert (grid.format, grid.columns, grid.expressions) == ("webp", 7, EXPRESSIONS)
    path = grid.save(tmp_path / "grid.webp")
    assert opened(path.read_bytes()).shape == (100, 420, 4)


def test_what_is_sent() -> None:
    sent: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.content)
        return httpx.Response(200, json={"format": "png", "expressions": [], "columns": 1})

    with (
        httpx.Client(transport=httpx.MockTransport(answer)) as http,
        Celmood(base_url="http://gateway", http_client=http) as client,
        pytest.raises(celmood.UnexpectedAnswerError),
    ):
        client.grid(b"x", expressions="sad", faces=[(1, 2, 30, 40)], quality=5, model="m")
    for name, value in {
        "expressions": "sad",
        "layout": "grid",
        "faces": "[[1, 2, 30, 40]]",
        "quality": "5",
        "model": "m",
    }.items():
        assert f'name="{name}"\r\n\r\n{value}\r\n'.encode() in sent[0]
    assert b'name="intensity"' not in sent[0]


def test_an_unknown_expression_is_typed(gateway: Gateway) -> None:
    with (
        Celmood(base_url=gateway.url) as client,
        pytest.raises(celmood.UnknownExpressionError, match="agry"),
    ):
        client.sheet(PICTURE, expressions=["agry"])


def test_the_command_writes_a_picture_for_each_expression(
    gateway: Gateway, picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "folder"
    words = ["sheet", str(picture), "-e", "sad", "-e", "happy", "-o", str(out)]
    assert main([*words, "--url", gateway.url]) == 0
    files = [out / "maki-sad.png", out / "maki-happy.png"]
    assert capsys.readouterr().out.splitlines() == [str(file) for file in files]
    for file, name in zip(files, ("sad", "happy"), strict=True):
        assert file.read_bytes() == gateway.pipeline.edit(PICTURE, name).data
    assert main(["sheet", str(picture), "--format", "jpeg", "--url", gateway.url]) == 0
    assert len(list(tmp_path.glob("maki-*.jpg"))) == len(EXPRESSIONS)


def test_the_command_writes_a_grid(gateway: Gateway, picture: Path, tmp_path: Path) -> None:
    out = tmp_path / "all.webp"
    words = ["sheet", str(picture), "--grid", str(out), "--columns", "4", "--cell", "30"]
    assert main([*words, "--url", gateway.url]) == 0
    assert opened(out.read_bytes()).shape == (100, 120, 4)
    assert not list(tmp_path.glob("maki-*"))


def test_the_command_says_what_cannot_be_written(
    gateway: Gateway, picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["sheet", str(picture), "-e", "sad", "-o", str(picture), "--url", gateway.url]
    assert main(words) == 2
    assert "cannot be written" in capsys.readouterr().err
