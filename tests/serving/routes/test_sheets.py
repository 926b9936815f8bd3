from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from httpx import Client, Response
from PIL import Image

from contract.expression import EXPRESSIONS
from engines.onnx_engine import OnnxEngine
from serving import sheets
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
    settings = Settings(
        max_pixels=200_000, max_bytes=400_000, batches=tmp_path_factory.mktemp("batches")
    )
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
        refused = sheet(client, large, accept, expressions=",".join(EXPRESSIONS[:9]))
        assert refused.json()["type"] == "urn:celmood:problem:too-many-pixels"
    assert engine.runs == []
    assert sheet(client, large, expressions="sad,happy").status_code == 200
    grid = sheet(client, large, expressions=",".join(EXPRESSIONS[:9]), layout="grid")
    assert grid.json()["type"] == "urn:celmood:problem:too-many-pixels"
    small = sheet(client, large, layout="grid", cell="64")
    assert small.status_code == 200


def test_a_grid_has_no_more_pixels_than_a_picture(client: Client, engine: Counting) -> None:
    engine.runs.clear()
    names = "neutral,happy,sad,angry,crying"  # six cells of 240 x 200
    refused = sheet(client, expressions=names, layout="grid")
    assert refused.status_code == 413
    assert "smaller cells" in refused.json()["detail"]
    assert engine.runs == []
    assert sheet(client, expressions=names, layout="grid", cell="190").status_code == 200


def noise(side: int) -> bytes:
    return encoded(np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8))


def test_pictures_in_json_have_the_bytes_of_one(client: Client) -> None:
    image = noise(240)  # 170 kB, and no picture of it is smaller
    wishes = {"faces": "[[80, 60, 80, 80]]"}
    json_of = partial(sheet, client, image, "application/json", **wishes)
    assert json_of(expressions="sad,happy").status_code == 200
    refused = json_of(expressions="sad,happy,angry")
    assert refused.status_code == 413
    assert refused.json()["type"] == "urn:celmood:problem:sheet-too-large"
    assert "ZIP" in refused.json()["detail"]
    assert json_of(expressions="sad,happy,angry", format="jpeg").status_code == 200
    as_zip = partial(sheet, client, image, **wishes)
    assert as_zip(expressions="sad,happy,angry").status_code == 200
    refused = as_zip(expressions=",".join(EXPRESSIONS[:10]))
    assert refused.json()["type"] == "urn:celmood:problem:sheet-too-large"


@pytest.mark.parametrize("kind", ["RGB", "RGBA", "LA", "16 bits"])
def test_large_pictures_are_made_smaller_in_bands_as_in_one(kind: str) -> None:
    picture: np.ndarray = with_alpha(
        np.random.default_rng(0).integers(0, 256, (700, 610, 3), np.uint8)
    )
    picture = {"RGB": picture[..., :3], "LA": picture[..., 2:]}.get(kind, picture)
    if kind == "16 bits":
        picture = picture.astype(np.uint16) * 257
    size = 203, 233
    alpha = picture[..., -1:].astype(np.float32) if picture.shape[2] in (2, 4) else 1.0
    whole = picture.astype(np.float32)
    whole[..., : picture.shape[2] - (picture.shape[2] in (2, 4))] *= alpha
    whole = np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.float32)
    if picture.shape[2] in (2, 4):
        whole[..., :-1] /= np.maximum(whole[..., -1:], 1e-6)
    small = sheets._shrunk(picture, size)
    assert (small.dtype, small.shape) == (picture.dtype, (*size[::-1], picture.shape[2]))
    tolerance = 1 if picture.dtype == np.uint8 else 8
    assert np.abs(small.astype(float) - whole).max() <= tolerance
