"""Hats and what else covers the crown: brim, crown, band, each with its shade."""

from __future__ import annotations

import numpy as np

from trainer.characters.accessories.design import Accessories
from trainer.characters.accessories.ornaments import bow, mix_points
from trainer.characters.accessories.places import put
from trainer.characters.colour import argb, mix, rgb
from trainer.characters.ink import Points, curve, ellipse
from trainer.characters.tailor import Cloth, Maker, cloth, scallops


def behind(maker: Maker, acc: Accessories) -> None:
    """The parts of hats that lie behind the hair."""
    w, t = acc.half, acc.top
    if acc.hat == "hood":
        back = [(0.0, 2.0), (0.7 * w, 1.7), (1.1 * w, 1.1), (1.18 * w, 0.2), (1.14 * w, -0.7),
            (0.8 * w, t - 0.02), (0.0, t - 0.22)]  # fmt: skip
        points = maker.smooth([*[(-x, y) for x, y in back], *back[-2::-1]], 4)
        maker.fill(points, acc.cloths[0].shade)
    elif acc.hat == "straw":
        points = maker.smooth([(-1.7 * w, _brow(acc)), (-1.2 * w, _brow(acc) - 0.42),
            (1.2 * w, _brow(acc) - 0.42), (1.7 * w, _brow(acc))], 6)  # fmt: skip
        maker.fill(points, acc.cloths[1].shade)


def _brow(acc: Accessories) -> float:
    """The y of the hat's edge on the hair, in the middle."""
    return acc.top + 0.66 + 0.15 * acc.numbers[9]


def on_hair(maker: Maker, acc: Accessories) -> None:
    """Draw the hat."""
    {
        "witch": _witch, "beret": _beret, "cap": _cap, "straw": _straw, "maid": _maid,
        "hood": _hood, "headphones": _headphones, "crown": _crown, "peaked": _peaked,
        "beanie": _beanie,
    }[acc.hat](maker, acc)  # fmt: skip


def _edge(acc: Accessories, y: float, wide: float, sag: float, rise: float = 0.22) -> Points:
    """The line where a hat meets the hair: from the left to the right, hanging in the middle."""
    w = wide * acc.half
    return curve([(-w, y - rise), (-0.6 * w, y - 0.18 * rise + 0.3 * sag), (0.0, y + sag),
                  (0.6 * w, y - 0.18 * rise + 0.3 * sag), (w, y - rise)], 5)  # fmt: skip


def _cast(maker: Maker, acc: Accessories, edge: Points, depth: float) -> None:
    """The shadow a hat throws on the hair below its edge."""
    inside = edge[np.abs(edge[:, 0]) < 0.93 * acc.half]
    low = inside + (0.0, depth)
    shadow = np.concatenate([inside, low[::-1]])
    maker.fill(maker.place.at(shadow), (0.16, 0.08, 0.22), 0.28)


def _crown_of(acc: Accessories, edge: Points, high: float, bulge: float) -> Points:
    """A dome of cloth above an edge, covering all of the hair's crown."""
    w, t = acc.half, acc.top
    (x0, y0), (x1, y1) = edge[0], edge[-1]
    up = y1 - t + high
    over = curve([(x1, y1), (1.02 * w * bulge, y1 - 0.36 * up), (0.84 * w * bulge, y1 - 0.74 * up),
                  (0.46 * w, t - 0.03 - high), (0.0, t - 0.10 - high), (-0.46 * w, t - 0.03 - high),
                  (-0.84 * w * bulge, y0 - 0.74 * up), (-1.02 * w * bulge, y0 - 0.36 * up), (x0,
                      y0)], 4)  # fmt: skip
    return np.concatenate([edge, over])


def _side_shade(acc: Accessories, dark: float, y: float, high: float) -> Points:
    w, t = acc.half, acc.top
    return curve([(0.42 * w * dark, y + 0.3), (0.62 * w * dark, y - 0.3),
        (0.45 * w * dark, t - high - 0.2),
                  (1.5 * w * dark, t - high - 0.3), (1.5 * w * dark, y + 0.3)], 3)  # fmt: skip


