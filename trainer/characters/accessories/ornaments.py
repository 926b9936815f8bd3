"""Ribbons, bands, flowers, clips and earrings."""

from __future__ import annotations

import numpy as np

from trainer.characters.accessories.design import Accessories
from trainer.characters.accessories.places import put
from trainer.characters.colour import argb, mix
from trainer.characters.ink import Points, curve, ellipse
from trainer.characters.tailor import Cloth, Maker, scallops

_LOOP = [(0.03, -0.08), (0.28, -0.34), (0.66, -0.38), (0.82, -0.10), (0.74, 0.18), (0.34, 0.16),
         (0.03, 0.10)]  # fmt: skip
_TAIL = [(0.02, 0.02), (0.26, 0.38), (0.52, 0.86), (0.38, 0.90), (0.26, 1.02), (0.12, 0.55),
    (-0.05, 0.1)]  # fmt: skip
_KNOT = [(-0.12, -0.13), (0.12, -0.13), (0.15, 0.0), (0.12, 0.14), (-0.12, 0.14), (-0.15, 0.0)]


def bow(
    maker: Maker, of: Cloth, x: float, y: float, size: float, degrees: float, tails: bool = True
) -> None:
    """A ribbon bow: two loops that show their insides, tails with cut ends, a knot."""

    def place(pattern: list[tuple[float, float]], flip: float) -> Points:
        return put([(flip * a, b) for a, b in pattern], x, y, size, degrees)

    for flip in (-1.0, 1.0) if tails else ():
        points = maker.place.at(curve(place(_TAIL, flip), 3, True))
        shade = maker.place.at(place([(0, 0), (0.3, 0.4), (0.2, 1.0), (-0.1, 0.3)], flip))
        maker.piece(points, of, [shade])
    for flip in (-1.0, 1.0):
        points = maker.place.at(curve(place(_LOOP, flip), 4, True))
        under = maker.place.at(place([(0, 0.02), (0.4, 0.04), (0.9, -0.02), (0.8, 0.4),
            (0, 0.3)], flip))  # fmt: skip
        crease = maker.place.at(place([(0, -0.1), (0.34, -0.17), (0.2, -0.06), (0, -0.02)], flip))
        maker.piece(points, of, [under, crease])
        fold = maker.place.at(curve(place([(0.08, -0.03), (0.3, -0.08), (0.5, -0.04)], flip), 3))
        maker.pen.stroke(fold, 0.8 * maker.width, argb(of.line), 0.0, 0.8)
    knot = maker.place.at(curve(place(_KNOT, 1), 3, True))
    low = maker.place.at(place([(-0.2, 0.05), (0.2, 0.02), (0.2, 0.3), (-0.2, 0.3)], 1))
    maker.piece(knot, of, [low])


def big_bow(maker: Maker, acc: Accessories) -> None:
    """A ribbon tied behind the head: its loops stand out on both sides above."""
    k = acc.numbers
    bow(maker, acc.cloths[0], 0.0, acc.top + 0.15 + 0.5 * k[0], 1.5 + 0.5 * k[1], 0.0, k[2] < 0.5)


def ribbons(maker: Maker, acc: Accessories) -> None:
    """Ribbons at the tails' ties, at one side, on top, or thin ones in the side hair."""
    k, w, of = acc.numbers, acc.half, acc.cloths[0]
    size = 0.42 + 0.25 * k[1]
    if acc.ribbon == "tails":
        for x, y in acc.ties:
            bow(maker, of, x, y, size, 14 * np.sign(x) * k[2], k[3] < 0.7)
    elif acc.ribbon == "side":
        x = acc.side * w * (0.70 + 0.12 * k[0])
        bow(maker, of, x, acc.top + 0.42 + 0.25 * k[3], size + 0.1, acc.side * (24 + 20 * k[2]),
            k[4] < 0.6)  # fmt: skip
    elif acc.ribbon == "top":
        bow(maker, of, acc.side * 0.15 * w, acc.top + 0.06, size + 0.2, acc.side * 6, False)
    else:
        for side in (-1.0, 1.0) if k[0] < 0.6 else (acc.side,):
            x, y = side * 0.86 * w, 0.15 + 0.2 * k[2]
            bow(maker, of, x, y, 0.28 + 0.1 * k[1], side * 8, True)


