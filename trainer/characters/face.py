"""The face itself: outline, ears, shading, blush."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import skia

from trainer.characters.chance import between, clamp, pick, sign
from trainer.characters.colour import argb, mix, shadow
from trainer.characters.head import Head
from trainer.characters.ink import Points, curve, ellipse, path, radial, vertical
from trainer.characters.palette import Palette
from trainer.characters.pen import Pen
from trainer.characters.style import Style
from trainer.characters.view import View

_PER_SPAN: Final = 8


@dataclass(frozen=True, slots=True)
class Features:
    """The lesser marks of a face. `blush` names how it is drawn."""

    blush: str
    rest_blush: float
    blush_y: float
    blush_x: float
    jaw_width: float
    jaw_gap: float
    pointy_ears: bool
    ear_inner: bool
    shade_side: bool
    mole: tuple[float, float] | None


def sample_features(rng: np.random.Generator, head: Head) -> Features:
    """Draw blush, ears and jaw with the shares of real faces (men: little blush)."""
    man = head.kind == "man"
    resting = 0.1 if man else 0.45
    return Features(
        blush=pick(rng, ("ovals", "hatch", "band", "both"), (0.62, 0.18, 0.08, 0.12)),
        rest_blush=between(rng, 0.15, 0.55) if rng.random() < resting else 0.0,
        blush_y=between(rng, 0.26, 0.42) * head.chin,
        blush_x=between(rng, 0.46, 0.66),
        jaw_width=clamp(rng.normal(1.0, 0.25), 0.6, 1.7),
        jaw_gap=pick(rng, (0.0, between(rng, 0.05, 0.2)), (0.7, 0.3)),
        pointy_ears=bool(rng.random() < 0.04),
        ear_inner=bool(rng.random() < 0.8),
        shade_side=bool(rng.random() < 0.4),
        mole=(sign(rng) * 0.45, 0.3) if rng.random() < 0.05 else None,
    )


@dataclass(frozen=True, slots=True)
class FaceShape:
    """The outline [N, 2] in view units, its jaw part from the left ear to the right, the chin."""

    outline: Points
    jaw: Points
    chin: Points
    left_jaw: Points
    right_jaw: Points
    cheek_x: float


def shape_face(head: Head, view: View) -> FaceShape:
    """Outline of the face: far side drawn in with a dent at the eye, near cheek long."""
    turn = abs(view.yaw)
    eye, mouth = head.width_eyes / 2, head.width_mouth / 2
    corner = (head.chin_width, head.chin - 0.40 * head.chin_width)
    tall = 1.0 - 0.12 * view.pitch

    jaw_y = 0.66 * head.chin  # where the width below the cheeks is measured

    def side(far: bool) -> list[tuple[float, float]]:
        t = turn
        wide, jaw = (1 - 0.13 * t, 1 - 0.16 * t) if far else (1 + 0.12 * t, 1 + 0.08 * t)
        dent = 0.05 * t if far else 0.0
        bulge = 0.03 * t if far else 0.0
        cheek_y = head.cheek
        cheek = eye + (mouth - eye) * (cheek_y / jaw_y) * 0.62
        return [
            (eye * wide * 0.93, -0.9),
            (eye * wide - dent * 0.4, -0.35),
            (eye * wide - dent, 0.0),
            (cheek * wide + bulge, cheek_y),
            (mouth * jaw + bulge * 0.6, jaw_y),
            (
                corner[0] + 0.46 * (mouth * jaw - corner[0]) + 0.005,
                jaw_y + 0.60 * (corner[1] - jaw_y) + 0.005,
            ),
            corner,
        ]

    shift = 0.045 * view.yaw
    right, left = side(view.yaw >= 0), side(view.yaw < 0)

    def place(points: list[tuple[float, float]], s: float) -> list[tuple[float, float]]:
        out = []
        for x, y in points:
            along = min(max((y - 0.2) / max(head.chin - 0.2, 0.1), 0.0), 1.0)
            out.append((s * x + shift * along + 0.02 * view.yaw, y * tall - 0.02 * view.pitch))
        return out

    chin = (shift + 0.02 * view.yaw, head.chin * tall - 0.02 * view.pitch)
    top = (0.0, -1.25)
    lefts, rights = place(left, -1.0), place(right, 1.0)
    anchors = [top, *rights, chin, *lefts[::-1]]
    outline = curve(np.array(anchors), _PER_SPAN, closed=True)
    # The jaw's ink: from beside the right eye down, round the chin, up to the left eye.
    jaw = outline[2 * _PER_SPAN : 14 * _PER_SPAN + 1]
    return FaceShape(
        outline=outline,
        jaw=jaw,
        chin=np.array([chin]),
        left_jaw=np.array([lefts[4]]),
        right_jaw=np.array([rights[4]]),
        cheek_x=cheek_mid(rights, lefts),
    )


def cheek_mid(rights: list[tuple[float, float]], lefts: list[tuple[float, float]]) -> float:
    """The x in the middle between the cheeks."""
    return (rights[3][0] + lefts[3][0]) / 2


def draw_ears(
    pen: Pen, head: Head, features: Features, view: View, palette: Palette, style: Style
) -> None:
    """Both ears, the far one vanishing as the head turns."""
    for side in (-1.0, 1.0):
        towards = view.yaw * side
        if towards > 0.45:
            continue
        x = side * (
            head.width_eyes / 2 * (1 + 0.12 * max(-towards, 0) - 0.13 * max(towards, 0)) - 0.04
        )
        x += 0.02 * view.yaw
        top, bottom = head.ear_top, head.ear_bottom
        middle = (top + bottom) / 2
        out = 0.20 * (1 + 0.5 * max(-towards, 0)) * (1 - 1.2 * max(towards, 0))
        tip = (
            (x + side * out * 2.6, top - 0.12)
            if features.pointy_ears
            else (x + side * out, top + 0.02)
        )
        anchors = [
            (x - side * 0.10, top + 0.06),
            tip,
            (x + side * out * 0.9, middle - 0.04),
            (x + side * out * 0.25, bottom - 0.06),
            (x - side * 0.14, bottom),
        ]
        spine = curve(anchors, 8)
        root = [(x - side * 0.4, bottom), (x - side * 0.4, top)]
        pen.fill(np.concatenate([spine, root]), argb(palette.skin))
        pen.stroke(spine, style.line_width, argb(palette.skin_line), 0.1, 0.2)
        if features.ear_inner:
            inner = spine * 0.55 + np.array([x + side * out * 0.35, middle]) * 0.45
            pen.fill(inner, argb(palette.skin_shadow, 0.7))
            pen.stroke(inner[4:28], 0.8 * style.line_width, argb(palette.skin_line, 0.7), 0.3, 0.5)


def draw_skin(
    pen: Pen,
    shape: FaceShape,
    front: skia.Path,
    head: Head,
    features: Features,
    palette: Palette,
    style: Style,
) -> None:
    """The face's fill with its own shading and the shadow that the hair in `front` of it casts; the
    jaw line is drawn by `draw_jaw`."""
    pen.fill(shape.outline, argb(palette.skin))
    if style.shading == "flat":
        return
    with pen.clipped(shape.outline):
        _shade(pen, shape, head, palette, style)
        if features.shade_side:
            away = -style.light
            strip = shape.outline - np.array([away * 0.13, 0.05])
            shade = skia.Op(path(shape.outline), path(strip), skia.PathOp.kDifference_PathOp)
            if shade is not None:
                alpha = 0.9 if style.shading == "cel" else 0.45
                pen.fill(shade, argb(palette.skin_shadow, alpha))
        _shadow_of_hair(pen, front, palette, style)


def _shade(pen: Pen, shape: FaceShape, head: Head, palette: Palette, style: Style) -> None:
    """Soft shade below the hair and towards the chin, painted work with a light on the cheek."""
    if style.shading not in ("soft", "painted"):
        return
    tone, outline = palette.skin_shadow, shape.outline
    none = argb(tone, 0.0)
    pen.fill(outline, 0xFF000000, vertical(-0.2, head.chin, (none, none, argb(tone, 0.55))))
    pen.fill(outline, 0xFF000000, vertical(-1.0, 0.1, (argb(tone, 0.5), none)))
    if style.shading == "painted":
        light = mix(palette.skin, (1, 1, 1), 0.55)
        x, tones = 0.25 * style.light + shape.cheek_x, (argb(light, 0.7), argb(light, 0.0))
        pen.fill(outline, 0xFF000000, radial(x, 0.25, 0.75, tones))


def _shadow_of_hair(pen: Pen, front: skia.Path, palette: Palette, style: Style) -> None:
    """The shadow that the fringe casts on the face: hard in cel work, soft otherwise."""
    drop = 0.05 + 0.25 * style.shadow_depth
    steps = ((1.0, 0.85),) if style.shading == "cel" else ((1.3, 0.28), (0.9, 0.28), (0.5, 0.28))
    for reach, alpha in steps:
        with pen.moved(-0.03 * style.light * reach, drop * reach):
            pen.fill(front, argb(palette.skin_shadow, alpha))


def draw_jaw(
    pen: Pen, shape: FaceShape, features: Features, palette: Palette, style: Style
) -> None:
    """The jaw's line, thinner and browner than hair lines; some hands leave a gap at the chin."""
    width = style.line_width * features.jaw_width
    tone = argb(palette.skin_line)
    if features.jaw_gap:
        half = len(shape.jaw) // 2
        cut = max(int(features.jaw_gap * half * 0.4), 1)
        pen.stroke(shape.jaw[: half - cut], width, tone, 0.25, 0.3)
        pen.stroke(shape.jaw[half + cut :], width, tone, 0.3, 0.25)
    else:
        pen.stroke(shape.jaw, width, tone, 0.18, 0.18)


