"""The client for asyncio, twin of that in `_client`.

What it sends and reads is in `_calls`, `_sheets` and `_batches`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from types import TracebackType
from typing import Any, Concatenate, ParamSpec

import httpx

from celmood import _batches, _calls, _sheets
from celmood._base import Base, like
from celmood._batches import BatchResult, Following
from celmood._calls import Call, Result
from celmood._errors import CelmoodError, connection_errors
from celmood._refusals import error_from

Arguments = ParamSpec("Arguments")


def _sends(
    build: Callable[Arguments, Call[Result]],
) -> Callable[Concatenate[AsyncCelmood, Arguments], Coroutine[Any, Any, Result]]:
    """The method that sends the call of `build`."""

    async def method(
        client: AsyncCelmood, /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        return await client._send(build(*args, **kwargs))

    return like(build, method)


class AsyncCelmood(Base[httpx.AsyncClient]):
    """The twin of `Celmood` for asyncio: the same arguments, methods, results and errors."""

    _connect = httpx.AsyncClient

    edit = _sends(_calls.edit)
    sheet = _sends(_sheets.sheet)
    grid = _sends(_sheets.grid)
    faces = _sends(_calls.faces)
    models = _sends(_calls.models)
    model = _sends(_calls.model)
    expressions = _sends(_calls.expressions)
    send_batch = _sends(_batches.send_batch)
    batch = _sends(_batches.batch)
    cancel_batch = _sends(_batches.cancel_batch)

    async def follow_batch(self, id: str, *, after: int = 0) -> AsyncIterator[BatchResult]:
        """See `Celmood.follow_batch`."""
        following = Following(after, self._tries())
        while True:
            try:
                async for result in self._results(id, following.after):
                    following.took(result)
                    yield result
            except CelmoodError as failure:
                following.broke(failure)
            await asyncio.sleep(following.pause())
            if following.over(await self.batch(id)):
                return

    async def _results(self, id: str, after: int) -> AsyncIterator[BatchResult]:
        """The results that one connection brings."""
        request_id = self._tries().request_id
        with connection_errors(self.base_url, request_id):
            request = self._request(_batches.results(id, after), request_id)
            response = await self._http.send(request, stream=True)
            try:
                if not response.is_success:
                    await response.aread()
                    raise error_from(response, request_id)
                async for line in response.aiter_lines():
                    yield _batches.read_line(line, request_id)
            finally:
                await response.aclose()

    async def _send(self, call: Call[Result]) -> Result:
        tries = self._tries()
        while True:
            try:
                with connection_errors(self.base_url, tries.request_id):
                    response = await self._http.send(self._request(call, tries.request_id))
                return call.result(response, tries.request_id)
            except CelmoodError as failure:
                delay = tries.delay(failure)
            await asyncio.sleep(delay)

    async def close(self) -> None:
        """See `Celmood.close`."""
        if self._owned:
            await self._http.aclose()

    async def __aenter__(self) -> AsyncCelmood:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()
