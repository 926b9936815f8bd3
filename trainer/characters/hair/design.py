"""The hair of a character: which fringe, back, locks and tails, drawn once and kept as strands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from trainer.characters.chance import between, clamp, pick, sign
from trainer.characters.hair import back as backs
from trainer.characters.hair import fringe as fringes
from trainer.characters.hair import locks
from trainer.characters.hair.dome import Dome
from trainer.characters.hair.shine import SHARES, Shine, parting_lines, shine_shapes
from trainer.characters.hair.strand import Strand
from trainer.characters.head import Head
from trainer.characters.ink import Points
from trainer.characters.style import Style

Side = Literal["none", "left", "right"]
Fade = Literal["none", "dark", "pale"]

FRINGES: Final = (*fringes.SHAPES, "over_eye")
BACKS: Final = tuple(backs.SHAPES)

# Shares of each shape: (women and girls, men).
_FRINGE_SHARES: Final = {
    "blunt": (11, 1), "gaps": (11, 3), "parted": (10, 10), "curtain": (6, 7), "side_part": (10, 11),
    "swept": (9, 11), "swoop": (6, 6), "choppy": (9, 12), "spiky": (3, 14), "messy": (6, 11),
    "wispy": (5, 3), "bowl": (3, 2), "wedge": (5, 4), "nose_lock": (7, 6), "bare": (3, 7),
    "over_eye": (5, 4),
}  # fmt: skip
_BACK_SHARES: Final = {
    "short_bob": (11, 4), "round_bob": (8, 1), "a_line": (4, 0), "flipped": (7, 2), "wolf": (6, 10),
    "shoulder": (9, 4), "straight": (16, 4), "wavy": (9, 2), "very_long": (5, 1), "hime": (6, 0),
    "curly": (4, 3), "boy": (3, 42), "spiky": (2, 27), "tied": (10, 2),
}  # fmt: skip
_SHORT: Final = ("boy", "spiky")
_OPEN: Final = ("bare", "parted", "curtain", "swoop")


@dataclass(frozen=True, slots=True, eq=False)
class Hair:
    """Strands and outlines in face units, and the names that labels are made of."""

    fringe: str
    back: str
    tails: locks.Tails
    length: backs.Length
    blunt: bool
    ahoge: bool
    covers_eye: Side
    shine: Shine
    fade: Fade
    dome: Dome
    mass: Points
    bottom: float
    strands: tuple[Strand, ...]
    ties: tuple[tuple[float, float], ...]
    shine_shapes: Points
    parting_lines: Points


def sample_hair(rng: np.random.Generator, head: Head, style: Style) -> Hair:
    """Draw the hair of a character with the shares of real art; men's is mostly short."""
    man = head.kind == "man" or (head.kind == "young" and rng.random() < 0.06)
    fringe = _pick(rng, _FRINGE_SHARES, man)
    back = _pick(rng, _BACK_SHARES, man)
    return compose(rng, head, style, fringe=fringe, back=back)


def compose(
    rng: np.random.Generator,
    head: Head,
    style: Style,
    *,
    fringe: str,
    back: str,
    tails: locks.Tails | None = None,
) -> Hair:
    """Draw hair with a given fringe (of FRINGES), back (of BACKS) and, unless None, tails."""
    parting = {
        "side_part": 0.42, "swoop": 0.45, "swept": 0.25, "over_eye": 0.25, "curtain": 0.05,
    }.get(fringe, 0.12)  # fmt: skip
    place = clamp(rng.normal(parting * sign(rng), 0.06), -0.6, 0.6)
    covers: Side = "none"
    if fringe == "over_eye":
        covers = "left" if rng.random() < 0.5 else "right"
        place = abs(place) * (1 if covers == "left" else -1)
    volume = clamp(rng.normal(1.0, 0.12), 0.7, 1.25)
    if back in ("boy", "tied"):
        volume *= 0.85
    dome = Dome.of(head, place, volume)

    if tails is None:
        tails = _tails(rng, back)
    shape = backs.SHAPES[back](dome, head, rng)
    strands = list(shape.strands)
    length = shape.length
    ties: list[tuple[float, float]] = []
    if tails != "none":
        extra, ties, length = _tail_strands(rng, dome, head, tails, length)
        strands = extra + strands

    fringe_strands = (
        fringes.over_eye(dome, head, rng, -1.0 if covers == "left" else 1.0)
        if covers != "none"
        else fringes.SHAPES[fringe](dome, head, rng)
    )
    strands += _sides(rng, dome, head, shape, back, fringe)
    strands += fringe_strands
    has_ahoge = bool(rng.random() < (0.18 if back != "tied" else 0.1))
    if has_ahoge:
        strands += locks.ahoge(dome, rng)
    if rng.random() < 0.55:
        strands += locks.strays(dome, rng, int(rng.integers(1, 5)))
    shine: Shine = pick(rng, tuple(SHARES), tuple(SHARES.values()))
    fade: Fade = pick(rng, ("none", "dark", "pale"), (0.5, 0.25, 0.25))
    return Hair(
        fringe=fringe,
        back=back,
        tails=tails,
        length=length,
        blunt=fringe in ("blunt", "gaps", "bowl"),
        ahoge=has_ahoge,
        covers_eye=covers,
        shine=shine,
        fade=fade,
        dome=dome,
        mass=shape.mass,
        bottom=shape.bottom,
        strands=tuple(strands),
        ties=tuple(ties),
        shine_shapes=shine_shapes(dome, shine, rng, open_brow=fringe in _OPEN),
        parting_lines=parting_lines(dome, rng),
    )


