"""Connections that are cancelled while they are made, to a server that says nothing."""

from __future__ import annotations

import asyncio

import psycopg
import pytest

from serving.jobs.postgres_connection import Connection


async def test_nothing_stays_open_where_the_making_was_cancelled() -> None:
    called, left = asyncio.Event(), asyncio.Event()

    async def keep_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        called.set()
        while await reader.read(64):
            pass
        left.set()
        writer.close()

    server = await asyncio.start_server(keep_silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    task = asyncio.create_task(Connection.connect(f"postgresql://somebody@127.0.0.1:{port}/"))
    async with server, asyncio.timeout(30):
        await called.wait()
        task.cancel()
        await asyncio.wait((task,))
        await left.wait()
    assert task.cancelled()  # it is still held, with its error


async def test_a_server_that_is_not_there_is_told_as_by_psycopg() -> None:
    with pytest.raises(psycopg.OperationalError, match="refused"):
        await Connection.connect("postgresql://somebody@127.0.0.1:1/")
