from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from serving import incoming
from serving.incoming import HEAD_BYTES, MOST_AHEAD
from tests.live import running

LINE = b"POST /a HTTP/1.1\r\nHost: localhost\r\n"
READ = 2**18
"""What asyncio reads at once."""


calls: list[str] = []
left = threading.Event()


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with what came; a request for /early before its body, for /never not at all."""
    if scope["type"] != "http":
        return
    request = Request(scope, receive)
    calls.append(scope["path"])
    if scope["path"] == "/never":
        while (await receive())["type"] != "http.disconnect":
            pass
        left.set()
        return
    body = b"" if scope["path"] == "/early" else await request.body()
    names = [name.decode() for name, _ in scope["headers"]]
    told = {"method": request.method, "body": body.decode(), "headers": names}
    await JSONResponse(told)(scope, receive, send)


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with running(app, keep_alive=1) as client:
        yield client


@pytest.fixture
def line(client: httpx.Client) -> Iterator[socket.socket]:
    with socket.create_connection((client.base_url.host, client.base_url.port)) as line:
        line.settimeout(30)
        yield line


def read(line: socket.socket) -> tuple[int, dict[str, str], Any]:
    """Status, headers and JSON of the next answer."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = line.recv(1)
        assert part, "the connection ended before an answer"
        data += part
    first, *rest = data.decode().strip().split("\r\n")
    headers = dict(each.lower().split(": ", 1) for each in rest)
    body = b""
    while len(body) < int(headers["content-length"]):
        body += line.recv(int(headers["content-length"]) - len(body))
    return int(first.split()[1]), headers, json.loads(body)


def ended(line: socket.socket) -> bool:
    try:
        return line.recv(1) == b""
    except ConnectionResetError:  # what was sent last had not been read
        return True


def flood(line: socket.socket, piece: bytes, most: int) -> int:
    """Send `piece` over and over until the connection ends; how many bytes it took."""
    sent = 0
    try:
        while sent < most:
            sent += line.send(piece)
    except ConnectionError:
        pass
    return sent


