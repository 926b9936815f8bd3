"""Who does what of an edit."""

from __future__ import annotations

import numpy as np
import pytest

from contract.control import control_of, expression_vector
from contract.expression import DRAWN, INDEX, SIZE, Vector
from contract.labels import LANDMARKS
from faces import lids
from faces.canvas import Canvas
from faces.change import NOTHING
from faces.plan import MOUTH, Plan, plan
from tests.painted_faces import (
    GROUND,
    ROUND_LASHES,
    SKIN,
    Painted,
    in_sides,
    oval,
    painted,
    seen,
    turned,
)
from tests.pictures import same_outside, with_alpha

SIDE = 256
FACE = painted(120.0, (240.0, 200.0), (480, 480))
MATRIX, CROP = seen(Canvas(FACE.picture), FACE.landmarks, SIDE)
POINTS = in_sides(FACE.landmarks, MATRIX, SIDE)
CONTROL = expression_vector(DRAWN)

WIDE = painted(120.0, (240.0, 200.0), (480, 480), eye_height=0.2, lashes=ROUND_LASHES)
"""A face whose lids can be lowered."""

SHOUT = painted(120.0, (240.0, 200.0), (480, 480), open_mouth=oval(0.0, 0.78, 0.18, 0.14))
"""A face with an open mouth."""


def beside() -> np.ndarray:
    """A network's landmarks [2,27,2], each a tenth of a side to the right of where it is."""
    points = [(x + 0.1, y) for x, y in (POINTS[name] for name in LANDMARKS)]
    return np.array([points, points], np.float32)


def test_a_network_that_does_all_is_asked_for_all() -> None:
    whole = expression_vector()
    encoded = control_of(whole, (), "crying")
    one = plan(whole, encoded, CROP, FACE.landmarks, MATRIX)
    np.testing.assert_array_equal(one.asked, encoded)
    assert one.drawing(beside()) is None


def test_a_network_is_not_asked_for_what_is_drawn() -> None:
    encoded = control_of(CONTROL, (), "crying")
    one = plan(CONTROL, encoded, CROP, {}, MATRIX, 0.5)
    for name in DRAWN:
        assert one.asked[INDEX[name]] == one.asked[SIZE + INDEX[name]] == 0
    assert one.amounts["tears"] == 1
    drawing = one.drawing(beside())
    assert drawing is not None
    assert (drawing.amounts, drawing.share) == (one.amounts, 0.5)
    assert drawing.wanted["mouth_open"] == pytest.approx(0.3)


def test_a_finder_that_looks_closely_is_believed() -> None:
    encoded = control_of(CONTROL, (), "crying")
    drawing = plan(CONTROL, encoded, CROP, FACE.landmarks, MATRIX).drawing(beside())
    assert drawing is not None
    for name in ("left_eye", "right_eye_outer", "mouth", "chin"):
        assert drawing.before[name] == pytest.approx(POINTS[name])
    for name in ("left_brow_inner", "left_eye_bottom", "mouth_left"):
        assert drawing.before[name][0] == pytest.approx(POINTS[name][0] + 0.1)
    eyes = {name: FACE.landmarks[name] for name in ("left_eye", "right_eye")}
    rough = plan(CONTROL, encoded, CROP, eyes, MATRIX).drawing(beside())
    assert rough is not None
    assert rough.before["left_eye"][0] == pytest.approx(POINTS["left_eye"][0] + 0.1)


def planned(face: Painted, values: dict[str, float], without: str = "") -> tuple[Vector, Plan]:
    """What is asked for, tears and `values`, and who does it."""
    encoded = control_of(CONTROL, (), {"tears": 0.5} | values)
    matrix, crop = seen(Canvas(face.picture), face.landmarks, SIDE)
    found = {name: place for name, place in face.landmarks.items() if name != without}
    return encoded, plan(CONTROL, encoded, crop, found, matrix)


def both(value: float) -> dict[str, float]:
    return {"lid_upper_left": value, "lid_upper_right": value}


def are_asked(one: Plan, encoded: Vector, names: tuple[str, ...]) -> bool:
    """Whether the network is asked for all that is set of these; otherwise for none of them."""
    places = [(INDEX[name], SIZE + INDEX[name]) for name in names]
    assert any(encoded[i] for pair in places for i in pair)
    same = all(one.asked[i] == encoded[i] for pair in places for i in pair)
    assert same or all(one.asked[i] == 0 for pair in places for i in pair)
    return same


