"""Eyes that a network has shut: which of them are drawn as arcs, what goes, and what stays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest

from contract.alignment import TEMPLATE
from faces.align import Matrix, of_centres, similarity
from faces.canvas import Canvas
from faces.change import NOTHING, Rectangle
from faces.frame import Frame
from faces.shut_eyes import mend
from tests.painted_faces import INK, SKIN, Painted, in_sides, painted
from tests.pictures import same_outside

SIZE = 256
OPEN = painted(120.0, (240.0, 200.0), (480, 480))
"""Its eyes lie around (180, 200) and (300, 200)."""

SHUT = {"lid_upper_left": -1.0, "lid_upper_right": -1.0}
STRAY = (((-0.2, -0.14), (0.15, -0.16)), ((-0.15, 0.17), (0.1, 0.19)))
"""Lines of lashes over an eye and under it, where no arc lies."""


@dataclass(frozen=True)
class Scene:
    """A face as it was, what a network has made of it [H, W, 3], and where it has painted [H, W],
    0 to 1."""

    face: Painted
    painted: np.ndarray
    mask: np.ndarray

    @property
    def matrix(self) -> Matrix:
        return similarity(self.face.landmarks, TEMPLATE, SIZE)


def shut_by_a_network(face: Painted = OPEN, sides: tuple[int, ...] = (-1, 1)) -> Scene:
    """Skin over the eyes of OPEN, with the lines of STRAY."""
    picture = face.picture.copy()
    mask = np.zeros(picture.shape[:2], np.float32)
    for x in (240 + 60 * side for side in sides):
        for layer, colour in ((picture, SKIN), (mask, 1.0)):
            cv2.ellipse(layer, (x, 200), (44, 35), 0, 0, 360, colour, -1)
        for stray in STRAY:
            start, end = np.rint(np.array(stray) * 120 + (x, 200)).astype(int).tolist()
            cv2.line(picture, start, end, (20, 20, 20), 4)
    return Scene(face, picture, mask)


SCENE = shut_by_a_network()


def mended(
    scene: Scene,
    wanted: dict[str, float],
    canvas: Canvas | None = None,
    pixels: np.ndarray | None = None,
    share: float = 1.0,
) -> tuple[np.ndarray, Rectangle]:
    """What the network has painted (`pixels`, over the picture of `canvas`) with arcs, and where
    they are said to be."""
    matrix = scene.matrix
    frame = Frame.of(in_sides(scene.face.landmarks, matrix, SIZE), matrix, SIZE)
    assert frame is not None
    result = (scene.painted if pixels is None else pixels).copy()
    mask = share * cv2.warpAffine(scene.mask, of_centres(matrix), (SIZE, SIZE))
    canvas = canvas or Canvas(scene.face.picture)
    return result, mend(result, canvas, matrix, frame, mask, wanted, share)


def different(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """How much each pixel differs [H, W]."""
    return np.abs(one.astype(int) - other).max(axis=2)


def dark(pixels: np.ndarray, x: int) -> np.ndarray:
    """What is as dark as lashes [65, 91] around the eye at column `x` of an upright face."""
    return pixels[168:233, x - 45 : x + 46].max(axis=2) < 120


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"mouth_open": 0.0, "lid_arc_left": 1.0, "lid_arc_right": 1.0},
        {"lid_upper_left": 0.0, "lid_upper_right": 0.3},
        {"lid_upper_left": -0.85, "lid_upper_right": -0.5},
    ],
)
def test_eyes_that_are_not_to_be_shut_are_left_alone(wanted: dict[str, float]) -> None:
    result, rectangle = mended(SCENE, wanted)
    assert rectangle == NOTHING
    assert (result == SCENE.painted).all()


def test_eyes_that_a_network_has_not_painted_are_left_alone() -> None:
    for mask in (0.0 * SCENE.mask, 0.4 * SCENE.mask, 1 - SCENE.mask):
        result, rectangle = mended(replace(SCENE, mask=mask), SHUT)
        assert rectangle == NOTHING
        assert (result == SCENE.painted).all()


@pytest.mark.parametrize("bow", [-1.0, 0.0, 1.0])
def test_one_arc_stands_where_stray_lines_were(bow: float) -> None:
    result, rectangle = mended(SCENE, SHUT | {"lid_arc_left": bow, "lid_arc_right": bow})
    assert same_outside(SCENE.painted, result, [rectangle])
    for x in (180, 300):
        assert cv2.connectedComponents(dark(SCENE.painted, x).astype(np.uint8))[0] == 3
        assert cv2.connectedComponents(dark(result, x).astype(np.uint8))[0] == 2
        for stray in STRAY:
            for t in np.linspace(0, 1, 9):
                part = (1 - t) * np.array(stray[0]) + t * np.array(stray[1])
                column, row = np.rint(part * 120 + (x, 200)).astype(int)
                assert np.abs(result[row, column].astype(int) - SKIN).max() <= 2


def test_light_lines_go_too() -> None:
    made = SCENE.painted.copy()
    cv2.line(made, (165, 222), (190, 222), (255, 255, 255), 3)
    result, _ = mended(SCENE, SHUT, pixels=made)
    assert np.abs(result[219:226, 165:190].astype(int) - SKIN).max() <= 2


def test_lines_stay_where_no_network_has_painted() -> None:
    canvas = OPEN.picture.copy()
    cv2.line(canvas, (150, 240), (210, 240), INK, 3)
    face = replace(OPEN, picture=canvas)
    result, (x, y, width, height) = mended(shut_by_a_network(face), SHUT)
    assert x <= 150 < 210 <= x + width
    assert y <= 155 < 240 <= y + height
    for rows in (slice(148, 163), slice(237, 244)):  # a brow, and the line
        assert (result[rows, 150:210] == canvas[rows, 150:210]).all()


@pytest.mark.parametrize(
    ("bow", "rise"), [(1.0, 0.12), (0.5, 0.06), (0.0, 0.0), (-0.5, -0.02), (-1.0, -0.04)]
)
def test_a_smiling_arc_rises_and_a_sleeping_one_hangs(bow: float, rise: float) -> None:
    result, _ = mended(SCENE, SHUT | {"lid_arc_left": bow, "lid_arc_right": bow})
    for x in (180, 300):
        arc = dark(result, x)
        ends = [np.nonzero(arc[:, 45 + way])[0].mean() for way in (-21, 21)]
        middle = np.nonzero(arc[:, 45])[0].mean()
        reached = 0.56 if bow else 0.0  # at 21 of 28 pixels the ends are not all the way down
        assert ends[0] == pytest.approx(ends[1], abs=1.5)
        assert np.mean(ends) - middle == pytest.approx(120 * rise * reached, abs=1)


def test_an_arc_is_as_wide_as_the_eye_and_thickest_in_its_middle() -> None:
    result, _ = mended(SCENE, SHUT)
    for x, outwards in ((180, -1), (300, 1)):
        arc = dark(result, x)
        columns = outwards * (np.nonzero(arc.any(axis=0))[0] - 45)
        assert columns.min() == pytest.approx(-28, abs=3)
        assert 30 <= columns.max() <= 40  # with the lashes at its outer end
        assert arc[:, 45].sum() > 1.5 * arc[:, 45 - 24 * outwards].sum() > 0


@pytest.mark.parametrize(("side", "place"), [("left", slice(240)), ("right", slice(240, 480))])
def test_of_a_wink_one_eye_is_drawn(side: str, place: slice) -> None:
    result, rectangle = mended(SCENE, {f"lid_upper_{side}": -1.0, f"lid_arc_{side}": 0.9})
    change = different(result, SCENE.painted) > 0
    assert change[:, place].sum() == change.sum() > 200
    assert same_outside(SCENE.painted, result, [rectangle])
    assert rectangle[2] < 240


@pytest.mark.parametrize("ink", [INK, (110, 50, 20), (40, 60, 20)])
@pytest.mark.parametrize("light", [(1.0, 1.0, 1.0), (0.5, 0.45, 0.6)])
def test_an_arc_has_the_colour_of_the_lashes(
    ink: tuple[int, int, int], light: tuple[float, float, float]
) -> None:
    """And not of the network's lines, nor of lashes that are lit by the face's light twice."""
    picture = OPEN.picture.copy()
    picture[(picture == INK).all(axis=2)] = ink
    scene = shut_by_a_network(replace(OPEN, picture=picture))
    dim = [(pixels * np.array(light)).astype(np.uint8) for pixels in (picture, scene.painted)]
    result, _ = mended(scene, SHUT, Canvas(dim[0]), dim[1])
    wanted = (0.95 * np.array(ink) + 0.05 * np.array(SKIN)) * light
    for x in (180, 300):
        assert result[207, x] == pytest.approx(wanted, abs=6)


def test_lashes_that_are_the_only_colour_keep_it() -> None:
    red = (120, 20, 30)
    picture = np.repeat(OPEN.picture[..., 1:2], 3, axis=2)
    lashes = (OPEN.picture == INK).all(axis=2)
    lashes[250:] = False
    picture[lashes] = red
    made = np.repeat(SCENE.painted[..., 1:2], 3, axis=2)
    result, _ = mended(SCENE, SHUT, Canvas(picture), made)
    assert result[207, 180] == pytest.approx(0.95 * np.array(red) + 0.05 * SKIN[1], abs=6)


def test_what_is_transparent_is_no_lash() -> None:
    picture = np.dstack([OPEN.picture, np.full((480, 480), 255, np.uint8)])
    picture[165:175] = 0
    made = picture.copy()
    made[SCENE.mask > 0, :3] = SCENE.painted[SCENE.mask > 0]
    result, _ = mended(SCENE, SHUT, Canvas(picture), made)
    assert result[207, 180, :3] == pytest.approx(
        0.95 * np.array(INK) + 0.05 * np.array(SKIN), abs=6
    )


def test_half_an_arc_is_half_as_dark() -> None:
    made = np.where(SCENE.mask[..., None] > 0, np.array(SKIN, np.uint8), SCENE.painted)
    lost = []
    for share in (0.3, 0.6):
        result, _ = mended(SCENE, SHUT, pixels=made, share=share)
        lost.append(float(made.sum()) - float(result.sum()))
    assert lost[0] == pytest.approx(lost[1] / 2, rel=0.05)
    assert lost[0] > 10_000


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_nothing_changes_outside_and_alpha_stays(depth: type, channels: int) -> None:
    before, made = (p[..., 1:2] if channels < 3 else p for p in (OPEN.picture, SCENE.painted))
    plain, there = mended(SCENE, SHUT, Canvas(before), made)
    if channels % 2 == 0:
        alpha = np.full((480, 480, 1), 255, np.uint8)
        alpha[:, 176:184] = 0
        alpha[:, 290:300] = 90
        before, made = (np.concatenate([p, alpha], axis=2) for p in (before, made))
    factor = 257 if depth is np.uint16 else 1
    before, made = (p.astype(depth) * factor for p in (before, made))
    result, rectangle = mended(SCENE, SHUT, Canvas(before), made)
    assert result.dtype == depth
    assert rectangle == there
    assert same_outside(made, result, [rectangle])
    assert (different(result, made) > 60 * factor).sum() > 400
    shown = made[..., -1] > 0 if channels % 2 == 0 else np.ones((480, 480), bool)
    assert np.abs(result[..., : plain.shape[2]] / factor - plain)[shown].max() <= 1
    assert (result[~shown] == made[~shown]).all()
    if channels % 2 == 0:
        assert (result[..., -1] == made[..., -1]).all()


def test_a_profile_is_obeyed() -> None:
    def swapped(colours: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(colours[..., [1, 0, 2]])

    canvas = Canvas(swapped(OPEN.picture), swapped, swapped)
    result, rectangle = mended(SCENE, SHUT, canvas, swapped(SCENE.painted))
    plain, same = mended(SCENE, SHUT)
    assert rectangle == same
    assert different(swapped(result), plain).max() <= 1


@pytest.mark.parametrize(
    ("columns", "rows"),
    [(slice(0, 310), slice(0, 480)), (slice(175, 480), slice(0, 480)), (slice(0, 480), slice(209))],
)
def test_of_eyes_across_the_border_their_part_is_drawn(columns: slice, rows: slice) -> None:
    whole, _ = mended(SCENE, SHUT)
    left, top = columns.start or 0, rows.start or 0
    places = {n: (x - left, y - top) for n, (x, y) in OPEN.landmarks.items()}
    before, made, mask = (
        np.ascontiguousarray(p[rows, columns]) for p in (OPEN.picture, SCENE.painted, SCENE.mask)
    )
    result, rectangle = mended(Scene(Painted(before, places), made, mask), SHUT)
    assert same_outside(made, result, [rectangle])
    away = different(result, whole[rows, columns])
    assert away.mean() < 0.02 * different(result, made).mean()
    assert rectangle[0] + rectangle[2] <= made.shape[1]
    assert rectangle[1] + rectangle[3] <= made.shape[0]


@pytest.mark.parametrize("way", [(-700, 0), (700, 0), (0, -700), (0, 700)])
def test_eyes_beside_the_picture_are_not_drawn(way: tuple[int, int]) -> None:
    places = {n: (x + way[0], y + way[1]) for n, (x, y) in OPEN.landmarks.items()}
    face = replace(OPEN, landmarks=places)
    matrix = similarity(places, TEMPLATE, SIZE)
    frame = Frame.of(in_sides(places, matrix, SIZE), matrix, SIZE)
    assert frame is not None
    result = SCENE.painted.copy()
    mask = np.ones((SIZE, SIZE), np.float32)
    assert mend(result, Canvas(face.picture), matrix, frame, mask, SHUT) == NOTHING
    assert (result == SCENE.painted).all()


def tilted(scene: Scene, degrees: float) -> Scene:
    """The scene turned counter-clockwise around the middle of its picture."""
    turn = cv2.getRotationMatrix2D((239.5, 239.5), degrees, 1.0)

    def around(layer: np.ndarray) -> np.ndarray:
        return cv2.warpAffine(layer, turn, (480, 480), borderMode=cv2.BORDER_REPLICATE)

    points = np.array(list(scene.face.landmarks.values())) - 0.5
    places = (points @ turn[:, :2].T + turn[:, 2] + 0.5).tolist()
    face = Painted(
        around(scene.face.picture), dict(zip(scene.face.landmarks, map(tuple, places), strict=True))
    )
    return Scene(face, around(scene.painted), around(scene.mask))


@pytest.mark.parametrize("degrees", [90, 180, 20, -45, 60])
def test_arcs_turn_with_the_face(degrees: float) -> None:
    smile = SHUT | {"lid_arc_left": 1.0, "lid_arc_right": 1.0}
    upright = mended(SCENE, smile)[0]
    turned = tilted(SCENE, degrees)
    result, rectangle = mended(turned, smile)
    assert same_outside(turned.painted, result, [rectangle])
    wanted = tilted(replace(SCENE, painted=upright), degrees).painted
    change = different(wanted, turned.painted).sum()
    assert different(result, wanted).sum() < 0.15 * change
