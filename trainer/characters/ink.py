"""Curves, outlines and gradients: what the pen draws with.

All coordinates are face units (eye distance 1, origin between the eyes, x right, y down), already
projected; the pen's canvas carries the transform to pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from struct import Struct
from typing import Final

import numpy as np
import skia
from numpy.typing import NDArray

Points = NDArray[np.float64]
Anchor = Sequence[float]
Contour = tuple[bytes, bytes]
"""Closed contours, one or more: their points (pairs of float32) and verbs, as in skia's paths."""


@lru_cache(maxsize=256)
def _catmull_rom(count: int, per_span: int, closed: bool) -> Points:
    """The matrix [M, count] that takes anchors to points of the uniform Catmull-Rom spline."""
    spans = count if closed else count - 1
    rows: list[NDArray[np.float64]] = []
    for span in range(spans):
        index = [span - 1, span, span + 1, span + 2]
        index = [i % count if closed else min(max(i, 0), count - 1) for i in index]
        last = not closed and span == spans - 1
        for t in np.linspace(0.0, 1.0, per_span + 1)[: None if last else -1]:
            row = np.zeros(count)
            weights = (
                -0.5 * t + t * t - 0.5 * t**3,
                1 - 2.5 * t * t + 1.5 * t**3,
                0.5 * t + 2 * t * t - 1.5 * t**3,
                -0.5 * t * t + 0.5 * t**3,
            )
            for i, w in zip(index, weights, strict=True):
                row[i] += w
            rows.append(row)
    return np.array(rows)


def curve(anchors: Sequence[Anchor] | Points, per_span: int = 6, closed: bool = False) -> Points:
    """Points [M, 2] of a smooth curve through `anchors` [A, 2], `per_span` points per anchor."""
    points = np.asarray(anchors, np.float64)
    return _catmull_rom(len(points), per_span, closed) @ points


def ellipse(cx: float, cy: float, rx: float, ry: float, count: int = 24) -> Points:
    """Points [count, 2] of an ellipse."""
    return _circle(count) * (rx, ry) + (cx, cy)


@lru_cache(maxsize=8)
def _circle(count: int) -> Points:
    t = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([np.cos(t), np.sin(t)], 1)


@lru_cache(maxsize=1024)
def taper(count: int, start: float, end: float) -> Points:
    """Widths [count] of a stroke of width 1 that swells from nothing over `start` of its length and
    dies over `end` of it (shares of the whole, 0 for a blunt end)."""
    t = _shares(count)
    width = np.ones(count)
    if start > 0:
        width *= np.minimum(t / start, 1) ** 0.7
    if end > 0:
        width *= np.minimum((1 - t) / end, 1) ** 0.7
    return width


@lru_cache(maxsize=64)
def _shares(count: int) -> Points:
    return np.linspace(0.0, 1.0, count)


def ribbon(points: Points, width: Points | float) -> Points:
    """The outline [2N, 2] of a stroke along `points` [N, 2], `width` (scalar or [N]) thick."""
    line = as_complex(points)
    step = _steps(line)
    step *= 0.5j * width / (np.abs(step) + 1e-9)
    outline = np.concatenate([line + step, (line - step)[::-1]])
    return outline.view(np.float64).reshape(-1, 2)


def as_complex(points: Points) -> NDArray[np.complex128]:
    """One complex number a point [N]: a quarter turn is a product, and numpy is called half as
    often."""
    return np.ascontiguousarray(points).view(np.complex128)[:, 0]


def _steps(line: NDArray[np.complex128]) -> NDArray[np.complex128]:
    """From the point before to the point after each point of a line [N], N at least 2."""
    step = np.empty_like(line)
    np.subtract(line[2:], line[:-2], out=step[1:-1])
    step[0], step[-1] = line[1] - line[0], line[-1] - line[-2]
    return step


class Outlines:
    """Polygons and lines, to be serialised as skia reads paths: all together, when they are asked
    for. Each is known by its number."""

    def __init__(self) -> None:
        self._shapes: list[tuple[Points, Points | None]] = []
        self._serialised: list[bytes] = []

    def polygon(self, points: Points) -> int:
        """The number of the closed polygon along `points` [N, 2]."""
        self._shapes.append((points, None))
        return len(self._shapes) - 1

    def line(self, points: Points, widths: Points) -> int:
        """The number of the outline that `ribbon` gives along `points` [N, 2], `widths` [N]."""
        self._shapes.append((points, widths))
        return len(self._shapes) - 1

    def serialised(self) -> list[bytes]:
        """All shapes by their numbers."""
        done = len(self._serialised)
        if done < len(self._shapes):
            self._serialised += _serialised_all(self._shapes[done:])
        return self._serialised


