"""What pictures suffer once drawn: compression, scaling, scans, light, grain, screen tone.

A `Damage` is a fixed look: applied to several drawings of one character it makes the same picture
of each, so that pairs stay pairs. All lengths are shares of the picture's side.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.characters.chance import between
from trainer.characters.colour import Colour

Picture = NDArray[np.uint8]

_WHITE: Final = (1.0, 1.0, 1.0)
_TABLE = 512


@dataclass(frozen=True, slots=True)
class Damage:
    """What happens to a picture, in the order of the fields; the defaults change nothing.

    `light` multiplies the colours, `light_split` tints shadows with `light_dark` (0 to 1),
    `chroma` scales colourfulness (0: grey), `tone` is the share of a manga's screen tone with
    `pitch` dots per side, `levels` of posterising (0: none), `vignette` darkens corners by that
    share, `blur` and `smear` (sideways camera blur) are sigmas in shares of the side, `scaled` the
    size of an intermediate small copy (1: none), `nearest` scales without smoothing, `sharpen` the
    strength of halos, `grain` a standard deviation in grey levels (`coarse`: clumps of pixels),
    `paper` the strength of a paper's texture, `quality` of JPEG (100: none).
    """

    light: Colour = _WHITE
    light_dark: Colour = (0.0, 0.0, 0.0)
    light_split: float = 0.0
    gamma: float = 1.0
    contrast: float = 1.0
    chroma: float = 1.0
    levels: int = 0
    tone: float = 0.0
    pitch: float = 60.0
    angle: float = 0.785
    vignette: float = 0.0
    blur: float = 0.0
    smear: float = 0.0
    scaled: float = 1.0
    nearest: bool = False
    sharpen: float = 0.0
    paper: float = 0.0
    grain: float = 0.0
    coarse: bool = False
    quality: int = 100
    seed: int = 0


NONE: Final = Damage()


def sample_damage(rng: np.random.Generator) -> Damage:
    """Draw a damage: none for 45 % of pictures, else one to three of its kinds, mostly mild."""
    seed = int(rng.integers(1 << 31))
    if rng.random() < 0.45:
        return NONE
    heavy = rng.beta(1.1, 3.2)  # one severity for all that happens to a picture, mostly low
    fields: dict[str, object] = {"seed": seed}

    def happens(share: float) -> bool:
        return bool(rng.random() < share)

    if happens(0.55):
        fields["quality"] = int(np.clip(92 - 62 * heavy + rng.normal(0, 6), 22, 96))
    if happens(0.32):
        fields["scaled"] = float(np.clip(0.85 - 0.55 * heavy + rng.normal(0, 0.06), 0.30, 0.9))
        fields["nearest"] = happens(0.06)
    elif happens(0.25):
        fields["blur"] = float(0.0015 + 0.0075 * heavy)
        if happens(0.12):
            fields["blur"], fields["smear"] = 0.0, float(0.004 + 0.014 * heavy)
    if happens(0.14):
        fields["sharpen"] = float(0.3 + 1.2 * heavy)
    if happens(0.20):
        fields["grain"] = float(1.5 + 8 * heavy)
        fields["coarse"] = happens(0.4)
    if happens(0.10):
        fields["paper"] = float(0.3 + 0.7 * heavy)
        warm = between(rng, 0.0, 0.12)
        fields["light"] = (1.0, 1.0 - 0.3 * warm, 1.0 - warm)
        fields["contrast"] = between(rng, 0.8, 0.98)
    elif happens(0.22):
        fields.update(_sample_light(rng))
    if happens(0.18):
        fields["gamma"] = float(np.exp(rng.normal(0, 0.13 + 0.15 * heavy)))
    if happens(0.10):
        fields["contrast"] = between(rng, 0.72, 1.2)
    if happens(0.12):
        fields["chroma"] = float(rng.choice((0.0, rng.uniform(0.3, 0.85), rng.uniform(1.1, 1.4))))
    if happens(0.07):
        fields["vignette"] = between(rng, 0.1, 0.55)
    if happens(0.03):
        fields["levels"] = int(rng.integers(5, 14))
    if happens(0.035):
        fields.update(chroma=0.0, tone=between(rng, 0.45, 0.9), contrast=1.1)
        fields.update(pitch=between(rng, 34, 80), angle=between(rng, 0.3, 1.2))
    return Damage(**fields)  # type: ignore[arg-type]


def _sample_light(rng: np.random.Generator) -> dict[str, object]:
    """Evening, night, lamp and stage light: a tint of the lights and one of the shadows."""
    kind = rng.choice(4, p=(0.38, 0.32, 0.22, 0.08))
    u = between(rng, 0.4, 1.0)
    if kind == 0:  # evening
        light, dark = (1.0, 1 - 0.16 * u, 1 - 0.38 * u), (0.32, 0.08, 0.22)
    elif kind == 1:  # night
        light, dark = (1 - 0.45 * u, 1 - 0.36 * u, 1 - 0.14 * u), (0.05, 0.06, 0.20)
    elif kind == 2:  # indoors, under a shade
        grey = 1 - 0.38 * u
        light, dark = (grey, grey * 0.98, grey * 0.97), (0.06, 0.05, 0.08)
    else:  # coloured lamp
        hue = rng.dirichlet((1.0, 1.0, 1.0))
        tint = 1 - 0.28 * u * (1 - hue / hue.max())
        light = (float(tint[0]), float(tint[1]), float(tint[2]))
        dark = (float(0.2 * hue[1]), float(0.2 * hue[2]), float(0.2 * hue[0]))
    return {"light": light, "light_dark": dark, "light_split": 0.5 * u}


@lru_cache(maxsize=2)
def _noise(coarse: bool) -> NDArray[np.float32]:
    """A table of unit noise that wraps around, [512, 512]; pictures take windows of it."""
    table = np.random.default_rng(12345).standard_normal((_TABLE, _TABLE)).astype(np.float32)
    if coarse:
        soft = cv2.GaussianBlur(table, (0, 0), 0.8, borderType=cv2.BORDER_REFLECT)
        table = soft.astype(np.float32)
        table /= table.std()
    return table


def _window(table: NDArray[np.float32], height: int, width: int, seed: int) -> NDArray[np.float32]:
    top, left = seed % _TABLE, (seed // _TABLE) % _TABLE
    if top + height <= _TABLE and left + width <= _TABLE:
        return table[top : top + height, left : left + width]
    rows = np.arange(top, top + height) % _TABLE
    columns = np.arange(left, left + width) % _TABLE
    return table[np.ix_(rows, columns)]


@lru_cache(maxsize=8)
def _corners(height: int, width: int) -> NDArray[np.float32]:
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None]
    corners: NDArray[np.float32] = ((x * x + y * y - 0.35) / 1.65).clip(0, 1)[..., None]
    return corners


def _curves(damage: Damage) -> NDArray[np.uint8] | None:
    """The look-up table [256, 3] of light, gamma, contrast and levels, or None for the identity."""
    if (damage.light, damage.gamma, damage.contrast, damage.levels) == (_WHITE, 1.0, 1.0, 0):
        return None
    tones = np.linspace(0.0, 1.0, 256)[:, None] ** damage.gamma
    tones = 0.5 + (tones - 0.5) * damage.contrast
    tones = np.clip(tones, 0, 1) * np.array(damage.light)
    tones = tones + damage.light_split * np.array(damage.light_dark) * (1 - tones)
    if damage.levels:
        steps = damage.levels - 1
        tones = np.round(tones * steps) / steps
    table: NDArray[np.uint8] = np.clip(tones * 255 + 0.5, 0, 255).astype(np.uint8)
    return table


def _screen_tone(picture: Picture, damage: Damage) -> Picture:
    """Grey areas as dots: white stays white, black stays black, the middle becomes a raster."""
    height, width = picture.shape[:2]
    raster = _raster(height, width, min(damage.pitch, width / 3.2), damage.angle)
    grey = picture[..., 0].astype(np.float32) / 255
    dots = np.clip((grey - raster) * 4 + 0.5, 0, 1)
    share = damage.tone * np.clip(4 * np.minimum(grey - 0.12, 0.94 - grey), 0, 1)
    out = grey + share * (dots - grey)
    return np.repeat((out * 255).astype(np.uint8)[..., None], 3, axis=2)


@lru_cache(maxsize=4)
def _raster(height: int, width: int, pitch: float, angle: float) -> NDArray[np.float32]:
    scale = 2 * np.pi * pitch / width
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) * scale
    c, s = np.cos(angle), np.sin(angle)
    raster = 0.5 + 0.25 * (np.cos(c * x + s * y) + np.cos(c * y - s * x))
    narrow: NDArray[np.float32] = raster.astype(np.float32)
    return narrow


def apply_damage(picture: Picture, damage: Damage) -> Picture:
    """The damaged copy of an sRGB picture [H, W, 3] uint8; the same damage always does the same."""
    if damage == NONE:
        return picture.copy()
    height, width = picture.shape[:2]
    side = max(height, width)
    out: Picture = picture
    if damage.chroma != 1.0:
        grey = cv2.cvtColor(cv2.cvtColor(out, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        kept = damage.chroma
        out = cv2.addWeighted(out, kept, grey, 1 - kept, 0)  # type: ignore[assignment]
    curves = _curves(damage)
    if curves is not None:
        out = cv2.LUT(out, curves[None])  # type: ignore[assignment]
    if damage.tone > 0:
        out = _screen_tone(out, damage)
    if damage.vignette > 0:
        out = (out * (1 - damage.vignette * _corners(height, width))).astype(np.uint8)
    if damage.blur > 0:
        sigma = max(damage.blur * side, 0.3)
        out = cv2.GaussianBlur(out, (0, 0), sigma)  # type: ignore[assignment]
    if damage.smear > 0:
        count = max(round(damage.smear * side), 1) | 1
        out = cv2.blur(out, (count, 1))  # type: ignore[assignment]
    if damage.scaled < 1:
        small = (max(round(width * damage.scaled), 8), max(round(height * damage.scaled), 8))
        back = cv2.INTER_NEAREST if damage.nearest else cv2.INTER_LINEAR
        out = cv2.resize(out, small, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        out = cv2.resize(out, (width, height), interpolation=back)  # type: ignore[assignment]
    if damage.sharpen > 0:
        soft = cv2.GaussianBlur(out, (0, 0), 0.005 * side)
        halo = damage.sharpen
        out = cv2.addWeighted(out, 1 + halo, soft, -halo, 0)  # type: ignore[assignment]
    if damage.paper > 0 or damage.grain > 0:
        out = _textured(out, damage)
    if damage.quality < 100:
        quality = (cv2.IMWRITE_JPEG_QUALITY, damage.quality)
        _, code = cv2.imencode(".jpg", cv2.cvtColor(out, cv2.COLOR_RGB2BGR), quality)
        out = cv2.imdecode(code, cv2.IMREAD_COLOR_RGB)  # type: ignore[assignment]
    return out


def _textured(picture: Picture, damage: Damage) -> Picture:
    height, width = picture.shape[:2]
    texture = np.zeros((height, width), np.float32)
    if damage.grain > 0:
        texture = damage.grain * _window(_noise(damage.coarse), height, width, damage.seed)
    if damage.paper > 0:
        fibres = _window(_noise(True), height // 2 + 1, width // 2 + 1, damage.seed // 7)
        fibres = cv2.resize(fibres, (width, height))  # type: ignore[assignment]
        texture = texture + 2.6 * damage.paper * fibres
    shift = cv2.cvtColor(texture, cv2.COLOR_GRAY2RGB)
    return cv2.add(picture, shift, dtype=cv2.CV_8U)  # type: ignore[return-value]
