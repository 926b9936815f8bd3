from __future__ import annotations

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.security.headers import HEADERS, SecurityHeaders


async def plain(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("x")(scope, receive, send)


async def own(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("x", headers={"Cache-Control": "private"})(scope, receive, send)


async def answer(app: ASGIApp) -> httpx.Headers:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        return (await client.get("/")).headers


@pytest.mark.parametrize("name", HEADERS)
async def test_every_answer_has_them(name: str) -> None:
    headers = await answer(SecurityHeaders(plain, behind_tls=False))
    assert headers[name] == HEADERS[name]


async def test_what_a_route_says_itself_stays() -> None:
    headers = await answer(SecurityHeaders(own, behind_tls=False))
    assert headers.get_list("Cache-Control") == ["private"]
    assert headers["X-Content-Type-Options"] == "nosniff"


async def test_only_behind_tls_is_tls_asked_for() -> None:
    name = "Strict-Transport-Security"
    assert name not in await answer(SecurityHeaders(plain, behind_tls=False))
    assert "max-age=" in (await answer(SecurityHeaders(plain, behind_tls=True)))[name]
