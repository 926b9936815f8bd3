"""An answer of many bytes: sent piece by piece, as its caller reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from fastapi import Request
from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from serving.gateway import Gateway
from serving.json_pictures import PIECE


class Sent(Response):
    """The bytes of `pieces`, one after the other. Until they are sent they take the caller's room.

    Where there is none, a ProblemError is raised in place of the first of them.
    """

    def __init__(
        self, pieces: Sequence[bytes], media_type: str, headers: Mapping[str, str] | None = None
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
            for part in self._parts():
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})

    def _parts(self) -> Iterator[bytes]:
        """The pieces, none of them large."""
        for piece in self.pieces:
            for place in range(0, len(piece), PIECE):
                yield piece[place : place + PIECE]
