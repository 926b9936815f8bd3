from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import skia

from trainer.characters.accessories import (
    Accessories,
    draw_behind,
    draw_ear_jewellery,
    draw_on_face,
    draw_on_hair,
    draw_over,
    sample_accessories,
)
from trainer.characters.head import Head, sample_head
from trainer.characters.pen import Pen
from trainer.characters.style import Style, sample_style
from trainer.characters.view import View

NOTHING = {
    "glasses": "none", "hat": "none", "ribbon": "none", "animal_ears": "none", "clip": "none",
    "flower": "none", "hairband": "none", "earrings": "none", "horns": "none", "patch": "none",
    "over": "none",
}  # fmt: skip
WORN = [
    *[("hat", k) for k in ("witch", "beret", "cap", "straw", "maid", "hood", "headphones")],
    *[("hat", k) for k in ("crown", "peaked", "beanie")],
    *[("glasses", k) for k in ("round", "square", "oval", "half", "under")],
    *[("animal_ears", k) for k in ("cat", "fox", "rabbit", "dog")],
    *[("clip", k) for k in ("pin", "bars", "cross", "star", "heart", "leaf", "beads", "moon")],
    *[("flower", k) for k in ("blossom", "rose", "daisy")],
    *[("ribbon", k) for k in ("side", "tails", "back", "top", "thin")],
    *[("hairband", k) for k in ("plain", "wide", "lace", "brow")],
    *[("earrings", k) for k in ("stud", "drop", "hoop", "tassel")],
    *[("horns", k) for k in ("small", "ram", "long")],
    *[("patch", k) for k in ("eye", "plaster", "nose")],
    *[("over", k) for k in ("hand", "book", "mug", "phone", "scarf", "textbox", "petals", "pocky")],
]
SIZE = 96
Layer = Callable[[Pen, Accessories, Head, View, Style], None]


def someone(seed: int) -> tuple[Head, Style, Accessories]:
    rng = np.random.default_rng(seed)
    head, style = sample_head(rng), sample_style(rng)
    return (
        head,
        style,
        sample_accessories(rng, head, "twin", style, ties=((-1.1, -1.0), (1.1, -1.0))),
    )


def wearing(worn: Accessories, **kinds: str) -> Accessories:
    """The same accessories, but only those of `kinds` are worn."""
    only: dict[str, Any] = {**NOTHING, **kinds}
    return replace(worn, **only)


LAYERS = (draw_behind, draw_ear_jewellery, draw_on_face, draw_on_hair, draw_over)


def drawn(
    head: Head, style: Style, worn: Accessories, view: View, layers: Sequence[Layer] = LAYERS
) -> np.ndarray:
    surface = skia.Surface(SIZE, SIZE)
    canvas = surface.getCanvas()
    canvas.clear(0)
    pen = Pen(view, SIZE, style.even_pen)
    for layer in layers:
        layer(pen, worn, head, view, style)
    pen.draw(canvas)
    return surface.toarray(colorType=skia.kRGBA_8888_ColorType).copy()


@pytest.mark.parametrize(("field", "kind"), WORN)
def test_everything_that_can_be_worn_draws_the_same_twice(field: str, kind: str) -> None:
    for seed in range(2):
        head, style, worn = someone(seed)
        worn = wearing(worn, **{field: kind})
        for yaw in (0.0, -0.8):
            view = View(yaw=yaw, eye_distance=0.22, y=0.55)
            pixels = drawn(head, style, worn, view)
            assert (pixels[..., 3] > 0).sum() > 8
            assert np.array_equal(pixels, drawn(head, style, worn, view))


def test_who_wears_nothing_is_left_alone() -> None:
    head, style, worn = someone(0)
    assert drawn(head, style, wearing(worn), View())[..., 3].max() == 0


def test_eyes_can_be_seen_through_glasses_and_under_hats() -> None:
    view = View(eye_distance=0.25, y=0.5)
    for seed in range(8):
        head, style, worn = someone(seed)
        for field, kind in WORN:
            if field == "patch" or (field, kind) == ("over", "petals"):
                continue
            only = wearing(worn, **{field: kind})
            pixels = drawn(head, style, only, view, LAYERS[1:])
            for x in (-0.5, 0.5):
                column, row = view.pixels(np.array([[x, 0.0]]), SIZE)[0].astype(int)
                assert pixels[row, column, 3] < 160, (field, kind, seed)


def test_ornaments_follow_the_side() -> None:
    head, style, worn = someone(3)
    view = View(eye_distance=0.22, y=0.55)
    for side in (-1.0, 1.0):
        flowered = replace(wearing(worn, flower="blossom"), side=side)
        pixels = drawn(head, style, flowered, view)
        columns = np.nonzero(pixels[..., 3].any(0))[0]
        assert (columns.mean() > SIZE / 2) == (side > 0)


def test_shares_follow_real_faces() -> None:
    people = [someone(seed)[2] for seed in range(2500)]

    def share(field: str) -> float:
        return float(np.mean([getattr(worn, field) != "none" for worn in people]))

    assert 0.10 < share("hat") < 0.20
    assert 0.045 < share("glasses") < 0.10
    assert 0.16 < share("clip") + share("flower") < 0.28
    assert 0.08 < share("ribbon") < 0.22
    assert 0.03 < share("animal_ears") < 0.08
    assert 0.06 < share("over") < 0.14
    assert share("patch") < 0.03
