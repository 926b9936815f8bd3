"""Tensors held against a card."""

from __future__ import annotations

import numpy as np
import pytest

from engines.protocol import ModelInputError
from engines.tensors import check_inputs
from tests.engines.tiny_models import tiny_editor

CARD, _ = tiny_editor(8)
IMAGE = np.zeros((2, 3, 8, 8), np.float32)
CONTROL = np.zeros((2, CARD.inputs[1].shape[1]), np.float32)


@pytest.mark.parametrize("batch", [1, 2, 7])
def test_any_batch_fits(batch: int) -> None:
    check_inputs(
        CARD, {"image": IMAGE[:1].repeat(batch, 0), "control": CONTROL[:1].repeat(batch, 0)}
    )


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ({"image": IMAGE}, "takes the inputs image, control; it was given image"),
        ({}, "it was given none"),
        ({"image": IMAGE, "control": CONTROL, "more": CONTROL}, "more"),
        ({"image": IMAGE.astype(np.float64), "control": CONTROL}, "float64"),
        ({"image": IMAGE[..., :4], "control": CONTROL}, r"\[2, 3, 8, 4\]"),
        ({"image": IMAGE[0], "control": CONTROL}, r"\[3, 8, 8\]"),
        ({"image": IMAGE, "control": CONTROL[:1]}, "unlike batches"),
    ],
)
def test_what_does_not_fit_is_told(inputs: dict[str, np.ndarray], told: str) -> None:
    with pytest.raises(ModelInputError, match=told):
        check_inputs(CARD, inputs)
