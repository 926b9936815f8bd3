"""What outfits share: the torso, collars, ties, bows, buttons, the open front of a coat.

All numbers are body coordinates (see tailor.py); `s` is half the shoulders, `n` half the neck.
"""

from __future__ import annotations

import numpy as np

from trainer.characters.colour import argb
from trainer.characters.ink import Points, curve, ellipse
from trainer.characters.tailor import BOTTOM, Cloth, Half, Tailor, flipped, mirrored


def _shoulder_line(tailor: Tailor, neck: tuple[float, float], puff: float = 0.0) -> Half:
    """The right contour of a garment from the neck over the shoulder down the arm."""
    s = tailor.body.shoulder
    a, t = neck
    return [
        neck, (a + 0.30 * (0.8 * s - a), t + 0.12), (0.74 * s, 0.62 - 0.5 * puff),
        (0.92 * s + 0.3 * puff, 0.79 - 0.3 * puff), (1.02 * s + 0.6 * puff, 1.10),
        (1.06 * s + 0.6 * puff, 1.65), (1.10 * s, 2.4), (1.09 * s, BOTTOM),
    ]  # fmt: skip


def torso(
    tailor: Tailor, of: Cloth, neckline: list[tuple[float, float]], puff: float = 0.0
) -> tuple[Points, Points]:
    """Draw the garment's body and return its neckline and outline in view units.

    `neckline` runs from its middle to its right end."""
    s = tailor.body.shoulder
    contour = list(_shoulder_line(tailor, neckline[-1], puff))
    middle = neckline[0][0] == 0.0
    line = [*flipped(neckline[:0:-1]), *neckline] if middle else mirrored(neckline)
    edges = [curve(contour, 4), curve(flipped(contour), 4), curve(line, 4)]
    right, left, front, *shades = tailor.placed(*edges, *_shades(tailor))
    shape = np.concatenate([left[::-1], front, right])
    tailor.piece(shape, of, shades, outline=0.0)
    tailor.turned(shape, of)
    tailor.pen.stroke(right, 1.15 * tailor.width, argb(of.line), 0.08, 0.0)
    tailor.pen.stroke(left, 1.15 * tailor.width, argb(of.line), 0.08, 0.0)
    for way in (-1, 1):
        for points, width, start, end in (
            (
                [(0.78 * s, 1.38), (0.73 * s, 1.8), (0.78 * s, 2.5), (0.74 * s, BOTTOM)],
                1.0,
                0.25,
                0.0,
            ),
            ([(0.70 * s, 1.62), (0.62 * s, 1.86), (0.5 * s, 1.96)], 0.7, 0.1, 0.8),
            ([(1.0 * s, 1.7), (0.9 * s, 1.8), (0.86 * s, 1.82)], 0.6, 0.2, 0.8),
        ):
            tailor.line([(way * x, t) for x, t in points], of, width, start, end)
    return front, shape


def _shades(tailor: Tailor) -> list[Points]:
    """The shades on a torso: its side away from the light, below the arm, folds from the armpit."""
    s, d, k = tailor.body.shoulder, tailor.dark, tailor.numbers
    shades = []
    if tailor.style.shading == "cel" and tailor.lowest > 0.75:
        side = [(1.3 * s * d, 0.75), (0.93 * s * d, 1.02), (0.86 * s * d, 1.5),
                (0.90 * s * d, 2.2), (0.84 * s * d, BOTTOM), (1.3 * s * d, BOTTOM)]  # fmt: skip
        shades.append(curve(side, 3))
    if tailor.strength and tailor.lowest > 1.1:
        pit = [(-0.75 * s * d, 1.5), (-0.64 * s * d, 2.0), (-0.70 * s * d, 2.6),
               (-0.66 * s * d, BOTTOM), (-0.80 * s * d, BOTTOM), (-0.80 * s * d, 2.3)]  # fmt: skip
        shades.append(curve(pit, 3))
        long = 0.2 + 0.25 * k[10]
        for way in (-1, 1):
            up = [(0.76 * s, 1.42), (0.62 * s, 1.24), (0.62 * s - long, 1.16), (0.64 * s, 1.36)]
            low = [(0.76 * s, 1.52), (0.60 * s, 1.72), (0.58 * s - long, 1.80), (0.60 * s, 1.86),
                   (0.73 * s, 1.75)]  # fmt: skip
            sleeve = [(0.80 * s, 1.55), (0.92 * s, 1.72), (1.02 * s, 1.70), (0.92 * s, 1.82)]
            bust = [(0.08 * s, 2.36), (0.28 * s, 2.46), (0.50 * s, 2.2), (0.30 * s, 2.60)]
            for fold in (up, low, sleeve, bust):
                shades.append(curve([(way * x, t) for x, t in fold], 3, closed=True))
    return shades


