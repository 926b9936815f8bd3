from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx import Client, Response

from engines.onnx_engine import OnnxEngine
from serving import conditional
from serving.app import create_app
from serving.conditional import Tags
from serving.fields import ExpressionFields, FacesFields
from serving.pipeline import Pipeline
from serving.settings import Settings
from tests.live import running
from tests.pictures import encoded, scene

GOOD = encoded(scene())
STRONG = re.compile(r'"[0-9a-f]{64}"')
WEAK = re.compile(r'W/"[0-9a-f]{64}"')


class Counting(OnnxEngine):
    """Counts how often a model is run."""

    runs = 0

    def run(self, model, inputs, timeout=None):
        self.runs += 1
        return super().run(model, inputs, timeout)


@pytest.fixture(scope="module")
def engine(model_repository: Path) -> Counting:
    return Counting(model_repository, threads=1)


@pytest.fixture(scope="module")
def client(engine: Counting) -> Iterator[Client]:
    with running(create_app(Settings(), engine)) as client:
        yield client


def edit(client: Client, expression: str = "sad", image: bytes = GOOD, **headers: str) -> Response:
    return client.post(
        "/v1/expressions",
        files={"image": image},
        data={"expression": expression},
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


def test_who_has_the_picture_is_told_so_without_running_a_model(
    client: Client, engine: Counting
) -> None:
    first = edit(client)
    tag = first.headers["ETag"]
    assert STRONG.fullmatch(tag)
    assert first.headers["Cache-Control"] == "private, no-cache"
    before = engine.runs
    for held in (tag, f'"other", {tag}', f"W/{tag}"):
        again = edit(client, If_None_Match=held)
        assert again.status_code == 304
        assert again.content == b""
        assert again.headers["ETag"] == tag
    assert engine.runs == before
    assert 'outcome="ok"' in client.get("/metrics").text


def test_every_wish_counts(client: Client) -> None:
    tag = edit(client).headers["ETag"]
    assert edit(client).headers["ETag"] == tag
    for response in (
        edit(client, "happy", If_None_Match=tag),
        edit(client, image=encoded(scene(seed=2)), If_None_Match=tag),
        edit(client, Accept="application/json", If_None_Match=tag),
        edit(client, If_None_Match='"other"'),
        edit(client, If_None_Match="*"),
    ):
        assert response.status_code == 200
    refused = edit(client, "hungry", If_None_Match=tag)
    assert refused.status_code == 422
    assert "ETag" not in refused.headers


def test_json_tells_times_so_its_tag_is_weak(client: Client, engine: Counting) -> None:
    as_json = edit(client, Accept="application/json")
    assert WEAK.fullmatch(as_json.headers["ETag"])
    faces = client.post("/v1/faces", files={"image": GOOD})
    tag = faces.headers["ETag"]
    assert WEAK.fullmatch(tag)
    before = engine.runs
    for response in (
        edit(client, Accept="application/json", If_None_Match=as_json.headers["ETag"]),
        client.post("/v1/faces", files={"image": GOOD}, headers={"If-None-Match": tag}),
    ):
        assert response.status_code == 304
    assert engine.runs == before


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/expression"])
def test_cards_have_tags_too(client: Client, path: str) -> None:
    first = client.get(path)
    tag = first.headers["ETag"]
    assert STRONG.fullmatch(tag)
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
    assert client.get(path, headers={"If-None-Match": "*"}).status_code == 304
    assert client.get(path, headers={"If-None-Match": '"x"'}).json() == first.json()


def test_models_and_settings_count(engine: Counting) -> None:
    wishes = ExpressionFields.model_validate({"image": GOOD, "expression": "sad"})

    def tag(settings: Settings | None = None, fields: FacesFields = wishes) -> str:
        return Tags(Pipeline(engine, settings or Settings())).tag("x", fields, exact=True)

    assert tag() == tag()
    assert tag(Settings(timeout=1)) == tag()
    assert tag(Settings(finder_threshold=0.5)) != tag()
    assert tag(Settings(engine="triton")).startswith("W/")
    for change in ({"intensity": 0.5}, {"image": b""}, {"reference": GOOD}):
        assert tag(fields=wishes.model_copy(update=change)) != tag()

    tags = Tags(Pipeline(engine, Settings()))
    before = tags.tag("x", wishes, exact=True)
    cards = dict(engine.cards())
    retrained = cards["expression"].model_copy(update={"weights_sha256": "0" * 64})
    engine.cards = lambda: cards | {"expression": retrained}  # type: ignore[method-assign]
    try:
        assert tags.tag("x", wishes, exact=True) != before
    finally:
        del engine.cards
    assert tags.tag("x", wishes, exact=True) == before


def test_what_packs_the_bytes_counts(engine: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    wishes = ExpressionFields.model_validate({"image": GOOD, "expression": "sad"})

    def tag() -> str:
        return Tags(Pipeline(engine, Settings())).tag("x", wishes, exact=True)

    before = tag()
    for changed in ("isal", "numpy", "onnxruntime", "opencv-python-headless", "pillow"):
        with monkeypatch.context() as patched:
            patched.setattr(
                conditional, "version", lambda name, new=changed: "9" if name == new else "1"
            )
            other = tag()
            patched.setattr(conditional, "version", lambda name: "1")
            assert tag() != other, changed
    assert tag() == before


def test_the_documents_of_the_interface_have_the_headers(client: Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    for path in ("/v1/faces", "/v1/expressions", "/v1/sheets"):
        names = [parameter["name"] for parameter in paths[path]["post"]["parameters"]]
        assert {"If-None-Match", "Prefer", "Idempotency-Key"} <= set(names)
        assert {"202", "304"} <= paths[path]["post"]["responses"].keys()
