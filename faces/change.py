"""Give a network's change of an aligned crop back to the picture, at the picture's resolution.

The network says where and how far pixels move and where new paint goes; moving is done with the
picture's own pixels, so what is not painted stays as sharp as it was. Pixels that do not change
keep their bytes, and so does alpha.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from faces.align import Matrix, inverse, of_centres, scale_of, scaled
from faces.canvas import Canvas, Pixels, premultiplied, shrunk, whole_pixels

Floats = NDArray[np.float32]
Rectangle = tuple[int, int, int, int]
"""Left, top, width, height in whole pixels."""

NOTHING: Final[Rectangle] = (0, 0, 0, 0)

_FEATHER: Final = 0.06
"""Width of the crop's border, in sides, over which a change fades to nothing."""

_LEAST_MASK: Final = 1 / 510
_LEAST_MOVE: Final = 0.05
"""Moves shorter than this, in pixels of the picture, are none; longer ones lose as much."""


@dataclass(frozen=True)
class Change:
    """What a network wants changed in an aligned crop of S pixels.

    `paint` [3, S, S] is sRGB in 0 to 1 and `mask` [S, S] its share in 0 to 1. Before paint goes
    over it, the new pixel at p is the old one at p + `displacement`(p) [2, S, S], x, y in sides.
    """

    paint: Floats
    mask: Floats
    displacement: Floats | None = None


def apply(pixels: Pixels, canvas: Canvas, matrix: Matrix, change: Change) -> Rectangle:
    """Write `change` into `pixels` [H, W, C], the canvas's own or a copy; say where.

    `matrix` brings the picture to the crop. Returns the rectangle outside which no pixel was
    written, NOTHING when there is none.
    """
    layers = _layers(change, matrix, canvas)
    place = _reach(layers, matrix, pixels)
    if place is None:
        return NOTHING
    left, top, right, bottom = place
    paint, mask, move = _at_picture(layers, matrix, place)

    length = np.hypot(move[..., 0], move[..., 1])
    move *= np.maximum(0, 1 - _LEAST_MOVE / np.maximum(length, 1e-6))[..., None]
    moved = length > _LEAST_MOVE
    mask[mask < _LEAST_MASK] = 0
    touched = moved | (mask > 0)
    here = pixels[top:bottom, left:right]
    if canvas.has_alpha:
        touched &= here[..., -1] > 0
    rows, columns = np.flatnonzero(touched.any(axis=1)), np.flatnonzero(touched.any(axis=0))
    if not rows.size:
        return NOTHING

    old = _moved(pixels, canvas.has_alpha, place, move, moved)
    new = old + mask[..., None] * (paint * np.float32(canvas.top) - old)
    count = new.shape[2]
    values = np.clip(np.rint(new), 0, canvas.top).astype(pixels.dtype)
    here[..., :count][touched] = values[touched]
    return (
        left + int(columns[0]),
        top + int(rows[0]),
        int(columns[-1] - columns[0]) + 1,
        int(rows[-1] - rows[0]) + 1,
    )


@dataclass(frozen=True)
class _Layers:
    paint: Floats  # [S, S, 1 or 3] in the picture's own colours, 0 to 1
    cover: Floats  # [S, S, 3]: mask, then displacement in pixels of the picture


def _layers(change: Change, matrix: Matrix, canvas: Canvas) -> _Layers:
    """The change in the picture's colours and pixels, faded towards the border of the crop."""
    size = change.mask.shape[-1]
    paint = np.asarray(np.clip(change.paint.transpose(1, 2, 0), 0, 1), np.float32)
    if canvas.profiled:
        rgb = canvas.from_srgb(np.rint(paint * 255).astype(np.uint8))
        paint = np.asarray(rgb / np.float32(255), np.float32)
    if canvas.pixels.shape[2] < 3:
        paint = np.asarray(cv2.cvtColor(paint, cv2.COLOR_RGB2GRAY), np.float32)[..., None]
    cover = np.zeros((size, size, 3), np.float32)
    cover[..., 0] = np.clip(change.mask, 0, 1)
    if change.displacement is not None:
        turn = (inverse(matrix)[:, :2] * size).astype(np.float32)
        cover[..., 1:] = change.displacement.transpose(1, 2, 0) @ turn.T
    edge = (np.arange(size, dtype=np.float32) + 0.5) / size
    fade = np.clip(np.minimum(edge, 1 - edge) / np.float32(_FEATHER), 0, 1)
    fade = fade * fade * (3 - 2 * fade)
    cover *= np.minimum(fade[:, None], fade[None, :])[..., None]
    return _Layers(paint, cover)


