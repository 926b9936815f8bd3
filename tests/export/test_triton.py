"""config.pbtxt, read back by the message type that Triton itself publishes."""

from __future__ import annotations

from typing import Any

import pytest

from contract.card import Card, Pixels, Provenance, Tensor, parse_card
from export.repository import card_text
from export.triton import config

text_format = pytest.importorskip("google.protobuf.text_format")
model_config = pytest.importorskip("tritonclient.grpc.model_config_pb2")


@pytest.fixture
def card() -> Card:
    """A finder's card with a description that is hard to quote."""
    return Card(
        name="finder",
        task="find_faces",
        description='quotes " and \\ backslash, {braces}, é, 顔\nand a second line',
        inputs=(Tensor(name="image", shape=(-1, 3, 256, 256)),),
        outputs=(
            Tensor(name="heat", shape=(-1, 1, 64, 64)),
            Tensor(name="box", shape=(-1, 4, 64, 64)),
        ),
        pixels=Pixels(size=256),
        labels=("left_eye", "right_eye"),
        licence="Apache-2.0",
        provenance=Provenance(
            recipe="finder", data="drawn", seed=1, revision="abc", pictures_seen=2, libraries={}
        ),
        weights_sha256="0" * 64,
    )


@pytest.fixture
def parsed(card: Card) -> Any:
    """The config as Triton reads it."""
    return text_format.Parse(config(card, card_text(card)), model_config.ModelConfig())


def test_the_card_comes_back_as_it_was(card: Card, parsed: Any) -> None:
    stored = parsed.parameters["card"].string_value
    assert stored == card_text(card)
    assert parse_card(stored) == card


def test_tensors_have_no_batch_dimension(parsed: Any) -> None:
    assert parsed.name == "finder"
    assert parsed.backend == "onnxruntime"
    assert parsed.max_batch_size == 16
    assert [(t.name, list(t.dims), t.data_type) for t in parsed.input] == [
        ("image", [3, 256, 256], model_config.TYPE_FP32)
    ]
    assert [(t.name, list(t.dims)) for t in parsed.output] == [
        ("heat", [1, 64, 64]),
        ("box", [4, 64, 64]),
    ]


def test_batching_does_not_delay_and_obeys_timeouts(parsed: Any) -> None:
    batching = parsed.dynamic_batching
    assert list(batching.preferred_batch_size) == [4, 8, 16]
    assert batching.max_queue_delay_microseconds == 0
    assert batching.default_queue_policy.allow_timeout_override
    assert batching.default_queue_policy.max_queue_size > 0


def test_instances_and_warm_up(parsed: Any) -> None:
    group = model_config.ModelInstanceGroup
    assert [g.kind for g in parsed.instance_group] == [group.KIND_AUTO]
    assert [w.batch_size for w in parsed.model_warmup] == [1, 16]
    for warm_up in parsed.model_warmup:
        image = warm_up.inputs["image"]
        assert list(image.dims) == [3, 256, 256]
        assert image.random_data
