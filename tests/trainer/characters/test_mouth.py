"""Mouths: designs at rest are unlike each other, widths are those of drawings, labels follow."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from contract.expression import NAMES, NEUTRAL, preset
from trainer.characters import Character, View, draw, sample_character
from trainer.characters.head import sample_head
from trainer.characters.mouth import Mouth, sample_mouth, shape_mouth
from trainer.characters.style import sample_style

CLOSED = ("line", "gap", "ends", "shape", "dot", "soft", "lens")
REST = dict(zip(NAMES, NEUTRAL.tolist(), strict=True))
FACE = next(c for c in map(sample_character, range(40)) if c.accessories.over == "none")


def _mouths(count: int) -> list[Mouth]:
    rng = np.random.default_rng(7)
    return [sample_mouth(rng, sample_head(rng), sample_style(rng)) for _ in range(count)]


def _picture(**changes: object) -> NDArray[np.uint8]:
    plain: Character = replace(
        FACE,
        mouth=replace(FACE.mouth, closed="line", cat=0.0, under="none", lips=False, rest=0.3),
    )
    changed = replace(plain, mouth=replace(plain.mouth, **changes))  # type: ignore[arg-type]
    return draw(changed, View(), NEUTRAL, 160).picture


def test_widths_at_rest_are_those_of_drawings() -> None:
    widths = np.array([mouth.rest for mouth in _mouths(800)])
    low, middle, high = np.quantile(widths, (0.05, 0.5, 0.95))
    assert low == pytest.approx(0.065, abs=0.02)
    assert middle == pytest.approx(0.155, abs=0.03)
    assert high == pytest.approx(0.36, abs=0.06)


def test_every_design_is_sampled() -> None:
    mouths = _mouths(800)
    closed = Counter(mouth.closed for mouth in mouths)
    assert set(closed) == set(CLOSED)
    assert closed["line"] > 0.4 * len(mouths)
    assert set(Counter(mouth.under for mouth in mouths)) == {"none", "line", "shade"}
    assert 0.02 < np.mean([mouth.cat > 0 for mouth in mouths]) < 0.09


@pytest.mark.parametrize(
    "changes",
    [
        *({"closed": kind} for kind in CLOSED if kind not in ("line", "dot")),
        {"closed": "dot", "rest": 0.08},
        {"cat": 0.8},
        {"under": "line"},
        {"under": "shade"},
        {"lips": True},
    ],
)
def test_each_design_looks_unlike_a_plain_line(changes: dict[str, object]) -> None:
    plain, other = _picture(rest=changes.get("rest", 0.3)), _picture(**changes)
    differs = np.abs(plain.astype(int) - other).max(-1) > 8
    assert differs.sum() >= 3


def test_a_cats_mouth_has_two_arcs_and_the_smile_of_any_design_is_wide() -> None:
    mouth = replace(_mouths(1)[0], cat=1.0, rest=0.25, rest_curve=0.0, rest_skew=0.0)
    y = shape_mouth(mouth, View(), REST).upper[:, 1]
    assert y[6] > y[12] + 0.02 < y[18]
    smile = dict(zip(NAMES, preset("happy").tolist(), strict=True))
    for other in _mouths(50):
        still, happy = (shape_mouth(other, View(), p) for p in (REST, smile))
        assert happy.half_width > still.half_width
