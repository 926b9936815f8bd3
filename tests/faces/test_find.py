from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import skia
from PIL import Image

from contract.expression import vector
from contract.labels import LANDMARKS
from engines.onnx_engine import OnnxEngine
from faces import find as finding
from faces.canvas import Canvas
from faces.face import Box, Face, by_proportions
from faces.find import SameFaceError, find_faces, find_in_boxes
from tests.pictures import Square, scene, with_alpha
from trainer.characters.character import sample_character
from trainer.characters.compose import draw_on
from trainer.characters.view import View

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def shipped() -> Iterator[OnnxEngine]:
    """The models of this repository."""
    engine = OnnxEngine(ROOT / "model_repository", threads=1)
    yield engine
    engine.close()


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


def test_two_boxes_over_one_face_are_refused_in_any_order(engine: OnnxEngine) -> None:
    card, canvas = engine.cards()["finder"], Canvas(scene())
    on, beside = Box(85, 65, 76, 76), Box(100, 65, 76, 76)
    assert 0.6 < on.overlap(beside) < 0.7
    for boxes in ([on, beside], [beside, on]):
        with pytest.raises(SameFaceError) as told:
            find_in_boxes(engine, card, canvas, boxes)
        assert (told.value.first, told.value.second) == (on, beside)


def test_a_box_behind_another_does_not_get_its_face(engine: OnnxEngine) -> None:
    card, canvas = engine.cards()["finder"], Canvas(scene())
    on, behind = Box(85, 65, 76, 76), Box(115, 65, 76, 76)
    assert finding._SAME_FACE < behind.overlap(Box(80, 60, 80, 80)) < 0.5
    (alone,) = find_in_boxes(engine, card, canvas, [behind])
    assert alone.landmarks["left_eye"] == pytest.approx((100, 98), abs=2)
    unseen, seen = find_in_boxes(engine, card, canvas, [behind, on])
    assert seen.landmarks["left_eye"] == pytest.approx((100, 98), abs=2)
    assert unseen == by_proportions(behind)


def test_overlapping_squares_each_get_their_own_face(engine: OnnxEngine) -> None:
    picture = scene(faces=((100, 100, 20), (140, 100, 20)))
    boxes = [Box(60, 60, 80, 80), Box(100, 60, 80, 80)]
    assert boxes[0].overlap(boxes[1]) > finding._SAME_FACE
    faces = find_in_boxes(engine, engine.cards()["finder"], Canvas(picture), boxes)
    assert [face.landmarks["mouth"][0] for face in faces] == pytest.approx([100, 140], abs=2)


def drawn_pair(apart: float, seed: int) -> tuple[np.ndarray, list[Box], list[tuple[float, float]]]:
    """Two drawn characters, the second before the first: picture, boxes, their left eyes."""
    side = 512
    pixels = np.full((side, side, 4), 255, np.uint8)
    info = skia.ImageInfo.Make(side, side, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType)
    surface = skia.Surface.MakeRasterDirect(info, pixels)
    boxes, eyes = [], []
    for i in range(2):
        view = View(eye_distance=0.18, x=0.38 + apart * i, y=0.4 + 0.03 * i)
        character = sample_character(2 * (7 * seed + i) + 1)
        points = draw_on(surface.getCanvas(), character, view, vector({}), side)
        x, y = (float(v) for v in points[LANDMARKS.index("left_eye")])
        eyes.append((x, y))
        boxes.append(Box(x - 33, y - 80, 159, 158))
    surface.flushAndSubmit()
    return np.ascontiguousarray(pixels[..., :3]), boxes, eyes


@pytest.mark.shipped
@pytest.mark.parametrize("seed", [0, 3, 5])
@pytest.mark.parametrize("apart", [0.13, 0.16, 0.28])
def test_two_drawn_faces_that_overlap_are_two(shipped: OnnxEngine, seed: int, apart: float) -> None:
    """The one behind is seen where enough of it shows; never is the one before taken for it."""
    picture, boxes, eyes = drawn_pair(apart, seed)
    assert boxes[0].overlap(boxes[1]) > 0
    faces = find_in_boxes(shipped, shipped.cards()["finder"], Canvas(picture), boxes)
    for face, box, eye in zip(faces, boxes, eyes, strict=True):
        assert face.box == box
        assert face.landmarks["left_eye"] == pytest.approx(eye, abs=0.25 * 0.18 * 512)
    assert faces[1].score > 0.5


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
    monkeypatch.setattr(finding, "levels", lambda canvas, size: [])
    assert len(find(engine, picture)) == 1  # as a whole it is too coarse


