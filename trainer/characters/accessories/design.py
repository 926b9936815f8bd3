"""Which accessories a character has, in which colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from trainer.characters.chance import between, pick, sign
from trainer.characters.colour import Colour, adjust, mix, rgb
from trainer.characters.hair.dome import Dome
from trainer.characters.head import Head
from trainer.characters.style import Style
from trainer.characters.tailor import Cloth, cloth

# Name, share among girls, share among men; what is left is "none".
Table = tuple[tuple[str, float, float], ...]

_HATS: Final[Table] = (
    ("witch", 0.018, 0.004), ("beret", 0.020, 0.005), ("cap", 0.018, 0.035),
    ("straw", 0.014, 0.006), ("maid", 0.020, 0.0), ("hood", 0.016, 0.030),
    ("headphones", 0.014, 0.022), ("crown", 0.010, 0.008), ("peaked", 0.009, 0.025),
    ("beanie", 0.012, 0.015),
)  # fmt: skip
_GLASSES: Final[Table] = (
    ("round", 0.016, 0.018), ("square", 0.016, 0.040), ("oval", 0.014, 0.022),
    ("half", 0.006, 0.016), ("under", 0.012, 0.012),
)  # fmt: skip
_EARS: Final[Table] = (
    ("cat", 0.030, 0.010), ("fox", 0.012, 0.006), ("rabbit", 0.010, 0.0), ("dog", 0.008, 0.004),
)  # fmt: skip
_CLIPS: Final[Table] = (
    ("pin", 0.035, 0.004), ("bars", 0.035, 0.004), ("cross", 0.025, 0.003), ("star", 0.015, 0.002),
    ("heart", 0.012, 0.0), ("leaf", 0.010, 0.0), ("beads", 0.013, 0.0), ("moon", 0.008, 0.0),
)  # fmt: skip
_FLOWERS: Final[Table] = (
    ("blossom", 0.035, 0.003), ("rose", 0.022, 0.002), ("daisy", 0.020, 0.002),
)  # fmt: skip
_RIBBONS: Final[Table] = (
    ("side", 0.050, 0.0), ("tails", 0.035, 0.0), ("back", 0.030, 0.0), ("top", 0.015, 0.0),
    ("thin", 0.015, 0.0),
)  # fmt: skip
_BANDS: Final[Table] = (
    ("plain", 0.025, 0.004), ("wide", 0.012, 0.004), ("lace", 0.010, 0.0), ("brow", 0.004, 0.02),
)  # fmt: skip
_EARRINGS: Final[Table] = (
    ("stud", 0.05, 0.04), ("drop", 0.04, 0.01), ("hoop", 0.03, 0.02), ("tassel", 0.01, 0.005),
)  # fmt: skip
_PATCHES: Final[Table] = (
    ("eye", 0.003, 0.004), ("plaster", 0.008, 0.014), ("nose", 0.003, 0.006),
)  # fmt: skip
_OVER: Final[Table] = (
    ("hand", 0.022, 0.018), ("book", 0.022, 0.022), ("mug", 0.010, 0.010), ("phone", 0.010, 0.010),
    ("scarf", 0.008, 0.010), ("textbox", 0.010, 0.010), ("petals", 0.010, 0.004),
    ("pocky", 0.008, 0.006),
)  # fmt: skip

_HANDS: Final = ("hand", "book", "mug", "phone")
"""What is held with hands that can be seen."""


@dataclass(frozen=True, slots=True)
class Accessories:
    """Each kind is a name or "none". `side` (-1 or 1) is where ornaments sit; `cloths` are three
    fabrics that go together, `numbers` 24 uniform draws; `half` and `top` are the hair's half width
    and top, `ties` the places of tied tails (face units), `fur` the colour of animal ears or None
    for the hair's own, `glove` what covers the hands that are seen, if anything."""

    glasses: str
    hat: str
    ribbon: str
    animal_ears: str
    clip: str
    flower: str
    hairband: str
    earrings: str
    horns: str
    patch: str
    over: str
    side: float
    cloths: tuple[Cloth, Cloth, Cloth]
    metal: Cloth
    fur: Colour | None
    numbers: tuple[float, ...]
    half: float
    top: float
    hairline: float
    ties: tuple[tuple[float, float], ...]
    glove: Cloth | None = None


