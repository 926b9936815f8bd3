"""Things in front of the face: a hand, a book, a mug, a phone, a scarf, a game's text box."""

from __future__ import annotations

import numpy as np

from trainer.characters.accessories.design import Accessories
from trainer.characters.accessories.places import put
from trainer.characters.colour import Colour, adjust, argb, line_of, mix, rgb, shadow
from trainer.characters.head import Head
from trainer.characters.ink import Points, curve, ellipse
from trainer.characters.tailor import Cloth, Maker, cloth


def held(
    maker: Maker,
    acc: Accessories,
    head: Head,
    skin: Colour,
    skin_shadow: Colour | None,
    skin_line: Colour | None,
) -> None:
    """Draw what is held; `skin` colours bare hands."""
    hands = acc.glove or Cloth(
        skin,
        skin_shadow or shadow(skin, 0.15),
        mix(skin, (1.0, 1.0, 1.0), 0.4),
        skin_line or line_of(skin, 0.6),
    )
    {
        "hand": _hand, "book": _book, "mug": _mug, "phone": _phone, "scarf": _scarf,
        "petals": _petals, "pocky": _pocky,
    }[acc.over](maker, acc, head, hands)  # fmt: skip


_FIST = [(-0.02, 1.4), (-0.10, 0.62), (-0.22, 0.38), (-0.20, 0.08), (0.02, -0.06), (0.26, -0.04),
         (0.40, 0.10), (0.42, 0.36), (0.34, 0.58), (0.36, 1.4)]  # fmt: skip


def _cuff(maker: Maker, acc: Accessories, points: Points) -> None:
    """The rolled edge of a glove at the wrist."""
    if acc.glove is not None:
        maker.piece(maker.place.at(curve(points, 3, True)), acc.glove, (), 0.9)


def _sleeve(maker: Maker, of: Cloth, points: Points) -> None:
    maker.piece(maker.place.at(points), of, (), 1.0)


def _hand(maker: Maker, acc: Accessories, head: Head, flesh: Cloth) -> None:
    """A loose fist at the chin or fingers before the mouth."""
    k, side = acc.numbers, acc.side
    x, y = side * (0.10 + 0.25 * k[0]), head.mouth + 0.10 + 0.25 * k[1]
    turn = side * (-10 - 25 * k[2])

    def shape(points: list[tuple[float, float]]) -> Points:
        return put([(side * a, b) for a, b in points], x, y, 1.0, turn)

    maker.piece(maker.place.at(curve(shape(_FIST), 4)), flesh, [maker.place.at(shape([(0.1, 0.5),
        (0.5, 0.3), (0.5, 1.5), (0.2, 1.5)]))])  # fmt: skip
    sleeve = [(-0.22, 0.86), (0.44, 0.80), (0.62, 1.9), (-0.30, 1.9)]
    for i in range(4):  # curled fingers, side by side
        f = [(-0.22 + 0.16 * i, 0.10 - 0.03 * (i in (1, 2))),
            (-0.16 + 0.16 * i, -0.06 - 0.05 * (i in (1, 2))),
             (-0.05 + 0.16 * i, -0.04 - 0.04 * (i in (1, 2))),
             (-0.04 + 0.16 * i, 0.28), (-0.12 + 0.16 * i, 0.36),
             (-0.20 + 0.16 * i, 0.28)]  # fmt: skip
        maker.piece(maker.place.at(curve(shape(f), 4, True)), flesh, (), 0.9)
    thumb = [(0.40, 0.52), (0.10, 0.44), (-0.08, 0.34), (-0.12, 0.24), (0.02, 0.22),
        (0.26, 0.28), (0.44, 0.34)]  # fmt: skip
    maker.piece(maker.place.at(curve(shape(thumb), 4)), flesh, (), 0.9, closed=False)
    _sleeve(maker, acc.cloths[1], shape(sleeve))
    _cuff(maker, acc, shape([(-0.20, 0.70), (0.42, 0.64), (0.47, 0.82), (-0.24, 0.90)]))


