"""JSON with pictures in it, in base64: written and read in pieces.

Python's lock is held while one piece of text is made or taken apart, and the event loop waits for
it, in whichever thread that is. So no piece is large.
"""

from __future__ import annotations

import binascii
import json
import secrets
from typing import Final

PIECE: Final = 2**20
"""Bytes of a piece of base64; a multiple of 4."""

_RAW: Final = PIECE // 4 * 3
_LONG: Final = 2**16
"""Strings of so many bytes are cut out of JSON that is read."""


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
            binascii.b2a_base64(picture[place : place + _RAW], newline=False)
            for place in range(0, len(picture), _RAW)
        ]
        pieces.append(after)
    return pieces
