"""The OpenAPI document, completed with what holds for all routes: keys, the request's id, problems.

What a route takes and answers it says itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final

from fastapi import FastAPI
from pydantic import TypeAdapter

from serving.answers import ProblemAnswer
from serving.security.access import KEY_HEADER
from serving.security.scopes import is_open
from serving.watch import REQUEST_ID

_FRAMEWORK: Final = "HTTPValidationError"
"""How the framework would say what is wrong with a request; here that is a problem."""

_KEYS: Final = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "a key of this gateway"},
    "header": {"type": "apiKey", "in": "header", "name": KEY_HEADER},
}
_HEADERS: Final = {
    REQUEST_ID: {
        "description": "names the request in the gateway's log; the caller's own, where it is a "
        "plain word of at most 64 characters",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
    },
    "Retry-After": {
        "description": "seconds after which to try again",
        "schema": {"type": "integer", "minimum": 0},
    },
    "ETag": {
        "description": "the tag of the result, for If-None-Match",
        "required": True,
        "schema": {"type": "string", "pattern": '^(W/)?"[0-9a-f]+"$'},
    },
}


class DescribedApp(FastAPI):
    """A FastAPI whose document is true of answers that do not come from a route, too."""

    def openapi(self) -> dict[str, Any]:
        """The document; made once."""
        if self.openapi_schema is None:
            _complete(super().openapi())
        assert self.openapi_schema is not None
        return self.openapi_schema

    @cached_property
    def document(self) -> bytes:
        """The document as JSON. To make it takes a while: ask in a thread."""
        return json.dumps(self.openapi(), separators=(",", ":")).encode()


def _complete(document: dict[str, Any]) -> None:
    components = document.setdefault("components", {})
    components["headers"] = _HEADERS
    components["securitySchemes"] = _KEYS
    schemas = components.setdefault("schemas", {})
    schemas["ProblemAnswer"] = TypeAdapter(ProblemAnswer).json_schema()
    for name in (_FRAMEWORK, "ValidationError"):
        schemas.pop(name, None)
    for path, operation in _operations(document):
        if not is_open(path):
            operation["security"] = [{}, *({name: []} for name in _KEYS)]
        responses = operation["responses"]
        for status in [status for status in responses if _FRAMEWORK in str(responses[status])]:
            del responses[status]
        for response in responses.values():
            named = {REQUEST_ID: {"$ref": f"#/components/headers/{REQUEST_ID}"}}
            response["headers"] = {**response.get("headers", {}), **named}


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            yield path, operation
