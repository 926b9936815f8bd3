"""Bodies that would cost more than they may, and pictures by URL."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from fastapi import Request
from httpx import Client, Response

from engines.onnx_engine import OnnxEngine
from serving.app import create_app
from serving.fields import ENVELOPE, EditFields, FacesFields, from_json, object_of, read_fields
from serving.problems import INVALID_FIELD, MALFORMED_BODY, TOO_MANY_BYTES, ProblemError
from serving.settings import Settings
from tests.live import running
from tests.pictures import encoded, scene

GOOD = encoded(scene())
MAX_BYTES = 3_000_000
JSON = {"Content-Type": "application/json"}


def slug(response: Response) -> str:
    return str(response.json()["type"]).rpartition(":")[2]


@pytest.mark.parametrize(
    ("begin", "kind"),
    [
        (b'{"image": "', "application/json"),
        (
            b'--x\r\nContent-Disposition: form-data; name="image"; filename="x"\r\n\r\n',
            "multipart/form-data; boundary=x",
        ),
    ],
    ids=["json", "form"],
)
async def test_a_body_without_length_is_read_up_to_the_limit(begin: bytes, kind: str) -> None:
    part, taken = b"A" * 10_000, 0

    async def receive() -> dict[str, Any]:
        nonlocal taken
        taken += len(part)
        body = begin if taken == len(part) else part
        return {"type": "http.request", "body": body, "more_body": True}

    async def fetch(_: str) -> bytes:
        raise AssertionError("nothing to fetch")

    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", kind.encode())]}
    with pytest.raises(ProblemError) as raised:
        await read_fields(Request(scope, receive), FacesFields, MAX_BYTES, fetch)
    assert raised.value.kind is TOO_MANY_BYTES
    assert taken < MAX_BYTES * 4 // 3 + ENVELOPE + 2 * len(part)


@pytest.mark.parametrize("length", [str(10**9), "9" * 5000])
def test_a_declared_length_is_refused_unread(client: Client, length: str) -> None:
    host, port = client.base_url.host, client.base_url.port
    assert port is not None
    with socket.create_connection((host, port), timeout=20) as connection:
        head = f"POST /v1/faces HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        connection.sendall(f"{head}Content-Length: {length}\r\n\r\n".encode())
        answer = connection.recv(65_536)
    assert answer.startswith((b"HTTP/1.1 413 ", b"HTTP/1.1 400 "))


def test_a_picture_of_the_most_bytes_fits_in_base64(client: Client) -> None:
    padding = b"\0" * (MAX_BYTES - len(GOOD))
    body = {"image": base64.b64encode(GOOD + padding).decode()}
    assert client.post("/v1/faces", json=body).status_code == 200
    body = {"image": base64.b64encode(GOOD + padding + b"\0").decode()}
    answer = client.post("/v1/faces", json=body)
    assert (answer.status_code, slug(answer)) == (413, "too-many-bytes")
    assert len(json.dumps(body)) < MAX_BYTES * 4 // 3 + ENVELOPE


@pytest.mark.parametrize(
    "text",
    [
        b'{"faces": [' + b"[]," * 100_000 + b"[]]}",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"image": ' + b"9" * 5000 + b"}",
        b"{" + b",".join(b'"a%d":1' % n for n in range(5000)) + b"}",
        b"[]",
        b"\xff",
        b"",
    ],
)
def test_json_that_is_none_or_too_much(text: bytes) -> None:
    with pytest.raises(ProblemError) as raised:
        object_of(text, "line")
    assert raised.value.kind is MALFORMED_BODY
    assert "line" in raised.value.detail


def test_base64_of_any_length_is_one_value() -> None:
    text = json.dumps({"image": base64.b64encode(bytes(range(256)) * 4000).decode(), "a": [1, 2]})
    assert object_of(text.encode())["a"] == [1, 2]


def part(name: str, value: bytes, *, file: bool = False, extra: bytes = b"") -> bytes:
    head = b'--x\r\nContent-Disposition: form-data; name="%s"' % name.encode()
    return head + (b'; filename="f"' if file else b"") + extra + b"\r\n\r\n" + value + b"\r\n"


@pytest.mark.parametrize(
    "parts",
    [
        [part(name, GOOD, file=True) for name in ("image", "reference", "third")],
        [part("image", GOOD, file=True), *(part(f"f{n}", b"x") for n in range(17))],
        [part("image", GOOD, file=True), part("format", b"x" * 70_000)],
        [part("image", GOOD, file=True, extra=b"\r\nX-Long: " + b"a" * 10_000)],
        [part("image", GOOD, file=True, extra=b"".join(b"\r\nX-%d: a" % n for n in range(50)))],
    ],
    ids=["files", "fields", "long field", "long header", "headers"],
)
def test_forms_of_too_many_or_too_large_parts(client: Client, parts: list[bytes]) -> None:
    answer = client.post(
        "/v1/faces",
        content=b"".join([*parts, b"--x--\r\n"]),
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )
    assert (answer.status_code, slug(answer)) == (400, "malformed-body")


def test_urls_are_refused_where_no_host_is_allowed(client: Client) -> None:
    url = "https://pictures.example/a.png"
    for answer in (
        client.post("/v1/faces", json={"image_url": url}),
        client.post("/v1/faces", json={"image": url}),
        client.post("/v1/faces", files={"image_url": (None, url)}),
    ):
        assert (answer.status_code, slug(answer)) == (422, "url-refused")


@pytest.fixture(scope="module")
def pictures() -> Iterator[ThreadingHTTPServer]:
    """A server with one picture, whatever is asked for."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(GOOD)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join(20)