def _pick(rng: np.random.Generator, table: dict[str, tuple[int, int]], man: bool) -> str:
    return pick(rng, tuple(table), tuple(shares[man] for shares in table.values()))


def _tails(rng: np.random.Generator, back: str) -> locks.Tails:
    if back == "tied":
        return pick(
            rng,
            ("twin", "pony", "side", "braid", "braids", "buns"),
            (0.34, 0.24, 0.12, 0.08, 0.12, 0.10),
        )
    if (
        back in ("straight", "wavy", "very_long", "hime", "shoulder", "short_bob")
        and rng.random() < 0.16
    ):
        return pick(rng, ("twin", "side", "buns", "braids"), (0.5, 0.2, 0.2, 0.1))
    return "none"


def _tail_strands(
    rng: np.random.Generator, dome: Dome, head: Head, tails: locks.Tails, length: backs.Length
) -> tuple[list[Strand], list[tuple[float, float]], backs.Length]:
    end = between(rng, 1.6, 3.2)
    if tails == "twin":
        root = pick(rng, (-1.15, -0.8, -0.1, 0.35), (0.4, 0.3, 0.1, 0.2))
        root += float(rng.normal(0, 0.08))
        wave = pick(rng, (0.02, 0.06, 0.14))
        strands, ties = locks.twin_tails(dome, rng, root=root, length=end, wave=wave)
        return strands, ties, "long"
    if tails in ("pony", "side"):
        way = sign(rng)
        side = way * (between(rng, 0.1, 0.4) if tails == "pony" else 0.92)
        root = dome.top + float(
            rng.uniform(0.05, 0.3) if tails == "pony" else rng.uniform(0.5, 1.1)
        )
        strands, ties = locks.ponytail(dome, rng, side=side, root=root, length=end)
        return strands, ties, "long"
    if tails == "buns":
        strands, ties = locks.buns(dome, rng)
        return strands, ties, length if length != "long" else "medium"
    both = tails == "braids"
    sides = (-1.0, 1.0) if both else (sign(rng),)
    out: list[Strand] = []
    width = between(rng, 0.22, 0.32) * (1.0 if both else 1.3)
    for side in sides:
        x = dome.half * (0.8 if both else 0.68)
        drop = between(rng, 1.9, 2.7)
        points = np.array(
            [
                (side * 0.9 * x, 0.25),
                (side * (x + 0.05), 0.9),
                (side * x, 1.6),
                (side * (x - 0.06), drop),
            ]
        )
        out += locks.braid(points, rng, width=width, count=int(rng.integers(6, 9)))
    return out, [(s * dome.half * 0.78, 2.1) for s in sides], "long"


def _sides(
    rng: np.random.Generator, dome: Dome, head: Head, shape: backs.Back, back: str, fringe: str
) -> list[Strand]:
    out: list[Strand] = []
    if back in _SHORT:
        for side in (-1.0, 1.0):
            out += locks.tuft(dome, head, side, rng)
        return out
    covered = back != "tied" and rng.random() < 0.88
    count = pick(rng, (0, 1, 2), (0.10, 0.25, 0.65))
    bare_side = sign(rng)
    end = head.chin * pick(rng, (0.75, 1.0, 1.3, 1.9), (0.25, 0.35, 0.25, 0.15))
    wave = float(rng.normal(0, 0.03)) + (0.07 if back in ("wavy", "curly") else -0.02)
    for side in (-1.0, 1.0):
        if covered or (side != bare_side and back != "tied"):
            out += locks.panel(dome, shape, side, rng, wave=1.2 * max(wave, 0.0))
        else:
            out += locks.tuft(dome, head, side, rng)
        if back == "hime":
            out.append(locks.hime_lock(dome, head, side, head.chin * between(rng, 0.6, 0.85), rng))
        elif count == 2 or (count == 1 and side != bare_side):
            length = end * between(rng, 0.88, 1.12)
            out.append(locks.cheek_lock(dome, head, side, length, rng, wave=wave))
            if rng.random() < 0.35:
                out.append(locks.cheek_lock(dome, head, side, 0.7 * length, rng, wave=0.5 * wave))
    return out
