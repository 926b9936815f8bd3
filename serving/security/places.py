"""Hosts that pictures may be fetched from, as an operator names them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import httpx

_PORTS: Final[Mapping[str, int]] = {"https": 443, "http": 80}


@dataclass(frozen=True)
class Place:
    """A host at a port, in ASCII; with a leading `*.` every host below it."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"

    def holds(self, other: Place) -> bool:
        """Whether `other` is this place."""
        if (self.scheme, self.port) != (other.scheme, other.port):
            return False
        if self.host.startswith("*."):
            return other.host.endswith(self.host[1:])
        return self.host == other.host


def place_of(url: httpx.URL) -> Place | None:
    """Where `url` leads; None for what is no web address."""
    host = url.raw_host.decode("ascii").lower()
    if url.scheme not in _PORTS or not host:
        return None
    return Place(url.scheme, host, url.port or _PORTS[url.scheme])


def parse_place(text: str) -> Place:
    """The place in `text`: `HOST`, `*.HOST` or `HOST:PORT` for https, else `http://HOST`.

    Raises ValueError.
    """
    whole = text if "://" in text else f"https://{text}"
    try:
        url = httpx.URL(whole.replace("://*.", "://", 1))
    except httpx.InvalidURL:
        url = httpx.URL()
    place = place_of(url)
    if place is None or "*" in place.host or url.raw_path != b"/" or url.userinfo or url.fragment:
        raise ValueError(f"{text!r} is no host; write one such as pictures.example.org")
    return Place(place.scheme, f"*.{place.host}", place.port) if "://*." in whole else place
