"""VGG19 from a state dict in torchvision's layout, made here with random weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from trainer.networks.vgg19 import FeatureWeightsError, load_vgg19

# Index and output channels of each convolution among torchvision's `vgg19().features`.
CONVOLUTIONS = {
    0: 64, 2: 64, 5: 128, 7: 128, 10: 256, 12: 256, 14: 256, 16: 256,
    19: 512, 21: 512, 23: 512, 25: 512, 28: 512, 30: 512, 32: 512, 34: 512,
}  # fmt: skip


@pytest.fixture(scope="module")
def state() -> dict[str, Tensor]:
    torch.manual_seed(0)
    weights, channels = {}, 3
    for index, width in CONVOLUTIONS.items():
        weights[f"features.{index}.weight"] = torch.randn(width, channels, 3, 3) / (
            3 * channels**0.5
        )
        weights[f"features.{index}.bias"] = torch.randn(width) / 10
        channels = width
    weights["classifier.6.bias"] = torch.zeros(1000)
    return weights


def test_features_are_those_of_the_published_layout(
    state: dict[str, Tensor], tmp_path: Path
) -> None:
    torch.save(state, tmp_path / "vgg19.pth")
    image = torch.rand(2, 3, 32, 32) * 2 - 1
    conv3_2, conv4_2 = load_vgg19(tmp_path / "vgg19.pth")(image)

    mean = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
    x = ((image + 1) / 2 - mean) / torch.tensor([0.229, 0.224, 0.225])[:, None, None]
    expected = {}
    for index in (0, 2, "pool", 5, 7, "pool", 10, 12, 14, 16, "pool", 19, 21):
        if index == "pool":
            x = F.max_pool2d(x, 2)
            continue
        weight, bias = state[f"features.{index}.weight"], state[f"features.{index}.bias"]
        expected[index] = x = F.conv2d(x, weight, bias, padding=1).relu()
    torch.testing.assert_close(conv3_2, expected[12], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(conv4_2, expected[21], atol=1e-4, rtol=1e-4)
    assert conv3_2.shape == (2, 256, 8, 8)
    assert conv4_2.shape == (2, 512, 4, 4)


def test_the_features_are_frozen(state: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save(state, tmp_path / "vgg19.pth")
    assert not any(p.requires_grad for p in load_vgg19(tmp_path / "vgg19.pth").parameters())


@pytest.mark.parametrize("content", ["missing", "text", "other", "short"])
def test_other_files_are_named(content: str, state: dict[str, Tensor], tmp_path: Path) -> None:
    path = tmp_path / "vgg19.pth"
    if content == "text":
        path.write_text("not weights")
    elif content == "other":
        torch.save({"weight": torch.zeros(3)}, path)
    elif content == "short":
        torch.save({**state, "features.21.weight": torch.zeros(512, 3, 3, 3)}, path)
    with pytest.raises(FeatureWeightsError, match=r"vgg19\.pth"):
        load_vgg19(path)
