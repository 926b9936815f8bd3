"""Who may have work done, and when: a few threads, and before them a queue that stays short.

A request is refused as soon as it is known that it would wait too long; what is accepted is done.
Nothing here is shared between processes. All but `close` belongs to one event loop.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import math
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeVar

from engines.protocol import EngineCancelledError, EngineTimeoutError
from serving.cost import Cost, Pace, told_of_faces
from serving.metrics import Metrics
from serving.problems import BUSY, CLOSING, OVER_SHARE, ProblemError

T = TypeVar("T")
Reason = Literal["closing", "queue", "wait", "deadline", "share", "memory"]

_SPREAD_S: Final = 10.0
"""Over how many seconds those who were refused are asked to come back, one after the other."""

_LONGEST_RETRY_S: Final = 60
_log = logging.getLogger("celmood")


@dataclass(frozen=True)
class Limits:
    """`size` threads; `queue` requests may wait for one, for no more than `wait` seconds.

    A caller may fill `share` (0 to 1) of the queue. The pictures in work have at most `pixels`
    together, but for one that is larger alone.
    """

    size: int
    queue: int
    wait: float
    share: float
    pixels: int


@dataclass(eq=False)
class _Ticket:
    """A piece of work that was accepted. `result` is what its caller waits for."""

    cost: Cost
    caller: str
    result: asyncio.Future[Any]
    turn: asyncio.Future[None]
    patient: bool
    came: float = field(default_factory=time.monotonic)
    started: float = 0.0


class Admission:
    """Accepts work, or says at once that there is no room for it, and does it in threads."""

    def __init__(self, limits: Limits, metrics: Metrics) -> None:
        self.limits = limits
        self.pace = Pace()
        self._metrics = metrics
        self._threads = ThreadPoolExecutor(limits.size, thread_name_prefix="celmood-work")
        self._running: set[_Ticket] = set()
        self._waiting: deque[_Ticket] = deque()
        self._patient: deque[_Ticket] = deque()
        self._closing = False
        self._next_return = 0.0
        self._idle = asyncio.Event()
        self._idle.set()

    async def run(
        self,
        work: Callable[[], T],
        cost: Cost,
        caller: str,
        deadline: float = math.inf,
        *,
        patient: bool = False,
    ) -> T:
        """The result of `work`, done in a thread when its turn comes.

        `deadline` is a time of `time.monotonic()`: work that cannot be expected to begin before it
        is refused. `patient` work is not refused but when closing, and comes after all other.
        Cancelled while it waits, it never starts; cancelled while it runs, its thread is free only
        when it has ended: give it a Cancellation. Raises ProblemError.
        """
        self.check(caller, deadline, cost, later=patient)
        loop = asyncio.get_running_loop()
        ticket = _Ticket(cost, caller, loop.create_future(), loop.create_future(), patient)
        (self._patient if patient else self._waiting).append(ticket)
        self._idle.clear()
        self._start()
        try:
            await ticket.turn
            self._begin(ticket, work)
        except BaseException:
            self._leave(ticket)
            raise
        result: T = await ticket.result
        return result

    def check(
        self, caller: str, deadline: float, cost: Cost | None = None, *, later: bool = False
    ) -> None:
        """Raises ProblemError when work of `caller` would be refused now.

        Without a `cost` the least is assumed, so that a request may be refused before its body.
        What is done `later`, as patient work, is refused only when closing.
        """
        reason: Reason | None = "closing" if self._closing else None
        if not later:
            reason = self._reason(caller, deadline, cost)
        if reason is not None:
            raise self.refused(reason)

    def refused(self, reason: Reason) -> ProblemError:
        """The problem that says `reason`, and when to come again; it is counted."""
        self._metrics.refused.labels(reason).inc()
        retry = min(max(1, math.ceil(self._come_again())), _LONGEST_RETRY_S)
        kind = {"closing": CLOSING, "share": OVER_SHARE}.get(reason, BUSY)
        return ProblemError(
            kind,
            _TOLD[reason].format(retry=retry),
            extra={"reason": reason},
            headers={"Retry-After": str(retry)},
        )

    def expected_wait(self) -> float:
        """Seconds until work that comes now may be expected to start."""
        return 0.0 if self._fits(0) else self._wait()

    @property
    def closing(self) -> bool:
        """No new work is accepted any more."""
        return self._closing

    @property
    def busy(self) -> bool:
        """Work runs or waits."""
        return bool(self._running or self._waiting or self._patient)

    def close(self) -> None:
        """Accept nothing more. May be called from a signal handler."""
        self._closing = True

    async def drained(self) -> None:
        """Return when all accepted work has ended; patient work that waits is refused. Closes."""
        self.close()
        for ticket in list(self._patient):
            self._fail(ticket)
        await self._idle.wait()

    def give_up(self) -> None:
        """Tell all who still wait that the gateway closes; their threads are left alone."""
        for ticket in [*self._running, *self._waiting, *self._patient]:
            self._fail(ticket)

    def _reason(self, caller: str, deadline: float, cost: Cost | None) -> Reason | None:
        if self._closing:
            return "closing"
        if not self._waiting and self._fits(cost.pixels if cost else 0):
            return None  # a free thread never refuses, however slow the last works were
        wait, own = self._wait(), self.pace.seconds(cost) if cost else 0.0
        if wait + own > deadline - time.monotonic():
            return "deadline"
        if len(self._waiting) >= self.limits.queue:
            return "queue"
        if wait > self.limits.wait and len(self._waiting) >= self.limits.size:
            return "wait"
        held = [ticket for ticket in self._waiting if ticket.caller == caller]
        seconds = self._seconds(held) + own
        if held and (
            len(held) + 1 > self.limits.share * self.limits.queue
            or (
                seconds > self.limits.share * self.limits.wait * self.limits.size
                and len(held) >= self.limits.size
            )
        ):
            return "share"
        return None

    def _come_again(self) -> float:
        """Seconds after which one who is refused now may find room.

        Each is given a time of its own, as far apart as works end: callers who all came at once do
        not come back at once, to a queue that has run empty meanwhile.
        """
        now = time.monotonic()
        accepted = [*self._running, *self._waiting]
        apart = self._seconds(accepted) / max(1, len(accepted)) / self.limits.size
        first = now + self._wait()
        time_given = self._next_return
        if not first <= time_given <= first + _SPREAD_S:
            time_given = first
        self._next_return = time_given + apart
        return time_given - now

    def _wait(self) -> float:
        """Seconds until all that is accepted has begun."""
        now = time.monotonic()
        left = sum(
            max(0.0, self.pace.seconds(ticket.cost) - (now - ticket.started))
            for ticket in self._running
        )
        return (left + self._seconds(self._waiting)) / self.limits.size

    def _seconds(self, tickets: Iterable[_Ticket]) -> float:
        return sum(self.pace.seconds(ticket.cost) for ticket in tickets)

    def _fits(self, pixels: int) -> bool:
        """Whether a thread is free, and memory for so many pixels."""
        if not self._running:
            return True
        held = sum(ticket.cost.pixels for ticket in self._running)
        return len(self._running) < self.limits.size and held + pixels <= self.limits.pixels

    def _start(self) -> None:
        """Give their turn to those who can begin."""
        while self._waiting or self._patient:
            queue = self._waiting or self._patient
            if not self._fits(queue[0].cost.pixels):
                break
            ticket = queue.popleft()
            ticket.started = time.monotonic()
            self._running.add(ticket)
            if not ticket.turn.done():
                ticket.turn.set_result(None)
        self._show()

    def _begin(self, ticket: _Ticket, work: Callable[[], T]) -> None:
        """Have `work` done in a thread, in the context of its caller."""
        self._metrics.waited.observe(ticket.started - ticket.came)
        context = contextvars.copy_context()
        loop = asyncio.get_running_loop()

        def correct(faces: int) -> None:
            loop.call_soon_threadsafe(self._correct, ticket, faces)

        def told() -> T:
            with told_of_faces(correct):
                return work()

        running = loop.run_in_executor(self._threads, context.run, told)
        running.add_done_callback(lambda done: self._ended(ticket, done))

    def _correct(self, ticket: _Ticket, faces: int) -> None:
        """So many faces were found: that is what the others wait for, and what is learnt from."""
        ticket.cost = ticket.cost.with_found(faces)
        self._show()

    def _ended(self, ticket: _Ticket, done: asyncio.Future[T]) -> None:
        self._leave(ticket)
        error = done.exception()
        given_up = isinstance(error, EngineTimeoutError | EngineCancelledError)
        if error is None or given_up:
            seconds = time.monotonic() - ticket.started
            self.pace.learn(ticket.cost, seconds, ended=not given_up)
        if ticket.result.done():
            if error is not None and not given_up:
                _log.info("work for a caller who had left failed: %r", error)
        elif error is not None:
            ticket.result.set_exception(error)
        else:
            ticket.result.set_result(done.result())

    def _leave(self, ticket: _Ticket) -> None:
        self._running.discard(ticket)
        for queue in (self._waiting, self._patient):
            if ticket in queue:
                queue.remove(ticket)
        if not self.busy:
            self._idle.set()
        self._start()

    def _fail(self, ticket: _Ticket) -> None:
        problem = self.refused("closing")
        if not ticket.turn.done():
            ticket.turn.set_exception(problem)
        elif not ticket.result.done():
            ticket.result.set_exception(problem)

    def _show(self) -> None:
        waiting = [*self._waiting, *self._patient]
        self._metrics.waiting.set(len(waiting))
        for state, tickets in (("running", self._running), ("waiting", waiting)):
            self._metrics.cost.labels(state).set(sum(ticket.cost.units for ticket in tickets))


_TOLD: Final[dict[Reason, str]] = {
    "closing": "this gateway is shutting down; send the request again in {retry} s, to another "
    "one if you know one",
    "queue": "too many requests are waiting; try again in {retry} s",
    "wait": "the wait would be too long; try again in {retry} s",
    "deadline": "the request could not begin within its time; try again in {retry} s, or allow "
    "more in X-Request-Timeout",
    "share": "you have as much waiting as one caller may; try again in {retry} s",
    "memory": "too many large pictures are being received or sent; try again in {retry} s",
}