def _fingers(maker: Maker, flesh: Cloth, x: float, y: float, side: float) -> None:
    """Four finger tips that hold an edge from behind, pointing inward."""
    for i in range(4):
        tip = [(0.10, -0.06), (-0.10, -0.07), (-0.18, 0.0), (-0.10, 0.07), (0.10, 0.06)]
        points = put([(side * a, b) for a, b in tip], x, y + 0.13 * i, 1.0 - 0.05 * abs(i - 1),
            6 * side * (i - 1))  # fmt: skip
        maker.piece(maker.place.at(curve(points, 4, True)), flesh, (), 0.9)


def _book(maker: Maker, acc: Accessories, head: Head, flesh: Cloth) -> None:
    """The upper edge of a book held below or over the mouth."""
    k, of = acc.numbers, acc.cloths[0]
    top = head.mouth + (0.12 if k[0] < 0.7 else -0.14) + 0.2 * k[1]
    wide = 0.75 + 0.35 * k[2]
    turn = 8 * (k[3] - 0.5)
    open_book = k[4] < 0.55

    def shape(points: Points | list[tuple[float, float]]) -> Points:
        return maker.place.at(put(points, 0.25 * (k[5] - 0.5), top, 1.0, turn))

    if open_book:
        pages = [(-0.97 * wide, -0.05), (-0.5 * wide, -0.09), (0.0, 0.03), (0.5 * wide, -0.09),
                 (0.97 * wide, -0.05), (0.97 * wide, 0.4), (-0.97 * wide, 0.4)]  # fmt: skip
        maker.piece(shape(pages), cloth(rgb("fffdf4"), maker.style), (), 0.8)
        maker.line([(0, 0), (0, 0.1)], of)
        for side in (-1.0, 1.0):
            cover = [(0.0, 0.05), (side * wide, 0.0), (side * wide * 0.98, 1.6), (0.0, 1.7)]
            dark = [(0.0, 0.0), (side * 0.12, 0.0), (side * 0.12, 1.7), (0.0, 1.7)]
            maker.piece(shape(cover), of, [shape(dark)], 1.1)
    else:
        cover = [(-0.72 * wide, 0.0), (0.72 * wide, 0.0), (0.72 * wide, 1.9), (-0.72 * wide, 1.9)]
        maker.piece(shape(cover), of, [shape([(-0.72 * wide, 0), (-0.58 * wide, 0),
            (-0.58 * wide, 2), (-0.72 * wide, 2)])], 1.1)  # fmt: skip
    x0 = 0.1 * wide if open_book else -0.4 * wide
    for i, width in enumerate((0.62, 0.5, 0.34)):
        t = 0.28 + 0.17 * i
        bar = [(x0, t), (x0 + width * wide, t), (x0 + width * wide, t + 0.07), (x0, t + 0.07)]
        maker.fill(shape(bar), acc.cloths[1].base if max(of.base) < 0.9 else of.line, 0.85)
    emblem = ellipse(x0 + 0.35 * wide, 1.05, 0.2, 0.2, 16)
    maker.fill(shape(emblem), acc.cloths[2].base, 0.9)
    edge = wide if open_book else 0.72 * wide
    for side in (-1.0, 1.0):
        _fingers(maker, flesh, side * edge * 0.97 + 0.25 * (k[5] - 0.5), top + 0.45, side)


