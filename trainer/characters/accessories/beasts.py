"""Animal ears and horns, growing out of the hair."""

from __future__ import annotations

import numpy as np

from trainer.characters.accessories.design import Accessories
from trainer.characters.accessories.places import put
from trainer.characters.colour import argb, mix, rgb
from trainer.characters.ink import Points, curve
from trainer.characters.palette import HairColours
from trainer.characters.tailor import Cloth, Maker, cloth

# Outline, inside and tufts of each ear, its root at (0, 0), pointing up, leaning outward.
_CAT = ([(-0.40, 0.16), (-0.28, -0.30), (0.02, -0.78), (0.14, -0.80), (0.34, -0.40), (0.42, 0.20)],
        [(-0.20, 0.14), (-0.12, -0.22), (0.07, -0.60), (0.22, -0.28), (0.26, 0.16)])  # fmt: skip
_FOX = ([(-0.44, 0.18), (-0.36, -0.40), (0.02, -1.02), (0.12, -1.04), (0.38, -0.52), (0.46, 0.22)],
        [(-0.24, 0.16), (-0.18, -0.30), (0.06, -0.80), (0.25, -0.38), (0.30, 0.18)])  # fmt: skip
_RABBIT = ([(-0.20, 0.15), (-0.30, -0.60), (-0.16, -1.35), (0.04, -1.62), (0.22, -1.35),
    (0.30, -0.6),
            (0.22, 0.15)],
           [(-0.09, 0.10), (-0.16, -0.60), (-0.06, -1.20), (0.03, -1.40), (0.12, -1.2),
               (0.17, -0.6),
            (0.10, 0.10)])  # fmt: skip
_DOG = ([(-0.30, 0.14), (-0.20, -0.20), (0.14, -0.34), (0.48, -0.16), (0.70, 0.36), (0.78, 0.95),
         (0.60, 1.18), (0.36, 0.98), (0.22, 0.55), (0.06, 0.26)],
        [(0.34, 0.05), (0.54, 0.40), (0.62, 0.85), (0.50, 0.95), (0.36, 0.62)])  # fmt: skip
_TUFT = [(-0.44, 0.14), (-0.30, -0.10), (-0.20, 0.08), (-0.06, -0.18), (0.04, 0.08), (0.20, -0.12),
         (0.26, 0.10), (0.42, 0.0), (0.46, 0.24), (0.0, 0.40)]  # fmt: skip


