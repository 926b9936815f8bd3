"""Addresses of the network: where a URL may lead, what a name resolves to, who is one caller."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_SPECIAL: Final[Sequence[Network]] = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",  # for protocols
        "192.88.99.0/24",  # relays of 6to4
        "::/96",  # holds IPv4 addresses, as do all below: so private ones too
        "::ffff:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2001::/32",
        "2002::/16",
    )
)
"""Networks of special use that not every release of Python counts as such."""


def is_public(address: Address) -> bool:
    """Whether `address` is one of the open internet: one host, of no special use."""
    if isinstance(address, ipaddress.IPv6Address) and address.is_site_local:
        return False
    odd = address.is_multicast or address.is_reserved or not address.is_global
    return not odd and not any(address in network for network in _SPECIAL)


def is_permitted(address: Address, networks: Sequence[Network]) -> bool:
    """Whether `address` is public, or in one of `networks`, which the operator has named."""
    return is_public(address) or any(address in network for network in networks)


async def resolve(host: str, port: int) -> list[Address]:
    """The addresses of `host`, the preferred first. Raises OSError where there are none."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(str(place[0]).partition("%")[0]) for *_, place in found]


def one_caller(address: str) -> str:
    """Who is counted as one where nothing but an address is known; what is no address stays.

    A home or a machine has a whole /64 of IPv6, from which it could send each request anew.
    """
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv4Address):
        return address
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ipaddress.IPv6Network((known.packed[:8] + bytes(8), 64)))