def collar_wing(tailor: Tailor, of: Cloth, size: float, spread: float) -> None:
    """Both points of a shirt collar."""
    n = tailor.body.neck
    for side in (-1, 1):
        wing = [(1.22 * n, 0.22), (0.03, 0.60), (spread * 0.4 + 0.06, 0.62 + size),
                (1.05 * n + 0.55 * size + spread * 0.3, 0.56), (1.3 * n, 0.25)]  # fmt: skip
        dark = [(1.3 * n, 0.2), (0.0, 0.58), (0.05, 0.66), (1.3 * n, 0.36)]
        points, shade = tailor.placed(*([(side * x, t) for x, t in p] for p in (wing, dark)))
        tailor.piece(points, of, [shade] if side == tailor.dark else [], 0.9)


def necktie(tailor: Tailor, of: Cloth, top: float = 0.6) -> None:
    """A tie from its knot at `top` down."""
    w = 0.12 + 0.03 * tailor.numbers[11]
    blade = [(-0.6 * w, top + 0.16), (0.6 * w, top + 0.16), (1.5 * w, top + 1.7), (0, top + 2.0),
             (-1.5 * w, top + 1.7)]  # fmt: skip
    d = tailor.dark
    dark = [(0.1 * w * d, top), (2 * w * d, top), (2 * w * d, top + 2), (0.7 * w * d, top + 2)]
    tailor.piece(tailor.body.at(blade), of, [tailor.body.at(dark)])
    if tailor.numbers[12] < 0.4:
        with tailor.pen.clipped(tailor.body.at(blade)):
            for i in range(5):
                t = top + 0.35 + 0.3 * i
                tailor.seam(tailor.body.at([(-0.3, t + 0.12), (0.3, t - 0.12)]), of.light, 0.05)
    knot = [(-1.05 * w, top), (1.05 * w, top), (0.65 * w, top + 0.2), (-0.65 * w, top + 0.2)]
    tailor.piece(tailor.body.at(knot), of, [tailor.body.at([(-0.2 * w * d, top + 0.12),
        (2 * w * d, top), (2 * w * d, top + 0.4), (-w, top + 0.4)])])  # fmt: skip