@pytest.mark.parametrize(
    ("begin", "piece"),
    [
        (LINE, b"X-More: " + bytes(b"a" * 1000) + b"\r\n"),
        (LINE + b"X-Long: ", b"a" * 1000),
        (b"GET /", b"a" * 1000),
        (LINE + b"Transfer-Encoding: chunked\r\n\r\n5;", b"a" * 1000),
        (LINE + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-Last: ", b"a" * 1000),
        (LINE + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X-Last: a\r\n"),
    ],
    ids=["headers", "header", "path", "chunk", "trailer", "trailers"],
)
def test_a_head_has_an_end(line: socket.socket, begin: bytes, piece: bytes) -> None:
    line.sendall(begin)
    most = 64 * READ
    assert flood(line, piece * 16, most) < most


def test_who_sends_too_large_a_head_is_told(line: socket.socket) -> None:
    line.sendall(LINE + b"X-Long: " + b"a" * HEAD_BYTES)
    status, headers, problem = read(line)
    assert status == problem["status"] == 400
    assert problem["type"] == "urn:celmood:problem:bad-request"
    assert "65,536 bytes" in problem["detail"]
    assert headers["content-type"] == "application/problem+json"
    assert headers["x-request-id"] == problem["request_id"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["connection"] == "close"
    assert ended(line)


def test_a_head_may_be_as_large_as_it_may(line: socket.socket) -> None:
    head = LINE + b"X-Long: "
    line.sendall(head + b"a" * (HEAD_BYTES - len(head) - 4) + b"\r\n\r\n")
    assert read(line)[0] == 200


@pytest.mark.parametrize("chunk", [2**10, 2**20])
def test_what_stands_beside_a_body_is_not_counted_with_it(client: httpx.Client, chunk: int) -> None:
    parts = [b"a" * chunk] * (2**24 // chunk)
    assert len(client.post("/a", content=iter(parts)).json()["body"]) == 2**24


@pytest.mark.parametrize(
    "request_",
    [
        b"nonsense\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
        LINE + b"Content-Length: -1\r\n\r\n",
        LINE + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"CONNECT localhost:1 HTTP/1.1\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
    ids=["nonsense", "path", "length", "two lengths", "connect", "http/2"],
)
def test_what_is_no_http_is_a_problem_too(line: socket.socket, request_: bytes) -> None:
    line.sendall(request_)
    status, _, problem = read(line)
    assert status == problem["status"] == 400
    assert ended(line)


def test_a_body_that_turns_out_to_be_none_ends_the_request(line: socket.socket) -> None:
    line.sendall(LINE + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\nnonsense")
    assert read(line)[0] == 400
    assert ended(line)


def test_headers_behind_the_body_change_nothing(line: socket.socket) -> None:
    line.sendall(LINE + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Late: a\r\n\r\n")
    assert read(line)[2] == {
        "method": "POST",
        "body": "a",
        "headers": ["host", "transfer-encoding"],
    }


@pytest.mark.parametrize("wish", ["h2c", "websocket"])
@pytest.mark.parametrize("pieces", [1, 2, 7])
def test_who_wants_another_protocol_is_answered_in_this_one(
    line: socket.socket, wish: str, pieces: int
) -> None:
    """Java's client asks so for HTTP/2 with its first request, whatever its method."""
    head = LINE + b"Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMA\r\nUpgrade: "
    request = head + wish.encode() + b"\r\nContent-Length: 5\r\n\r\nhello"
    size = -(-len(request) // pieces)
    for place in range(0, len(request), size):
        line.sendall(request[place : place + size])
    answer = read(line)[2]
    assert answer["method"] == "POST"
    assert answer["body"] == "hello"
    assert "upgrade" not in answer["headers"]
    line.sendall(LINE + b"Content-Length: 2\r\n\r\nhi")
    assert read(line)[2]["body"] == "hi"


def test_requests_may_come_before_the_answers(line: socket.socket) -> None:
    asked = LINE + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 1\r\n\r\n"
    line.sendall(b"".join(asked + str(n).encode() for n in range(3)))
    assert [read(line)[2]["body"] for _ in range(3)] == ["0", "1", "2"]


def test_as_many_requests_as_may_come_before_the_answers(line: socket.socket) -> None:
    line.sendall(b"".join(LINE + b"Content-Length: 2\r\n\r\n%02d" % n for n in range(17)))
    assert MOST_AHEAD == 16
    assert [read(line)[2]["body"] for _ in range(17)] == [f"{n:02}" for n in range(17)]


def test_who_sends_more_loses_the_connection_and_the_work_is_left(line: socket.socket) -> None:
    """Each that is kept takes a hundred times its bytes in memory."""
    calls.clear()
    left.clear()
    get = b"GET /never HTTP/1.1\r\nHost: localhost\r\n\r\n"
    line.sendall(get * 5000)
    assert ended(line)
    assert left.wait(30)
    assert calls == ["/never"]


def test_work_is_left_when_a_caller_leaves_who_has_sent_more(line: socket.socket) -> None:
    left.clear()
    line.sendall(b"GET /never HTTP/1.1\r\nHost: localhost\r\n\r\n" * 3)
    line.shutdown(socket.SHUT_RDWR)
    assert left.wait(30)


def test_a_request_that_cannot_be_read_is_no_answer_to_the_one_before(line: socket.socket) -> None:
    line.sendall(b"GET /never HTTP/1.1\r\nHost: localhost\r\n\r\nnonsense\r\n\r\n")
    assert ended(line)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"POST /a HTTP/1.1\r\nHost: loc",
        b"POST /early HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhal",
    ],
    ids=["nothing", "half a head", "half a body"],
)
def test_who_does_not_go_on_loses_the_connection(
    line: socket.socket, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming, "HEAD_S", 0.2)
    line.sendall(sent)
    if b"early" in sent:
        assert read(line)[0] == 200
    assert ended(line)


def test_a_body_that_was_answered_early_has_an_end(
    line: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(incoming, "HEAD_S", 0.2)
    most = 2**34
    line.sendall(b"POST /early HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % most)
    assert read(line)[0] == 200
    assert flood(line, bytes(2**20), most) < most


@pytest.mark.parametrize("early", [True, False])
def test_a_body_that_was_answered_early_leaves_the_connection(
    line: socket.socket, early: bool
) -> None:
    path = b"/early" if early else b"/a"
    line.sendall(b"POST %b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n" % path)
    if early:
        assert read(line)[0] == 200
    line.sendall(b"the body.")
    if not early:
        assert read(line)[2]["body"] == "the body."
    line.sendall(LINE + b"Content-Length: 2\r\n\r\nhi")
    assert read(line)[2]["body"] == "hi"
    assert ended(line)  # and is not kept for ever
