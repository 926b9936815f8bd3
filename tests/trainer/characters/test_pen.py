"""The pen: what it was asked for appears when it draws, in that order, thin lines paler."""

from __future__ import annotations

import numpy as np
import pytest
import skia
from numpy.typing import NDArray

from trainer.characters.ink import (
    CLOSE,
    MOVE,
    Contour,
    Points,
    curve,
    ellipse,
    path,
    stroke_outline,
    vertical,
)
from trainer.characters.ink import LINE as LINE_TO
from trainer.characters.pen import Pen
from trainer.characters.view import View

SIZE = 64
RED, BLUE = 0xFFFF0000, 0xFF0000FF
LINE = curve([(-1.0, -0.5), (0.0, 0.4), (1.0, 0.2)], 8)


def _canvas() -> tuple[skia.Canvas, NDArray[np.uint8]]:
    pixels = np.zeros((SIZE, SIZE, 4), np.uint8)
    info = skia.ImageInfo.Make(SIZE, SIZE, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType)
    surface = skia.Surface.MakeRasterDirect(info, pixels)
    return surface.getCanvas(), pixels


def _drawn(pen: Pen) -> NDArray[np.uint8]:
    canvas, pixels = _canvas()
    pen.draw(canvas)
    return pixels


def _pen(even: bool = False, sketchy: bool = False, roll: float = 8.0) -> Pen:
    return Pen(View(roll=roll), SIZE, even, sketchy)


def test_a_stroke_is_its_outline_filled() -> None:
    pen = _pen()
    for points, width in ((LINE, 0.2), (LINE[::-1] + (0.0, 0.6), 0.1)):
        pen.stroke(points, width, RED, 0.4, 0.2)
    canvas, expected = _canvas()
    canvas.concat(View(roll=8.0).matrix(SIZE))
    for points, width in ((LINE, 0.2), (LINE[::-1] + (0.0, 0.6), 0.1)):
        outline = path(stroke_outline(points, width, 0.4, 0.2))
        canvas.drawPath(outline, skia.Paint(AntiAlias=True, Color=RED))
    assert expected.any()
    np.testing.assert_array_equal(_drawn(pen), expected)


