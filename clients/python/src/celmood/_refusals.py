"""From a refusal of the gateway to the error that it is."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from celmood import _problems
from celmood._errors import ServiceError

PREFIX: Final = "urn:celmood:problem:"

KINDS: Final[dict[str, type[ServiceError]]] = {
    PREFIX + kind.problem: kind
    for kind in vars(_problems).values()
    if isinstance(kind, type) and issubclass(kind, ServiceError) and kind.problem
}
"""Error classes by the type of problem."""

_MEMBERS: Final = frozenset({"type", "title", "status", "detail", "instance", "request_id"})


def error_from(response: httpx.Response, request_id: str) -> ServiceError:
    """The error that a refusal stands for; a plain ServiceError if it is no problem document.

    `request_id` is the one that was sent; the answer's own is preferred.
    """
    try:
        body = response.json()
    except ValueError:
        body = {}
    if not isinstance(body, dict):
        body = {}
    kind = KINDS.get(str(body.get("type")), ServiceError)
    title = str(body.get("title") or response.reason_phrase)
    return kind(
        str(body.get("detail") or f"the service answered {response.status_code} {title}".rstrip()),
        status=response.status_code,
        type=str(body.get("type") or "about:blank"),
        title=title,
        extra={name: value for name, value in body.items() if name not in _MEMBERS},
        retry_after=seconds_of(response.headers.get("Retry-After"), datetime.now(UTC)),
        request_id=response.headers.get("X-Request-Id", request_id),
    )


def seconds_of(retry_after: str | None, now: datetime) -> float | None:
    """The seconds that a Retry-After header asks for, given as seconds or as an HTTP date."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    if until.tzinfo is None:  # HTTP dates are GMT
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - now).total_seconds())
