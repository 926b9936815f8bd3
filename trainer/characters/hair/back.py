"""Back hair: one mass behind the head and the strands that end it, and those over the shoulders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from trainer.characters.chance import between, pick, sign
from trainer.characters.hair.dome import WIDEST, Dome
from trainer.characters.hair.strand import Layer, Strand, laid
from trainer.characters.head import Head
from trainer.characters.ink import Points, curve

Rng = np.random.Generator
Length = Literal["short", "medium", "long"]


@dataclass(frozen=True, slots=True)
class Back:
    """`mass` is a closed outline [N, 2] in face units; `bottom` the y where most hair ends."""

    mass: Points
    strands: tuple[Strand, ...]
    bottom: float
    length: Length
    panel: float
    """How far down the hair beside the face reaches (y)."""
    panel_end: tuple[float, float]
    """Sideways place of the panel's tip in units of the half width, and its bluntness."""


def _mass(dome: Dome, sides: Sequence[tuple[float, float]], bottom: float) -> Points:
    """The dome, continued down on both sides through `sides` (x, y) to a rounded bottom."""
    top = dome.silhouette(WIDEST)
    end, low = sides[-1]
    right = [
        (dome.half, WIDEST),
        *sides[:-1],
        (0.86 * end, 0.9 * low),
        (0.5 * end, bottom),
        (0.0, bottom),
    ]
    left = [(-x, y) for x, y in right[-2::-1]]
    return np.concatenate([top, curve(right + left, 2)])


def _waves(
    start: tuple[float, float], end: tuple[float, float], swing: float, turns: float, phase: float
) -> Points:
    """A wavy spine [9, 2] from `start` to `end`."""
    line = (1 - _DOWN)[:, None] * start + _DOWN[:, None] * end
    if swing:
        line[:, 0] += swing * (np.sin(2 * np.pi * turns * _DOWN + phase) - np.sin(phase)) * _LOOSE
    return line


_DOWN: Final = np.linspace(0, 1, 9)
_LOOSE: Final = _DOWN**0.6


def _tip(rng: Rng, blunt: float) -> tuple[float, ...]:
    if blunt > 0:
        return (0.6, 0.9, 1.0, 1.0, 1.0, 0.4 + 0.6 * blunt)
    return (0.6, 0.9, 1.0, 0.98, 0.86, 0.58, 0.0)


def _hang(
    rng: Rng,
    layer: Layer,
    places: Sequence[float],
    *,
    top: float,
    wide: float,
    spread: float,
    bottom: float,
    jitter: float,
    width: float,
    blunt: float = 0.0,
    wave: float = 0.0,
    turns: float = 1.5,
    curl: float = 0.0,
    bare: float = 0.45,
) -> list[Strand]:
    """Strands that hang from y=`top` to y=`bottom`; the outermost edges lie at x=`wide` above and
    at x=`spread` below.

    `curl` turns the tips outward (positive) or inward.
    """
    out: list[Strand] = []
    for place in places:
        end = bottom + float(rng.normal(0, jitter))
        x0, x1 = (place * (x - 0.42 * width) for x in (wide, spread))
        x1 += float(rng.normal(0, 0.3 * jitter))
        line = _waves(
            (x0, top), (x1, end), wave * between(rng, 0.7, 1.3), turns,
            between(rng, -0.6, 0.6) + (0 if place > 0 else np.pi),
        )  # fmt: skip
        line[:, 0] += (np.sign(place) * curl * between(rng, 0.7, 1.2)) * _DOWN**3
        half = 0.5 * width * between(rng, 0.75, 1.3) * np.array(_tip(rng, blunt))
        lines = [
            (between(rng, -0.6, 0.6), between(rng, 0.25, 0.7))
            for _ in range(int(rng.integers(1, 3)))
        ]
        out.append(
            laid(
                layer,
                line,
                half,
                bare=bare,
                lines=lines,
                shade=between(rng, 0.3, 0.8),
            )
        )
    return out


def _spread(rng: Rng, count: int) -> list[float]:
    """Places from -1 to 1, unevenly spaced, the outer ones first (they lie below)."""
    x = np.linspace(-1, 1, count) + rng.normal(0, 0.25 / count, count)
    return sorted(np.clip(x, -1, 1).tolist(), key=lambda p: -abs(p))


