"""Batches belong to a tenant: to all of its keys, and to nobody else."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from httpx import Client, Response

from engines.onnx_engine import OnnxEngine
from serving.app import create_app
from serving.security.keys import Key, digest_of, id_of, new_token
from serving.security.store import changed_keys
from serving.settings import Settings
from tests.live import running
from tests.pictures import encoded, scene

IMAGE = base64.b64encode(encoded(scene())).decode()
LINE = json.dumps({"image": IMAGE, "expression": "sad"})


def key_for(path: Path, tenant: str) -> str:
    token = new_token()
    known = {"id": id_of(token), "tenant": tenant, "digest": digest_of(token)}
    facts = {"scopes": ["batches"], "created": datetime.now(UTC)}
    key = Key.model_validate(known | facts)
    with changed_keys(path) as keys:
        keys[key.id] = key
    return token


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


@pytest.fixture
def tokens(keys: Path) -> list[str]:
    """Two keys of one tenant, and one of another."""
    return [key_for(keys, tenant) for tenant in ("studio", "studio", "stranger")]


@pytest.fixture
def client(
    model_repository: Path, tmp_path: Path, keys: Path, tokens: list[str]
) -> Iterator[Client]:
    settings = Settings(keys=keys, batches=tmp_path / "batches")
    with running(create_app(settings, OnnxEngine(model_repository, threads=1))) as client:
        yield client


def ask(client: Client, method: str, place: str, token: str) -> Response:
    return client.request(method, place, headers={"Authorization": f"Bearer {token}"})


def send(client: Client, token: str, line: str = LINE) -> Response:
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "k"}
    headers["Content-Type"] = "application/x-ndjson"
    return client.post("/v1/batches", content=line, headers=headers)


def test_every_key_of_the_tenant_and_no_other_sees_a_batch(
    client: Client, tokens: list[str]
) -> None:
    mine, ours, strange = tokens
    place = send(client, mine).headers["Location"]
    assert ask(client, "GET", place, ours).status_code == 200
    for method in ("GET", "DELETE"):
        hidden = ask(client, method, place, strange)
        assert hidden.status_code == 404
        assert hidden.json()["type"] == "urn:celmood:problem:unknown-batch"
    assert ask(client, "GET", place, mine).json()["status"] != "cancelled"
    assert ask(client, "DELETE", place, ours).status_code == 200


def test_an_idempotency_key_is_the_tenants_too(client: Client, tokens: list[str]) -> None:
    mine, ours, strange = tokens
    place = send(client, mine).headers["Location"]
    assert send(client, ours).headers["Location"] == place
    assert send(client, strange).headers["Location"] != place
