from __future__ import annotations

import base64
import io
import json
import re
import shutil
import zlib
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest
from httpx import Client, Response
from PIL import Image

from engines.onnx_engine import OnnxEngine
from engines.triton_engine import TritonEngine
from serving import png
from serving.app import create_app
from serving.pipeline import Pipeline
from serving.settings import Settings
from serving.stages import STAGES
from tests.engines.triton_stub import TritonStub
from tests.live import running
from tests.pictures import encoded, opened, same_outside, scene, with_alpha

PICTURE = scene()
GOOD = encoded(PICTURE)


def edit(client: Client, image: bytes = GOOD, accept: str = "*/*", **fields: str) -> Response:
    data = {"expression": "happy"} | fields
    return client.post(
        "/v1/expressions", files={"image": ("x", image)}, data=data, headers={"Accept": accept}
    )


def check_problem(client: Client, response: Response, slug: str, status: int) -> dict:
    """The answer is that problem, tells nothing of our insides, and the next request works."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["type"] == f"urn:celmood:problem:{slug}"
    assert problem["status"] == status
    assert problem["title"]
    assert len(problem["detail"]) > 10
    assert problem["request_id"] == response.headers["X-Request-Id"]
    assert not re.search(r"Traceback|File \"|\.py|Error\b", response.text)
    assert edit(client).status_code == 200
    return problem


def huge_header() -> bytes:
    data = bytearray(encoded(np.zeros((1, 1, 3), np.uint8)))
    data[16:24] = (30_000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    return bytes(data)


def animated(format: str) -> bytes:
    frames = [Image.fromarray(scene(seed=s)) for s in (1, 2)]
    return encoded(frames[0], format, save_all=True, append_images=frames[1:])


BAD_PICTURES = {
    "nothing": (b"", "empty-picture", 422),
    "text": (b"no picture at all", "not-a-picture", 415),
    "gif": (encoded(PICTURE, "GIF"), "not-a-picture", 415),
    "half a png": (GOOD[: len(GOOD) // 2], "truncated-picture", 422),
    "half a jpeg": (encoded(PICTURE, "JPEG")[:2000], "truncated-picture", 422),
    "half a webp": (encoded(PICTURE, "WEBP")[:500], "truncated-picture", 422),
    "30,000 x 30,000": (huge_header(), "too-many-pixels", 413),
    "more than 2,000,000 pixels": (
        encoded(np.zeros((1500, 1500), np.uint8)),
        "too-many-pixels",
        413,
    ),
    "a little too many bytes": (b"\x89PNG" + bytes(3_000_001), "too-many-bytes", 413),
    "far too many bytes": (bytes(8_000_000), "too-many-bytes", 413),
    "animated png": (animated("PNG"), "animated-picture", 422),
    "animated webp": (animated("WEBP"), "animated-picture", 422),
    "no face": (encoded(scene(faces=())), "no-face", 422),
}


@pytest.mark.parametrize("kind", BAD_PICTURES)
def test_bad_pictures(client: Client, kind: str) -> None:
    image, slug, status = BAD_PICTURES[kind]
    problem = check_problem(client, edit(client, image), slug, status)
    if slug == "no-face":
        assert "faces" in problem["offer"]
        assert "`faces`" in problem["detail"]
    else:
        response = client.post("/v1/faces", files={"image": image})
        check_problem(client, response, slug, status)


BAD_FIELDS = {
    "unknown expression": ({"expression": "hungry"}, "unknown-expression", 422),
    "unknown parameter": ({"expression": '{"nose": 1}'}, "unknown-parameter", 422),
    "parameter out of range": ({"expression": '{"mouth_open": 7}'}, "intensity-out-of-range", 422),
    "parameter without number": ({"expression": '{"mouth_open": "x"}'}, "invalid-field", 422),
    "broken parameters": ({"expression": '{"mouth_open": '}, "invalid-field", 422),
    "intensity above": ({"intensity": "1.6"}, "intensity-out-of-range", 422),
    "intensity below": ({"intensity": "-0.1"}, "intensity-out-of-range", 422),
    "intensity is no number": ({"intensity": "much"}, "invalid-field", 422),
    "intensity is not finite": ({"intensity": "nan"}, "invalid-field", 422),
    "box outside": ({"faces": "[[900, 10, 50, 50]]"}, "box-outside", 422),
    "box with three numbers": ({"faces": "[[9, 10, 50]]"}, "invalid-field", 422),
    "no boxes": ({"faces": "[]"}, "invalid-field", 422),
    "unknown choice of faces": ({"faces": "some"}, "invalid-field", 422),
    "unknown format": ({"format": "gif"}, "invalid-field", 422),
    "quality": ({"quality": "101"}, "invalid-field", 422),
    "unknown model": ({"model": "finder"}, "unknown-model", 404),
    "unknown field": ({"colour": "blue"}, "unknown-field", 422),
}


@pytest.mark.parametrize("kind", BAD_FIELDS)
def test_bad_fields(client: Client, kind: str) -> None:
    fields, slug, status = BAD_FIELDS[kind]
    problem = check_problem(client, edit(client, GOOD, **fields), slug, status)
    if slug == "unknown-expression":
        assert "happy" in problem["known"]
    if slug == "unknown-field":
        assert problem["fields"] == ["colour"]
        assert "expression" in problem["known"]
    if slug == "invalid-field":
        (name,) = fields
        assert {error["field"] for error in problem["errors"]} == {name}


def test_bad_bodies(client: Client) -> None:
    url = "/v1/expressions"
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    plain = {"Content-Type": "application/json"}
    for body, headers, slug, status in [
        (b"", {}, "unsupported-media-type", 415),
        (b"a=b", {"Content-Type": "text/plain"}, "unsupported-media-type", 415),
        (b"", {"Content-Type": "multipart/form-data"}, "malformed-body", 400),
        (b"nonsense", form, "malformed-body", 400),
        (b"{", plain, "malformed-body", 400),
        (b"[1]", plain, "malformed-body", 400),
        (b"[" * 100_000, plain, "malformed-body", 400),
        (b"\xff\xfe", plain, "malformed-body", 400),
        (b"{}", plain, "no-picture", 422),
        (b'{"image": null, "expression": "sad"}', plain, "no-picture", 422),
        (b'{"image": "%%%", "expression": "sad"}', plain, "invalid-field", 422),
        (b'{"image": 7, "expression": "sad"}', plain, "invalid-field", 422),
    ]:
        response = client.post(url, content=body, headers=headers)
        check_problem(client, response, slug, status)


def test_no_file(client: Client) -> None:
    nothing = client.post("/v1/expressions", data={"expression": "sad"}, files={"": ""})
    assert nothing.status_code in (400, 422)
    no_part = client.post("/v1/faces", files={"picture": GOOD})
    check_problem(client, no_part, "unknown-field", 422)
    text = client.post("/v1/faces", files={"image": (None, "words")})
    check_problem(client, text, "no-picture", 422)


def test_a_field_twice_and_no_expression(client: Client) -> None:
    twice = client.post(
        "/v1/expressions", files={"image": GOOD}, data={"expression": ["sad", "happy"]}
    )
    check_problem(client, twice, "invalid-field", 422)
    none = client.post("/v1/expressions", files={"image": GOOD})
    assert "expression" in check_problem(client, none, "invalid-field", 422)["detail"]


def test_other_paths_and_methods(client: Client) -> None:
    check_problem(client, client.get("/nothing"), "not-found", 404)
    check_problem(client, client.get("/v1/expressions"), "method-not-allowed", 405)
    check_problem(client, client.get("/v1/models/nothing"), "unknown-model", 404)
    # Not sent on to another place, which would get the key that the request has.
    check_problem(client, client.get("/v1/models/"), "not-found", 404)
    check_problem(client, client.post("/v1/faces/"), "not-found", 404)


def rotated() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


KINDS = {
    "cmyk": encoded(Image.fromarray(PICTURE).convert("CMYK"), "JPEG", quality=95),
    "16 bits": png.encode(PICTURE.astype(np.uint16) * 257),
    "palette": encoded(Image.fromarray(PICTURE).quantize(64)),
    "grey": encoded(PICTURE[..., 0]),
    "alpha": encoded(with_alpha(PICTURE)),
    "rotated": encoded(PICTURE, exif=rotated()),
    "broken exif": encoded(PICTURE, "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x09broken"),
}


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("kind", KINDS)
def test_unusual_pictures_are_edited(client: Client, kind: str) -> None:
    response = edit(client, KINDS[kind], faces="[[80, 60, 80, 80]]")
    assert response.status_code == 200
    image = Image.open(io.BytesIO(response.content))
    image.load()
    assert image.size == ((200, 240) if kind == "rotated" else (240, 200))
    assert json.loads(response.headers["X-Celmood-Faces"])["faces"][0]["changed"][2] > 0


def test_the_answer_is_the_picture_and_its_facts(client: Client) -> None:
    response = edit(client)
    assert response.headers["content-type"] == "image/png"
    facts = json.loads(response.headers["X-Celmood-Faces"])
    (face,) = facts["faces"]
    assert same_outside(PICTURE, opened(response.content), [face["changed"]])
    assert len(face["box"]) == 4
    assert {"left_eye", "right_eye", "mouth", "chin"} <= face["landmarks"].keys()
    assert facts["format"] == "png"
    assert tuple(facts["timings"]) == STAGES


def test_the_answer_as_json(client: Client) -> None:
    plain = edit(client)
    response = edit(client, accept="application/json")
    body = response.json()
    assert base64.b64decode(body["image"]) == plain.content
    facts = json.loads(plain.headers["X-Celmood-Faces"])
    assert body["faces"] == facts["faces"]
    assert (body["width"], body["height"], body["format"]) == (240, 200, "png")


@pytest.mark.parametrize(("format", "kind"), [("webp", "WEBP"), ("jpeg", "JPEG"), ("png", "PNG")])
def test_the_format_can_be_chosen(client: Client, format: str, kind: str) -> None:
    response = edit(client, format=format, quality="80")
    assert response.headers["content-type"] == f"image/{format}"
    assert Image.open(io.BytesIO(response.content)).format == kind


def test_json_and_form_are_the_same(client: Client) -> None:
    body = {
        "image": base64.b64encode(GOOD).decode(),
        "expression": {"mouth_open": 0.8, "blush": 1.0},
        "intensity": 0.9,
        "faces": [[80, 60, 80, 80]],
    }
    from_json = client.post("/v1/expressions", json=body)
    expression = json.dumps(body["expression"])
    from_form = edit(client, expression=expression, intensity="0.9", faces="[[80,60,80,80]]")
    assert from_json.status_code == from_form.status_code == 200
    assert from_json.content == from_form.content


def test_faces(client: Client) -> None:
    body = client.post("/v1/faces", files={"image": GOOD}).json()
    assert (body["width"], body["height"]) == (240, 200)
    (face,) = body["faces"]
    x, y, width, height = face["box"]
    assert (x + width / 2, y + height / 2) == pytest.approx((120, 100), abs=2)
    assert 0 < face["score"] <= 1
    assert face["landmarks"]["left_eye"] == pytest.approx([100, 98], abs=2)
    assert set(body["timings"]) == {"decode", "find"}
    empty = client.post("/v1/faces", files={"image": encoded(scene(faces=()))})
    assert empty.json()["faces"] == []


def test_three_ways_give_the_same_bytes(
    client: Client, pipeline: Pipeline, model_repository: Path
) -> None:
    direct = pipeline.edit(GOOD, "sad", 0.7).data
    assert edit(client, expression="sad", intensity="0.7").content == direct
    with (
        TritonStub(model_repository) as stub,
        running(create_app(Settings(), TritonEngine(stub.address))) as other,
    ):
        assert edit(other, expression="sad", intensity="0.7").content == direct
        assert other.get("/readyz").status_code == 200


def test_request_ids(client: Client) -> None:
    assert client.get("/healthz").headers["X-Request-Id"] != ""
    given = {"X-Request-Id": "job-17.b"}
    assert client.get("/nothing", headers=given).json()["request_id"] == "job-17.b"
    odd = client.get("/healthz", headers={"X-Request-Id": "<script>" * 20})
    assert re.fullmatch("[0-9a-f]{32}", odd.headers["X-Request-Id"])


def test_models(client: Client) -> None:
    body = client.get("/v1/models").json()
    assert [card["name"] for card in body["models"]] == ["expression", "finder"]
    assert body["problems"] == {}
    card = client.get("/v1/models/expression").json()
    assert card == body["models"][0]
    assert "happy" in card["control"]["presets"]


def test_health_and_docs(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}
    assert client.get("/readyz").json()["models"] == ["expression", "finder"]
    assert client.get("/docs").status_code == 200
    paths = client.get("/openapi.json").json()["paths"]
    form = paths["/v1/expressions"]["post"]["requestBody"]["content"]["multipart/form-data"]
    assert {"image", "expression", "intensity", "faces"} <= form["schema"]["properties"].keys()


def test_metrics(client: Client) -> None:
    edit(client)
    edit(client, expression="hungry")
    client.get("/v1/models/expression")
    client.get("/a/path/nobody/knows")
    text = client.get("/metrics").text
    for stage in STAGES:
        assert f'celmood_stage_seconds_count{{stage="{stage}"}}' in text
    for labels in (
        'method="POST",outcome="ok",route="/v1/expressions",status="200"',
        'method="POST",outcome="unknown-expression",route="/v1/expressions",status="422"',
        'method="GET",outcome="ok",route="/v1/models/{name}",status="200"',
        'method="GET",outcome="not-found",route="unmatched",status="404"',
    ):
        assert re.search(rf"celmood_requests_total{{{re.escape(labels)}}} [1-9]", text), labels
    assert "nobody" not in text


@pytest.fixture
def broken(model_repository: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(model_repository, tmp_path / "models"))


def serve(repository: Path) -> AbstractContextManager[Client]:
    app = create_app(Settings(), OnnxEngine(repository, threads=1))
    return running(app)


@pytest.mark.parametrize("what", ["weights", "card", "no weights", "version"])
def test_a_corrupt_model_is_named_and_the_gateway_is_not_ready(broken: Path, what: str) -> None:
    place = broken / "expression"
    match what:
        case "weights":
            (place / "1" / "model.onnx").write_bytes(b"corrupt")
        case "card":
            (place / "card.json").write_text("{")
        case "no weights":
            (place / "1" / "model.onnx").unlink()
        case "version":
            card = (place / "card.json").read_text().replace('card_version": 1', 'card_version": 9')
            (place / "card.json").write_text(card)
    with serve(broken) as client:
        assert client.get("/healthz").status_code == 200
        ready = client.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["type"] == "urn:celmood:problem:not-ready"
        assert list(ready.json()["problems"]) == ["expression"]
        models = client.get("/v1/models").json()
        assert [card["name"] for card in models["models"]] == ["finder"]
        assert list(models["problems"]) == ["expression"]
        assert client.get("/v1/models/expression").status_code == 503
        failed = edit(client)
        assert failed.status_code == 503
        assert failed.json()["type"] == "urn:celmood:problem:model-unavailable"
        assert client.post("/v1/faces", files={"image": GOOD}).status_code == 200


def test_an_error_of_ours_tells_nothing_and_is_counted(model_repository: Path) -> None:
    class Broken(OnnxEngine):
        broken = True

        def run(self, model, inputs, timeout=None):
            if self.broken:
                raise ZeroDivisionError("secret")
            return super().run(model, inputs, timeout)

    engine = Broken(model_repository, threads=1)
    with running(create_app(Settings(), engine)) as client:
        response = edit(client)
        assert response.status_code == 500
        assert response.json()["type"] == "urn:celmood:problem:internal-error"
        assert "secret" not in response.text
        assert response.headers["X-Request-Id"] == response.json()["request_id"]
        assert 'outcome="internal-error"' in client.get("/metrics").text
        engine.broken = False
        assert edit(client).status_code == 200


def test_a_slow_engine_is_a_timeout(model_repository: Path) -> None:
    with TritonStub(model_repository) as stub:
        stub.delay = 1.0
        app = create_app(Settings(timeout=0.2), TritonEngine(stub.address))
        with running(app) as client:
            response = edit(client)
            assert response.status_code == 504
            assert response.json()["type"] == "urn:celmood:problem:timeout"


def test_an_engine_that_cannot_be_reached(model_repository: Path) -> None:
    with TritonStub(model_repository) as stub:
        address = stub.address
    with running(create_app(Settings(), TritonEngine(address))) as client:
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 503
        assert edit(client).status_code == 503
