"""Which cut each kind of outfit has: what stands behind the neck, and what is worn in front."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from trainer.characters.garments.bare import off_shoulder, straps
from trainer.characters.garments.casual import hoodie, scarf, tshirt, turtleneck
from trainer.characters.garments.costume import armour, gothic, kimono, military
from trainer.characters.garments.shirts import blazer, bow_shirt, sailor, shirt, suit
from trainer.characters.tailor import Cloth, Tailor, mirrored

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


_WORN: Final[dict[str, Draw]] = {
    "sailor": sailor, "blazer": blazer, "bow_shirt": bow_shirt, "hoodie": hoodie,
    "turtleneck": turtleneck, "off_shoulder": off_shoulder, "straps": straps,
    "tshirt": tshirt, "kimono": kimono, "gothic": gothic, "military": military,
    "scarf": scarf, "armour": armour, "suit": suit, "shirt": shirt,
}  # fmt: skip
