"""Hair: every design draws, sampling and drawing repeat bit for bit, the scalp stays covered."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
import pytest
import skia
from numpy.typing import NDArray

from trainer.characters.hair import (
    BACKS,
    FRINGES,
    Hair,
    HairShapes,
    draw_back,
    draw_front,
    draw_over_body,
    dress,
    front_path,
    sample_hair,
    shape_hair,
)
from trainer.characters.hair.design import compose
from trainer.characters.hair.locks import TAILS
from trainer.characters.head import Head, sample_head
from trainer.characters.palette import sample_palette
from trainer.characters.pen import Pen
from trainer.characters.style import Style, sample_style
from trainer.characters.view import View

SIZE = 96
EXTREMES = [View(yaw=y, pitch=p) for y, p in product((-1.0, 0.0, 1.0), (-1.0, 0.0, 1.0))]


def _someone(seed: int) -> tuple[np.random.Generator, Head, Style]:
    rng = np.random.default_rng(seed)
    return rng, sample_head(rng), sample_style(rng)


def _picture(
    shapes: HairShapes, style: Style, layers: str = "back body front"
) -> NDArray[np.uint8]:
    pixels = np.zeros((SIZE, SIZE, 4), np.uint8)
    info = skia.ImageInfo.Make(SIZE, SIZE, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType)
    canvas = skia.Surface.MakeRasterDirect(info, pixels).getCanvas()
    view = View(eye_distance=0.22, y=0.5)
    pen = Pen(view, SIZE, style.even_pen)
    colours = sample_palette(np.random.default_rng(5), style).hair
    dressed = dress(shapes, colours, style, pen.pixel)
    if "back" in layers:
        draw_back(pen, dressed, colours, style)
    if "body" in layers:
        draw_over_body(pen, dressed, colours, style)
    if "front" in layers:
        draw_front(pen, dressed, front_path(shapes), colours, style)
    pen.draw(canvas)
    return pixels


def _points(shapes: HairShapes) -> NDArray[np.float64]:
    cap = np.frombuffer(shapes.cap[0], np.float32).reshape(-1, 2)
    parts = [shapes.mass, cap, shapes.dome, shapes.ties]
    several = (shapes.rims, shapes.shine, shapes.parting, shapes.edges)
    return np.concatenate([*parts, *(lines.reshape(-1, 2) for lines in several)])


def _named(
    fringe: str, back: str, tails: str | None = None, seed: int = 3
) -> tuple[Hair, Head, Style]:
    rng, head, style = _someone(seed)
    return compose(rng, head, style, fringe=fringe, back=back, tails=tails), head, style  # type: ignore[arg-type]


def test_there_are_enough_designs() -> None:
    assert len(FRINGES) >= 12
    assert len(BACKS) >= 10


def test_one_seed_gives_one_picture_and_another_seed_another() -> None:
    def once(seed: int) -> NDArray[np.uint8]:
        rng, head, style = _someone(seed)
        return _picture(shape_hair(sample_hair(rng, head, style), head, View(yaw=0.4)), style)

    np.testing.assert_array_equal(once(11), once(11))
    assert (once(11) != once(12)).any()


def test_drawing_leaves_the_design_as_it_was() -> None:
    rng, head, style = _someone(8)
    hair = sample_hair(rng, head, style)
    first = _picture(shape_hair(hair, head, View()), style)
    _picture(shape_hair(hair, head, View(yaw=-1, pitch=1)), style)
    np.testing.assert_array_equal(first, _picture(shape_hair(hair, head, View()), style))


@pytest.mark.parametrize("fringe", FRINGES)
def test_every_fringe_has_clumps_that_reach_below_the_hairline(fringe: str) -> None:
    lowest = []
    for seed in range(6):
        hair, head, style = _named(fringe, "tied", "none", seed)
        assert hair.fringe == fringe
        assert _picture(shape_hair(hair, head, View()), style, "front")[..., 3].any()
        strands = [s.spine for s in hair.strands if s.layer == "front" and not s.off]
        low = [y - head.hairline for p in strands for x, y in p if abs(x) < 0.8 * hair.dome.face]
        lowest.append(max(low))
    assert max(lowest) > 0.3


@pytest.mark.parametrize("back", BACKS)
def test_every_back_draws_behind_the_body(back: str) -> None:
    hair, head, style = _named("gaps", back, "none")
    alpha = _picture(shape_hair(hair, head, View()), style, "back")[..., 3]
    assert (alpha > 0).mean() > 0.1


@pytest.mark.parametrize("tails", [t for t in TAILS if t != "none"])
def test_tails_add_hair_outside_the_head(tails: str) -> None:
    hair, head, style = _named("gaps", "tied", tails)
    plain, _, _ = _named("gaps", "tied", "none")
    more = _picture(shape_hair(hair, head, View()), style, "back body")[..., 3] > 0
    less = _picture(shape_hair(plain, head, View()), style, "back body")[..., 3] > 0
    assert hair.tails == tails
    assert hair.ties
    assert (more & ~less).sum() > 60


def test_length_follows_the_bottom_of_the_hair() -> None:
    assert _named("blunt", "boy")[0].length == "short"
    assert _named("blunt", "very_long", "none")[0].length == "long"
    assert _named("blunt", "short_bob", "twin")[0].length == "long"


def test_shapes_are_finite_and_near_the_head_at_extreme_views() -> None:
    for seed, view in enumerate(EXTREMES * 3):
        rng, head, style = _someone(seed)
        points = _points(shape_hair(sample_hair(rng, head, style), head, view))
        assert np.isfinite(points).all()
        assert np.abs(points).max() < 7


def test_front_covers_the_scalp_in_every_view() -> None:
    """Skin above the hairline and at the temples must never show."""
    for seed in range(12):
        rng, head, style = _someone(seed)
        hair = sample_hair(rng, head, style)
        face = 0.5 * head.width_eyes
        scalp = np.array([
            (0.0, head.hairline - 0.05), (0.5 * face, head.hairline - 0.05), (0.97 * face, -0.35),
            (0.95 * face, -0.6), (0.3 * face, head.hairline - 0.25),
        ])  # fmt: skip
        scalp = np.concatenate([scalp, scalp * (-1, 1)])
        for view in EXTREMES:
            front = front_path(shape_hair(hair, head, view))
            for x, y in view.raised(scalp, 0.03).tolist():
                assert front.contains(x, y), (seed, view, x, y)


def test_front_path_has_no_holes_where_clumps_overlap() -> None:
    """All contours run the same way round, or the winding rule would cut their overlaps out."""
    hair, head, _ = _named("blunt", "straight", "none")
    shapes = shape_hair(hair, head, View())
    union = front_path(shapes)
    for left, right in shapes.edges[shapes.strands.front]:
        x, y = (0.5 * (left[6] + right[6])).tolist()
        assert union.contains(x, y)


def test_the_crown_moves_against_the_facing_direction_and_the_fringe_with_it() -> None:
    hair, head, _ = _named("parted", "straight", "none")
    front, turned = (shape_hair(hair, head, View(yaw=y)) for y in (0.0, 1.0))
    crown = front.dome[:, 1].argmin()
    assert turned.dome[crown, 0] < front.dome[crown, 0] - 0.15
    before, after = (shapes.edges[shapes.strands.front][:, 0, -1, 0] for shapes in (front, turned))
    middle = np.abs(before).argmin()
    assert after[middle] > before[middle]


def test_a_lock_crosses_the_eye_that_the_design_names() -> None:
    for seed in range(6):
        hair, head, _ = _named("over_eye", "straight", "none", seed)
        assert hair.covers_eye in ("left", "right")
        front = front_path(shape_hair(hair, head, View()))
        covered = {side: front.contains(x, -0.05) for side, x in (("left", -0.5), ("right", 0.5))}
        assert covered[hair.covers_eye]


def test_shares_follow_the_census() -> None:
    rng, head, style = _someone(1)
    women = [sample_hair(rng, head, style) for _ in range(250)]
    while head.kind != "man":
        head = sample_head(rng)
    men = [sample_hair(rng, head, style) for _ in range(120)]
    assert {h.fringe for h in women} >= set(FRINGES) - {"spiky", "bare", "bowl"}
    assert np.mean([h.length == "short" for h in men]) > 0.6
    assert np.mean([h.length == "short" for h in women]) < 0.5
    assert 0.01 < np.mean([h.covers_eye != "none" for h in women]) < 0.15
    shine = Counter(h.shine for h in women)
    assert shine["streaks"] > shine["none"] > shine["arc"] > 0


def test_brows_are_reached_or_crossed_by_most_fringes() -> None:
    crossed = []
    for seed in range(80):
        rng, head, style = _someone(seed)
        hair = sample_hair(rng, head, style)
        front = front_path(shape_hair(hair, head, View()))
        crossed.append(
            any(front.contains(s * x, head.brow - 0.02) for s in (-1, 1) for x in (0.35, 0.5, 0.65))
        )
    assert 0.6 < np.mean(crossed) < 0.98
