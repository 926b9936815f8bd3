"""Eyes: designs, and drawing one eye with any lids, iris, gaze and lashes.

An eye has local coordinates: u from -1 (inner corner) to 1 (outer corner), v in eye heights, down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from trainer.characters.chance import between, clamp, pick, sign
from trainer.characters.colour import Colour, adjust, argb, mix, shadow
from trainer.characters.head import Head
from trainer.characters.ink import Points, ellipse, ribbon, vertical
from trainer.characters.palette import Palette
from trainer.characters.pen import Pen
from trainer.characters.style import Style
from trainer.characters.view import View

# Shapes of the opening: inner and outer corner height, where the upper lid peaks, how boxy the
# upper and lower lids are, and how far out the lower lid's lowest point lies.
_SHAPES: Final = {
    "round": (0.18, 0.10, 0.00, 2.6, 2.4, 0.05),
    "almond": (0.20, 0.00, 0.00, 2.0, 1.8, 0.15),
    "drooping": (0.05, 0.28, -0.15, 2.3, 2.1, 0.20),
    "rising": (0.28, -0.16, 0.20, 2.2, 2.0, 0.10),
    "tall": (0.25, 0.15, 0.05, 3.0, 2.8, 0.00),
    "boxy": (0.15, 0.05, 0.00, 4.0, 3.0, 0.10),
    "narrow": (0.15, -0.10, 0.25, 2.0, 1.6, 0.20),
    "half_moon": (0.00, -0.04, 0.00, 3.6, 2.4, 0.05),
    "cat": (0.30, -0.25, 0.30, 2.4, 2.2, -0.05),
    "gentle": (0.12, 0.18, -0.05, 2.2, 1.7, 0.10),
    "wide": (0.15, 0.08, -0.05, 3.2, 2.2, 0.15),
    "sharp": (0.22, -0.20, 0.10, 1.8, 1.5, 0.25),
    "doll": (0.30, 0.25, 0.00, 2.5, 3.4, 0.00),
}
_IRISES: Final = ("gradient", "crescent", "rings", "flat", "two_tone", "rays", "dark", "pale")
_PUPILS: Final = ("oval", "oval", "oval", "small", "large", "slit", "none", "star", "ring")
_COUNT: Final = 19
_U: Final = np.linspace(-1.0, 1.0, _COUNT)
_ROUND: Final = np.clip(1 - _U * _U, 0, 1)
_ROUND_HIGH: Final = _ROUND**0.6
_SLANT: Final = _U * (1 - 0.25 * np.abs(_U))
_PUSH: Final = 0.3 + 0.7 * _ROUND

Line = NDArray[np.float64]
"""A value at each of the 19 places of a lid."""


@dataclass(frozen=True, slots=True)
class Eyes:
    """One design for both eyes; widths in face units, `skew` makes the two unlike."""

    shape: str
    iris: str
    pupil: str
    width: float
    height: float
    inner: float
    outer: float
    peak: float
    upper_box: float
    lower_box: float
    low_peak: float
    iris_width: float
    iris_height: float
    rest: float
    lash: float
    flick: float
    flick_rise: float
    spikes: int
    inner_thin: float
    lower: str
    crease: float
    lid_shade: bool
    rim: float
    highlights: tuple[tuple[float, float, float, float], ...]
    cut: bool
    bottom_glow: float
    skew: float


def sample_eyes(rng: np.random.Generator, head: Head, style: Style) -> Eyes:
    """Draw an eye design that fits the head; shares follow the census."""
    names = tuple(_SHAPES)
    if head.kind == "man":
        names = ("narrow", "sharp", "almond", "half_moon", "rising", "gentle")
    shape = names[rng.integers(len(names))]
    inner, outer, peak, upper, lower, low = _SHAPES[shape]
    n = rng.normal(size=8)
    side = sign(rng)
    count = pick(rng, range(4), (0.09, 0.43, 0.40, 0.08))
    big = between(rng, 0.20, 0.36)
    spots = [
        (side * 0.38, -0.34, big, big * rng.uniform(0.8, 1.5)),
        (-side * 0.40, 0.42, big * 0.5, big * 0.5),
        (side * 0.10, 0.55, big * 0.35, big * 0.3),
    ]
    if rng.random() < 0.10:
        spots[0] = (side * 0.75, -0.45, big, big)
    ratio = clamp(0.62 + 0.055 * n[4] - (0.1 if head.kind == "man" else 0), 0.44, 0.74)
    return Eyes(
        shape=shape,
        iris=pick(rng, _IRISES, (0.28, 0.25, 0.07, 0.09, 0.12, 0.07, 0.06, 0.06)),
        pupil=_PUPILS[rng.integers(len(_PUPILS))],
        width=head.eye_width,
        height=head.eye_height,
        inner=inner + 0.04 * n[0],
        outer=outer + 0.06 * n[1],
        peak=clamp(peak + 0.08 * n[2], -0.4, 0.45),
        upper_box=clamp(upper + 0.25 * n[3], 1.6, 4.5),
        lower_box=clamp(lower + 0.25 * n[5], 1.4, 4.0),
        low_peak=low,
        iris_width=head.eye_width * ratio,
        iris_height=head.eye_height * clamp(1.0 + 0.07 * n[6], 0.86, 1.16),
        rest=pick(
            rng,
            (1.0, between(rng, 0.92, 1.0), between(rng, 0.62, 0.8)),
            (0.6, 0.32, 0.08),
        ),
        lash=style.lash_weight * (0.75 if head.kind == "man" else 1.0),
        flick=pick(rng, (0.0, between(rng, 0.05, 0.22)), (0.45, 0.55)),
        flick_rise=between(rng, -0.5, 0.9),
        spikes=pick(rng, range(4), (0.45, 0.20, 0.20, 0.15)) if head.kind != "man" else 0,
        inner_thin=between(rng, 0.15, 0.6),
        lower=pick(rng, ("outer", "dashes", "whole", "none"), (0.55, 0.17, 0.20, 0.08)),
        crease=pick(rng, (0.0, between(rng, 0.05, 0.13)), (0.5, 0.5)),
        lid_shade=bool(rng.random() < 0.4),
        rim=pick(rng, (0.0, between(rng, 0.4, 0.9)), (0.2, 0.8)),
        highlights=tuple(spots[:count]),
        cut=bool(rng.random() < 0.1),
        bottom_glow=between(rng, 0.25, 0.85),
        skew=float(0.03 * n[7]),
    )


@dataclass(frozen=True, slots=True)
class EyeShape:
    """One eye under one expression, in view units; `opening` is the outline of what is open."""

    side: float
    upper: Points
    lower: Points
    opening: Points
    crease: Points
    openness: float
    centre: Points
    corners: Points


def shape_eyes(eyes: Eyes, view: View, p: Mapping[str, float]) -> tuple[EyeShape, EyeShape]:
    """The lids of the left eye (as seen) and of the right one."""
    lids = [_lids(eyes, side, p) for side in (-1.0, 1.0)]
    seen = view.face(np.concatenate([points for points, _ in lids])).reshape(2, -1, 2)
    left, right = (
        _eye_shape(side, points, openness)
        for side, points, (_, openness) in zip((-1.0, 1.0), seen, lids, strict=True)
    )
    return left, right


def _lids(eyes: Eyes, side: float, p: Mapping[str, float]) -> tuple[Points, float]:
    """Points [60, 2] of one eye on the face plane: the upper lid, the lower one, the crease, the
    centre, the inner and the outer corner; and how far it is open."""
    name = "left" if side < 0 else "right"
    lid = p[f"lid_upper_{name}"]
    push = p[f"lid_lower_{name}"]
    arc = p[f"lid_arc_{name}"]
    slant = p["lid_slant"]
    height = eyes.height * (1 + side * eyes.skew)
    open_lids = _open_lids(eyes)
    ends, open_up, low_down = open_lids.ends, open_lids.upper, open_lids.lower
    # The shut lid: hanging (arc -1), nearly flat (0), arched (1); in face units over the width.
    sag = 0.04 - (0.17 if arc > 0 else 0.06) * arc
    base = 0.08 + (0.01 if arc > 0 else 0.03) * arc
    shut = (base / height + open_lids.tilt) + (sag / height) * _ROUND
    lift = min(lid * eyes.rest, 1.0)
    up = shut + (open_up - shut) * lift
    # The upper corner follows the lid, so that a lid half down is flatter, not smaller.
    if lid > 1.0:
        up -= ((lid - 1.0) * 0.55) * _ROUND_HIGH
    if slant:
        up -= (slant * 0.22 * (0.35 + 0.65 * lift)) * _SLANT
    hold = min(lift / 0.35, 1.0)
    hold = hold * hold * (3 - 2 * hold)
    low = low_down - (push * 0.30) * _PUSH if push else low_down
    low = shut + (low - shut) * hold
    if lid > 1.0:
        low += ((lid - 1.0) * 0.22) * _ROUND
    np.maximum(low, up, out=low)
    points = np.empty((3 * _COUNT + 3, 2))
    x, y = points[:, 0], points[:, 1]
    across = side * (0.5 + _U * (eyes.width / 2))
    x[:_COUNT] = x[_COUNT : 2 * _COUNT] = x[2 * _COUNT : -3] = across
    y[:_COUNT], y[_COUNT : 2 * _COUNT] = up, low
    y[2 * _COUNT : -3] = np.minimum(open_up, up) * 0.55 + up * 0.45 - eyes.crease / height
    x[-3:] = side * 0.5, across[0], across[-1]
    y[-3:] = 0.0, ends[0], ends[-1]
    y *= height
    return points, float((low - up).max() * height)


def _eye_shape(side: float, seen: Points, openness: float) -> EyeShape:
    upper, lower = seen[:_COUNT], seen[_COUNT : 2 * _COUNT]
    return EyeShape(
        side=side,
        upper=upper,
        lower=lower,
        opening=np.concatenate([upper, lower[::-1]]),
        crease=seen[2 * _COUNT : -3],
        openness=openness,
        centre=seen[-3:-2],
        corners=seen[-2:],
    )


@dataclass(frozen=True, slots=True, eq=False)
class _OpenLids:
    """Lids wide open in eye heights [19]: the line between the corners, how far it leans (for lids
    that shut), the upper and the lower lid, and how thick lashes grow."""

    ends: Line
    tilt: Line
    upper: Line
    lower: Line
    grow: Line


@lru_cache(maxsize=64)
def _open_lids(eyes: Eyes) -> _OpenLids:
    ends = eyes.inner + (eyes.outer - eyes.inner) * (_U + 1) / 2
    over, under = np.abs(_U - eyes.peak * _ROUND), np.abs(_U - eyes.low_peak * _ROUND)
    return _OpenLids(
        ends=ends,
        tilt=0.35 * (ends - ends.mean()),
        upper=ends + (-0.5 - ends) * (1 - over**eyes.upper_box) ** 0.75,
        lower=ends + (0.5 - ends) * (1 - under**eyes.lower_box) ** 0.75,
        grow=np.interp(_U, (-1, -0.3, 0.45, 1), (eyes.inner_thin, 0.85, 1.0, 0.65)),
    )


def draw_eye(
    pen: Pen, eyes: Eyes, shape: EyeShape, palette: Palette, view: View, p: Mapping[str, float]
) -> None:
    """White, iris and highlights of one eye, clipped to its opening."""
    if shape.openness < 0.02:
        return
    pen.fill(shape.opening, argb(palette.white))
    iris = palette.left_iris if shape.side < 0 else palette.right_iris
    with pen.clipped(shape.opening):
        _draw_iris(pen, eyes, shape, iris, palette, view, p)
        if eyes.lid_shade:
            band = np.concatenate([shape.upper, (shape.upper + (0.0, 0.16 * eyes.height))[::-1]])
            pen.fill(band, argb(shadow(palette.white, 0.45), 0.45))


def _draw_iris(
    pen: Pen, eyes: Eyes, shape: EyeShape, iris: Colour, palette: Palette, view: View,
    p: Mapping[str, float],
) -> None:  # fmt: skip
    size = p["iris_size"]
    rx, ry = eyes.iris_width / 2 * size, eyes.iris_height / 2 * size
    cx = shape.side * (0.5 - 0.012) + p["gaze_x"] * 0.24 * eyes.width
    cy = 0.015 * eyes.height + p["gaze_y"] * 0.22 * eyes.height
    if p[f"lid_upper_{'left' if shape.side < 0 else 'right'}"] > 1.0:
        cy -= 0.03 * eyes.height
    big = rx > 3.5 * pen.pixel
    wanted = _iris_parts(eyes, big) + _highlights(eyes, p["highlight"], rx, pen.pixel)
    flat = [
        _RIM * (rx * sx, ry * sy) + (cx + rx * dx, cy + ry * dy) for _, (dx, dy, sx, sy) in wanted
    ]
    seen = view.face(np.concatenate(flat)).reshape(-1, *_RIM.shape)
    ovals = {name: oval for (name, _), oval in zip(wanted, seen, strict=True)}
    whole = ovals["whole"]

    dark = adjust(shadow(iris, 0.45), saturation=1.1, value=0.62)
    light = adjust(mix(iris, (1, 1, 1), 0.35), saturation=1.15)
    middle = iris
    if eyes.iris == "dark":
        dark, middle, light = adjust(dark, value=0.6), adjust(dark, value=1.2), iris
    if eyes.iris == "pale":
        dark, middle = adjust(iris, value=0.8), mix(iris, (1, 1, 1), 0.4)
    if eyes.iris == "flat":
        pen.fill(whole, argb(middle))
    elif eyes.iris == "two_tone":
        pen.fill(whole, argb(middle))
        with pen.clipped(whole):
            pen.fill(ovals["top"], argb(dark))
    else:
        colours = (argb(dark), argb(middle), argb(light))
        top, bottom = whole[:, 1].min(), whole[:, 1].max()
        pen.fill(whole, 0xFF000000, vertical(top, bottom, colours, (0.12, 0.55, 1.0)))
    if "glow" in ovals:
        with pen.clipped(whole):
            pen.fill(ovals["glow"], argb(light, eyes.bottom_glow))
            pen.fill(ovals["above_glow"], argb(mix(middle, dark, 0.15), eyes.bottom_glow))
    if "ring" in ovals:
        pen.fill(ovals["ring"], argb(mix(light, middle, 0.3), 0.7))
        pen.fill(ovals["inner_ring"], argb(mix(dark, middle, 0.3), 0.7))
    if eyes.iris == "rays" and rx > 8 * pen.pixel:
        for a in np.linspace(0.1 * np.pi, 0.9 * np.pi, 7):
            inner = (cx + 0.35 * rx * np.cos(a), cy + 0.35 * ry * np.sin(a))
            outer = (cx + 0.88 * rx * np.cos(a), cy + 0.88 * ry * np.sin(a))
            line = view.face(np.linspace(inner, outer, 4))
            pen.stroke(line, 0.05 * rx, argb(light, 0.6))
    _draw_pupil(pen, eyes, ovals, dark)
    if eyes.rim:
        ring = np.concatenate([whole, whole[:1]])
        pen.fill(ribbon(ring, 0.16 * rx), argb(adjust(dark, value=0.75), eyes.rim))
    for name, spot in ovals.items():
        if name.startswith("highlight"):
            pen.fill(spot[:: len(spot) // 4] if eyes.cut else spot, argb((1, 1, 1), 0.96))


_RIM: Final = ellipse(0.0, 0.0, 1.0, 1.0, 22)

_Oval = tuple[float, float, float, float]
"""An oval in an iris: its place from the centre and its size, both in half widths and heights."""


def _iris_parts(eyes: Eyes, big: bool) -> list[tuple[str, _Oval]]:
    """The ovals that an iris is drawn with, and those that show only in a `big` one."""
    parts: list[tuple[str, _Oval]] = [("whole", (0.0, 0.0, 1.0, 1.0)), *_PUPIL_PARTS[eyes.pupil]]
    if eyes.iris == "two_tone":
        parts.append(("top", (0.0, -0.75, 1.2, 1.0)))
    if big and eyes.iris in ("crescent", "gradient", "two_tone", "rays"):
        parts += [("glow", (0.0, 0.72, 0.68, 0.42)), ("above_glow", (0.0, 0.55, 0.60, 0.40))]
    if big and eyes.iris == "rings":
        parts += [("ring", (0.0, 0.0, 0.74, 0.74)), ("inner_ring", (0.0, 0.0, 0.60, 0.60))]
    return parts


_PUPIL_PARTS: Final[dict[str, tuple[tuple[str, _Oval], ...]]] = {
    "none": (),
    "slit": (("pupil", (0.0, 0.0, 0.16, 0.62)),),
    "ring": (("pupil", (0.0, 0.0, 0.42, 0.42)), ("hole", (0.0, 0.0, 0.25, 0.25))),
    "star": (("pupil", (0.0, 0.0, 0.5, 0.5)),),
    "oval": (("pupil", (0.0, -0.05, 0.40, 0.40 * 1.1)),),
    "small": (("pupil", (0.0, -0.05, 0.26, 0.26 * 1.1)),),
    "large": (("pupil", (0.0, -0.05, 0.55, 0.55 * 1.1)),),
}


def _highlights(eyes: Eyes, glow: float, rx: float, pixel: float) -> list[tuple[str, _Oval]]:
    """The points of light that are large enough to be seen."""
    return [
        (f"highlight {i}", (x, y, sx * glow, sy * glow))
        for i, (x, y, sx, sy) in enumerate(eyes.highlights)
        if glow > 0.05 and rx * sx * glow > 0.3 * pixel
    ]


def _draw_pupil(pen: Pen, eyes: Eyes, ovals: Mapping[str, Points], dark: Colour) -> None:
    if eyes.pupil == "none":
        return
    black, points = argb(adjust(dark, value=0.42), 0.92), ovals["pupil"]
    if eyes.pupil == "star":
        points = points[:20].copy()
        centre = points.mean(0)
        points[1::2] = centre + (points[1::2] - centre) * 0.55
    pen.fill(points, black)
    if eyes.pupil == "ring":
        pen.fill(ovals["hole"], argb(mix(dark, (1, 1, 1), 0.3)))


def draw_lashes(
    pen: Pen, eyes: Eyes, shape: EyeShape, palette: Palette, style: Style, alpha: float = 1.0
) -> None:
    """The upper lash line, one filled shape with flick and spikes; the lower lid; the crease."""
    ink = argb(palette.lash, alpha)
    shut = 1.0 - min(shape.openness / (0.5 * eyes.height), 1.0)
    grow = _open_lids(eyes).grow
    thick = np.maximum((eyes.lash * (1 - 0.25 * shut)) * grow, 0.9 * pen.pixel * (0.5 + 0.5 * grow))
    flick = int(eyes.flick > 0)
    outline = np.empty((2 * _COUNT + flick, 2))
    outline[:_COUNT], outline[_COUNT + flick :] = shape.upper, shape.upper[::-1]
    outline[:_COUNT, 1] += 0.15 * thick
    outline[_COUNT + flick :, 1] -= 0.85 * thick[::-1]
    if flick:
        reach = eyes.flick * eyes.width * 0.8
        outline[_COUNT] = shape.upper[-1] + (
            shape.side * reach, -reach * eyes.flick_rise * (1 - shut) + 0.4 * reach * shut
        )  # fmt: skip
    pen.fill(outline, ink)
    for i in range(eyes.spikes):
        at = 17 - 3 * i
        root, back = shape.upper[at], shape.upper[at - 2]
        length = eyes.lash * (1.6 - 0.3 * i)
        drop = length * (0.7 if shut > 0.8 else -0.65)
        tip = root + (shape.side * length * 1.1, drop)
        pen.fill(np.array([back, tip, root + (0, 0.01)]), ink)
    if shut < 0.75 and eyes.lower != "none":
        fade = alpha * (1 - shut)
        tone = argb(mix(palette.lash, palette.skin_line, 0.5), fade)
        width = max(0.016, 1.3 * style.line_width)
        if eyes.lower == "whole":
            pen.stroke(shape.lower, width, tone, 0.4, 0.15)
        elif eyes.lower == "outer":
            pen.stroke(shape.lower[8:], width * 1.15, tone, 0.6, 0.1)
        else:
            pen.stroke(shape.lower[7:12], width, tone, 0.5, 0.5)
            pen.stroke(shape.lower[13:18], width, tone, 0.5, 0.4)
    if eyes.crease:
        tone = argb(palette.skin_line, 0.8 * alpha * (1 - 0.6 * shut))
        pen.stroke(shape.crease[4:17], 0.9 * style.line_width, tone, 0.5, 0.4)