def _bob(
    dome: Dome, head: Head, rng: Rng, *, end: float, flare: float, curl: float, blunt: float
) -> Back:
    w = dome.half
    sides = [(1.0 * w, 0.1 * end), ((flare - 0.07) * w, 0.5 * end), ((flare - 0.2) * w, 0.75 * end)]
    mass = _mass(dome, sides, 0.75 * end)
    strands = _hang(
        rng, "back", _spread(rng, int(rng.integers(6, 10))), top=-0.1, wide=0.98 * w,
        spread=(flare - 0.02) * w, bottom=end, jitter=0.05 if blunt else 0.09,
        width=0.44 * w, blunt=blunt, curl=curl, bare=0.15,
    )  # fmt: skip
    return Back(mass, tuple(strands), end, "short", 0.9 * end, (flare - 0.06 + 0.8 * curl, blunt))


def _short_bob(dome: Dome, head: Head, rng: Rng) -> Back:
    return _bob(
        dome,
        head,
        rng,
        end=head.chin * between(rng, 0.75, 1.0),
        flare=between(rng, 0.94, 1.06),
        curl=between(rng, -0.1, 0.05),
        blunt=pick(rng, (0.0, 0.6)),
    )


def _round_bob(dome: Dome, head: Head, rng: Rng) -> Back:
    return _bob(
        dome,
        head,
        rng,
        end=head.chin * between(rng, 0.85, 1.1),
        flare=between(rng, 1.04, 1.15),
        curl=-0.28,
        blunt=0.0,
    )


def _a_line(dome: Dome, head: Head, rng: Rng) -> Back:
    return _bob(
        dome,
        head,
        rng,
        end=head.chin * between(rng, 0.95, 1.2),
        flare=between(rng, 1.1, 1.25),
        curl=0.05,
        blunt=0.8,
    )


def _flipped(dome: Dome, head: Head, rng: Rng) -> Back:
    w, end = dome.half, head.chin + between(rng, 0.3, 0.7)
    mass = _mass(dome, [(0.98 * w, 0.3), (0.84 * w, 0.6 * end), (0.85 * w, 0.85 * end)], 0.85 * end)
    strands = _hang(
        rng, "back", _spread(rng, int(rng.integers(5, 9))), top=0.1, wide=0.95 * w, spread=0.95 * w,
        bottom=end, jitter=0.07, width=0.5 * w, curl=0.45,
    )  # fmt: skip
    return Back(mass, tuple(strands), end, "medium", 0.75 * end, (1.1, 0.0))


def _wolf(dome: Dome, head: Head, rng: Rng) -> Back:
    w, end = dome.half, head.chin + between(rng, 0.25, 0.9)
    mass = _mass(dome, [(0.98 * w, 0.25), (0.75 * w, 0.6 * end), (0.55 * w, 0.8 * end)], 0.8 * end)
    low = _hang(
        rng, "back", _spread(rng, 7), top=0.2, wide=0.7 * w, spread=0.85 * w, bottom=end,
        jitter=0.16, width=0.32 * w, curl=0.2, bare=0.35,
    )  # fmt: skip
    high = _hang(
        rng, "back", [-1.0, 1.0, -0.92, 0.92], top=-0.5, wide=1.02 * w, spread=1.12 * w,
        bottom=0.5 * head.chin, jitter=0.18, width=0.34 * w, curl=0.25, bare=0.3,
    )  # fmt: skip
    return Back(mass, tuple(low + high), end, "medium", 0.7 * head.chin, (0.85, 0.0))


