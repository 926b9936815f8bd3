"""Everyday clothes: hoodie, turtleneck, T-shirt, scarf.

All numbers are body coordinates (see tailor.py); `s` is half the shoulders, `n` half the neck.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trainer.characters.colour import argb, mix
from trainer.characters.garments.cuts import open_coat, torso
from trainer.characters.ink import ellipse
from trainer.characters.tailor import BOTTOM, Cloth, Tailor, flipped, mirrored

if TYPE_CHECKING:
    from trainer.characters.outfit import Outfit


def hoodie(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    """A hooded sweater with strings."""
    n, s, k = tailor.body.neck, tailor.body.shoulder, tailor.numbers
    inner = outfit.second
    tailor.piece(tailor.smooth(mirrored([(1.3 * n, 0.4), (1.6 * n, 1.2)]), 4), inner, (), 0.6)
    deep = 1.0 + 0.4 * k[9]
    torso(tailor, outfit.main, [(0.0, deep), (0.8 * n, 0.8), (1.7 * n, 0.32)])
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


def turtleneck(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    """A knitted collar up to the chin."""
    n, k, of = tailor.body.neck, tailor.numbers, outfit.main
    torso(tailor, of, [(0.0, 0.5), (0.8 * n, 0.45), (1.1 * n, 0.34)])
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
        open_coat(tailor, outfit.second)


def tshirt(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    """A shirt with a round neckline."""
    n, s, k, of = tailor.body.neck, tailor.body.shoulder, tailor.numbers, outfit.main
    deep = 0.62 + 0.3 * k[9]
    front, _ = torso(tailor, of, [(0.0, deep), (0.9 * n, deep - 0.12), (1.35 * n, 0.36)])
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


def scarf(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    """A scarf wound around the neck, over a coat."""
    n, k = tailor.body.neck, tailor.numbers
    torso(tailor, outfit.main, [(0.0, 0.7), (0.8 * n, 0.5), (1.3 * n, 0.36)])
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
