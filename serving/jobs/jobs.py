"""The batches of a gateway: what the routes ask, and who works on them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Final

from serving.admission import Admission
from serving.fields import ENVELOPE
from serving.jobs.duty import Duty, Working
from serving.jobs.followed import Followed
from serving.jobs.intake import Limits, Wish, take
from serving.jobs.pages import Pages
from serving.jobs.perform import Performer, abandoned
from serving.jobs.runner import Runner
from serving.jobs.sqlite_store import SqliteStore
from serving.jobs.store import Batch, Result, Store, StoreError
from serving.jobs.watched import watched
from serving.jobs.webhooks import Courier, Webhooks, parse_secret
from serving.metrics import Metrics
from serving.pipeline import Pipeline
from serving.problems import BUSY, OVER_SHARE, UNKNOWN_BATCH, ProblemError
from serving.room import FULL, Room
from serving.security.outside import Outside
from serving.security.urls import Urls
from serving.settings import Settings, SettingsError, variable

_GRACE_S: Final = 5.0
"""For what is left when all accepted work has ended: keeping results."""
_MOST_ARRIVING: Final = 8
"""Bodies read at once: each has a chunk in memory."""
_SHARE: Final = 0.5
"""Of these that one caller may have."""
_AGAIN_S: Final = "5"
_PAGE_BYTES: Final = 32 * 2**20
_STREAM_RESULTS: Final = 16
_STREAM_BYTES: Final = 2**19
"""Little, so that the first of many results does not wait for the others."""
_WEBHOOK_S: Final = 10.0
_LOOK_S: Final = 0.5
"""How often a stream looks whether the gateway closes."""
_MOST_STREAMS: Final = 512
_STREAMS_SHARE: Final = 1 / 16
"""Of these that one caller may have."""
_STREAMED: Final = 0.5
"""How much memory results that are being streamed may have, in parts of that of bodies."""

Hire = Callable[[Duty], Working]
"""Makes those who work on the lines of a store."""


class Jobs:
    """Batches over `store`; those that `hire` gives do the lines.

    Its methods raise ProblemError and StoreError.
    """

    def __init__(
        self,
        store: Store,
        hire: Hire,
        pipeline: Pipeline,
        admission: Admission,
        urls: Urls,
        webhooks: Webhooks,
        metrics: Metrics,
    ) -> None:
        settings = pipeline.settings
        size = settings.batch_workers or max(1, admission.limits.size // 2)
        self._store = store
        self._admission = admission
        performer = watched(Performer(pipeline, admission, urls.fetch), metrics)
        self._runner = hire(
            Duty(performer, abandoned, lambda: admission.closing, size, settings.batch_lease)
        )
        self._urls = urls
        self._webhooks = webhooks
        self._courier = Courier(store, webhooks, self._runner.results)
        self._limits = Limits(
            lines=settings.batch_lines,
            bytes=settings.batch_bytes,
            line=settings.max_bytes * 4 // 3 + ENVELOPE,
        )
        self._followed = Followed(store, self._runner.results)
        self._streams = Room(_MOST_STREAMS, _STREAMS_SHARE)
        self._arriving = Room(_MOST_ARRIVING, _SHARE)
        at_once = settings.max_bytes_at_once // settings.processes
        self._pages = Pages(int(at_once * _STREAMED), settings.caller_share)

    def start(self) -> None:
        """Work on batches, also on those of an earlier process; call it in the event loop."""
        self._runner.start()
        self._courier.start()

    async def stop(self) -> None:
        """Put back what is not done, and close the store."""
        await self._courier.stop()
        await self._runner.stop(_GRACE_S)
        await asyncio.to_thread(self._store.close)

    def check_webhook(self, url: str) -> None:
        """Raises ProblemError for an address that will not be called."""
        self._webhooks.check(url)

    @contextmanager
    def arrival(self, caller: str) -> Iterator[None]:
        """Around reading what will be a batch: not too many at once, and none at the end."""
        if self._admission.closing:
            raise self._admission.refused("closing")
        with _place(self._arriving, caller, "batches are being received"):
            yield

    async def take(self, parts: AsyncIterable[bytes], wish: Wish) -> str:
        """Accept the batch in a body, and return its id. Call it within `arrival`."""
        batch = await take(self._store, parts, wish, self._limits, self._urls.check)
        self._runner.arrivals.ring()
        return batch

    async def get(self, batch: str, owner: str) -> Batch:
        """The batch as it is now."""
        return _known(await asyncio.to_thread(self._store.get, batch, owner))

    async def results(self, batch: Batch, after: int, limit: int) -> list[Result]:
        """Results behind position `after`, as many as one answer may have."""
        return await self._fetch(batch, after, limit, _PAGE_BYTES)

    async def _fetch(self, batch: Batch, after: int, limit: int, most_bytes: int) -> list[Result]:
        return await asyncio.to_thread(self._store.results, batch.id, after, limit, most_bytes)

    @contextmanager
    def stream(self, caller: str) -> Iterator[None]:
        """Around following a batch: not too many at once."""
        with _place(self._streams, caller, "batches are being followed"):
            yield

    async def follow(self, batch: Batch, after: int, caller: str) -> AsyncGenerator[Result, None]:
        """Results behind position `after` as they come, until the batch or the gateway ends."""
        with self._followed.following(batch):
            while True:
                standing = self._followed.standing(batch.id)
                if standing.answered > after:
                    fetch = partial(self._fetch, batch, after, _STREAM_RESULTS, _STREAM_BYTES)
                    async with self._pages.page(caller, fetch) as page:
                        for result in page:
                            yield result
                            after = result.position
                    if page:
                        continue
                if standing.ended or self._admission.closing:
                    return
                await self._followed.changed.wait(_LOOK_S)

    async def cancel(self, batch: str, owner: str) -> Batch:
        """End the batch if it has not ended; the batch as it is then."""
        ended = _known(await asyncio.to_thread(self._store.cancel, batch, owner))
        self._runner.drop(batch)
        self._runner.results.ring()
        return ended


def open_jobs(
    settings: Settings, pipeline: Pipeline, admission: Admission, urls: Urls, metrics: Metrics
) -> Jobs | None:
    """The batches that the settings ask for, if any. Raises SettingsError."""
    if settings.batches is None and settings.batch_database is None:
        return None
    webhooks = _open_webhooks(settings)
    try:
        store, hire = _open_database(settings) if settings.batch_database else _open_file(settings)
    except StoreError as error:
        name = "batch_database" if settings.batch_database else "batches"
        raise SettingsError(f"{variable(name)}: {error}") from error
    return Jobs(store, hire, pipeline, admission, urls, webhooks, metrics)


def _open_file(settings: Settings) -> tuple[Store, Hire]:
    assert settings.batches is not None  # asked before
    store = SqliteStore(settings.batches, ttl=settings.batch_ttl, quota=settings.batch_space)
    return store, partial(Runner, store)


def _open_database(settings: Settings) -> tuple[Store, Hire]:
    try:  # an extra of its own
        from serving.jobs.postgres_store import PostgresStore
        from serving.jobs.queue_runner import QueueRunner
    except ImportError as error:
        raise SettingsError(
            f"{variable('batch_database')}: install the extra `postgres` ({error.name} is missing)"
        ) from error

    assert settings.batch_database is not None  # asked before
    url = settings.batch_database.get_secret_value()
    store = PostgresStore(url, ttl=settings.batch_ttl, quota=settings.batch_space)
    return store, partial(QueueRunner, store, url)


def _open_webhooks(settings: Settings) -> Webhooks:
    """Who calls the addresses of batches; nobody where no host is allowed. Raises SettingsError."""
    secrets = settings.webhook_secrets.get_secret_value().split()
    try:
        keys = [parse_secret(secret) for secret in secrets]
    except ValueError as error:
        raise SettingsError(f"{variable('webhook_secrets')}: {error}") from error
    if settings.webhook_hosts and not keys:
        raise SettingsError(
            f"{variable('webhook_secrets')}: calls are signed; name a secret, made with "
            '`echo "whsec_$(openssl rand -base64 32)"`'
        )
    outside = Outside(settings.webhook_hosts, timeout=_WEBHOOK_S, networks=settings.url_networks)
    return Webhooks(outside, keys if settings.webhook_hosts else [])


@asynccontextmanager
async def working(jobs: Jobs | None) -> AsyncGenerator[None, None]:
    """Work on batches within the block, where there are any."""
    if jobs is None:
        yield
        return
    jobs.start()
    try:
        yield
    finally:
        await jobs.stop()


@contextmanager
def _place(room: Room, caller: str, told: str) -> Iterator[None]:
    """A place of `caller` in `room`, within the block. Raises ProblemError where there is none."""
    refusal = room.refusal(caller, 1)
    if refusal is not None:
        kind, whose = (BUSY, "too many") if refusal == FULL else (OVER_SHARE, "too many of your")
        detail = f"{whose} {told}; try again in {_AGAIN_S} s"
        raise ProblemError(kind, detail, headers={"Retry-After": _AGAIN_S})
    with room.held(caller, 1):
        yield


def _known(batch: Batch | None) -> Batch:
    if batch is None:
        raise ProblemError(UNKNOWN_BATCH, "there is no such batch of yours, or it has expired")
    return batch