def _serialised_all(shapes: Sequence[tuple[Points, Points | None]]) -> list[bytes]:
    filled = [points for points, widths in shapes if widths is None]
    polygons = np.concatenate(filled).astype(np.float32).tobytes() if filled else b""
    lines = [(points, widths) for points, widths in shapes if widths is not None]
    forth, back = _banks(lines)
    out, at, along, end = [], 0, 0, len(back)
    for points, widths in shapes:
        size = 8 * len(points)
        if widths is None:
            head, tail = _polygon(len(points))
            out.append(head + polygons[at : at + size] + tail)
            at += size
        else:
            head, tail = _polygon(2 * len(points))
            right, left = forth[along : along + size], back[end - along - size : end - along]
            out.append(head + right + left + tail)
            along += size
    return out


def _banks(lines: Sequence[tuple[Points, Points]]) -> tuple[bytes, bytes]:
    """Both sides of strokes along lines with widths, as pairs of float32: one side of all forward,
    the other backward."""
    if not lines:
        return b"", b""
    ends = np.cumsum([len(points) for points, _ in lines])
    line = as_complex(np.concatenate([points for points, _ in lines]))
    step = _steps(line)
    last = ends - 1
    first = np.concatenate([[0], ends[:-1]])
    step[first], step[last] = line[first + 1] - line[first], line[last] - line[last - 1]
    step *= 0.5j * np.concatenate([w for _, w in lines]) / (np.abs(step) + 1e-9)
    forth, back = (line + step).astype(np.complex64), (line - step)[::-1].astype(np.complex64)
    return forth.tobytes(), back.tobytes()


def stroke_outline(points: Points, width: float, start: float = 0.3, end: float = 0.3) -> Points:
    """The outline of a stroke that swells from nothing over `start` of its length and dies over
    `end` of it (both shares of the whole, 0 for a blunt end)."""
    return ribbon(points, width * taper(len(points), start, end))


MOVE: Final = bytes([int(skia.Path.kMove_Verb)])
LINE: Final = bytes([int(skia.Path.kLine_Verb)])
CUBIC: Final = bytes([int(skia.Path.kCubic_Verb)])
CLOSE: Final = bytes([int(skia.Path.kClose_Verb)])
_FORMAT: Final = bytes(skia.Path().serialize())[:4]
_counts: Final = Struct("=3i").pack
_PADDING: Final = (b"", bytes(3), bytes(2), bytes(1))


def traced(points: bytes, verbs: bytes) -> skia.Path:
    """The path of some verbs and their points (pairs of float32).

    It is handed over whole, in skia's serialised form: its drawing methods cost a call each.
    """
    out = skia.Path()
    if not out.readFromMemory(serialised(points, verbs)):
        raise RuntimeError("this version of skia-python writes paths in another form")
    return out


def serialised(points: bytes, verbs: bytes) -> bytes:
    """The path of some verbs and their points (pairs of float32), in skia's serialised form."""
    counts = _counts(len(points) // 8, 0, len(verbs))
    return b"".join((_FORMAT, counts, points, verbs, _PADDING[len(verbs) % 4]))


@lru_cache(maxsize=1024)
def _polygon(count: int) -> tuple[bytes, bytes]:
    """What stands before and behind the points of a closed polygon in skia's serialised form."""
    whole = serialised(bytes(8 * count), _polygon_verbs(count))
    return whole[:16], whole[16 + 8 * count :]


@lru_cache(maxsize=1024)
def _polygon_verbs(count: int) -> bytes:
    return MOVE + LINE * (count - 1) + CLOSE


def path(points: Points) -> skia.Path:
    """The closed skia path along `points` [N, 2]."""
    return traced(points.astype(np.float32).tobytes(), _polygon_verbs(len(points)))


def vertical(
    top: float, bottom: float, colours: Sequence[int], stops: Sequence[float] | None = None
) -> skia.Shader:
    """A vertical gradient from y=`top` to y=`bottom` through `colours` (0xAARRGGBB)."""
    return skia.GradientShader.MakeLinear(
        [skia.Point(0, top), skia.Point(0, bottom)], list(colours), list(stops) if stops else None
    )


def linear(
    start: Anchor, end: Anchor, colours: Sequence[int], stops: Sequence[float] | None = None
) -> skia.Shader:
    """A linear gradient between two points through `colours`."""
    return skia.GradientShader.MakeLinear(
        [skia.Point(*start), skia.Point(*end)], list(colours), list(stops) if stops else None
    )


def radial(cx: float, cy: float, radius: float, colours: Sequence[int]) -> skia.Shader:
    """A radial gradient from the centre outward through `colours`."""
    return skia.GradientShader.MakeRadial(skia.Point(cx, cy), radius, list(colours))
