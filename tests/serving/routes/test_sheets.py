from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from httpx import Client, Response
from PIL import Image

from contract.expression import EXPRESSIONS
from engines.onnx_engine import OnnxEngine
from serving.app import create_app
from serving.settings import Settings
from tests.live import running
from tests.pictures import encoded, opened, scene, with_alpha

PICTURE = with_alpha(scene())
GOOD = encoded(PICTURE)


class Counting(OnnxEngine):
    """Counts how often each model is run."""

    def __init__(self, repository: Path) -> None:
        super().__init__(repository, threads=1)
        self.runs: list[str] = []

    def run(self, model, inputs, timeout=None):
        self.runs.append(model)
        return super().run(model, inputs, timeout)


@pytest.fixture(scope="module")
def engine(model_repository: Path) -> Counting:
    return Counting(model_repository)


@pytest.fixture(scope="module")
def client(engine: Counting, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    settings = Settings(max_pixels=170_000, batches=tmp_path_factory.mktemp("batches"))
    with running(create_app(settings, engine)) as client:
        yield client


def sheet(client: Client, image: bytes = GOOD, accept: str = "*/*", **fields: str) -> Response:
    headers = {"Accept": accept}
    return client.post("/v1/sheets", files={"image": image}, data=fields, headers=headers)


def edit(client: Client, **fields: str) -> bytes:
    return client.post("/v1/expressions", files={"image": GOOD}, data=fields).content


def test_a_zip_has_each_expression_as_an_edit_draws_it(client: Client, engine: Counting) -> None:
    engine.runs.clear()
    response = sheet(client, expressions="sad, happy,sad", intensity="0.8")
    assert engine.runs.count("expression") == 2
    assert engine.runs.count("finder") == 2  # at the whole picture, and at the face
    assert response.headers["content-type"] == "application/zip"
    assert json.loads(response.headers["X-Celmood-Sheet"])["expressions"] == ["sad", "happy"]
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["sad.png", "happy.png", "sheet.json"]
        for name in ("sad", "happy"):
            own = edit(client, expression=name, intensity="0.8")
            assert archive.read(f"{name}.png") == own
        facts = json.loads(archive.read("sheet.json"))
    assert [picture["expression"] for picture in facts["pictures"]] == ["sad", "happy"]
    assert len(facts["pictures"][0]["faces"][0]["changed"]) == 4


def test_without_names_all_of_the_model_are_drawn(client: Client) -> None:
    response = sheet(client, format="webp", quality="50")
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.namelist()[:-1] == [f"{name}.webp" for name in EXPRESSIONS]
        assert archive.read("smug.webp")[8:12] == b"WEBP"


def test_a_grid_has_them_row_by_row(client: Client) -> None:
    names = ["neutral", "happy", "sad"]
    response = sheet(client, expressions=json.dumps(names), layout="grid", columns="2")
    assert response.headers["content-type"] == "image/png"
    told = json.loads(response.headers["X-Celmood-Sheet"])
    assert told == {"expressions": names, "columns": 2}
    pixels = opened(response.content)
    assert pixels.shape == (400, 480, 4)
    for n, name in enumerate(names):
        row, column = divmod(n, 2)
        cell = pixels[row * 200 : row * 200 + 200, column * 240 : column * 240 + 240]
        assert (cell == opened(edit(client, expression=name))).all()
    assert (pixels[200:, 240:] == 0).all()


def test_cells_can_be_smaller_and_transparent_colours_stay_hidden(client: Client) -> None:
    pixels = opened(
        sheet(client, expressions="neutral", layout="grid", cell="60", faces="largest").content
    )
    assert pixels.shape == (50, 60, 4)
    whole = Image.fromarray(opened(edit(client, expression="neutral"))).convert("RGBa")
    own = np.asarray(whole.resize((60, 50), Image.Resampling.BOX).convert("RGBA"))
    opaque = own[..., 3] >= 128
    assert np.abs(pixels.astype(int) - own.astype(int))[opaque].max() <= 2


def test_json_has_every_picture(client: Client) -> None:
    response = sheet(client, accept="application/json", expressions="sad,angry")
    body = response.json()
    assert (body["width"], body["height"], body["format"]) == (240, 200, "png")
    assert [picture["expression"] for picture in body["pictures"]] == ["sad", "angry"]
    assert base64.b64decode(body["pictures"][1]["image"]) == edit(client, expression="angry")
    assert {"decode", "find", "infer", "encode"} <= set(body["timings"])
    grid = sheet(client, accept="application/json", expressions="sad,angry", layout="grid").json()
    assert (grid["format"], grid["expressions"], grid["columns"]) == ("png", ["sad", "angry"], 2)
    plain = sheet(client, expressions="sad,angry", layout="grid").content
    assert base64.b64decode(grid["image"]) == plain


def test_the_same_sheet_has_the_same_bytes_and_tag(client: Client, engine: Counting) -> None:
    first, second = (sheet(client, expressions="sad") for _ in range(2))
    assert first.content == second.content
    tag = first.headers["ETag"]
    assert second.headers["ETag"] == tag
    assert sheet(client, expressions="sad", layout="grid").headers["ETag"] != tag
    engine.runs.clear()
    held = {"If-None-Match": tag}
    again = client.post(
        "/v1/sheets", files={"image": GOOD}, data={"expressions": "sad"}, headers=held
    )
    assert again.status_code == 304
    assert engine.runs == []


def test_a_sheet_can_be_drawn_later(client: Client) -> None:
    response = client.post(
        "/v1/sheets",
        files={"image": GOOD},
        data={"expressions": "sad"},
        headers={"Prefer": "respond-async"},
    )
    assert response.status_code == 202
    accept = {"Accept": "application/x-ndjson"}
    with client.stream("GET", response.headers["Location"], headers=accept) as stream:
        (line,) = [json.loads(line) for line in stream.iter_lines()]
    (picture,) = line["answer"]["pictures"]
    assert base64.b64decode(picture["image"]) == edit(client, expression="sad")


@pytest.mark.parametrize(
    ("fields", "slug", "status"),
    [
        ({"expressions": "sad,hungry"}, "unknown-expression", 422),
        ({"expressions": ","}, "invalid-field", 422),
        ({"expressions": "[1]"}, "invalid-field", 422),
        ({"layout": "tar"}, "invalid-field", 422),
        ({"cell": "8"}, "invalid-field", 422),
        ({"expression": "sad"}, "unknown-field", 422),
        ({"model": "finder"}, "unknown-model", 404),
        ({"intensity": "2"}, "intensity-out-of-range", 422),
    ],
)
def test_what_cannot_be_drawn(
    client: Client, engine: Counting, fields: dict[str, str], slug: str, status: int
) -> None:
    engine.runs.clear()
    response = client.post("/v1/sheets", files={"image": GOOD}, data=fields)
    assert response.status_code == status, response.text
    assert response.json()["type"] == f"urn:celmood:problem:{slug}"
    assert engine.runs == []


def test_too_many_pixels_together(client: Client, engine: Counting) -> None:
    large = encoded(scene(330, 300, ((160, 150, 20),)))
    engine.runs.clear()
    for accept in ("*/*", "application/json"):
        refused = sheet(client, large, accept, expressions=",".join(EXPRESSIONS[:7]))
        assert refused.json()["type"] == "urn:celmood:problem:too-many-pixels"
    assert engine.runs == []
    assert sheet(client, large, expressions="sad,happy").status_code == 200
    grid = sheet(client, large, expressions=",".join(EXPRESSIONS[:7]), layout="grid")
    assert grid.json()["type"] == "urn:celmood:problem:too-many-pixels"
    small = sheet(client, large, layout="grid", cell="64")
    assert small.status_code == 200
