"""The workers of a gateway that go through the lines of batches.

A worker claims a line, has it done, and keeps its result. What fails for reasons that pass is put
back; what fails again and again, or takes its process with it, gets a problem as its result.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import Final

from serving.jobs.bell import Bell
from serving.jobs.duty import PAUSE_S, TRIES, Duty, Outcome, kept, sweeping
from serving.jobs.store import Claim, Claims, StoreError

_LOOK_S: Final = 1.0
"""How often is looked for lines that other processes have accepted or left."""
_log = logging.getLogger("celmood")


class Runner:
    """Goes through the lines of a store that hands them out itself, while it is started.

    `results` rings when a result was kept; whoever accepts a batch rings `arrivals`.
    """

    def __init__(self, store: Claims, duty: Duty) -> None:
        self.results = Bell()
        self.arrivals = Bell()
        self._store = store
        self._duty = duty
        self._stopped = False
        self._running: dict[str, tuple[Claim, asyncio.Task[Outcome]]] = {}
        self._workers: list[asyncio.Task[None]] = []
        self._keepers: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to work; call it in the event loop."""
        self._workers = [asyncio.create_task(self._work()) for _ in range(self._duty.size)]
        self._keepers = [
            asyncio.create_task(each) for each in (self._renew(), sweeping(self._store))
        ]

    async def stop(self, grace: float) -> None:
        """Claim nothing more and return when the lines in work have ended, or after `grace`.

        What has not ended then is put back, for the next process.
        """
        self._stopped = True
        self.arrivals.ring()
        if self._workers:
            await asyncio.wait(self._workers, timeout=grace)
        for task in (*self._workers, *self._keepers):
            task.cancel()
        await asyncio.gather(*self._workers, *self._keepers, return_exceptions=True)

    def drop(self, batch: str) -> None:
        """Leave the lines of a cancelled batch that are in work here."""
        for claim, task in list(self._running.values()):
            if claim.batch == batch:
                task.cancel()

    async def _work(self) -> None:
        while not (self._stopped or self._duty.closing()):
            try:
                claim = await asyncio.to_thread(self._store.claim, self._duty.lease)
            except StoreError as error:
                _log.error("no line can be claimed: %s", error)
                await self.arrivals.wait(PAUSE_S)
                continue
            if claim is None:
                await self.arrivals.wait(_LOOK_S)
            else:
                await self._do(claim)

    async def _do(self, claim: Claim) -> None:
        if claim.tries > TRIES:
            await self._keep(claim, self._duty.abandoned(claim))
            return
        task = asyncio.ensure_future(self._duty.perform(claim))
        self._running[claim.token] = claim, task
        try:
            await asyncio.wait((task,))
            if task.cancelled():  # the batch was cancelled, or the claim was lost
                return
            await self._end(claim, task.result())
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self._release(claim, 0.0, counted=False)
            raise
        finally:
            del self._running[claim.token]

    async def _end(self, claim: Claim, outcome: Outcome) -> None:
        again_in = outcome.retry_in(claim)
        if again_in is None:
            await self._keep(claim, outcome)
        else:
            await self._release(claim, again_in, counted=outcome.counted)

    async def _keep(self, claim: Claim, outcome: Outcome) -> None:
        await kept(claim, partial(self._store.finish, claim, outcome.result, outcome.failed))
        self.results.ring()

    async def _release(self, claim: Claim, delay: float, *, counted: bool) -> None:
        try:
            await asyncio.to_thread(self._store.release, claim, delay, counted)
        except StoreError as error:  # its lease will end
            _log.error("line %d of %s was not put back: %s", claim.number, claim.batch, error)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._duty.lease / 3)
            claims = [claim for claim, _ in self._running.values()]
            if not claims:
                continue
            try:
                lost = await asyncio.to_thread(self._store.renew, claims, self._duty.lease)
            except StoreError as error:
                _log.error("claims are not renewed: %s", error)
                continue
            for claim in lost:
                if claim.token in self._running:
                    self._running[claim.token][1].cancel()