def _rounded(
    maker: Maker, acc: Accessories, shape: Points, of: Cloth, y: float, high: float
) -> None:
    """A crown (view units), in the shade on one side: hard in cel, soft otherwise."""
    hard = maker.style.shading == "cel"
    shades = [maker.place.at(_side_shade(acc, maker.dark, y, high))] if hard else []
    maker.piece(shape, of, shades, 1.1)
    maker.turned(shape, of)


def _witch(maker: Maker, acc: Accessories) -> None:
    w, t, k, of = acc.half, acc.top, acc.numbers, acc.cloths[0]
    if k[0] < 0.6:
        of = cloth(rgb("2b2436") if k[1] < 0.6 else rgb("3b2a55"), maker.style)
    y, s = _brow(acc), acc.side
    edge = _edge(acc, y, 1.0, 0.16)
    _cast(maker, acc, edge + (0.0, 0.10), 0.22)
    brim = [(-1.75 * w, y + 0.12 * k[2]), (-1.1 * w, y - 0.30), (0.0, y - 0.38),
        (1.1 * w, y - 0.30),
            (1.75 * w, y + 0.12 * k[3]), (1.05 * w, y + 0.14), (0.0, y + 0.30), (-1.05 * w,
                y + 0.14)]  # fmt: skip
    points = maker.place.at(curve(brim, 5, True))
    under = maker.place.at(curve([(-1.9 * w, y + 0.1), (-1.05 * w, y + 0.02), (0.0, y + 0.16),
        (1.05 * w, y + 0.02), (1.9 * w, y + 0.1), (0, y + 0.6)], 4))  # fmt: skip
    maker.piece(points, of, [under], 1.1)
    lean = s * (0.25 + 0.35 * k[4])
    cone = [(-0.92 * w, y - 0.18), (-0.74 * w, t + 0.15), (-0.30 * w + 0.3 * lean, t - 0.55),
            (0.75 * lean, t - 1.1), (1.7 * lean, t - 1.25), (0.95 * lean + 0.16, t - 0.92),
            (0.30 * w + 0.3 * lean, t - 0.5), (0.74 * w, t + 0.15),
            (0.92 * w, y - 0.18)]  # fmt: skip
    base = _edge(acc, y - 0.02, 0.92, 0.10)
    shape = maker.place.at(np.concatenate([curve(cone, 4), base[::-1]]))
    d = maker.dark
    dark = maker.place.at(curve([(0.35 * w * d, y + 0.2), (0.5 * w * d, t + 0.1),
        (0.05 * w * d + lean * 0.4, t - 0.6), (1.2 * lean, t - 1.4), (1.2 * w * d, t - 0.8),
        (1.3 * w * d, y + 0.2)], 3))  # fmt: skip
    maker.piece(shape, of, [dark], 1.1)
    for x0, x1, dy in ((-0.2, 0.3, -0.40), (0.35, -0.1, -0.62)):
        crease = [(x0 * w + 0.2 * lean, t + dy), (0.5 * (x0 + x1) * w + 0.3 * lean,
            t + dy + 0.1), (x1 * w + 0.3 * lean, t + dy + 0.06)]  # fmt: skip
        maker.line(crease, of, 1.0, 0.2, 0.7)
    upper = base + (0.0, -0.30)
    upper[:, 0] *= 0.93
    band = acc.cloths[2]
    _strip(maker, upper, base, band)
    if k[5] < 0.5:
        bow(maker, band, s * 0.55 * w, y - 0.1, 0.5, s * 12, k[6] < 0.5)
    else:
        buckle = put([(-0.16, -0.16), (0.16, -0.16), (0.16, 0.16), (-0.16, 0.16),
            (-0.16, -0.16)], s * 0.3 * w, y - 0.08)  # fmt: skip
        maker.seam(maker.place.at(buckle), acc.metal.line, 0.085)
        maker.seam(maker.place.at(buckle), acc.metal.base, 0.06)


def _strip(maker: Maker, upper: Points, lower: Points, of: Cloth) -> None:
    a, b = maker.place.at(upper), maker.place.at(lower)
    half = mix_points(a, b, 0.6)
    maker.piece(np.concatenate([a, b[::-1]]), of, [np.concatenate([half, b[::-1]])])


