"""Triton's config.pbtxt for a card: tensors, batching, queues, instances, warm-up, and the card.

Beside it, under `configs/`, lie variants that a server takes with `--model-config-name`: there
Triton runs the model on a GPU only, through TensorRT.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from contract.card import Card, Tensor

Variant = Literal["default", "tensorrt", "plan"]
"""`default` runs anywhere, `tensorrt` takes ONNX through TensorRT, `plan` what trtexec built."""

PLAN: Final = "model.plan"

_TYPES: Final = {"float32": "TYPE_FP32", "int64": "TYPE_INT64", "uint8": "TYPE_UINT8"}

INTERACTIVE: Final = 1
BACKGROUND: Final = 2


@dataclass(frozen=True, slots=True)
class Serving:
    """How a task is served. The reasons are in docs/triton.md, with the measurements.

    `max_batch` is the largest batch, `cached` whether answers are worth keeping.
    """

    max_batch: int
    cached: bool


SERVING: Final[Mapping[str, Serving]] = {
    # The same sprite is looked for once per expression asked for, and its maps are small.
    "find_faces": Serving(max_batch=16, cached=True),
    # On a CPU a batch takes as long as its pictures one by one: 8 bound the wait behind it, and fit
    # the faces of most pictures. Hardly any question comes twice, and answers are large.
    "edit_expression": Serving(max_batch=8, cached=False),
    # Reads every face that /v1/faces finds; the same face gives the same reading.
    "read_expression": Serving(max_batch=16, cached=True),
}
OTHERS: Final = Serving(max_batch=16, cached=False)


@dataclass(frozen=True, slots=True)
class Queue:
    """How many requests of a priority may wait, and for how long at most, seconds."""

    length: int
    timeout: int


QUEUES: Final[Mapping[int, Queue]] = {
    INTERACTIVE: Queue(length=64, timeout=30),
    BACKGROUND: Queue(length=256, timeout=300),
}


def config(card: Card, text: str, variant: Variant = "default") -> str:
    """The config.pbtxt of the model of `card`; `text` is the card as written beside the model.

    Requests are batched without waiting for more: a delay would be added to every lone request.
    A request's own timeout is obeyed in the queue, and a full queue refuses at once. The version
    before the newest goes on answering those who have not heard of the newest.
    """
    serving = SERVING.get(card.task, OTHERS)
    backend = (
        f'backend: "tensorrt"\ndefault_model_filename: "{PLAN}"'
        if variant == "plan"
        else 'backend: "onnxruntime"'
    )
    warm_ups = [_warm_up(card.inputs, batch) for batch in (1, serving.max_batch)]
    return f"""\
name: {_quoted(card.name)}
{backend}
max_batch_size: {serving.max_batch}
version_policy {{ latest {{ num_versions: 2 }} }}
input [
{_tensors(card.inputs)}
]
output [
{_tensors(card.outputs)}
]
# A batch is what waits when the model is free. Priority {INTERACTIVE} goes first.
dynamic_batching {{
  priority_levels: {len(QUEUES)}
  default_priority_level: {INTERACTIVE}
{_queues()}
}}
{_instances(variant)}
response_cache {{ enable: {str(serving.cached).lower()} }}
{_accelerators(card, serving.max_batch) if variant == "tensorrt" else ""}\
model_warmup [
{_joined(warm_ups)}
]
parameters {{
  key: "card"
  value: {{
    string_value:
{_lines(text)}
  }}
}}
"""


def _queues() -> str:
    first, *others = (
        f"{{\n    timeout_action: REJECT\n    default_timeout_microseconds: {queue.timeout}000000\n"
        f"    allow_timeout_override: true\n    max_queue_size: {queue.length}\n  }}"
        for _, queue in sorted(QUEUES.items())
    )
    lines = [f"  default_queue_policy {first}"]
    for level, policy in zip(sorted(QUEUES)[1:], others, strict=True):
        lines.append(f"  priority_queue_policy {{ key: {level} value {policy} }}")
    return "\n".join(lines)


def _instances(variant: Variant) -> str:
    if variant == "default":
        return """\
# One instance on each GPU of the machine; on the CPU where there is none.
instance_group [
  { count: 1 kind: KIND_AUTO }
]"""
    return """\
# On GPUs only: without one the server refuses the model, instead of running it slowly.
instance_group [
  { count: 1 kind: KIND_GPU }
]"""


def _accelerators(card: Card, max_batch: int) -> str:
    """TensorRT inside onnxruntime, with one engine for all batches, kept between starts."""
    values = {
        "precision_mode": "FP32",
        "trt_engine_cache_enable": "1",
        "trt_engine_cache_path": f"/tmp/celmood-tensorrt/{card.name}",
        "trt_profile_min_shapes": shapes(card, 1),
        "trt_profile_opt_shapes": shapes(card, max_batch),
        "trt_profile_max_shapes": shapes(card, max_batch),
    }
    parameters = "\n".join(
        f"        parameters {{ key: {_quoted(key)} value: {_quoted(value)} }}"
        for key, value in values.items()
    )
    return f"""\
optimization {{
  execution_accelerators {{
    gpu_execution_accelerator [
      {{
        name: "tensorrt"
{parameters}
      }}
    ]
  }}
}}
"""


def shapes(card: Card, batch: int) -> str:
    """The input shapes at a batch as TensorRT's options have them: `image:1x3x256x256,...`."""
    return ",".join(
        f"{tensor.name}:{'x'.join(str(size) for size in (batch, *tensor.shape[1:]))}"
        for tensor in card.inputs
    )


def _tensors(tensors: Sequence[Tensor]) -> str:
    return _joined(
        [
            f"  {{ name: {_quoted(t.name)} data_type: {_TYPES[t.dtype]} dims: {_dims(t)} }}"
            for t in tensors
        ]
    )


def _warm_up(inputs: Sequence[Tensor], batch: int) -> str:
    entries = "\n".join(
        f"    inputs {{ key: {_quoted(t.name)} value: "
        f"{{ data_type: {_TYPES[t.dtype]} dims: {_dims(t)} random_data: true }} }}"
        for t in inputs
    )
    return f'  {{\n    name: "batch of {batch}"\n    batch_size: {batch}\n{entries}\n  }}'


def _dims(tensor: Tensor) -> str:
    return f"[ {', '.join(str(size) for size in tensor.shape[1:])} ]"


def _joined(entries: Sequence[str]) -> str:
    return ",\n".join(entries)


def _lines(text: str) -> str:
    """`text` as adjacent string literals, one per line, which text format joins again."""
    return "\n".join(f"      {_quoted(line)}" for line in text.splitlines(keepends=True))


def _quoted(text: str) -> str:
    """`text` as a protobuf string literal in ASCII: UTF-8 bytes beyond it as octal escapes."""
    escaped = []
    for byte in text.encode("utf-8"):
        character = chr(byte)
        if character in '"\\':
            escaped.append(f"\\{character}")
        elif character == "\n":
            escaped.append("\\n")
        elif 32 <= byte < 127:
            escaped.append(character)
        else:
            escaped.append(f"\\{byte:03o}")
    return '"' + "".join(escaped) + '"'