def test_what_comes_later_lies_above_and_drawing_again_draws_the_same() -> None:
    pen = _pen()
    pen.fill(ellipse(0, 0, 0.6, 0.6), RED)
    pen.fill(path(ellipse(0, 0, 0.3, 0.3)), BLUE)
    pixels = _drawn(pen)
    centre = pixels[round(0.38 * SIZE), SIZE // 2]
    assert centre.tolist() == [0, 0, 255, 255]
    np.testing.assert_array_equal(pixels, _drawn(pen))


def test_nothing_asked_for_is_nothing_drawn() -> None:
    pen = _pen()
    assert pen.idle
    assert not _drawn(pen).any()
    pen.fill(ellipse(0, 0, 0.5, 0.5), RED)
    assert not pen.idle


def test_pens_of_one_picture_draw_what_each_was_told() -> None:
    """They are outlined together, also what one is told after another has drawn."""

    def told(pen: Pen, line: Points, colour: int) -> Pen:
        pen.stroke(line, 0.2, colour)
        pen.fill(ellipse(line[0, 0], line[0, 1], 0.3, 0.2), colour)
        return pen

    first = _pen(sketchy=True)
    second, third = first.another(), first.another()
    assert second.idle
    told(first, LINE, RED)
    told(second, LINE[::-1], BLUE)
    together = [_drawn(first), _drawn(second), _drawn(told(third, LINE * 0.5, RED))]
    lines = (LINE, RED), (LINE[::-1], BLUE), (LINE * 0.5, RED)
    alone = [_drawn(told(_pen(sketchy=True), *line)) for line in lines]
    np.testing.assert_array_equal(together, alone)


def test_a_shape_is_the_same_in_every_form() -> None:
    points = ellipse(0.1, 0.2, 0.6, 0.4)
    contour = points.astype(np.float32).tobytes(), MOVE + LINE_TO * (len(points) - 1) + CLOSE
    forms: list[Points | Contour | skia.Path] = [points, path(points), contour]

    def filled(form: Points | Contour | skia.Path) -> NDArray[np.uint8]:
        pen = _pen()
        with pen.clipped(form):
            pen.fill(ellipse(0, 0, 0.5, 0.5), BLUE)
        pen.fill(form, 0x80FF0000)
        return _drawn(pen)

    first, *others = map(filled, forms)
    assert first[..., 0].any()
    for other in others:
        np.testing.assert_array_equal(first, other)


def test_clips_layers_and_places_end_with_their_contexts() -> None:
    def ring(inside: bool) -> NDArray[np.uint8]:
        pen = _pen(roll=0.0)
        if inside:
            with pen.clipped(ellipse(0, 0, 0.3, 0.3)), pen.layer(0.5), pen.moved(0.0, 0.0, 0.5):
                pen.fill(ellipse(0, 0, 0.9, 0.9), RED)
        pen.fill(ellipse(0.9, 0, 0.2, 0.2), BLUE)
        return _drawn(pen)

    with_red, without = ring(True), ring(False)
    red = with_red[..., 0] > 0
    assert red.any()
    np.testing.assert_array_equal(with_red[~red], without[~red])
    assert with_red[..., 0].max() <= 128  # half of 255: the layer
    _, xs = np.nonzero(red)
    assert np.ptp(xs) < 0.7 / 2.7 * SIZE  # the clip


def test_a_gradient_fills_with_its_colours() -> None:
    pen = _pen(roll=0.0)
    pen.fill(ellipse(0, 0, 1, 1), RED, vertical(-1, 1, (BLUE, RED)))
    column = _drawn(pen)[:, SIZE // 2]
    drawn = column[column[:, 3] == 255]
    assert drawn[0, 2] > 200 > 60 > drawn[0, 0]
    assert drawn[-1, 0] > 200 > 60 > drawn[-1, 2]


@pytest.mark.parametrize(("even", "sketchy"), [(True, False), (False, True)])
def test_hands_draw_a_line_unlike(even: bool, sketchy: bool) -> None:
    plain, other = _pen(), _pen(even, sketchy)
    for pen in (plain, other):
        pen.stroke(LINE, 0.15, RED, 0.5, 0.5)
    assert _drawn(other)[..., 3].sum() > _drawn(plain)[..., 3].sum()


def test_a_line_thinner_than_a_pixel_is_paler_and_still_seen() -> None:
    def ink(width: float) -> int:
        pen = _pen()
        pen.stroke(LINE, width, RED, 0.0, 0.0)
        return int(_drawn(pen)[..., 3].astype(int).sum())

    hair = 1 / SIZE / View().eye_distance
    assert 0 < ink(0.3 * hair) < ink(0.6 * hair) < ink(2 * hair)


@pytest.mark.parametrize("roll", [-25.0, 0.0, 25.0])
def test_bottom_is_where_the_picture_ends(roll: float) -> None:
    view = View(roll=roll)
    canvas, _ = _canvas()
    canvas.concat(view.matrix(SIZE))
    assert Pen(view, SIZE).bottom == pytest.approx(canvas.getLocalClipBounds().bottom(), abs=1e-4)
    assert Pen(view, SIZE, tall=3 * SIZE).bottom > Pen(view, SIZE).bottom + 1


def test_points_of_all_lines_are_those_of_each_alone() -> None:
    """Lines are outlined together; neighbours must not bend each other's ends."""
    lines: list[Points] = [LINE, LINE[:2] + (3.0, 1.0), LINE[5:] * 2]
    together, canvas_pixels = _pen(), []
    for line in lines:
        together.stroke(line, 0.1, RED, 0.0, 0.0)
    for line in lines:
        alone = _pen()
        alone.stroke(line, 0.1, RED, 0.0, 0.0)
        canvas_pixels.append(_drawn(alone)[..., 3] > 0)
    assert (_drawn(together)[..., 3] > 0).tolist() == np.any(canvas_pixels, 0).tolist()
