"""How picture requests are described in OpenAPI, and which answer is asked for.

Reading bodies is `serving.fields`.
"""

from __future__ import annotations

from typing import Any, Final

from serving.fields import PICTURES, FacesFields
from serving.picture import FORMATS
from serving.visit import TIMEOUT_HEADER

Schema = dict[str, Any]


def described(kind: type[FacesFields]) -> dict[str, Any]:
    """`openapi_extra` for a route that takes the fields of `kind` as a form or as JSON."""
    content = {
        "multipart/form-data": {"schema": _form(kind), "encoding": _encoding(kind)},
        "application/json": {"schema": _json(kind)},
    }
    return {
        "parameters": [_TIMEOUT, *_HEADERS],
        "requestBody": {"required": True, "content": content},
    }


def _json(kind: type[FacesFields]) -> Schema:
    """The fields as members of an object: `null` is as good as nothing."""
    schema = _schema(kind)
    for name in _pictures(schema):
        told = schema["properties"][name]["description"]
        schema["properties"][name] = {
            "anyOf": [{"type": "string", "format": "byte"}, {"type": "null"}],
            "description": f"{told}; base64",
        }
    schema["allOf"] = [{"oneOf": [_only(*pair), _only(*pair[::-1])]} for pair in _either(schema)]
    return schema


def _only(one: str, other: str) -> Schema:
    """One of two members is there, the other is not."""
    given = {one: {"not": {"type": "null"}}, other: {"type": "null"}}
    return {"required": [one], "properties": given}


def _form(kind: type[FacesFields]) -> Schema:
    """The fields as parts of a form: files, and text, in which lists and objects are JSON."""
    schema = _schema(kind)
    for name, field in schema["properties"].items():
        if name in PICTURES:
            field = {
                "type": "string",
                "contentMediaType": "application/octet-stream",
                "format": "binary",
                "description": field["description"],
            }
        elif "anyOf" in field:
            field = {**field, "anyOf": list(map(_as_text, filter(_can_be_sent, field["anyOf"])))}
        schema["properties"][name] = field
    schema["allOf"] = [{"oneOf": [{"required": [name]} for name in p]} for p in _either(schema)]
    return schema


def _can_be_sent(schema: Schema) -> bool:
    return schema.get("type") != "null"


def _as_text(schema: Schema) -> Schema:
    if schema.get("type") not in ("array", "object"):
        return schema
    return {"type": "string", "contentMediaType": "application/json", "contentSchema": schema}


def _encoding(kind: type[FacesFields]) -> dict[str, dict[str, str]]:
    return {
        name: {"contentType": ", ".join(f"image/{format}" for format in FORMATS)}
        for name in _pictures(_schema(kind))
    }


def _schema(kind: type[FacesFields]) -> Schema:
    schema = kind.model_json_schema()
    schema["required"] = [name for name in schema["required"] if name != "image"]  # or image_url
    return schema


def _pictures(schema: Schema) -> list[str]:
    return [name for name in PICTURES if name in schema["properties"]]


def _either(schema: Schema) -> list[tuple[str, str]]:
    """Fields of which a request has one."""
    return [pair for pair in _PAIRS if set(pair) <= schema["properties"].keys()]


_PAIRS: Final = (("image", "image_url"), ("expression", "reference"))


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


def wants_json(accept: str) -> bool:
    """Whether JSON is asked for, and no picture before it."""
    for kind in accept.split(","):
        name = kind.partition(";")[0].strip().lower()
        if name == "application/json":
            return True
        if name.startswith("image/"):
            return False
    return False
