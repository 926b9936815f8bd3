"""Upper lids come down or rise a little in the picture's own pixels: the lashes, and the skin with
them.

A network that moves a lid paints skin where the lashes were, and new lashes, at the fineness of
its crop. But little that is new is to be seen: so the line of the lashes is found, and what lies on
it and above it is drawn down over the eye, or the upper half of the eye is stretched up to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from faces.align import Matrix
from faces.brow_lines import darkest_line
from faces.canvas import RGB8, Canvas, Floats, Pixels
from faces.change import NOTHING, Rectangle, joined
from faces.face import Point
from faces.spot import Spot

SIDES: Final = ("left", "right")

NAMES: Final = ("lid_upper_left", "lid_upper_right", "lid_slant")
"""What of `contract.expression` is done here where it can be."""

_NEEDED: Final = tuple(f"{side}_eye{end}" for side in SIDES for end in ("", "_outer", "_inner"))

_LOWERED: Final = (-0.45, -0.02)
_RAISED: Final = (0.02, 0.35)
"""Between these, in its scaled range, an upper lid is lowered or raised so far that it can be done
here; between the two pairs, it is at rest."""

_RISE: Final = 1.6
"""A lid rises so much further than it would come down for the same number: eyes stretch little."""

_WIDEST: Final = 0.07
"""No lid rises further than this, in eye distances."""

_HEIGHT: Final = 0.62
"""How far a lid has to go to shut an eye, of the eye's width: a low value of the census of drawn
faces (ratios)."""

_OPEN: Final = 0.03
"""A lid stays so far above the eye's middle, in eye distances: some are low to begin with."""

_SLANT: Final = 0.09
"""How far a slanted lid goes down at one end and up at the other, in eye distances."""

_ABOVE: Final = 0.22
"""How far above the lashes the skin is stretched, in eye distances."""

_THICK: Final = 0.06
"""Lashes are at most so thick below their darkest line, in eye distances."""

_CONTRAST: Final = 70.0
"""Lashes are darker than what lies above them by more than this, in levels of 255."""

_HIGHEST: Final = 0.65
"""A line that is further above the eye's middle than this, of the eye's width, is a brow."""

_LEAST: Final = 0.012
"""A way shorter than this, in eye distances, is none."""


@dataclass(frozen=True)
class Lid:
    """The lashes of an upper lid in the crop, in its pixels: `columns` [n] from end to end, `edge`
    [n] the rows of their lower edge; `height` is theirs above the eye's middle, `width` the eye's,
    `unit` the distance of the eyes; `side` is as seen."""

    side: str
    columns: Floats
    edge: Floats
    height: float
    width: float
    unit: float


def moved(wanted: Mapping[str, float]) -> bool:
    """Whether `wanted`, scaled parameters of `contract.expression`, lower both upper lids a little,
    or raise both: neither shut, nor at rest."""
    values = [wanted.get(f"lid_upper_{side}", 0.0) for side in SIDES]
    return any(all(low < v < high for v in values) for low, high in (_LOWERED, _RAISED))


def at_rest(wanted: Mapping[str, float]) -> tuple[str, ...]:
    """The parameters in `wanted` of upper lids that are to be neither lower nor higher than at
    rest."""
    names = (f"lid_upper_{side}" for side in SIDES)
    return tuple(n for n in names if n in wanted and _LOWERED[1] <= wanted[n] <= _RAISED[0])


def lids_of(face: RGB8, landmarks: Mapping[str, Point]) -> tuple[Lid, ...]:
    """Both upper lids of the aligned crop `face` [S, S, 3], or none.

    `landmarks`, in sides of the crop, need the eyes' middles and corners.
    """
    if not all(name in landmarks for name in _NEEDED):
        return ()
    points = {name: np.array(landmarks[name]) * face.shape[0] for name in _NEEDED}
    unit = float(np.hypot(*(points["right_eye"] - points["left_eye"])))
    grey = cv2.cvtColor(face, cv2.COLOR_RGB2GRAY).astype(np.float32)
    found = [_lid(grey, points, side, unit) for side in SIDES]
    both = tuple(lid for lid in found if lid is not None)
    return both if len(both) == 2 else ()


