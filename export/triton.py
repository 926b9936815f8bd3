"""Triton's config.pbtxt for a card: tensors, batching, instances, warm-up and the card itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from contract.card import Card, Tensor

MAX_BATCH: Final = 16
PREFERRED_BATCHES: Final = (4, 8, 16)
WARM_UP_BATCHES: Final = (1, MAX_BATCH)
MAX_QUEUE: Final = 64

_TYPES: Final = {"float32": "TYPE_FP32", "int64": "TYPE_INT64", "uint8": "TYPE_UINT8"}


def config(card: Card, text: str) -> str:
    """The config.pbtxt of the model of `card`; `text` is the card as written beside the model.

    Requests are batched without waiting for more: a delay would be added to every lone request.
    A request's own timeout is obeyed in the queue, and a full queue refuses at once.
    """
    preferred = ", ".join(map(str, PREFERRED_BATCHES))
    return f"""\
name: {_quoted(card.name)}
backend: "onnxruntime"
max_batch_size: {MAX_BATCH}
input [
{_tensors(card.inputs)}
]
output [
{_tensors(card.outputs)}
]
dynamic_batching {{
  preferred_batch_size: [ {preferred} ]
  default_queue_policy {{
    timeout_action: REJECT
    allow_timeout_override: true
    max_queue_size: {MAX_QUEUE}
  }}
}}
# One instance on each GPU of the machine; on the CPU where there is none.
instance_group [
  {{ count: 1 kind: KIND_AUTO }}
]
model_warmup [
{_joined([_warm_up(card.inputs, batch) for batch in WARM_UP_BATCHES])}
]
parameters {{
  key: "card"
  value: {{
    string_value:
{_lines(text)}
  }}
}}
"""


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
