from __future__ import annotations

import httpx
import pytest

from serving.security.places import Place, parse_place, place_of


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("pictures.example.org", Place("https", "pictures.example.org", 443)),
        ("Pictures.Example.org", Place("https", "pictures.example.org", 443)),
        ("*.example.org", Place("https", "*.example.org", 443)),
        ("example.org:8443", Place("https", "example.org", 8443)),
        ("http://minio:9000", Place("http", "minio", 9000)),
        ("http://*.minio/", Place("http", "*.minio", 80)),
        ("bücher.example", Place("https", "xn--bcher-kva.example", 443)),
    ],
)
def test_places_as_operators_name_them(text: str, place: Place) -> None:
    assert parse_place(text) == place


@pytest.mark.parametrize(
    "text",
    ["", "*", "*.*.org", "a.*.org", "https://", "ftp://a.org", "a.org/path", "a.org?q", "u@a.org"],
)
def test_what_is_no_place(text: str) -> None:
    with pytest.raises(ValueError, match="no host"):
        parse_place(text)


@pytest.mark.parametrize(
    ("allowed", "url", "held"),
    [
        ("a.org", "https://a.org/x", True),
        ("a.org", "https://A.ORG:443/x", True),
        ("a.org", "http://a.org/x", False),
        ("a.org", "https://a.org:8443/x", False),
        ("a.org", "https://b.a.org/x", False),
        ("a.org", "https://a.org.evil.net/x", False),
        ("*.a.org", "https://b.a.org/x", True),
        ("*.a.org", "https://c.b.a.org/x", True),
        ("*.a.org", "https://a.org/x", False),
        ("*.a.org", "https://eviland.org/x", False),
        ("*.a.org", "https://evila.org/x", False),
        ("http://a.org:81", "http://a.org:81/x", True),
    ],
)
def test_which_urls_a_place_holds(allowed: str, url: str, held: bool) -> None:
    place = place_of(httpx.URL(url))
    assert place is not None
    assert parse_place(allowed).holds(place) is held


@pytest.mark.parametrize("url", ["file:///etc/passwd", "gopher://a.org", "a.org/x", "", "https:x"])
def test_what_is_no_web_address(url: str) -> None:
    assert place_of(httpx.URL(url)) is None
