from __future__ import annotations

import ipaddress

import pytest

from serving.security.addresses import is_permitted, is_public, one_caller, resolve


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.215.14", "172.32.0.1", "2606:4700::1111", "2a00:1450::5"]
)
def test_the_open_internet(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",  # of providers
        "127.0.0.1",
        "127.8.8.8",
        "169.254.169.254",  # metadata of clouds
        "172.16.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "224.0.1.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b:1::a00:1",
        "100::1",
        "2001:0:7f00:1::",
        "2001:db8::1",
        "2002:7f00:1::",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
    ],
)
def test_everything_else(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


def test_networks_that_an_operator_names() -> None:
    networks = [ipaddress.ip_network("10.1.0.0/16"), ipaddress.ip_network("fd00::/64")]
    assert is_permitted(ipaddress.ip_address("10.1.2.3"), networks)
    assert is_permitted(ipaddress.ip_address("fd00::5"), networks)
    assert not is_permitted(ipaddress.ip_address("10.2.2.3"), networks)
    assert is_permitted(ipaddress.ip_address("1.1.1.1"), networks)


async def test_a_name_of_this_machine() -> None:
    assert all(address.is_loopback for address in await resolve("localhost", 80))


@pytest.mark.parametrize(
    ("address", "caller"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
    ],
)
def test_a_network_of_ipv6_is_one_caller(address: str, caller: str) -> None:
    assert one_caller(address) == caller
