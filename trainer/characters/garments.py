"""The cut of each outfit: what stands behind the neck, and what is worn in front.

All numbers are body coordinates (see tailor.py); `s` is half the shoulders, `n` half the neck.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np

from trainer.characters.colour import argb, mix
from trainer.characters.ink import Points, ellipse
from trainer.characters.tailor import BOTTOM, Cloth, Half, Tailor, flipped, mirrored, scallops

if TYPE_CHECKING:
    from trainer.characters.outfit import Outfit

Draw = Callable[[Tailor, "Outfit", Cloth], None]


def behind(tailor: Tailor, outfit: Outfit) -> None:
    """What stands behind the neck: backs of collars, a hood hanging down."""
    n, s = tailor.body.neck, tailor.body.shoulder
    of = outfit.main
    if outfit.kind == "hoodie":
        hood = [(0.0, 0.05), (1.6 * n, 0.02), (0.72 * s, 0.2), (0.82 * s, 0.48), (0.6 * s, 0.8)]
        points = tailor.smooth(mirrored(hood[1:]), 5)
        tailor.piece(points, of, [tailor.smooth(mirrored([(1.5 * n, 0.12), (0.5 * s, 0.34),
            (0.5 * s, 0.8)]))])  # fmt: skip
        return
    if outfit.kind in ("sailor", "bow_shirt", "blazer", "suit", "shirt", "military", "armour"):
        of = outfit.second if outfit.kind in ("blazer", "suit", "sailor") else of
        top = 0.12 if outfit.kind in ("military", "armour") else 0.22
        back = [(0.0, top + 0.06), (0.8 * n, top + 0.03), (1.25 * n, top), (1.5 * n, 0.6)]
        points = tailor.smooth(mirrored(back[1:]), 4)
        tailor.fill(points, of.shade)
        tailor.around(points, of, 0.8)
    elif outfit.kind == "kimono":
        back = [(0.9 * n, 0.36), (1.5 * n, 0.2), (1.9 * n, 0.6)]
        points = tailor.smooth(mirrored(back), 4)
        tailor.fill(points, of.shade)
        tailor.around(points, of, 0.8)


def worn(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    """Draw the outfit over neck and shoulders."""
    _WORN[outfit.kind](tailor, outfit, flesh)


# Parts that outfits share.


def _shoulder_line(tailor: Tailor, neck: tuple[float, float], puff: float = 0.0) -> Half:
    """The right contour of a garment from the neck over the shoulder down the arm."""
    s = tailor.body.shoulder
    a, t = neck
    return [
        neck, (a + 0.30 * (0.8 * s - a), t + 0.12), (0.74 * s, 0.62 - 0.5 * puff),
        (0.92 * s + 0.3 * puff, 0.79 - 0.3 * puff), (1.02 * s + 0.6 * puff, 1.10),
        (1.06 * s + 0.6 * puff, 1.65), (1.10 * s, 2.4), (1.09 * s, BOTTOM),
    ]  # fmt: skip


def _torso(
    tailor: Tailor, of: Cloth, neckline: list[tuple[float, float]], puff: float = 0.0
) -> tuple[Points, Points]:
    """Draw the garment's body and return its neckline and outline in view units.

    `neckline` runs from its middle to its right end."""
    s, d, k = tailor.body.shoulder, tailor.dark, tailor.numbers
    contour = list(_shoulder_line(tailor, neckline[-1], puff))
    right = tailor.smooth(contour, 4)
    left = tailor.smooth(flipped(contour), 4)
    middle = neckline[0][0] == 0.0
    line = [*flipped(neckline[:0:-1]), *neckline] if middle else mirrored(neckline)
    front = tailor.smooth(line, 4)
    shape = np.concatenate([left[::-1], front, right])
    shades = []
    if tailor.style.shading == "cel" and tailor.lowest > 0.75:
        side = [(1.3 * s * d, 0.75), (0.93 * s * d, 1.02), (0.86 * s * d, 1.5),
                (0.90 * s * d, 2.2), (0.84 * s * d, BOTTOM), (1.3 * s * d, BOTTOM)]  # fmt: skip
        shades.append(tailor.smooth(side, 3))
    if tailor.strength and tailor.lowest > 1.1:
        pit = [(-0.75 * s * d, 1.5), (-0.64 * s * d, 2.0), (-0.70 * s * d, 2.6),
               (-0.66 * s * d, BOTTOM), (-0.80 * s * d, BOTTOM), (-0.80 * s * d, 2.3)]  # fmt: skip
        shades.append(tailor.smooth(pit, 3))
        long = 0.2 + 0.25 * k[10]
        for way in (-1, 1):  # folds that run from the armpit
            up = [(0.76 * s, 1.42), (0.62 * s, 1.24), (0.62 * s - long, 1.16), (0.64 * s, 1.36)]
            low = [(0.76 * s, 1.52), (0.60 * s, 1.72), (0.58 * s - long, 1.80), (0.60 * s, 1.86),
                   (0.73 * s, 1.75)]  # fmt: skip
            sleeve = [(0.80 * s, 1.55), (0.92 * s, 1.72), (1.02 * s, 1.70), (0.92 * s, 1.82)]
            for fold in (up, low, sleeve):
                shades.append(tailor.smooth([(way * x, t) for x, t in fold], 3, closed=True))
            bust = [(0.08 * s, 2.36), (0.28 * s, 2.46), (0.50 * s, 2.2), (0.30 * s, 2.60)]
            shades.append(tailor.smooth([(way * x, t) for x, t in bust], 3, closed=True))
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


def _collar_wing(tailor: Tailor, of: Cloth, size: float, spread: float) -> None:
    """Both points of a shirt collar."""
    n = tailor.body.neck
    for side in (-1, 1):
        wing = [(1.22 * n, 0.22), (0.03, 0.60), (spread * 0.4 + 0.06, 0.62 + size),
                (1.05 * n + 0.55 * size + spread * 0.3, 0.56), (1.3 * n, 0.25)]  # fmt: skip
        points = tailor.body.at([(side * x, t) for x, t in wing])
        shade = tailor.body.at([(side * x, t) for x, t in
                                ((1.3 * n, 0.2), (0.0, 0.58), (0.05, 0.66),
                                (1.3 * n, 0.36))])  # fmt: skip
        tailor.piece(points, of, [shade] if side == tailor.dark else [], 0.9)


def _necktie(tailor: Tailor, of: Cloth, top: float = 0.6) -> None:
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


def _bow(tailor: Tailor, of: Cloth, at: tuple[float, float], size: float, tails: float) -> None:
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
            points = tailor.smooth(place([(side * x, t) for x, t in tail]), 3, closed=True)
            fold = tailor.body.at(place([(side * x, t) for x, t in
                                         ((0, 0), (0.2, 0.5 * tails), (0.02, tails),
                                             (-0.1, 0.2))]))  # fmt: skip
            tailor.piece(points, of, [fold])
    for side in (-1, 1):
        loop = [(0.02, -0.06), (0.25, -0.26), (0.58, -0.30 + droop), (0.66, 0.02 + droop),
                (0.52, 0.24 + droop), (0.25, 0.14), (0.02, 0.09)]  # fmt: skip
        points = tailor.smooth(place([(side * x, t) for x, t in loop]), 4, closed=True)
        low = [(0.0, 0.06), (0.3, 0.05 + 0.5 * droop), (0.7, 0.06 + droop), (0.6, 0.5), (0.0, 0.3)]
        inner = [(0.05, 0.0), (0.32, -0.04), (0.34, 0.04), (0.05, 0.03)]
        shades = [tailor.body.at(place([(side * x, t) for x, t in p])) for p in (low, inner)]
        tailor.piece(points, of, shades)
        tailor.line(place([(side * x, t) for x, t in ((0.08, -0.02), (0.25, -0.06),
            (0.4, 0.0))]), of, 0.8, 0, 0.8)  # fmt: skip
    knot = tailor.smooth(place([(-0.11, -0.10), (0.11, -0.10), (0.13, 0.02), (0.10, 0.13),
                                (-0.10, 0.13), (-0.13, 0.02)]), 3, closed=True)  # fmt: skip
    tailor.piece(knot, of, [tailor.body.at(place([(-0.2, 0.05), (0.2, 0.03), (0.2, 0.2),
        (-0.2, 0.2)]))])  # fmt: skip


def _kerchief(tailor: Tailor, of: Cloth, t: float) -> None:
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


def _buttons(tailor: Tailor, of: Cloth, x: float, first: float, step: float, r: float) -> None:
    for i in range(4):
        if first + i * step - r > tailor.lowest:
            break
        points = tailor.body.at(ellipse(x, first + i * step, r, r, 10))
        tailor.fill(points, of.base)
        tailor.around(points, of, 0.6)


# Outfits.


def _sailor(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    n, s, k = tailor.body.neck, tailor.body.shoulder, tailor.numbers
    deep = 1.15 + 0.25 * k[9]
    _torso(tailor, outfit.main, [(0.0, deep), (0.5 * n, 0.62 * deep + 0.1), (1.15 * n, 0.28)])
    if k[14] < 0.6:  # the panel below the throat
        panel = [(-0.75 * n, 0.72), (0.75 * n, 0.72), (0.0, deep + 0.02)]
        tailor.piece(tailor.body.at(panel), outfit.main, outline=0.7)
        with tailor.pen.clipped(tailor.body.at(panel)):
            tailor.seam(tailor.body.at([(-1, 0.80), (1, 0.80)]), outfit.second.base, 0.025)
    inner = [(1.18 * n, 0.20), (0.9 * n, 0.5), (0.45 * n, 0.62 * deep + 0.2), (0.0, deep)]
    outer = [(0.62 * s, 0.50), (0.66 * s, 0.85), (0.46 * s, 0.8 + 0.22 * deep), (0.0, deep + 0.22)]
    of = outfit.second
    for side in (-1, 1):
        a = tailor.smooth([(side * x, t) for x, t in inner], 4)
        b = tailor.smooth([(side * x, t) for x, t in outer], 4)
        shape = np.concatenate([a, b[::-1]])
        shade = tailor.body.at([(side * x, t) for x, t in
                                ((1.1 * n, 0.1), (0.9 * n, 0.5), (0.6 * n, 0.8),
                                    (1.25 * n, 0.62), (1.9 * n, 0.3))])  # fmt: skip
        tailor.piece(shape, of, [shade], 1.0)
        stripe = (1, 1, 1) if max(of.base) < 0.8 else outfit.accent.base
        if k[15] < 0.25:
            stripe = outfit.accent.base
        for share in (0.88, 0.76) if k[16] < 0.7 else (0.82,):
            line = a + (b - a) * share
            tailor.seam(line[1:], mix(stripe, of.shade, 0.08), 0.028)
    if outfit.bow:
        _bow(tailor, outfit.accent, (0.0, deep + 0.08), 0.62, 0.9)
    else:
        _kerchief(tailor, outfit.accent, deep + 0.08)


def _jacket(tailor: Tailor, of: Cloth, deep: float, wide: float) -> None:
    """The body and lapels of a jacket over a shirt."""
    n = tailor.body.neck
    _torso(tailor, of, [(0.0, deep), (0.6 * n + 0.1, 0.55 * deep), (1.35 * n, 0.30)])
    tailor.line([(0.0, deep), (0.03, deep + 0.8), (0.04, BOTTOM)], of, 1.0, 0.0, 0.0)
    for side in (-1, 1):
        lapel = [(1.38 * n, 0.24), (1.38 * n + 0.8 * wide, 0.55), (1.1 * n + 1.25 * wide, 0.86),
                 (1.1 * n + 0.75 * wide, 0.90), (1.1 * n + 1.2 * wide, 1.02), (0.02, deep + 0.05),
                 (0.55 * n + 0.12, 0.6 * deep)]  # fmt: skip
        points = tailor.body.at([(side * x, t) for x, t in lapel])
        shade = tailor.body.at([(side * x, t) for x, t in
                                ((1.3 * n, 0.2), (0.5 * n + 0.1, 0.6 * deep), (0, deep),
                                    (0.7 * n + 0.2, 0.62 * deep))])  # fmt: skip
        tailor.piece(points, of, [shade])


def _shirt_front(tailor: Tailor, of: Cloth) -> None:
    n = tailor.body.neck
    panel = tailor.body.at([(-1.3 * n, 0.3), (0.0, 0.58), (1.3 * n, 0.3), (1.6 * n, 1.0),
        (0.6, 2.2), (-0.6, 2.2), (-1.6 * n, 1.0)])  # fmt: skip
    shade = tailor.body.at([(-1.4 * n, 0.3), (0, 0.6), (1.4 * n, 0.3), (1.3 * n, 0.7),
        (0.0, 0.95), (-1.3 * n, 0.7)])  # fmt: skip
    tailor.piece(panel, of, [shade], 0.0)
    tailor.line([(0, 0.6), (0.01, 1.4), (0, 2.2)], of, 0.7)


def _blazer(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    k = tailor.numbers
    _shirt_front(tailor, outfit.second)
    if outfit.necktie:
        _necktie(tailor, outfit.accent)
    deep = 1.55 + 0.5 * k[9]
    if k[14] < 0.3:  # a waistcoat or jumper under it
        _under(tailor, outfit.accent, 1.25)
    _jacket(tailor, outfit.main, deep, 0.30 + 0.1 * k[15])
    _collar_wing(tailor, outfit.second, 0.26 + 0.1 * k[16], 0.5)
    if outfit.necktie:
        _knot(tailor, outfit.accent)
    elif outfit.bow:
        _bow(tailor, outfit.accent, (0.0, 0.72), 0.55 + 0.25 * k[17], 0.7 * (k[18] < 0.5))
    _buttons(tailor, outfit.metal, 0.12, deep + 0.3, 0.5, 0.05)


def _knot(tailor: Tailor, of: Cloth) -> None:
    knot = tailor.body.at([(-0.12, 0.58), (0.12, 0.58), (0.08, 0.78), (-0.08, 0.78)])
    tailor.piece(knot, of, [tailor.body.at([(-0.05, 0.72), (0.2, 0.62), (0.2, 0.9), (-0.2, 0.9)])])


def _under(tailor: Tailor, of: Cloth, deep: float) -> None:
    n = tailor.body.neck
    vest = [(0.0, deep), (1.7 * n, 0.45), (1.9 * n, 2.6), (-1.9 * n, 2.6), (-1.7 * n, 0.45)]
    tailor.piece(tailor.body.at(vest), of, (), 0.9)


def _suit(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    k = tailor.numbers
    _shirt_front(tailor, outfit.second)
    _necktie(tailor, outfit.accent)
    _jacket(tailor, outfit.main, 1.9 + 0.4 * k[9], 0.42)
    _collar_wing(tailor, outfit.second, 0.22, 0.35)
    _knot(tailor, outfit.accent)
    _buttons(tailor, outfit.main, 0.1, 2.5, 0.6, 0.05)


def _shirt(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    n, k = tailor.body.neck, tailor.numbers
    deep = 0.75 + 0.5 * k[9]
    _torso(tailor, outfit.main, [(0.0, deep), (0.6 * n, 0.55), (1.2 * n, 0.3)])
    tailor.line([(0.0, deep), (0.02, 1.8), (0.03, BOTTOM)], outfit.main, 0.9, 0.0, 0.0)
    _buttons(tailor, outfit.second, 0.0, deep + 0.2, 0.5, 0.035)
    for side in (-1, 1):
        wing = [(1.24 * n, 0.2), (0.7 * n, 0.5), (0.02, deep), (0.28, deep + 0.18),
                (1.05 * n + 0.3, 0.62), (1.4 * n, 0.26)]  # fmt: skip
        shade = [(1.2 * n, 0.2), (0.6 * n, 0.5), (0.0, deep), (0.85 * n, 0.55)]
        tailor.piece(tailor.body.at([(side * x, t) for x, t in wing]), outfit.main,
                     [tailor.body.at([(side * x, t) for x, t in shade])])  # fmt: skip


def _bow_shirt(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    n, k = tailor.body.neck, tailor.numbers
    blouse = outfit.second if k[14] < 0.7 else outfit.main
    _torso(tailor, blouse, [(0.0, 0.6), (0.7 * n, 0.45), (1.2 * n, 0.28)], 0.12 * (k[15] < 0.4))
    if k[16] < 0.55:  # a waistcoat or pinafore over it
        of, s = outfit.main, tailor.body.shoulder
        for side in (-1, 1):
            strap = [(0.50 * s, 0.50), (0.72 * s, 0.60), (0.72 * s, 1.4), (0.80 * s, 2.2),
                     (0.78 * s, BOTTOM), (0.0, BOTTOM), (0.0, 1.75), (0.40 * s, 1.45)]  # fmt: skip
            points = tailor.body.at([(side * x, t) for x, t in strap])
            shade = tailor.body.at([(side * 0.7 * s, 1.2), (side * 0.9 * s, 1.2),
                (side * 0.9 * s, BOTTOM), (side * 0.6 * s, BOTTOM)])  # fmt: skip
            tailor.piece(points, of, [shade])
    if k[17] < 0.35:
        for side in (-1, 1):
            line = tailor.smooth([(side * x, t) for x, t in ((1.2 * n, 0.24), (0.8 * n, 0.5),
                (0.05, 0.66))], 4)  # fmt: skip
            points = np.concatenate([line, scallops(line, 5, -side * 0.16)[::-1]])
            tailor.piece(points, blouse, (), 0.8)
    else:
        _collar_wing(tailor, blouse, 0.22 + 0.15 * k[18], 0.6)
    _bow(tailor, outfit.accent, (0.0, 0.70), 0.6 + 0.35 * k[19], 0.9 * (k[21] < 0.55))


def _hoodie(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    n, s, k = tailor.body.neck, tailor.body.shoulder, tailor.numbers
    inner = outfit.second
    tailor.piece(tailor.smooth(mirrored([(1.3 * n, 0.4), (1.6 * n, 1.2)]), 4), inner, (), 0.6)
    deep = 1.0 + 0.4 * k[9]
    _torso(tailor, outfit.main, [(0.0, deep), (0.8 * n, 0.8), (1.7 * n, 0.32)])
    for side in (-1, 1):  # the hood's edge, lying on the shoulders
        edge = [(1.05 * n, 0.12), (1.9 * n, 0.2), (0.60 * s, 0.42), (0.52 * s, 0.85),
            (0.06, deep + 0.12),
                (0.0, deep - 0.02), (0.7 * n, 0.82), (1.12 * n, 0.45)]  # fmt: skip
        points = tailor.smooth([(side * x, t) for x, t in edge], 4, closed=True)
        shade = tailor.smooth([(side * x, t) for x, t in
                               ((0.3 * s, 0.6), (0.5 * s, 0.75), (0.1, deep + 0.1),
                                   (0.3, deep + 0.15), (0.7 * s, 0.8))], 3)  # fmt: skip
        tailor.piece(points, outfit.main, [shade])
        tailor.line([(side * x, t) for x, t in ((1.3 * n, 0.28), (1.35 * n, 0.6),
            (0.8 * n, 0.95))], outfit.main, 0.7)  # fmt: skip
        cord = tailor.smooth([(side * x, t) for x, t in ((0.2, deep - 0.08), (0.24, deep + 0.3),
            (0.2, deep + 0.75))], 4)  # fmt: skip
        tailor.seam(cord, outfit.second.line, 0.045)
        tailor.seam(cord, outfit.second.base, 0.028)
    if k[16] < 0.5:
        tailor.line([(0, deep), (0.02, 2), (0, BOTTOM)], outfit.main, 1.1, 0, 0)


def _turtleneck(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    n, k, of = tailor.body.neck, tailor.numbers, outfit.main
    _torso(tailor, of, [(0.0, 0.5), (0.8 * n, 0.45), (1.1 * n, 0.34)])
    top = 0.04 + 0.14 * k[9]
    roll = [(1.10 * n, top), (1.22 * n, top + 0.12), (1.2 * n, 0.46), (0.6 * n, 0.60), (0.0, 0.64)]
    right = tailor.smooth(roll, 4)
    left = tailor.smooth(flipped(roll), 4)
    rim = tailor.smooth([(-1.1 * n, top), (-0.5 * n, top + 0.10), (0.5 * n, top + 0.10),
        (1.1 * n, top)], 4)  # fmt: skip
    shape = np.concatenate([rim, right, left[::-1]])
    d = tailor.dark
    dark = tailor.body.at([(-1.5 * n, top), (1.5 * n, top), (1.5 * n, 0.8), (0.5 * n * d, 0.8),
        (0.45 * n * d, 0.28), (-1.5 * n, top + 0.14)])  # fmt: skip
    tailor.piece(shape, of, [dark])
    for i in range(-3, 4):
        x = i * 0.3 * n
        bend = 0.10 * (1 - (i / 3.3) ** 2)
        tailor.line([(x, top + bend + 0.05), (x * 1.06, 0.44 + bend)], of, 0.55, 0.4, 0.4)
    if k[14] < 0.4:  # an open coat over it
        _open_coat(tailor, outfit.second)


def _open_coat(tailor: Tailor, of: Cloth) -> None:
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


def bare_edge(tailor: Tailor, outfit: Outfit) -> float:
    """The t of the upper edge of cloth that leaves the shoulders bare."""
    return (1.20 if outfit.kind == "off_shoulder" else 1.35) + 0.2 * tailor.numbers[9]


def _off_shoulder(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    s, k, of = tailor.body.shoulder, tailor.numbers, outfit.main
    top = bare_edge(tailor, outfit)
    edge = tailor.smooth(mirrored([(0.0, top + 0.1), (0.5 * s, top), (0.85 * s, top - 0.12),
        (1.08 * s, top - 0.22)][1:]), 5)  # fmt: skip
    side = [(1.08 * s, top - 0.22), (1.2 * s, top + 0.3), (1.18 * s, 2.3), (1.14 * s, BOTTOM)]
    right = tailor.smooth(side, 4)
    left = tailor.smooth(flipped(side), 4)
    shape = np.concatenate([left[::-1], edge, right])
    d = tailor.dark
    shades = [tailor.smooth([(1.3 * s * d, 1.2), (0.86 * s * d, 1.7), (0.84 * s * d, BOTTOM),
        (1.3 * s * d, BOTTOM)], 3)]  # fmt: skip
    tailor.piece(shape, of, shades, outline=1.0)
    for side_ in (-1, 1):
        tailor.line([(side_ * x, t) for x, t in ((0.74 * s, top + 0.2), (0.72 * s, 2.0),
            (0.78 * s, BOTTOM))], of, 1.0, 0.3, 0)  # fmt: skip
    frill = np.concatenate([edge, scallops(edge, 11, 0.26 + 0.12 * k[14])[::-1]])
    low = scallops(edge, 11, 0.36)
    tailor.piece(frill, outfit.second if k[15] < 0.5 else of,
        [np.concatenate([low, low[::-1] + (0, 0.1)])])  # fmt: skip
    for i in range(1, 11):
        p = edge[i * (len(edge) - 1) // 11]
        points = np.stack([p, p + (0.01, 0.1), p + (0.0, 0.2)])
        tailor.pen.stroke(points, 0.6 * tailor.width, argb(of.line), 0.0, 0.8)


def _straps(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    n, s, k, of = tailor.body.neck, tailor.body.shoulder, tailor.numbers, outfit.main
    top = bare_edge(tailor, outfit)
    front = [(0.0, top + 0.12), (0.3 * s, top), (0.56 * s, top - 0.08), (0.70 * s, top + 0.22),
             (0.73 * s, 2.1), (0.70 * s, BOTTOM)]  # fmt: skip
    shape = tailor.smooth([*flipped(front[:0:-1]), *front[not outfit.cleavage :]], 4)
    d = tailor.dark
    shades = [tailor.smooth([(0.8 * s * d, top), (0.5 * s * d, 1.8), (0.55 * s * d, 2.4),
        (0.42 * s * d, BOTTOM), (0.9 * s * d, BOTTOM)], 3)]  # fmt: skip
    width = 0.05 + 0.16 * k[14] ** 2
    for side in (-1, 1):
        start = (1.1 * n, 0.34) if k[15] < 0.35 else (0.62 * s, 0.6)
        strap = tailor.smooth([(side * x, t) for x, t in (start, (0.53 * s, 1.0),
            (0.50 * s, top))], 4)  # fmt: skip
        tailor.seam(strap, of.line, width + 1.6 * tailor.width)
        tailor.seam(strap, of.base, width)
    tailor.piece(shape, of, shades)
    if k[16] < 0.5:
        edge = tailor.smooth(mirrored(front[1:3]), 4)
        tailor.piece(np.concatenate([edge, scallops(edge, 9, 0.16)[::-1]]), outfit.second)
    tailor.fold([(0.2 * s, top + 0.3), (0.1 * s, top + 0.7), (0.2 * s, top + 1.0)], of, 0.07)
    tailor.fold([(-0.2 * s, top + 0.2), (-0.28 * s, top + 0.6), (-0.2 * s, top + 1.1)], of, 0.07)


def _tshirt(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    n, s, k, of = tailor.body.neck, tailor.body.shoulder, tailor.numbers, outfit.main
    deep = 0.62 + 0.3 * k[9]
    front, _ = _torso(tailor, of, [(0.0, deep), (0.9 * n, deep - 0.12), (1.35 * n, 0.36)])
    hem = outfit.second.base if k[14] < 0.4 else mix(of.base, of.shade, 0.35)
    tailor.seam(front, of.line, 0.075)
    tailor.seam(front, hem, 0.06)
    if k[15] < 0.3:
        shape = ellipse(0.0, 1.75, 0.45, 0.4, 20)
        tailor.fill(tailor.body.at(shape), outfit.accent.base, 0.9)
        tailor.fill(tailor.body.at(shape * (0.55, 0.55) + (0.0, 0.8)), of.base)
    elif k[15] < 0.55:
        arms = [tailor.smooth([(side * x, t) for x, t in ((1.3 * n + 0.05, 0.4), (0.60 * s, 1.0),
            (0.72 * s, 1.6))], 4)
                for side in (-1, 1)]  # fmt: skip
        for arm in arms:
            tailor.pen.stroke(arm, tailor.width, argb(of.line), 0.0, 0.0)


def _flowers(tailor: Tailor, outfit: Outfit) -> None:
    """Blossoms printed on the cloth."""
    s, k = tailor.body.shoulder, tailor.numbers
    tone = outfit.second.base if k[15] < 0.5 else outfit.main.light
    places = ((-0.62, 1.1), (0.72, 1.4), (-0.85, 2.0), (0.55, 2.3), (-0.3, 2.6), (0.9, 0.95),
        (-0.9, 1.3))  # fmt: skip
    for i, (x, t) in enumerate(places):
        if t - 0.2 > tailor.lowest:
            continue
        r = 0.09 + 0.05 * k[i]
        for j in range(5):
            a = 2 * np.pi * (j + k[i]) / 5
            petal = ellipse(x * s + r * np.cos(a), t + r * np.sin(a), 0.7 * r, 0.7 * r, 8)
            tailor.fill(tailor.body.at(petal), tone, 0.85)
        tailor.fill(tailor.body.at(ellipse(x * s, t, 0.4 * r, 0.4 * r, 8)), outfit.accent.base)


def _kimono(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    n, s, k, of = tailor.body.neck, tailor.body.shoulder, tailor.numbers, outfit.main
    deep = 0.95 + 0.3 * k[9]
    _, shape = _torso(tailor, of, [(0.0, deep), (0.8 * n, 0.66), (1.35 * n, 0.30)])
    if k[14] < 0.6:
        with tailor.pen.clipped(shape):
            _flowers(tailor, outfit)
    right_over = 1 if k[16] < 0.9 else -1

    def band(side: int, a: Half, b: Half, cloth_: Cloth) -> None:
        shape = np.concatenate([tailor.smooth([(side * x, t) for x, t in a], 4),
                                tailor.smooth([(side * x, t) for x, t in b], 4)[::-1]])  # fmt: skip
        tailor.piece(shape, cloth_, (), 0.9)

    for side in (right_over * -1, right_over):
        over = side == right_over
        end = (-0.35, deep + 0.45) if over else (-0.05, deep + 0.1)
        inner = [(1.15 * n, 0.18), (0.85 * n, 0.56), (0.14, deep - 0.18), (end[0], end[1] - 0.1)]
        middle = [(1.32 * n, 0.20), (1.05 * n, 0.62), (0.24, deep - 0.08), (end[0], end[1] + 0.04)]
        outer = [(1.75 * n, 0.26), (1.45 * n, 0.74), (0.46, deep + 0.08), (end[0], end[1] + 0.36)]
        band(side, inner, middle, outfit.second)
        band(side, middle, outer, of if k[17] < 0.5 else outfit.accent)
    sash = [(-0.8 * s, 2.75), (0.8 * s, 2.75), (0.8 * s, BOTTOM), (-0.8 * s, BOTTOM)]
    tailor.piece(tailor.body.at(sash), outfit.accent, (), 1.0)


def _gothic(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    n, s, k, of = tailor.body.neck, tailor.body.shoulder, tailor.numbers, outfit.main
    _torso(tailor, of, [(0.0, 0.46), (0.8 * n, 0.42), (1.1 * n, 0.30)], 0.35)
    white = outfit.second
    bib = tailor.body.at([(-0.42, 0.5), (0.42, 0.5), (0.36, 2.5), (-0.36, 2.5)])
    tailor.piece(bib, white, (), 0.7)
    for side in (-1, 1):
        line = tailor.smooth([(side * x, t) for x, t in ((0.42, 0.5), (0.46, 1.4), (0.36, 2.5))], 4)
        tailor.piece(np.concatenate([line, scallops(line, 9, -side * 0.16)[::-1]]), white, (), 0.8)
        puff = [(0.72 * s, 0.62), (0.82 * s, 1.0), (0.78 * s, 1.5)]
        tailor.line([(side * x, t) for x, t in puff], of, 1.0, 0.2, 0.4)
        for x in (0.92, 1.05):
            tailor.line([(side * x * s, 1.42), (side * (x + 0.02) * s, 1.2),
                (side * (x - 0.04) * s, 1.02)], of, 0.8, 0.0, 0.8)  # fmt: skip
    rim = tailor.smooth(mirrored([(0.0, 0.56), (0.7 * n, 0.5), (1.2 * n, 0.34)][1:]), 5)
    collar = tailor.smooth(mirrored([(0.6 * n, 0.26), (1.04 * n, 0.18), (1.2 * n, 0.36),
        (0.6 * n, 0.52)]), 3)  # fmt: skip
    frill = scallops(rim, 11, 0.30)
    deep = scallops(rim, 11, 0.16)
    tailor.piece(np.concatenate([rim, frill[::-1]]), white, [np.concatenate([rim, deep[::-1]])])
    for i in range(1, 11):
        a, b = rim[i * (len(rim) - 1) // 11], frill[i * (len(frill) - 1) // 11]
        tailor.pen.stroke(np.linspace(a, b, 4), 0.7 * tailor.width, argb(white.line), 0, 0.7)
    tailor.piece(collar, of if k[14] < 0.5 else white, (), 0.9)
    if outfit.bow:
        _bow(tailor, outfit.accent, (0.0, 0.62), 0.55, 0.9)
    else:
        gem = tailor.body.at(ellipse(0.0, 0.60, 0.12, 0.14, 16))
        tailor.piece(gem, outfit.metal, (), 1.0)
        tailor.fill(tailor.body.at(ellipse(0.0, 0.60, 0.08, 0.10, 14)), outfit.accent.base)
        tailor.fill(tailor.body.at(ellipse(-0.025, 0.57, 0.025, 0.03, 8)), (1, 1, 1), 0.8)


def _military(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    n, s, k = tailor.body.neck, tailor.body.shoulder, tailor.numbers
    of, gold = outfit.main, outfit.metal
    _torso(tailor, of, [(0.0, 0.5), (0.8 * n, 0.44), (1.15 * n, 0.32)])
    tailor.line([(0.0, 0.6), (0.01, 2.0), (0.0, BOTTOM)], of, 1.1, 0, 0)
    for side in (-1, 1):
        board = [(0.62 * s, 0.44), (0.98 * s, 0.66), (1.06 * s, 0.90), (0.90 * s, 0.94),
            (0.60 * s, 0.58)]  # fmt: skip
        tailor.piece(tailor.body.at([(side * x, t) for x, t in board]), outfit.second, (), 0.9)
        rim = tailor.body.at([(side * x, t) for x, t in ((0.90 * s, 0.94), (1.06 * s, 0.90))])
        tailor.seam(rim, gold.base, 0.06)
        wing = [(1.12 * n, 0.10), (1.28 * n, 0.14), (1.3 * n, 0.44), (0.04, 0.68), (0.02, 0.40),
            (0.7 * n, 0.26)]  # fmt: skip
        points = tailor.body.at([(side * x, t) for x, t in wing])
        tailor.piece(points, outfit.second if k[14] < 0.5 else of, (), 1.0)
        edge = tailor.body.at([(side * x, t) for x, t in ((1.12 * n, 0.13), (0.7 * n, 0.29),
            (0.04, 0.44))])  # fmt: skip
        tailor.seam(edge, gold.base, 0.03)
        _buttons(tailor, gold, side * 0.36, 1.0, 0.55, 0.06)
    if k[15] < 0.6:
        for i in range(2):
            cord = [(-0.85 * s, 0.72 + 0.05 * i), (-0.5 * s, 1.25 + 0.18 * i),
                (-0.15, 0.95 + 0.1 * i)]  # fmt: skip
            points = tailor.smooth(cord, 5)
            tailor.seam(points, gold.line, 0.055)
            tailor.seam(points, gold.base, 0.038)


def _scarf(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    n, k = tailor.body.neck, tailor.numbers
    _torso(tailor, outfit.main, [(0.0, 0.7), (0.8 * n, 0.5), (1.3 * n, 0.36)])
    tailor.line([(0.1, 0.8), (0.12, 2.0), (0.1, BOTTOM)], outfit.main, 1.0, 0, 0)
    of = outfit.accent if k[14] < 0.6 else outfit.second
    side = 1 if k[15] < 0.5 else -1
    tail = [(side * x, t) for x, t in ((0.12, 0.55), (0.55, 0.6), (0.62, 1.9), (0.28, 2.0))]
    tailor.piece(tailor.body.at(tail), of, [tailor.body.at([(side * 0.05, 0.5),
        (side * 0.7, 0.5), (side * 0.6, 0.95), (side * 0.2, 0.85)])])  # fmt: skip
    for i in range(6):
        x = side * (0.30 + 0.055 * i)
        tailor.line([(x, 1.95), (x + 0.01, 2.12)], of, 1.4, 0, 0.4)
    high = 0.02 - 0.12 * k[9]
    low_wrap = [(-1.85 * n - 0.1, 0.42), (-0.9 * n, 0.34), (0.9 * n, 0.34), (1.85 * n + 0.1, 0.42),
                (1.6 * n, 0.78), (0.0, 0.98), (-1.6 * n, 0.78)]  # fmt: skip
    wrap = [(-1.55 * n - 0.1, high), (-0.8 * n, high + 0.14), (0.8 * n, high + 0.14),
            (1.55 * n + 0.1, high), (1.85 * n + 0.12, 0.32), (0.9 * n, 0.66), (-0.9 * n, 0.62),
            (-1.85 * n - 0.12, 0.32)]  # fmt: skip
    d = tailor.dark
    for shape, t in ((low_wrap, 0.62), (wrap, 0.34)):
        points = tailor.smooth(shape, 4, closed=True)
        shade = tailor.smooth([(-2 * n, t + 0.1), (0.0, t + 0.2), (1.2 * n * d, t - 0.1),
            (2.5 * n * d, t - 0.4), (2 * n * d, t + 0.6), (-2 * n, t + 0.6)], 3)  # fmt: skip
        tailor.piece(points, of, [shade])
    for x0, t0, x1, t1 in ((-1.5, 0.18, -0.2, 0.48), (1.5, 0.14, 0.3, 0.44),
        (-0.5, 0.75, 0.6, 0.84)):  # fmt: skip
        tailor.line([(x0 * n, t0), (0.5 * (x0 + x1) * n, 0.5 * (t0 + t1) + 0.05),
            (x1 * n, t1)], of, 0.8)  # fmt: skip


def _armour(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    n, s, k, of = tailor.body.neck, tailor.body.shoulder, tailor.numbers, outfit.main
    steel = outfit.metal
    _torso(tailor, of, [(0.0, 0.56), (0.8 * n, 0.46), (1.1 * n, 0.34)])
    d = tailor.dark
    plate = [(0.0, 0.66), (0.36 * s, 0.72), (0.60 * s, 0.98), (0.70 * s, 1.55), (0.64 * s, 2.2),
             (0.42 * s, 2.72), (0.0, 3.0)]  # fmt: skip
    points = tailor.smooth(mirrored(plate[1:]), 4)
    lit = [(0.0, 0.6), (0.34 * s * d, 1.0), (0.42 * s * d, 1.6), (0.2 * s * d, 2.2), (0.0, 2.5),
           (0.0, 3.1), (1.2 * s * d, 3.1), (1.2 * s * d, 0.6)]  # fmt: skip
    cup = [(-0.55 * s * d, 2.2), (-0.25 * s * d, 2.4), (0.0, 2.2), (0.0, 2.5), (-0.3 * s * d, 2.6)]
    tailor.piece(points, steel, [tailor.smooth(lit, 3), tailor.smooth(cup, 3)])
    tailor.turned(points, steel)
    rim = tailor.smooth([(0.85 * x, 0.12 + 0.93 * t) for x, t in mirrored(plate[1:5])], 4)
    tailor.pen.stroke(rim, 0.9 * tailor.width, argb(steel.line), 0.1, 0.1)
    tailor.line([(0.0, 0.8), (0.02 * d, 1.7), (0.0, 2.9)], steel, 0.9, 0.1, 0.1)
    tailor.fold([(-0.36 * s * d, 1.0), (-0.48 * s * d, 1.5),
        (-0.42 * s * d, 2.0)], steel, 0.10, light=True)  # fmt: skip
    for side in (-1, 1):
        guards = []
        for i in range(3):
            t = 0.60 + 0.30 * i
            guard = [(0.66 * s, t - 0.06), (0.95 * s, t - 0.02), (1.24 * s - 0.03 * i, t + 0.36),
                (1.2 * s, t + 0.56),
                     (0.98 * s, t + 0.34), (0.70 * s, t + 0.26)]  # fmt: skip
            guards.append(guard)
        for guard in guards[::-1]:
            points = tailor.smooth([(side * x, t) for x, t in guard], 4, closed=True)
            low = [(x, t + 0.2) for x, t in guard]
            tailor.piece(points, steel, [tailor.smooth([(side * x, t) for x, t in low], 3)])
    high = 0.05 + 0.1 * k[9]
    for side in (-1, 1):
        gorget = [(1.45 * n, high), (1.55 * n, 0.42), (0.95 * n, 0.72), (0.0, 0.86), (0.0, 0.56),
            (0.8 * n, 0.42)]  # fmt: skip
        points = tailor.body.at([(side * x, t) for x, t in gorget])
        low = [(1.5 * n, high), (0.8 * n, 0.42), (0.0, 0.58), (0.0, 0.68), (1.1 * n, 0.46)]
        hem = [(1.55 * n, 0.42), (0.95 * n, 0.72), (0.0, 0.86)]
        shade = tailor.body.at([(side * x, t) for x, t in low])
        tailor.piece(points, steel if k[14] < 0.5 else of, [shade])
        tailor.seam(tailor.body.at([(side * x, t) for x, t in hem]), outfit.accent.base, 0.03)
    gem = tailor.body.at([(0.0, 0.66), (0.09, 0.78), (0.0, 0.94), (-0.09, 0.78)])
    tailor.piece(gem, outfit.accent)
    if k[15] < 0.5:  # a cape fastened at the shoulders
        for side in (-1, 1):
            cape = [(1.5 * n, 0.4), (0.75 * s, 0.5), (1.2 * s, 0.9), (1.45 * s, BOTTOM),
                (0.95 * s, BOTTOM), (0.85 * s, 1.5)]  # fmt: skip
            tailor.piece(tailor.body.at([(side * x, t) for x, t in cape]), outfit.accent,
                [tailor.body.at([(side * x, t) for x, t in ((0.9 * s, 1.0), (1.05 * s, BOTTOM),
                (0.8 * s, BOTTOM), (0.8 * s, 1.2))])])  # fmt: skip


_WORN: Final[dict[str, Draw]] = {
    "sailor": _sailor, "blazer": _blazer, "bow_shirt": _bow_shirt, "hoodie": _hoodie,
    "turtleneck": _turtleneck, "off_shoulder": _off_shoulder, "straps": _straps,
    "tshirt": _tshirt, "kimono": _kimono, "gothic": _gothic, "military": _military,
    "scarf": _scarf, "armour": _armour, "suit": _suit, "shirt": _shirt,
}  # fmt: skip