def _mug(maker: Maker, acc: Accessories, head: Head, flesh: Cloth) -> None:
    k, of = acc.numbers, acc.cloths[0]
    x, y = acc.side * 0.25 * k[0], head.mouth + 0.10 + 0.2 * k[1]
    body = [(-0.42, 0.0), (-0.40, 0.75), (-0.3, 0.9), (0.3, 0.9), (0.40, 0.75), (0.42, 0.0)]
    d = maker.dark
    handle = put(ellipse(acc.side * 0.45, 0.4, 0.2, 0.24, 18), x, y)
    ring = maker.place.at(np.concatenate([handle, handle[:1]]))
    maker.seam(ring, of.line, 0.12)
    maker.seam(ring, of.base, 0.085)
    maker.piece(maker.place.at(put(body, x, y)), of, [maker.place.at(put([(0.15 * d, -0.1),
        (0.6 * d, -0.1), (0.6 * d, 1.0), (0.2 * d, 1.0)], x, y))], 1.1)  # fmt: skip
    maker.piece(maker.place.at(put(ellipse(0, 0, 0.42, 0.09, 20), x, y)), cloth(mix(of.shade,
        (0.3, 0.18, 0.12), 0.5), maker.style), (), 1.0)  # fmt: skip
    for i in range(3):
        wisp = put([(-0.15 + 0.15 * i, -0.1), (-0.2 + 0.15 * i, -0.22),
            (-0.1 + 0.15 * i, -0.34)], x, y)  # fmt: skip
        maker.pen.stroke(maker.place.at(curve(wisp, 4)), 0.03, argb((1, 1, 1), 0.35), 0.5, 0.5)
    for side in (-1.0, 1.0):
        _fingers(maker, flesh, x + side * 0.38, y + 0.25, side)
        _sleeve(maker, acc.cloths[1], put([(side * 0.40, 0.5), (side * 0.62, 0.16),
            (side * 1.3, 1.4), (side * 0.6, 1.6)], x, y))  # fmt: skip


def _phone(maker: Maker, acc: Accessories, head: Head, flesh: Cloth) -> None:
    k, side = acc.numbers, acc.side
    x, y = side * (0.55 + 0.3 * k[0]), head.mouth + 0.05 + 0.25 * k[1]
    turn = side * (6 + 14 * k[2])
    of = acc.cloths[0] if k[3] < 0.6 else cloth(rgb("24242b"), maker.style)
    box = [(-0.30, -0.46), (0.0, -0.5), (0.30, -0.46), (0.33, 0.0), (0.31, 0.7), (-0.31, 0.7),
        (-0.33, 0.0)]  # fmt: skip
    maker.piece(maker.place.at(curve(put(box, x, y, 1.0, turn), 4, True)), of, (), 1.1)
    camera = put(ellipse(-0.15, -0.34, 0.06, 0.06, 10), x, y, 1.0, turn)
    maker.fill(maker.place.at(camera), (0.08, 0.08, 0.1))
    palm = [(-0.30, 1.6), (-0.32, 0.5), (-0.2, 0.3), (0.2, 0.4), (0.4, 0.1), (0.46, 0.5),
        (0.4, 1.6)]  # fmt: skip
    maker.piece(maker.place.at(curve(put(palm, x, y, 1.0, turn), 4)), flesh, (), 1.0, closed=False)
    _fingers(maker, flesh, x - 0.30 * 1, y + 0.15, -1.0)
    _sleeve(maker, acc.cloths[1], put([(-0.42, 0.9), (0.5, 0.9), (0.6, 1.9),
        (-0.5, 1.9)], x, y, 1.0, turn))  # fmt: skip
    cuff = [(-0.42, 0.76), (0.52, 0.74), (0.55, 0.94), (-0.45, 0.96)]
    _cuff(maker, acc, put(cuff, x, y, 1.0, turn))