def _beret(maker: Maker, acc: Accessories) -> None:
    w, t, k, of, s = acc.half, acc.top, acc.numbers, acc.cloths[0], acc.side
    y = _brow(acc) - 0.34
    edge = _edge(acc, y, 0.84, 0.14)
    _cast(maker, acc, edge + (0.0, 0.06), 0.14)
    blob = [(-0.80 * w * s, y - 0.02), (-0.92 * w * s, t + 0.22), (-0.62 * w * s, t - 0.12),
            (-0.10 * w * s, t - 0.34), (0.52 * w * s, t - 0.32), (1.02 * w * s, t + 0.0),
            (1.20 * w * s, t + 0.52), (1.00 * w * s, y + 0.12), (0.5 * w * s,
                y + 0.06), (-0.2 * w * s, y + 0.12)]  # fmt: skip
    points = maker.place.at(curve(blob, 5, True))
    low = maker.place.at(curve([(-1.0 * w, y), (-0.3 * w, y - 0.16), (0.5 * w, y - 0.2),
        (1.3 * w * s, t + 0.3), (1.2 * w, y + 0.4), (-1.0 * w, y + 0.4)], 3))  # fmt: skip
    maker.piece(points, of, [low], 1.1)
    maker.turned(points, of)
    maker.line([(0.30 * w * s, t - 0.2), (0.6 * w * s, t + 0.05), (0.7 * w * s, t + 0.32)], of, 0.8)
    maker.fold([(-0.45 * w * s, t - 0.05), (-0.1 * w * s, t - 0.16),
        (0.2 * w * s, t - 0.16)], of, 0.07, light=True)  # fmt: skip
    if k[0] < 0.5:
        maker.piece(maker.smooth([(0.02, t - 0.34), (0.0, t - 0.5), (0.08, t - 0.5),
            (0.1, t - 0.34)], 3), of)  # fmt: skip
    if k[1] < 0.4:
        _badge(maker, acc, -0.4 * w * s, y - 0.12)


def _badge(maker: Maker, acc: Accessories, x: float, y: float) -> None:
    maker.piece(maker.place.at(ellipse(x, y, 0.13, 0.13, 16)), acc.metal, (), 0.9)
    maker.fill(maker.place.at(ellipse(x - 0.03, y - 0.03, 0.05, 0.05, 10)), acc.metal.light)


def _visor(maker: Maker, acc: Accessories, y: float, of: Cloth, deep: float) -> None:
    w = acc.half
    top = curve([(-0.80 * w, y - 0.06), (0.0, y + 0.10), (0.80 * w, y - 0.06)], 6)
    low = curve([(0.80 * w, y - 0.06), (0.84 * w, y + 0.6 * deep), (0.4 * w, y + deep),
                 (-0.4 * w, y + deep), (-0.84 * w, y + 0.6 * deep),
                 (-0.80 * w, y - 0.06)], 5)  # fmt: skip
    shade = curve([(-0.8 * w, y), (0.0, y + 0.2), (0.8 * w, y), (0.8 * w, y - 0.3),
        (-0.8 * w, y - 0.3)], 4)  # fmt: skip
    maker.piece(maker.place.at(np.concatenate([top, low])), of, [maker.place.at(shade)], 1.1)


def _cap(maker: Maker, acc: Accessories) -> None:
    w, t, k, of = acc.half, acc.top, acc.numbers, acc.cloths[0]
    y = _brow(acc) + 0.12
    edge = _edge(acc, y, 1.01, 0.08, 0.02)
    _cast(maker, acc, edge + (0.0, 0.2), 0.22)
    shape = maker.place.at(_crown_of(acc, edge, 0.05, 1.01))
    _rounded(maker, acc, shape, of, y, 0.1)
    for x in (-0.42, 0.0, 0.42):
        maker.line([(1.3 * x * w, y), (1.25 * x * w, 0.5 * (y + t)),
            (0.4 * x * w, t - 0.12)], of, 0.7, 0.1, 0.1)  # fmt: skip
    if k[0] < 0.5:
        _badge(maker, acc, 0.0, y - 0.28)
    else:
        patch = put([(-0.3, -0.18), (0.3, -0.18), (0.28, 0.18), (-0.28, 0.18)], 0.0, y - 0.26)
        maker.piece(maker.place.at(patch), acc.cloths[1], (), 0.7)
    maker.piece(maker.place.at(ellipse(0.0, t - 0.16, 0.09, 0.05, 12)), of, (), 0.9)
    _visor(maker, acc, y, acc.cloths[2] if k[1] < 0.4 else of, 0.26 + 0.08 * k[2])


