"""The two clients. They differ in how they wait; what they send and read is in `_calls`."""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from types import TracebackType

import httpx

from celmood import _batches, _calls, _sheets
from celmood._batches import Batch, BatchResult, Line
from celmood._calls import Call, Expression, Faces, Format, Result
from celmood._constants import (
    DEFAULT_MAX_RETRIES,
    DEFAULT_TIMEOUT,
    DEFAULT_URL,
    KEY_VARIABLE,
    URL_VARIABLE,
)
from celmood._errors import ApiKeyError, CelmoodError, RequestTimeoutError, connection_errors
from celmood._pictures import Picture
from celmood._problems import error_from
from celmood._results import EditResult, FacesResult, Model
from celmood._retries import Retries
from celmood._sheets import Grid, Sheet
from celmood._version import __version__

_HEADERS = {"User-Agent": f"celmood-python/{__version__}"}


class Celmood:
    """A client of the gateway at `base_url` (or `CELMOOD_URL`, or http://127.0.0.1:8000).

    `api_key` (or `CELMOOD_API_KEY`) is for a gateway that asks for keys; it is sent to no other.
    `timeout` is in seconds, per step of one attempt. `http_client` brings your own connections
    (proxies, certificates); its timeout then holds, and closing it stays yours. Safe to share
    between threads. Every method raises CelmoodError.
    """

    def __init__(
        self,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float | httpx.Timeout = DEFAULT_TIMEOUT,
        max_retries: int = DEFAULT_MAX_RETRIES,
        http_client: httpx.Client | None = None,
    ) -> None:
        self.base_url = _base_url(base_url)
        self._key = _key(api_key)
        self._retries = Retries(max_retries)
        self._owned = http_client is None
        self._http = http_client or httpx.Client(timeout=timeout, headers=_HEADERS)

    def edit(
        self,
        image: Picture,
        *,
        expression: Expression | None = None,
        reference: Picture | None = None,
        intensity: float | None = None,
        faces: Faces | None = None,
        format: Format | None = None,
        quality: int | None = None,
        model: str | None = None,
    ) -> EditResult:
        """The picture with another expression.

        `expression` is a name (see `expressions`) or values for single parameters, such as
        `{"brow_tilt_left": 0.5}`; or, in its place, `reference` is a second picture whose largest
        face's expression is taken; `intensity` goes from 0 to 1.5; `faces` is "all", "largest" or
        boxes; `format` is that of the input by default; `quality` (1 to 100) is for JPEG and WebP;
        `model` chooses among several that edit expressions.
        """
        return self._send(
            _calls.edit(
                image,
                expression=expression,
                reference=reference,
                intensity=intensity,
                faces=faces,
                format=format,
                quality=quality,
                model=model,
            )
        )

    def sheet(
        self,
        image: Picture,
        *,
        expressions: Sequence[str] | None = None,
        intensity: float | None = None,
        faces: Faces | None = None,
        format: Format | None = None,
        quality: int | None = None,
        model: str | None = None,
    ) -> Sheet:
        """The picture with every expression that is asked for, by default all of the model.

        The other arguments are those of `edit`.
        """
        return self._send(
            _sheets.sheet(
                image,
                expressions=expressions,
                intensity=intensity,
                faces=faces,
                format=format,
                quality=quality,
                model=model,
            )
        )

    def grid(
        self,
        image: Picture,
        *,
        expressions: Sequence[str] | None = None,
        columns: int | None = None,
        cell: int | None = None,
        intensity: float | None = None,
        faces: Faces | None = None,
        format: Format | None = None,
        quality: int | None = None,
        model: str | None = None,
    ) -> Grid:
        """The same as `sheet`, in one picture, row by row.

        `cell` is the longer side of one of them in pixels, at most (512 by default).
        """
        return self._send(
            _sheets.grid(
                image,
                expressions=expressions,
                columns=columns,
                cell=cell,
                intensity=intensity,
                faces=faces,
                format=format,
                quality=quality,
                model=model,
            )
        )

    def faces(self, image: Picture) -> FacesResult:
        """The faces in the picture: boxes, scores and landmarks. None found is no error."""
        return self._send(_calls.faces(image))

    def models(self) -> tuple[Model, ...]:
        """The models that the gateway serves."""
        return self._send(_calls.models())

    def model(self, name: str) -> Model:
        """The model called `name`."""
        return self._send(_calls.model(name))

    def expressions(self) -> tuple[str, ...]:
        """The names of the expressions that `edit` takes at this gateway."""
        return _calls.expressions_of(self.models())

    def send_batch(
        self,
        lines: Sequence[Line],
        *,
        idempotency_key: str | None = None,
        webhook: str | None = None,
    ) -> Batch:
        """Have many pictures done later; one mapping each with the fields of its call.

        Such as `{"image": "a.png", "expression": "sad", "id": "a"}`. When this returns the gateway
        has them on disk. The same `idempotency_key` again is the same batch; `webhook` is called
        when it has ended, where the gateway allows that.
        """
        return self._send(
            _batches.send_batch(lines, idempotency_key=idempotency_key, webhook=webhook)
        )

    def batch(self, id: str) -> Batch:
        """How far the batch is."""
        return self._send(_batches.batch(id))

    def cancel_batch(self, id: str) -> Batch:
        """End the batch; results that it has stay until it expires."""
        return self._send(_batches.cancel_batch(id))

    def follow_batch(self, id: str, *, after: int = 0) -> Iterator[BatchResult]:
        """Results behind position `after` as they come, until the batch has ended.

        A connection that breaks is made again; no result is missed or comes twice.
        """
        attempt = 0
        while True:
            delay = 0.0
            try:
                for result in self._results(id, after):
                    after, attempt = result.position, 0
                    yield result
            except RequestTimeoutError:
                pass  # nothing was done for long: ask how far it is
            except CelmoodError as failure:
                again = self._retries.delay(failure, attempt)
                if again is None:
                    raise
                delay = again
                attempt += 1
            time.sleep(delay)
            batch = self.batch(id)
            if batch.ended and after >= batch.answered:
                return

    def _results(self, id: str, after: int) -> Iterator[BatchResult]:
        """The results that one connection brings."""
        request_id = uuid.uuid4().hex
        with connection_errors(self.base_url, request_id):
            call = _batches.results(id, after)
            request = call.request(self._http, self.base_url, request_id, self._key)
            response = self._http.send(request, stream=True)
            try:
                if not response.is_success:
                    response.read()
                    raise error_from(response, request_id)
                for line in response.iter_lines():
                    yield _batches.read_line(line, request_id)
            finally:
                response.close()

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

    def _send(self, call: Call[Result]) -> Result:
        request_id, attempt = uuid.uuid4().hex, 0
        while True:
            try:
                with connection_errors(self.base_url, request_id):
                    request = call.request(self._http, self.base_url, request_id, self._key)
                    response = self._http.send(request)
                return call.result(response, request_id)
            except CelmoodError as failure:
                delay = self._retries.delay(failure, attempt)
                if delay is None:
                    raise
            time.sleep(delay)
            attempt += 1


