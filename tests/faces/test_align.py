from __future__ import annotations

import numpy as np
import pytest

from contract.alignment import TEMPLATE
from faces.align import AlignmentError, covered, crop, inverse, scale_of, similarity
from faces.canvas import Canvas

GROUND = (200, 200, 200)
EYES = {"left_eye": (40.0, 50.0), "right_eye": (70.0, 62.0)}


def test_the_eyes_come_to_their_places() -> None:
    matrix = similarity(EYES, TEMPLATE, 256)
    for name, (x, y) in EYES.items():
        assert matrix @ [x, y, 1] == pytest.approx(np.array(TEMPLATE[name]) * 256)
    assert matrix[0, 0] == matrix[1, 1]
    assert matrix[0, 1] == -matrix[1, 0]


EYES_ONLY = {name: TEMPLATE[name] for name in EYES}


@pytest.mark.parametrize("turn", [0.0, 0.6, -2.0])
def test_eyes_and_mouth_come_home_from_any_turn_and_size(turn: float) -> None:
    way = 170 * np.exp(1j * turn)
    there = {name: 40 + 90j + way * complex(*point) for name, point in TEMPLATE.items()}
    landmarks = {name: (float(z.real), float(z.imag)) for name, z in there.items()}
    matrix = similarity(landmarks, TEMPLATE, 256)
    for name, point in landmarks.items():
        assert matrix @ [*point, 1] == pytest.approx(np.array(TEMPLATE[name]) * 256)
    assert scale_of(matrix) == pytest.approx(256 / 170)


def test_an_eye_that_is_a_little_off_moves_the_crop_less_beside_a_mouth() -> None:
    true = {name: (200 * x, 200 * y) for name, (x, y) in TEMPLATE.items()}
    seen = true | {"left_eye": (true["left_eye"][0] - 8, true["left_eye"][1] + 3)}

    def moved(template: dict[str, tuple[float, float]]) -> float:
        was, now = (similarity(points, template, 256) for points in (true, seen))
        return float(np.mean([np.hypot(*((now - was) @ [*point, 1])) for point in true.values()]))

    assert moved(TEMPLATE) < 0.8 * moved(EYES_ONLY)


def test_a_template_without_mouth_or_a_face_without_one_is_aligned_by_the_eyes() -> None:
    only_eyes = similarity(EYES, EYES_ONLY, 256)
    assert similarity(EYES, TEMPLATE, 256) == pytest.approx(only_eyes)
    assert similarity(EYES | {"mouth": (50.0, 90.0)}, EYES_ONLY, 256) == pytest.approx(only_eyes)


def test_the_inverse_leads_back() -> None:
    matrix = similarity(EYES, TEMPLATE, 256)
    there = matrix @ [12.0, -7.0, 1]
    assert inverse(matrix) @ [*there, 1] == pytest.approx([12, -7])


@pytest.mark.parametrize(
    "eyes", [{"left_eye": (3.0, 3.0)}, {"left_eye": (3.0, 3.0), "right_eye": (3.0, 3.0)}]
)
def test_eyes_that_give_no_direction_are_refused(eyes: dict[str, tuple[float, float]]) -> None:
    with pytest.raises(AlignmentError):
        similarity(eyes, TEMPLATE, 256)


def test_a_crop_at_scale_one_is_a_slice() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (90, 100, 3), np.uint8)
    shift = np.array([[1.0, 0, -20], [0, 1.0, -10]])
    assert (crop(Canvas(pixels), shift, 32, GROUND) == pixels[10:42, 20:52]).all()


def test_a_large_face_is_made_smaller_without_aliasing() -> None:
    stripes = np.zeros((1024, 1024, 3), np.uint8)
    stripes[:, ::2] = 255  # finer than the crop can show: only their mean is right
    eyes = {"left_eye": (350.0, 400.0), "right_eye": (660.0, 430.0)}
    seen = crop(Canvas(stripes), similarity(eyes, TEMPLATE, 64), 64, GROUND)
    assert np.abs(seen.astype(float) - 127.5).max() < 12


def test_beyond_the_picture_its_border_goes_on() -> None:
    pixels = np.full((40, 40, 3), 90, np.uint8)
    eyes = {"left_eye": (2.0, 4.0), "right_eye": (30.0, 4.0)}
    assert (crop(Canvas(pixels), similarity(eyes, TEMPLATE, 64), 64, GROUND) == 90).all()


def test_transparent_parts_show_the_ground_and_not_their_colour() -> None:
    pixels = np.zeros((60, 60, 4), np.uint8)
    pixels[..., 0] = 255  # red, all of it transparent but one half
    pixels[:, 30:, 3] = 255
    seen = crop(Canvas(pixels), np.array([[1.0, 0, 0], [0, 1.0, 0]]), 60, GROUND)
    assert (seen[:, :29] == 200).all()
    assert (seen[:, 31:] == (255, 0, 0)).all()


def test_sixteen_bits_and_grey_are_seen_as_eight_bit_rgb() -> None:
    deep = np.full((30, 30, 1), 40_000, np.uint16)
    seen = crop(Canvas(deep), np.array([[1.0, 0, 0], [0, 1.0, 0]]), 30, GROUND)
    assert seen.shape == (30, 30, 3)
    assert (seen == round(40_000 * 255 / 65_535)).all()


def test_covered_holds_the_turned_crop() -> None:
    matrix = similarity(EYES, TEMPLATE, 128)
    box = covered(matrix, 128)
    side = 128 / scale_of(matrix)
    assert box.width == pytest.approx(box.height)
    assert side < box.width < side * 1.42
