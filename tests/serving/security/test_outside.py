"""Where the gateway goes, and where not; with names that lead wherever a test wants."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import pytest

from serving.problems import URL_FAILED, URL_REFUSED, ProblemError
from serving.security.addresses import Address
from serving.security.outside import Outside
from serving.security.places import parse_place


class Names:
    """A resolver that knows one name, and how often it was asked."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = [ipaddress.ip_address(address) for address in addresses]
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[Address]:
        self.asked.append((host, port))
        if host != "pictures.example":
            raise OSError("no such name")
        return self.addresses


def outside(names: Names, *places: str) -> Outside:
    return Outside([parse_place(place) for place in places], timeout=5, resolve=names)


@pytest.mark.parametrize(
    ("places", "url", "told"),
    [
        ((), "https://pictures.example/a.png", "takes no URLs"),
        (("a.example",), "https://pictures.example/a.png", "does not go to"),
        (("pictures.example",), "http://pictures.example/a.png", "does not go to"),
        (("pictures.example",), "https://pictures.example:444/a.png", "does not go to"),
        (("pictures.example",), "https://pictures.example.evil.net/", "does not go to"),
        (("pictures.example",), "https://pictures.example@evil.net/", "user name"),
        (("pictures.example",), "https://u:p@pictures.example/", "user name"),
        (("pictures.example",), "file:///etc/passwd", "none of the web"),
        (("pictures.example",), "https://pictures.example:99999/", "does not go to"),
        (("pictures.example",), "https://pictures.example/\n", "cannot be read"),
        (("pictures.example",), "https://pictures.example/" + "a" * 5000, "longer"),
    ],
)
async def test_urls_that_are_refused_are_not_resolved(
    places: tuple[str, ...], url: str, told: str
) -> None:
    names = Names("93.184.215.14")
    with pytest.raises(ProblemError, match=told) as raised:
        await outside(names, *places).target(url)
    assert raised.value.kind is URL_REFUSED
    assert names.asked == []


@pytest.mark.parametrize(
    "addresses",
    [
        ("127.0.0.1",),
        ("10.0.0.1",),
        ("169.254.169.254",),
        ("::1",),
        ("::ffff:127.0.0.1",),
        ("224.0.0.1",),
        ("93.184.215.14", "10.0.0.1"),
        (),
    ],
)
async def test_names_that_lead_inside_are_refused(addresses: tuple[str, ...]) -> None:
    names = Names(*addresses)
    with pytest.raises(ProblemError, match="not public") as raised:
        await outside(names, "pictures.example").target("https://pictures.example/a.png?key=hush")
    assert raised.value.kind is URL_REFUSED
    assert "hush" not in raised.value.detail


async def test_a_name_that_is_not_known() -> None:
    with pytest.raises(ProblemError) as raised:
        await outside(Names(), "*.example").target("https://nobody.example/a.png?key=hush")
    assert raised.value.kind is URL_FAILED
    assert "hush" not in raised.value.detail


async def test_a_target_has_all_that_was_resolved_at_once() -> None:
    names = Names("93.184.215.14", "93.184.215.14", "2606:4700::1")
    target = await outside(names, "pictures.example").target("https://Pictures.Example/a.png")
    assert [str(address) for address in target.addresses] == ["93.184.215.14", "2606:4700::1"]
    assert names.asked == [("pictures.example", 443)]
    assert str(target.moved("b.png?x").url) == "https://pictures.example/b.png?x"


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.net/a.png",
        "//evil.net/a.png",
        "http://pictures.example/a.png",
        "https://pictures.example:8443/a.png",
        "https://u@pictures.example/a.png",
        "file:///etc/passwd",
        "http://169.254.169.254/",
    ],
)
async def test_a_target_does_not_move_to_another_host(location: str) -> None:
    target = await outside(Names("1.1.1.1"), "*.example", "pictures.example").target(
        "https://pictures.example/a.png"
    )
    with pytest.raises(ProblemError) as raised:
        target.moved(location)
    assert raised.value.kind is URL_REFUSED