def _arc(acc: Accessories, y_side: float, y_top: float, wide: float) -> Points:
    w = acc.half * wide
    return curve([(-w, y_side), (-0.86 * w, y_top + 0.52 * (y_side - y_top)),
                  (-0.5 * w, y_top + 0.12 * (y_side - y_top)), (0.0, y_top),
                  (0.5 * w, y_top + 0.12 * (y_side - y_top)),
                  (0.86 * w, y_top + 0.52 * (y_side - y_top)), (w, y_side)], 4)  # fmt: skip


def _band(maker: Maker, of: Cloth, upper: Points, lower: Points) -> None:
    a, b = maker.place.at(upper), maker.place.at(lower)
    mid = mix_points(a, b, 0.62)
    maker.piece(np.concatenate([a, b[::-1]]), of, [np.concatenate([mid, b[::-1]])])
    shine = mix_points(a, b, 0.3)
    maker.pen.stroke(shine[8:17], 0.02, argb(of.light, 0.8), 0.5, 0.5)


def mix_points(a: Points, b: Points, share: float) -> Points:
    """The line `share` of the way from line `a` to line `b`, both [N, 2]."""
    return a + (b - a) * share


def hairband(maker: Maker, acc: Accessories) -> None:
    """A band over the crown, of lace, or around the forehead."""
    k, of = acc.numbers, acc.cloths[0]
    if acc.hairband == "brow":
        y = acc.hairline + 0.32
        upper, lower = _arc(acc, y + 0.02, y + 0.06, 0.97), _arc(acc, y + 0.18, y + 0.26, 0.98)
        _band(maker, of, upper, lower)
        return
    crown = acc.top + 0.30 + 0.18 * k[5]
    wide = 0.24 if acc.hairband == "wide" else 0.10 + 0.05 * k[6]
    upper = _arc(acc, -0.42, crown - wide, 1.0)
    lower = _arc(acc, -0.34 + wide, crown, 0.97)
    if acc.hairband == "lace":
        line = maker.place.at(upper)
        frill = scallops(line, 17, 0.13)
        maker.piece(np.concatenate([line, frill[::-1]]), acc.cloths[1], (), 0.8)
    _band(maker, of, upper, lower)
    if k[7] < 0.35:
        bow(maker, of, acc.side * 0.55 * acc.half, crown + 0.05, 0.42, acc.side * 20, False)


def _spot(acc: Accessories) -> tuple[float, float]:
    """Where an ornament sits: on one side of the fringe, above the temple."""
    k = acc.numbers
    return acc.side * acc.half * (0.62 + 0.16 * k[10]), acc.top + 0.62 + 0.35 * k[11]


def flower(maker: Maker, acc: Accessories) -> None:
    """A blossom, rose or daisy at one side, sometimes with leaves or a second flower."""
    k = acc.numbers
    x, y = _spot(acc)
    size = 0.26 + 0.16 * k[12]
    if k[13] < 0.45:
        for turn in (110, 160):
            pattern = [(0.0, 0.0), (0.5, -0.22), (1.15, 0.0), (0.5, 0.22)]
            degrees = turn if acc.side < 0 else turn - 150
            leaf = curve(put(pattern, x, y, size * 1.25, degrees), 4, True)
            green = Cloth((0.35, 0.58, 0.36), (0.22, 0.42, 0.34), (0.5, 0.7, 0.4),
                (0.12, 0.24, 0.18))  # fmt: skip
            maker.piece(maker.place.at(leaf), green)
    _one_flower(maker, acc, x, y, size)
    if k[14] < 0.3:
        _one_flower(maker, acc, x - acc.side * 0.9 * size, y - 0.95 * size, 0.68 * size)


