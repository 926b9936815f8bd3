"""Neck, shoulders and clothes: what is sampled of an outfit, and drawing it under a head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from trainer.characters import garments
from trainer.characters.chance import between, pick
from trainer.characters.colour import Colour, adjust, argb, mix, rgb
from trainer.characters.head import Head
from trainer.characters.ink import Points, curve, ellipse, vertical
from trainer.characters.pen import Pen
from trainer.characters.style import Style
from trainer.characters.tailor import Body, Cloth, Tailor, cloth
from trainer.characters.view import View

# Share of each outfit for girls and for men.
_SHARES: Final = {
    "sailor": (15, 0), "blazer": (11, 12), "bow_shirt": (10, 0), "hoodie": (8, 12),
    "turtleneck": (6, 8), "off_shoulder": (7, 0), "straps": (7, 0), "tshirt": (6, 10),
    "kimono": (6, 8), "gothic": (7, 1), "military": (4, 10), "scarf": (6, 7), "armour": (3, 8),
    "suit": (1, 16), "shirt": (3, 8),
}  # fmt: skip
_DARK: Final = ("232a45", "1e1e26", "2f3f63", "3a2530", "28382f", "4a3b34", "512130", "43464f")
_PALE: Final = ("ffffff", "faf5ea", "f3d6dd", "d5e6f4", "d6ebdc", "e3daf0", "e9e3d4", "f6e6c8")
_VIVID: Final = ("c2303c", "2f62b5", "e2a63a", "3f8a63", "7b4ca3", "dd6f92", "3aa3b5", "dc7a3c")
_METAL: Final = ("d9b45a", "c7ccd6")


@dataclass(frozen=True, slots=True)
class Outfit:
    """What is worn below the chin. `main`, `second`, `accent` and `metal` are its fabrics,
    `shoulders` the full width in face units, `length` stretches the neck and body downward,
    `numbers` 24 uniform draws for cut and folds; the rest says what can be seen."""

    kind: str
    main: Cloth
    second: Cloth
    accent: Cloth
    metal: Cloth
    shoulders: float
    length: float
    numbers: tuple[float, ...]
    choker: bool
    necktie: bool
    bare_shoulders: bool
    bow: bool
    necklace: bool
    collarbone: bool
    school: bool
    cleavage: bool


def sample_outfit(rng: np.random.Generator, head: Head, style: Style) -> Outfit:
    """Draw an outfit for a head: its kind, fabrics that go together, ornaments."""
    man = head.kind == "man"
    kinds = tuple(_SHARES)
    kind = pick(rng, kinds, tuple(_SHARES[k][man] for k in kinds))
    main, second, accent = _colours(rng, kind)
    numbers = tuple(float(n) for n in rng.random(24))
    bare = kind in ("off_shoulder", "straps")
    open_neck = bare or kind in ("tshirt", "hoodie", "sailor", "shirt")
    tie = kind == "suit" or (kind == "blazer" and numbers[0] < (0.8 if man else 0.45))
    bow = kind == "bow_shirt" or (kind == "blazer" and not tie and numbers[0] < 0.85)
    bow = bow or (kind == "sailor" and numbers[1] < 0.5) or (kind == "gothic" and numbers[1] < 0.6)
    choker = not man and kind in ("off_shoulder", "straps", "tshirt", "hoodie") and numbers[2] < 0.3
    metal = _METAL[int(rng.integers(2))]
    shoulders = {"young": 3.2, "man": 4.4, "comic": 2.9}[head.kind]

    def fabric(colour: Colour) -> Cloth:
        return cloth(adjust(colour, saturation=style.saturation), style)

    return Outfit(
        kind=kind,
        main=fabric(main),
        second=fabric(second),
        accent=fabric(accent),
        metal=fabric(rgb(metal)),
        shoulders=float(shoulders * np.clip(1 + 0.06 * rng.normal(), 0.85, 1.15)),
        length=float((1.12 if man else 0.95) * np.clip(1 + 0.1 * rng.normal(), 0.8, 1.25)),
        numbers=numbers,
        choker=choker,
        necktie=tie,
        bare_shoulders=bare,
        bow=bow,
        necklace=open_neck and not choker and kind != "sailor" and numbers[3] < 0.25,
        collarbone=bare or (kind in ("tshirt", "hoodie", "shirt") and numbers[4] < 0.6),
        school=kind in ("sailor", "blazer", "bow_shirt"),
        cleavage=bare and _grown(head) and bool(rng.random() < 0.7),
    )


def _grown(head: Head) -> bool:
    """Whether these are a woman's proportions: a longer face, eyes that are not large in it."""
    return head.kind == "young" and head.chin > 1.02 and head.eye_height < 0.48


