from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from engines.onnx_engine import OnnxEngine
from serving.app import create_app
from serving.jobs.store import Batch, Call
from serving.jobs.webhooks import Webhooks, parse_secret, signature
from serving.problems import ProblemError
from serving.security.outside import Outside
from serving.security.places import parse_place
from serving.settings import Settings, SettingsError
from tests.live import running
from tests.pictures import encoded, scene

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEY = parse_secret(SECRET)
HERE = [ipaddress.IPv4Network("127.0.0.0/8")]
BATCH = Batch("b1", "", "completed", 1.0, 99.0, 2.0, 3, 3, 1, 0)


class Receiver(ThreadingHTTPServer):
    """Notes who calls; answers with `statuses`, one after the other, then 204."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        self.called = threading.Semaphore(0)
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.calls.append((headers | {":path": self.path}, body))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 204)
        self.send_header("Location", "http://169.254.169.254/")
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.called.release()

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        thread = threading.Thread(target=receiver.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield receiver
        receiver.shutdown()
        thread.join()


def webhooks(*places: str, networks: Any = HERE) -> Webhooks:
    outside = Outside([parse_place(p) for p in places], timeout=5, networks=networks)
    return Webhooks(outside, [KEY], now=lambda: 1614265330.7)


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The example of the specification's own libraries."""
    signed = signature([KEY], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signature([KEY, b"x" * 24], "a", 1, b"").startswith(
        signature([KEY], "a", 1, b"") + " v1,"
    )


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_%%%", "whsec_c2hvcnQ=", SECRET[6:]])
def test_a_secret_that_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="whsec_"):
        parse_secret(text)


async def test_a_call_says_what_became_of_the_batch_and_who_says_so(receiver: Receiver) -> None:
    call = Call(BATCH, f"{receiver.url}/done?x=1", 1)
    assert await webhooks(receiver.url).call(call) is None
    ((headers, body),) = receiver.calls
    assert headers[":path"] == "/done?x=1"
    assert headers["content-type"] == "application/json"
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("b1", "1614265330")
    digest = hmac.digest(KEY, b"b1.1614265330." + body, hashlib.sha256)
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    told = json.loads(body)
    assert told["type"] == "batch.completed"
    assert told["timestamp"] == "2021-02-25T15:02:10.000+00:00"
    assert (told["data"]["id"], told["data"]["counts"]["failed"]) == ("b1", 1)


async def test_a_call_is_repeated_with_growing_pauses_and_not_for_ever(receiver: Receiver) -> None:
    hooks = webhooks(receiver.url)
    receiver.statuses = [500, 302, 404, *[503] * 5]
    pauses = [await hooks.call(Call(BATCH, receiver.url, tries)) for tries in range(1, 9)]
    assert pauses[-1] is None
    known = [pause for pause in pauses[:-1] if pause is not None]
    assert len(known) == 7
    assert known == sorted(set(known))
    receiver.statuses = [410]
    assert await hooks.call(Call(BATCH, receiver.url, 1)) is None
    assert len(receiver.calls) == 9


async def test_nobody_there_is_tried_again_and_a_forbidden_address_never(
    receiver: Receiver,
) -> None:
    receiver.server_close()
    assert await webhooks(receiver.url).call(Call(BATCH, receiver.url, 1)) is not None
    elsewhere = webhooks(receiver.url, networks=[])
    assert await elsewhere.call(Call(BATCH, receiver.url, 1)) is None
    assert receiver.calls == []


def test_only_allowed_hosts_are_taken(receiver: Receiver) -> None:
    hooks = webhooks(receiver.url)
    hooks.check(f"{receiver.url}/any/path")
    for url in ("https://elsewhere.example/", "file:///etc/passwd", "http://127.0.0.1:1/", "x"):
        with pytest.raises(ProblemError) as raised:
            hooks.check(url)
        assert raised.value.kind.slug == "webhook-refused"
    with pytest.raises(ProblemError, match="calls nobody"):
        Webhooks(Outside([parse_place("here.example")], timeout=5), []).check(
            "https://here.example"
        )


def test_a_gateway_calls_when_a_batch_has_ended(
    receiver: Receiver, model_repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.jobs.webhooks._PAUSES_S", (0.05, 0.05))
    receiver.statuses = [500]
    settings = Settings(
        batches=tmp_path,
        webhook_hosts=(parse_place(receiver.url),),
        webhook_secrets=SecretStr(SECRET),
        url_networks=tuple(HERE),
    )
    image = base64.b64encode(encoded(scene())).decode()
    body = json.dumps({"call": "faces", "image": image})
    headers = {"Content-Type": "application/x-ndjson"}
    with running(create_app(settings, OnnxEngine(model_repository, threads=1))) as client:
        there = headers | {"X-Celmood-Webhook": receiver.url}
        accepted = client.post("/v1/batches", content=body, headers=there)
        assert accepted.status_code == 202
        for _ in range(2):
            assert receiver.called.acquire(timeout=20)
        elsewhere = headers | {"X-Celmood-Webhook": "https://elsewhere.example/"}
        refused = client.post("/v1/batches", content=body, headers=elsewhere)
        assert refused.json()["type"] == "urn:celmood:problem:webhook-refused"
    ids = {headers["webhook-id"] for headers, _ in receiver.calls}
    assert ids == {accepted.json()["id"]}


def test_settings_that_cannot_be(model_repository: Path, tmp_path: Path) -> None:
    hosts = (parse_place("here.example"),)
    for secrets in ("", "whsec_short"):
        settings = Settings(
            batches=tmp_path, webhook_hosts=hosts, webhook_secrets=SecretStr(secrets)
        )
        engine = OnnxEngine(model_repository, threads=1)
        with pytest.raises(SettingsError, match="CELMOOD_WEBHOOK_SECRETS"):
            create_app(settings, engine)
        engine.close()