def sample_accessories(
    rng: np.random.Generator,
    head: Head,
    hair_kind: str,
    style: Style,
    dome: Dome | None = None,
    ties: tuple[tuple[float, float], ...] = (),
) -> Accessories:
    """Draw accessories with the shares of real art; `hair_kind` is the kind of tails.

    `dome` and `ties` of the hair that is drawn let hats and ribbons sit exactly.
    """
    man = head.kind == "man"

    def kind_of(table: Table, factor: float = 1.0) -> str:
        u = float(rng.random())
        for name, girls, men in table:
            u -= factor * (men if man else girls)
            if u < 0:
                return name
        return "none"

    hat = kind_of(_HATS)
    bare = hat == "none"
    band = kind_of(_BANDS) if bare else "none"
    ears = kind_of(_EARS) if bare or hat in ("maid", "hood") else "none"
    tied = hair_kind in ("twin", "pony", "side", "braid", "braids", "buns")
    ribbon = kind_of(_RIBBONS, 1.6 if tied else 1.0) if bare else "none"
    if ribbon == "tails" and not ties:
        ribbon = "side" if not tied else "back"
    flower = kind_of(_FLOWERS)
    clip = kind_of(_CLIPS) if flower == "none" else "none"
    horns = "none"
    if bare and ears == "none" and rng.random() < 0.018:
        horns = pick(rng, ("small", "ram", "long"))
    if dome is None:
        dome = Dome.of(head, 0.0, 1.0)
    fur = None if rng.random() < 0.75 else rgb(pick(rng, ("f5f0ea", "2a2630", "d79a55")))
    glasses, earrings, patch = kind_of(_GLASSES), kind_of(_EARRINGS), kind_of(_PATCHES)
    rng.random()  # decides nothing any more; drawn so that seeds keep their accessories
    over, side = kind_of(_OVER), sign(rng)
    cloths = _fabrics(rng, style)
    metal = cloth(rgb(pick(rng, ("dcb658", "c9cfda", "d98f7a"))), style)
    return Accessories(
        glasses=glasses,
        hat=hat,
        ribbon=ribbon,
        animal_ears=ears,
        clip=clip,
        flower=flower,
        hairband=band,
        earrings=earrings,
        horns=horns,
        patch=patch,
        over=over,
        side=side,
        cloths=cloths,
        metal=metal,
        fur=fur,
        numbers=tuple(float(n) for n in rng.random(24)),
        half=dome.half,
        top=dome.top,
        hairline=head.hairline,
        ties=ties,
        glove=_glove(rng, style, cloths[2]) if over in _HANDS and rng.random() < 0.45 else None,
    )


def _glove(rng: np.random.Generator, style: Style, third: Cloth) -> Cloth:
    """White, dark leather, or of the third fabric."""
    of = pick(rng, ("f7f5f2", "2a272e", "6a4630", None), (0.42, 0.28, 0.08, 0.22))
    return third if of is None else cloth(rgb(of), style)


_DARK: Final = ("1f1d27", "2b3154", "4a2632", "27392f", "5a4034", "3a3d4a")
_VIVID: Final = ("cf2f3f", "e0678f", "3566c0", "e9b03a", "3f9a6c", "8452b4", "e8824a", "49aecb")
_PALE: Final = ("ffffff", "fbf3e4", "f8d3de", "cfe4f5", "d8eecf", "e5dbf4", "f9e6a6")


def _fabrics(rng: np.random.Generator, style: Style) -> tuple[Cloth, Cloth, Cloth]:
    """A strong colour, one to go with it (pale or dark), one for details."""

    def one(codes: tuple[str, ...]) -> Colour:
        code = rgb(codes[rng.integers(len(codes))])
        turn = float(rng.normal(0, 0.02))
        return adjust(code, hue=turn, saturation=style.saturation, value=between(rng, 0.9, 1))

    strong = pick(rng, (one(_VIVID), one(_DARK), one(_PALE)), (0.55, 0.27, 0.18))
    other = one(_PALE) if max(strong) < 0.75 or rng.random() < 0.5 else mix(strong, one(_DARK), 0.6)
    third = one(_VIVID)
    return cloth(strong, style), cloth(other, style), cloth(third, style)
