"""Who is let in, asked of a real gateway."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient, Client, Response

from engines.onnx_engine import OnnxEngine
from serving.app import create_app
from serving.security.access import is_loopback
from serving.security.keys import Key, digest_of, id_of, new_token
from serving.security.scopes import SCOPES
from serving.security.store import changed_keys
from serving.settings import Settings
from tests.live import running
from tests.pictures import encoded, scene

GOOD = encoded(scene())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def add(path: Path, tenant: str = "studio", **facts: Any) -> str:
    """A key of all scopes, unless the facts say other."""
    token = new_token()
    known: dict[str, object] = {"id": id_of(token), "tenant": tenant, "digest": digest_of(token)}
    known |= {"scopes": SCOPES, "created": datetime.now(UTC)} | facts
    key = Key.model_validate(known)
    with changed_keys(path) as keys:
        keys[key.id] = key
    return token


@contextmanager
def gateway(repository: Path, **settings: Any) -> Iterator[Client]:
    app = create_app(Settings(**settings), OnnxEngine(repository, threads=1))
    with running(app) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def faces(client: Client, headers: dict[str, str] | None = None, image: bytes = GOOD) -> Response:
    return client.post("/v1/faces", files={"image": ("x", image)}, headers=headers)


def slug(response: Response) -> str:
    assert response.headers["content-type"] == "application/problem+json"
    return str(response.json()["type"]).rpartition(":")[2]


def test_a_key_opens_the_paths_of_its_scopes(model_repository: Path, path: Path) -> None:
    token = add(path, scopes=("faces", "models"))
    with gateway(model_repository, keys=path) as client:
        assert faces(client, bearer(token)).status_code == 200
        assert faces(client, {"X-API-Key": token}).status_code == 200
        assert faces(client, {"Authorization": f"bearer {token}"}).status_code == 200
        assert client.get("/v1/models/expression", headers=bearer(token)).status_code == 200
        for answer, needed in [
            (client.post("/v1/expressions", headers=bearer(token)), "edit"),
            (client.get("/metrics", headers=bearer(token)), "metrics"),
            (client.post("/v1/batches", headers=bearer(token)), "batches"),
        ]:
            assert answer.status_code == 403
            assert slug(answer) == "scope-missing"
            assert answer.json()["needed"] == needed
            assert answer.json()["scopes"] == ["faces", "models"]
        assert client.get("/nothing", headers=bearer(token)).status_code == 404


def test_without_a_key_only_what_is_for_everyone(model_repository: Path, path: Path) -> None:
    add(path)
    with gateway(model_repository, keys=path) as client:
        for open_path in ("/healthz", "/readyz", "/docs", "/openapi.json"):
            assert client.get(open_path).status_code == 200
        for closed in ("/metrics", "/v1/models", "/nothing", "/v1/faces/", "//v1/models"):
            answer = client.get(closed)
            assert answer.status_code == 401
            assert slug(answer) == "no-key"
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            assert answer.json()["request_id"] == answer.headers["X-Request-Id"]
        assert slug(faces(client)) == "no-key"
        assert slug(faces(client, {"Authorization": "Basic eDp5"})) == "no-key"


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"expires": datetime(2026, 1, 1, tzinfo=UTC)}, "expired at 2026-01-01 00:00 UTC"),
        ({"revoked": datetime(2026, 1, 1, tzinfo=UTC)}, "was revoked"),
        ({"not_before": datetime.now(UTC) + timedelta(days=2)}, "holds only from"),
    ],
)
def test_a_key_that_does_not_hold(
    model_repository: Path, path: Path, facts: dict[str, Any], told: str
) -> None:
    token = add(path, **facts)
    with gateway(model_repository, keys=path) as client:
        answer = faces(client, bearer(token))
        assert (answer.status_code, slug(answer)) == (401, "key-refused")
        assert told in answer.json()["detail"]
        guess = token[:-1] + ("A" if token[-1] != "A" else "B")
        for wrong in (new_token(), guess, "x" * 10_000):
            answer = faces(client, bearer(wrong))
            assert (answer.status_code, slug(answer)) == (401, "key-refused")
            assert "is not known" in answer.json()["detail"]
            assert wrong not in answer.text


def test_keys_come_and_go_while_it_serves(model_repository: Path, path: Path) -> None:
    first = add(path)
    with gateway(model_repository, keys=path) as client:
        assert faces(client, bearer(first)).status_code == 200
        second = add(path)
        with changed_keys(path) as keys:
            del keys[id_of(first) or ""]
        until = time.monotonic() + 20
        while faces(client, bearer(second)).status_code == 401:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert faces(client, bearer(first)).status_code == 401


def test_a_rate_is_refused_with_the_time_and_counted_by_key(
    model_repository: Path, path: Path
) -> None:
    token, other = add(path, rate="2/hour"), add(path)
    with gateway(model_repository, keys=path, rate="3/hour") as client:
        answers = [client.get("/v1/models", headers=bearer(token)) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[0].headers["RateLimit-Policy"] == '"rate-3600s";q=2;w=3600'
        assert re.fullmatch(r'"rate-3600s";r=1;t=3\d\d\d', answers[0].headers["RateLimit"])
        assert slug(answers[2]) == "over-rate"
        assert 3500 < int(answers[2].headers["Retry-After"]) <= 3600
        assert '"rate-3600s";r=0;' in answers[2].headers["RateLimit"]
        answers = [client.get("/v1/models", headers=bearer(other)) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert client.get("/healthz").status_code == 200


async def test_a_network_of_ipv6_is_counted_as_one_caller(model_repository: Path) -> None:
    engine = OnnxEngine(model_repository, threads=1)
    app = create_app(Settings(rate="2/hour"), engine)
    statuses = []
    for address in ("2001:db8::1", "2001:db8::2:3", "2001:db8::4", "2001:db8:0:1::1"):
        transport = ASGITransport(app, client=(address, 1))
        async with AsyncClient(transport=transport, base_url="http://localhost") as client:
            statuses.append((await client.get("/v1/models")).status_code)
    engine.close()
    assert statuses == [200, 200, 429, 200]


def test_a_quota_counts_pictures_that_were_worked_on(model_repository: Path, path: Path) -> None:
    token = add(path, quota="3/day")
    with gateway(model_repository, keys=path) as client:
        for _ in range(3):
            assert client.get("/v1/models", headers=bearer(token)).status_code == 200
        assert faces(client, bearer(token)).status_code == 200
        assert faces(client, bearer(token), b"no picture").status_code == 415
        answer = faces(client, bearer(token))
        assert '"quota-86400s";r=0;' in answer.headers["RateLimit"]
        answer = faces(client, bearer(token))
        assert (answer.status_code, slug(answer)) == (429, "over-quota")


def test_what_the_gateway_could_not_do_takes_no_quota(tmp_path: Path, path: Path) -> None:
    token = add(path, quota="1/day", rate="3/day")
    with gateway(tmp_path / "no models", keys=path) as client:
        answers = [faces(client, bearer(token)) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [503, 503, 503, 429]
        assert '"quota-86400s";r=1;' in answers[0].headers["RateLimit"]
        assert slug(answers[3]) == "over-rate"


def test_refusals_are_counted_by_their_type(model_repository: Path, path: Path) -> None:
    token = add(path, scopes=("metrics",))
    with gateway(model_repository, keys=path) as client:
        faces(client)
        faces(client, bearer(token))
        text = client.get("/metrics", headers=bearer(token)).text
    for outcome in ("no-key", "scope-missing"):
        assert re.search(rf'celmood_requests_total{{[^}}]*outcome="{outcome}"[^}}]*}} 1', text)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("localhost:8000", 200),
        ("app.localhost:1", 200),
        ("127.0.0.1:9", 200),
        ("[::1]:8000", 200),
        ("celmood.example", 200),
        ("celmood.example:8000", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("192.168.0.9:8000", 421),
        ("[::1", 421),
    ],
)
def test_without_keys_only_names_of_this_machine_are_answered(
    neighbour: Client, host: str, status: int
) -> None:
    answer = neighbour.get("/v1/models", headers={"Host": host})
    assert answer.status_code == status
    assert status == 200 or slug(answer) == "host-refused"


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        ("own", 200),
        ("https://allowed.example", 200),
        ("https://evil.example", 403),
        ("http://localhost:1", 403),
        ("null", 403),
    ],
)
def test_without_keys_pages_of_other_sites_cannot_send_pictures(
    neighbour: Client, origin: str | None, status: int
) -> None:
    own = str(neighbour.base_url).rstrip("/")
    headers = {} if origin is None else {"Origin": own if origin == "own" else origin}
    answer = faces(neighbour, headers)
    assert answer.status_code == status
    assert status == 200 or slug(answer) == "origin-refused"


@pytest.fixture(scope="module")
def neighbour(model_repository: Path) -> Iterator[Client]:
    settings = {"hosts": ("celmood.example",), "cors_origins": ("https://allowed.example",)}
    with gateway(model_repository, **settings) as client:
        yield client


def test_without_keys_on_purpose_every_name_is_answered(model_repository: Path) -> None:
    with gateway(model_repository, without_keys=True, rate="2/hour") as client:
        named = {"Host": "celmood.example"}
        codes = [client.get("/v1/models", headers=named).status_code for _ in range(3)]
        assert codes == [200, 200, 429]
        assert client.get("/healthz", headers=named).status_code == 200


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.0.1", False),
        ("example.org", False),
        ("", False),
    ],
)
def test_what_is_only_this_machine(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_a_key_for_edits_may_come_back_for_its_own(
    model_repository: Path, path: Path, tmp_path: Path
) -> None:
    token, other = add(path, scopes=("edit",)), add(path, "elsewhere", scopes=("edit",))
    with gateway(model_repository, keys=path, batches=tmp_path / "batches") as client:
        accepted = client.post(
            "/v1/expressions",
            files={"image": GOOD},
            data={"expression": "sad"},
            headers=bearer(token) | {"Prefer": "respond-async"},
        )
        assert accepted.status_code == 202
        place = accepted.headers["Location"]
        assert client.get(place, headers=bearer(token)).status_code == 200
        assert slug(client.get(place, headers=bearer(other))) == "unknown-batch"
        assert client.delete(place, headers=bearer(token)).status_code == 200


def test_what_is_sent_again_under_a_key_takes_no_quota(
    model_repository: Path, path: Path, tmp_path: Path
) -> None:
    token = add(path, quota="10/day")

    def send(expression: str, lines: int = 6) -> Response:
        line = {"image": base64.b64encode(GOOD).decode(), "expression": expression}
        return client.post(
            "/v1/batches",
            content="\n".join([json.dumps(line)] * lines),
            headers=bearer(token)
            | {"Content-Type": "application/x-ndjson", "Idempotency-Key": "once"},
        )

    with gateway(model_repository, keys=path, batches=tmp_path / "batches") as client:
        first, again = send("sad"), send("sad")
        assert first.json()["id"] == again.json()["id"]
        reused = send("happy")
        assert slug(reused) == "key-reused"
        for answer in (first, again, reused):
            assert '"quota-86400s";r=4;' in answer.headers["RateLimit"]
        for _ in range(2):
            later = client.post(
                "/v1/faces",
                files={"image": GOOD},
                headers=bearer(token) | {"Prefer": "respond-async", "Idempotency-Key": "later"},
            )
            assert later.status_code == 202
            assert '"quota-86400s";r=3;' in later.headers["RateLimit"]


def test_a_batch_for_which_there_is_no_space_takes_no_quota(
    model_repository: Path, path: Path, tmp_path: Path
) -> None:
    token = add(path, quota="10/day")
    kept = {"batches": tmp_path / "batches", "batch_space": 200_000}
    with gateway(model_repository, keys=path, **kept) as client:
        line = {"call": "faces", "image": base64.b64encode(bytes(100_000)).decode()}
        for _ in range(2):
            answer = client.post(
                "/v1/batches",
                content="\n".join([json.dumps(line)] * 3),
                headers=bearer(token) | {"Content-Type": "application/x-ndjson"},
            )
        assert slug(answer) == "no-space"
        assert '"quota-86400s";r=10;' in answer.headers["RateLimit"]
