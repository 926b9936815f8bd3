"""Give a network's change of an aligned crop back to the picture, at the picture's resolution.

The network says where and how far pixels move and where new paint goes; moving is done with the
picture's own pixels, so what is not painted stays as sharp as it was. Pixels that do not change
keep their bytes, and so does alpha. The work goes tile by tile and costs what is changed, however
large the picture and the face are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Final, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from faces.align import Matrix, inverse, of_centres, scale_of, scaled
from faces.canvas import Canvas, Pixels, Place, own_colours, premultiplied, whole_pixels

Floats = NDArray[np.float32]
Rectangle = tuple[int, int, int, int]
"""Left, top, width, height in whole pixels."""

NOTHING: Final[Rectangle] = (0, 0, 0, 0)

_FEATHER: Final = 0.06
"""Width of the crop's border, in sides, over which a change fades to nothing."""

_LEAST_MASK: Final = 1 / 64
"""A share of paint below this is none, so that nothing seen is not painted; others lose as much."""

_LEAST_MOVE: Final = 0.2
"""Moves shorter than this, in pixels of the picture, are none; longer ones lose as much."""

_EDGES: Final = (0.7, 1.7)
"""The edges that are made sharper lie between these widths, in pixels of the crop."""

_SHARPER: Final = np.float32(1.2)
"""By how much, in their height."""

_TILE: Final = 180
"""Side of the squares of the picture that are worked on one by one; OpenCV takes 32,767 points."""


@dataclass(frozen=True)
class Change:
    """What a network wants changed in an aligned crop of S pixels.

    `paint` [3, S, S] is sRGB in 0 to 1 and `mask` [S, S] its share in 0 to 1. Before paint goes
    over it, the new pixel at p is the old one at p + `displacement`(p) [2, S, S], x, y in sides,
    -1 to 1. What is beyond its range counts as its end.
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
    if layers is None:
        return NOTHING
    place = layers.place(canvas)
    if place is None:
        return NOTHING
    source = _Source.of(pixels, place, layers.furthest, canvas.has_alpha)
    written = [
        rectangle
        for tile in _tiles(place)
        if (rectangle := _apply_tile(pixels, source, layers, tile)) is not None
    ]
    if not written:
        return NOTHING
    left, top, right, bottom = np.array(written).T
    x, y = int(left.min()), int(top.min())
    return x, y, int(right.max()) - x, int(bottom.max()) - y


def joined(a: Rectangle, b: Rectangle) -> Rectangle:
    """The rectangle around both; NOTHING has no place."""
    if NOTHING in (a, b):
        return b if a == NOTHING else a
    left, top = min(a[0], b[0]), min(a[1], b[1])
    right, bottom = max(a[0] + a[2], b[0] + b[2]), max(a[1] + a[3], b[1] + b[3])
    return left, top, right - left, bottom - top


@dataclass(frozen=True)
class _Layers:
    """The part of a change that does something, no finer than the picture."""

    some: NDArray[np.uint8]  # [h, w]: not 0 where anything changes
    moves: Floats  # [h, w, 3]: displacement x, y in pixels of the picture, and 0
    paint: Pixels  # [2h, 2w, 2 or 4]: the picture's own colours and, in its range, the mask
    matrix: Matrix  # brings these pixels to the picture

    @property
    def furthest(self) -> int:
        """No move of the change is longer, in pixels of the picture."""
        return int(np.ceil(cv2.norm(self.moves, cv2.NORM_INF))) + 1

    def seen_at(self, points: Floats) -> Floats:
        """Where `points` [2, n] of the picture lie in these layers, in OpenCV's coordinates."""
        x, y = points
        seen = np.empty_like(points)
        for row, (a, b, c) in zip(seen, self._there, strict=True):
            np.multiply(a, x, out=row)
            row += b * y
            row += c
        return seen

    @cached_property
    def _there(self) -> Floats:
        """From the picture to these layers, for OpenCV."""
        return of_centres(inverse(self.matrix)).astype(np.float32)

    def place(self, canvas: Canvas) -> Place | None:
        """What of the picture lies under the layers; None when they lie beside it."""
        height, width = self.some.shape
        corners = np.array([[0, width, 0, width], [0, 0, height, height], [1, 1, 1, 1]], np.float64)
        across, down = self.matrix @ corners
        beside = across.max() <= 0 or across.min() >= canvas.width
        if beside or down.max() <= 0 or down.min() >= canvas.height:
            return None
        left, right = whole_pixels(float(across.min()), float(across.max()), canvas.width)
        top, bottom = whole_pixels(float(down.min()), float(down.max()), canvas.height)
        return left, top, right, bottom