def _reach(layers: _Layers, matrix: Matrix, pixels: Pixels) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom of the picture's part that the change can touch."""
    mask, x, y = (layers.cover[..., i] for i in range(3))
    some = (mask >= _LEAST_MASK / 2) | (np.hypot(x, y) >= _LEAST_MOVE / 2)
    rows, columns = np.flatnonzero(some.any(axis=1)), np.flatnonzero(some.any(axis=0))
    if not rows.size:
        return None
    margin = 2.0
    x0, x1 = columns[0] - margin, columns[-1] + 1 + margin
    y0, y1 = rows[0] - margin, rows[-1] + 1 + margin
    corners = np.array([[x0, x1, x0, x1], [y0, y0, y1, y1], [1, 1, 1, 1]], np.float64)
    across, down = inverse(matrix) @ corners
    height, width = pixels.shape[:2]
    if across.max() <= 0 or down.max() <= 0 or across.min() >= width or down.min() >= height:
        return None
    left, right = whole_pixels(float(across.min()), float(across.max()), width)
    top, bottom = whole_pixels(float(down.min()), float(down.max()), height)
    return left, top, right, bottom


def _at_picture(
    layers: _Layers, matrix: Matrix, place: tuple[int, int, int, int]
) -> tuple[Floats, Floats, Floats]:
    """Paint [h, w, C], mask [h, w] and moves [h, w, 2] on the picture's grid within `place`."""
    left, top, right, bottom = place
    size = layers.paint.shape[0]
    smaller = 1 / scale_of(matrix)

    def resample(layer: Floats, border: int) -> Floats:
        shrunken = shrunk(layer, smaller)
        before = (shrunken.shape[1] / size, shrunken.shape[0] / size)
        back = scaled(inverse(matrix), before)
        back[:, 2] -= (left, top)
        result = cv2.warpAffine(
            shrunken,
            of_centres(back),
            (right - left, bottom - top),
            flags=cv2.INTER_CUBIC,
            borderMode=border,
        )
        return np.asarray(result, np.float32).reshape(bottom - top, right - left, -1)

    paint = np.clip(resample(layers.paint, cv2.BORDER_REPLICATE), 0, 1)
    cover = resample(layers.cover, cv2.BORDER_CONSTANT)
    return paint, np.clip(cover[..., 0], 0, 1), np.ascontiguousarray(cover[..., 1:])


def _moved(
    pixels: Pixels,
    alpha: bool,
    place: tuple[int, int, int, int],
    move: Floats,
    moved: NDArray[np.bool_],
) -> Floats:
    """The colours of `place` after the moves, [h, w, 1 or 3] float32 in the picture's range."""
    left, top, right, bottom = place
    here = pixels[top:bottom, left:right]
    colours = here.shape[2] - int(alpha)
    old = here[..., :colours].astype(np.float32)
    if not moved.any():
        return old
    height, width = pixels.shape[:2]
    far = int(np.ceil(np.abs(move).max())) + 3
    x0, x1 = max(0, left - far), min(width, right + far)
    y0, y1 = max(0, top - far), min(height, bottom + far)
    source = premultiplied(pixels[y0:y1, x0:x1], alpha)
    grid_x = np.arange(left - x0, right - x0, dtype=np.float32)[None, :] + move[..., 0]
    grid_y = np.arange(top - y0, bottom - y0, dtype=np.float32)[:, None] + move[..., 1]
    result = cv2.remap(
        source, grid_x, grid_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    ).reshape(bottom - top, right - left, -1)
    values = result[..., :colours].astype(np.float32)
    usable = moved
    if alpha and result.dtype == np.float32:
        top_value = np.float32(np.iinfo(pixels.dtype).max)
        share = result[..., -1:] / top_value
        values = values / np.maximum(share, 1e-3)
        # Nothing is drawn where a pixel would come from, so it has no colour to bring.
        usable = moved & (share[..., 0] > 0.02)
    return np.where(usable[..., None], values, old)
