"""The way out of the gateway: to hosts that the operator allows, at addresses that are public.

A name is resolved once. Its addresses are checked, and the connection goes to one of them, with the
name in Host and in TLS: a name that changes its mind in between changes nothing. What is sent and
what comes back is left to others.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import httpx

from serving.problems import URL_FAILED, URL_REFUSED, ProblemError
from serving.security.addresses import Address, Network, is_permitted, resolve
from serving.security.places import Place, place_of

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]

_MOST_ADDRESSES: Final = 3
_LONGEST_URL: Final = 4096


@dataclass(frozen=True)
class Target:
    """A URL that may be asked, and the addresses that its host has."""

    url: httpx.URL
    place: Place
    addresses: Sequence[Address]

    def moved(self, location: str) -> Target:
        """Where a redirect leads. Raises ProblemError for another host than this."""
        try:
            url = self.url.join(location)
        except httpx.InvalidURL as error:
            raise failed(self.place, "was moved to a place that cannot be read") from error
        if place_of(url) != self.place or url.userinfo:
            raise _refused(f"{self.place} sends on to another host; name that one")
        return Target(url, self.place, self.addresses)


class Outside:
    """Connects to `places`, whose addresses are public or in `networks`.

    `timeout` is in seconds, for each step of a connection; limits of the whole are the caller's.
    """

    def __init__(
        self,
        places: Sequence[Place],
        *,
        timeout: float,
        networks: Sequence[Network] = (),
        resolve: Resolve = resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._places = places
        self._timeout = timeout
        self._networks = networks
        self._resolve = resolve
        self._tls = tls or (httpx.create_ssl_context() if places else True)

    def check(self, text: str) -> tuple[httpx.URL, Place]:
        """The URL `text`, if it may be asked at all; resolves nothing. Raises ProblemError."""
        if not self._places:
            raise _refused("this gateway takes no URLs; send the picture itself as `image`")
        if len(text) > _LONGEST_URL:
            raise _refused(f"the URL is longer than {_LONGEST_URL:,} characters")
        try:
            url = httpx.URL(text)
        except httpx.InvalidURL as error:
            raise _refused("the URL cannot be read; write one such as https://HOST/PATH") from error
        if url.userinfo:
            raise _refused("the URL has a user name or password in it; send one without")
        place = place_of(url)
        if place is None:
            raise _refused("the URL is none of the web; write one such as https://HOST/PATH")
        if not any(allowed.holds(place) for allowed in self._places):
            raise _refused(f"this gateway does not go to {place}; the operator can allow the host")
        return url, place

    async def target(self, text: str) -> Target:
        """The URL `text` with the addresses of its host, resolved now. Raises ProblemError.

        One address that is forbidden condemns the name: somebody plays with it.
        """
        url, place = self.check(text)
        try:
            addresses = await self._resolve(place.host, place.port)
        except OSError as error:
            raise failed(place, "cannot be fetched: the name is not known") from error
        if not addresses or not all(is_permitted(a, self._networks) for a in addresses):
            raise _refused(f"{place} leads to an address that is not public")
        return Target(url, place, list(dict.fromkeys(addresses))[:_MOST_ADDRESSES])

    @asynccontextmanager
    async def answer(
        self,
        method: str,
        target: Target,
        headers: Mapping[str, str],
        content: bytes | None = None,
    ) -> AsyncGenerator[httpx.Response, None]:
        """The head of the answer, to be read within the block. Raises httpx.HTTPError.

        No redirect is followed, and no connection is kept: it knows an address, not a name.
        """
        async with httpx.AsyncClient(
            verify=self._tls, trust_env=False, follow_redirects=False, timeout=self._timeout
        ) as client:
            response = await _sent(client, method, target, headers, content)
            try:
                yield response
            finally:
                await response.aclose()


async def _sent(
    client: httpx.AsyncClient,
    method: str,
    target: Target,
    headers: Mapping[str, str],
    content: bytes | None,
) -> httpx.Response:
    """The answer of the first address that takes a connection."""
    for address in target.addresses:
        request = client.build_request(
            method,
            target.url.copy_with(host=str(address)),
            headers={**headers, "Host": target.url.netloc.decode("ascii")},
            content=content,
            extensions={"sni_hostname": target.place.host},
        )
        try:
            return await client.send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            if address == target.addresses[-1]:
                raise
    raise AssertionError("a target has an address")


def failed(place: Place, what: str) -> ProblemError:
    """The problem that what is at `place` did not come. Its path may hold what is secret."""
    return ProblemError(URL_FAILED, f"what is at {place} {what}")


def _refused(detail: str) -> ProblemError:
    return ProblemError(URL_REFUSED, detail)
