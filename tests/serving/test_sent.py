from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from engines.onnx_engine import OnnxEngine
from serving.gateway import Gateway, open_gateway
from serving.json_pictures import PIECE
from serving.problems import ProblemError
from serving.sent import Sent
from serving.settings import Settings

LIMIT = 6 * PIECE


@pytest.fixture
def gateway(engine: OnnxEngine) -> Gateway:
    return open_gateway(engine, Settings(max_bytes_at_once=LIMIT, caller_share=0.5))


def scope(gateway: Gateway, caller: str = "a") -> dict[str, Any]:
    app = SimpleNamespace(state=SimpleNamespace(gateway=gateway))
    return {"type": "http", "headers": [], "app": app, "state": {"caller": caller}}


async def receive() -> dict[str, Any]:
    raise AssertionError("an answer receives nothing")


class Caller:
    """Takes messages, and notes how many bytes were held then."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.messages: list[Any] = []
        self.held: set[tuple[int, int]] = set()

    async def send(self, message: Any) -> None:
        self.messages.append(message)
        self.held.add((self.gateway.answers.used, self.gateway.bodies.used))


async def test_an_answer_takes_room_until_its_last_piece_is_sent(gateway: Gateway) -> None:
    caller = Caller(gateway)
    pieces = [b"head", bytes(2 * PIECE + 1), b"tail"]
    await Sent(pieces, "image/png", {"X-A": "b"})(scope(gateway), receive, caller.send)
    size = 2 * PIECE + 9
    assert caller.held == {(size, size)}
    assert (gateway.answers.used, gateway.bodies.used) == (0, 0)
    head, *bodies = caller.messages
    assert head["status"] == 200
    told = dict(head["headers"])
    assert told[b"content-length"] == str(size).encode()
    assert (told[b"content-type"], told[b"x-a"]) == (b"image/png", b"b")
    assert max(len(message["body"]) for message in bodies) == PIECE
    assert b"".join(message["body"] for message in bodies) == b"".join(pieces)
    assert [message.get("more_body", False) for message in bodies] == [True] * 5 + [False]


async def test_a_caller_who_leaves_gives_its_room_back(gateway: Gateway) -> None:
    async def send(message: Any) -> None:
        raise OSError

    with pytest.raises(OSError):
        await Sent([bytes(10)], "image/png")(scope(gateway), receive, send)
    assert (gateway.answers.used, gateway.bodies.used) == (0, 0)


@pytest.mark.parametrize(
    ("caller", "size", "reason"), [("a", 2 * PIECE, "share"), ("b", 5 * PIECE, "memory")]
)
async def test_an_answer_without_room_is_refused_before_it_begins(
    gateway: Gateway, caller: str, size: int, reason: str
) -> None:
    other = Caller(gateway)
    with gateway.answers.held("a", 2 * PIECE), pytest.raises(ProblemError) as refused:
        await Sent([bytes(size)], "image/png")(scope(gateway, caller), receive, other.send)
    assert refused.value.extra["reason"] == reason
    assert other.messages == []
    assert gateway.answers.used == 0