def _one_flower(maker: Maker, acc: Accessories, x: float, y: float, size: float) -> None:
    of, heart = acc.cloths[0], acc.cloths[2]
    if max(of.base) < 0.5:
        of = acc.cloths[1]
    turn = 72 * acc.numbers[15]
    if acc.flower == "rose":
        whole = put(ellipse(0, 0, 1, 1, 20), x, y, size)
        maker.piece(maker.place.at(whole), of, [maker.place.at(put([(-1.2, 0.2), (0, 0.5),
            (1.2, 0.0), (1.2, 1.3), (-1.2, 1.3)], x, y, size))])  # fmt: skip
        for start, radius in ((0, 0.74), (110, 0.56), (235, 0.4), (20, 0.22)):
            a = np.radians(np.linspace(start, start + 230, 12) + turn)
            r = radius * (1 - 0.12 * np.linspace(0, 1, 12))
            spiral = put(np.stack([r * np.cos(a), r * np.sin(a)], 1), x, y, size)
            maker.pen.stroke(maker.place.at(spiral), 1.1 * maker.width, argb(of.line, 0.8), 0.2,
                0.3)  # fmt: skip
        return
    count = 5 if acc.flower == "blossom" else 9
    petal = [(0.0, 0.0), (0.34, 0.36), (0.40, 0.78), (0.14, 1.02), (0.0, 0.92), (-0.14, 1.02),
             (-0.40, 0.78), (-0.34, 0.36)]  # fmt: skip
    if acc.flower == "daisy":
        petal = [(0.0, 0.1), (0.16, 0.5), (0.15, 0.95), (0.0, 1.05), (-0.15, 0.95), (-0.16, 0.5)]
    for i in range(count):
        points = maker.place.at(curve(put(petal, x, y, size, turn + 360 * i / count), 3, True))
        inner = maker.place.at(put([(-0.5, 0), (0.5, 0), (0.22, 0.5), (0, 0.36),
            (-0.22, 0.5)], x, y, size, turn + 360 * i / count))  # fmt: skip
        maker.piece(points, of, [inner], 0.8)
    maker.piece(maker.place.at(put(ellipse(0, 0, 0.24, 0.24, 12), x, y, size)), heart, (), 0.8)


def _star(points: int, inner: float) -> list[tuple[float, float]]:
    out = []
    for i in range(2 * points):
        a, r = np.pi * i / points - np.pi / 2, 1.0 if i % 2 == 0 else inner
        out.append((r * float(np.cos(a)), r * float(np.sin(a))))
    return out


