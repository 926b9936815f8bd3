"""The fields of a request, from a form or from JSON, checked before any image work."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Annotated, Any, Final, Literal, TypeVar

import anyio.to_thread
from fastapi import Request
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from contract.expression import MAX_INTENSITY
from faces.face import Box
from serving.json_pictures import BeyondLimitsError, parsed, raw
from serving.picture import Format
from serving.problems import (
    INVALID_FIELD,
    MALFORMED_BODY,
    NO_PICTURE,
    TOO_MANY_BYTES,
    UNKNOWN_FIELD,
    WRONG_MEDIA_TYPE,
    ProblemError,
)

_MOST_FIELDS: Final = 16
_FIELD_BYTES: Final = 64 * 1024
ENVELOPE: Final = _MOST_FIELDS * _FIELD_BYTES

_MOST_VALUES: Final = 4096
"""In a JSON body: a list of nothing takes twenty times its text in memory."""

_DIGITS: Final = 18
"""No body is so long that its length has more."""

PICTURES: Final = ("image", "reference")

_WEB: Final = ("https://", "http://")


_NAME: Final = Field(json_schema_extra={"pattern": r"^(?!\s*[\[{])"})
"""Text that `_from_json` leaves as it is."""


def _from_json(value: object) -> object:
    """A form can only send text, so lists and objects come as JSON in it."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError as error:
            raise ValueError(f"is not valid JSON: {error}") from error
    return value


def _whole(value: object) -> object:
    """In JSON 3.0 is as whole a number as 3."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


_WHOLE: Final = BeforeValidator(_whole)
BoxField = Annotated[list[float], Field(min_length=4, max_length=4)]


class FacesFields(BaseModel):
    """`POST /v1/faces`: the picture alone."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    image: bytes = Field(description="the picture")
    image_url: str | None = Field(
        None, description="where the picture is, in place of `image`; at hosts the operator allows"
    )


class EditFields(FacesFields):
    """What all edits have in common: which faces, how strongly, and how to answer."""

    intensity: float = Field(
        1.0,
        description="0 (neutral) to 1.5",
        json_schema_extra={"minimum": 0, "maximum": MAX_INTENSITY},  # another type of problem
    )
    faces: Annotated[
        Literal["all", "largest"] | Annotated[list[BoxField], Field(min_length=1)],
        BeforeValidator(_from_json),
        Field(description="all, largest, or boxes [x, y, width, height]"),
    ] = "all"
    format: Format | None = Field(None, description="as the input by default")
    quality: Annotated[int, Field(ge=1, le=100), _WHOLE] | None = Field(
        None, description="of webp and jpeg"
    )
    model: str | None = Field(None, description="which of several models")

    def which(self) -> Literal["all", "largest"] | list[Box]:
        """`faces` as the pipeline takes it."""
        if isinstance(self.faces, str):
            return self.faces
        return [Box(*box) for box in self.faces]


class ExpressionFields(EditFields):
    """`POST /v1/expressions`: the picture, and the wanted expression."""

    expression: Annotated[
        Annotated[str, _NAME] | dict[str, float] | None,
        BeforeValidator(_from_json),
        Field(
            description="a name; or an object: face parameters with their values, expressions with "
            "their weights (0 to 1.5), or both",
            examples=["happy", {"happy": 0.5, "angry": 0.5}, {"sad": 1.0, "gaze_x": -0.5}],
        ),
    ] = None
    reference: bytes | None = Field(
        None,
        description="a second picture, in place of `expression`: its largest face's expression is "
        "taken",
        validate_default=True,
    )

    @field_validator("reference")
    @classmethod
    def _one_of_both(cls, reference: bytes | None, info: ValidationInfo) -> bytes | None:
        if "expression" in info.data and (reference is None) == (info.data["expression"] is None):
            raise ValueError("send either `expression` or `reference`")
        return reference


def _names(value: object) -> object:
    """A form can only send text: names between commas, or a list in JSON."""
    if isinstance(value, str) and value != "all" and not value.lstrip().startswith("["):
        return [name.strip() for name in value.split(",") if name.strip()]
    return _from_json(value)


class SheetFields(EditFields):
    """`POST /v1/sheets`: the picture, the wanted expressions, and how to lay them out."""

    expressions: Annotated[
        Literal["all"] | Annotated[list[str], Field(min_length=1, max_length=64)],
        BeforeValidator(_names),
        Field(description="all of the model, or names (in a form, between commas or as JSON)"),
    ] = "all"
    layout: Literal["zip", "grid"] = Field("zip", description="a ZIP of pictures, or one picture")
    cell: Annotated[int, _WHOLE] = Field(
        512, ge=16, le=2048, description="longer side of a picture in the grid, at most, pixels"
    )
    columns: Annotated[int, Field(ge=1, le=64), _WHOLE] | None = Field(
        None, description="of the grid"
    )


Fields = TypeVar("Fields", bound=FacesFields)
Fetch = Callable[[str], Awaitable[bytes]]
"""The picture at a URL; raises ProblemError where that is not allowed or fails."""


