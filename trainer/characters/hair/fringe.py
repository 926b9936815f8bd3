"""Fringes: each shape lays 4 to 9 clumps of unequal width and length over the forehead."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from trainer.characters.chance import between, clamp, pick, sign
from trainer.characters.hair.dome import WIDEST, Dome
from trainer.characters.hair.strand import Strand, laid
from trainer.characters.head import Head

Rng = np.random.Generator

_LAID: Final = np.array([0.05, 0.28, 0.52, 0.78])
_HUG: Final = np.array([0.0, 1.0, 0.8, 0.0])
_DOWN: Final = np.linspace(0, 1, 13)


def clump(
    dome: Dome,
    q: float,
    width: float,
    tip: tuple[float, float],
    rng: Rng,
    *,
    fork: float = 0.6,
    blunt: float = 0.0,
    belly: float = 1.4,
    swing: float = 0.0,
    hug: float = 0.0,
    bare: float | None = None,
) -> Strand:
    """A fringe clump at lateral place `q`, `width` wide at the brows, ending at `tip` (x, y).

    It keeps its width down to the share `fork` of its length; `blunt` is the share left at the tip,
    `belly` above 1 rounds its sides, below 1 makes them hollow; `swing` bends it sideways,
    `hug` (0 to 1) keeps it close to the parting down to the hairline.
    """
    low = max(0.6, 1 - 0.35 * max(0.0, WIDEST - tip[1] + 0.45))
    places = q + (hug * (dome.parting / dome.half - q)) * _HUG if hug else q
    flow = dome.flow(places, low * _LAID)
    (x, y), (to_x, to_y) = flow[-1].tolist(), tip
    middle = (0.5 * (x + to_x) + 0.5 * swing + 0.12 * (x - to_x), 0.5 * (y + to_y))
    rise = np.minimum(0.12 + (0.88 / max(fork, 0.3)) * _DOWN, 1)
    shape = np.sin(rise * (np.pi / 2))
    late = np.maximum((_DOWN - fork) / (1 - fork), 0)
    shape = shape * (blunt + (1 - blunt) * (1 - late**belly))
    count = pick(rng, (0, 1, 1, 2, 3)) if width > 0.13 else int(rng.random() < 0.3)
    lines = [(between(rng, -0.6, 0.6), between(rng, 0.18, 0.5)) for _ in range(count)]
    return laid(
        "front",
        np.concatenate([flow, (middle, tip)]),
        0.55 * width * shape,
        bare=between(rng, 0.28, 0.5) if bare is None else bare,
        lines=lines,
        shade=between(rng, 0.25, 0.7),
    )


def _cuts(rng: Rng, count: int, span: float, uneven: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """Centres and widths (in q) of `count` unequal clumps that tile -span to span."""
    weights = np.exp(rng.normal(0, uneven, count))
    bounds = np.concatenate([[0], np.cumsum(weights)]) / weights.sum()
    bounds = span * (2 * bounds - 1)
    return 0.5 * (bounds[1:] + bounds[:-1]), np.diff(bounds)


def _order(rng: Rng, strands: list[Strand]) -> list[Strand]:
    """Outer clumps below, middle ones above, with some chance."""
    key = [-abs(s.tip[0]) + 0.25 * rng.random() for s in strands]
    return [strands[i] for i in np.argsort(key)]


def _span(dome: Dome, reach: float = 0.97) -> float:
    return reach * dome.face / dome.half


Level = Callable[[float], float]


def _row(
    dome: Dome,
    rng: Rng,
    count: int,
    level: Level,
    *,
    jitter: float,
    blunt: tuple[float, float] = (0.0, 0.0),
    belly: tuple[float, float] = (1.1, 1.9),
    sweep: Callable[[float], float] = lambda x: 0.0,
    spread: float = 0.0,
    thin: float = 1.0,
    uneven: float = 0.5,
    gap: tuple[float, float] = (0.05, 0.3),
) -> list[Strand]:
    """A row of clumps whose tips follow `level` (x to y); `gap` is the range of the gaps' heights
    above the tips (face units); `sweep` moves tips sideways, `spread` jitters them."""
    out: list[Strand] = []
    centres, widths = _cuts(rng, count, _span(dome), uneven)
    for q, w in zip(centres.tolist(), widths.tolist(), strict=True):
        x = q * dome.half
        y = level(x) + float(rng.normal(0, jitter))
        tip = (x * 0.97 + sweep(x) + float(rng.normal(0, spread)), y)
        depth = min(between(rng, *gap), y - dome.hairline - 0.08)
        share = 1 - depth / max(y - dome.top, 0.5)
        out.append(
            clump(
                dome, q, (w * dome.half + 0.035) * thin, tip, rng,
                fork=clamp(share, 0.35, 0.97),
                blunt=between(rng, *blunt), belly=between(rng, *belly),
                swing=float(rng.normal(0, 0.03)),
            )
        )  # fmt: skip
    return _order(rng, out)


def _blunt(dome: Dome, head: Head, rng: Rng) -> list[Strand]:
    y = _tips(head, rng, -0.02)
    arch = between(rng, 0.0, 0.12)
    return _row(
        dome, rng, int(rng.integers(6, 10)), lambda x: y + arch * x * x, jitter=0.012,
        blunt=(0.75, 0.95), belly=(1.5, 3.0), gap=(0.04, 0.12),
    )  # fmt: skip


def _gaps(dome: Dome, head: Head, rng: Rng) -> list[Strand]:
    y = _tips(head, rng, 0.02)
    return _row(
        dome, rng, int(rng.integers(5, 8)), lambda x: y + 0.06 * x * x, jitter=0.03,
        blunt=(0.45, 0.75), belly=(1.0, 1.8), gap=(0.15, 0.6),
    )  # fmt: skip


def _sided(
    dome: Dome, head: Head, rng: Rng, *, inner: float, outer: float, push: float, gap: float
) -> list[Strand]:
    """Clumps that leave a parting to both sides; tips from `inner` (at the parting) to `outer`.

    `gap` is how far the innermost edges stand from the parting (face units).
    """
    out: list[Strand] = []
    reach = _span(dome) * dome.half
    for side in (-1.0, 1.0):
        room = reach - side * dome.parting - gap
        count = max(2, round(room / reach * between(rng, 2.0, 3.6)))
        weights = np.exp(rng.normal(0, 0.5, count))
        cut = np.concatenate([[0], np.cumsum(weights)]) / weights.sum()
        part: list[Strand] = []
        for i in range(count):
            share = float(0.5 * (cut[i] + cut[i + 1]))
            wide = room * float(cut[i + 1] - cut[i]) + (0.05 if i == 0 else 0.1)
            x = dome.parting + side * (gap + room * share + 0.03)
            y = inner + (outer - inner) * share + float(rng.normal(0, 0.06))
            limit = 1.02 * dome.face
            end = x + side * push * (1.15 - 0.8 * share) + float(rng.normal(0, 0.03))
            part.append(
                clump(
                    dome, x / dome.half, wide, (clamp(end, -limit, limit), y), rng,
                    fork=between(rng, 0.42, 0.62), belly=between(rng, 1.0, 1.6),
                    swing=-side * between(rng, 0, 0.5) * push,
                    hug=0.4 if i == 0 else 0.0,
                )
            )  # fmt: skip
        if rng.random() < 0.6:
            part.reverse()
        out += part
    return out


def _parted(dome: Dome, head: Head, rng: Rng) -> list[Strand]:
    base = _tips(head, rng, 0.0)
    return _sided(
        dome, head, rng, inner=base - 0.08, outer=base + 0.25, push=0.16,
        gap=between(rng, 0.04, 0.16),
    )  # fmt: skip


def _curtain(dome: Dome, head: Head, rng: Rng) -> list[Strand]:
    base = _tips(head, rng, 0.0)
    return _sided(
        dome, head, rng, inner=base - 0.05, outer=base + between(rng, 0.5, 0.8), push=0.38,
        gap=between(rng, 0.1, 0.22),
    )  # fmt: skip


def _side_part(dome: Dome, head: Head, rng: Rng) -> list[Strand]:
    base = _tips(head, rng, 0.0)
    return _sided(
        dome, head, rng, inner=base - 0.12, outer=base + 0.2, push=between(rng, 0.2, 0.4),
        gap=between(rng, 0.02, 0.12),
    )  # fmt: skip


def _swept(dome: Dome, head: Head, rng: Rng) -> list[Strand]:
    y, way = _tips(head, rng, 0.05), sign(rng)
    lean = between(rng, 0.15, 0.38)
    return _row(
        dome, rng, int(rng.integers(5, 9)), lambda x: y + 0.14 * way * x, jitter=0.05,
        belly=(1.0, 1.7), gap=(0.25, 0.75), sweep=lambda x: way * lean * (1 - 0.4 * abs(x)),
        spread=0.03,
    )  # fmt: skip


def _swoop(dome: Dome, head: Head, rng: Rng) -> list[Strand]:
    """One large clump sweeps over the forehead, small ones stand on the other side."""
    way = -np.sign(dome.parting) or 1.0
    span = _span(dome)
    out = []
    for i, q in enumerate(np.linspace(0.1, span, int(rng.integers(2, 4)))):
        x = -way * (0.35 + 0.5 * q) * dome.face
        tip = (clamp(x * 1.15, -0.97 * dome.face, 0.97 * dome.face), -0.25 + 0.2 * i)
        out.append(clump(dome, -way * q, 0.34, tip, rng, fork=0.55))
    y = _tips(head, rng, 0.1)
    count = int(rng.integers(3, 5))
    for i in range(count):
        share = 1 - i / count
        q = way * (0.62 * share - 0.16)
        x = way * (0.12 + 0.85 * share) * dome.face
        out.append(
            clump(
                dome, q, 0.46 - 0.05 * i, (x, y + 0.22 * share + float(rng.normal(0, 0.04))), rng,
                fork=between(rng, 0.4, 0.6), swing=-way * 0.06, belly=1.5,
            )
        )  # fmt: skip
    return out


def _choppy(dome: Dome, head: Head, rng: Rng) -> list[Strand]:
    y = _tips(head, rng, 0.02)
    lean = float(rng.normal(0, 0.1))
    return _row(
        dome, rng, int(rng.integers(6, 10)), lambda x: y + 0.08 * x * x, jitter=0.09,
        belly=(0.8, 1.2), gap=(0.45, 0.95), sweep=lambda x: lean, spread=0.06, uneven=0.6,
    )  # fmt: skip


def _spiky(dome: Dome, head: Head, rng: Rng) -> list[Strand]:
    y = _tips(head, rng, -0.12)
    lean = float(rng.normal(0, 0.2))
    return _row(
        dome, rng, int(rng.integers(5, 8)), lambda x: y + 0.1 * x * x, jitter=0.08,
        belly=(0.8, 1.3), gap=(0.4, 0.8), sweep=lambda x: lean + 0.1 * x, spread=0.08,
    )  # fmt: skip


def _messy(dome: Dome, head: Head, rng: Rng) -> list[Strand]:
    y = _tips(head, rng, 0.05)
    return _row(
        dome, rng, int(rng.integers(6, 9)), lambda x: y, jitter=0.08,
        belly=(1.0, 1.6), gap=(0.3, 0.8), spread=0.14, thin=1.2, uneven=0.6,
    )  # fmt: skip


def _wispy(dome: Dome, head: Head, rng: Rng) -> list[Strand]:
    y = _tips(head, rng, 0.06)
    return _row(
        dome, rng, int(rng.integers(7, 10)), lambda x: y + 0.05 * x * x, jitter=0.06,
        belly=(0.7, 1.0), gap=(0.7, 1.1), spread=0.04, thin=0.8,
    )  # fmt: skip


def _bowl(dome: Dome, head: Head, rng: Rng) -> list[Strand]:
    y = _tips(head, rng, -0.06)
    return _row(
        dome, rng, int(rng.integers(6, 9)), lambda x: y + 0.45 * x * x, jitter=0.02,
        blunt=(0.5, 0.8), belly=(1.5, 2.5), gap=(0.05, 0.2),
    )  # fmt: skip


def _wedge(dome: Dome, head: Head, rng: Rng) -> list[Strand]:
    """Longest in the middle."""
    y = _tips(head, rng, 0.15)
    return _row(
        dome, rng, int(rng.integers(5, 8)), lambda x: y - 0.25 * abs(x), jitter=0.05,
        belly=(1.1, 1.7), gap=(0.3, 0.75), sweep=lambda x: -0.08 * x,
    )  # fmt: skip


def _nose_lock(dome: Dome, head: Head, rng: Rng) -> list[Strand]:
    """One lock crosses the bridge of the nose between the eyes."""
    out = _gaps(dome, head, rng) if rng.random() < 0.3 else _sided(
        dome, head, rng, inner=_tips(head, rng, -0.05), outer=-0.1, push=0.12, gap=0.05
    )  # fmt: skip
    x = float(rng.normal(0, 0.06))
    y = between(rng, 0.0, 0.35)
    q = 0.3 * x + 0.15 * dome.parting
    lock = clump(
        dome, q, between(rng, 0.2, 0.34), (x, y), rng, fork=between(rng, 0.4, 0.55),
        belly=between(rng, 0.9, 1.3), swing=float(rng.normal(0, 0.08)),
    )  # fmt: skip
    return [*out, lock]


def over_eye(dome: Dome, head: Head, rng: Rng, side: float) -> list[Strand]:
    """Clumps that fall across the eye on `side` (-1 left, 1 right as seen)."""
    out = _sided(
        dome, head, rng, inner=_tips(head, rng, 0.0), outer=_tips(head, rng, 0.2), push=0.15,
        gap=0.02,
    )  # fmt: skip
    for i in range(int(rng.integers(2, 4))):
        x = side * float(0.30 + 0.22 * i + rng.uniform(-0.05, 0.05))
        y = between(rng, 0.2, 0.55) - 0.06 * i
        out.append(
            clump(
                dome, side * (0.12 + 0.13 * i), between(rng, 0.34, 0.46), (x, y), rng,
                fork=between(rng, 0.5, 0.65), swing=side * 0.1, belly=1.3,
            )
        )  # fmt: skip
    return out


def _bare(dome: Dome, head: Head, rng: Rng) -> list[Strand]:
    """Hair combed back: only a few strays fall from the hairline."""
    out: list[Strand] = []
    for _ in range(int(rng.integers(0, 3))):
        x = between(rng, -0.45, 0.45)
        q = 0.5 * x
        out.append(
            clump(
                dome, q, between(rng, 0.06, 0.14),
                (x + float(rng.normal(0, 0.12)), between(rng, -0.55, -0.1)), rng,
                fork=0.4, belly=1.0, swing=float(rng.normal(0, 0.12)), bare=0.3,
            )
        )  # fmt: skip
    return out


def _tips(head: Head, rng: Rng, lower: float) -> float:
    """The y of the tips: most cross the brows, some only reach them (ANATOMY's quantiles)."""
    brow = head.brow
    y = brow + 0.16 + 0.10 * float(rng.normal()) + lower
    return clamp(y, brow - 0.12, min(-0.02, brow + 0.5))


SHAPES: Final[dict[str, Callable[[Dome, Head, Rng], list[Strand]]]] = {
    "blunt": _blunt,
    "gaps": _gaps,
    "parted": _parted,
    "curtain": _curtain,
    "side_part": _side_part,
    "swept": _swept,
    "swoop": _swoop,
    "choppy": _choppy,
    "spiky": _spiky,
    "messy": _messy,
    "wispy": _wispy,
    "bowl": _bowl,
    "wedge": _wedge,
    "nose_lock": _nose_lock,
    "bare": _bare,
}
"""All fringes but `over_eye`, which needs a side."""