def bow(tailor: Tailor, of: Cloth, at: tuple[float, float], size: float, tails: float) -> None:
    """A ribbon bow: two loops, two tails, a knot."""
    x0, t0 = at
    if t0 - 0.3 * size > tailor.lowest:
        return
    droop = 0.12 + 0.2 * tailor.numbers[13]

    def place(points: Half) -> list[tuple[float, float]]:
        return [(x0 + size * x, t0 + size * t) for x, t in points]

    for side in (-1, 1):
        if tails:
            tail = [(0.05, 0.05), (0.30, 0.5 * tails), (0.44, tails), (0.28, 0.92 * tails),
                    (0.12, tails * 1.04), (0.08, 0.5 * tails), (-0.03, 0.1)]  # fmt: skip
            fold = [(0, 0), (0.2, 0.5 * tails), (0.02, tails), (-0.1, 0.2)]
            outer, inner = (place([(side * x, t) for x, t in p]) for p in (tail, fold))
            points, shade = tailor.placed(curve(outer, 3, closed=True), inner)
            tailor.piece(points, of, [shade])
    for side in (-1, 1):
        loop = [(0.02, -0.06), (0.25, -0.26), (0.58, -0.30 + droop), (0.66, 0.02 + droop),
                (0.52, 0.24 + droop), (0.25, 0.14), (0.02, 0.09)]  # fmt: skip
        low = [(0.0, 0.06), (0.3, 0.05 + 0.5 * droop), (0.7, 0.06 + droop), (0.6, 0.5), (0.0, 0.3)]
        inner = [(0.05, 0.0), (0.32, -0.04), (0.34, 0.04), (0.05, 0.03)]
        edge, *within = (place([(side * x, t) for x, t in p]) for p in (loop, low, inner))
        points, *shades = tailor.placed(curve(edge, 4, closed=True), *within)
        tailor.piece(points, of, shades)
        tailor.line(place([(side * x, t) for x, t in ((0.08, -0.02), (0.25, -0.06),
            (0.4, 0.0))]), of, 0.8, 0, 0.8)  # fmt: skip
    knot = tailor.smooth(place([(-0.11, -0.10), (0.11, -0.10), (0.13, 0.02), (0.10, 0.13),
                                (-0.10, 0.13), (-0.13, 0.02)]), 3, closed=True)  # fmt: skip
    tailor.piece(knot, of, [tailor.body.at(place([(-0.2, 0.05), (0.2, 0.03), (0.2, 0.2),
        (-0.2, 0.2)]))])  # fmt: skip


def kerchief(tailor: Tailor, of: Cloth, t: float) -> None:
    """A sailor's kerchief knotted at the point of the collar."""
    if t - 0.1 > tailor.lowest:
        return
    for side in (-1, 1):
        tail = [(0.0, t - 0.05), (0.16, t + 0.1), (0.30, t + 0.75), (0.08, t + 0.55),
            (-0.02, t + 0.1)]  # fmt: skip
        points = tailor.smooth([(side * x, v) for x, v in tail], 3, closed=True)
        shade = tailor.body.at([(side * x, v) for x, v in ((0.0, t), (0.14, t + 0.25),
            (0.02, t + 0.7))])  # fmt: skip
        tailor.piece(points, of, [shade])
    knot = tailor.smooth([(-0.12, t - 0.1), (0.12, t - 0.1), (0.09, t + 0.12),
        (-0.09, t + 0.12)], 4, True)  # fmt: skip
    tailor.piece(knot, of, [tailor.body.at([(-0.2, t + 0.04), (0.2, t + 0.02), (0.2, t + 0.2),
        (-0.2, t + 0.2)])])  # fmt: skip


def buttons(tailor: Tailor, of: Cloth, x: float, first: float, step: float, r: float) -> None:
    """A row of buttons of radius `r`."""
    for i in range(4):
        if first + i * step - r > tailor.lowest:
            break
        points = tailor.body.at(ellipse(x, first + i * step, r, r, 10))
        tailor.fill(points, of.base)
        tailor.around(points, of, 0.6)


def open_coat(tailor: Tailor, of: Cloth) -> None:
    """Both fronts of a coat that hangs open."""
    n, s = tailor.body.neck, tailor.body.shoulder
    for side in (-1, 1):
        front = [*((side * x, t) for x, t in _shoulder_line(tailor, (1.7 * n, 0.36)))]
        edge = [(side * 0.5 * s, BOTTOM), (side * 0.48 * s, 1.6), (side * 1.75 * n, 0.5)]
        points = np.concatenate([tailor.smooth(front, 3), tailor.body.at(edge)])
        inner = [(1.6 * n, 0.4), (0.40 * s, 1.0), (0.50 * s, 1.5), (0.60 * s, 2.4),
            (0.60 * s, BOTTOM), (0.3 * s, BOTTOM)]  # fmt: skip
        pit = [(0.80 * s, 1.4), (0.70 * s, 2.0), (0.76 * s, BOTTOM), (0.84 * s, BOTTOM),
            (0.82 * s, 2.2)]  # fmt: skip
        shades = [tailor.smooth([(side * x, t) for x, t in p], 3) for p in (inner, pit)]
        tailor.piece(points, of, shades)