def _peaked(maker: Maker, acc: Accessories) -> None:
    w, t, k, of = acc.half, acc.top, acc.numbers, cloth(rgb("23273d"), maker.style)
    if k[0] < 0.5:
        of = acc.cloths[0]
    y = _brow(acc)
    edge = _edge(acc, y, 0.96, 0.10)
    _cast(maker, acc, edge + (0.0, 0.18), 0.2)
    top = [(-0.96 * w, y - 0.40), (-1.22 * w, t - 0.02), (-0.7 * w, t - 0.32), (0.0, t - 0.42),
           (0.7 * w, t - 0.32), (1.22 * w, t - 0.02), (0.96 * w, y - 0.40),
           (0.0, y - 0.10)]  # fmt: skip
    points = maker.place.at(curve(top, 4, True))
    low = maker.place.at(curve([(-1.3 * w, t + 0.1), (0.0, t + 0.22), (1.3 * w, t + 0.1),
        (1.2 * w, y), (-1.2 * w, y)], 4))  # fmt: skip
    maker.piece(points, of, [low], 1.1)
    _strip(maker, _edge(acc, y - 0.27, 0.97, 0.10), edge, acc.cloths[1] if k[1] < 0.4 else of)
    _badge(maker, acc, 0.0, y - 0.32)
    _visor(maker, acc, y - 0.02, cloth(rgb("1c1b22"), maker.style), 0.2)
    cord = maker.place.at(_edge(acc, y - 0.02, 0.9, 0.11))
    maker.seam(cord[2:-2], acc.metal.base, 0.035)


def _straw(maker: Maker, acc: Accessories) -> None:
    w, k = acc.half, acc.numbers
    of = cloth(rgb("ecd295") if k[0] < 0.7 else rgb("f6efe2"), maker.style)
    y = _brow(acc) - 0.05
    edge = _edge(acc, y, 1.0, 0.16)
    _cast(maker, acc, edge + (0.0, 0.16), 0.2)
    brim = [(-1.85 * w, y + 0.10), (-1.2 * w, y - 0.34), (0.0, y - 0.44), (1.2 * w, y - 0.34),
            (1.85 * w, y + 0.10), (1.1 * w, y + 0.24), (0.0, y + 0.34),
            (-1.1 * w, y + 0.24)]  # fmt: skip
    points = curve(brim, 5, True)
    centre = points.mean(0)
    under = maker.place.at(curve([(-1.9 * w, y + 0.12), (-1.1 * w, y + 0.10), (0.0, y + 0.20),
        (1.1 * w, y + 0.10), (1.9 * w, y + 0.12), (0.0, y + 0.7)], 4))  # fmt: skip
    maker.piece(maker.place.at(points), of, [under], 1.1)
    for share in (0.86, 0.72):
        ring = maker.place.at(centre + (points - centre) * share)
        maker.pen.stroke(ring[18:41], 0.6 * maker.width, argb(of.line, 0.6), 0.3, 0.3)
    base = _edge(acc, y - 0.04, 0.94, 0.12)
    crown = maker.place.at(_crown_of(acc, base, 0.12, 0.90))
    _rounded(maker, acc, crown, of, y, 0.2)
    upper = base + (0.0, -0.24)
    upper[:, 0] *= 0.95
    _strip(maker, upper, base, acc.cloths[0])
    if k[1] < 0.6:
        bow(maker, acc.cloths[0], acc.side * 0.62 * w, y - 0.14, 0.44, acc.side * 14)


