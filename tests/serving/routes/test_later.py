from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx import Client, Response

from engines.onnx_engine import OnnxEngine
from serving.app import create_app
from serving.settings import Settings
from tests.live import running
from tests.pictures import encoded, scene

GOOD = encoded(scene())
ASYNC = {"Prefer": "wait=5, Respond-Async; a=b"}


@pytest.fixture(scope="module")
def client(model_repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    settings = Settings(batches=tmp_path_factory.mktemp("batches"), max_bytes=1_000_000)
    with running(create_app(settings, OnnxEngine(model_repository, threads=1))) as client:
        yield client


def edit(client: Client, headers: dict[str, str], expression: str = "sad") -> Response:
    return client.post(
        "/v1/expressions",
        files={"image": GOOD},
        data={"expression": expression, "faces": "[[80, 60, 80, 80]]", "intensity": "0.5"},
        headers=headers,
    )


def result(client: Client, response: Response) -> dict[str, Any]:
    assert response.status_code == 202
    place = response.headers["Location"]
    accept = {"Accept": "application/x-ndjson"}
    with client.stream("GET", place, headers=accept) as stream:
        (line,) = list(stream.iter_lines())
    found = json.loads(line)
    assert isinstance(found, dict)
    return found


def test_an_edit_for_later_is_the_same_edit(client: Client) -> None:
    response = edit(client, ASYNC)
    assert response.headers["Preference-Applied"] == "respond-async"
    answer = result(client, response)["answer"]
    assert base64.b64decode(answer["image"]) == edit(client, {}).content


def test_faces_for_later_are_the_same_faces(client: Client) -> None:
    response = client.post("/v1/faces", files={"image": GOOD}, headers=ASYNC)
    now = client.post("/v1/faces", files={"image": GOOD}).json()
    assert result(client, response)["answer"]["faces"] == now["faces"]


def test_the_same_key_is_the_same_work(client: Client) -> None:
    key = ASYNC | {"Idempotency-Key": "once"}
    places = {edit(client, key).headers["Location"] for _ in range(2)}
    assert len(places) == 1
    assert edit(client, key, "happy").json()["type"] == "urn:celmood:problem:key-reused"


def test_what_cannot_be_used_is_refused_at_once(client: Client) -> None:
    assert client.post("/v1/faces", files={"picture": GOOD}, headers=ASYNC).status_code == 422
    late = result(client, edit(client, ASYNC, "hungry"))
    assert late["problem"]["type"] == "urn:celmood:problem:unknown-expression"


def test_other_preferences_and_gateways_without_batches_answer_now(
    client: Client, model_repository: Path
) -> None:
    assert edit(client, {"Prefer": "wait=5, return=minimal"}).status_code == 200
    with running(create_app(Settings(), OnnxEngine(model_repository, threads=1))) as other:
        assert edit(other, ASYNC).status_code == 200
