"""What the gateway does is what its OpenAPI document says: schemathesis makes requests from the
document, right ones and wrong ones, for every operation, and looks at the answers.

Always the same requests; CELMOOD_API_EXAMPLES asks for more for each operation.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from contextlib import suppress

import pytest
import schemathesis
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import negative_data_rejection

from engines.onnx_engine import OnnxEngine
from serving.app import create_app, interface
from serving.problems import PREFIX
from serving.routes.batches import LINES
from serving.settings import Settings
from serving.visit import TIMEOUT_HEADER
from tests.engines.tiny_models import tiny_reader, write_model
from tests.live import running
from tests.magenta_models import write_magenta_repository
from tests.pictures import encoded, scene

EXAMPLES = int(os.environ.get("CELMOOD_API_EXAMPLES", "20"))
CONFIG = {
    "seed": 1,
    "generation": {"max-examples": EXAMPLES, "deterministic": True, "database": "none"},
    "checks": {
        "positive_data_acceptance": {"enabled": False},
        "not_a_server_error": {"enabled": False},
        "negative_data_rejection": {"expected-statuses": ["4xx"]},
    },
}
"""In place of the first two there are `accepted` and `fault`, which know this gateway."""

PICTURES = [encoded(scene()), encoded(scene(), "JPEG"), encoded(scene(faces=()))]
BASE64 = [base64.b64encode(picture).decode("ascii") for picture in PICTURES]
LINES_OF_BATCHES = [
    json.dumps({"image": BASE64[0], **wishes}).encode() + b"\n"
    for wishes in ({"expression": "sad"}, {"call": "faces"}, {"call": "sheets", "layout": "grid"})
]

JSON_TEXTS = {
    "faces": "[[60, 60, 80, 80]]",
    "expression": '{"blush": 0.5}',
    "expressions": '["sad", "angry"]',
}
OF_THE_CASE = {
    "unknown-expression",
    "unknown-parameter",
    "intensity-out-of-range",
    "unknown-model",
    "box-outside",
    "no-face",
    "url-refused",
    "webhook-refused",
    "key-reused",
    "unknown-batch",
}
"""What no document can say: it depends on the picture, or on what this gateway has and allows."""

schemathesis.openapi.format("binary", st.sampled_from(PICTURES))
schemathesis.openapi.format("byte", st.sampled_from(BASE64))
schemathesis.openapi.media_type(
    LINES, st.lists(st.sampled_from(LINES_OF_BATCHES), min_size=1).map(b"".join)
)


DOCUMENT = schemathesis.openapi.from_dict(
    interface().openapi(), config=SchemathesisConfig.from_dict(CONFIG)
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a gateway with low limits and all sorts of models, on a real socket."""
    repository = write_magenta_repository(tmp_path_factory.mktemp("models"))
    write_model(repository, *tiny_reader())
    settings = Settings(
        batches=tmp_path_factory.mktemp("batches"),
        max_bytes=1_000_000,
        max_pixels=200_000,
        workers=1,
    )
    app = create_app(settings, OnnxEngine(repository, threads=1))
    with running(app) as client:
        yield str(client.base_url)


def fit(case, allowed: bool) -> None:
    """Make of `case` one that tells something.

    A request that has next to no time is refused whatever else it is, and of text that is JSON in a
    form, schemathesis makes any text.
    """
    headers = case.headers or {}
    with suppress(TypeError, ValueError):
        if 0 < float(headers.get(TIMEOUT_HEADER, "")) < 20:
            case.headers = {**headers, TIMEOUT_HEADER: "20"}
    if allowed and case.media_type == "multipart/form-data":
        texts = {name: text for name, text in JSON_TEXTS.items() if is_free(case.body.get(name))}
        case.body = {**case.body, **texts}


def is_free(value: object) -> bool:
    """Whether a field of a form is there, and none of a few words."""
    return value not in (None, "all", "largest")


def fault(ctx, response, case) -> None:
    """Nothing breaks, and nothing is too much for a gateway that has one caller."""
    assert response.status_code < 500, response.text


def accepted(ctx, response, case) -> None:
    """What the document allows is done, or refused for what the document cannot know."""
    if 400 <= response.status_code < 500 and not has_both(case.body):
        slug = response.json()["type"].removeprefix(PREFIX)
        assert slug in OF_THE_CASE, response.text


def has_both(body: object) -> bool:
    """Whether both of two fields are there of which one is wanted: `oneOf` is not always heeded."""
    pairs = ("image", "image_url"), ("expression", "reference")
    return isinstance(body, dict) and any(set(pair) <= body.keys() for pair in pairs)


@DOCUMENT.parametrize()
def test_the_document_is_true(case, address: str) -> None:
    allowed = case.meta.generation.mode.is_positive  # asked now: what is changed by hand is not
    fit(case, allowed)
    case.call_and_validate(
        base_url=address,
        timeout=60,
        additional_checks=[fault, accepted] if allowed else [fault],
        excluded_checks=[negative_data_rejection] if allowed else [],
    )
