from __future__ import annotations

import base64
import json
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from http.client import HTTPResponse
from pathlib import Path
from select import select
from typing import Any

import pytest
from httpx import Client, Response
from starlette.types import Message, Receive, Scope, Send

from engines.onnx_engine import OnnxEngine
from serving.app import create_app
from serving.settings import Settings, SettingsError
from tests.live import running
from tests.pictures import encoded, scene

GOOD = encoded(scene())
IMAGE = base64.b64encode(GOOD).decode()
SAD: Mapping[str, Any] = {"image": IMAGE, "expression": "sad"}
NDJSON = "application/x-ndjson"


class Slow(OnnxEngine):
    """Runs the editor when it may."""

    def __init__(self, repository: Path) -> None:
        super().__init__(repository, threads=1)
        self.may = threading.Event()
        self.may.set()

    def run(self, model, inputs, timeout=None):
        if model == "expression":
            assert self.may.wait(20)
        return super().run(model, inputs, timeout)


@pytest.fixture
def engine(model_repository: Path) -> Slow:
    return Slow(model_repository)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(batches=tmp_path / "batches", workers=2, max_bytes=1_000_000, batch_lines=20)


@pytest.fixture
def client(engine: Slow, settings: Settings) -> Iterator[Client]:
    with running(create_app(settings, engine)) as client:
        yield client
        engine.may.set()


def send(client: Client, *lines: object, **headers: str) -> Response:
    body = "\n".join(json.dumps(line) for line in lines)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post("/v1/batches", content=body, headers={"Content-Type": NDJSON} | named)


def followed(client: Client, location: str, after: int = 0) -> list[dict[str, Any]]:
    """All results, from the stream that ends with the batch."""
    with client.stream(
        "GET", location, params={"after": after}, headers={"Accept": NDJSON}
    ) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == NDJSON
        return [json.loads(line) for line in response.iter_lines()]


def slug(response: Response, status: int) -> str:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    return str(response.json()["type"]).removeprefix("urn:celmood:problem:")


def test_a_batch_from_its_lines_to_its_results(client: Client) -> None:
    response = send(
        client,
        {**SAD, "id": "sprite"},
        {"call": "faces", "image": IMAGE},
        {**SAD, "expression": "hungry"},
        {**SAD, "image": base64.b64encode(b"no picture").decode()},
    )
    assert response.status_code == 202
    batch = response.json()
    assert response.headers["Location"] == f"/v1/batches/{batch['id']}"
    assert batch["counts"]["total"] == 4

    results = followed(client, response.headers["Location"])
    assert [result["position"] for result in results] == [1, 2, 3, 4]
    by_line = {result["line"]: result for result in results}
    assert sorted(by_line) == [1, 2, 3, 4]
    edited = client.post(
        "/v1/expressions", json=dict(SAD), headers={"Accept": "application/json"}
    ).json()
    assert (by_line[1]["id"], by_line[1]["status"]) == ("sprite", 200)
    assert by_line[1]["answer"]["image"] == edited["image"]
    assert by_line[1]["answer"]["faces"] == edited["faces"]
    assert len(by_line[2]["answer"]["faces"]) == 1
    assert by_line[3]["status"] == 422
    assert by_line[3]["problem"]["type"] == "urn:celmood:problem:unknown-expression"
    assert by_line[3]["problem"]["request_id"] == f"{batch['id']}.3"
    assert by_line[4]["status"] == 415

    done = client.get(response.headers["Location"]).json()
    assert done["status"] == "completed"
    assert done["counts"] == {
        "total": 4,
        "succeeded": 2,
        "failed": 2,
        "running": 0,
        "waiting": 0,
        "dropped": 0,
    }
    assert done["results"] == results
    assert done["next"] is None


def test_results_come_in_pages(client: Client) -> None:
    place = send(client, *[SAD] * 5).headers["Location"]
    everything = followed(client, place)
    first = client.get(place, params={"limit": 2}).json()
    assert first["results"] == everything[:2]
    second = client.get(place, params={"limit": 9, "after": first["next"]}).json()
    assert second["results"] == everything[2:]
    assert second["next"] is None
    assert client.get(place, params={"limit": 0}).json()["results"] == []
    assert followed(client, place, after=4) == everything[4:]
    assert slug(client.get(place, params={"limit": 101}), 422) == "invalid-field"
    for after in (-1, 2**31, 2**70):
        assert slug(client.get(place, params={"after": after}), 422) == "invalid-field"


def test_results_come_while_others_are_in_work(client: Client, engine: Slow) -> None:
    engine.may.clear()
    place = send(client, {"call": "faces", "image": IMAGE}, SAD).headers["Location"]
    with client.stream("GET", place, headers={"Accept": NDJSON}) as response:
        lines = response.iter_lines()
        assert json.loads(next(lines))["line"] == 1
        waiting = client.get(place)
        assert waiting.headers["Retry-After"]
        body = waiting.json()
        assert (body["status"], body["next"], len(body["results"])) == ("running", 1, 1)
        engine.may.set()
        assert [json.loads(line)["line"] for line in lines] == [2]


