"""Glasses at the eyes' places, an eye patch, plasters."""

from __future__ import annotations

import numpy as np

from trainer.characters.accessories.design import Accessories
from trainer.characters.accessories.places import OnFace, put
from trainer.characters.colour import Colour, argb, mix, rgb
from trainer.characters.head import Head
from trainer.characters.ink import Points, curve, ellipse
from trainer.characters.pen import Pen
from trainer.characters.style import Style
from trainer.characters.tailor import Cloth, Maker, cloth
from trainer.characters.view import View

_FRAMES: tuple[Colour, ...] = (
    rgb("2a262c"), rgb("4a2f28"), rgb("b3262f"), rgb("8a8f99"), rgb("c79a4a"), rgb("2f3f7a"),
    rgb("d06a8a"),
)  # fmt: skip


def _lens(kind: str, wide: float, high: float) -> Points:
    """The outline of the lens over the right eye, from its inner side, around its centre [N, 2]."""
    a, b = 0.5 * wide, 0.5 * high
    if kind == "round":
        return ellipse(0, 0, 0.5 * (a + b) * 1.06, 0.5 * (a + b) * 1.06, 28)
    if kind == "oval":
        return ellipse(0, 0, a, 0.85 * b, 28)
    corners = [(-0.98 * a, -0.35 * b), (-0.86 * a, -0.82 * b), (0.0, -0.92 * b),
        (0.9 * a, -0.86 * b),
               (1.02 * a, -0.4 * b), (0.98 * a, 0.3 * b), (0.72 * a, 0.86 * b), (0.0, 0.96 * b),
               (-0.72 * a, 0.86 * b), (-0.96 * a, 0.3 * b)]  # fmt: skip
    return curve(corners, 3, True)


def glasses(pen: Pen, acc: Accessories, head: Head, view: View, style: Style) -> None:
    """Two lenses that let the eyes through, glints, a bridge and temples to the ears."""
    k = acc.numbers
    maker = Maker(pen, OnFace(view, 0.07), style, k)
    frame = _FRAMES[int(k[0] * len(_FRAMES))]
    thick = (0.016, 0.026, 0.05)[int(3 * k[1] ** 1.4)]
    if acc.glasses in ("half", "under"):
        thick = max(thick, 0.026)
    wide = min(max(head.eye_width + 0.16, 0.70), 0.82)
    high = min(max(head.eye_height + 0.16, 0.46), 0.80)
    if acc.glasses in ("half", "under"):
        high *= 0.82
    x, y = 0.5 + 0.01, 0.05 + 0.05 * k[2] + (0.08 if acc.glasses == "under" else 0.0)
    tint = mix((0.9, 0.97, 1.0), frame, 0.1)
    colour = argb(frame)
    for side in (-1.0, 1.0):
        lens = _lens(acc.glasses, wide, high) * (side, 1.0) + (side * x, y)
        shown = maker.place.at(lens)
        pen.fill(shown, argb(tint, 0.05 + 0.08 * k[3]))
        if k[4] < 0.65:
            with pen.clipped(shown):
                lean = 0.12 * style.light
                for at, width in ((0.22, 0.10), (0.05, 0.035)):
                    cx = side * x - style.light * (at - 0.30) * wide
                    glint = [(cx + lean, y - high), (cx + lean + width, y - high),
                             (cx - lean + width, y + high), (cx - lean, y + high)]  # fmt: skip
                    pen.fill(maker.place.at(glint), argb((1, 1, 1), 0.22 + 0.2 * k[5]))
        if acc.glasses in ("half", "under"):
            upper = lens[:, 1] < y
            rim = lens[upper] if acc.glasses == "half" else lens[~upper]
            rim = rim[np.argsort(rim[:, 0])]
            pen.stroke(maker.place.at(curve(rim, 2)), 1.2 * thick, colour, 0.1, 0.1)
        else:
            ring = np.concatenate([shown, shown[:2]])
            maker.seam(ring, frame, thick)
        outer = side * (x + 0.5 * wide)
        edge = side * 0.5 * head.width_eyes * 1.02
        if abs(edge) > abs(outer) and view.yaw * side < 0.35:
            temple = [(outer, y - 0.15 * high), (edge, y - 0.2 * high)]
            ends = OnFace(view, 0.0).at(temple[1:])
            points = np.concatenate([maker.place.at(temple[:1]), ends])
            pen.stroke(points, 1.1 * thick, colour, 0.0, 0.0)
    gap = x - 0.5 * wide * (0.98 if acc.glasses != "round" else 0.5 * (1 + high / wide) * 1.06)
    bridge = [(-gap, y - 0.04), (0.0, y - 0.12), (gap, y - 0.04)]
    pen.stroke(maker.place.at(curve(bridge, 4)), thick, colour, 0.0, 0.0)


def patch(maker: Maker, acc: Accessories, head: Head) -> None:
    """A patch over one eye, or a plaster on cheek or nose."""
    k, side = acc.numbers, acc.side
    if acc.patch == "eye":
        of = cloth(rgb("24212a") if k[6] < 0.5 else rgb("f6f3f0"), maker.style)
        for strap in ([(-side * 0.9, -0.95), (side * 0.4, -0.2)], [(side * 0.6, -0.15),
            (side * 1.1, -0.42)]):  # fmt: skip
            maker.seam(maker.place.at(strap), of.line, 0.05)
            maker.seam(maker.place.at(strap), of.base, 0.032)
        form = [(-0.32, -0.28), (0.0, -0.34), (0.32, -0.26), (0.33, 0.1), (0.0, 0.36), (-0.33, 0.1)]
        points = maker.place.at(curve(put(form, side * 0.5, 0.02, 1.0), 4, True))
        maker.piece(points, of, [maker.place.at(put([(-0.4, 0.16), (0.4, 0.02), (0.4, 0.5),
            (-0.4, 0.5)], side * 0.5, 0.02))])  # fmt: skip
        return
    x, y = (0.0, head.nose) if acc.patch == "nose" else (side * 0.58,
        0.5 * (head.nose + head.mouth))  # fmt: skip
    turn = side * (12 if acc.patch == "nose" else 25) * (1 if k[7] < 0.5 else -1)
    strip = [(-0.20, -0.07), (0.20, -0.07), (0.24, 0.0), (0.20, 0.07), (-0.20, 0.07), (-0.24, 0.0)]
    of = Cloth(rgb("f4e0c4"), rgb("d9b592"), rgb("fff5e4"), rgb("9a6a4e"))
    maker.piece(maker.place.at(put(strip, x, y, 0.9, turn)), of, (), 0.7)
    pad = [(-0.07, -0.06), (0.07, -0.06), (0.07, 0.06), (-0.07, 0.06)]
    maker.fill(maker.place.at(put(pad, x, y, 0.9, turn)), of.shade, 0.6)
