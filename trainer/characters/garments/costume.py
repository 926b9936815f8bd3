"""Dress of other times and places: kimono, gothic, uniform of an officer, armour.

All numbers are body coordinates (see tailor.py); `s` is half the shoulders, `n` half the neck.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trainer.characters.colour import argb
from trainer.characters.garments.cuts import bow, buttons, torso
from trainer.characters.ink import ellipse
from trainer.characters.tailor import BOTTOM, Cloth, Half, Tailor, mirrored, scallops

if TYPE_CHECKING:
    from trainer.characters.outfit import Outfit


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


def kimono(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    """Collar over collar, and a sash."""
    n, s, k, of = tailor.body.neck, tailor.body.shoulder, tailor.numbers, outfit.main
    deep = 0.95 + 0.3 * k[9]
    _, shape = torso(tailor, of, [(0.0, deep), (0.8 * n, 0.66), (1.35 * n, 0.30)])
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


def gothic(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    """A dress with a frilled collar and a bow or brooch."""
    n, s, k, of = tailor.body.neck, tailor.body.shoulder, tailor.numbers, outfit.main
    torso(tailor, of, [(0.0, 0.46), (0.8 * n, 0.42), (1.1 * n, 0.30)], 0.35)
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
        bow(tailor, outfit.accent, (0.0, 0.62), 0.55, 0.9)
    else:
        gem = tailor.body.at(ellipse(0.0, 0.60, 0.12, 0.14, 16))
        tailor.piece(gem, outfit.metal, (), 1.0)
        tailor.fill(tailor.body.at(ellipse(0.0, 0.60, 0.08, 0.10, 14)), outfit.accent.base)
        tailor.fill(tailor.body.at(ellipse(-0.025, 0.57, 0.025, 0.03, 8)), (1, 1, 1), 0.8)


def military(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    """An officer's coat with epaulettes and cords."""
    n, s, k = tailor.body.neck, tailor.body.shoulder, tailor.numbers
    of, gold = outfit.main, outfit.metal
    torso(tailor, of, [(0.0, 0.5), (0.8 * n, 0.44), (1.15 * n, 0.32)])
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
        buttons(tailor, gold, side * 0.36, 1.0, 0.55, 0.06)
    if k[15] < 0.6:
        for i in range(2):
            cord = [(-0.85 * s, 0.72 + 0.05 * i), (-0.5 * s, 1.25 + 0.18 * i),
                (-0.15, 0.95 + 0.1 * i)]  # fmt: skip
            points = tailor.smooth(cord, 5)
            tailor.seam(points, gold.line, 0.055)
            tailor.seam(points, gold.base, 0.038)


def armour(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    """Breastplate, gorget and shoulder guards, some with a cape."""
    n, s, k, of = tailor.body.neck, tailor.body.shoulder, tailor.numbers, outfit.main
    steel = outfit.metal
    torso(tailor, of, [(0.0, 0.56), (0.8 * n, 0.46), (1.1 * n, 0.34)])
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
