"""Clothes that leave the shoulders bare.

All numbers are body coordinates (see tailor.py); `s` is half the shoulders, `n` half the neck.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trainer.characters.colour import argb
from trainer.characters.tailor import BOTTOM, Cloth, Tailor, flipped, mirrored, scallops

if TYPE_CHECKING:
    from trainer.characters.outfit import Outfit


def bare_edge(tailor: Tailor, outfit: Outfit) -> float:
    """The t of the upper edge of cloth that leaves the shoulders bare."""
    return (1.20 if outfit.kind == "off_shoulder" else 1.35) + 0.2 * tailor.numbers[9]


def off_shoulder(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    """A wide neckline with a frill, off the shoulders."""
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


def straps(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    """A top on two straps, or tied behind the neck."""
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
