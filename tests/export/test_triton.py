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
    assert list(batching.preferred_batch_size) == []
    assert batching.max_queue_delay_microseconds == 0
    assert (batching.priority_levels, batching.default_priority_level) == (2, 1)
    first, second = batching.default_queue_policy, batching.priority_queue_policy[2]
    assert list(batching.priority_queue_policy) == [2]
    assert (first.max_queue_size, first.default_timeout_microseconds) == (64, 30_000_000)
    assert (second.max_queue_size, second.default_timeout_microseconds) == (256, 300_000_000)
    for policy in (first, second):
        assert policy.allow_timeout_override
        assert policy.timeout_action == model_config.ModelQueuePolicy.REJECT


def test_the_version_before_stays(parsed: Any) -> None:
    assert parsed.version_policy.latest.num_versions == 2


def test_what_is_asked_twice_is_cached(card: Card, parsed: Any) -> None:
    assert parsed.response_cache.enable
    edits = card.model_copy(update={"task": "edit_expression"})
    stated = text_format.Parse(config(edits, "{}"), model_config.ModelConfig())
    assert not stated.response_cache.enable
    assert stated.max_batch_size == 8


def test_tensorrt_runs_on_gpus_with_one_engine_for_all_batches(card: Card) -> None:
    text = config(card, card_text(card), "tensorrt")
    stated = text_format.Parse(text, model_config.ModelConfig())
    assert stated.backend == "onnxruntime"
    assert [g.kind for g in stated.instance_group] == [model_config.ModelInstanceGroup.KIND_GPU]
    (accelerator,) = stated.optimization.execution_accelerators.gpu_execution_accelerator
    assert accelerator.name == "tensorrt"
    assert accelerator.parameters["precision_mode"] == "FP32"
    assert accelerator.parameters["trt_profile_min_shapes"] == "image:1x3x256x256"
    assert accelerator.parameters["trt_profile_max_shapes"] == "image:16x3x256x256"
    assert parse_card(stated.parameters["card"].string_value) == card


def test_instances_and_warm_up(parsed: Any) -> None:
    group = model_config.ModelInstanceGroup
    assert [g.kind for g in parsed.instance_group] == [group.KIND_AUTO]
    assert [w.batch_size for w in parsed.model_warmup] == [1, 16]
    for warm_up in parsed.model_warmup:
        image = warm_up.inputs["image"]
        assert list(image.dims) == [3, 256, 256]
        assert image.random_data