def looks(monkeypatch: pytest.MonkeyPatch, engine: OnnxEngine) -> list[int]:
    """How many views go into each run of the finder from now on."""
    run, views = engine.run, []

    def counted(model, inputs, timeout=None):
        views.append(len(inputs["image"]))
        return run(model, inputs, timeout)

    monkeypatch.setattr(engine, "run", counted)
    return views


@pytest.fixture(scope="module")
def sprite() -> np.ndarray:
    """A drawn character, premultiplied, 1,024 pixels; its face is 306 pixels high."""
    with Image.open(ROOT / "examples" / "sprite.png") as image:
        return np.asarray(image.convert("RGBa"))


@pytest.mark.shipped
@pytest.mark.parametrize("face", [32, 64])
@pytest.mark.parametrize(("width", "height"), [(1_024, 1_024), (1_920, 1_080), (2_900, 1_600)])
def test_a_small_drawn_face_is_found_in_pictures_of_any_size(
    shipped: OnnxEngine, sprite: np.ndarray, width: int, height: int, face: int
) -> None:
    scale = face / 306
    small = cv2.resize(sprite, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    side, (x, y) = len(small), (width // 3, height // 2)
    picture = np.full((height, width, 3), (170, 190, 200), np.uint8)
    here = picture[y : y + side, x : x + side]
    here[:] = small[..., :3] + here * (1 - small[..., 3:] / 255)
    (found,) = find(shipped, picture)
    assert found.box.longer == pytest.approx(face, rel=0.15)
    assert found.box.centre == pytest.approx((x + 511 * scale, y + 398 * scale), abs=0.15 * face)


def test_a_picture_of_one_large_face_costs_two_looks(
    engine: OnnxEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    views = looks(monkeypatch, engine)
    assert len(find(engine, large(((500, 500, 72),), 1_024, 1_024))) == 1
    assert views == [1, 1]


def test_parts_are_looked_at_together(engine: OnnxEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    views = looks(monkeypatch, engine)
    assert find(engine, large((), 1_920, 1_080)) == []
    assert views == [1, 12]


def test_whoever_wants_the_largest_face_is_spared_the_parts(
    engine: OnnxEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = engine.cards()["finder"]
    picture = Canvas(large(((600, 500, 50),), 1_920, 1_080))
    views = looks(monkeypatch, engine)
    assert len(find_faces(engine, card, picture)) == 1
    assert len(find_faces(engine, card, picture, only_largest=True)) == 1
    assert views == [1, 12, 1, 1, 1]


def test_where_the_whole_shows_no_face_the_largest_is_looked_for_in_parts(
    engine: OnnxEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = Canvas(large(((1_500, 300, 12),), 2_900, 1_600))
    views = looks(monkeypatch, engine)
    (face,) = find_faces(engine, engine.cards()["finder"], picture, only_largest=True)
    assert face.box.centre == pytest.approx((1_500, 300), abs=3)
    assert views == [1, 16, 12, 1]


@pytest.mark.parametrize(("side", "needed"), [(72, 0.55), (8, 0.64)])
@pytest.mark.parametrize("above", [-0.01, 0.01])
def test_a_small_face_has_to_be_surer(
    engine: OnnxEngine, side: int, needed: float, above: float
) -> None:
    picture = Canvas(large(((500, 500, side),), 1_024, 1_024))
    heats = [0.9, needed + above] if side == 72 else [0.2, 0.9, needed + above]
    doubting = Doubting(engine, *heats)
    found = find_faces(doubting, engine.cards()["finder"], picture)  # type: ignore[arg-type]
    assert len(found) == (above > 0)
    assert doubting.heats == []


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
        ((0.9, 0.36), finding.THRESHOLD, []),
        ((0.9, 0.34), finding.THRESHOLD, [0.9]),  # it shows nothing: the first look stands
        ((0.9, 0.0), finding.THRESHOLD, [0.9]),
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
