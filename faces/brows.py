"""Brows are cut out of the picture and laid down again where an expression wants them.

What a network paints of a brow breaks the hair that it lies over, and what a displacement bends of
it looks broken. So a brow that was found (`faces.brow_lines`) is filled in from around it and moved
in the picture's own pixels, at the picture's resolution.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from faces.align import Matrix
from faces.brow_lines import Brow
from faces.canvas import Canvas, Floats, Pixels
from faces.change import NOTHING, Change, Rectangle, joined
from faces.spot import Spot

_DEADBAND: Final = 0.2
"""A brow's own slope differs from hand to hand by so much of its tilt; less is no expression."""

_LENGTH: Final = 0.45
"""Of a brow, in eye distances: the median of the census."""

_LEAST: Final = 0.012
"""A way shorter than this, in eye distances, is none."""

_MARGIN: Final = 6
"""Pixels of the crop around a brow that are looked at."""

_AROUND: Final = 0.05
"""How far around a brow nothing else changes, in eye distances."""


def kept_clear(change: Change, brows: Iterable[Brow]) -> Change:
    """The change without what it does where brows are, old or near: they are moved by `move`."""
    mask, moves = change.mask, change.displacement
    for brow in brows:
        side = 2 * round(_AROUND * brow.unit) + 1
        near, square = brow.place, np.ones((side, side), np.uint8)
        if moves is not None:  # nor does it bring a brow to where none is
            near = np.maximum(near, _sampled_at(near, moves))
        near = np.asarray(cv2.dilate(near, square), np.float32)
        rest = 1 - cv2.blur(near, (side // 2 + 1, side // 2 + 1))
        mask = mask * rest
        moves = None if moves is None else moves * rest
    return replace(change, mask=mask, displacement=moves)


def _sampled_at(layer: Floats, moves: Floats) -> Floats:
    """What of `layer` [S, S] comes to each pixel with the displacement `moves` [2, S, S]."""
    size = layer.shape[0]
    x, y = np.meshgrid(*(np.arange(size, dtype=np.float32),) * 2)
    there = cv2.remap(layer, x + size * moves[0], y + size * moves[1], cv2.INTER_LINEAR)
    return np.asarray(there, np.float32)


def move(
    pixels: Pixels,
    canvas: Canvas,
    matrix: Matrix,
    brows: Iterable[Brow],
    amounts: Mapping[str, float],
    share: float = 1.0,
) -> Rectangle:
    """Move `brows` in `pixels` [H, W, C], the canvas's own or a copy; say where.

    `matrix` brings the picture to the crop that they were found in; `amounts`, -1 to 1, are those
    of `brow_height`, `brow_tilt` and `brow_bend` of `contract.expression` that are wanted, others
    stay; they go that `share` of their way. Returns the rectangle outside which no pixel was
    written, NOTHING when there is none.
    """
    written = NOTHING
    for brow in brows:
        names = {stem: f"brow_{stem}_{brow.side}" for stem in ("height", "tilt", "bend")}
        wanted = {stem: amounts[name] for stem, name in names.items() if name in amounts}
        ways = share * _ways(brow, wanted)
        if np.abs(ways).max() >= _LEAST * brow.unit:
            written = joined(written, _lay(pixels, canvas, matrix, brow, ways))
    return written


def _ways(brow: Brow, wanted: Mapping[str, float]) -> NDArray[np.float64]:
    """How far down inner end, middle and outer end go, in pixels of the crop [3].

    How far is that of the census of drawn faces (section 3), in eye distances.
    """
    inner = outer = middle = 0.0
    if "tilt" in wanted:
        now = brow.slope * _LENGTH / (0.27 if brow.slope > 0 else 0.20)
        way = wanted["tilt"] - float(np.clip(now, -1, 1))
        way = np.sign(way) * max(0.0, abs(way) - _DEADBAND)
        inner += way * (0.14 if way > 0 else 0.11)
        outer -= way * (0.08 if way > 0 else 0.06)
    if "height" in wanted:
        rise = wanted["height"] * (0.12 if wanted["height"] > 0 else 0.08)
        inner -= rise
        outer -= rise
    if "bend" in wanted:
        middle = -0.04 * wanted["bend"]
    return np.array((inner, (inner + outer) / 2 + middle, outer)) * brow.unit


def _down(brow: Brow, ways: NDArray[np.float64], x: Floats) -> Floats:
    """How far down the brow goes at `x` of the crop: the parabola through three places."""
    t = np.clip((x - brow.left) / (brow.right - brow.left), -0.1, 1.1)
    if brow.inwards > 0:
        t = 1 - t
    a, b, c = ways
    return np.asarray(
        a * (1 - t) * (1 - 2 * t) + b * 4 * t * (1 - t) + c * t * (2 * t - 1), np.float32
    )


def _lay(
    pixels: Pixels, canvas: Canvas, matrix: Matrix, brow: Brow, ways: NDArray[np.float64]
) -> Rectangle:
    """Fill in the brow where it was and lay it where it is wanted."""
    rows, columns = np.nonzero(brow.place > 0)
    reach = float(np.abs(ways).max()) + _MARGIN
    across = float(columns.min() - _MARGIN), float(columns.max() + _MARGIN)
    down = float(rows.min() - reach), float(rows.max() + reach)
    spot = Spot.around(canvas, matrix, across, down)
    if spot is None:
        return NOTHING
    here = spot.part(pixels)
    way = _down(brow, ways, spot.x)
    old, new = spot.seen(brow.place), spot.seen(brow.cover, spot.y - way)
    values = here.astype(np.float32)
    alpha = canvas.has_alpha
    values += np.minimum(2 * old, 1)[..., None] * (_filled(here, spot, brow, alpha) - values)
    moved = spot.of_picture(spot.part(canvas.pixels), -way, alpha)
    values += new[..., None] * (moved - values)
    return spot.write(pixels, canvas, values, (old > 0) | (new > 0))


def _filled(here: Pixels, spot: Spot, brow: Brow, alpha: bool) -> Floats:
    """What would be `here` [h, w, C] without the brow: in each of its columns, from the colour
    above it to the one below, so that the hair that it crosses goes on."""
    row = np.full_like(spot.x, 0.5)
    above, below = (spot.seen(rows[None], row) for rows in (brow.above, brow.below))
    share = np.clip((spot.y - 0.5 - above) / np.maximum(below - above, 1), 0, 1)[..., None]
    one, other = (spot.of_picture(here, to + 0.5 - spot.y, alpha) for to in (above, below))
    return np.asarray(one + share * (other - one), np.float32)
