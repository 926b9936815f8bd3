from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import skia

from trainer.characters.head import Head, sample_head
from trainer.characters.outfit import Outfit, draw_body, sample_outfit
from trainer.characters.pen import Pen
from trainer.characters.style import Style, sample_style
from trainer.characters.view import View

KINDS = (
    "sailor", "blazer", "bow_shirt", "hoodie", "turtleneck", "off_shoulder", "straps", "tshirt",
    "kimono", "gothic", "military", "scarf", "armour", "suit", "shirt",
)  # fmt: skip
SKIN, SHADE, LINE = (1.0, 0.9, 0.82), (0.93, 0.7, 0.64), (0.5, 0.25, 0.2)
SIZE = 96


def someone(seed: int) -> tuple[Head, Style, Outfit]:
    rng = np.random.default_rng(seed)
    head, style = sample_head(rng), sample_style(rng)
    return head, style, sample_outfit(rng, head, style)


def drawn(head: Head, style: Style, outfit: Outfit, view: View) -> np.ndarray:
    surface = skia.Surface(SIZE, SIZE)
    canvas = surface.getCanvas()
    canvas.clear(0)
    pen = Pen(view, SIZE, style.even_pen)
    draw_body(pen, outfit, head, view, SKIN, SHADE, LINE, style)
    pen.draw(canvas)
    return surface.toarray(colorType=skia.kRGBA_8888_ColorType).copy()


def of_kind(kind: str) -> tuple[Head, Style, Outfit]:
    for seed in range(2000):
        head, style, outfit = someone(seed)
        if outfit.kind == kind:
            return head, style, outfit
    raise AssertionError(f"no {kind} among 2,000 outfits")


@pytest.mark.parametrize("kind", KINDS)
def test_every_outfit_draws_neck_and_cloth_below_the_chin_only(kind: str) -> None:
    head, style, outfit = of_kind(kind)
    half = View(eye_distance=0.2, y=0.3)
    pixels = drawn(head, style, outfit, half)
    assert np.array_equal(pixels, drawn(head, style, outfit, half))
    alpha = pixels[..., 3]
    above = int((half.y + half.eye_distance * (head.chin - 1.0)) * SIZE)
    assert alpha[:above].max() == 0, "the body reaches over the face"
    assert (alpha[-1] > 0).mean() > 0.4, "the body ends above the picture's edge"
    colours = np.unique(pixels[alpha == 255][:, :3] // 16, axis=0)
    assert len(colours) >= 5


def test_all_kinds_and_both_sexes_are_dressed() -> None:
    people = [someone(seed) for seed in range(1500)]
    assert {outfit.kind for _, _, outfit in people} == set(KINDS)
    men = [outfit for head, _, outfit in people if head.kind == "man"]
    young = [outfit for head, _, outfit in people if head.kind == "young"]
    assert not {"sailor", "off_shoulder", "straps", "bow_shirt"} & {o.kind for o in men}
    assert np.mean([o.shoulders for o in men]) == pytest.approx(4.4, abs=0.15)
    assert np.mean([o.shoulders for o in young]) == pytest.approx(3.2, abs=0.1)


def test_labels_say_what_is_worn() -> None:
    for seed in range(600):
        _, _, outfit = someone(seed)
        assert outfit.bare_shoulders == (outfit.kind in ("off_shoulder", "straps"))
        assert not (outfit.necktie and outfit.bow)
        assert not (outfit.choker and outfit.necklace)
        assert outfit.school == (outfit.kind in ("sailor", "blazer", "bow_shirt"))


def test_the_chin_darkens_the_neck() -> None:
    head, style, outfit = of_kind("straps")
    style = replace(style, shading="cel")
    view = View(eye_distance=0.3, y=0.2)
    pixels = drawn(head, style, outfit, view).astype(int)
    at = view.pixels(np.array([[0.0, head.chin + 0.05], [0.0, head.chin + 0.9]]), SIZE).round()
    (x, upper), (_, lower) = at.astype(int)
    assert pixels[upper, x, 1] < pixels[lower, x, 1] - 20


def test_hidden_parts_leave_no_trace() -> None:
    """A body drawn only as far as the picture shows is the top of the body drawn whole."""
    for kind in ("sailor", "blazer", "kimono", "military"):
        head, style, outfit = of_kind(kind)
        view = View(yaw=0.4, roll=12.0, eye_distance=0.3, y=0.3)
        near = drawn(head, style, outfit, view)
        surface = skia.Surface(SIZE, 3 * SIZE)
        canvas = surface.getCanvas()
        canvas.clear(0)
        pen = Pen(view, SIZE, style.even_pen, tall=3 * SIZE)
        draw_body(pen, outfit, head, view, SKIN, SHADE, LINE, style)
        pen.draw(canvas)
        whole = surface.toarray(colorType=skia.kRGBA_8888_ColorType)[:SIZE]
        assert np.abs(near.astype(int) - whole).max() <= 24, "more than another edge smoothing"
