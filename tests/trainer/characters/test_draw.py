"""The artist: same seed, same picture; expression changes the face only; labels follow."""

from __future__ import annotations

import numpy as np
import pytest

from contract.expression import (
    CORE_EXPRESSIONS,
    DRAWN,
    EXPRESSIONS,
    INDEX,
    NAMES,
    NEUTRAL,
    preset,
    vector,
)
from contract.labels import ATTRIBUTES, LANDMARKS, TAGS
from trainer.characters import View, draw, draw_all, sample_character, sample_view
from trainer.characters.labels import attributes, tags
from trainer.characters.moods import change_one, change_part, sample_mood, sample_preset
from trainer.characters.scene import draw_scene

SEEDS = (3, 11, 27)
FRONT = View()


def place(name: str) -> int:
    return LANDMARKS.index(name)


@pytest.mark.parametrize("seed", SEEDS)
def test_same_seed_same_picture(seed: int) -> None:
    view = sample_view(np.random.default_rng(seed))
    first = draw(sample_character(seed), view, preset("happy"), 96)
    again = draw(sample_character(seed), view, preset("happy"), 96)
    np.testing.assert_array_equal(first.picture, again.picture)
    np.testing.assert_array_equal(first.landmarks, again.landmarks)


def test_drawing_all_moods_at_once_changes_no_bit() -> None:
    moods = [preset(name) for name in ("neutral", "crying", "angry", "laughing")]
    for seed in range(6):
        character, view = sample_character(seed), sample_view(np.random.default_rng(seed))
        for mood, drawing in zip(moods, draw_all(character, view, moods, 96), strict=True):
            alone = draw(character, view, mood, 96)
            np.testing.assert_array_equal(drawing.picture, alone.picture)
            np.testing.assert_array_equal(drawing.landmarks, alone.landmarks)


def test_other_seed_other_picture() -> None:
    one, two = (draw(sample_character(s), FRONT, NEUTRAL, 96).picture for s in SEEDS[:2])
    assert (one != two).mean() > 0.3


@pytest.mark.parametrize("name", [n for n in EXPRESSIONS if n != "neutral"])
def test_expression_changes_the_face_and_nothing_far_from_it(name: str) -> None:
    character = sample_character(5)
    view = View(eye_distance=0.2, y=0.45)
    rest = draw(character, view, NEUTRAL, 200)
    drawn = draw(character, view, preset(name), 200)
    changed = (rest.picture != drawn.picture).any(-1)
    assert changed.mean() > 0.002
    top, bottom = view.pixels(view.face(np.array([[-1.3, -1.3], [1.3, 1.6]])), 200)
    outside = changed.copy()
    outside[int(top[1]) : int(bottom[1]), int(top[0]) : int(bottom[0])] = False
    assert not outside.any()


def test_landmarks_lie_where_features_are() -> None:
    drawing = draw(sample_character(8), FRONT, NEUTRAL, 256)
    points = drawing.landmarks
    assert len(points) == len(LANDMARKS) >= 24
    distance = points[place("right_eye"), 0] - points[place("left_eye"), 0]
    assert distance == pytest.approx(256 * FRONT.eye_distance, rel=0.02)
    order = ("left_brow_middle", "left_eye", "nose", "mouth", "chin")
    heights = [points[place(name), 1] for name in order]
    assert heights == sorted(heights)
    assert points[place("mouth_left"), 0] < points[place("mouth_right"), 0]


def test_landmarks_follow_roll_and_supersampling() -> None:
    character = sample_character(8)
    turned = draw(character, View(roll=30), NEUTRAL, 128).landmarks
    eyes = turned[place("right_eye")] - turned[place("left_eye")]
    assert np.degrees(np.arctan2(eyes[1], eyes[0])) == pytest.approx(30, abs=1)
    fine = draw(character, View(roll=30), NEUTRAL, 128, supersampling=2).landmarks
    np.testing.assert_allclose(fine, turned, atol=0.01)


def test_three_quarter_view_narrows_the_far_eye() -> None:
    points = draw(sample_character(8), View(yaw=0.8), NEUTRAL, 256).landmarks
    near = points[place("left_eye_inner"), 0] - points[place("left_eye_outer"), 0]
    far = points[place("right_eye_outer"), 0] - points[place("right_eye_inner"), 0]
    assert 0.55 < far / near < 0.95
    middle = (points[place("left_eye"), 0] + points[place("right_eye"), 0]) / 2
    assert points[place("nose"), 0] > middle


def test_transparent_without_background() -> None:
    drawing = draw(
        sample_character(8), View(eye_distance=0.12, y=0.4), NEUTRAL, 128, background=False
    )
    alpha = drawing.picture[..., 3]
    assert alpha[0, 0] == 0
    assert alpha[51, 64] == 255


