"""Locks beside the face, tails, braids and buns, and stray hairs."""

from __future__ import annotations

from math import sqrt
from typing import Final, Literal

import numpy as np

from trainer.characters.chance import between, clamp, sign
from trainer.characters.hair.back import Back
from trainer.characters.hair.dome import WIDEST, Dome
from trainer.characters.hair.strand import Layer, Strand, disc, laid
from trainer.characters.head import Head
from trainer.characters.ink import Points, curve

Rng = np.random.Generator
Tails = Literal["none", "twin", "pony", "side", "braid", "braids", "buns"]

TAILS: Final[tuple[Tails, ...]] = ("none", "twin", "pony", "side", "braid", "braids", "buns")


def panel(dome: Dome, back: Back, side: float, rng: Rng, *, wave: float = 0.0) -> list[Strand]:
    """Hair that falls from the crown over the temple and the ear, in front of the back hair."""
    out: list[Strand] = []
    w, f = dome.half, dome.face
    end, (place, blunt) = back.panel, back.panel_end
    wave *= sign(rng)
    inset = between(rng, 0.84, 1.0) * f
    room = w - inset
    split = between(rng, 0.4, 0.62)
    for i in range(2):
        half = 0.5 * room * ((1 - split), split)[i] * 1.35
        x = inset + room * (1 - 0.5 * (1 - split) if i == 0 else 0.5 * split)
        tip_x = x + (place * w - x) * (0.8 if i == 0 else 0.3) - (0.1 if i == 0 else 0.0)
        y = end * float(rng.uniform(0.9, 1.05) if i == 0 else rng.uniform(0.55, 1.0))
        flow = dome.flow(side * min(x / (0.98 * w), 0.9), np.array([0.06, 0.35, 0.7, 1.0]))
        low = [
            (side * (x + d * d * (tip_x - x) + wave * (-1) ** k), d * y)
            for k, d in enumerate((0.25, 0.5, 0.75))
        ]
        tail = (1.0, 1.0, 0.5 + 0.5 * blunt) if blunt else (1.0, 0.7, 0.0)
        widths = [0.25, 0.6, 0.9, 1.0, *tail]
        out.append(
            laid(
                "front", np.concatenate([flow, low, [(side * tip_x, y)]]),
                [half * t for t in widths], bare=0.42, lines=_lines(rng, 5),
                shade=between(rng, 0.2, 0.7),
            )
        )  # fmt: skip
    return out


def cheek_lock(dome: Dome, head: Head, side: float, end: float, rng: Rng, *, wave: float) -> Strand:
    """A lock that leaves the parting, passes the temple and hangs over the cheek to y=`end`."""
    f = dome.face
    x = f * between(rng, 0.86, 1.0)
    q = side * x / (0.98 * dome.half)
    flow = dome.flow(q, np.array([0.08, 0.4, 0.72, 0.95]))
    tip_x = x + float(rng.normal(-0.04, 0.07))
    lower = min(end, head.chin)
    bow = between(rng, -0.02, 0.07)
    width = between(rng, 0.11, 0.24)
    fall = [
        (side * (x + bow), 0.35 * lower), (side * (0.5 * (x + tip_x) + wave), 0.7 * end),
        (side * tip_x, end),
    ]  # fmt: skip
    profile = np.array([0.35, 0.8, 1.0, 1.0, 0.95, 0.8, 0.5, 0.0]) * 0.5 * width
    return laid(
        "front", np.concatenate([flow, fall]), profile, bare=0.4, lines=_lines(rng, 2),
        shade=between(rng, 0.3, 0.7),
    )  # fmt: skip


def hime_lock(dome: Dome, head: Head, side: float, end: float, rng: Rng) -> Strand:
    """A blunt lock cut at the cheek, as in the hime cut."""
    f = dome.face
    x = f * 0.98
    flow = dome.flow(side * x / (0.98 * dome.half), np.array([0.08, 0.4, 0.72, 0.95]))
    width = between(rng, 0.24, 0.36)
    return laid(
        "front", [*flow, (side * x, 0.5 * end), (side * (x - 0.01), end)],
        np.array([0.3, 0.7, 0.95, 1.0, 1.0, 0.96]) * 0.5 * width,
        bare=0.4, lines=_lines(rng, 3), shade=0.4,
    )  # fmt: skip


def tuft(dome: Dome, head: Head, side: float, rng: Rng) -> list[Strand]:
    """Short pointed hair at the temple and over the ear's top (short and tied hair)."""
    out: list[Strand] = []
    f = dome.face
    for i in range(int(rng.integers(2, 4))):
        x = f * (1.16 - 0.12 * i)
        flow = dome.flow(side * min(x / (0.98 * dome.half), 0.9), np.array([0.1, 0.45, 0.8]))
        y = between(rng, 0.0, 0.35) + 0.06 * i
        out.append(
            laid(
                "front",
                [*flow, (side * x * 1.0, -0.15), (side * f * between(rng, 0.94, 1.08), y)],
                [0.05, 0.11, 0.15, 0.14, 0.0],
                bare=0.45,
                lines=_lines(rng, 1),
            )
        )
    return out