def _lid(
    grey: Floats, points: Mapping[str, NDArray[np.float64]], side: str, unit: float
) -> Lid | None:
    middle, outer, inner = (points[f"{side}_eye{end}"] for end in ("", "_outer", "_inner"))
    low, high = min(outer[0], inner[0]), max(outer[0], inner[0])
    width = float(high - low)
    if not 0.2 * unit <= width <= unit:
        return None
    left, right = max(int(low - 0.06 * unit), 0), max(int(high + 0.06 * unit) + 1, 0)
    top, bottom = max(int(middle[1] - 0.62 * unit), 0), max(int(middle[1] - 0.02 * unit), 0)
    zone = grey[top:bottom, left:right]
    if zone.shape[0] < 0.2 * unit or zone.shape[1] < 0.2 * unit:
        return None
    dark = np.percentile(zone, 85) - zone
    strong = float(np.percentile(dark, 97))
    if strong < _CONTRAST:
        return None
    over = middle[1] - 0.5 * 0.84 * width - top  # an eye's usual height, of its width
    guess = np.array([(low, over + 0.10 * unit), (middle[0], over), (high, over + 0.10 * unit)])
    rows = darkest_line(np.clip(dark / strong, 0, 1).astype(np.float32), guess - (left, 0), unit)
    columns = np.arange(len(rows))
    at = dark[rows, columns]
    if np.median(at) < 0.6 * strong:
        return None
    thick = max(1, round(_THICK * unit))
    below = np.stack([dark[np.minimum(rows + k, len(zone) - 1), columns] for k in range(thick + 1)])
    above = np.stack([dark[np.maximum(rows - k, 0), columns] for k in range(2 * thick + 1)])
    lighter = below < 0.5 * at
    ends = lighter.any(axis=0)
    if (ends | (above < 0.5 * at).any(axis=0)).mean() < 0.25:  # hair that hangs over the eye
        return None
    under = np.where(ends, lighter.argmax(axis=0), thick)
    edge = _smooth((rows + under).astype(np.float64), round(0.08 * unit)) + top
    height = float(middle[1] - edge[len(edge) // 3 : -(len(edge) // 3)].mean())
    if height > _HIGHEST * width:
        return None
    return Lid(
        side, (columns + left).astype(np.float32), edge.astype(np.float32), height, width, unit
    )


def _smooth(rows: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """The median over `reach` columns to each side, and its mean."""
    padded = np.pad(rows, 2 * reach, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    medians = np.median(windows, axis=1)
    means = np.convolve(medians, np.ones(2 * reach + 1) / (2 * reach + 1), mode="valid")
    return np.asarray(means)


def move(
    pixels: Pixels,
    canvas: Canvas,
    matrix: Matrix,
    lids: tuple[Lid, ...],
    wanted: Mapping[str, float],
    share: float = 1.0,
) -> Rectangle:
    """Lower or raise `lids` in `pixels` [H, W, C], the canvas's own or a copy; say where.

    `matrix` brings the picture to the crop that they were found in; `wanted` are scaled parameters
    of `contract.expression`; lids go that `share` of their way. Returns the rectangle outside which
    no pixel was written, NOTHING when there is none.
    """
    written = NOTHING
    least = min((lid.height for lid in lids), default=0.0)
    for lid in lids:
        ways = share * _ways(lid, wanted, max(least - _OPEN * lid.unit, 0.0))
        if np.abs(ways).max() >= _LEAST * lid.unit:
            written = joined(written, _lay(pixels, canvas, matrix, lid, ways))
    return written


def _ways(lid: Lid, wanted: Mapping[str, float], most: float) -> Floats:
    """How far down each column of the lashes goes, in pixels of the crop [n]: `most` at most, and
    less at the ends."""
    down = -wanted[f"lid_upper_{lid.side}"] * _HEIGHT * lid.width
    least = 0.0
    if down < 0:
        down, least, most = _RISE * down, -_WIDEST * lid.unit, 0.0
    t = np.linspace(-1, 1, len(lid.columns))
    inwards = t if lid.side == "left" else -t
    way = down + _SLANT * lid.unit * wanted.get("lid_slant", 0.0) * inwards
    return np.asarray(np.clip(way, least, most) * (1 - np.abs(t) ** 6), np.float32)


def _lay(pixels: Pixels, canvas: Canvas, matrix: Matrix, lid: Lid, ways: Floats) -> Rectangle:
    above = _ABOVE * lid.unit
    across = float(lid.columns[0]), float(lid.columns[-1] + 1)
    down = float(lid.edge.min() - above), float((lid.edge + np.maximum(ways, lid.height)).max() + 2)
    spot = Spot.around(canvas, matrix, across, down)
    if spot is None:
        return NOTHING
    here = spot.part(pixels)
    column = spot.x - 0.5
    edge = np.interp(column, lid.columns, lid.edge)
    way = np.interp(column, lid.columns, ways, left=0, right=0)
    lashes = edge - _THICK * lid.unit  # above them, the skin is stretched
    rise = np.clip((spot.y - (lashes - above)) / (above + way), 0, 1)
    shift = way * rise * rise * (3 - 2 * rise)
    fine = 1 / max(abs(float(matrix[1, 1])), abs(float(matrix[1, 0])), 1e-6)
    cover = np.clip((edge + way - spot.y) * fine + 0.5, 0, 1) * (way > 0)
    if ways.min() < 0:  # the eye under lashes that rise is stretched, down to its middle
        within = np.clip((edge + lid.height - spot.y) / (lid.height - way), 0, 1)
        shift = np.where(spot.y > edge + way, way * within, shift)
        cover = np.maximum(cover, (way < 0) & (within > 0))
    values = here.astype(np.float32)
    moved = spot.of_picture(here, (-shift).astype(np.float32), canvas.has_alpha)
    values += cover[..., None].astype(np.float32) * (moved - values)
    return spot.write(pixels, canvas, values, cover > 0)
