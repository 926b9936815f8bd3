"""A request on its way through the gateway: its deadline, its caller, and whether it waits."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from typing import Final, TypeVar

from fastapi import Request
from starlette.requests import ClientDisconnect

from engines.cancel import Cancellation, working_under
from serving.admission import Admission
from serving.cost import Cost
from serving.problems import (
    BAD_REQUEST,
    CALLER_GONE,
    SLOW_BODY,
    TIMEOUT,
    ProblemError,
)
from serving.room import Room

T = TypeVar("T")

TIMEOUT_HEADER: Final = "X-Request-Timeout"

_LINGER_S: Final = 3.0
"""How long the body of a request that is refused at the end may take to come."""


class Visit:
    """What a route holds while it serves one request; made by `visiting`.

    `deadline` is a time of `time.monotonic()`; `working` when the body has come.
    """

    def __init__(
        self, request: Request, admission: Admission, bodies: Room, caller: str, deadline: float
    ) -> None:
        self.caller = caller
        self.deadline = deadline
        self.working = False
        self._request = request
        self._admission = admission
        self._bodies = bodies
        self._held = ExitStack()

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def hold(self, size: int) -> None:
        """Take room for so many bytes until the visit ends. Raises ProblemError."""
        match self._bodies.refusal(self.caller, size):
            case "full":
                raise self._admission.refused("memory")
            case "share":
                raise self._admission.refused("share")
        self._held.enter_context(self._bodies.held(self.caller, size))

    async def work(self, cost: Cost, work: Callable[[float], T]) -> T:
        """The result of `work(deadline)`, done in a thread. Read the request's body before.

        When the caller hangs up, work that waits is dropped and work that runs is cancelled.
        Raises ProblemError.
        """
        self.working = True
        cancellation = Cancellation()
        with working_under(cancellation):
            job = asyncio.ensure_future(
                self._admission.run(lambda: work(self.deadline), cost, self.caller, self.deadline)
            )
        gone = asyncio.ensure_future(_hung_up(self._request))
        try:
            await asyncio.wait((job, gone), return_when=asyncio.FIRST_COMPLETED)
            if not job.done():
                raise ProblemError(CALLER_GONE, "the caller hung up before the answer was ready")
            return job.result()
        finally:
            gone.cancel()
            job.cancel()
            cancellation.cancel()


@asynccontextmanager
async def visiting(
    request: Request,
    admission: Admission,
    room: Room,
    *,
    longest: float,
    most_bytes: int,
    later: bool,
) -> AsyncGenerator[Visit, None]:
    """Let a request in, or refuse it before its body is read. Raises ProblemError.

    `longest` seconds are the most that the request may have, `room` is for the bytes of bodies,
    of which one has at most `most_bytes`. What the block does is ended at the deadline. Who wants
    it `later` is not refused because of those who wait now.
    """
    seconds = min(longest, _wanted(request))
    caller = caller_of(request)
    visit = Visit(request, admission, room, caller, time.monotonic() + seconds)
    try:
        admission.check(caller, visit.deadline, later=later)
    except ProblemError:
        if admission.closing:
            await _discard_body(request)
        raise
    with visit:
        visit.hold(_declared(request, most_bytes))
        try:
            async with asyncio.timeout(seconds):
                yield visit
        except TimeoutError as error:
            if visit.working:
                raise ProblemError(
                    TIMEOUT,
                    "the picture was not done in the time allowed; try again, or a smaller one",
                ) from error
            raise ProblemError(
                SLOW_BODY,
                "the body did not come in the time allowed; try again "
                "over a faster line, or a smaller picture",
            ) from error


def caller_of(request: Request) -> str:
    """Who asks: `request.state.caller` where authentication has set it, else the address."""
    known = getattr(request.state, "caller", None)
    if known is not None:
        return str(known)
    return request.client.host if request.client else "unknown"


def _wanted(request: Request) -> float:
    """Seconds of the header X-Request-Timeout; infinite without one. Raises ProblemError."""
    text = request.headers.get(TIMEOUT_HEADER)
    if text is None:
        return math.inf
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not seconds > 0:
        raise ProblemError(BAD_REQUEST, f"{TIMEOUT_HEADER} is a number of seconds above 0")
    return seconds


def _declared(request: Request, most: int) -> int:
    """How many bytes the body will have: what its head says, else as many as it may."""
    declared = request.headers.get("content-length", "")
    known = declared.isdecimal() and len(declared) < 19  # more digits are no size
    return min(int(declared), most) if known else most


async def _discard_body(request: Request) -> None:
    """Let the body come. A connection that is closed before loses the answer with it."""
    with suppress(TimeoutError, ClientDisconnect):
        async with asyncio.timeout(_LINGER_S):
            async for _ in request.stream():
                pass


async def _hung_up(request: Request) -> None:
    """Return when the connection is gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
