"""A gateway of paper: what it answers, and a way to ask it with either client."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from celmood import AsyncCelmood, Celmood

Answer = Callable[[httpx.Request], httpx.Response]


class Twins:
    """Runs a method of Celmood or of AsyncCelmood, so that one test holds for both."""

    def __init__(self, asynchronous: bool) -> None:
        self.asynchronous = asynchronous

    def call(
        self,
        answer: Answer,
        method: str,
        *args: Any,
        retries: int = 2,
        client: Mapping[str, Any] | None = None,
        timeout: httpx.Timeout | None = None,
        **kwargs: Any,
    ) -> Any:
        """What `method` returns; `client` are options of it, `timeout` of its connections."""
        connections: dict[str, Any] = {"transport": httpx.MockTransport(answer), "timeout": timeout}
        options: dict[str, Any] = {
            "base_url": "http://gateway",
            "max_retries": retries,
            **(client or {}),
        }
        if not self.asynchronous:
            with (
                httpx.Client(**connections) as http,
                Celmood(http_client=http, **options) as sync,
            ):
                return getattr(sync, method)(*args, **kwargs)

        async def run() -> Any:
            async with (
                httpx.AsyncClient(**connections) as http,
                AsyncCelmood(http_client=http, **options) as asynchronous,
            ):
                return await getattr(asynchronous, method)(*args, **kwargs)

        return asyncio.run(run())


FACE = {"box": [10, 20, 30.5, 40], "score": 0.9, "landmarks": {"left_eye": [15, 30]}}


def faces_answer() -> dict[str, Any]:
    return {"width": 64, "height": 48, "faces": [FACE], "timings": {"decode": 0.001, "find": 0.01}}


def edit_answer(image: bytes = b"picture") -> dict[str, Any]:
    return {
        "width": 64,
        "height": 48,
        "format": "png",
        "image": base64.b64encode(image).decode(),
        "faces": [{**FACE, "changed": [5, 6, 40, 41]}],
        "timings": {"decode": 0.001, "infer": 0.02},
    }


def card(name: str = "expression", **changes: Any) -> dict[str, Any]:
    control = {
        "kind": "expression_vector",
        "parameters": [],
        "presets": {"angry": {"brow_tilt_left": 0.9, "vein": 1.0}, "neutral": {}},
    }
    return {
        "name": name,
        "version": 3,
        "task": "edit_expression",
        "description": "gives a face another expression",
        "labels": [],
        "control": control,
        "licence": "Apache-2.0",
        **changes,
    }
