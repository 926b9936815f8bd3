"""Connections to PostgreSQL for the event loop, of which none stays half open."""

from __future__ import annotations

import asyncio
from typing import Any, Self

import psycopg


class Connection(psycopg.AsyncConnection[Any]):
    """A connection of psycopg that lets go of its socket when its making is cancelled.

    psycopg's own keeps it as long as anybody holds the cancelled task. A server that is to stop
    waits for such a caller to say who he is, for a minute.
    """

    @classmethod
    async def connect(cls, *given: Any, **named: Any) -> Self:
        """As psycopg's."""
        connecting = asyncio.ensure_future(super().connect(*given, **named))
        try:
            await asyncio.wait((connecting,))
            return connecting.result()
        except asyncio.CancelledError as cancelled:
            raise cancelled.with_traceback(None) from None
        finally:
            connecting.cancel()
            del connecting  # nor does the error's traceback hold it, where that is kept