def _colours(rng: np.random.Generator, kind: str) -> tuple[Colour, Colour, Colour]:
    """Main, second and accent colour: a dark or pale ground, a contrast, one vivid touch."""

    def one(codes: tuple[str, ...]) -> Colour:
        turn, bright = float(rng.normal(0, 0.015)), between(rng, 0.9, 1.05)
        return adjust(rgb(codes[rng.integers(len(codes))]), hue=turn, value=bright)

    vivid = one(_VIVID)
    deep, pale = one(_DARK), one(_PALE)
    accent = one(_VIVID)
    if kind == "sailor":
        if rng.random() < 0.7:
            return one(_PALE[:2]), deep if rng.random() < 0.7 else vivid, accent
        return deep, mix(deep, vivid, 0.3), accent
    if kind == "suit":
        return deep, rgb("ffffff") if rng.random() < 0.7 else pale, accent
    if kind in ("blazer", "bow_shirt"):
        ground = pick(rng, (deep, pale, vivid), (0.55, 0.25, 0.2))
        return ground, rgb("ffffff"), accent
    ground = pick(rng, (deep, pale, vivid), (0.33, 0.40, 0.27))
    if rng.random() < 0.25:
        hue, strength, bright = rng.random(), rng.beta(2, 3), rng.uniform(0.35, 1)
        ground = adjust((1.0, 0.0, 0.0), float(hue), float(strength), float(bright))
    other = pale if max(ground) < 0.75 else (deep if rng.random() < 0.5 else mix(ground, deep, 0.5))
    return ground, other, accent


def draw_body(
    pen: Pen,
    outfit: Outfit,
    head: Head,
    view: View,
    skin: Colour,
    skin_shadow: Colour,
    skin_line: Colour,
    style: Style,
) -> None:
    """Draw neck, shoulders and outfit, from under the chin down to about 4 units below the eyes."""
    body = Body(head, view, outfit.shoulders, outfit.length)
    tailor = Tailor(pen, body, style, outfit.numbers)
    flesh = Cloth(skin, skin_shadow, mix(skin, (1.0, 1.0, 1.0), 0.4), skin_line)
    garments.behind(tailor, outfit)
    _draw_skin(tailor, outfit, flesh)
    garments.worn(tailor, outfit, flesh)


