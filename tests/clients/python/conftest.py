"""Fixtures of the client's tests: both clients by one name, and waits that take no time."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.clients.python.answers import Twins


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CELMOOD_API_KEY", raising=False)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that clients wanted to wait, in place of waiting."""
    waited: list[float] = []

    async def note(seconds: float) -> None:
        waited.append(seconds)

    # Of the client alone: servers of other tests sleep too.
    monkeypatch.setattr("celmood._client.time", SimpleNamespace(sleep=waited.append))
    monkeypatch.setattr("celmood._async_client.asyncio", SimpleNamespace(sleep=note))
    return waited


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def twin(request: pytest.FixtureRequest) -> Twins:
    return Twins(request.param)
