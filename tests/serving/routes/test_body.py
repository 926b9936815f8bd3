from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from serving.fields import ExpressionFields, FacesFields, SheetFields
from serving.routes.body import described, wants_json


def schema(kind: type[FacesFields], media_type: str) -> dict[str, Any]:
    content = described(kind)["requestBody"]["content"]
    return dict(content[media_type]["schema"])


def allowed(kind: type[FacesFields], media_type: str, body: dict[str, Any]) -> bool:
    return jsonschema_rs.is_valid(schema(kind, media_type), body)


@pytest.mark.parametrize(
    ("body", "is_allowed"),
    [
        ({"image": "YQ==", "expression": "sad"}, True),
        ({"image": "YQ==", "expression": {"blush": 0.5}, "faces": [[1, 2, 3, 4]]}, True),
        ({"image": "YQ==", "reference": "YQ==", "expression": None}, True),
        ({"image_url": "https://a/b", "image": None, "expression": "sad"}, True),
        ({"image": "YQ=="}, False),
        ({"expression": "sad"}, False),
        ({"image": "YQ==", "expression": None}, False),
        ({"image": "YQ==", "expression": "sad", "reference": "YQ=="}, False),
        ({"image": "YQ==", "image_url": "https://a/b", "expression": "sad"}, False),
        ({"image": "YQ==", "expression": "sad", "intensity": 1.6}, False),
        ({"image": "YQ==", "expression": "sad", "quality": 0}, False),
        ({"image": "YQ==", "expression": "{}"}, False),
        ({"image": "YQ==", "expression": "sad", "mood": 1}, False),
    ],
)
def test_what_json_may_say(body: dict[str, Any], is_allowed: bool) -> None:
    assert allowed(ExpressionFields, "application/json", body) is is_allowed


@pytest.mark.parametrize(
    ("body", "is_allowed"),
    [
        ({"image": "bytes"}, True),
        ({"image": "bytes", "expressions": '["sad"]', "columns": 3}, True),
        ({"image_url": "https://a/b"}, True),
        ({}, False),
        ({"image": "bytes", "image_url": "https://a/b"}, False),
        ({"image": "bytes", "columns": None}, False),
        ({"image": "bytes", "expressions": ["sad"]}, False),
        ({"image": "bytes", "cell": 8}, False),
    ],
)
def test_what_a_form_may_say(body: dict[str, Any], is_allowed: bool) -> None:
    assert allowed(SheetFields, "multipart/form-data", body) is is_allowed


def test_a_form_names_the_kinds_of_its_pictures() -> None:
    form = described(ExpressionFields)["requestBody"]["content"]["multipart/form-data"]
    kinds = {"contentType": "image/png, image/webp, image/jpeg"}
    assert form["encoding"] == {"image": kinds, "reference": kinds}


@pytest.mark.parametrize(
    ("accept", "is_json"),
    [
        ("", False),
        ("*/*", False),
        ("application/json", True),
        ("Application/JSON; q=0.9, image/png", True),
        ("image/webp, application/json", False),
    ],
)
def test_which_answer_is_asked_for(accept: str, is_json: bool) -> None:
    assert wants_json(accept) is is_json
