"""The tagger's network."""

from __future__ import annotations

import torch

from trainer.networks.tagger import Tagger


def test_tags_and_attributes() -> None:
    found = Tagger((8, 8, 16, 16)).eval()(torch.zeros(2, 3, 64, 64))
    assert tuple(found.tags.shape) == (2, 59)
    assert tuple(found.attributes.shape) == (2, 8)


def test_features_are_finest_first_and_pass_gradients() -> None:
    torch.manual_seed(0)
    tagger = Tagger((4, 8, 12, 16)).eval()
    picture = torch.rand(1, 3, 64, 64, requires_grad=True)
    maps = tagger.features(picture)
    assert [tuple(m.shape[1:]) for m in maps] == [(4, 32, 32), (8, 16, 16), (12, 8, 8), (16, 4, 4)]
    torch.stack([m.square().mean() for m in maps]).sum().backward()
    assert picture.grad is not None
    assert float(picture.grad.abs().sum()) > 0
