"""How picture requests and their answers are described in OpenAPI, and which answer is asked for.

Reading bodies is `serving.fields`.
"""

from __future__ import annotations

from typing import Any, Final

from serving.fields import PICTURES, FacesFields
from serving.problems import MEDIA_TYPE
from serving.visit import TIMEOUT_HEADER


def described(kind: type[FacesFields]) -> dict[str, Any]:
    """`openapi_extra` for a route that takes the fields of `kind` as a form or as JSON."""
    schema = kind.model_json_schema()
    schema["required"] = [name for name in schema["required"] if name != "image"]  # or image_url
    form, inline = (_with_pictures(schema, format) for format in ("binary", "byte"))
    content = {"multipart/form-data": {"schema": form}, "application/json": {"schema": inline}}
    return {
        "parameters": [_TIMEOUT, *_HEADERS],
        "requestBody": {"required": True, "content": content},
    }


_TIMEOUT: Final = {
    "name": TIMEOUT_HEADER,
    "in": "header",
    "description": "Seconds that the request may take, at most the gateway's own limit",
    "schema": {"type": "number", "exclusiveMinimum": 0},
}


_HEADERS: Final = [
    {"name": name, "in": "header", "schema": {"type": "string"}, "description": effect}
    for name, effect in (
        ("If-None-Match", "the ETag of a result that you have: 304 if it is still the same"),
        ("Prefer", "respond-async: done later, as a batch of one line"),
        ("Idempotency-Key", "with Prefer: sent again with the same key it is done once"),
    )
]


def _with_pictures(schema: dict[str, Any], format: str) -> dict[str, Any]:
    """`schema` with its pictures as strings of a format."""
    pictures = {
        name: {"type": "string", "format": format, "description": field.get("description", "")}
        for name, field in schema["properties"].items()
        if name in PICTURES
    }
    return {**schema, "properties": {**schema["properties"], **pictures}}


def wants_json(accept: str) -> bool:
    """Whether JSON is asked for, and no picture before it."""
    for kind in accept.split(","):
        name = kind.partition(";")[0].strip().lower()
        if name == "application/json":
            return True
        if name.startswith("image/"):
            return False
    return False


PROBLEMS: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "Problem details (RFC 9457)",
        "content": {
            MEDIA_TYPE: {
                "schema": {
                    "type": "object",
                    "properties": {
                        "type": {"type": "string"},
                        "title": {"type": "string"},
                        "status": {"type": "integer"},
                        "detail": {"type": "string"},
                        "request_id": {"type": "string"},
                    },
                }
            }
        },
    }
}
