"""Conditional requests: the tag of a result, known before any model has run.

The same picture, wishes, models and software give the same result. So the tag is a digest of those,
and who has that result already is told so (304) without work. RFC 9110, sections 8.8.3 and 13.1.2;
the POST requests here change nothing, so they are answered as GET is.
"""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Final, cast

from fastapi import Depends, Request
from fastapi.responses import Response

from contract.card import Card
from serving.fields import PICTURES, FacesFields
from serving.pipeline import Pipeline

_SOFTWARE: Final = (
    "celmood-server",
    "isal",
    "numpy",
    "onnxruntime",
    "opencv-python-headless",
    "pillow",
)
"""What else than models and wishes decides over the bytes of a result."""
_SETTINGS: Final = {"engine", "finder", "finder_threshold", "max_faces", "model"}
KEPT: Final = {"Cache-Control": "private, no-cache"}
"""The caller may keep the answer, and asks whether it still holds."""


class Tags:
    """Makes the tags of the results of one pipeline."""

    def __init__(self, pipeline: Pipeline) -> None:
        settings = pipeline.settings
        self._engine = pipeline.engine
        self._weak = settings.engine == "triton"  # what it runs on, and so the last bit, may change
        self._cards: dict[str, tuple[Card, str]] = {}
        self._fixed = json.dumps(
            [[_version(name) for name in _SOFTWARE], settings.model_dump(include=_SETTINGS)]
        )

    def tag(self, call: str, fields: FacesFields, *, exact: bool) -> str:
        """The tag of the result of `call`; strong where the bytes are `exact`ly the same again.

        Digests the pictures: for the largest that is some 20 ms of work.
        """
        wishes = fields.model_dump(exclude=set(PICTURES))
        models = [self._digest(name, card) for name, card in sorted(self._engine.cards().items())]
        pictures = [hashlib.sha256(picture).hexdigest() for picture in _pictures(fields)]
        known = [self._fixed, call, exact, wishes, models, pictures]
        digest = hashlib.sha256(json.dumps(known).encode()).hexdigest()
        return tag_of(digest, strong=exact and not self._weak)

    def _digest(self, name: str, card: Card) -> str:
        known = self._cards.get(name)
        if known is None or known[0] is not card:
            known = card, hashlib.sha256(card.model_dump_json().encode()).hexdigest()
            self._cards[name] = known
        return known[1]


def _pictures(fields: FacesFields) -> list[bytes]:
    return [getattr(fields, name, None) or b"" for name in PICTURES]


def tag_of(digest: str, *, strong: bool = True) -> str:
    """`digest` as the value of ETag."""
    return f'"{digest}"' if strong else f'W/"{digest}"'


def has(request: Request, tag: str) -> bool:
    """Whether the caller says in If-None-Match that it has the result with this tag."""
    given = request.headers.get("if-none-match", "")
    held = {each.strip().removeprefix("W/") for each in given.split(",")}
    return tag.removeprefix("W/") in held or (request.method == "GET" and "*" in held)


def not_modified(tag: str) -> Response:
    """The answer to who has the result."""
    return Response(status_code=304, headers={"ETag": tag, **KEPT})


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "0"


async def _of(request: Request) -> Tags:  # a plain one would take a thread
    return cast(Tags, request.app.state.tags)


TheTags = Annotated[Tags, Depends(_of)]
