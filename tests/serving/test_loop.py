"""What the event loop does while large pictures come and go as JSON."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pybase64
import pytest
from starlette.types import Message, Receive, Scope, Send

from engines.onnx_engine import OnnxEngine
from serving import json_pictures
from serving.app import create_app
from serving.settings import Settings
from tests.live import running
from tests.pictures import noise


def test_the_event_loop_does_nothing_large_for_pictures_in_json(
    model_repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are read and made in threads, in pieces that hold Python's lock for a moment each, and
    sent in pieces: so who watches is answered meanwhile."""
    done: list[tuple[str, int]] = []
    sent_by_loop: list[tuple[str, int]] = []

    def noted(function: Callable[..., bytes]) -> Callable[..., bytes]:
        def noting(text: bytes, **options: bool) -> bytes:
            done.append((threading.current_thread().name, len(text)))
            return function(text, **options)

        return noting

    made, read = noted(pybase64.b64encode), noted(pybase64.b64decode)
    monkeypatch.setattr(json_pictures, "pybase64", SimpleNamespace(b64encode=made, b64decode=read))
    app = create_app(Settings(workers=2), OnnxEngine(model_repository, threads=1))

    async def noting(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_noted(message: Message) -> None:
            sent_by_loop.append((threading.current_thread().name, len(message.get("body", b""))))
            await send(message)

        await app(scope, receive, send_noted)

    text = base64.b64encode(noise()).decode()
    with running(noting) as client:
        answer = client.post(
            "/v1/expressions",
            json={"image": text, "expression": "sad", "faces": [[80, 60, 80, 80]]},
            headers={"Accept": "application/json"},
        )
    raw = base64.b64decode(answer.json()["image"])
    assert len(raw) > 17_000_000
    assert sum(size for _, size in done) == len(text) + len(raw)
    assert {name for name, _ in done}.isdisjoint(name for name, _ in sent_by_loop)
    assert max(size for _, size in done) <= json_pictures.PIECE
    assert max(size for _, size in sent_by_loop) <= json_pictures.PIECE
