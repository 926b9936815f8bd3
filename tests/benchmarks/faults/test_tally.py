from __future__ import annotations

import httpx
import pytest

from benchmarks.faults.tally import Tally, png_size
from tests.pictures import encoded, scene

PICTURE = encoded(scene())
SIZE = png_size(PICTURE) or (0, 0)


def problem(status: int, slug: str, **headers: str) -> httpx.Response:
    body = {"type": f"urn:celmood:problem:{slug}"}
    return httpx.Response(status, json=body, headers=headers)


def test_the_size_of_a_png_that_came_whole() -> None:
    height, width = scene().shape[:2]
    assert png_size(PICTURE) == (width, height)
    assert png_size(PICTURE[:-1]) is None
    assert png_size(b"{}") is None


@pytest.mark.parametrize(
    ("response", "counted"),
    [
        (httpx.Response(200, content=PICTURE), "answered"),
        (problem(503, "busy", **{"Retry-After": "1"}), "refused"),
        (problem(429, "over-share", **{"Retry-After": "2"}), "refused"),
        (problem(503, "engine-unavailable", **{"Retry-After": "1"}), "given_back"),
        (problem(504, "timeout"), "given_back"),
    ],
)
def test_what_becomes_of_a_request(response: httpx.Response, counted: str) -> None:
    tally = Tally("a fault", "requests")
    assert tally.count(response, SIZE) == (counted == "answered")
    assert getattr(tally, counted) == 1
    assert (tally.sent, tally.accepted) == (1, int(counted != "refused"))
    assert tally.lost == []


@pytest.mark.parametrize(
    ("response", "how"),
    [
        (httpx.Response(200, content=PICTURE[:-9]), "not the picture"),
        (httpx.Response(200, content=encoded(scene()[1:])), "not the picture"),
        (problem(500, "internal-error"), "500 internal-error"),
        (problem(502, "engine-failed"), "502 engine-failed"),
        (problem(503, "busy"), "503 busy"),
        (problem(503, "engine-unavailable"), "503 engine-unavailable"),
    ],
)
def test_all_else_is_lost(response: httpx.Response, how: str) -> None:
    tally = Tally("a fault", "requests")
    assert not tally.count(response, SIZE)
    assert how in tally.lost[0]
    assert (tally.sent, tally.accepted, len(tally.lost)) == (1, 1, 1)