def twin_tails(
    dome: Dome, rng: Rng, *, root: float, length: float, wave: float
) -> tuple[list[Strand], list[tuple[float, float]]]:
    """A tail on each side from height y=`root` down to y=`length`; and where they are tied."""
    out: list[Strand] = []
    ties: list[tuple[float, float]] = []
    layer: Layer = "back" if root < 0.1 else "body"
    fan = between(rng, 0.28, 0.62)
    for side in (-1.0, 1.0):
        at = _rim(dome, root) if root < 0 else 0.8 * dome.half
        x0 = side * (at - 0.06)
        ties.append((side * (at + 0.03), root))
        for i in range(3):
            drift = fan * (1.0, 0.72, 1.22)[i] + float(rng.normal(0, 0.04))
            end = length * (1.0, 0.86, 0.78)[i] + float(rng.normal(0, 0.06))
            x = side * (at + drift)
            line = [
                (x0, root + 0.03), (side * (at + 0.5 * drift), root - 0.1 * (root < -0.2) + 0.03),
                (side * (at + 0.95 * drift), root + 0.22 * (end - root)),
                (x + side * wave, root + 0.5 * (end - root)),
                (x - side * wave, root + 0.76 * (end - root)),
                (x + side * (wave + 0.04) * (1 - 0.6 * i), end),
            ]  # fmt: skip
            wide = (0.25, 0.18, 0.14)[i] * (1 + 0.4 * min(fan, 0.6))
            half = np.array([0.3, 0.8, 1.15, 1.25, 1.1, 0.7, 0.0]) * wide
            out.append(
                laid(
                    layer, line, half, bare=0.0, lines=_lines(rng, 2, 0.9),
                    shade=between(rng, 0.4, 0.8),
                )
            )  # fmt: skip
    return out, ties


def ponytail(
    dome: Dome, rng: Rng, *, side: float, root: float, length: float
) -> tuple[list[Strand], list[tuple[float, float]]]:
    """One tail from the back of the crown (small |side|) or from the side, swinging to `side`."""
    way = float(np.sign(side) or 1.0)
    at = _rim(dome, root) * abs(side)
    out: list[Strand] = []
    for i in range(4):
        drift = between(rng, 0.42, 0.6) + 0.12 * i - 0.1
        end = length * (1.0, 0.88, 0.95, 0.75)[i]
        x = dome.half + drift * 0.75
        line = [
            (way * at, root), (way * (0.5 * (at + x)), root - 0.28),
            (way * x, root + 0.1), (way * (x + 0.08), root + 0.4 * (end - root)),
            (way * (x - 0.05 * i), root + 0.72 * (end - root)), (way * (x + 0.16 - 0.1 * i), end),
        ]  # fmt: skip
        half = np.array([0.4, 0.85, 1.1, 1.2, 1.05, 0.65, 0.0]) * (0.22 - 0.025 * i)
        out.append(laid("back", line, half, bare=0.0, lines=_lines(rng, 2, 0.9), shade=0.6))
    return out, [(way * (at + 0.05), root - 0.06)]


def braid(
    points: Points, rng: Rng, *, width: float, count: int, layer: Layer = "body"
) -> list[Strand]:
    """A plait along `points` [N, 2]: plump segments that lean to both sides in turn, and a tuft."""
    line = curve(points, 12)
    places = np.linspace(0, 0.86, count + 1)
    at = np.stack([np.interp(places, np.linspace(0, 1, len(line)), line[:, i]) for i in (0, 1)], 1)
    step = np.diff(at, axis=0)
    out: list[Strand] = []
    for i in range(count):
        way = step[i] / (np.hypot(*step[i]) + 1e-9)
        normal = np.array([-way[1], way[0]]) * (1 if i % 2 else -1)
        size = width * (1 - 0.35 * i / count)
        long = float(np.hypot(*step[i]))
        a = at[i] + normal * 0.16 * size - way * 0.65 * long
        b = at[i] + normal * 0.32 * size + way * 0.15 * long
        c = at[i] - normal * 0.16 * size + way * 1.15 * long
        half = np.array([0.3, 0.8, 1.0, 0.95, 0.6, 0.0]) * 0.38 * size
        out.append(laid(layer, [a, b, c], half, bare=0.0, lines=((0.2, 0.5),), shade=0.5))
    for _ in range(2):
        tip = line[-1] + rng.normal(0, 0.05, 2) + (0.0, 0.05)
        tail = [at[-1], 0.5 * (at[-1] + tip), tip]
        widths = [0.15 * width, 0.27 * width, 0.24 * width, 0.0]
        out.append(laid(layer, tail, widths, bare=0.1, lines=((0, 0.5),)))
    out.reverse()  # each segment lies over the one below it
    return out


