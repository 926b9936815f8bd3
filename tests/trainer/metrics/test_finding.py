"""Counting finds: which face is which, and what the errors are."""

from __future__ import annotations

import pytest

from faces.face import Box, Face, Point
from trainer.data.annotated import Mark
from trainer.metrics.finding import Tally, eyes_off, match


def _mark(x: float, y: float, distance: float = 10) -> Mark:
    mouth = (x + distance / 2, y + 7)
    return Mark(box=(x, y, 9, 9), left_eye=(x, y), right_eye=(x + distance, y), mouth=mouth)


def _face(mark: Mark, off: Point = (0, 0), far_eye: float = 0.0, score: float = 0.9) -> Face:
    landmarks = {name: (x + off[0], y + off[1]) for name, (x, y) in mark.landmarks.items()}
    landmarks["right_eye"] = (landmarks["right_eye"][0] + far_eye, landmarks["right_eye"][1])
    return Face(Box(*mark.box), score, landmarks)


def test_the_farther_eye_decides() -> None:
    mark = _mark(50, 50)
    assert eyes_off(mark, _face(mark, (1, 0))) == pytest.approx(0.1)
    assert eyes_off(mark, _face(mark, far_eye=2.9)) == pytest.approx(0.29)
    assert match([mark], [_face(mark, far_eye=2.9)]).pairs
    seen = match([mark], [_face(mark, far_eye=3.1)])
    assert (len(seen.pairs), len(seen.missed), len(seen.extra)) == (0, 1, 1)


def test_each_face_has_one_find_and_the_closest_wins() -> None:
    here, there = _mark(50, 50), _mark(52, 50)
    near, far, elsewhere = _face(here, (0.5, 0)), _face(there, (-1, 0)), _face(_mark(90, 90))
    seen = match([there, here], [elsewhere, far, near])
    assert seen.pairs == ((there, far), (here, near))
    assert seen.extra == (elsewhere,)
    twice = match([here], [far, near])
    assert twice.pairs == ((here, near),)
    assert twice.extra == (far,)


def test_figures() -> None:
    tally = Tally()
    first, second = _mark(10, 10), _mark(60, 10, distance=20)
    tally.add(match([first, second], [_face(first, (0, 1)), _face(_mark(90, 90))]))
    tally.add(match([first], []))
    tally.add(match([], [_face(first)]))
    tally.add(match([], []))
    tally.add(match([second], [_face(second, (0, 4))]))
    figures = tally.figures()
    assert figures["pictures"] == 5
    assert figures["with_face"] == 3
    assert figures["picture_share"] == pytest.approx(2 / 3)
    assert figures["face_share"] == pytest.approx(2 / 4)
    assert figures["extra"] == 2
    assert figures["pictures_with_extra"] == 2
    assert figures["false"] == 1
    assert figures["false_share"] == pytest.approx(1 / 2)
    assert figures["eye_error"] == pytest.approx((0.1 + 0.2) / 2)
    assert figures["landmark_error"] == pytest.approx((0.1 + 0.2) / 2)


def test_nothing_to_find_has_no_shares() -> None:
    tally = Tally()
    tally.add(match([], []))
    assert "face_share" not in tally.figures()
    assert "eye_error" not in tally.figures()
    assert tally.figures()["false_share"] == 0