def test_lids_that_come_down_a_little_are_not_left_to_the_network() -> None:
    encoded, one = planned(
        WIDE, both(0.7) | {"lid_slant": 0.5, "lid_lower_left": 0.3, "mouth_curve": 1.0}
    )
    assert not are_asked(one, encoded, lids.NAMES)
    assert are_asked(one, encoded, ("lid_lower_left", "mouth_curve"))
    drawing = one.drawing(beside())
    assert drawing is not None
    assert [lid.side for lid in drawing.lids] == ["left", "right"]
    assert drawing.lids == one.lids
    assert drawing.wanted["lid_upper_left"] == pytest.approx(-0.3)
    assert drawing.wanted["lid_slant"] == pytest.approx(0.5)


@pytest.mark.parametrize(
    "values",
    [
        both(0.0),
        both(0.4),
        {"lid_upper_left": 0.7},
        {"lid_upper_left": 0.0, "lid_upper_right": 0.7},
        {"lid_slant": 1.0},
    ],
)
def test_lids_that_go_far_are_left_to_the_network(values: dict[str, float]) -> None:
    encoded, one = planned(WIDE, values)
    assert encoded[SIZE:].sum() == 1 + len(values)
    assert are_asked(one, encoded, lids.NAMES)
    drawing = one.drawing(beside())
    assert drawing is not None
    assert drawing.lids == ()


def test_lids_at_rest_stay_as_they_are() -> None:
    encoded, one = planned(WIDE, both(1.0) | {"iris_size": 0.8})
    assert not are_asked(one, encoded, lids.NAMES)
    assert are_asked(one, encoded, ("iris_size",))
    assert (one.lids, "lid_upper_left" in one.every) == ((), False)
    far, at_eyes = planned(WIDE, {"lid_upper_left": 1.0, "lid_upper_right": 0.0})
    assert at_eyes.asked[SIZE + INDEX["lid_upper_left"]] == 0
    assert at_eyes.asked[SIZE + INDEX["lid_upper_right"]] == far[SIZE + INDEX["lid_upper_right"]]


@pytest.mark.parametrize(("iris", "asked"), [(0.85, False), (0.5, True)])
def test_lids_that_rise_are_never_left_to_the_network(iris: float, asked: bool) -> None:
    values = both(1.15) | {"iris_size": iris}
    encoded, one = planned(WIDE, values)
    assert not are_asked(one, encoded, lids.NAMES)
    assert len(one.lids) == 2
    assert are_asked(one, encoded, ("iris_size",)) is asked


def test_lids_whose_lashes_are_not_found_are_left_to_the_network() -> None:
    for face, without in (
        (WIDE, "left_eye_inner"),
        (painted(120.0, (240.0, 200.0), (480, 480), eye_height=0.2, lashes=None), ""),
    ):
        encoded, one = planned(face, both(0.7), without)
        assert one.lids == ()
        assert are_asked(one, encoded, lids.NAMES)


SHUT_MOUTH = {"mouth_open": 0.0, "mouth_curve": -0.5, "teeth": 0.0}


def test_an_open_mouth_that_is_to_shut_is_not_left_to_the_network() -> None:
    encoded, one = planned(SHOUT, SHUT_MOUTH | {"gaze_x": 0.5})
    assert one.mouth is not None
    assert not are_asked(one, encoded, MOUTH)
    assert are_asked(one, encoded, ("gaze_x",))
    drawing = one.drawing(beside())
    assert drawing is not None
    assert not set(MOUTH) & set(drawing.wanted)  # it is done before


@pytest.mark.parametrize(
    "values", [{"mouth_open": 0.5}, {"mouth_open": 0.05, "mouth_wave": 0.8}, {"mouth_open": 1.0}]
)
def test_a_mouth_that_is_to_open_is_not_left_to_the_network(values: dict[str, float]) -> None:
    for face in (SHOUT, WIDE):
        encoded, one = planned(face, values)
        assert one.mouth is not None
        assert one.mouth.is_open is (face is SHOUT)
        assert not are_asked(one, encoded, MOUTH)


