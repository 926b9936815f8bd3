"""The tailor: lines placed together lie where each would alone."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.characters.head import sample_head
from trainer.characters.pen import Pen
from trainer.characters.style import sample_style
from trainer.characters.tailor import Body, Tailor
from trainer.characters.view import View


@pytest.mark.parametrize("view", [View(), View(yaw=-0.7, pitch=0.4, roll=12.0)])
def test_lines_placed_together_lie_where_each_would_alone(view: View) -> None:
    rng = np.random.default_rng(2)
    body = Body(sample_head(rng), view, shoulders=3.2, length=1.0)
    tailor = Tailor(Pen(view, 128), body, sample_style(rng), tuple(rng.random(24).tolist()))
    lines = [np.array([(0.1, 0.2), (0.4, 0.9)]), rng.normal(size=(5, 2)), rng.normal(size=(3, 2))]
    together = tailor.placed(*lines)
    assert [len(line) for line in together] == [2, 5, 3]
    for placed, line in zip(together, lines, strict=True):
        np.testing.assert_array_equal(placed, body.at(line))