def draw_blush(
    pen: Pen,
    features: Features,
    shape: FaceShape,
    view: View,
    palette: Palette,
    p: Mapping[str, float],
) -> None:
    """Blush at rest and of the expression: soft ovals, hatch lines or a band over the nose."""
    strength = max(features.rest_blush, min(p["blush"] + 0.4 * features.rest_blush, 1.0))
    if strength < 0.03:
        return
    with pen.clipped(shape.outline):
        kind = features.blush
        if kind == "band" and p["blush"] > 0.3:
            at = view.spot(0.0, features.blush_y)
            tone = (argb(palette.blush, 0.42 * strength), argb(palette.blush, 0.0))
            with pen.moved(*at, flat=0.26):
                pen.fill(
                    ellipse(0, 0, 0.9, 0.9),
                    0xFF000000,
                    radial(0, 0, 0.9, (tone[0], tone[0], tone[1])),
                )
        for side in (-1.0, 1.0):
            x, y = view.spot(side * features.blush_x, features.blush_y)
            if kind in ("ovals", "both", "band"):
                radius = 0.25 * (1 - 0.2 * max(view.yaw * side, 0))
                tone2 = (
                    argb(palette.blush, 0.62 * strength),
                    argb(palette.blush, 0.35 * strength),
                    argb(palette.blush, 0.0),
                )
                with pen.moved(x, y, flat=0.55):
                    pen.fill(ellipse(0, 0, radius, radius), 0xFF000000, radial(0, 0, radius, tone2))
            if kind in ("hatch", "both"):
                count = 3 + round(2 * strength)
                line = argb(mix(palette.blush, palette.skin_line, 0.25), 0.35 + 0.5 * strength)
                for i in range(count):
                    cx = x + (i - (count - 1) / 2) * 0.065
                    hatch = np.linspace((cx + 0.025, y - 0.05), (cx - 0.025, y + 0.05), 4)
                    pen.stroke(hatch, 0.014, line, 0.2, 0.4)


def draw_gloom(pen: Pen, shape: FaceShape, p: Mapping[str, float]) -> None:
    """The cool shade of gloom or fright, from the hairline to below the eyes, with fine lines."""
    strength = p["shade"]
    if strength < 0.03:
        return
    with pen.clipped(shape.outline):
        tone = (0.35, 0.40, 0.62)
        pen.fill(
            shape.outline,
            0xFF000000,
            vertical(-0.8, 0.38, (argb(tone, 0.62 * strength), argb(tone, 0.0))),
        )
        line = argb(shadow(tone, 0.3), 0.5 * strength)
        for i in range(5):
            x = -0.28 + 0.14 * i
            pen.stroke(
                np.linspace((x, -0.75), (x, -0.16 + 0.05 * (i % 2)), 4), 0.012, line, 0.0, 0.6
            )


def draw_mole(pen: Pen, features: Features, view: View) -> None:
    """A beauty spot under one eye."""
    if features.mole is not None:
        x, y = view.spot(*features.mole)
        pen.fill(ellipse(x, y, 0.016, 0.016, 8), argb((0.2, 0.12, 0.12)))
