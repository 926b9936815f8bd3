from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from trainer.characters.damage import NONE, Damage, apply_damage, sample_damage


def picture(height: int = 96, width: int = 96, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)
    soft = cv2.GaussianBlur(noise, (0, 0), 4)
    blobs = cv2.normalize(soft, soft, 0, 255, cv2.NORM_MINMAX)
    return np.where(blobs > 190, 255, np.where(blobs < 60, 20, blobs)).astype(np.uint8)


EACH = {
    "light": Damage(light=(1.0, 0.8, 0.6), light_dark=(0.3, 0.1, 0.2), light_split=0.4),
    "gamma": Damage(gamma=1.3),
    "contrast": Damage(contrast=0.8),
    "grey": Damage(chroma=0.0),
    "levels": Damage(levels=6),
    "tone": Damage(chroma=0.0, tone=0.8),
    "vignette": Damage(vignette=0.4),
    "blur": Damage(blur=0.01),
    "smear": Damage(smear=0.04),
    "scaled": Damage(scaled=0.5),
    "nearest": Damage(scaled=0.4, nearest=True),
    "sharpen": Damage(sharpen=1.0),
    "paper": Damage(paper=1.0, seed=3),
    "grain": Damage(grain=8.0, seed=4),
    "coarse": Damage(grain=8.0, coarse=True, seed=5),
    "jpeg": Damage(quality=40),
}


@pytest.mark.parametrize("name", EACH)
def test_each_damage_changes_the_picture_and_keeps_its_form(name: str) -> None:
    before = picture(80, 112)
    kept = before.copy()
    after = apply_damage(before, EACH[name])
    assert after.shape == before.shape
    assert after.dtype == np.uint8
    assert np.abs(after.astype(int) - before).mean() > 0.3
    assert np.array_equal(before, kept), "the caller's picture was changed"
    assert np.array_equal(after, apply_damage(before, EACH[name]))


def test_no_damage_is_a_copy() -> None:
    before = picture()
    after = apply_damage(before, NONE)
    assert np.array_equal(after, before)
    assert after is not before


def test_a_grey_picture_has_no_colour_left() -> None:
    after = apply_damage(picture(), Damage(chroma=0.0))
    assert np.array_equal(after[..., 0], after[..., 1])
    assert np.array_equal(after[..., 1], after[..., 2])


def test_posterising_leaves_that_many_levels() -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[:, None, None], 3, axis=2)
    assert len(np.unique(apply_damage(ramp, Damage(levels=5)))) == 5


def test_jpeg_keeps_red_red() -> None:
    red = np.zeros((64, 64, 3), np.uint8)
    red[..., 0] = 220
    after = apply_damage(red, Damage(quality=80)).astype(int)
    assert np.abs(after - red).max() < 12


def test_a_pair_stays_a_pair_where_it_was_alike() -> None:
    """What two drawings share far from their difference still agrees after any global damage."""
    one = picture()
    other = one.copy()
    other[40:56, 40:56] = 255 - other[40:56, 40:56]
    for damage in EACH.values():
        a, b = apply_damage(one, damage).astype(int), apply_damage(other, damage).astype(int)
        assert np.abs(a[:16] - b[:16]).max() <= 1


def test_noise_depends_on_the_seed_only() -> None:
    flat = np.full((64, 64, 3), 128, np.uint8)
    grain = Damage(grain=6.0, seed=11)
    assert not np.array_equal(
        apply_damage(flat, grain), apply_damage(flat, replace(grain, seed=12))
    )
    assert apply_damage(flat, grain).std() == pytest.approx(6.0, rel=0.15)


def test_sampling_repeats_and_nearly_half_stays_clean() -> None:
    drawn = [sample_damage(np.random.default_rng(seed)) for seed in range(600)]
    assert drawn[:50] == [sample_damage(np.random.default_rng(seed)) for seed in range(50)]
    assert 0.38 < np.mean([d == NONE for d in drawn]) < 0.60
    assert len(set(drawn)) > 300


def test_faces_stay_legible_under_sampled_damage() -> None:
    """Seen from where a screen tone's dots blend, a picture still looks like what was drawn."""
    grey = picture()[..., 0]
    before = np.repeat(grey[..., None], 3, axis=2)
    alike = []
    for seed in range(150):
        after = apply_damage(before, sample_damage(np.random.default_rng(seed)))
        shown = cv2.cvtColor(after, cv2.COLOR_RGB2GRAY)
        seen = [cv2.GaussianBlur(p, (0, 0), 2).ravel() for p in (grey, shown)]
        alike.append(np.asarray(np.corrcoef(np.stack(seen)))[0, 1])
    assert np.median(alike) > 0.95
    assert min(alike) > 0.8