def _layers(change: Change, matrix: Matrix, canvas: Canvas) -> _Layers | None:
    """The change in the picture's colours and pixels, faded towards the border of the crop."""
    size = change.mask.shape[-1]
    back = inverse(matrix)
    fade = _fade(size)
    scale = 1 / scale_of(matrix)
    finish = _sharper if scale > 1 else _as_it_is
    mask = finish(np.clip(change.mask, 0, 1))
    mask *= fade
    mask -= np.float32(_LEAST_MASK)
    np.maximum(mask, 0, out=mask)
    mask *= np.float32(1 / (1 - _LEAST_MASK))
    x = y = np.zeros_like(mask)
    if change.displacement is not None:
        seen_moves = np.clip(change.displacement, -1, 1)
        seen_moves *= fade * np.float32(size)
        across, down = seen_moves
        turn = back[:, :2].astype(np.float32)
        x = turn[0, 0] * across + turn[0, 1] * down
        y = turn[1, 0] * across + turn[1, 1] * down
        kept = np.maximum(0, 1 - _LEAST_MOVE / np.maximum(cv2.magnitude(x, y), 1e-6))
        x *= kept
        y *= kept
    some = (mask > 0) | (x != 0) | (y != 0)
    rows, columns = np.flatnonzero(some.any(axis=1)), np.flatnonzero(some.any(axis=0))
    if not rows.size:
        return None
    margin = 2  # as far as cubic interpolation looks
    top, bottom = max(0, int(rows[0]) - margin), min(size, int(rows[-1]) + 1 + margin)
    left, right = max(0, int(columns[0]) - margin), min(size, int(columns[-1]) + 1 + margin)
    part = slice(top, bottom), slice(left, right)
    moves = cv2.merge([x[part], y[part], np.zeros_like(x[part])])
    colours = own_colours(change.paint[:, *part], canvas)
    paint = cv2.merge([*(finish(plane) for plane in colours), mask[part]])
    seen = _shrunk(some[part].astype(np.uint8) * 255, scale)
    before = seen.shape[1] / (right - left), seen.shape[0] / (bottom - top)
    return _Layers(
        np.asarray(seen, np.uint8),
        np.asarray(_shrunk(moves, scale), np.float32),
        _finer(_shrunk(paint, scale), canvas),
        scaled(back, before, (left, top)),
    )


@lru_cache(maxsize=4)
def _fade(size: int) -> Floats:
    """[S, S]: 1, and smoothly less towards the border."""
    edge = (np.arange(size, dtype=np.float32) + 0.5) / size
    fade = np.clip(np.minimum(edge, 1 - edge) / np.float32(_FEATHER), 0, 1)
    fade = fade * fade * (3 - 2 * fade)
    return np.asarray(np.minimum(fade[:, None], fade[None, :]), np.float32)


def _as_it_is(layer: Floats) -> Floats:
    return layer


def _sharper(layer: Floats) -> Floats:
    """A plane [h, w] of paint or mask with edges as steep as a drawing's; a network's are soft.

    Single pixels, which alternate where a network draws two by two, are not made stronger, and no
    value goes beyond those around it, so no seam shines.
    """
    fine, coarse = (cv2.GaussianBlur(layer, (0, 0), sigma) for sigma in _EDGES)
    sharp = layer + _SHARPER * (fine - coarse)
    around = np.ones((5, 5), np.uint8)
    return np.asarray(np.clip(sharp, cv2.erode(layer, around), cv2.dilate(layer, around)))


def _shrunk(layer: NDArray[Any], scale: float) -> NDArray[Any]:
    """A layer made smaller by `scale` with an area filter, or as it is where that is 1 or more."""
    if scale >= 1:
        return layer
    height, width = layer.shape[:2]
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(layer, size, interpolation=cv2.INTER_AREA)


def _finer(layer: NDArray[Any], canvas: Canvas) -> Pixels:
    """A layer of 0 to 1 at twice its size, in the range of the picture's values.

    Between pixels that fine, linear interpolation is as good as cubic, and ten times faster.
    """
    height, width = layer.shape[:2]
    values = _as_pixels(layer * np.float32(canvas.top), canvas.pixels)
    finer = cv2.resize(values, (2 * width, 2 * height), interpolation=cv2.INTER_CUBIC)
    return cast(Pixels, finer)


def _as_pixels(values: NDArray[Any], like: Pixels) -> Pixels:
    """`values`, rounded and within range, as pixels of the depth of `like`."""
    rounded = np.clip(np.rint(values), 0, np.iinfo(like.dtype).max)
    return cast(Pixels, rounded.astype(like.dtype))


