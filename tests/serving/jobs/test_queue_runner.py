"""What a job of the queue does; the queue itself is tried by `make integration`."""

from __future__ import annotations

from typing import cast

import pytest

from serving.jobs.duty import Duty, Outcome
from serving.jobs.postgres_store import PostgresStore
from serving.jobs.queue_runner import QueueRunner
from serving.jobs.store import Claim, StoreFullError

DONE = Outcome(b"{}", failed=False)


class Store:
    """Has one line, and no space for its result as often as it is told."""

    def __init__(self, full: int) -> None:
        self.full = full
        self.kept: list[bytes] = []

    def take(self, batch: str, number: int) -> Claim | None:
        return Claim(batch, number, "", 1, b"x")

    def finish(self, claim: Claim, result: bytes, failed: bool) -> bool:
        if self.full:
            self.full -= 1
            raise StoreFullError("the database's disk is full")
        self.kept.append(result)
        return True


def runner_on(store: Store, tries: list[bytes]) -> QueueRunner:
    async def perform(claim: Claim) -> Outcome:
        tries.append(claim.body)
        return DONE

    duty = Duty(perform, lambda _: DONE, lambda: False, size=1, lease=10.0)
    return QueueRunner(cast(PostgresStore, store), "postgresql://nowhere/", duty)


async def test_a_result_waits_for_space(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.jobs.duty.PAUSE_S", 0.01)
    store, tries = Store(full=5), list[bytes]()
    await runner_on(store, tries)._line("a", 1)
    assert (store.kept, tries) == ([b"{}"], [b"x"])  # it was done once
