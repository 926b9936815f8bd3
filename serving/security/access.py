"""Who is let in: a key that holds, for a path of its scopes, within its limits.

Without keys the gateway is for this machine: it answers under names of this machine only, and no
page of another site can make a browser ask it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.problems import (
    HOST_REFUSED,
    KEY_REFUSED,
    NO_KEY,
    ORIGIN_REFUSED,
    SCOPE_MISSING,
    ProblemError,
    answer,
)
from serving.security.addresses import one_caller
from serving.security.keys import Key
from serving.security.policies import Policy, policies
from serving.security.rates import Rates, Taken
from serving.security.scopes import WORK, is_open, opens, scope_of
from serving.security.store import Keys
from serving.settings import Settings

KEY_HEADER: Final = "X-API-Key"
_BEARER: Final = "bearer "
_NOT_SERVED: Final = (429, 500, 502, 503, 507)
"""Statuses of which a caller's quota bears nothing. A rate does: it is there against haste."""


@dataclass(frozen=True)
class _Visitor:
    """Who asks, and under which limits. `caller` shares a queue fairly, `counted` is counted."""

    caller: str
    counted: str
    policies: Sequence[Policy] = ()

    @property
    def quotas(self) -> list[Policy]:
        return [policy for policy in self.policies if policy.sort == "quota"]


class Access:
    """ASGI middleware, within `serving.watch.Watch`. Sets `caller` and `key` of the state."""

    def __init__(self, app: ASGIApp, settings: Settings, keys: Keys | None, rates: Rates) -> None:
        self._app = app
        self._settings = settings
        self._keys = keys
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._live(scope, receive, send)
            return
        state: dict[str, Any] = scope.setdefault("state", {})
        visitor: _Visitor | None = None
        try:
            visitor = self._visitor(scope)
            taken = await self._rates.take(visitor.counted, visitor.policies)
        except ProblemError as problem:
            if visitor is not None:
                problem.headers |= await self._rates.headers(visitor.counted, visitor.policies)
            state["outcome"] = problem.kind.slug
            await answer(problem, state.get("request_id", ""))(scope, receive, send)
            return
        state["caller"] = visitor.caller
        state["allowance"] = allowance = Allowance(self._rates, visitor, taken)
        await self._pass_on(visitor, allowance, scope, receive, send)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The whole life of the app."""
        try:
            await self._app(scope, receive, send)
        finally:
            await self._rates.close()

    async def _pass_on(
        self, visitor: _Visitor, allowance: Allowance, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Let the request through. One that the gateway could not serve takes no quota."""
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if status in _NOT_SERVED or allowance.waived:
                    await allowance.give_back()
                left = await self._rates.headers(visitor.counted, visitor.policies)
                MutableHeaders(scope=message).update(left)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception:
            if status == 0:
                await allowance.give_back()
            raise

    def _visitor(self, scope: Scope) -> _Visitor:
        """Raises ProblemError for who is not let in."""
        headers = Headers(scope=scope)
        address = one_caller(scope["client"][0]) if scope.get("client") else "unknown"
        if self._keys is None:
            self._check_neighbour(scope["method"], headers)
            open_to_all = is_open(scope["path"])
            rate, quota = self._settings.rate, self._settings.quota
            limits = () if open_to_all else _policies(scope, rate, quota)
            return _Visitor(address, address, limits)
        if is_open(scope["path"]):
            return _Visitor(address, address)
        key = self._key(headers, self._keys)
        if not opens(key.scopes, scope["path"]):
            needed = scope_of(scope["path"])
            raise ProblemError(
                SCOPE_MISSING,
                f"this key is not for {needed!r}; it is for {', '.join(key.scopes)}",
                extra={"needed": needed, "scopes": list(key.scopes)},
            )
        scope["state"]["key"] = key.id
        rate, quota = key.rate or self._settings.rate, key.quota or self._settings.quota
        return _Visitor(key.tenant, key.id, _policies(scope, rate, quota))

    def _key(self, headers: Headers, keys: Keys) -> Key:
        token = _token(headers)
        challenge = {"WWW-Authenticate": 'Bearer realm="celmood"'}
        if not token:
            raise ProblemError(
                NO_KEY,
                f"send your key as `Authorization: Bearer KEY` or as `{KEY_HEADER}: KEY`",
                headers=challenge,
            )
        key = keys.find(token)
        reason = "is not known" if key is None else key.refusal(datetime.now(UTC))
        if key is None or reason is not None:
            challenge["WWW-Authenticate"] += ', error="invalid_token"'
            told = f"this key {reason}; ask the operator for one that holds"
            raise ProblemError(KEY_REFUSED, told, headers=challenge)
        return key

    def _check_neighbour(self, method: str, headers: Headers) -> None:
        """That no page of another site asks, by its own name or through a browser."""
        host = headers.get("host", "")
        if host and not self._settings.without_keys and not self._is_ours(host):
            raise ProblemError(
                HOST_REFUSED,
                f"without keys this gateway answers under names of its own machine, not {host!r}; "
                "the operator can make keys, or add the name to CELMOOD_HOSTS",
            )
        origin = headers.get("origin")
        if origin is None or method in ("GET", "HEAD", "OPTIONS"):
            return
        known = self._settings.cors_origins
        if origin.partition("://")[2] != host and origin not in known and "*" not in known:
            raise ProblemError(
                ORIGIN_REFUSED,
                f"pages of {origin!r} may not use this gateway; the operator can add the origin "
                "to CELMOOD_CORS_ORIGINS",
            )

    def _is_ours(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return is_loopback(name) or name in self._settings.hosts


class Allowance:
    """What a request takes of its caller's quotas: of routes that do the work of several, more."""

    def __init__(self, rates: Rates, visitor: _Visitor, taken: Taken) -> None:
        self._rates = rates
        self._visitor = visitor
        self._taken = [replace(taken, policies=tuple(visitor.quotas))]
        self.waived = False

    async def take(self, pictures: int) -> None:
        """Count so many pictures more under the caller's quotas, or none. Raises ProblemError."""
        if pictures > 0:
            visitor = self._visitor
            self._taken.append(await self._rates.take(visitor.counted, visitor.quotas, pictures))

    def waive(self) -> None:
        """The request makes no work: its answer will take nothing of the quotas."""
        self.waived = True

    async def give_back(self) -> None:
        """Undo all that was taken."""
        while self._taken:
            await self._rates.give_back(self._taken.pop())


def is_loopback(host: str) -> bool:
    """Whether `host`, a name or an address, is only ever this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _policies(scope: Scope, rate: str | None, quota: str | None) -> tuple[Policy, ...]:
    """A quota counts pictures, so only requests that bring some."""
    is_work = scope["method"] == "POST" and scope_of(scope["path"]) in WORK
    return policies(rate, quota if is_work else None)


def _token(headers: Headers) -> str:
    authorization = headers.get("authorization", "")
    if authorization.lower().startswith(_BEARER):
        return authorization[len(_BEARER) :].strip()
    return headers.get(KEY_HEADER, "").strip()
