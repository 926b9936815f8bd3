"""Shirts and what is worn over them: sailor dress, blazer, suit, shirt, shirt with a bow.

All numbers are body coordinates (see tailor.py); `s` is half the shoulders, `n` half the neck.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trainer.characters.colour import mix
from trainer.characters.garments.cuts import bow, buttons, collar_wing, kerchief, necktie, torso
from trainer.characters.ink import curve
from trainer.characters.tailor import BOTTOM, Cloth, Tailor, scallops

if TYPE_CHECKING:
    from trainer.characters.outfit import Outfit


def sailor(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    """A school dress with a broad striped collar."""
    n, s, k = tailor.body.neck, tailor.body.shoulder, tailor.numbers
    deep = 1.15 + 0.25 * k[9]
    torso(tailor, outfit.main, [(0.0, deep), (0.5 * n, 0.62 * deep + 0.1), (1.15 * n, 0.28)])
    if k[14] < 0.6:  # the panel below the throat
        panel = [(-0.75 * n, 0.72), (0.75 * n, 0.72), (0.0, deep + 0.02)]
        tailor.piece(tailor.body.at(panel), outfit.main, outline=0.7)
        with tailor.pen.clipped(tailor.body.at(panel)):
            tailor.seam(tailor.body.at([(-1, 0.80), (1, 0.80)]), outfit.second.base, 0.025)
    inner = [(1.18 * n, 0.20), (0.9 * n, 0.5), (0.45 * n, 0.62 * deep + 0.2), (0.0, deep)]
    outer = [(0.62 * s, 0.50), (0.66 * s, 0.85), (0.46 * s, 0.8 + 0.22 * deep), (0.0, deep + 0.22)]
    of = outfit.second
    for side in (-1, 1):
        dark = ((1.1 * n, 0.1), (0.9 * n, 0.5), (0.6 * n, 0.8), (1.25 * n, 0.62), (1.9 * n, 0.3))
        lines = ([(side * x, t) for x, t in line] for line in (inner, outer))
        a, b, shade = tailor.placed(
            *(curve(line, 4) for line in lines), [(side * x, t) for x, t in dark]
        )
        shape = np.concatenate([a, b[::-1]])
        tailor.piece(shape, of, [shade], 1.0)
        stripe = (1, 1, 1) if max(of.base) < 0.8 else outfit.accent.base
        if k[15] < 0.25:
            stripe = outfit.accent.base
        for share in (0.88, 0.76) if k[16] < 0.7 else (0.82,):
            line = a + (b - a) * share
            tailor.seam(line[1:], mix(stripe, of.shade, 0.08), 0.028)
    if outfit.bow:
        bow(tailor, outfit.accent, (0.0, deep + 0.08), 0.62, 0.9)
    else:
        kerchief(tailor, outfit.accent, deep + 0.08)


def _jacket(tailor: Tailor, of: Cloth, deep: float, wide: float) -> None:
    """The body and lapels of a jacket over a shirt."""
    n = tailor.body.neck
    torso(tailor, of, [(0.0, deep), (0.6 * n + 0.1, 0.55 * deep), (1.35 * n, 0.30)])
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


def blazer(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    """A blazer over shirt and tie, bow or neither."""
    k = tailor.numbers
    _shirt_front(tailor, outfit.second)
    if outfit.necktie:
        necktie(tailor, outfit.accent)
    deep = 1.55 + 0.5 * k[9]
    if k[14] < 0.3:  # a waistcoat or jumper under it
        _under(tailor, outfit.accent, 1.25)
    _jacket(tailor, outfit.main, deep, 0.30 + 0.1 * k[15])
    collar_wing(tailor, outfit.second, 0.26 + 0.1 * k[16], 0.5)
    if outfit.necktie:
        _knot(tailor, outfit.accent)
    elif outfit.bow:
        bow(tailor, outfit.accent, (0.0, 0.72), 0.55 + 0.25 * k[17], 0.7 * (k[18] < 0.5))
    buttons(tailor, outfit.metal, 0.12, deep + 0.3, 0.5, 0.05)


def _knot(tailor: Tailor, of: Cloth) -> None:
    knot = tailor.body.at([(-0.12, 0.58), (0.12, 0.58), (0.08, 0.78), (-0.08, 0.78)])
    tailor.piece(knot, of, [tailor.body.at([(-0.05, 0.72), (0.2, 0.62), (0.2, 0.9), (-0.2, 0.9)])])


def _under(tailor: Tailor, of: Cloth, deep: float) -> None:
    n = tailor.body.neck
    vest = [(0.0, deep), (1.7 * n, 0.45), (1.9 * n, 2.6), (-1.9 * n, 2.6), (-1.7 * n, 0.45)]
    tailor.piece(tailor.body.at(vest), of, (), 0.9)


def suit(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    """A suit with shirt and tie."""
    k = tailor.numbers
    _shirt_front(tailor, outfit.second)
    necktie(tailor, outfit.accent)
    _jacket(tailor, outfit.main, 1.9 + 0.4 * k[9], 0.42)
    collar_wing(tailor, outfit.second, 0.22, 0.35)
    _knot(tailor, outfit.accent)
    buttons(tailor, outfit.main, 0.1, 2.5, 0.6, 0.05)


def shirt(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    """A shirt with an open collar."""
    n, k = tailor.body.neck, tailor.numbers
    deep = 0.75 + 0.5 * k[9]
    torso(tailor, outfit.main, [(0.0, deep), (0.6 * n, 0.55), (1.2 * n, 0.3)])
    tailor.line([(0.0, deep), (0.02, 1.8), (0.03, BOTTOM)], outfit.main, 0.9, 0.0, 0.0)
    buttons(tailor, outfit.second, 0.0, deep + 0.2, 0.5, 0.035)
    for side in (-1, 1):
        wing = [(1.24 * n, 0.2), (0.7 * n, 0.5), (0.02, deep), (0.28, deep + 0.18),
                (1.05 * n + 0.3, 0.62), (1.4 * n, 0.26)]  # fmt: skip
        shade = [(1.2 * n, 0.2), (0.6 * n, 0.5), (0.0, deep), (0.85 * n, 0.55)]
        tailor.piece(tailor.body.at([(side * x, t) for x, t in wing]), outfit.main,
                     [tailor.body.at([(side * x, t) for x, t in shade])])  # fmt: skip


def bow_shirt(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    """A blouse with a bow at the collar."""
    n, k = tailor.body.neck, tailor.numbers
    blouse = outfit.second if k[14] < 0.7 else outfit.main
    torso(tailor, blouse, [(0.0, 0.6), (0.7 * n, 0.45), (1.2 * n, 0.28)], 0.12 * (k[15] < 0.4))
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
        collar_wing(tailor, blouse, 0.22 + 0.15 * k[18], 0.6)
    bow(tailor, outfit.accent, (0.0, 0.70), 0.6 + 0.35 * k[19], 0.9 * (k[21] < 0.55))
