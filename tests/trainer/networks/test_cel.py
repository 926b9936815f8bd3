"""The served network: shapes, the gate, its size, the warp, the palette, and its way to ONNX."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from contract import expression
from faces.change import _LEAST_MASK, _LEAST_MOVE
from trainer.networks.cel import (
    LEAST_MASK,
    LEAST_MOVE,
    Cel,
    Change,
    Palette,
    _bias,
    mix,
    places,
    warp,
)

CONTROL = 2 * expression.SIZE


def tiny(size: int = 32) -> Cel:
    torch.manual_seed(0)
    return Cel(CONTROL, size=size, widths=(16, 16, 16, 16, 16), mapping=8, colours=3).eval()


def stirred(network: Cel) -> Cel:
    """The network with a displacement that is not zero, as after training."""
    torch.manual_seed(1)
    nn.init.normal_(network.move.weight, std=0.3)
    return network


def batch(size: int = 32, n: int = 2) -> tuple[Tensor, Tensor]:
    torch.manual_seed(2)
    return torch.rand(n, 3, size, size) * 2 - 1, torch.rand(n, CONTROL)


def test_shapes_and_ranges() -> None:
    image, control = batch(64)
    network = stirred(tiny(64))
    with torch.no_grad():
        change = network(image, control)
    assert change.paint.shape == (2, 3, 64, 64)
    assert change.mask.shape == (2, 1, 64, 64)
    assert change.displacement.shape == (2, 2, 64, 64)
    assert change.paint.abs().max() <= 1
    assert change.mask.min() >= 0
    assert change.mask.max() <= 1
    assert 0 < change.displacement.abs().max() <= network.reach


def test_next_to_nothing_is_nothing_as_where_changes_are_given_back() -> None:
    assert (LEAST_MOVE, LEAST_MASK) == (_LEAST_MOVE, _LEAST_MASK)
    image = torch.rand(1, 3, 32, 32) * 2 - 1
    change = Change(
        paint=torch.ones(1, 3, 32, 32),
        mask=torch.full((1, 1, 32, 32), 0.99 * LEAST_MASK),
        displacement=torch.full((1, 2, 32, 32), 0.7 * LEAST_MOVE / 32),
        landmarks=torch.zeros(1, 2, 27, 2),
    )
    torch.testing.assert_close(Cel.apply_change(image, change), image, atol=1e-5, rtol=0)
    far = change._replace(displacement=torch.zeros(1, 2, 32, 32))
    far.displacement[:, 0] = (2 + LEAST_MOVE) / 32
    moved = Cel.apply_change(image, far)[..., :-2]
    torch.testing.assert_close(moved, image[..., 2:], atol=1e-5, rtol=0)
    painted = change._replace(mask=torch.ones(1, 1, 32, 32))
    assert (Cel.apply_change(image, painted) == 1).all()


def test_a_control_of_zeros_gives_the_picture_back() -> None:
    image, control = batch()
    control[1] = 0
    network = stirred(tiny())
    with torch.no_grad():
        change = network(image, control)
        result = network.apply_change(image, change)
    assert change.mask[1].count_nonzero() == 0
    assert change.displacement[1].count_nonzero() == 0
    torch.testing.assert_close(result[1], image[1], atol=1e-5, rtol=0)
    assert (result[0] - image[0]).abs().max() > 0.01


def test_an_untrained_network_changes_little() -> None:
    image, control = batch()
    with torch.no_grad():
        change = tiny()(image, control)
    assert change.displacement.count_nonzero() == 0
    assert change.mask.max() < 0.3


def test_pictures_of_a_batch_do_not_touch_each_other() -> None:
    image, control = batch()
    network = stirred(tiny())
    with torch.no_grad():
        together = network(image, control)
        alone = network(image[:1], control[:1])
    for a, b in zip(together, alone, strict=True):
        torch.testing.assert_close(a[:1], b, atol=1e-5, rtol=1e-4)


def test_the_control_steers_the_change() -> None:
    image, control = batch()
    other = control.clone()
    other[:, 3] += 1.0
    network = stirred(tiny())
    with torch.no_grad():
        assert (network(image, control).paint - network(image, other).paint).abs().max() > 1e-4


def test_every_output_sees_the_whole_face() -> None:
    image, control = batch(256, n=1)
    image.requires_grad_(True)
    network = stirred(tiny(256))
    network(image, control).paint[0, :, 200, 128].sum().backward()
    assert image.grad is not None
    assert image.grad[0, :, 8:16, 8:16].abs().max() > 0


def test_size_of_the_shipped_network() -> None:
    """At most 1.2 billion multiplications for a picture of 256 px, 3 to 6 million parameters."""
    network = Cel(CONTROL)
    count = 0

    def add(layer: nn.Module, _: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal count
        count += next(iter(layer.parameters())).numel() * output.shape[2] * output.shape[3]

    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(add)
    with torch.no_grad():
        network(torch.zeros(1, 3, 256, 256), torch.zeros(1, CONTROL))
    assert 0.3e9 < count < 1.2e9
    assert 2.5e6 < sum(p.numel() for p in network.parameters()) < 6e6


def test_a_refined_network_says_what_the_coarse_one_said() -> None:
    torch.manual_seed(4)
    coarse = Cel(CONTROL, 32, (16, 16, 16, 16, 16), mapping=8, colours=3, fine=False).eval()
    coarse = stirred(coarse)
    nn.init.normal_(coarse.place, std=0.3)
    nn.init.normal_(coarse.draw.weight, std=0.2)
    fine = tiny(64)
    fine.refine(coarse)
    image, control = batch(32)
    with torch.no_grad():
        said = coarse(image, control)
        says = fine(F.interpolate(image, scale_factor=2.0, mode="nearest"), control)
    assert said.mask.std() > 0.01
    for told, tells in ((said.paint, says.paint), (said.mask, says.mask)):
        upsampled = F.interpolate(told, scale_factor=2.0, mode="nearest")
        torch.testing.assert_close(tells, upsampled, atol=1e-4, rtol=1e-4)
    # Both enlarge the same coarse field, by four and by two: 2 x 2 averages of smooth parts agree.
    assert said.displacement.abs().max() > 0.01
    inner = F.avg_pool2d(says.displacement, 2)
    torch.testing.assert_close(inner, said.displacement, atol=2e-2 * fine.reach, rtol=0)


def test_only_a_coarse_network_of_half_the_size_is_refined() -> None:
    coarse = Cel(CONTROL, 32, (16, 16, 16, 16, 16), mapping=8, colours=3, fine=False)
    for network, other in ((tiny(32), coarse), (tiny(64), tiny(32)), (coarse, coarse)):
        with pytest.raises(ValueError, match="cannot refine"):
            network.refine(other)


@pytest.mark.parametrize(("control", "size"), [(61, 64), (62, 48)])
def test_sizes_that_cannot_work(control: int, size: int) -> None:
    with pytest.raises(ValueError, match=r"must be a multiple|even count"):
        Cel(control, size=size)


def test_warp_by_whole_pixels() -> None:
    image = torch.rand(1, 3, 16, 16)
    displacement = torch.zeros(1, 2, 16, 16)
    displacement[:, 0] = 2 / 16  # the new pixel is the old one two to the right
    displacement[:, 1] = -1 / 16
    moved = warp(image, displacement)
    torch.testing.assert_close(moved[:, :, 1:, :-2], image[:, :, :-1, 2:], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(moved[:, :, 5, -1], image[:, :, 4, -1], atol=1e-5, rtol=1e-4)


def test_palette_of_a_flat_picture_is_its_colour() -> None:
    palette = Palette(8, 4)
    nn.init.zeros_(palette.tint.weight)
    nn.init.zeros_(palette.tint.bias)
    colour = torch.tensor([0.5, -0.2, 0.1])
    colours = palette(torch.rand(1, 8, 4, 4), colour.view(1, 3, 1, 1).expand(1, 3, 32, 32))
    torch.testing.assert_close(colours, (0.98 * colour).expand(1, 4, 3))


def test_mixtures_stay_between_the_colours() -> None:
    torch.manual_seed(3)
    colours = torch.tensor([[[1.0, 0, 0], [0, 1.0, -1.0]]])
    shares = torch.randn(1, 8, 5, 5) * 3
    mixed = mix(colours, shares).view(3, 4, 5, 5)
    torch.testing.assert_close(mixed[0] + mixed[1], torch.ones(4, 5, 5), atol=5e-4, rtol=0)
    torch.testing.assert_close(mixed[2], -mixed[1])
    one = torch.full((1, 8, 5, 5), -20.0)
    one[:, :4] = 5.0  # all of the first colour
    torch.testing.assert_close(mix(colours, one)[:, :4], torch.ones(1, 4, 5, 5), atol=1e-4, rtol=0)


@pytest.mark.filterwarnings("ignore")
def test_onnx_with_any_batch(tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    network = stirred(tiny())
    image, control = batch()
    free = torch.export.Dim("batch", min=1, max=64)
    path = tmp_path / "cel.onnx"
    torch.onnx.export(
        network,
        (image, control),
        path,
        dynamo=True,
        input_names=["image", "control"],
        output_names=["paint", "mask", "displacement"],
        dynamic_shapes=({0: free}, {0: free}),
        verbose=False,
    )
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    image, control = batch(n=3)
    control[2] = 0
    answers = session.run(None, {"image": image.numpy(), "control": control.numpy()})
    with torch.no_grad():
        change = network(image, control)
    for answer, expected in zip(answers, change, strict=True):
        torch.testing.assert_close(torch.from_numpy(answer), expected, atol=1e-4, rtol=1e-3)
    assert not answers[1][2].any()


def test_the_middle_of_a_crop_is_seen_in_its_place() -> None:
    """Positions are those of the middle, and a displacement is as long in pixels."""
    network = Cel(4, size=128, widths=(16, 16, 16, 16, 16), mapping=8, colours=2).eval()
    with torch.no_grad():
        network.place.copy_(torch.arange(16.0).view(1, 1, 4, 4).expand_as(network.place))
        _bias(network.move).copy_(torch.tensor([0.3, -0.2]))
        image, control = torch.rand(1, 3, 128, 128), torch.ones(1, 4)
        whole, part = network(image, control), network(image[..., 32:96, 32:96], control)
    deepest = torch.zeros(1, 16, 2, 2)
    assert network._place(deepest)[0, 0].tolist() == [[5.0, 6.0], [9.0, 10.0]]
    torch.testing.assert_close(64 * part.displacement, 128 * whole.displacement[..., :64, :64])


def test_places_go_with_the_landmarks_that_move() -> None:
    """One of two points moves: what shares in it comes from there, what stays does not."""
    network = Cel(4, size=64, widths=(16, 16, 16, 16, 16), mapping=8, colours=2, points=2)
    maps = torch.zeros(1, 4, 16, 16)  # before: both points, after: both points
    maps[0, 0, 4, 4] = maps[0, 2, 4, 8] = 50.0  # the first one moves four places to the right
    maps[0, 1, 9, 9] = maps[0, 3, 9, 9] = 50.0
    points = torch.stack(places(maps).chunk(2, 1), 1)
    features = torch.zeros(1, 16, 16, 16)
    with torch.no_grad():
        _bias(network.carry).copy_(torch.tensor([50.0, 0.0, 0.0]))
        moved = network._displacement(features, points, 64)
        torch.testing.assert_close(moved[0, 0], torch.full((16, 16), -0.25))
        torch.testing.assert_close(moved[0, 1], torch.zeros(16, 16), atol=1e-6, rtol=0)
        _bias(network.carry).copy_(torch.tensor([0.0, 50.0, 0.0]))
        assert network._displacement(features, points, 64).abs().max() < 1e-5
        _bias(network.carry).copy_(torch.tensor([0.0, 0.0, 50.0]))
        assert network._displacement(features, points, 64).abs().max() < 1e-5
