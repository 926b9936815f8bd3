from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import skia

from trainer.characters.background import Background, Kind, draw_background, sample_background


def painted(background: Background, size: int = 48) -> np.ndarray:
    surface = skia.Surface(size, size)
    surface.getCanvas().clear(0)
    draw_background(surface.getCanvas(), background, size)
    return surface.toarray(colorType=skia.kRGBA_8888_ColorType).copy()


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_kind_covers_the_picture_or_leaves_it(kind: Kind) -> None:
    for seed in range(3):
        ground = replace(sample_background(np.random.default_rng(seed)), kind=kind)
        pixels = painted(ground)
        assert pixels[..., 3].min() == pixels[..., 3].max() == (0 if kind == "transparent" else 255)
        assert np.array_equal(pixels, painted(ground))


def test_scenes_are_not_flat() -> None:
    for kind in ("room", "sky", "landscape", "school", "street", "collage", "speed", "tone"):
        ground = replace(sample_background(np.random.default_rng(1)), kind=kind)
        assert painted(ground)[..., :3].std() > 5


def test_shares_follow_real_pictures() -> None:
    kinds = [sample_background(np.random.default_rng(seed)).kind for seed in range(1500)]
    share = {kind: kinds.count(kind) / len(kinds) for kind in set(kinds)}
    assert 0.22 < share["white"] < 0.34
    assert 0.13 < share["colour"] < 0.23
    scenes = sum(
        share.get(k, 0)
        for k in ("bokeh", "room", "sky", "landscape", "school", "street", "night", "collage")
    )
    assert 0.22 < scenes < 0.40
    assert "transparent" not in share
