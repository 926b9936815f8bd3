from __future__ import annotations

import base64
import hashlib
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from httpx import Client
from starlette.types import Receive, Scope, Send

from engines.onnx_engine import OnnxEngine
from serving.app import create_app
from serving.document import DescribedApp
from serving.settings import Settings
from tests.live import running


def test_the_policy_lets_the_page_do_what_it_does_and_no_more(client: Client) -> None:
    answer = client.get("/docs")
    policy = answer.headers.get_list("Content-Security-Policy")
    assert len(policy) == 1
    directives = {words[0]: words[1:] for words in map(str.split, policy[0].split(";"))}
    assert directives["default-src"] == ["'none'"]
    scripts, styles = directives["script-src"], directives["style-src"]
    assert "'unsafe-inline'" not in scripts
    for inline in re.findall(r"<script>(.*?)</script>", answer.text, re.S):
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in scripts
    for kind, allowed in (("script src", scripts), ('link rel="stylesheet" href', styles)):
        (address,) = re.findall(rf'<{kind}="(https://[^"]+)" integrity="sha384-', answer.text)
        assert any(address.startswith(place) for place in allowed)
        assert re.search(r"@\d+\.\d+\.\d+/", address)


def test_the_page_reads_the_document_of_this_gateway(client: Client) -> None:
    page = client.get("/docs").text
    assert 'url: "openapi.json"' in page
    document = client.get("/openapi.json").json()
    assert "/docs" not in document["paths"]
    body = document["paths"]["/v1/faces"]["post"]["requestBody"]["content"]
    schema = body["application/json"]["schema"]
    assert {"image", "image_url"} <= schema["properties"].keys()
    assert "image" not in schema["required"]


def test_the_document_is_not_made_by_the_event_loop(
    model_repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes a tenth of a second, in which nobody would be answered."""
    made_in: list[threading.Thread] = []
    make = DescribedApp.openapi

    def noting(app: DescribedApp) -> dict[str, Any]:
        made_in.append(threading.current_thread())
        return make(app)

    monkeypatch.setattr(DescribedApp, "openapi", noting)
    loop: list[threading.Thread] = []
    app = create_app(Settings(), OnnxEngine(model_repository, threads=1))

    async def noted(scope: Scope, receive: Receive, send: Send) -> None:
        loop.append(threading.current_thread())
        await app(scope, receive, send)

    with running(noted) as client:
        texts = {client.get("/openapi.json").content for _ in range(3)}
    assert len(texts) == len(made_in) == 1
    assert made_in[0] not in loop