def buns(dome: Dome, rng: Rng) -> tuple[list[Strand], list[tuple[float, float]]]:
    """A round bun on each side of the crown, some with a tail below."""
    out: list[Strand] = []
    ties: list[tuple[float, float]] = []
    radius = between(rng, 0.26, 0.40)
    q = between(rng, 0.52, 0.78)
    tails = rng.random() < 0.35
    for side in (-1.0, 1.0):
        x = side * q * dome.half * 1.02
        y = WIDEST - (WIDEST - dome.top) * float(np.sqrt(1 - (0.92 * q) ** 2)) - 0.42 * radius
        if tails:
            line = [
                (x, y),
                (x + side * 0.32, y + 0.3),
                (x + side * 0.3, y + 1.4),
                (x + side * 0.4, y + 2.6),
            ]
            out.append(
                laid(
                    "back", line, [0.08, 0.15, 0.16, 0.13, 0.0], bare=0.0, lines=_lines(rng, 2, 0.9)
                )
            )
        out.append(disc("back", (x, y), radius, between(rng, 0.85, 1.0)))
        ties.append((x * 0.97, y + 0.75 * radius))
    return out, ties


def ahoge(dome: Dome, rng: Rng) -> list[Strand]:
    """A lock that stands up from the crown."""
    x = dome.parting * 0.6 + float(rng.normal(0, 0.06))
    way = sign(rng)
    t, size = dome.top, between(rng, 0.22, 0.5)
    kind = int(rng.integers(3))
    if kind == 0:
        line = [(x, t + 0.1), (x + way * 0.03, t - 0.55 * size), (x + way * 0.4 * size, t - size),
                (x + way * 0.95 * size, t - 0.75 * size)]  # fmt: skip
    elif kind == 1:
        line = [
            (x, t + 0.1),
            (x - way * 0.2 * size, t - 0.5 * size),
            (x + way * 0.1 * size, t - size),
            (x + way * 0.7 * size, t - 0.95 * size),
            (x + way * 0.75 * size, t - 0.5 * size),
        ]
    else:
        line = [
            (x, t + 0.1),
            (x + way * 0.3 * size, t - 0.4 * size),
            (x + way * size, t - 0.5 * size),
            (x + way * 1.5 * size, t - 0.15 * size),
        ]
    wide = between(rng, 0.035, 0.07)
    out = [
        laid(
            "front", line, [wide, wide, 0.9 * wide, 0.55 * wide, 0.0], bare=0.3, shade=0.4, off=True
        )
    ]
    if rng.random() < 0.3:
        other = [
            (x, t + 0.1),
            (x - way * 0.08, t - 0.3 * size),
            (x - way * 0.5 * size, t - 0.55 * size),
        ]
        out.append(
            laid("front", other, [0.8 * wide, 0.7 * wide, 0.0], bare=0.3, shade=0.4, off=True)
        )
    return out


def strays(dome: Dome, rng: Rng, count: int) -> list[Strand]:
    """Fine hairs that leave the silhouette or cross the forehead."""
    out: list[Strand] = []
    for _ in range(count):
        side = sign(rng)
        if rng.random() < 0.7:
            y = between(rng, WIDEST - 0.7, WIDEST + 0.3)
            x = _rim(dome, y)
            size = between(rng, 0.1, 0.25)
            line = [
                (side * (x - 0.12), y - 0.2),
                (side * (x + 0.01), y),
                (side * (x + 0.5 * size), y + size),
            ]
        else:
            x = between(rng, -0.5, 0.5)
            line = [
                (x * 0.6, dome.hairline),
                (x, -0.6),
                (x + side * 0.12, between(rng, -0.35, 0.0)),
            ]
        out.append(laid("front", line, [0.008, 0.02, 0.016, 0.0], bare=0.3, shade=0.0, off=True))
    return out


def _rim(dome: Dome, y: float) -> float:
    """Half the silhouette's width at height `y`."""
    rise = clamp((WIDEST - y) / (WIDEST - dome.top), 0.0, 1.0)
    return dome.half * sqrt(1 - rise**2.1)


def _lines(rng: Rng, most: int, longest: float = 0.6) -> list[tuple[float, float]]:
    return [
        (between(rng, -0.6, 0.6), between(rng, 0.2, longest))
        for _ in range(int(rng.integers(0, most + 1)))
    ]