def _long(
    dome: Dome, head: Head, rng: Rng, *, end: float, flare: float, blunt: float, wave: float,
    turns: float = 1.5, over: float = 0.6, curl: float = 0.0, medium: bool = False,
) -> Back:  # fmt: skip
    w = dome.half
    sides = [(1.0 * w, 0.2), (0.5 * (1 + flare) * w, 0.9), (flare * w, max(1.3, 0.8 * end))]
    mass = _mass(dome, sides, 0.85 * end)
    strands = _hang(
        rng, "back", _spread(rng, int(rng.integers(6, 9))), top=0.2, wide=0.98 * w,
        spread=flare * w, bottom=end, jitter=0.03 if blunt else 0.16, width=0.6 * w, blunt=blunt,
        wave=wave, turns=turns, curl=curl, bare=0.1,
    )  # fmt: skip
    if rng.random() < over:
        for side in (-1.0, 1.0):
            if rng.random() < 0.85:
                places = [side * between(rng, 0.9, 1.0), side * between(rng, 0.6, 0.75)]
                strands += _hang(
                    rng, "body", places[: int(rng.integers(1, 3))], top=-0.1, wide=0.98 * w,
                    spread=(0.5 * flare + 0.4) * w, bottom=min(end, between(rng, 1.9, 3.2)),
                    jitter=0.12, width=0.34 * w, wave=0.8 * wave + 0.04, turns=turns, bare=0.05,
                )  # fmt: skip
    length: Length = "medium" if medium else "long"
    panel = min(0.9 * end, (1.5 if rng.random() < 0.5 else 2.4) * head.chin)
    return Back(mass, tuple(strands), end, length, panel, (0.5 * (0.86 + min(flare, 1.1)), 0.0))


def _shoulder(dome: Dome, head: Head, rng: Rng) -> Back:
    return _long(
        dome,
        head,
        rng,
        end=head.chin + between(rng, 0.35, 0.8),
        flare=between(rng, 0.95, 1.1),
        blunt=0.0,
        wave=between(rng, 0, 0.05),
        over=0.4,
        medium=True,
    )


def _straight(dome: Dome, head: Head, rng: Rng) -> Back:
    return _long(
        dome,
        head,
        rng,
        end=between(rng, 2.0, 2.9),
        flare=between(rng, 0.9, 1.15),
        blunt=0.0,
        wave=0.0,
    )


def _wavy(dome: Dome, head: Head, rng: Rng) -> Back:
    return _long(
        dome,
        head,
        rng,
        end=between(rng, 1.9, 3.0),
        flare=between(rng, 1.1, 1.35),
        blunt=0.0,
        wave=between(rng, 0.08, 0.16),
        turns=between(rng, 1.3, 2.2),
        curl=0.1,
    )


def _very_long(dome: Dome, head: Head, rng: Rng) -> Back:
    return _long(
        dome,
        head,
        rng,
        end=between(rng, 3.4, 4.2),
        flare=between(rng, 1.0, 1.4),
        blunt=0.0,
        wave=between(rng, 0.0, 0.08),
    )


def _hime(dome: Dome, head: Head, rng: Rng) -> Back:
    return _long(
        dome,
        head,
        rng,
        end=between(rng, 2.2, 3.3),
        flare=between(rng, 0.95, 1.1),
        blunt=1.0,
        wave=0.0,
        over=0.35,
    )


def _curly(dome: Dome, head: Head, rng: Rng) -> Back:
    w, end = dome.half, head.chin + between(rng, 0.2, 1.0)
    flare = between(rng, 1.1, 1.25)
    mass = _mass(
        dome, [(1.08 * w, 0.2), (flare * w, 0.6 * end), (0.95 * flare * w, 0.85 * end)], 0.85 * end
    )
    strands = _hang(
        rng, "back", _spread(rng, 8), top=-0.3, wide=1.08 * w, spread=1.06 * flare * w, bottom=end,
        jitter=0.12, width=0.46 * w, wave=0.16, turns=2.2, curl=-0.1, bare=0.1,
    )  # fmt: skip
    length: Length = "medium" if end > head.chin + 0.35 else "short"
    return Back(mass, tuple(strands), end, length, 0.8 * end, (1.0, 0.0))


