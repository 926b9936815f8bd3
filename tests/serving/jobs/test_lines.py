from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, Iterable

import pytest

from serving.answers import FacesAnswer
from serving.calls import EXPRESSIONS, FACES
from serving.fields import ExpressionFields
from serving.jobs.lines import LineTooLongError, answered, read_line, refused, split, write_line
from serving.json_pictures import PIECE
from serving.problems import NOT_READY, ProblemError

IMAGE = base64.b64encode(b"picture").decode()


async def stream(parts: Iterable[bytes]) -> AsyncGenerator[bytes, None]:
    for part in parts:
        yield part


async def lines_of(*parts: bytes, longest: int = 100) -> list[tuple[int, bytes]]:
    return [line async for line in split(stream(parts), longest)]


async def test_lines_are_found_wherever_the_parts_end() -> None:
    body = b"one\n\n \r\ntwo\r\nthree"
    whole = [(1, b"one"), (4, b"two\r"), (5, b"three")]
    assert await lines_of(body) == whole
    assert await lines_of(*(body[n : n + 1] for n in range(len(body)))) == whole
    assert await lines_of(body[:4], b"", body[4:]) == whole
    assert await lines_of(b"one\n") == [(1, b"one")]
    assert await lines_of(b"\n" * 1000, b"\n" * 1000 + b"one") == [(2001, b"one")]
    assert await lines_of() == await lines_of(b" ", b" ") == []


async def test_a_long_line_is_put_together_elsewhere() -> None:
    """The event loop has others to answer meanwhile."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    watching = asyncio.create_task(others())
    half = b"a" * (PIECE // 2)
    assert await lines_of(half, half, longest=PIECE) == [(1, half + half)]
    assert turns == 0
    assert await lines_of(half, half, b"a", longest=2 * PIECE) == [(1, half + half + b"a")]
    assert turns > 0
    watching.cancel()


@pytest.mark.parametrize(
    ("parts", "number"),
    [
        ((b"12345",), 1),
        ((b"123", b"45"), 1),
        ((b"12345\n",), 1),
        ((b"1\n\n123", b"45"), 3),
        ((b"1\n123", b"45\n"), 2),
        ((b"1\n", b"     "), 2),
    ],
)
async def test_a_line_that_is_too_long_is_not_gathered(
    parts: tuple[bytes, ...], number: int
) -> None:
    assert await lines_of(b"1234\n1234", longest=4) == [(1, b"1234"), (2, b"1234")]
    with pytest.raises(LineTooLongError) as raised:
        await lines_of(*parts, longest=4)
    assert raised.value.number == number


def test_a_line_has_the_fields_of_its_call() -> None:
    line = read_line(json.dumps({"image": IMAGE, "expression": "sad", "id": "a"}).encode())
    assert (line.call, line.id) == (EXPRESSIONS, "a")
    assert isinstance(line.fields, ExpressionFields)
    assert (line.fields.image, line.fields.expression) == (b"picture", "sad")
    line = read_line(json.dumps({"image": IMAGE, "call": "faces"}).encode())
    assert (line.call, line.id) == (FACES, None)


def test_a_line_can_be_written_and_read() -> None:
    wishes = {"image": b"picture", "expression": {"blush": 0.5}, "faces": [(1, 2, 30, 40)]}
    for fields in (wishes, {"image": b"picture", "reference": b"other", "quality": 5}):
        asked = ExpressionFields.model_validate(fields)
        line = read_line(write_line(EXPRESSIONS, asked))
        assert (line.call, line.fields) == (EXPRESSIONS, asked)


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("{", "malformed-body"),
        ("[1]", "malformed-body"),
        ("[" * 100_000, "malformed-body"),
        ('{"expression": "sad"}', "no-picture"),
        (json.dumps({"image": IMAGE}), "invalid-field"),
        (json.dumps({"image": IMAGE, "call": "paint"}), "invalid-field"),
        (json.dumps({"image": IMAGE, "call": {}}), "invalid-field"),
        (json.dumps({"image": IMAGE, "call": "faces", "id": 7}), "invalid-field"),
        (json.dumps({"image": IMAGE, "call": "faces", "id": "x" * 129}), "invalid-field"),
        (json.dumps({"image": IMAGE, "call": "faces", "expression": "sad"}), "unknown-field"),
    ],
)
def test_a_line_that_cannot_be_used_is_a_problem(text: str, slug: str) -> None:
    with pytest.raises(ProblemError) as raised:
        read_line(text.encode())
    assert raised.value.kind.slug == slug


def test_results_say_which_line_they_are_of() -> None:
    answer: FacesAnswer = {"width": 4, "height": 3, "faces": [], "timings": {}}
    assert json.loads(answered(7, "a", answer)) == {
        "line": 7,
        "id": "a",
        "status": 200,
        "answer": answer,
    }
    result = json.loads(refused(8, None, ProblemError(NOT_READY, "wait"), "r"))
    assert (result["line"], result["id"], result["status"]) == (8, None, 503)
    assert result["problem"]["type"] == "urn:celmood:problem:not-ready"
    assert result["problem"]["request_id"] == "r"