@pytest.mark.parametrize("parameter", ["mouth_open", "blush", "sweat", "tears"])
def test_more_of_a_parameter_moves_the_picture_further(parameter: str) -> None:
    character = sample_character(8)
    rest, half, whole = (
        draw(character, FRONT, vector({parameter: share}), 128).picture.astype(int)
        for share in (0.0, 0.5, 1.0)
    )
    assert 0 < np.abs(half - rest).sum() < np.abs(whole - rest).sum()


def test_shut_lids_have_no_opening() -> None:
    points = draw(sample_character(8), FRONT, vector({"lid_upper_left": 0.0}), 256).landmarks
    assert points[place("left_eye_bottom"), 1] - points[place("left_eye_top"), 1] < 1
    assert points[place("right_eye_bottom"), 1] - points[place("right_eye_top"), 1] > 10


def test_intensity_moves_brows_monotonically() -> None:
    character = sample_character(8)
    heights = [
        draw(character, FRONT, preset("angry", k), 256).landmarks[place("left_brow_inner"), 1]
        for k in (0.0, 0.3, 0.6, 0.9, 1.2, 1.5)
    ]
    assert np.all(np.diff(heights) >= 0)
    assert heights[-1] > heights[0] + 5


def test_labels_follow_the_mood() -> None:
    character = sample_character(8)
    crying = tags(character, preset("crying"))
    resting = tags(character, NEUTRAL)
    assert crying[TAGS.index("tears")] == 1
    assert resting[TAGS.index("tears")] == 0
    assert attributes(character, preset("laughing"))[ATTRIBUTES.index("open_mouth")] == 1
    assert attributes(character, NEUTRAL)[ATTRIBUTES.index("open_mouth")] == 0
    assert resting[TAGS.index(f"{character.palette.hair_name} hair")] == 1


def test_moods_stay_in_range_and_keep_their_label() -> None:
    from contract.expression import HIGH, LOW

    rng = np.random.default_rng(4)
    for _ in range(200):
        mood, which = sample_mood(rng)
        assert np.all(mood >= LOW - 1e-6)
        assert np.all(mood <= HIGH + 1e-6)
        assert -1 <= which < len(EXPRESSIONS)
        part = change_part(rng, mood)
        assert np.all((part >= LOW - 1e-6) & (part <= HIGH + 1e-6))


def test_one_parameter_moves_alone_or_with_its_other_side() -> None:
    rng = np.random.default_rng(4)
    moved = set()
    for _ in range(1500):
        mood, _ = sample_mood(rng)
        names = [NAMES[i] for i in np.flatnonzero(change_one(rng, mood) != mood)]
        stems = {name.removesuffix("_left").removesuffix("_right") for name in names}
        assert len(stems) <= 1
        moved |= stems
    assert moved == {name.removesuffix("_left").removesuffix("_right") for name in NAMES}


def test_what_is_kept_does_not_move_and_the_rest_does() -> None:
    rng = np.random.default_rng(4)
    moods = np.stack([change_one(rng, NEUTRAL, DRAWN) for _ in range(600)])
    moved = {NAMES[i] for i in np.flatnonzero((moods != NEUTRAL).any(0))}
    assert moved == set(NAMES) - set(DRAWN)


def test_eyes_are_shut_in_many_moods() -> None:
    rng = np.random.default_rng(4)
    moods = np.stack([sample_mood(rng)[0] for _ in range(1000)])
    lids = moods[:, [INDEX["lid_upper_left"], INDEX["lid_upper_right"]]]
    assert 0.1 < (lids.max(1) < 0.1).mean() < 0.3
    assert moods[lids.max(1) < 0.1][:, INDEX["lid_arc_left"]].std() > 0.3


@pytest.mark.parametrize("name", CORE_EXPRESSIONS[1:])
def test_variation_inside_a_preset(name: str) -> None:
    rng = np.random.default_rng(4)
    moods = np.stack([sample_preset(rng, name) for _ in range(40)])
    assert moods.std(0).max() > 0.05
    if name == "crying":
        assert moods[:, INDEX["tears"]].min() > 0.2
    if name == "angry":
        assert moods[:, INDEX["brow_tilt_left"]].min() > 0.1


def test_scene_boxes_hold_their_landmarks() -> None:
    seen = 0
    for seed in range(12):
        scene = draw_scene(seed, 128)
        again = draw_scene(seed, 128)
        np.testing.assert_array_equal(scene.picture, again.picture)
        for box, points in zip(scene.boxes, scene.landmarks, strict=True):
            seen += 1
            for name in ("left_eye", "right_eye", "nose", "mouth"):
                x, y = points[place(name)]
                assert box[0] <= x <= box[0] + box[2]
                assert box[1] <= y <= box[1] + box[3]
    assert seen >= 6