def _boy(dome: Dome, head: Head, rng: Rng) -> Back:
    """Short at the nape; hair hides the ears' tops at most."""
    w, end = dome.half, 0.62 * head.chin
    mass = _mass(dome, [(0.96 * w, -0.05), (0.8 * w, 0.3), (0.5 * w, 0.9 * end)], end)
    strands = _hang(
        rng,
        "back",
        _spread(rng, int(rng.integers(6, 9))),
        top=-0.2,
        wide=0.84 * w,
        spread=0.74 * w,
        bottom=1.35 * end,
        jitter=0.07,
        width=0.3 * w,
        curl=between(rng, -0.05, 0.15),
        bare=0.35,
    )
    return Back(mass, tuple(strands), end, "short", between(rng, 0.1, 0.5) * head.chin, (0.8, 0.0))


def _spiky(dome: Dome, head: Head, rng: Rng) -> Back:
    """Spikes stand off all around the dome."""
    w, end = dome.half, 0.6 * head.chin
    mass = _mass(dome, [(0.95 * w, -0.05), (0.75 * w, 0.3), (0.5 * w, 0.9 * end)], end)
    strands: list[Strand] = []
    up = between(rng, 0.22, 0.42)
    drift = sign(rng) * between(rng, 0.2, 0.7)
    height = WIDEST - dome.top
    for angle in np.linspace(-1.0, 1.0, int(rng.integers(4, 7))) + rng.normal(0, 0.1):
        reach = up * between(rng, 0.6, 1.3)
        c, s = float(np.cos(angle)), float(np.sin(angle))
        foot = (0.5 * w * s, WIDEST - 0.5 * height * c)
        rim = (0.88 * w * s, WIDEST - 0.88 * height * c)
        tip = (rim[0] + (s + drift) * 1.2 * reach, rim[1] - c * reach - 0.12)
        knee = (0.45 * rim[0] + 0.55 * tip[0] - 0.12 * drift * reach, 0.4 * rim[1] + 0.6 * tip[1])
        strands.append(
            laid(
                "back", [foot, rim, knee, tip], [0.26, 0.3, 0.24, 0.12, 0.0], bare=0.4,
                lines=((0.1, 0.35),), shade=0.5,
            )
        )  # fmt: skip
    for side in (-1.0, 1.0):
        for q in (1.0, 0.86, 0.72)[: int(rng.integers(2, 4))]:
            leave = between(rng, 0.72, 0.95) * (1.05 if q == 1.0 else 1.0)
            flow = dome.flow(side * q * 0.92, np.array([0.2, 0.5, leave]))
            reach = up * between(rng, 0.9, 1.5)
            tip = (float(flow[-1, 0]) + side * reach, float(flow[-1, 1]) + 0.9 * reach)
            knee = (float(flow[-1, 0]) + side * 0.36 * reach, float(flow[-1, 1]) + 0.5 * reach)
            strands.append(
                laid(
                    "front", [*flow.tolist(), knee, tip], [0.06, 0.13, 0.17, 0.16, 0.09, 0.0],
                    bare=0.45, lines=((0.2, 0.35),), shade=between(rng, 0.3, 0.7), off=True,
                )
            )  # fmt: skip
    strands += _hang(
        rng, "back", _spread(rng, 6), top=-0.2, wide=0.82 * w, spread=0.78 * w, bottom=1.3 * end,
        jitter=0.08, width=0.32 * w, curl=0.15, bare=0.35,
    )  # fmt: skip
    return Back(mass, tuple(strands), end, "short", between(rng, 0.1, 0.5) * head.chin, (0.9, 0.0))


def tied(dome: Dome, head: Head, rng: Rng) -> Back:
    """Hair gathered elsewhere: only the dome, narrow at the nape."""
    w = dome.half
    mass = _mass(dome, [(0.95 * w, -0.05), (0.78 * w, 0.25), (0.42 * w, 0.55)], 0.62)
    return Back(mass, (), 0.6, "long", between(rng, 0.5, 1.3) * head.chin, (0.78, 0.0))


SHAPES: Final[dict[str, Callable[[Dome, Head, Rng], Back]]] = {
    "short_bob": _short_bob,
    "round_bob": _round_bob,
    "a_line": _a_line,
    "flipped": _flipped,
    "wolf": _wolf,
    "shoulder": _shoulder,
    "straight": _straight,
    "wavy": _wavy,
    "very_long": _very_long,
    "hime": _hime,
    "curly": _curly,
    "boy": _boy,
    "spiky": _spiky,
    "tied": tied,
}
