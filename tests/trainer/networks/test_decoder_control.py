"""The generator of decoder control: sizes as published, AdaIN as in its equation."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from trainer.networks.decoder_control import AdaIN, Attention, Generator, Mapping, compose


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def test_attention_counts_as_stargan_without_labels_and_with_one_channel() -> None:
    stargan, labels = 8_430_528, 5
    assert parameters(Attention(64)) == stargan - 7 * 7 * 64 * labels - 7 * 7 * 64 * 2


def test_mapping_has_nine_layers_with_relu() -> None:
    mapping = Mapping(6, 512, 512)
    linear = [layer for layer in mapping.layers if isinstance(layer, nn.Linear)]
    assert len(linear) == 9
    assert sum(isinstance(layer, nn.ReLU) for layer in mapping.layers) == 9
    assert parameters(mapping) == (6 * 512 + 512) + 8 * (512 * 512 + 512)


def test_nine_layers_keep_controls_apart() -> None:
    torch.manual_seed(0)
    information = Mapping(6, 512, 512)(torch.eye(6))
    apart = torch.cdist(information, information)[~torch.eye(6, dtype=torch.bool)]
    assert apart.min() > 0.1 * information.norm(dim=1).mean()


def test_adain_is_equation_5() -> None:
    torch.manual_seed(1)
    adain = AdaIN(3, 7)
    x, k = torch.randn(2, 3, 5, 5) * 4 + 1, torch.randn(2, 7)
    f1, f2 = adain.affine(k).split(3, dim=1)
    mean = x.mean((2, 3), keepdim=True)
    deviation = (x.var((2, 3), keepdim=True, unbiased=False) + 1e-5).sqrt()
    expected = (1 + f1[:, :, None, None]) * (x - mean) / deviation + f2[:, :, None, None]
    torch.testing.assert_close(adain(x, k), expected, atol=1e-5, rtol=1e-4)


def test_every_decoder_convolution_but_the_last_is_controlled() -> None:
    network = Generator(6, width=4, mapping=8, information=8).transformation
    controlled = sum(isinstance(module, AdaIN) for module in network.modules())
    assert controlled == 3 * 2 + 2
    assert not any(isinstance(module, AdaIN) for module in network.encoder.modules())


@pytest.mark.parametrize("side", [32, 48])
def test_shapes_and_ranges(side: int) -> None:
    torch.manual_seed(2)
    network = Generator(6, width=4, mapping=8, information=8)
    paint, mask = network(torch.rand(3, 3, side, side) * 2 - 1, torch.eye(6)[:3])
    assert paint.shape == (3, 3, side, side)
    assert mask.shape == (3, 1, side, side)
    assert paint.abs().max() <= 1
    assert mask.min() >= 0
    assert mask.max() <= 1


def test_only_the_paint_depends_on_the_control() -> None:
    torch.manual_seed(3)
    network = Generator(6, width=4, mapping=8, information=8).eval()
    image = torch.rand(1, 3, 32, 32)
    (one, mask_one), (two, mask_two) = (network(image, torch.eye(6)[i : i + 1]) for i in (0, 1))
    assert not torch.allclose(one, two, atol=1e-3)
    assert torch.equal(mask_one, mask_two)


def test_evaluation_gives_what_training_gives() -> None:
    torch.manual_seed(4)
    network = Generator(6, width=4, mapping=8, information=8)
    inputs = torch.rand(2, 3, 32, 32), torch.eye(6)[:2]
    for trained, evaluated in zip(network.train()(*inputs), network.eval()(*inputs), strict=True):
        assert torch.equal(trained, evaluated)


def test_composition_is_equation_7() -> None:
    image, paint = torch.full((1, 3, 2, 2), -1.0), torch.full((1, 3, 2, 2), 0.5)
    mask = torch.tensor([[[[0.0, 1.0], [0.5, 0.25]]]])
    expected = torch.tensor([[-1.0, 0.5], [-0.25, -0.625]]).expand(1, 3, 2, 2)
    torch.testing.assert_close(compose(image, paint, mask), expected)