class AsyncCelmood:
    """The twin of `Celmood` for asyncio: the same arguments, methods, results and errors."""

    def __init__(
        self,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout: float | httpx.Timeout = DEFAULT_TIMEOUT,
        max_retries: int = DEFAULT_MAX_RETRIES,
        http_client: httpx.AsyncClient | None = None,
    ) -> None:
        self.base_url = _base_url(base_url)
        self._key = _key(api_key)
        self._retries = Retries(max_retries)
        self._owned = http_client is None
        self._http = http_client or httpx.AsyncClient(timeout=timeout, headers=_HEADERS)

    async def edit(
        self,
        image: Picture,
        *,
        expression: Expression | None = None,
        reference: Picture | None = None,
        intensity: float | None = None,
        faces: Faces | None = None,
        format: Format | None = None,
        quality: int | None = None,
        model: str | None = None,
    ) -> EditResult:
        """See `Celmood.edit`."""
        return await self._send(
            _calls.edit(
                image,
                expression=expression,
                reference=reference,
                intensity=intensity,
                faces=faces,
                format=format,
                quality=quality,
                model=model,
            )
        )

    async def sheet(
        self,
        image: Picture,
        *,
        expressions: Sequence[str] | None = None,
        intensity: float | None = None,
        faces: Faces | None = None,
        format: Format | None = None,
        quality: int | None = None,
        model: str | None = None,
    ) -> Sheet:
        """See `Celmood.sheet`."""
        return await self._send(
            _sheets.sheet(
                image,
                expressions=expressions,
                intensity=intensity,
                faces=faces,
                format=format,
                quality=quality,
                model=model,
            )
        )

    async def grid(
        self,
        image: Picture,
        *,
        expressions: Sequence[str] | None = None,
        columns: int | None = None,
        cell: int | None = None,
        intensity: float | None = None,
        faces: Faces | None = None,
        format: Format | None = None,
        quality: int | None = None,
        model: str | None = None,
    ) -> Grid:
        """See `Celmood.grid`."""
        return await self._send(
            _sheets.grid(
                image,
                expressions=expressions,
                columns=columns,
                cell=cell,
                intensity=intensity,
                faces=faces,
                format=format,
                quality=quality,
                model=model,
            )
        )

    async def faces(self, image: Picture) -> FacesResult:
        """See `Celmood.faces`."""
        return await self._send(_calls.faces(image))

    async def models(self) -> tuple[Model, ...]:
        """See `Celmood.models`."""
        return await self._send(_calls.models())

    async def model(self, name: str) -> Model:
        """See `Celmood.model`."""
        return await self._send(_calls.model(name))

    async def expressions(self) -> tuple[str, ...]:
        """See `Celmood.expressions`."""
        return _calls.expressions_of(await self.models())

    async def send_batch(
        self,
        lines: Sequence[Line],
        *,
        idempotency_key: str | None = None,
        webhook: str | None = None,
    ) -> Batch:
        """See `Celmood.send_batch`."""
        return await self._send(
            _batches.send_batch(lines, idempotency_key=idempotency_key, webhook=webhook)
        )

    async def batch(self, id: str) -> Batch:
        """See `Celmood.batch`."""
        return await self._send(_batches.batch(id))

    async def cancel_batch(self, id: str) -> Batch:
        """See `Celmood.cancel_batch`."""
        return await self._send(_batches.cancel_batch(id))

    async def follow_batch(self, id: str, *, after: int = 0) -> AsyncIterator[BatchResult]:
        """See `Celmood.follow_batch`."""
        attempt = 0
        while True:
            delay = 0.0
            try:
                async for result in self._results(id, after):
                    after, attempt = result.position, 0
                    yield result
            except RequestTimeoutError:
                pass  # nothing was done for long: ask how far it is
            except CelmoodError as failure:
                again = self._retries.delay(failure, attempt)
                if again is None:
                    raise
                delay = again
                attempt += 1
            await asyncio.sleep(delay)
            batch = await self.batch(id)
            if batch.ended and after >= batch.answered:
                return

    async def _results(self, id: str, after: int) -> AsyncIterator[BatchResult]:
        """The results that one connection brings."""
        request_id = uuid.uuid4().hex
        with connection_errors(self.base_url, request_id):
            call = _batches.results(id, after)
            request = call.request(self._http, self.base_url, request_id, self._key)
            response = await self._http.send(request, stream=True)
            try:
                if not response.is_success:
                    await response.aread()
                    raise error_from(response, request_id)
                async for line in response.aiter_lines():
                    yield _batches.read_line(line, request_id)
            finally:
                await response.aclose()

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

    async def _send(self, call: Call[Result]) -> Result:
        request_id, attempt = uuid.uuid4().hex, 0
        while True:
            try:
                with connection_errors(self.base_url, request_id):
                    request = call.request(self._http, self.base_url, request_id, self._key)
                    response = await self._http.send(request)
                return call.result(response, request_id)
            except CelmoodError as failure:
                delay = self._retries.delay(failure, attempt)
                if delay is None:
                    raise
            await asyncio.sleep(delay)
            attempt += 1


def _base_url(given: str | None) -> str:
    return (given or os.environ.get(URL_VARIABLE) or DEFAULT_URL).rstrip("/")


def _key(given: str | None) -> str | None:
    key = (given or os.environ.get(KEY_VARIABLE) or "").strip()
    if not all("!" <= letter <= "~" for letter in key):
        raise ApiKeyError("the API key has characters that no key has; see how it was copied")
    return key or None