def _draw_skin(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    body, pen, style = tailor.body, tailor.pen, tailor.style
    n, s = body.neck, body.shoulder
    slope = [(0.96 * n, 0.05), (0.98 * n, 0.2), (1.12 * n, 0.36), (0.5 * (n + s) - 0.12, 0.54),
             (0.8 * s, 0.68), (0.97 * s, 0.9), (1.03 * s, 1.4), (1.04 * s, 2.2),
             (s, 3.2)]  # fmt: skip
    if not outfit.bare_shoulders:
        slope = [*slope[:4], (0.72 * s, 0.72), (0.6 * s, 1.0), (0.3 * s, 2.0)]
    contour = [(n, -0.6), (n, -0.2), *slope]
    right, left = tailor.placed(curve(contour, 4), curve([(-x, t) for x, t in contour], 4))
    shape = np.concatenate([left[::-1], right])
    tailor.fill(shape, flesh.base)
    _draw_chin_shadow(tailor, flesh, shape)
    for side, points in ((-1, left), (1, right)):
        weight = 1.15 if side == tailor.dark else 0.85
        pen.stroke(points, weight * tailor.width, argb(flesh.line), 0.1, 0.25)
    if outfit.collarbone or outfit.bare_shoulders:
        _draw_collarbones(tailor, flesh)
    if outfit.cleavage:
        _draw_cleavage(tailor, outfit, flesh)
    if outfit.bare_shoulders:
        arm = [(0.72 * s, 1.62), (0.76 * s, 2.0), (0.78 * s, 2.8), (0.76 * s, 3.4)]
        for side in (-1, 1):
            tailor.line([(side * x, t) for x, t in arm], flesh, 1.1, 0.4, 0.0)
        d = tailor.dark
        if style.shading != "flat":
            edge = [(1.2 * s * d, 0.6), (0.9 * s * d, 0.95), (0.88 * s * d, 1.6),
                (0.9 * s * d, 3.5)]  # fmt: skip
            with pen.clipped(shape):
                points = np.concatenate([tailor.smooth(edge, 3), body.at([(1.3 * s * d, 3.5)])])
                tailor.fill(points, flesh.shade, 0.8 * tailor.strength)
    if outfit.choker:
        _draw_choker(tailor, outfit)
    if outfit.necklace:
        _draw_necklace(tailor, outfit)


def _draw_chin_shadow(tailor: Tailor, flesh: Cloth, shape: Points) -> None:
    """The shadow the chin throws: hard below in cel, fading downward otherwise."""
    n, d, k = tailor.body.neck, tailor.dark, tailor.numbers
    deep = 0.20 + 0.18 * k[20]
    low = [(-1.5 * n, deep - 0.10), (-0.75 * n, deep), (0.05 * n * d, deep + 0.12),
           (0.6 * n, deep + 0.04), (1.5 * n, deep - 0.10)]  # fmt: skip
    low = [(x, t + (0.16 if x * d > 0.2 * n else 0.0)) for x, t in low]
    cast = tailor.body.at(np.concatenate([curve(low, 5), [(1.6 * n, -0.8), (-1.6 * n, -0.8)]]))
    with tailor.pen.clipped(shape):
        if tailor.style.shading in ("soft", "painted"):
            wide, ends = tailor.placed(
                [(-9 * n, -0.8), (9 * n, -0.8), (9 * n, 1.2), (-9 * n, 1.2)],
                [(0.0, 0.0), (0.0, deep + 0.36)],
            )
            full, none = argb(flesh.shade, 0.95), argb(flesh.shade, 0.0)
            tones = (full, argb(flesh.shade, 0.85), none)
            shader = vertical(float(ends[0, 1]), float(ends[1, 1]), tones)
            tailor.pen.fill(wide, 0xFF000000, shader)
            if tailor.style.shading == "painted":
                tailor.fill(cast, flesh.shade, 0.6)
            else:
                tailor.fill(cast, flesh.shade, 0.5)
        else:
            tailor.fill(cast, flesh.shade, 1.0 if tailor.style.shading == "cel" else 0.85)


def _draw_collarbones(tailor: Tailor, flesh: Cloth) -> None:
    n, s = tailor.body.neck, tailor.body.shoulder
    for side in (-1, 1):
        bone = [(0.10, 0.66), (0.22, 0.60), (0.55, 0.60), (0.5 * s, 0.55)]
        tailor.fold([(side * x, t + 0.015) for x, t in bone], flesh, 0.035)
        tailor.line([(side * x, t) for x, t in bone], flesh, 0.75, 0.15, 0.6)
        muscle = [(0.75 * n, 0.28), (0.45 * n, 0.48), (0.12, 0.62)]
        tailor.line([(side * x, t) for x, t in muscle], flesh, 0.5, 0.7, 0.2)
    tailor.fold([(-0.05, 0.62), (0.0, 0.68), (0.05, 0.62)], flesh, 0.04)


def _draw_cleavage(tailor: Tailor, outfit: Outfit, flesh: Cloth) -> None:
    """Above the cloth's edge: a short line, and the soft shade of a curve to both of its sides."""
    edge = garments.bare_edge(tailor, outfit)
    edge -= 0.12 if outfit.kind == "off_shoulder" else 0.0
    for side in (-1, 1):
        curved = [(0.30, edge - 0.30), (0.16, edge - 0.20), (0.05, edge - 0.02), (0.03, edge + 0.2)]
        tailor.fold([(side * x, t) for x, t in curved], flesh, 0.075)
    line = [(0.0, edge - 0.30), (0.012 * tailor.dark, edge - 0.1), (0.0, edge + 0.25)]
    tailor.line(line, flesh, 1.1, 0.5, 0.0)


def _draw_choker(tailor: Tailor, outfit: Outfit) -> None:
    n = tailor.body.neck
    k = tailor.numbers
    t, w = 0.24 + 0.08 * k[5], 0.05 + 0.06 * k[6]
    band = cloth(rgb("1d1b22"), tailor.style) if k[7] < 0.65 else outfit.accent
    upper = [(-0.99 * n, t - 0.05), (0.0, t + 0.02), (0.99 * n, t - 0.05)]
    lower = [(x * 1.02, v + w) for x, v in upper[::-1]]
    points = np.concatenate([tailor.smooth(upper, 5), tailor.smooth(lower, 5)])
    tailor.piece(points, band, outline=0.5)
    if k[8] < 0.6:
        gem = tailor.body.at(ellipse(0.0, t + 0.03 + w + 0.03, 0.045, 0.055, 12))
        tailor.piece(gem, outfit.metal, outline=0.7)


def _draw_necklace(tailor: Tailor, outfit: Outfit) -> None:
    n, k = tailor.body.neck, tailor.numbers
    low = 0.72 + 0.3 * k[5]
    chain = tailor.smooth([(-1.1 * n, 0.36), (-0.6 * n, 0.36 + 0.75 * (low - 0.36)), (0, low),
                           (0.6 * n, 0.36 + 0.75 * (low - 0.36)), (1.1 * n, 0.36)], 5)  # fmt: skip
    tailor.seam(chain, outfit.metal.line if k[6] < 0.4 else outfit.metal.shade, 0.014)
    if k[7] < 0.5:
        gem = ellipse(0.0, low + 0.06, 0.05, 0.065, 12)
    else:
        gem = np.array([(0, -0.01), (0.05, 0.06), (0, 0.15), (-0.05, 0.06)]) + (0.0, low)
    tailor.piece(tailor.body.at(gem), outfit.metal if k[8] < 0.5 else outfit.accent, outline=0.7)