def test_a_mouth_that_is_level_or_not_spoken_of_stays() -> None:
    for face, without, values, asked in (
        (WIDE, "", {"mouth_open": 0.0, "mouth_curve": -0.2}, False),
        (SHOUT, "chin", SHUT_MOUTH, True),
        (SHOUT, "", {"mouth_curve": 0.5}, True),
    ):
        encoded, one = planned(face, values, without)
        assert one.mouth is None
        assert are_asked(one, encoded, MOUTH) is asked
        pixels = face.picture.copy()
        matrix, crop = seen(Canvas(face.picture), face.landmarks, SIDE)
        prepared, written = one.prepare(pixels, Canvas(face.picture), matrix, crop, GROUND)
        assert prepared is crop
        assert written == NOTHING
        assert (pixels == face.picture).all()


@pytest.mark.parametrize("face", [SHOUT, turned(SHOUT)], ids=["upright", "lying"])
@pytest.mark.parametrize("alpha", [False, True])
def test_an_open_mouth_is_shut_before_the_network_sees_it(face: Painted, alpha: bool) -> None:
    before = with_alpha(face.picture) if alpha else face.picture
    canvas = Canvas(before)
    matrix, crop = seen(canvas, face.landmarks, SIDE)
    for values, bow in ((SHUT_MOUTH, -1), ({"mouth_open": 0.0, "mouth_curve": 0.5}, 1)):
        _, one = planned(face, values)
        pixels = before.copy()
        prepared, written = one.prepare(pixels, canvas, matrix, crop, GROUND)
        assert same_outside(before, pixels, [written])
        if alpha:
            assert (pixels[..., 3] == before[..., 3]).all()
        again, _ = seen(Canvas(pixels), face.landmarks, SIDE)
        np.testing.assert_array_equal(again, matrix)
        np.testing.assert_array_equal(seen(Canvas(pixels), face.landmarks, SIDE)[1], prepared)
        mouth = prepared[150:200, 100:156].astype(int)
        line = np.abs(mouth - SKIN).max(axis=2) > 60
        assert 20 < line.sum() < 90
        rows, columns = np.nonzero(line)
        ends = rows[np.abs(columns - columns.mean()) > 6].mean()
        middle = rows[np.abs(columns - columns.mean()) < 3].mean()
        assert np.sign(middle - ends) == bow


def test_a_shut_mouth_may_be_wider_than_the_open_one() -> None:
    small = painted(
        120.0, (240.0, 200.0), (480, 480), open_mouth=oval(0.0, 0.74, 0.07, 0.05)
    )  # 17 pixels wide, without its outline
    matrix, crop = seen(Canvas(small.picture), small.landmarks, SIDE)
    _, one = planned(small, {"mouth_open": 0.0, "mouth_width": 1.0})
    pixels = small.picture.copy()
    _, written = one.prepare(pixels, Canvas(small.picture), matrix, crop, GROUND)
    assert same_outside(small.picture, pixels, [written])
    line = np.abs(pixels[270:320, 200:280].astype(int) - SKIN).max(axis=2) > 60
    assert line.any(axis=0).sum() > 50


def test_a_mouth_is_drawn_as_open_as_it_is_wanted() -> None:
    canvas = Canvas(WIDE.picture)
    matrix, crop = seen(canvas, WIDE.landmarks, SIDE)
    sizes = []
    for opening in (0.1, 0.4, 0.8):
        _, one = planned(WIDE, {"mouth_open": opening, "mouth_curve": 0.7, "mouth_width": 0.5})
        face, written = one.prepare(WIDE.picture.copy(), canvas, matrix, crop, GROUND)
        assert written != NOTHING
        sizes.append(int((np.abs(face[150:215, 90:166].astype(int) - SKIN).max(axis=2) > 60).sum()))
    assert 1.5 * sizes[0] < sizes[1] < 0.7 * sizes[2]


def test_a_face_of_a_few_pixels_is_left_to_the_network() -> None:
    small = painted(12.0, (24.0, 20.0), (48, 48))
    encoded, one = planned(small, both(1.0) | {"mouth_open": 0.4})
    assert are_asked(one, encoded, ("lid_upper_left", "lid_upper_right", "mouth_open"))
    assert (one.lids, one.mouth, one.found) == ((), None, {})
