from __future__ import annotations

import time
import tracemalloc

import cv2
import numpy as np
import pytest

from engines.onnx_engine import OnnxEngine
from faces import find as finding
from faces.canvas import Canvas
from faces.face import Box, Face
from faces.find import find_faces, find_in_boxes
from tests.pictures import Square, scene, with_alpha


def find(engine: OnnxEngine, pixels: np.ndarray) -> list[Face]:
    return find_faces(engine, engine.cards()["finder"], Canvas(pixels))


@pytest.mark.parametrize(
    "faces",
    [
        ((120, 100, 20),),
        ((60, 60, 14), (180, 130, 20)),
        ((24, 24, 20),),
        ((40, 50, 14), (120, 150, 14), (200, 60, 14)),
    ],
)
def test_every_square_is_found_where_it_is(engine: OnnxEngine, faces: tuple[Square, ...]) -> None:
    found = find(engine, scene(faces=faces))
    assert len(found) == len(faces)
    for x, y, side in faces:
        face = min(found, key=lambda f: abs(f.box.centre[0] - x) + abs(f.box.centre[1] - y))
        assert face.box.centre == pytest.approx((x, y), abs=1.5)
        assert face.box.width == pytest.approx(4 * side, rel=0.06)
        assert face.landmarks["left_eye"][0] == pytest.approx(x - side, abs=2)
        assert face.landmarks["right_eye"][0] == pytest.approx(x + side, abs=2)
        assert face.landmarks["chin"][1] == pytest.approx(y + 2 * side, abs=3)
        assert isinstance(face.box.x, float)
    scores = [face.score for face in found]
    assert scores == sorted(scores, reverse=True)


def test_the_second_look_is_finer_than_the_first(engine: OnnxEngine) -> None:
    picture = cv2.resize(scene(faces=()), (2400, 2000))
    picture[1101:1181, 1003:1083] = (255, 0, 255)
    (face,) = find(engine, picture)
    # One cell of the first look is 37 pixels of this picture, of the second 8.
    assert face.box.centre == pytest.approx((1043, 1141), abs=5)


def test_no_square_no_face(engine: OnnxEngine) -> None:
    assert find(engine, scene(faces=())) == []


def test_alpha_grey_and_depth_do_not_disturb(engine: OnnxEngine) -> None:
    picture = scene()
    assert len(find(engine, with_alpha(picture))) == 1
    assert len(find(engine, picture.astype(np.uint16) * 257)) == 1
    assert find(engine, picture[..., :1]) == []


def test_a_box_gets_its_landmarks_from_a_closer_look(engine: OnnxEngine) -> None:
    card = engine.cards()["finder"]
    given = [Box(85, 65, 76, 76), Box(150, 10, 40, 40)]
    seen, unseen = find_in_boxes(engine, card, Canvas(scene()), given)
    assert seen.box == given[0]
    assert seen.landmarks["left_eye"] == pytest.approx((100, 98), abs=2)
    assert seen.score > 0.5
    assert unseen.box == given[1]
    assert unseen.score == 0
    assert unseen.landmarks["left_eye"][1] == pytest.approx(10 + 0.51 * 40)


def test_both_looks_share_one_timeout(engine: OnnxEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    run, timeouts = engine.run, []

    def slow(model, inputs, timeout=None):
        timeouts.append(timeout)
        time.sleep(0.2)
        return run(model, inputs)

    monkeypatch.setattr(engine, "run", slow)
    find_faces(engine, engine.cards()["finder"], Canvas(scene()), timeout=10)
    first, second = timeouts
    assert first <= 10
    assert second <= 10 - 0.2


def large(faces: tuple[Square, ...], width: int = 10_000, height: int = 4_000) -> np.ndarray:
    pixels = np.full((height, width, 3), (90, 160, 70), np.uint8)
    for x, y, side in faces:
        half = side // 2
        pixels[max(0, y - half) : y + half, max(0, x - half) : x + half] = (255, 0, 255)
    return pixels


SMALL_IN_LARGE = (1234, 900, 80)  # 2 pixels of the first look


def test_small_faces_of_a_large_picture_are_found_in_its_parts(
    engine: OnnxEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = large((SMALL_IN_LARGE, (8000, 2000, 300)))
    found = sorted(find(engine, picture), key=lambda face: face.box.x)
    assert [face.box.centre for face in found] == [
        pytest.approx((1234, 900), abs=6),
        pytest.approx((8000, 2000), abs=25),
    ]
    assert found[0].box.width == pytest.approx(320, rel=0.06)
    monkeypatch.setattr(finding, "LARGE", 20_000)
    assert len(find(engine, picture)) == 1  # as a whole it is too coarse


@pytest.mark.parametrize("x", [36, 702, 787, 900, 3560])
@pytest.mark.parametrize("y", [20, 702])
def test_a_face_where_parts_meet_is_found_once(engine: OnnxEngine, x: int, y: int) -> None:
    (face,) = find(engine, large(((x, y, 30),), 3_600, 1_400))
    assert face.box.centre == pytest.approx((x, y), abs=9)


def test_a_large_picture_takes_little_memory(engine: OnnxEngine) -> None:
    pixels = np.dstack([large((SMALL_IN_LARGE,)), np.full((4_000, 10_000), 254, np.uint8)])
    assert pixels.nbytes == 160_000_000
    tracemalloc.start()
    try:
        assert len(find(engine, pixels)) == 1
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert 1e6 < peak < 60e6


class Doubting:
    """The engine, whose finder's heat is `heats` in its first, second, ... run where it is hot."""

    def __init__(self, engine: OnnxEngine, *heats: float) -> None:
        self.engine, self.heats = engine, list(heats)

    def run(
        self, model: str, inputs: dict[str, np.ndarray], timeout: float | None = None
    ) -> dict[str, np.ndarray]:
        outputs = self.engine.run(model, inputs, timeout=timeout)
        heat = outputs["heat"] / outputs["heat"].max() * np.float32(self.heats.pop(0))
        return {**outputs, "heat": heat}


@pytest.mark.parametrize(
    ("heats", "threshold", "expected"),
    [
        ((0.4, 0.9), finding.THRESHOLD, [0.9]),  # surer on a closer look
        ((0.4, 0.5), finding.THRESHOLD, []),
        ((0.9, 0.4), finding.THRESHOLD, []),  # the closer look counts
        ((0.4, 0.5), 0.45, [0.5]),
        ((0.3,), finding.THRESHOLD, []),  # not worth a second look
        ((0.3, 0.3), 0.2, [0.3]),
    ],
)
def test_the_closer_look_decides(
    engine: OnnxEngine, heats: tuple[float, ...], threshold: float, expected: list[float]
) -> None:
    doubting = Doubting(engine, *heats)
    card = engine.cards()["finder"]
    found = find_faces(doubting, card, Canvas(scene()), threshold=threshold)  # type: ignore[arg-type]
    assert [face.score for face in found] == pytest.approx(expected, abs=1e-3)
    assert doubting.heats == []
