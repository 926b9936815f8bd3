"""What a face shows, as a model of the task `read_expression` reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contract.card import Card, ExpressionVector
from contract.control import decode
from contract.pixels import to_network
from engines.protocol import Engine, EngineError


@dataclass(frozen=True)
class Reading:
    """`vector`, the value of every parameter of the expression, in its range; the probabilities of
    the named expressions, which add up to 1; and of the attributes, each for itself."""

    vector: Mapping[str, float]
    expression: Mapping[str, float]
    attributes: Mapping[str, float]


def read(
    engine: Engine, card: Card, crops: Sequence[NDArray[np.uint8]], timeout: float | None = None
) -> tuple[Reading, ...]:
    """What the model of `card` reads off aligned crops [S,S,3 or 4] uint8, S as the card says.

    Raises EngineError, also for values that are not finite.
    """
    image = np.concatenate([to_network(crop, card.pixels) for crop in crops])
    outputs = engine.run(card.name, {"image": image}, timeout=timeout)
    for name, values in outputs.items():
        if not np.isfinite(values).all():
            raise EngineError(f"{card.name} gave values in {name} that are not finite")
    assert isinstance(card.control, ExpressionVector)  # the card's own rule for this task
    parameters = card.control.parameters
    return tuple(
        Reading(
            decode(parameters, outputs["vector"][i]),
            dict(zip(card.labels, outputs["expression"][i].tolist(), strict=True)),
            dict(zip(card.attributes, outputs["attributes"][i].tolist(), strict=True)),
        )
        for i in range(len(crops))
    )