def _tiles(place: Place) -> Iterator[Place]:
    left, top, right, bottom = place
    for y in range(top, bottom, _TILE):
        for x in range(left, right, _TILE):
            yield x, y, min(x + _TILE, right), min(y + _TILE, bottom)


def _apply_tile(pixels: Pixels, source: _Source, layers: _Layers, tile: Place) -> Place | None:
    """Write what of the change lies in `tile`; say where, None when nothing does."""
    left, top, right, bottom = tile
    here = pixels[top:bottom, left:right]
    alpha = cv2.extractChannel(here, here.shape[2] - 1) if source.alpha else None
    index = np.flatnonzero(_touched(alpha, layers, tile)).astype(np.int32)
    if not index.size:
        return None
    rows, columns = np.divmod(index, np.int32(right - left))
    points = np.stack([columns + np.float32(left), rows + np.float32(top)], dtype=np.float32)
    seen_at = layers.seen_at(points)
    moves = _sampled(layers.moves, seen_at, cv2.INTER_LINEAR)[:, :2].T
    new, usable = source.at(points + moves)
    if not usable.all():
        new[~usable] = here[rows, columns][~usable]
    paint = _sampled(layers.paint, 2 * seen_at + np.float32(0.5), cv2.INTER_LINEAR)
    share = paint[:, -1:] * np.float32(1 / source.most)
    more = paint[:, : new.shape[1]]
    more -= new
    more *= share
    new += more
    values = _as_pixels(new, here)
    if alpha is not None:
        values[:, -1] = alpha.ravel()[index]
    _whole(here)[rows, columns] = _whole(values)
    first, last = int(columns.min()), int(columns.max())
    return left + first, top + int(rows[0]), left + last + 1, top + int(rows[-1]) + 1


def _touched(alpha: NDArray[Any] | None, layers: _Layers, tile: Place) -> NDArray[np.bool_]:
    """Where in `tile`, which has that alpha, something that is drawn changes."""
    left, top, right, bottom = tile
    local = layers.matrix.copy()
    local[:, 2] -= left, top
    touched = cv2.warpAffine(layers.some, of_centres(local), (right - left, bottom - top)) > 0
    return np.asarray(touched if alpha is None else touched & (alpha > 0))


def _whole(pixels: Pixels) -> NDArray[np.void]:
    """Pixels [..., C] as one value each, which NumPy moves several times faster."""
    one = np.dtype((np.void, pixels.shape[-1] * pixels.itemsize))
    return pixels.view(one)[..., 0]


def _sampled(layer: NDArray[Any], points: Floats, way: int) -> Floats:
    """`layer` [h, w, C] at `points` [2, n] in OpenCV's coordinates, [n, C]; its border goes on."""
    if not points.size:
        return np.empty((0, layer.shape[2]), np.float32)
    found = cv2.remap(layer, points[:1], points[1:], way, borderMode=cv2.BORDER_REPLICATE)
    return found.reshape(points.shape[1], -1).astype(np.float32, copy=False)


@dataclass(frozen=True)
class _Source:
    """Pixels as they were before the change, with as much around them as may move in."""

    pixels: Pixels
    left: int
    top: int
    alpha: bool

    @staticmethod
    def of(pixels: Pixels, place: Place, furthest: int, alpha: bool) -> _Source:
        left, top, right, bottom = place
        x, y = max(0, left - furthest - 3), max(0, top - furthest - 3)
        part = pixels[y : bottom + furthest + 3, x : right + furthest + 3]
        return _Source(part.copy(), x, y, alpha)

    @property
    def most(self) -> int:
        return int(np.iinfo(self.pixels.dtype).max)

    def at(self, points: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        """Pixels [n, C] at `points` [2, n] of the picture, and whose colours are of use.

        Nothing is drawn at a transparent point, so it has no colour to bring.
        """
        x, y = points - np.array([[self.left], [self.top]], np.float32)
        height, width = self.pixels.shape[:2]
        left, right = whole_pixels(float(x.min()) - 2, float(x.max()) + 4, width)
        top, bottom = whole_pixels(float(y.min()) - 2, float(y.max()) + 4, height)
        near = premultiplied(self.pixels[top:bottom, left:right], self.alpha)
        found = _sampled(near, np.stack([x - left, y - top]), cv2.INTER_CUBIC)
        if not self.alpha:
            return found, np.ones(len(found), np.bool_)
        share = found[:, -1] * np.float32(1 / self.most)
        if near.dtype == np.float32:
            found /= np.maximum(share, 1e-3)[:, None]
        return found, share > 0.02