@pytest.fixture(scope="module")
def fetching(model_repository: Path, pictures: ThreadingHTTPServer) -> Iterator[Client]:
    """A gateway that takes pictures from `pictures`, and has room for one at a time."""
    place = f"http://localhost:{pictures.server_port}"
    settings = Settings.model_validate(
        {
            "url_hosts": place,
            "url_networks": "127.0.0.0/8 ::1/128",
            "max_bytes": MAX_BYTES,
            "max_bytes_at_once": MAX_BYTES * 2,
        }
    )
    with running(create_app(settings, OnnxEngine(model_repository, threads=1))) as client:
        client.headers["X-Picture"] = f"{place}/a.png"
        yield client


def test_a_picture_by_url_is_as_one_that_is_sent(fetching: Client) -> None:
    url = fetching.headers["X-Picture"]
    sent = fetching.post("/v1/faces", files={"image": GOOD}).json()["faces"]
    for answer in (
        fetching.post("/v1/faces", json={"image_url": url}),
        fetching.post("/v1/faces", json={"image": url}),
        fetching.post("/v1/faces", files={"image_url": (None, url)}),
    ):
        assert answer.status_code == 200, answer.text
        assert answer.json()["faces"] == sent
    edited = fetching.post("/v1/expressions", json={"image_url": url, "expression": "sad"})
    assert edited.headers["content-type"] == "image/png"


@pytest.mark.parametrize(
    "body",
    [
        {"image_url": "URL", "image": "AAAA"},
        {"image_url": "URL", "image": "URL"},
        {"image_url": 3},
        {"image_url": ["URL"]},
    ],
)
def test_one_picture_and_one_url(fetching: Client, body: dict[str, Any]) -> None:
    url = fetching.headers["X-Picture"]
    filled = {k: url if v == "URL" else [url] if v == ["URL"] else v for k, v in body.items()}
    answer = fetching.post("/v1/faces", json=filled)
    assert (answer.status_code, slug(answer)) == (422, "invalid-field")
    assert answer.json()["errors"][0]["field"] == "image_url"


@pytest.mark.parametrize(
    "values", [{"image_url": "https://a.example/x"}, {"image": "https://a.example/x"}]
)
def test_what_is_for_later_says_where_its_picture_is(values: dict[str, Any]) -> None:
    fields = from_json(values, FacesFields)
    assert (fields.image, fields.image_url) == (b"", "https://a.example/x")


@pytest.mark.parametrize(
    "wishes",
    [{"intensity": True}, {"intensity": "1.2"}, {"quality": "80"}, {"faces": [[1, 2, 3, False]]}],
)
def test_in_json_only_numbers_are_numbers(wishes: dict[str, Any]) -> None:
    with pytest.raises(ProblemError) as raised:
        from_json({"image": base64.b64encode(GOOD).decode(), **wishes}, EditFields)
    assert raised.value.kind is INVALID_FIELD
    assert {error["field"] for error in raised.value.extra["errors"]} == wishes.keys()


def test_in_json_a_whole_number_may_have_a_point() -> None:
    wishes = {"image": base64.b64encode(GOOD).decode(), "quality": 80.0, "intensity": 1}
    fields = from_json(wishes, EditFields)
    assert (fields.quality, fields.intensity) == (80, 1.0)
