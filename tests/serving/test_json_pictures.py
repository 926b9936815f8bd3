from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest

from serving.json_pictures import PIECE, BeyondLimitsError, parsed, raw, written

NOISE = np.random.default_rng(0).bytes(3 * PIECE + 1)


@pytest.mark.parametrize("size", [0, 1, 2, 3, PIECE // 4 * 3, PIECE // 4 * 3 + 1, len(NOISE)])
def test_bytes_are_written_as_base64_in_pieces(size: int) -> None:
    picture = NOISE[:size]
    pieces = written({"a": [1.5, None, 'x"é'], "image": picture, "b": {"image": b"abc"}})
    assert max(map(len, pieces)) <= PIECE
    assert json.loads(b"".join(pieces)) == {
        "a": [1.5, None, 'x"é'],
        "image": base64.b64encode(picture).decode(),
        "b": {"image": "YWJj"},
    }


def test_json_without_pictures_is_one_piece() -> None:
    assert written({"a": 1, "b": [2]}) == [b'{"a":1,"b":[2]}']


@pytest.mark.parametrize("value", [object(), float("nan"), {1, 2}])
def test_what_is_not_for_json(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        written({"a": value})


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, PIECE // 4 * 3, PIECE // 4 * 3 + 1, len(NOISE)])
def test_base64_is_read_in_pieces(size: int) -> None:
    text = base64.b64encode(NOISE[:size])
    assert raw(text.decode()) == raw(memoryview(text)) == NOISE[:size]


@pytest.mark.parametrize(
    "wrong",
    [
        "a",
        "ab==cd==",
        "abc d",
        "abc\n",
        "ab-_",
        "\u00e9abc",
        "A" * (PIECE - 2) + "==AAAA",
        "A" * PIECE + "=",
        "A" * PIECE + "A",
    ],
    ids=str.__len__,
)
def test_what_is_no_base64(wrong: str) -> None:
    with pytest.raises(ValueError):
        raw(wrong)


LONG = base64.b64encode(NOISE).decode()


def restored(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: restored(each) for name, each in value.items()}
    return json.loads(b'"%b"' % bytes(value)) if isinstance(value, memoryview) else value


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        (json.dumps({"image": LONG, "a": 'x"y\\', "reference": LONG[:80_000]}), 2),
        (json.dumps({"image": LONG}, indent=2), 1),
        (json.dumps({"a\\": "\\\\", "image": LONG}), 1),
        (json.dumps({"image": LONG[:100]}), 0),
        (json.dumps({"image": LONG}).replace("/", "\\/"), 1),
        (json.dumps({"a": [1, {"b": LONG[:60_000]}]}), 0),
        (json.dumps({LONG[:60_000]: 1}), 0),
        (json.dumps([LONG[:60_000]]), 0),
        (json.dumps(LONG[:60_000]), 0),
        (f'{{"image": "{LONG[:9]}", "image": "{LONG}"}}', 1),
        (json.dumps({"a": "\\" * 5000, "image": LONG[:60_000]}), 0),
        (json.dumps({"image": LONG, "a": "\u00e9\u2028,[{"}, ensure_ascii=False), 1),
    ],
    ids=[
        "two pictures",
        "blanks",
        "backslashes",
        "short",
        "escaped slashes",
        "deeper",
        "name",
        "list",
        "text",
        "twice",
        "many backslashes",
        "not ASCII",
    ],
)
def test_reading_says_what_json_says(text: str, cut: int) -> None:
    value = parsed(text.encode(), 100)
    views = [each for each in value.values() if isinstance(each, memoryview)] if cut else []
    assert len(views) == cut
    assert restored(value) == json.loads(text)


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b'"', b'{"image": "' + LONG.encode(), b'{"a": "\\"}', LONG.encode(), b"\xff"],
    ids=bytes.__len__,
)
def test_what_is_no_json(text: bytes) -> None:
    with pytest.raises(ValueError):
        parsed(text, 100)


@pytest.mark.parametrize("text", [b"[" + b"1," * 101 + b"1]", b"{" + b'"":"",' * 101, b'""' * 201])
def test_what_has_too_many_values(text: bytes) -> None:
    with pytest.raises(BeyondLimitsError):
        parsed(text, 100)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (json.dumps({"a": {"image": LONG}}), "long text"),
        (json.dumps({"image": LONG, "a": [LONG]}), "long text"),
        (json.dumps({LONG: 1}), "long text"),
        (json.dumps([LONG]), "long text"),
        (json.dumps(LONG), "long text"),
        (f'{{"image": "{LONG}", "image": "{LONG[::-1]}"}}', "twice"),
        ('{"a": 0.' + "1" * 2**20 + "}", "beside its pictures"),
        ("{" + " " * 2**20 + '"a": 1}', "beside its pictures"),
        (json.dumps({"a": "\\" * 5000, "image": LONG}), "beside its pictures"),
        (json.dumps({"image": LONG, **{str(n): "a" * 60_000 for n in range(18)}}), "beside its"),
    ],
    ids=["deeper", "one deeper", "name", "list", "text", "twice", "digits", "blanks", "\\", "many"],
)
def test_nothing_large_is_read_at_once(text: str, told: str) -> None:
    """Nobody would be answered meanwhile."""
    with pytest.raises(BeyondLimitsError, match=told):
        parsed(text.encode(), 100)


@pytest.mark.parametrize("shift", range(7))
@pytest.mark.parametrize(
    ("plain", "escaped"), [("/", r"\/"), ("+", r"\u002B"), ("=", r"\u003d")], ids=repr
)
def test_base64_may_have_escapes(plain: str, escaped: str, shift: int) -> None:
    """Wherever a piece ends."""
    data = bytes(shift) + NOISE[: 2 * PIECE]
    text = json.dumps({"image": base64.b64encode(data).decode()}).replace(plain, escaped)
    assert raw(parsed(text.encode(), 100)["image"]) == data
    dense = (b"\xff" * 3 * (PIECE // 2))[: -1 - shift]
    view = memoryview(base64.b64encode(dense).replace(plain.encode(), escaped.encode()))
    assert raw(view) == dense


@pytest.mark.parametrize("wrong", [r"\\", r"\x", r"\u00e9", r"\ud83d\ude00", '"', r"\u00", "\\"])
def test_escapes_that_are_none_of_base64(wrong: str) -> None:
    for size in (0, PIECE - 4, PIECE):
        with pytest.raises(ValueError):
            raw(memoryview(b"A" * size + wrong.encode() + b"A" * 8))


def test_values_are_not_counted_in_long_strings() -> None:
    text = json.dumps({"image": "," * 100_000})
    assert restored(parsed(text.encode(), 100)) == json.loads(text)
