"""Pictures that are hard: each gets a defined answer, on the tiny and on the shipped models."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest

from engines.onnx_engine import OnnxEngine
from faces.change import NOTHING
from faces.face import Box
from serving import png
from serving.picture import TooManyPixelsError
from serving.pipeline import Pipeline
from serving.request_errors import BoxError, NoFaceError
from serving.results import EditResult
from serving.settings import Settings
from tests.pictures import encoded, opened, same_outside, scene

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def shipped() -> Iterator[Pipeline]:
    """The pipeline over the weights of this repository."""
    engine = OnnxEngine(ROOT / "model_repository", threads=1)
    yield Pipeline(engine, Settings())
    engine.close()


@pytest.fixture(scope="module")
def sprite() -> np.ndarray:
    return opened((ROOT / "examples" / "sprite.png").read_bytes())


def rectangles(result: EditResult) -> list[tuple[int, int, int, int]]:
    return [face.changed for face in result.faces]


def kept_outside(before: np.ndarray, result: EditResult) -> bool:
    """Whether size, alpha and all pixels outside the changed rectangles, all inside, are kept."""
    after = opened(result.data)
    height, width = before.shape[:2]
    inside = all(
        min(x, y) >= 0 and x + w <= width and y + h <= height for x, y, w, h in rectangles(result)
    )
    alpha = before.shape[2] == 3 or (before[..., 3] == after[..., 3]).all()
    return bool(inside and alpha and same_outside(before, after, rectangles(result)))


def found_or_not(pipeline: Pipeline, picture: np.ndarray, expression: str) -> bool:
    """Whether the answer is one of two: no face was found, or a change inside its rectangle."""
    with suppress(NoFaceError):
        return kept_outside(picture, pipeline.edit(encoded(picture), expression))
    return True


def shrunk(picture: np.ndarray, side: int) -> np.ndarray:
    return np.asarray(cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def test_a_face_of_a_few_pixels_is_changed_at_its_own_size(pipeline: Pipeline) -> None:
    picture = scene(64, 56, ((32, 28, 5),))  # the face is 20 pixels wide
    result = pipeline.edit(encoded(picture), "happy")
    (face,) = result.faces
    assert face.face.box.width == pytest.approx(20, abs=4)
    assert 3 <= face.changed[2] <= 30
    assert kept_outside(picture, result)


@pytest.mark.shipped
@pytest.mark.parametrize("side", [32, 48, 64, 80])
def test_a_drawn_face_of_less_than_24_pixels(
    shipped: Pipeline, sprite: np.ndarray, side: int
) -> None:
    """It is changed where it is found; where not, the answer asks for a box, which is enough."""
    picture = shrunk(sprite, side)
    box = Box(0.36 * side, 0.24 * side, 0.29 * side, 0.3 * side)
    assert box.longer <= 24
    assert found_or_not(shipped, picture, "surprised")
    result = shipped.edit(encoded(picture), "surprised", faces=[box])
    assert result.faces[0].changed != NOTHING
    assert kept_outside(picture, result)


def test_overlapping_faces_are_changed_one_after_the_other(pipeline: Pipeline) -> None:
    picture = scene(faces=())
    boxes = [Box(40, 40, 90, 90), Box(90, 60, 90, 90)]
    assert 0.1 < boxes[0].overlap(boxes[1]) < 0.4
    both = pipeline.edit(encoded(picture), "happy", faces=boxes)
    assert kept_outside(picture, both)
    once = opened(pipeline.edit(encoded(picture), "happy", faces=boxes[:1]).data)
    x, y, width, height = rectangles(both)[1]
    rest = opened(both.data)
    assert same_outside(once, rest, [(x, y, width, height)])
    assert (once != rest).any()


@pytest.mark.shipped
def test_two_drawn_faces_that_overlap(shipped: Pipeline, sprite: np.ndarray) -> None:
    picture = np.full((600, 900, 3), 255, np.uint8)
    one = shrunk(sprite, 600)
    for x in (0, 130):  # the second covers a part of the first
        share = one[..., 3:] / 255
        part = picture[:, x : x + 600]
        part[:] = np.rint(one[..., :3] * share + part * (1 - share))
    result = shipped.edit(encoded(picture), "happy")
    assert result.faces
    assert kept_outside(picture, result)
    boxes = [Box(214, 142, 171, 179), Box(344, 142, 171, 179)]
    assert kept_outside(picture, shipped.edit(encoded(picture), "happy", faces=boxes))


def test_a_face_that_is_given_twice_is_refused(pipeline: Pipeline) -> None:
    boxes = [Box(40, 40, 90, 90), Box(43, 41, 90, 90)]
    with pytest.raises(BoxError, match="of the same face; give it once"):
        pipeline.edit(encoded(scene()), "happy", faces=boxes)


@pytest.mark.shipped
def test_two_boxes_over_one_drawn_face_are_refused(shipped: Pipeline, sprite: np.ndarray) -> None:
    """They are apart enough to be of two faces; a closer look at each shows the same one."""
    boxes = [Box(365, 245, 292, 306), Box(425, 245, 292, 306)]
    assert boxes[0].overlap(boxes[1]) < 0.7
    with pytest.raises(BoxError, match=r"\[365, .*\[425, .* of the same face; give it once"):
        shipped.edit(encoded(sprite), "happy", faces=boxes)


@pytest.mark.parametrize(
    "box", [Box(-38, 60, 80, 80), Box(198, 60, 80, 80), Box(80, -38, 80, 80), Box(80, 158, 80, 80)]
)
def test_a_face_half_outside_is_changed_as_far_as_it_is_there(pipeline: Pipeline, box: Box) -> None:
    """Left, right, top, bottom; its middle is inside."""
    picture = scene(faces=())
    result = pipeline.edit(encoded(picture), "happy", faces=[box])
    assert result.faces[0].changed != NOTHING
    assert kept_outside(picture, result)


@pytest.mark.parametrize("box", [Box(-50, 60, 80, 80), Box(80, 170, 80, 80)])
def test_a_face_of_which_most_is_outside_is_refused(pipeline: Pipeline, box: Box) -> None:
    with pytest.raises(BoxError, match="outside the picture"):
        pipeline.edit(encoded(scene()), "happy", faces=[box])


@pytest.mark.shipped
@pytest.mark.parametrize("cut", [(450, 0), (0, 350), (-500, 0)])
def test_a_drawn_face_cut_by_the_border(
    shipped: Pipeline, sprite: np.ndarray, cut: tuple[int, int]
) -> None:
    """The face of the sprite lies at 365 to 660 across and 245 to 550 down."""
    x, y = cut
    picture = np.ascontiguousarray(sprite[y:, max(0, x) : 1024 + min(0, x)])
    box = Box(365 - max(0, x), 245 - y, 292, 306)
    result = shipped.edit(encoded(picture), "surprised", faces=[box])
    assert result.faces[0].changed != NOTHING
    assert kept_outside(picture, result)
    assert found_or_not(shipped, picture, "surprised")


def test_a_picture_of_10_000_pixels_a_side_is_refused_by_its_header(pipeline: Pipeline) -> None:
    data = bytearray(png.encode(np.zeros((1, 1, 3), np.uint8)))
    data[16:24] = (10_000).to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(bytes(data[12:29])).to_bytes(4, "big")
    with pytest.raises(TooManyPixelsError, match="limit"):
        pipeline.edit(bytes(data), "happy")


def test_a_picture_of_10_000_pixels_where_the_limit_allows_it(pipeline: Pipeline) -> None:
    picture = np.full((1_500, 10_000, 3), (90, 160, 70), np.uint8)
    picture[700:780, 5_000:5_080] = (255, 0, 255)
    result = pipeline.edit(png.encode(picture), "happy")
    (face,) = result.faces
    assert face.face.box.centre == pytest.approx((5_040, 740), abs=6)
    assert 100 < face.changed[2] < 700
    assert kept_outside(picture, result)


@pytest.mark.shipped
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_a_transparent_picture_shows_no_face_and_is_never_changed(
    shipped: Pipeline, sprite: np.ndarray, mode: str
) -> None:
    picture = sprite.copy()
    picture[..., 3] = 0  # the colours are still there, but nobody sees them
    if mode == "LA":
        picture = picture[..., 2:]
    with pytest.raises(NoFaceError):
        shipped.edit(png.encode(picture), "happy")
    result = shipped.edit(png.encode(picture), "happy", faces=[Box(365, 245, 292, 306)])
    assert rectangles(result) == [NOTHING]
    assert (opened(result.data) == picture).all()


@pytest.mark.shipped
@pytest.mark.parametrize("colour", [(0, 0, 0), (128, 128, 128), (250, 220, 200)])
def test_a_picture_of_one_colour_shows_no_face(
    shipped: Pipeline, colour: tuple[int, int, int]
) -> None:
    picture = np.full((300, 400, 3), colour, np.uint8)
    with pytest.raises(NoFaceError, match="say where one is with `faces`"):
        shipped.edit(encoded(picture), "happy")
    assert kept_outside(
        picture, shipped.edit(encoded(picture), "happy", faces=[Box(120, 80, 120, 130)])
    )


def photograph(seed: int) -> np.ndarray:
    """Something with the light, blur and grain of a photograph of a person."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(20, 220, (9, 12, 3), np.uint8)
    picture = cv2.resize(coarse, (640, 480), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    cv2.ellipse(picture, (320, 250), (95, 125), 4, 0, 360, (205, 160, 135), -1)
    cv2.ellipse(picture, (320, 160), (110, 75), 0, 180, 360, (55, 40, 35), -1)
    for x in (282, 358):
        cv2.ellipse(picture, (x, 235), (17, 8), 0, 0, 360, (235, 230, 225), -1)
        cv2.circle(picture, (x, 235), 7, (60, 40, 30), -1)
    cv2.ellipse(picture, (320, 315), (32, 9), 0, 0, 360, (165, 85, 85), -1)
    light = np.linspace(0.6, 1.15, 640, dtype=np.float32)[None, :, None]
    grain = rng.normal(0, 6, picture.shape)
    return np.clip(cv2.GaussianBlur(picture, (0, 0), 3) * light + grain, 0, 255).astype(np.uint8)


@pytest.mark.shipped
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_looks_like_a_photograph_gets_an_answer(shipped: Pipeline, seed: int) -> None:
    """No claim that it is a good one: no face, or a change that stays in its rectangle."""
    picture = photograph(seed)
    assert found_or_not(shipped, picture, "happy")
    box = Box(225, 130, 190, 245)
    assert kept_outside(picture, shipped.edit(encoded(picture), "happy", faces=[box]))