def _scarf(maker: Maker, acc: Accessories, head: Head, flesh: Cloth) -> None:
    """A scarf pulled up to or over the mouth."""
    k, of = acc.numbers, acc.cloths[0]
    w = 0.5 * head.width_eyes
    top = head.mouth + (0.14 if k[0] < 0.6 else -0.12)
    shape = [(-1.02 * w, top - 0.06), (-0.5 * w, top + 0.06), (0.0, top + 0.02),
        (0.5 * w, top + 0.07),
             (1.02 * w, top - 0.06), (1.25 * w, top + 0.4), (1.15 * w, head.chin + 0.5),
             (0.0, head.chin + 0.75),
             (-1.15 * w, head.chin + 0.5), (-1.25 * w, top + 0.4)]  # fmt: skip
    low = [(-1.3 * w, top + 0.55), (-0.3 * w, top + 0.62), (0.6 * w, top + 0.44),
        (1.3 * w, top + 0.3),
           (1.3 * w, top + 0.6), (0.2 * w, top + 0.8), (-1.3 * w, top + 0.8)]  # fmt: skip
    maker.piece(maker.smooth(shape, 4, closed=True), of, [maker.smooth(low, 3, closed=True)], 1.1)
    maker.line([(-0.9 * w, top + 0.14), (-0.2 * w, top + 0.34), (0.5 * w, top + 0.28)], of, 0.9)
    maker.line([(1.0 * w, top + 0.18), (0.5 * w, top + 0.5), (-0.2 * w, top + 0.56)], of, 0.9)


def textbox(maker: Maker, acc: Accessories, head: Head, roll: float) -> None:
    """A game's text box across the lower part of the picture, level whatever the head's roll."""
    k = acc.numbers
    top = head.mouth + 0.22 + 0.3 * k[0]
    dark = k[1] < 0.6
    ground = mix(acc.cloths[0].base, (0.06, 0.06, 0.12) if dark else (1, 1, 1), 0.7)

    def level(points: list[tuple[float, float]]) -> Points:
        return put(points, 0.0, 0.0, 1.0, -roll)

    box = level([(-4.0, top), (4.0, top), (4.0, top + 3.0), (-4.0, top + 3.0)])
    maker.fill(box, ground, 0.72 + 0.2 * k[2])
    maker.seam(level([(-4.0, top), (4.0, top)]), mix(ground, (1, 1, 1), 0.6), 0.035)
    ink = (0.97, 0.97, 0.97) if dark else (0.15, 0.13, 0.2)
    for row in range(3):
        x, y = -0.95, top + 0.16 + 0.21 * row
        for i in range(12):
            width = 0.05 + 0.09 * k[(row * 7 + i) % 24]
            if k[(row + i * 5) % 24] > 0.15:
                glyph = [(x, y), (x + width, y), (x + width, y + 0.09), (x, y + 0.09)]
                maker.fill(level(glyph), ink, 0.85)
            x += width + 0.03


def _petals(maker: Maker, acc: Accessories, head: Head, flesh: Cloth) -> None:
    """Petals or snow in the air."""
    k = acc.numbers
    of = cloth(adjust(rgb("ffc4d6"), hue=0.1 * k[0]), maker.style) if k[1] < 0.7 else acc.cloths[1]
    for i in range(9):
        x, y = -1.5 + 3.0 * k[i + 2], -1.2 + 2.8 * k[(7 * i + 3) % 24]
        if abs(x) < 0.9 and abs(y - 0.1) < 0.45:
            x += 1.0 if x > 0 else -1.0
        petal = [(0.0, -0.12), (0.09, 0.0), (0.03, 0.13), (0.0, 0.10), (-0.03, 0.13), (-0.09, 0.0)]
        points = curve(put(petal, x, y, 0.7 + 0.7 * k[i], 360 * k[(5 * i) % 24]), 3, True)
        maker.piece(maker.place.at(points), of, (), 0.5)


def _pocky(maker: Maker, acc: Accessories, head: Head, flesh: Cloth) -> None:
    """A lollipop or biscuit stick at the mouth."""
    k, side = acc.numbers, acc.side
    x, y = side * 0.06, head.mouth + 0.02
    end = (x + side * (0.5 + 0.2 * k[0]), y + 0.22 + 0.25 * k[1])
    stick = maker.place.at([(x, y), end])
    brown = cloth(rgb("5a3423") if k[2] < 0.6 else rgb("f1a7b5"), maker.style)
    maker.seam(stick, brown.line, 0.06)
    maker.seam(stick, brown.base, 0.042)
    last = maker.place.at([(x + 0.7 * (end[0] - x), y + 0.7 * (end[1] - y)), end])
    maker.seam(last, rgb("e7c08a"), 0.04)