def _maid(maker: Maker, acc: Accessories) -> None:
    w, t, k = acc.half, acc.top, acc.numbers
    white = cloth(rgb("ffffff"), maker.style)
    line = curve([(-0.80 * w, t + 0.62), (-0.62 * w, t + 0.30), (-0.32 * w, t + 0.12),
        (0.0, t + 0.07),
                  (0.32 * w, t + 0.12), (0.62 * w, t + 0.30), (0.80 * w, t + 0.62)], 4)  # fmt: skip
    a = maker.place.at(line)
    frill = scallops(a, 11, -0.34 - 0.08 * k[0])
    mid = scallops(a, 11, -0.18)
    maker.piece(np.concatenate([a, frill[::-1]]), white, [np.concatenate([a, mid[::-1]])], 1.0)
    for i in range(1, 11):
        p, q = a[i * (len(a) - 1) // 11], frill[i * (len(frill) - 1) // 11]
        maker.pen.stroke(np.linspace(p, q, 4), 0.7 * maker.width, argb(white.line), 0.0, 0.7)
    low = line + (0.0, 0.13)
    low[:, 0] *= 0.97
    band = cloth(rgb("1f1d26"), maker.style) if k[1] < 0.4 else white
    _strip(maker, line, low, band)
    if k[2] < 0.5:
        for side in (-1.0, 1.0):
            bow(maker, acc.cloths[0], side * 0.8 * w, t + 0.66, 0.32, side * 40, True)


def _hood(maker: Maker, acc: Accessories) -> None:
    w, t, k, of = acc.half, acc.top, acc.numbers, acc.cloths[0]
    outer = [(0.0, 2.25), (0.80 * w, 2.0), (1.16 * w, 1.35), (1.30 * w, 0.4), (1.26 * w, -0.6),
             (1.00 * w, t + 0.12), (0.52 * w, t - 0.20), (0.0, t - 0.34)]  # fmt: skip
    inner = [(0.0, 1.95), (0.30 * w, 1.72), (0.66 * w, 1.25), (0.90 * w, 0.5), (0.95 * w, -0.3),
             (0.80 * w, t + 0.50), (0.44 * w, t + 0.28), (0.0, t + 0.20)]  # fmt: skip
    a = maker.smooth([*[(-x, y) for x, y in outer], *outer[-2::-1]], 4)
    b = maker.smooth([*[(-x, y) for x, y in inner], *inner[-2::-1]], 4)
    _cast(maker, acc, curve([*[(-x, y) for x, y in inner[4:]], *inner[-2:3:-1]], 4), 0.18)
    ring = np.concatenate([a, b[::-1]])
    half = mix_points(a, b, 0.70)
    d = maker.dark
    side = maker.smooth([(1.12 * w * d, 2.0), (1.06 * w * d, 0.4), (1.02 * w * d, -0.6),
        (0.7 * w * d, t - 0.1),
                         (1.6 * w * d, t - 0.4), (1.6 * w * d, 2.2)], 3)  # fmt: skip
    maker.piece(ring, of, [np.concatenate([half, b[::-1]]), side], 0.0)
    maker.turned(ring, of)
    maker.around(a, of, 1.1, False)
    maker.around(b, of, 1.0, False)
    rim = mix_points(a, b, 0.84)
    maker.pen.stroke(rim, 0.7 * maker.width, argb(of.line), 0.1, 0.1)
    for side_ in (-1.0, 1.0):
        for y in (-0.1, 0.5, 1.05):
            crease = [(side_ * 1.22 * w, y - 0.1), (side_ * 1.12 * w, y),
                (side_ * 1.02 * w, y + 0.02)]  # fmt: skip
            maker.line(crease, of, 0.8, 0.1, 0.7)
    if k[0] < 0.35:  # fur along the edge
        fur = cloth(rgb("f7f0e6"), maker.style)
        edge = scallops(b, 30, -0.12)
        maker.piece(np.concatenate([b, edge[::-1]]), fur, (), 0.7)


def _headphones(maker: Maker, acc: Accessories) -> None:
    w, t, k, of = acc.half, acc.top, acc.numbers, acc.cloths[0]
    arc = [(0.98 * w, 0.0), (1.04 * w, -0.6), (0.84 * w, t + 0.24), (0.44 * w, t - 0.06),
        (0.0, t - 0.12)]  # fmt: skip
    inner = [(0.94 * w, 0.0), (0.98 * w, -0.6), (0.78 * w, t + 0.32), (0.42 * w, t + 0.06),
        (0.0, t + 0.01)]  # fmt: skip
    a = maker.smooth([*[(-x, y) for x, y in arc], *arc[-2::-1]], 4)
    b = maker.smooth([*[(-x, y) for x, y in inner], *inner[-2::-1]], 4)
    shade = np.concatenate([mix_points(a, b, 0.55), b[::-1]])
    maker.piece(np.concatenate([a, b[::-1]]), of, [shade], 1.0)
    for side in (-1.0, 1.0):
        x = side * 0.97 * w
        pad = maker.place.at(ellipse(x - side * 0.05, 0.12, 0.18, 0.37, 22))
        maker.piece(pad, cloth(rgb("2c2a33"), maker.style), (), 1.0)
        cup = ellipse(x + side * 0.06, 0.12, 0.17, 0.33, 22)
        low = cup * (1.0, 0.8) + (side * 0.06, 0.14)
        maker.piece(maker.place.at(cup), of, [maker.place.at(low)], 1.0)
        disc = ellipse(x + side * 0.09, 0.12, 0.08, 0.18, 16)
        maker.piece(maker.place.at(disc), acc.cloths[2] if k[0] < 0.5 else acc.metal, (), 0.8)


def _crown(maker: Maker, acc: Accessories) -> None:
    w, t, k, of = acc.half, acc.top, acc.numbers, acc.metal
    x0, y = acc.side * 0.12 * w * k[0], t + 0.18
    r, high = 0.42 + 0.14 * k[1], 0.34 + 0.2 * k[2]
    base = curve([(x0 - r, y - 0.04), (x0, y + 0.10), (x0 + r, y - 0.04)], 6)
    points: list[tuple[float, float]] = []
    for i in range(5):
        x = x0 + r * (1.12 - 0.56 * i)
        tall = high * (1.0, 1.2, 1.35, 1.2, 1.0)[i]
        points.append((x, y - tall))
        if i < 4:
            points.append((x - 0.28 * r, y - 0.36 * high + 0.04))
    shape = maker.place.at(np.concatenate([base, np.array(points)]))
    d = maker.dark
    maker.piece(shape, of, [maker.place.at([(x0 + 0.2 * r * d, y + 0.3),
        (x0 + 0.4 * r * d, y - 1.0), (x0 + 2 * r * d, y - 1.0),
        (x0 + 2 * r * d, y + 0.3)])], 1.0)  # fmt: skip
    for i in range(0, 9, 2):
        maker.piece(maker.place.at(ellipse(*points[i], 0.045, 0.045, 10)), acc.cloths[0], (), 0.7)
    maker.piece(maker.place.at(ellipse(x0, y - 0.08, 0.07, 0.09, 12)), acc.cloths[0], (), 0.8)


def _beanie(maker: Maker, acc: Accessories) -> None:
    w, t, k, of = acc.half, acc.top, acc.numbers, acc.cloths[0]
    y = _brow(acc) + 0.10
    edge = _edge(acc, y, 1.03, 0.06, -0.04)
    _cast(maker, acc, edge, 0.14)
    d = maker.dark
    if k[0] < 0.6:
        ball = scallops(curve(ellipse(0.0, t - 0.34, 0.24, 0.22, 8), 3, True), 9, -0.06)
        maker.piece(maker.place.at(ball), acc.cloths[1], [maker.place.at(ellipse(0.08 * d,
            t - 0.24, 0.2, 0.14, 12))], 1.0)  # fmt: skip
    shape = _crown_of(acc, edge, 0.10, 1.01)
    _rounded(maker, acc, maker.place.at(shape), of, y, 0.2)
    for i in range(-4, 5):
        x = i * 0.22 * w
        maker.line([(x, y), (0.92 * x, 0.5 * (t + y) - 0.1),
            (0.5 * x, t - 0.16)], of, 0.55, 0.2, 0.5)  # fmt: skip
    upper = edge + (0.0, -0.30)
    cuff = acc.cloths[1] if k[1] < 0.4 else of
    _strip(maker, upper * (1.01, 1.0), edge + (0.0, 0.03), cuff)
    for i in range(2, 19, 2):
        p, q = maker.place.at(upper[i : i + 1])[0], maker.place.at(edge[i : i + 1])[0]
        maker.pen.stroke(np.linspace(p, q, 4), 0.55 * maker.width, argb(mix(cuff.line,
            cuff.shade, 0.3)), 0.2, 0.2)  # fmt: skip
