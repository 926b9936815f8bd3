"""The client that waits. What it sends and reads is in `_calls`, `_sheets` and `_batches`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Concatenate, ParamSpec

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
) -> Callable[Concatenate[Celmood, Arguments], Result]:
    """The method that sends the call of `build`."""

    def method(client: Celmood, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        return client._send(build(*args, **kwargs))

    return like(build, method)


class Celmood(Base[httpx.Client]):
    """A client of the gateway at `base_url` (or `CELMOOD_URL`, or http://127.0.0.1:8000).

    `api_key` (or `CELMOOD_API_KEY`) is for a gateway that asks for keys; it is sent to no other.
    `timeout` is in seconds, per step of one attempt; that of reading is also the time that the
    gateway has for a picture, from the request's head to its answer. `http_client` brings your own
    connections (proxies, certificates); its timeout then holds, and closing it stays yours. Safe to
    share between threads. Every method raises CelmoodError.
    """

    _connect = httpx.Client

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

    def follow_batch(self, id: str, *, after: int = 0) -> Iterator[BatchResult]:
        """Results behind position `after` as they come, until the batch has ended.

        A connection that breaks is made again; no result is missed or comes twice.
        """
        following = Following(after, self._tries())
        while True:
            try:
                for result in self._results(id, following.after):
                    following.took(result)
                    yield result
            except CelmoodError as failure:
                following.broke(failure)
            time.sleep(following.pause())
            if following.over(self.batch(id)):
                return

    def _results(self, id: str, after: int) -> Iterator[BatchResult]:
        """The results that one connection brings."""
        request_id = self._tries().request_id
        with connection_errors(self.base_url, request_id):
            request = self._request(_batches.results(id, after), request_id)
            response = self._http.send(request, stream=True)
            try:
                if not response.is_success:
                    response.read()
                    raise error_from(response, request_id)
                for line in response.iter_lines():
                    yield _batches.read_line(line, request_id)
            finally:
                response.close()

    def _send(self, call: Call[Result]) -> Result:
        tries = self._tries()
        while True:
            try:
                with connection_errors(self.base_url, tries.request_id):
                    response = self._http.send(self._request(call, tries.request_id))
                return call.result(response, tries.request_id)
            except CelmoodError as failure:
                delay = tries.delay(failure)
            time.sleep(delay)

    def close(self) -> None:
        """Close the connections, unless they are the caller's own."""
        if self._owned:
            self._http.close()

    def __enter__(self) -> Celmood:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
