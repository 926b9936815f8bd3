"""The lines of a batch: split from a body as it comes, checked, and their results as JSON.

A line is an object with the fields of its `call` (`expressions` by default, or `faces`) and, if
the caller likes, an `id` that comes back with the result.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable
from dataclasses import dataclass
from typing import Any, Final

from serving.calls import CALLS, EXPRESSIONS, Answer, PictureCall
from serving.fields import FacesFields, from_json, object_of
from serving.json_pictures import PIECE, written
from serving.problems import INVALID_FIELD, ProblemError, body_of

_LONGEST_ID: Final = 128


class LineTooLongError(ValueError):
    """The line `number` has more bytes than one may have."""

    def __init__(self, number: int) -> None:
        super().__init__(f"line {number} has too many bytes")
        self.number = number


@dataclass(frozen=True)
class Line:
    """A line that can be worked on."""

    call: PictureCall[Any]
    id: str | None
    fields: FacesFields


def read_line(text: bytes) -> Line:
    """The line `text`, checked as far as it can be without looking at the picture.

    Raises ProblemError.
    """
    values = object_of(text, "line")
    id = values.pop("id", None)
    if id is not None and not (isinstance(id, str) and len(id) <= _LONGEST_ID):
        raise _invalid("id", f"a text of at most {_LONGEST_ID} characters")
    name = values.pop("call", EXPRESSIONS.name)
    if not isinstance(name, str) or name not in CALLS:
        raise _invalid("call", f"one of {', '.join(CALLS)}")
    call = CALLS[name]
    return Line(call, id, from_json(values, call.fields))


def write_line(call: PictureCall[Any], fields: FacesFields) -> bytes:
    """The line that asks for `call` with `fields`."""
    return _json({"call": call.name, **fields.model_dump(exclude_unset=True)})


async def split(
    parts: AsyncIterable[bytes], longest: int
) -> AsyncGenerator[tuple[int, bytes], None]:
    """The lines of a body with their numbers, from 1; those with nothing in them are left out.

    Raises LineTooLongError above `longest` bytes.
    """
    begun: list[bytes] = []
    size, number = 0, 1
    async for part in parts:
        *ends, rest = part.split(b"\n")
        for end in ends:
            if size or not _is_empty(end):
                line = await _line([*begun, end], size + len(end), longest, number)
                if not _is_empty(line):
                    yield number, line
                begun, size = [], 0
            number += 1
        begun.append(rest)
        size += len(rest)
        if size > longest:
            raise LineTooLongError(number)
    line = await _line(begun, size, longest, number)
    if not _is_empty(line):
        yield number, line


async def _line(parts: list[bytes], size: int, longest: int, number: int) -> bytes:
    if size > longest:
        raise LineTooLongError(number)
    if size <= PIECE:
        return b"".join(parts)
    return await asyncio.to_thread(b"".join, parts)


def _is_empty(line: bytes) -> bool:
    return not line or line.isspace()


def answered(number: int, id: str | None, answer: Answer) -> bytes:
    """The result of a line that was done."""
    return _json({"line": number, "id": id, "status": 200, "answer": answer})


def refused(number: int, id: str | None, problem: ProblemError, request_id: str) -> bytes:
    """The result of a line that could not be done."""
    told = body_of(problem, request_id)
    return _json({"line": number, "id": id, "status": problem.kind.status, "problem": told})


def _invalid(field: str, wanted: str) -> ProblemError:
    message = f"{field}: {wanted}"
    return ProblemError(
        INVALID_FIELD, message, extra={"errors": [{"field": field, "message": message}]}
    )


def _json(value: object) -> bytes:
    return b"".join(written(value))
