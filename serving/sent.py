"""An answer of many bytes: sent piece by piece, as its caller reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

from fastapi import Request
from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from serving.gateway import Gateway
from serving.json_pictures import PIECE

Part = bytes | memoryview


def in_pieces(parts: Iterable[Part]) -> Iterator[bytes]:
    """The bytes of `parts` in pieces of which none is large."""
    for part in parts:
        for place in range(0, len(part), PIECE):
            yield bytes(part[place : place + PIECE])


class Sent(Response):
    """The bytes of `pieces`, one after the other. Until they are sent they take the caller's room.

    Where there is none, a ProblemError is raised in place of the first of them.
    """

    def __init__(
        self, pieces: Sequence[Part], media_type: str, headers: Mapping[str, str] | None = None
    ) -> None:
        self.pieces = pieces
        self.size = sum(map(len, pieces))
        length = {"Content-Length": str(self.size)}
        super().__init__(media_type=media_type, headers={**(headers or {}), **length})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gateway = cast(Gateway, scope["app"].state.gateway)
        with gateway.sending(Request(scope), self.size):
            head = {"status": self.status_code, "headers": self.raw_headers}
            await send({"type": "http.response.start", **head})
            for part in in_pieces(self.pieces):
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
