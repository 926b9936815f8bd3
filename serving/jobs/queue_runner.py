"""The workers of a gateway that go through the lines of batches in PostgreSQL, by procrastinate.

Each line is a job of its queue. procrastinate hands jobs to the workers of all machines, notes
their heartbeats, and tells which jobs have lost their worker; here is said what a job does.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import procrastinate
from procrastinate.exceptions import ProcrastinateException
from procrastinate.job_context import JobContext
from procrastinate.jobs import Job
from procrastinate.middleware import AsyncCallNext
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from procrastinate.worker import Worker
from psycopg_pool import AsyncConnectionPool

from serving.jobs.bell import Bell
from serving.jobs.duty import PAUSE_S, TRIES, Duty, kept, sweeping
from serving.jobs.postgres_connection import Connection
from serving.jobs.postgres_store import QUEUE, TASK, PostgresStore
from serving.jobs.store import Claim, StoreError

_LOOK_S: Final = 2.0
"""How often is looked for lines, and whether others have cancelled those in work."""
_CONNECT_S: Final = 10.0
"""For a connection, and for attempts to make one, whose pauses double: procrastinate alone would
try for minutes, and be back as long after the database."""
_CLOSING_S: Final = 0.25
_LEAVE_S: Final = 2.0
"""To put back what has not ended."""
_log = logging.getLogger("celmood")


class _AgainError(Exception):
    """The line of a job is not done: the job is to come again in `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"again in {seconds} s")
        self.seconds = seconds


class _AsTold(BaseRetryStrategy):
    """A job that fails comes again: when the line says, or after a pause.

    It ends when its line has a result: each try of a line is counted, and there are but a few.
    """

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        seconds = exception.seconds if isinstance(exception, _AgainError) else PAUSE_S
        return RetryDecision(retry_at=datetime.now(UTC) + timedelta(seconds=seconds))


class QueueRunner:
    """What `serving.jobs.runner.Runner` is, over the database at `url`."""

    def __init__(self, store: PostgresStore, url: str, duty: Duty) -> None:
        self.results = Bell()
        self.arrivals = Bell()
        self._store = store
        self._duty = duty
        self._stopped = False
        self._running: dict[asyncio.Task[float | None], Claim] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._url = url
        self._app = procrastinate.App(connector=procrastinate.PsycopgConnector())
        self._app.task(name=TASK, queue=QUEUE, retry=_AsTold())(self._line)

    def start(self) -> None:
        """Begin to work; call it in the event loop."""
        duties = self._work(), self._leave_ended(), sweeping(self._store)
        self._tasks = [asyncio.create_task(each) for each in duties]

    async def stop(self, grace: float) -> None:
        """Take nothing more and return when the lines in work have ended, or after `grace`.

        What has not ended then is put back; where that fails it comes again when its worker has
        been missed.
        """
        self._stopped = True
        worker, *keepers = self._tasks
        for keeper in keepers:
            keeper.cancel()
        await asyncio.wait((worker,), timeout=grace + _CLOSING_S)
        for task in self._running:
            task.cancel()
        await asyncio.wait((worker,), timeout=_LEAVE_S)
        worker.cancel()
        await asyncio.gather(worker, *keepers, return_exceptions=True)

    def drop(self, batch: str) -> None:
        """Leave the lines of a cancelled batch that are in work here."""
        for task, claim in list(self._running.items()):
            if claim.batch == batch:
                task.cancel()

    async def _work(self) -> None:
        """Have a worker of the queue until the end; a new one when the database was away."""
        async with self._pool() as pool, self._app.open_async(pool):
            while not self._ending():
                try:
                    await self._have_worker()
                except Exception as error:
                    _log.error("the queue of batches does not answer: %s", type(error).__name__)
                    await asyncio.sleep(0 if self._ending() else PAUSE_S)

    def _pool(self) -> AsyncConnectionPool[Connection]:
        return AsyncConnectionPool(
            self._url,
            connection_class=Connection,
            min_size=1,
            max_size=4,
            timeout=_CONNECT_S,
            reconnect_timeout=_CONNECT_S,
            check=AsyncConnectionPool.check_connection,
            open=False,
        )

    async def _have_worker(self) -> None:
        worker = asyncio.create_task(
            self._app.run_worker_async(
                queues=[QUEUE],
                concurrency=self._duty.size,
                fetch_job_polling_interval=_LOOK_S,
                update_heartbeat_interval=self._duty.lease / 3,
                stalled_worker_timeout=self._duty.lease,
                install_signal_handlers=False,
                worker_middleware=[self._while_open],
                delete_jobs="always",  # results are kept in tables of their own
            )
        )
        stalled = asyncio.create_task(self._take_up())
        try:
            while not worker.done() and not self._ending():
                await asyncio.wait((worker,), timeout=_CLOSING_S)
        finally:
            stalled.cancel()
            worker.cancel()  # it lets jobs in work end
            await asyncio.gather(stalled, return_exceptions=True)
            await asyncio.gather(worker, return_exceptions=worker.cancelled())

    async def _take_up(self) -> None:
        """Put jobs that have lost their worker back into the queue."""
        manager = self._app.job_manager
        while True:
            try:
                for job in await manager.get_stalled_jobs(
                    queue=QUEUE, seconds_since_heartbeat=self._duty.lease
                ):
                    await manager.retry_job(job)
            except ProcrastinateException as error:
                _log.error("lost jobs are not taken up: %s", type(error).__name__)
            await asyncio.sleep(self._duty.lease / 3)

    async def _leave_ended(self) -> None:
        """Leave lines in work whose batch has ended elsewhere: another gateway has cancelled it."""
        while True:
            await asyncio.sleep(_LOOK_S)
            batches = {claim.batch for claim in self._running.values()}
            if not batches:
                continue
            try:
                found = await asyncio.to_thread(self._store.look, list(batches))
            except StoreError as error:
                _log.error("whether batches have ended cannot be read: %s", error)
                continue
            for batch in batches:
                if batch not in found or found[batch].ended:
                    self.drop(batch)

    async def _while_open(self, do: AsyncCallNext, _: JobContext, worker: Worker) -> None:
        """Around each job: a gateway that closes begins none, and its worker asks for no more.

        A job that had been handed out already goes back: another gateway may have it at once.
        """
        try:
            if self._ending():
                raise _AgainError(0.0)
            await do()
        finally:
            if self._ending():
                worker.stop()  # type: ignore[no-untyped-call]

    async def _line(self, batch: str, number: int) -> None:
        """What a job does."""
        try:
            claim = await asyncio.to_thread(self._store.take, batch, number)
        except StoreError as error:
            _log.error("line %d of %s: %s", number, batch, error)
            raise _AgainError(PAUSE_S) from error
        if claim is not None:
            await self._do(claim)

    async def _do(self, claim: Claim) -> None:
        task = asyncio.ensure_future(self._through(claim))
        self._running[task] = claim
        try:
            await asyncio.wait((task,))
        finally:
            del self._running[task]
            task.cancel()
        if not task.cancelled():
            again_in = task.result()
            if again_in is not None:
                raise _AgainError(again_in)
        elif self._stopped:
            await self._leave(claim)
            raise _AgainError(0.0)

    async def _through(self, claim: Claim) -> float | None:
        """Do the line and keep its result; or seconds after which it is to be done again."""
        given_up = claim.tries > TRIES
        outcome = self._duty.abandoned(claim) if given_up else await self._duty.perform(claim)
        again_in = outcome.retry_in(claim)
        if again_in is None:
            await kept(claim, partial(self._store.finish, claim, outcome.result, outcome.failed))
            self.results.ring()
        else:
            await kept(claim, partial(self._store.put_back, claim, outcome.counted))
        return again_in

    async def _leave(self, claim: Claim) -> None:
        """Put the line back for another process; where that fails, its try counts."""
        try:
            await asyncio.to_thread(self._store.put_back, claim, False)
        except StoreError as error:
            _log.error("line %d of %s was not put back: %s", claim.number, claim.batch, error)

    def _ending(self) -> bool:
        return self._stopped or self._duty.closing()