def test_results_are_sent_in_pieces_for_which_there_is_room(
    settings: Settings, engine: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.sent.PIECE", 1000)
    app = create_app(settings, engine)
    sizes: list[int] = []

    async def noting(scope: Scope, receive: Receive, send_on: Send) -> None:
        async def send_noted(message: Message) -> None:
            sizes.append(len(message.get("body", b"")))
            await send_on(message)

        await app(scope, receive, send_noted)

    with running(noting) as client:
        place = send(client, SAD, SAD).headers["Location"]
        results = followed(client, place)
        page = client.get(place)
        assert page.json()["results"] == results
        assert max(sizes) == 1000
        assert sum(sizes) > 1.9 * len(page.content)  # the stream, and the page
        with app.state.gateway.answers.held("other", settings.max_bytes_at_once):
            refused = client.get(place)
        assert (refused.status_code, refused.json()["reason"]) == (503, "memory")
        assert client.get(place).content == page.content


def test_a_caller_has_a_share_of_the_streams(
    settings: Settings, engine: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.jobs.jobs._MOST_STREAMS", 32)  # of which a caller has two
    engine.may.clear()
    with running(create_app(settings, engine)) as client:
        place = send(client, SAD).headers["Location"]

        def follow() -> AbstractContextManager[Response]:
            return client.stream("GET", place, headers={"Accept": NDJSON})

        with follow() as first, follow() as second:
            assert (first.status_code, second.status_code) == (200, 200)
            refused = client.get(place, headers={"Accept": NDJSON})
            assert slug(refused, 429) == "over-share"
            assert refused.headers["Retry-After"]
            assert client.get(place).status_code == 200
            engine.may.set()
            for response in (first, second):
                assert len(list(response.iter_lines())) == 1
        assert len(followed(client, place)) == 1


def test_a_cancelled_batch_ends_at_once_and_keeps_what_it_has(client: Client, engine: Slow) -> None:
    engine.may.clear()
    place = send(client, {"call": "faces", "image": IMAGE}, *[SAD] * 5).headers["Location"]
    with client.stream("GET", place, headers={"Accept": NDJSON}) as response:
        lines = response.iter_lines()
        next(lines)
        cancelled = client.delete(place)
        assert cancelled.status_code == 200
        assert cancelled.json()["status"] == "cancelled"
        assert list(lines) == []
    engine.may.set()
    assert client.delete(place).json() == cancelled.json()
    body = client.get(place).json()
    assert (body["counts"]["succeeded"], body["counts"]["dropped"]) == (1, 5)
    assert len(body["results"]) == 1
    again = send(client, SAD).headers["Location"]
    assert len(followed(client, again)) == 1


def test_a_line_that_cannot_be_used_refuses_the_batch_and_leaves_nothing(
    client: Client, settings: Settings
) -> None:
    url = {"call": "faces", "image": "https://elsewhere.example/a.png"}
    assert send(client, url).json()["errors"][0]["type"] == "url-refused"
    refused = send(client, SAD, [1], {**SAD, "colour": "blue"}, {**SAD, "intensity": "much"})
    assert slug(refused, 422) == "invalid-line"
    assert [(e["line"], e["type"]) for e in refused.json()["errors"]] == [
        (2, "malformed-body"),
        (3, "unknown-field"),
        (4, "invalid-field"),
    ]
    assert kept(settings) == (0, 0)


def kept(settings: Settings) -> tuple[int, int]:
    assert settings.batches is not None
    db = sqlite3.connect(settings.batches / "batches.sqlite")
    try:
        counts = [
            db.execute(f"SELECT COUNT(*) FROM {t}").fetchone()[0] for t in ("batches", "lines")
        ]
    finally:
        db.close()
    return counts[0], counts[1]


def test_batches_that_are_refused(client: Client, settings: Settings) -> None:
    def post(body: bytes, kind: str = NDJSON) -> Response:
        return client.post("/v1/batches", content=body, headers={"Content-Type": kind})

    assert slug(post(b"", "application/json"), 415) == "unsupported-media-type"
    assert slug(post(b""), 400) == "malformed-body"
    assert slug(post(b"\n \n\r\n"), 400) == "malformed-body"
    assert slug(post(b"x" * 3_000_000), 413) == "batch-too-large"
    assert slug(send(client, *[{"call": "faces", "image": "aa=="}] * 21), 413) == "batch-too-large"
    assert slug(send(client, SAD, Idempotency_Key="with blank"), 400) == "bad-request"
    for place in ("/v1/batches/none", "/v1/batches/%00%ff", "/v1/batches/" + "0" * 32):
        assert slug(client.get(place), 404) == "unknown-batch"
        assert slug(client.delete(place), 404) == "unknown-batch"
    assert kept(settings) == (0, 0)


def test_a_body_that_ends_early_leaves_nothing(client: Client, settings: Settings) -> None:
    url = client.base_url
    with socket.create_connection((url.host, url.port or 80)) as connection:
        head = f"POST /v1/batches HTTP/1.1\r\nHost: {url.host}\r\nContent-Type: {NDJSON}\r\n"
        line = json.dumps(SAD)
        connection.sendall(f"{head}Content-Length: 9999999\r\n\r\n{line}\n{line}\n".encode())
        until = time.monotonic() + 20
        while kept(settings)[0] != 1 and time.monotonic() < until:
            time.sleep(0.01)
        assert kept(settings)[0] == 1
    while kept(settings) != (0, 0) and time.monotonic() < until:
        time.sleep(0.01)
    assert kept(settings) == (0, 0)


def begun(client: Client, address: str) -> socket.socket:
    """A connection from an address of this machine, on which a batch has begun to arrive."""
    url = client.base_url
    connection = socket.create_connection(
        (url.host, url.port or 80), source_address=(address, 0), timeout=20
    )
    head = f"POST /v1/batches HTTP/1.1\r\nHost: {url.host}\r\nContent-Type: {NDJSON}\r\n"
    connection.sendall(f"{head}Content-Length: 9999\r\n\r\n".encode())
    return connection


def answered(connection: socket.socket) -> tuple[int, str]:
    """The status of the answer that comes there, and its type of problem."""
    response = HTTPResponse(connection)
    response.begin()
    return response.status, json.loads(response.read())["type"]


def test_a_caller_has_a_share_of_what_arrives(client: Client, settings: Settings) -> None:
    idle = [begun(client, "127.0.0.2") for _ in range(4)]
    until = time.monotonic() + 20
    while kept(settings)[0] != 4 and time.monotonic() < until:
        time.sleep(0.01)
    with begun(client, "127.0.0.2") as refused:
        status, kind = answered(refused)
    assert (status, kind) == (429, "urn:celmood:problem:over-share")
    assert send(client, SAD).status_code == 202
    for connection in idle:
        connection.close()


def test_a_body_that_takes_too_long_is_given_up(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.routes.batches.LONGEST_ARRIVAL_S", 0.5)
    with begun(client, "127.0.0.1") as connection:
        until = time.monotonic() + 20
        while time.monotonic() < until and not select([connection], [], [], 0.1)[0]:
            connection.sendall(b" ")  # a byte now and then is no pause
        status, kind = answered(connection)
    assert (status, kind) == (408, "urn:celmood:problem:slow-body")
    assert kept(settings) == (0, 0)


def test_the_same_key_and_body_is_the_same_batch(client: Client) -> None:
    first = send(client, SAD, Idempotency_Key="k1")
    same = send(client, SAD, Idempotency_Key="k1")
    assert same.status_code == 202
    assert same.headers["Location"] == first.headers["Location"]
    other = send(client, {**SAD, "expression": "happy"}, Idempotency_Key="k1")
    assert slug(other, 422) == "key-reused"
    assert send(client, SAD).headers["Location"] != first.headers["Location"]
    assert len(followed(client, first.headers["Location"])) == 1


def test_no_space_is_a_problem_and_leaves_nothing(model_repository: Path, tmp_path: Path) -> None:
    settings = Settings(batches=tmp_path, batch_space=400_000)
    large = {"call": "faces", "image": base64.b64encode(bytes(100_000)).decode()}
    with running(create_app(settings, OnnxEngine(model_repository, threads=1))) as client:
        for _ in range(3):
            refused = send(client, *[large] * 3)
            assert slug(refused, 507) == "no-space"
            assert kept(settings) == (0, 0)
        assert client.get("/readyz").status_code == 200
        accepted = send(client, {"call": "faces", "image": IMAGE})
        assert len(followed(client, accepted.headers["Location"])) == 1


def test_without_a_folder_no_batches_are_taken(model_repository: Path, tmp_path: Path) -> None:
    with running(create_app(Settings(), OnnxEngine(model_repository, threads=1))) as client:
        assert slug(send(client, SAD), 501) == "batches-off"
        assert slug(client.get("/v1/batches/a"), 501) == "batches-off"
    (tmp_path / "file").write_bytes(b"")
    engine = OnnxEngine(model_repository, threads=1)
    with pytest.raises(SettingsError, match="CELMOOD_BATCHES"):
        create_app(Settings(batches=tmp_path / "file"), engine)
    engine.close()


def test_the_documents_of_the_interface_have_batches(client: Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert {"post"} == set(paths["/v1/batches"])
    assert {"get", "delete"} == set(paths["/v1/batches/{batch}"])
    names = [p["name"] for p in paths["/v1/batches"]["post"]["parameters"]]
    assert names == ["Idempotency-Key", "X-Celmood-Webhook"]
