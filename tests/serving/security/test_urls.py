"""Pictures from a real server with TLS, whose name leads to this machine only in the test."""

from __future__ import annotations

import gzip
import ipaddress
import ssl
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import trustme

from serving.problems import TOO_MANY_BYTES, URL_FAILED, URL_REFUSED, Kind, ProblemError
from serving.security.addresses import Address
from serving.security.outside import Outside
from serving.security.places import parse_place
from serving.security.urls import Urls

PICTURE = bytes(range(256)) * 100
LIMIT = 50_000
HERE = ipaddress.ip_network("127.0.0.0/8")


@dataclass
class Server:
    """`/picture` is one; other paths misbehave, each in a way of its own."""

    port: int
    authority: trustme.CA
    paths: list[str] = field(default_factory=list)
    heads: list[dict[str, str]] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)

    def urls(self, *addresses: str, name: str = "pictures.example", timeout: float = 20) -> Urls:
        """Fetches from `name`, which has `addresses`; what else it might ask is an error."""

        async def resolve(host: str, port: int) -> Sequence[Address]:
            assert (host, port) == (name, self.port)
            return [ipaddress.ip_address(address) for address in addresses or ("127.0.0.1",)]

        tls = ssl.create_default_context()
        self.authority.configure_trust(tls)
        place = parse_place(f"{name}:{self.port}")
        outside = Outside([place], timeout=timeout, networks=[HERE], resolve=resolve, tls=tls)
        return Urls(outside, max_bytes=LIMIT, timeout=timeout)

    def url(self, path: str, name: str = "pictures.example") -> str:
        return f"https://{name}:{self.port}{path}"


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("pictures.example").configure_cert(context)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.paths.append(self.path)
            seen.heads.append(dict(self.headers))
            match self.path:
                case "/moved":
                    self.answer(302, {"Location": "/picture"})
                case "/away":
                    self.answer(302, {"Location": f"https://localhost:{seen.port}/picture"})
                case "/round":
                    self.answer(302, {"Location": "/round"})
                case "/compressed":
                    self.answer(200, {"Content-Encoding": "gzip"}, gzip.compress(PICTURE))
                case "/declared":
                    self.answer(200, {"Content-Length": str(10**9)})
                case "/endless":
                    self.answer(200, {}, *[PICTURE] * 10)
                case "/cut":
                    self.answer(200, {"Content-Length": str(len(PICTURE))}, PICTURE[:100])
                case "/slow":
                    self.answer(200, {"Content-Length": "10"}, b"x")
                    seen.release.wait(20)
                case "/picture?a=1":
                    self.answer(200, {}, PICTURE)
                case "/picture":
                    self.answer(200, {"Content-Length": str(len(PICTURE))}, PICTURE)
                case _:
                    self.answer(404, {})

        def answer(self, status: int, headers: dict[str, str], *parts: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            for part in parts:
                self.wfile.write(part)
            self.wfile.flush()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            pass  # callers hang up as soon as they have seen enough

    http = Quiet(("127.0.0.1", 0), Handler)
    seen = Server(http.server_port, authority)
    context.sni_callback = lambda _, name, __: seen.names.append(name)
    http.socket = context.wrap_socket(http.socket, server_side=True)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    yield seen
    seen.release.set()
    http.shutdown()
    http.server_close()
    thread.join(20)


@pytest.fixture
def server(running: Server) -> Server:
    for told in (running.paths, running.heads, running.names):
        told.clear()
    return running


async def test_the_connection_is_pinned_and_keeps_the_name(server: Server) -> None:
    assert await server.urls().fetch(server.url("/picture?a=1#part")) == PICTURE
    assert server.paths == ["/picture?a=1"]
    assert server.heads[0]["Host"] == f"pictures.example:{server.port}"
    assert server.names == ["pictures.example"]
    assert {"Authorization", "Cookie", "X-API-Key"}.isdisjoint(server.heads[0])


async def test_the_next_address_is_tried_when_one_takes_no_connection(server: Server) -> None:
    urls = server.urls("127.0.0.2", "127.0.0.1")
    assert await urls.fetch(server.url("/picture")) == PICTURE


async def test_a_certificate_of_another_name_is_refused(server: Server) -> None:
    with pytest.raises(ProblemError) as raised:
        await server.urls(name="other.example").fetch(server.url("/picture", "other.example"))
    assert raised.value.kind is URL_FAILED
    assert server.paths == []


async def test_a_redirect_within_the_host_is_followed(server: Server) -> None:
    assert await server.urls().fetch(server.url("/moved")) == PICTURE
    assert server.paths == ["/moved", "/picture"]


@pytest.mark.parametrize(
    ("path", "kind", "requests"),
    [
        ("/away", URL_REFUSED, 1),
        ("/round", URL_FAILED, 4),
        ("/nothing", URL_FAILED, 1),
        ("/compressed", URL_FAILED, 1),
        ("/cut", URL_FAILED, 1),
        ("/declared", TOO_MANY_BYTES, 1),
        ("/endless", TOO_MANY_BYTES, 1),
    ],
)
async def test_what_cannot_be_fetched(server: Server, path: str, kind: Kind, requests: int) -> None:
    with pytest.raises(ProblemError) as raised:
        await server.urls().fetch(server.url(f"{path}"))
    assert raised.value.kind is kind
    assert len(server.paths) == requests
    assert path not in raised.value.detail


async def test_what_does_not_come_in_time(server: Server) -> None:
    with pytest.raises(ProblemError, match=r"within 0\.5 s") as raised:
        await server.urls(timeout=0.5).fetch(server.url("/slow"))
    assert raised.value.kind is URL_FAILED


async def test_proxies_of_the_environment_are_not_used(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert await server.urls().fetch(server.url("/picture")) == PICTURE