async def read_fields(request: Request, kind: type[Fields], max_bytes: int, fetch: Fetch) -> Fields:
    """The fields of `request`, whose picture has at most `max_bytes`. Raises ProblemError."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    is_form = media_type == "multipart/form-data"
    if is_form:
        values = await _form(request, max_bytes)
    elif media_type == "application/json":
        parts = [part async for part in _limited(request, max_bytes * 4 // 3)]
        values = await anyio.to_thread.run_sync(_json, parts)
    else:
        raise ProblemError(
            WRONG_MEDIA_TYPE,
            "send multipart/form-data with the part `image`, or application/json with `image` in "
            "base64",
        )
    return _checked(await _fetched(values, fetch), kind, is_form)


def _checked(values: Mapping[str, Any], kind: type[Fields], is_form: bool) -> Fields:
    """In a form numbers are text; in JSON text is none, nor are `true` and `false`."""
    known = list(kind.model_fields)
    unknown = [name for name in values if name not in known]
    if unknown:
        raise ProblemError(
            UNKNOWN_FIELD,
            f"unknown field {unknown[0]!r}; known are {', '.join(known)}",
            extra={"fields": unknown, "known": known},
        )
    if "image" not in values:
        raise ProblemError(NO_PICTURE, "send the picture as the part or field `image`")
    try:
        return kind.model_validate(values, strict=not is_form)
    except ValidationError as error:
        errors = [{"field": str(e["loc"][0]), "message": e["msg"]} for e in error.errors()]
        told = "; ".join(dict.fromkeys(f"{e['field']}: {e['message']}" for e in errors))
        raise ProblemError(INVALID_FIELD, told, extra={"errors": errors}) from error


def from_json(values: Mapping[str, Any], kind: type[Fields]) -> Fields:
    """The fields of an object that came as JSON, its picture in base64. Raises ProblemError.

    Where the picture is still to be fetched, `image` is empty and `image_url` says from where.
    """
    values = _with_picture(dict(values))
    if values.get("image_url") is not None:
        values = {**values, "image": b"", "image_url": _url_of(values)}
    return _checked(values, kind, is_form=False)


async def _fetched(values: dict[str, Any], fetch: Fetch) -> dict[str, Any]:
    """`values` with the picture in place of its URL."""
    if values.get("image_url") is None:
        return {name: value for name, value in values.items() if name != "image_url"}
    url = _url_of(values)
    del values["image_url"]
    return values | {"image": await fetch(url)}


def _url_of(values: Mapping[str, Any]) -> str:
    """The URL of the picture, which is sent in place of it. Raises ProblemError."""
    url = values["image_url"]
    if "image" in values:
        raise _invalid("image_url", "send either this or `image`")
    if not isinstance(url, str):
        raise _invalid("image_url", "send the URL as text")
    return url


def _invalid(field: str, message: str) -> ProblemError:
    extra = {"errors": [{"field": field, "message": message}]}
    return ProblemError(INVALID_FIELD, f"{field}: {message}", extra=extra)


def object_of(text: bytes, what: str = "body") -> dict[str, Any]:
    """The JSON object `text`, which an error calls `what`. Raises ProblemError.

    A long text in it is a memoryview; see `serving.json_pictures`.
    """
    try:
        values = parsed(text, _MOST_VALUES)
    except BeyondLimitsError as error:
        raise ProblemError(MALFORMED_BODY, f"the {what} {error}") from error
    except (ValueError, RecursionError) as error:
        raise ProblemError(MALFORMED_BODY, f"the {what} is not valid JSON") from error
    if not isinstance(values, dict):
        raise ProblemError(MALFORMED_BODY, f"the {what} is not a JSON object")
    return values


def _json(parts: list[bytes]) -> dict[str, Any]:
    return _with_picture(object_of(b"".join(parts)))


def _with_picture(values: dict[str, Any]) -> dict[str, Any]:
    """`values` with bytes of pictures in place of their base64. A URL becomes `image_url`."""
    image = values.get("image")
    if isinstance(image, str) and image.startswith(_WEB):
        if "image_url" in values:
            raise _invalid("image_url", "send either this or `image`")
        values["image_url"] = values.pop("image")
    for name in PICTURES:
        if values.get(name) is None:
            values.pop(name, None)
            continue
        try:
            values[name] = raw(values[name])
        except (TypeError, ValueError) as error:
            raise _invalid(name, "send the file's bytes in base64") from error
    return values


async def _form(request: Request, max_bytes: int) -> dict[str, Any]:
    parser = _InMemory(
        request.headers,
        _limited(request, max_bytes),
        max_files=len(PICTURES),
        max_fields=_MOST_FIELDS,
        max_part_size=_FIELD_BYTES,
    )
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, UnicodeDecodeError) as error:
        reason = getattr(error, "message", "") or "it is not valid multipart/form-data"
        raise ProblemError(MALFORMED_BODY, f"the form cannot be read: {reason}") from error
    values: dict[str, Any] = {}
    try:
        for name, value in form.multi_items():
            if name in values:
                raise ProblemError(INVALID_FIELD, f"the field {name!r} was sent twice")
            values[name] = await value.read() if isinstance(value, UploadFile) else value
    finally:
        await form.close()
    for name in PICTURES:
        if isinstance(values.get(name), str):
            raise ProblemError(NO_PICTURE, f"send `{name}` as a file part, with a file name")
    return values


class _InMemory(MultiPartParser):
    spool_max_size = 2**40  # the limit is checked as bytes come in; nothing is written to disk


async def _limited(request: Request, max_bytes: int) -> AsyncGenerator[bytes, None]:
    """The body, as long as it stays below the limit. Raises ProblemError."""
    most = max_bytes + ENVELOPE
    too_many = ProblemError(
        TOO_MANY_BYTES, f"the limit is {max_bytes:,} bytes a picture: send a smaller one"
    )
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and (len(declared) > _DIGITS or int(declared) > most):
        raise too_many
    count = 0
    try:
        async for part in request.stream():
            count += len(part)
            if count > most:
                raise too_many
            yield part
    except ClientDisconnect as error:
        raise ProblemError(MALFORMED_BODY, "the body ended early") from error
