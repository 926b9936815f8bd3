"""Drawn pictures in which every face is known."""

from __future__ import annotations

import numpy as np

from contract.labels import LANDMARKS
from trainer.characters.scene import draw_scene
from trainer.data.known import draw_ground, grounds, marks_of, scenes


def test_scenes_come_with_every_landmark_of_every_face() -> None:
    known = list(scenes(40, 3, 64))
    for seed, (canvas, marks) in zip(range(40, 43), known, strict=True):
        drawn = draw_scene(seed, 64)
        assert np.array_equal(canvas.pixels, drawn.picture)
        assert len(marks) == len(drawn.boxes)
        for mark, points in zip(marks, drawn.landmarks.tolist(), strict=True):
            assert set(mark.landmarks) == set(LANDMARKS)
            assert [mark.landmarks[name] for name in LANDMARKS] == [tuple(p) for p in points]
    assert any(marks for _, marks in known)


def test_marks_keep_the_box() -> None:
    scene = draw_scene(41, 64)
    assert [mark.box for mark in marks_of(scene)] == [tuple(box) for box in scene.boxes.tolist()]


def test_grounds_are_opaque_differ_and_repeat() -> None:
    some = [canvas.pixels for canvas in grounds(7, 4, 48)]
    assert all(ground.shape == (48, 48, 3) for ground in some)
    assert np.array_equal(some[2], draw_ground(9, 48))
    assert len({ground.tobytes() for ground in some}) == 4
