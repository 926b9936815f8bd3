"""Webhooks: whoever brought a batch is called when it has ended.

Signed as Standard Webhooks (standardwebhooks.com) says: HMAC-SHA256 over id, time and body, so that
the receiver knows who calls, that nothing was changed, and that it is no old call. Called again
with growing pauses until it answers 2xx.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import logging
import time
from collections.abc import Callable, Sequence
from typing import Final

from serving.jobs.bell import Bell
from serving.jobs.shape import batch_shape, time_shape
from serving.jobs.store import Call, Store, StoreError
from serving.problems import URL_REFUSED, WEBHOOK_REFUSED, ProblemError
from serving.security.outside import Outside

_PREFIX: Final = "whsec_"
_PAUSES_S: Final = (5.0, 30.0, 120.0, 600.0, 1800.0, 7200.0, 21_600.0)
"""Before each repetition; after the last one nobody is called any more."""
_TIMEOUT_S: Final = 15.0
_LEASE_S: Final = 60.0
_LOOK_S: Final = 2.0
_PAUSE_S: Final = 10.0
"""After the store has failed."""
_CALLS: Final = 4
"""At once, so that one who does not answer does not keep the others waiting."""
_GONE: Final = 410
_log = logging.getLogger("celmood")


def parse_secret(text: str) -> bytes:
    """The key in `whsec_...`, at least 24 bytes in base64. Raises ValueError."""
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("a secret is whsec_ and base64") from error
    if not text.startswith(_PREFIX) or len(key) < 24:
        raise ValueError("a secret is whsec_ and at least 24 bytes in base64")
    return key


def signature(keys: Sequence[bytes], id: str, seconds: int, body: bytes) -> str:
    """The header `webhook-signature`: one for each key, so that keys can be changed."""
    signed = f"{id}.{seconds}.".encode() + body
    digests = [hmac.digest(key, signed, hashlib.sha256) for key in keys]
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


class Webhooks:
    """Calls the addresses that batches name, where `outside` may go."""

    def __init__(
        self, outside: Outside, keys: Sequence[bytes], now: Callable[[], float] = time.time
    ) -> None:
        self._outside = outside
        self._keys = keys
        self._now = now

    def check(self, url: str) -> None:
        """Raises ProblemError for an address that will not be called."""
        if not self._keys:
            raise ProblemError(WEBHOOK_REFUSED, "this gateway calls nobody; ask for the batch")
        try:
            self._outside.check(url)
        except ProblemError as problem:
            raise _refused(problem) from problem

    async def call(self, call: Call) -> float | None:
        """Call once; None when that is all, else the seconds after which to call again."""
        pause = _PAUSES_S[call.tries - 1] if call.tries <= len(_PAUSES_S) else None
        status: int | str
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                status = await self._post(call)
        except ProblemError as problem:
            status = problem.kind.slug
            pause = None if problem.kind is URL_REFUSED else pause
        except Exception as error:  # whatever a stranger's server may bring about
            status = type(error).__name__
        if isinstance(status, int) and (200 <= status < 300 or status == _GONE):
            return None
        _log.warning("webhook of %s, try %d: %s", call.batch.id, call.tries, status)
        return pause

    async def _post(self, call: Call) -> int:
        seconds = int(self._now())
        told = {
            "type": f"batch.{call.batch.status}",
            "timestamp": time_shape(seconds),
            "data": batch_shape(call.batch),
        }
        body = json.dumps(told, separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "celmood",
            "webhook-id": call.batch.id,
            "webhook-timestamp": str(seconds),
            "webhook-signature": signature(self._keys, call.batch.id, seconds, body),
        }
        target = await self._outside.target(call.url)
        async with self._outside.answer("POST", target, headers, body) as answer:
            return answer.status_code


class Courier:
    """Goes through the calls that are due, while it is started; `ended` rings when there may be."""

    def __init__(self, store: Store, webhooks: Webhooks, ended: Bell) -> None:
        self._store = store
        self._webhooks = webhooks
        self._ended = ended
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin; call it in the event loop."""
        self._tasks = [asyncio.create_task(self._go()) for _ in range(_CALLS)]

    async def stop(self) -> None:
        """Leave off. A call that is being made is made again by the next process."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _go(self) -> None:
        while True:
            try:
                call = await asyncio.to_thread(self._store.claim_call, _LEASE_S)
                if call is not None:
                    again_in = await self._webhooks.call(call)
                    await asyncio.to_thread(self._store.end_call, call, again_in)
                    continue
            except StoreError as error:
                _log.error("webhooks cannot be called: %s", error)
                await asyncio.sleep(_PAUSE_S)
            await self._ended.wait(_LOOK_S)


def _refused(problem: ProblemError) -> ProblemError:
    return ProblemError(WEBHOOK_REFUSED, problem.detail)
