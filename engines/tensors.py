"""Hold tensors against the card of their model, before any engine sees them."""

from __future__ import annotations

from collections.abc import Mapping

from contract.card import Card, Tensor
from engines.protocol import Array, ModelInputError


def check_inputs(card: Card, inputs: Mapping[str, Array]) -> None:
    """Raise ModelInputError unless `inputs` have the names, dtypes and shapes of `card`.

    Free sizes (-1) may be any, but the batch is the same in all inputs.
    """
    wanted = {tensor.name: tensor for tensor in card.inputs}
    if wanted.keys() != inputs.keys():
        raise ModelInputError(
            f"{card.name} takes the inputs {', '.join(wanted)}; it was given "
            f"{', '.join(inputs) or 'none'}"
        )
    for name, array in inputs.items():
        tensor = wanted[name]
        if str(array.dtype) != tensor.dtype or not _fits(array.shape, tensor):
            raise ModelInputError(
                f"{card.name} takes {name} as {tensor.dtype} {list(tensor.shape)}; it was given "
                f"{array.dtype} {list(array.shape)}"
            )
    batches = {inputs[t.name].shape[0] for t in card.inputs if t.shape and t.shape[0] == -1}
    if len(batches) > 1:
        raise ModelInputError(f"{card.name} was given inputs of unlike batches: {sorted(batches)}")


def _fits(shape: tuple[int, ...], tensor: Tensor) -> bool:
    return len(shape) == len(tensor.shape) and all(
        wanted in (-1, size) for size, wanted in zip(shape, tensor.shape, strict=True)
    )
