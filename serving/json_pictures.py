"""JSON with pictures in it, in base64: written and read in pieces.

Python's lock is held while one piece of text is made or taken apart, and the event loop waits for
it, in whichever thread that is. So no piece is large. msgspec and orjson, which are made for JSON,
go through a document at once; what is cut out of it here they would hold the lock for.
"""

from __future__ import annotations

import json
import secrets
from typing import Any, Final

import pybase64

PIECE: Final = 2**20
"""Bytes of a piece of base64; a multiple of 4."""

_RAW: Final = PIECE // 4 * 3
_LONG: Final = 2**16
"""Strings of so many bytes are cut out of JSON that is read."""
_LONGEST_REST: Final = 2**20
"""Bytes of JSON that is read, without what is cut out of it; they are read at once."""
_QUOTES_A_VALUE: Final = 4
"""Around a name and a text."""
_MOST_BACKSLASHES: Final = 1024
"""In a row."""
_LONGEST_ESCAPE: Final = 6
_PADDING: Final = ord("=")


def written(value: object) -> list[bytes]:
    """The JSON of `value` in pieces; bytes in it become base64."""
    pictures: list[bytes] = []
    mark = secrets.token_hex(16)

    def leave_out(picture: object) -> str:
        if not isinstance(picture, bytes):
            raise TypeError(f"{type(picture).__name__} is not for JSON")
        pictures.append(picture)
        return mark

    text = json.dumps(value, separators=(",", ":"), allow_nan=False, default=leave_out)
    head, *rest = text.encode().split(mark.encode())
    pieces = [head]
    for picture, after in zip(pictures, rest, strict=True):
        pieces += [
            pybase64.b64encode(picture[place : place + _RAW])
            for place in range(0, len(picture), _RAW)
        ]
        pieces.append(after)
    return pieces


class BeyondLimitsError(ValueError):
    """A JSON document that nobody needs; the message says what it has."""


def raw(text: str | memoryview) -> bytes:
    """The bytes of which `text` is the base64. Raises ValueError.

    A memoryview is of text as it stands in JSON: PHP writes `\\/` there, and .NET `\\u002B`.
    """
    if isinstance(text, str):
        return _decoded(memoryview(text.encode("ascii")))
    try:
        return _decoded(text)
    except ValueError:
        return _decoded(_without_escapes(text))


def parsed(text: bytes, most_values: int) -> Any:
    """What the JSON document `text` says.

    A long string is left as it stands there, as a memoryview; it has to be a member of the object
    that the document is. Raises BeyondLimitsError for more than `most_values`, or much beside such
    strings; ValueError, and RecursionError.
    """
    short, long = _cut(text, most_values)
    if sum(short.count(mark) for mark in (b",", b"[", b"{")) > most_values:
        raise _too_many(most_values)
    value = json.loads(short)
    if not long:
        return value
    members = value.items() if isinstance(value, dict) else ()
    left = {name: long[word] for name, word in members if isinstance(word, str) and word in long}
    if len(left) < len(long):
        raise BeyondLimitsError("has a long text where no picture belongs, or a picture twice")
    return value | left


def _decoded(view: memoryview) -> bytes:
    parts = [view[place : place + PIECE] for place in range(0, len(view), PIECE)]
    if any(part[-1] == _PADDING for part in parts[:-1]):
        raise ValueError("padding before the end")
    return b"".join([pybase64.b64decode(part, validate=True) for part in parts])


def _without_escapes(view: memoryview) -> memoryview:
    """What the string in JSON says. Raises ValueError."""
    pieces, place = [], 0
    while place < len(view):
        piece = bytes(view[place : place + PIECE])
        cut = piece.rfind(b"\\", -_LONGEST_ESCAPE)
        if cut > 0 and place + len(piece) < len(view):  # the escape may go on in the next piece
            piece = piece[:cut]
        pieces.append(json.loads(b'"%b"' % piece).encode("ascii"))
        place += len(piece)
    return memoryview(b"".join(pieces))


def _cut(text: bytes, most_values: int) -> tuple[bytes, dict[str, memoryview]]:
    """`text` with a name in place of each long string, and these strings by their names."""
    pieces = range(0, len(text), PIECE)
    if sum(text.count(b'"', at, at + PIECE) for at in pieces) > _QUOTES_A_VALUE * most_values:
        raise _too_many(most_values)
    view, word = memoryview(text), secrets.token_hex(16)
    kept: list[bytes | memoryview] = []
    long: dict[str, memoryview] = {}
    place = done = 0
    while (begin := _find(text, b'"', place) + 1) and (end := _end(text, begin)) >= 0:
        if end - begin >= _LONG:
            name = f"{word}{len(long)}"
            long[name] = view[begin:end]
            kept += [view[done:begin], name.encode()]
            done = end
        place = end + 1
    if len(text) - sum(map(len, long.values())) > _LONGEST_REST:
        raise BeyondLimitsError(f"has more than {_LONGEST_REST:,} bytes beside its pictures")
    return b"".join([*kept, view[done:]]), long


def _end(text: bytes, begin: int) -> int:
    """Where the string that begins there ends; -1 where it does not, or nobody would write it."""
    end = _find(text, b'"', begin)
    while end >= 0:
        before = text[max(begin, end - _MOST_BACKSLASHES) : end]
        backslashes = len(before) - len(before.rstrip(b"\\"))
        if backslashes == _MOST_BACKSLASHES:
            return -1
        if backslashes % 2 == 0:
            return end
        end = _find(text, b'"', end + 1)
    return -1


def _too_many(most_values: int) -> BeyondLimitsError:
    return BeyondLimitsError(f"has more than {most_values:,} values")


def _find(text: bytes, mark: bytes, begin: int) -> int:
    """`text.find`, of one byte, in pieces."""
    for at in range(begin, len(text), PIECE):
        found = text.find(mark, at, at + PIECE)
        if found >= 0:
            return found
    return -1
