"""Fetch a picture from a URL: from allowed hosts, at a pinned address, within limits.

The name is resolved once. The addresses are checked, and the connection goes to one of them, with
the name in Host and in TLS: a name that changes its mind in between changes nothing.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import httpx

from serving.problems import TOO_MANY_BYTES, URL_FAILED, URL_REFUSED, ProblemError
from serving.security.addresses import Address, Network, is_permitted, resolve
from serving.security.places import Place, place_of

Resolve = Callable[[str, int], Awaitable[Sequence[Address]]]

_MOST_REDIRECTS: Final = 3
_MOST_ADDRESSES: Final = 3
_LONGEST_URL: Final = 4096
_HEADERS: Final = {"User-Agent": "celmood", "Accept": "image/*", "Accept-Encoding": "identity"}


class Urls:
    """Fetches pictures of at most `max_bytes`, each within `timeout` seconds."""

    def __init__(
        self,
        places: Sequence[Place],
        *,
        max_bytes: int,
        timeout: float,
        networks: Sequence[Network] = (),
        resolve: Resolve = resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._places = places
        self._max_bytes = max_bytes
        self._timeout = timeout
        self._networks = networks
        self._resolve = resolve
        self._tls = tls or httpx.create_ssl_context()

    async def fetch(self, text: str) -> bytes:
        """The bytes at the URL `text`. Raises ProblemError."""
        url, place = self._allowed(text)
        try:
            async with asyncio.timeout(self._timeout):
                addresses = await self._pinned(place)
                async with self._client() as client:
                    return await self._follow(client, url, place, addresses)
        except TimeoutError as error:
            raise _failed(place, f"did not come within {self._timeout:g} s") from error
        except httpx.HTTPError as error:
            raise _failed(place, f"could not be fetched ({type(error).__name__})") from error

    def _allowed(self, text: str) -> tuple[httpx.URL, Place]:
        if not self._places:
            raise _refused("this gateway takes no URLs; send the picture itself as `image`")
        if len(text) > _LONGEST_URL:
            raise _refused(f"the URL is longer than {_LONGEST_URL:,} characters")
        try:
            url = httpx.URL(text)
        except httpx.InvalidURL as error:
            raise _refused(
                "the URL cannot be read; send one such as https://HOST/PICTURE"
            ) from error
        if url.userinfo:
            raise _refused("the URL has a user name or password in it; send one without")
        place = place_of(url)
        if place is None:
            raise _refused("the URL is none of https; send one such as https://HOST/PICTURE")
        if not any(allowed.holds(place) for allowed in self._places):
            raise _refused(
                f"this gateway takes no pictures from {place}; send the picture itself as "
                "`image`, or ask the operator to allow the host"
            )
        return url, place

    async def _pinned(self, place: Place) -> Sequence[Address]:
        """The addresses to try. One that is forbidden condemns the name: somebody plays with it."""
        try:
            addresses = await self._resolve(place.host, place.port)
        except OSError as error:
            raise _failed(place, "could not be fetched: the name is not known") from error
        if not addresses or not all(is_permitted(a, self._networks) for a in addresses):
            raise _refused(f"{place} leads to an address that is not public")
        return list(dict.fromkeys(addresses))[:_MOST_ADDRESSES]

    def _client(self) -> httpx.AsyncClient:
        """One for each picture: connections are not shared, as they know addresses, not names."""
        return httpx.AsyncClient(
            verify=self._tls, trust_env=False, follow_redirects=False, timeout=self._timeout
        )

    async def _follow(
        self, client: httpx.AsyncClient, url: httpx.URL, place: Place, addresses: Sequence[Address]
    ) -> bytes:
        """Redirects stay with the place that was asked."""
        for _ in range(_MOST_REDIRECTS + 1):
            answer = await self._connected(client, url, place, addresses)
            try:
                if not answer.is_redirect:
                    return await self._read(answer, place)
                url = url.join(answer.headers.get("location", ""))
            except httpx.InvalidURL as error:
                raise _failed(place, "was moved to a place that cannot be read") from error
            finally:
                await answer.aclose()
            if place_of(url) != place or url.userinfo:
                raise _refused(f"{place} sends on to another host; name that one")
        raise _failed(place, "was moved too often")

    async def _connected(
        self, client: httpx.AsyncClient, url: httpx.URL, place: Place, addresses: Sequence[Address]
    ) -> httpx.Response:
        """The head of the answer from the first address that takes a connection."""
        for address in addresses:
            request = client.build_request(
                "GET",
                url.copy_with(host=str(address)),
                headers=_HEADERS | {"Host": url.netloc.decode("ascii")},
                extensions={"sni_hostname": place.host},
            )
            try:
                return await client.send(request, stream=True)
            except httpx.ConnectError:
                if address == addresses[-1]:
                    raise
        raise AssertionError("no addresses")

    async def _read(self, answer: httpx.Response, place: Place) -> bytes:
        if answer.status_code != httpx.codes.OK:
            raise _failed(place, f"could not be fetched (the host answers {answer.status_code})")
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise _failed(place, "came compressed, which was not asked for")
        too_many = ProblemError(
            TOO_MANY_BYTES, f"the limit is {self._max_bytes:,} bytes a picture: name a smaller one"
        )
        declared = answer.headers.get("content-length", "")
        if declared.isdecimal() and len(declared) < 19 and int(declared) > self._max_bytes:
            raise too_many
        data = bytearray()
        async for part in answer.aiter_raw():
            data += part
            if len(data) > self._max_bytes:
                raise too_many
        return bytes(data)


def _refused(detail: str) -> ProblemError:
    return ProblemError(URL_REFUSED, detail)


def _failed(place: Place, what: str) -> ProblemError:
    return ProblemError(URL_FAILED, f"the picture at {place} {what}; send it as `image`")
