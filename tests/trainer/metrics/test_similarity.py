"""PSNR and SSIM, held against scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from trainer.metrics.similarity import PSNR_CEILING, psnr, ssim


@pytest.fixture
def pair() -> tuple[torch.Tensor, torch.Tensor]:
    """Three smooth pictures [3,3,40,33] and noisy copies, more noise each."""
    draw = np.random.default_rng(5)
    picture = np.cumsum(np.cumsum(draw.normal(size=(3, 3, 40, 33)), 2), 3)
    picture -= picture.min((1, 2, 3), keepdims=True)
    picture /= picture.max((1, 2, 3), keepdims=True)
    noise = draw.normal(size=picture.shape) * np.array([0.01, 0.05, 0.2])[:, None, None, None]
    noisy = np.clip(picture + noise, 0, 1)
    return torch.from_numpy(noisy).float(), torch.from_numpy(picture).float()


def test_psnr_is_that_of_scikit_image(pair: tuple[torch.Tensor, torch.Tensor]) -> None:
    found = psnr(*pair)
    for one, picture, truth in zip(found, *pair, strict=True):
        wanted = peak_signal_noise_ratio(truth.numpy(), picture.numpy(), data_range=1.0)
        assert float(one) == pytest.approx(wanted, abs=1e-3)


def test_ssim_is_that_of_scikit_image(pair: tuple[torch.Tensor, torch.Tensor]) -> None:
    found = ssim(*pair)
    for one, picture, truth in zip(found, *pair, strict=True):
        wanted = structural_similarity(
            truth.double().numpy(),
            picture.double().numpy(),
            data_range=1.0,
            channel_axis=0,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
        assert float(one) == pytest.approx(wanted, abs=1e-5)


def test_equal_pictures_reach_the_ceiling(pair: tuple[torch.Tensor, torch.Tensor]) -> None:
    assert psnr(pair[0], pair[0]).tolist() == [PSNR_CEILING] * 3
    assert ssim(pair[0], pair[0]).tolist() == pytest.approx([1.0] * 3)


def test_a_region_sees_only_itself(pair: tuple[torch.Tensor, torch.Tensor]) -> None:
    noisy, clean = pair
    half = clean.clone()
    half[:, :, :20] = noisy[:, :, :20]
    region = torch.zeros(3, 1, 40, 33, dtype=torch.bool)
    region[:, :, 30:] = True
    assert psnr(half, clean, region).tolist() == [PSNR_CEILING] * 3
    assert ssim(half, clean, region).tolist() == pytest.approx([1.0] * 3)
    upper = psnr(half, clean, torch.zeros_like(region).index_fill(2, torch.arange(20), True))
    assert torch.allclose(upper, psnr(noisy[:, :, :20], clean[:, :, :20]))


def test_ssim_inside_the_whole_interior_is_the_plain_one(
    pair: tuple[torch.Tensor, torch.Tensor],
) -> None:
    interior = torch.zeros(3, 1, 40, 33, dtype=torch.bool)
    interior[:, :, 5:-5, 5:-5] = True
    assert torch.allclose(ssim(*pair, interior), ssim(*pair), atol=1e-6)


def test_an_empty_region_has_no_figure(pair: tuple[torch.Tensor, torch.Tensor]) -> None:
    nothing = torch.zeros(3, 1, 40, 33, dtype=torch.bool)
    assert psnr(*pair, nothing).isnan().all()
    assert ssim(*pair, nothing).isnan().all()


def test_small_pictures_are_refused() -> None:
    with pytest.raises(ValueError, match="11 pixels"):
        ssim(torch.zeros(1, 3, 10, 20), torch.zeros(1, 3, 10, 20))