def ears(maker: Maker, acc: Accessories, hair: HairColours | None) -> None:
    """A pair of animal ears in the hair's colours (or the fur's), tufts of hair at their roots."""
    if acc.fur is not None or hair is None:
        fur = cloth(acc.fur or rgb("6b4a3a"), maker.style)
    else:
        fur = Cloth(hair.base, hair.shadow, hair.light, hair.line)
    outline, inside = {"cat": _CAT, "fox": _FOX, "rabbit": _RABBIT, "dog": _DOG}[acc.animal_ears]
    k = acc.numbers
    size = (0.85 + 0.3 * k[0]) * acc.half / 1.35
    pink = mix(rgb("f3b3ad"), fur.base, 0.25)
    for side in (-1.0, 1.0):
        x, y = side * acc.half * (0.60 if acc.animal_ears != "rabbit" else 0.38), acc.top + 0.30
        lean = side * (6 + 14 * k[1]) + (4 * (k[2] - 0.5))
        if acc.animal_ears == "rabbit":
            y = acc.top + 0.16
            if side == acc.side and k[3] < 0.35:
                lean += side * 35

        def shape(pattern: list[tuple[float, float]]) -> Points:
            return put([(side * a, b) for a, b in pattern], x, y, size, lean)  # noqa: B023

        points = maker.place.at(curve(shape(outline), 5))
        shade = maker.place.at(shape([(0.14, -1.1), (0.6, -0.6), (0.7, 0.3), (0.30, 0.2),
            (0.22, -0.4)]))  # fmt: skip
        maker.piece(points, fur, [shade] if side == maker.dark else [], closed=False)
        if acc.animal_ears == "fox" and k[4] < 0.6:
            with maker.pen.clipped(points):
                tip = maker.place.at(shape([(-0.4, -0.62), (0.05, -0.5), (0.5, -0.62),
                    (0.2, -1.2), (-0.2, -1.2)]))  # fmt: skip
                maker.fill(tip, mix(fur.line, (0.1, 0.08, 0.1), 0.5))
        if acc.animal_ears == "dog":
            low = maker.place.at(curve(shape([(0.5, 0.0), (0.62, 0.5), (0.55, 1.2), (0.9, 1.2),
                (0.9, 0.0)]), 3))  # fmt: skip
            if maker.strength:
                with maker.pen.clipped(points):
                    maker.fill(low, fur.shade, maker.strength)
            for line in ([(-0.2, -0.08), (0.1, -0.2), (0.3, -0.16)], [(0.3, 0.5), (0.42, 0.75),
                (0.58, 0.9)]):  # fmt: skip
                stroke = maker.place.at(curve(shape(line), 4))
                maker.pen.stroke(stroke, 0.8 * maker.width, argb(fur.line), 0.2, 0.6)
            continue
        inner = maker.place.at(curve(shape(inside), 4))
        maker.fill(inner, pink)
        if maker.strength:
            with maker.pen.clipped(inner):
                dark = maker.place.at(shape([(-0.3, 0.3), (-0.2, -0.5), (0.0, -1.4),
                    (0.06, -0.5), (0.0, 0.3)]))  # fmt: skip
                maker.fill(dark, mix(pink, fur.shade, 0.5), 0.7)
        fluff = [(-0.20, 0.16), (-0.16, -0.12), (-0.06, 0.0), (0.02, -0.30), (0.08, -0.02),
            (0.16, -0.2), (0.22, 0.14)]  # fmt: skip
        if acc.animal_ears != "rabbit":
            maker.fill(maker.place.at(shape(fluff)), mix(fur.light, (1, 1, 1), 0.35))
            maker.fill(maker.place.at(shape(_TUFT)), fur.base)
            for line in (_TUFT[0:3], _TUFT[2:5], _TUFT[4:7], _TUFT[6:9]):
                stroke = maker.place.at(curve(shape(line), 3))
                maker.pen.stroke(stroke, 0.7 * maker.width, argb(fur.line), 0.3, 0.6)


def horns(maker: Maker, acc: Accessories) -> None:
    """Small, long or curled horns."""
    of = acc.metal if acc.numbers[5] < 0.3 else cloth(rgb("3b3340"), maker.style)
    if acc.numbers[5] > 0.65:
        of = cloth(rgb("efe6d2") if acc.numbers[6] < 0.5 else rgb("c23a45"), maker.style)
    spine = {
        "small": [(0.0, 0.1), (0.08, -0.15), (0.06, -0.42)],
        "long": [(0.0, 0.1), (0.26, -0.30), (0.28, -0.75), (0.05, -1.1)],
        "ram": [(0.0, 0.0), (0.34, -0.22), (0.62, 0.05), (0.56, 0.42), (0.28, 0.46), (0.26, 0.26)],
    }[acc.horns]
    width = 0.30 if acc.horns == "ram" else 0.22
    for side in (-1.0, 1.0):
        x, y = side * acc.half * 0.52, acc.top + 0.28
        line = curve(put([(side * a, b) for a, b in spine], x, y, 1.0), 7)
        t = np.linspace(1, 0.04, len(line))[:, None] ** 0.8
        step = np.gradient(line, axis=0)
        normal = step[:, ::-1] * (-1.0, 1.0) / (np.hypot(*step.T)[:, None] + 1e-9)
        left, right = line + normal * 0.5 * width * t, line - normal * 0.5 * width * t
        a, b = maker.place.at(left), maker.place.at(right)
        edge = b if side * maker.dark > 0 else a
        shade = np.concatenate([edge, maker.place.at(line)[::-1]])
        maker.piece(np.concatenate([a, b[::-1]]), of, [shade], closed=False)
        for i in range(3, len(line) - 4, 4):
            ring = np.linspace(a[i], b[i], 4)
            maker.pen.stroke(ring, 0.6 * maker.width, argb(of.line), 0.1, 0.4)