def clip(maker: Maker, acc: Accessories) -> None:
    """A clip on the fringe: pins, bars, a cross of pins, a star, heart, leaf, beads or moon."""
    k, of = acc.numbers, acc.cloths[0]
    x, y = _spot(acc)
    x, y = 0.9 * x, y + 0.12
    lean = acc.side * (20 + 40 * k[16])
    size = 0.8 + 0.5 * k[17]

    def shape(pattern: Points | list[tuple[float, float]], dx: float = 0, dy: float = 0,
        turn: float = 0.0, smooth: bool = False) -> Points:  # fmt: skip
        points = put(pattern, x + dx * size, y + dy * size, size, lean + turn)
        return maker.place.at(curve(points, 4, True) if smooth else points)

    bar = [(-0.24, -0.05), (0.24, -0.05), (0.25, 0.0), (0.24, 0.05), (-0.24, 0.05), (-0.25, 0.0)]
    if acc.clip in ("pin", "bars", "cross"):
        thin = [(a, 0.55 * b) for a, b in bar] if acc.clip != "bars" else bar
        places = {"pin": ((0.0, 0.0, 0.0),), "bars": ((0, -0.08, 0.0), (0.02, 0.08, 0.0)),
                  "cross": ((0.0, 0.0, 45.0), (0.0, 0.0, -45.0))}[acc.clip]  # fmt: skip
        if acc.clip == "pin" and k[18] < 0.5:
            places = ((0.0, -0.06, 0.0), (0.0, 0.06, 8.0))
        for dx, dy, turn in places:
            maker.piece(shape(thin, dx, dy, turn), of, (), 0.9)
            maker.fill(shape([(-0.18, -0.03), (0.1, -0.03), (0.1, -0.008),
                (-0.18, -0.008)], dx, dy, turn), of.light, 0.8)  # fmt: skip
        return
    if acc.clip == "star":
        body = shape([(0.2 * a, 0.2 * b) for a, b in _star(5, 0.5)])
    elif acc.clip == "heart":
        body = shape([(0, 0.2), (-0.19, 0.0), (-0.18, -0.14), (-0.07, -0.17), (0, -0.08),
            (0.07, -0.17), (0.18, -0.14), (0.19, 0.0)], smooth=True)  # fmt: skip
    elif acc.clip == "leaf":
        for turn in (-35, 20, 75):
            maker.piece(shape([(0, 0), (0.12, -0.09), (0.32, 0),
                (0.12, 0.09)], 0, 0, turn, True), of, (), 0.8)  # fmt: skip
        return
    elif acc.clip == "moon":
        body = shape([(0.1, -0.22), (-0.12, -0.16), (-0.2, 0.02), (-0.1, 0.18), (0.12, 0.21),
            (-0.02, 0.1), (-0.06, -0.04), (0.0, -0.15)], smooth=True)  # fmt: skip
    else:
        for dx in (-0.13, 0.13):
            maker.piece(shape(ellipse(0, 0, 0.12, 0.12, 16), dx), of,
                [shape(ellipse(0.04, 0.07, 0.1, 0.08, 10), dx)])  # fmt: skip
            maker.fill(shape(ellipse(-0.04, -0.05, 0.03, 0.025, 8), dx), (1, 1, 1), 0.9)
        return
    maker.piece(body, of, [shape([(-0.3, 0.06), (0.3, 0.02), (0.3, 0.3), (-0.3, 0.3)])])
    maker.fill(shape(ellipse(-0.05, -0.07, 0.035, 0.025, 8)), (1, 1, 1), 0.75)


def earring(maker: Maker, acc: Accessories, x: float, y: float) -> None:
    """One earring hanging from (x, y)."""
    k, metal, gem = acc.numbers, acc.metal, acc.cloths[0]

    def shape(points: Points | list[tuple[float, float]]) -> Points:
        return maker.place.at(put(points, x, y))

    if acc.earrings == "hoop":
        r = 0.10 + 0.07 * k[20]
        ring = shape(ellipse(0, r, r * 0.8, r, 20))
        ring = np.concatenate([ring, ring[:1]])
        maker.seam(ring, metal.line, 0.038)
        maker.seam(ring, metal.base, 0.022)
        return
    maker.piece(shape(ellipse(0, 0, 0.045, 0.045, 12)), metal if acc.earrings != "stud" else gem,
        (), 0.8)  # fmt: skip
    if acc.earrings == "drop":
        length = 0.14 + 0.15 * k[20]
        maker.seam(shape([(0, 0.03), (0, length)]), metal.line, 0.016)
        drop = shape(curve([(0, length - 0.04), (0.06, length + 0.07), (0, length + 0.13),
            (-0.06, length + 0.07)], 4, True))  # fmt: skip
        maker.piece(drop, gem, (), 0.8)
        maker.fill(shape(ellipse(-0.015, length + 0.06, 0.014, 0.022, 6)), mix(gem.light,
            (1, 1, 1), 0.7))  # fmt: skip
    elif acc.earrings == "tassel":
        maker.piece(shape([(-0.025, 0.04), (0.025, 0.04), (0.06, 0.42), (-0.06, 0.42)]), gem,
            (), 0.9)  # fmt: skip
