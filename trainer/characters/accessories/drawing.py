"""The order in which accessories are drawn, layer by layer of the whole character."""

from __future__ import annotations

from trainer.characters.accessories import beasts, eyewear, hats, held, ornaments
from trainer.characters.accessories.design import Accessories
from trainer.characters.accessories.places import OnFace, OnHair
from trainer.characters.colour import Colour, rgb
from trainer.characters.head import Head
from trainer.characters.palette import HairColours
from trainer.characters.pen import Pen
from trainer.characters.style import Style
from trainer.characters.tailor import Maker
from trainer.characters.view import View

_SKIN = rgb("ffe6d6")


def _on_hair(pen: Pen, acc: Accessories, view: View, style: Style) -> Maker:
    return Maker(pen, OnHair(acc, view), style, acc.numbers)


def draw_behind(pen: Pen, acc: Accessories, head: Head, view: View, style: Style) -> None:
    """What is behind the hair: the loops of a big ribbon, the back of a hood or hat."""
    maker = _on_hair(pen, acc, view, style)
    if acc.ribbon == "back":
        ornaments.big_bow(maker, acc)
    hats.behind(maker, acc)


def draw_ear_jewellery(pen: Pen, acc: Accessories, head: Head, view: View, style: Style) -> None:
    """Earrings at the lobes of the ears that can be seen."""
    if acc.earrings == "none":
        return
    maker = Maker(pen, OnFace(view, 0.0), style, acc.numbers)
    for side in (-1.0, 1.0):
        towards = view.yaw * side
        if towards > 0.45:
            continue
        wide = 1 + 0.12 * max(-towards, 0) - 0.13 * max(towards, 0)
        x = side * (0.5 * head.width_eyes * wide - 0.05) + 0.02 * view.yaw
        ornaments.earring(maker, acc, x + side * 0.02, head.ear_bottom - 0.05)


def draw_on_face(pen: Pen, acc: Accessories, head: Head, view: View, style: Style) -> None:
    """Glasses, eye patch, plasters."""
    if acc.patch != "none":
        eyewear.patch(Maker(pen, OnFace(view, 0.05), style, acc.numbers), acc, head)
    if acc.glasses != "none":
        eyewear.glasses(pen, acc, head, view, style)


def draw_on_hair(
    pen: Pen,
    acc: Accessories,
    head: Head,
    view: View,
    style: Style,
    hair: HairColours | None = None,
) -> None:
    """Animal ears, horns, bands, ribbons, flowers, clips and hats; `hair` colours the ears."""
    maker = _on_hair(pen, acc, view, style)
    if acc.hairband != "none":
        ornaments.hairband(maker, acc)
    if acc.hat == "maid":
        hats.on_hair(maker, acc)
    if acc.animal_ears != "none":
        beasts.ears(maker, acc, hair)
    if acc.horns != "none":
        beasts.horns(maker, acc)
    if acc.hat not in ("none", "maid"):
        hats.on_hair(maker, acc)
    if acc.ribbon not in ("none", "back"):
        ornaments.ribbons(maker, acc)
    if acc.flower != "none":
        ornaments.flower(maker, acc)
    if acc.clip != "none":
        ornaments.clip(maker, acc)


def draw_over(
    pen: Pen,
    acc: Accessories,
    head: Head,
    view: View,
    style: Style,
    skin: Colour = _SKIN,
    skin_shadow: Colour | None = None,
    skin_line: Colour | None = None,
) -> None:
    """What is held in front of the face, mostly below the mouth or in a corner."""
    if acc.over == "none":
        return
    maker = Maker(pen, OnFace(view, 0.35), style, acc.numbers)
    if acc.over == "textbox":
        held.textbox(maker, acc, head, view.roll)
        return
    held.held(maker, acc, head, skin, skin_shadow, skin_line)
