"""The networks from picture to picture: any size, nothing lost at the border, patches that see what they should."""

from collections.abc import Iterable
from itertools import pairwise
from typing import get_args

import pytest
import torch
from torch import Tensor, nn

from sparring import translators
from sparring.data.spec import Spec
from sparring.errors import UsageError
from sparring.nn.instance import InstanceNorm
from sparring.translators import coarse_to_fine
from sparring.translators.patch import HALVINGS, PatchDiscriminator
from sparring.translators.scales import Scales
from sparring.translators.staged import Part

NETWORKS = get_args(translators.Name)
SIZES = [(8, 8), (16, 16), (12, 20), (33, 50), (64, 64)]


def spec_of(size: tuple[int, int], inputs: int = 2, outputs: int = 3) -> Spec:
    height, width = size
    return Spec(channels=outputs, height=height, width=width, inputs=Spec(channels=inputs, height=height, width=width))


def build(name: str, size: tuple[int, int], norm: str = "instance", upsampling: str = "resize") -> nn.Module:
    torch.manual_seed(0)
    return translators.translator(name, spec_of(size), width=4, norm=norm, upsampling=upsampling)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("upsampling", ["resize", "transposed"])
def test_what_comes_out_is_as_large_as_what_goes_in(name: str, size: tuple[int, int], upsampling: str) -> None:
    network = build(name, size, upsampling=upsampling)
    for height, width in (size, (size[0] + 3, size[1] + 9)):
        drawn = network(torch.randn(2, 2, height, width))
        assert drawn.shape == (2, 3, height, width)
        assert float(drawn.detach().abs().max()) <= 1


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("norm", ["instance", "batch", "none"])
def test_every_parameter_matters(name: str, norm: str) -> None:
    network = build(name, (32, 32), norm)
    network(torch.randn(3, 2, 32, 32)).square().sum().backward()
    for key, parameter in network.named_parameters():
        assert parameter.grad is not None and float(parameter.grad.abs().sum()) > 0, key


@pytest.mark.parametrize("name", NETWORKS)
def test_instance_norm_is_the_same_in_training_and_at_test_time_and_for_a_picture_alone(name: str) -> None:
    network, pictures = build(name, (32, 32)), torch.randn(3, 2, 32, 32)
    with torch.no_grad():
        training, later = network.train()(pictures), network.eval()(pictures)
        alone = torch.cat([network(one) for one in torch.split(pictures, 1)])
    assert torch.equal(training, later)
    torch.testing.assert_close(alone, later, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_output_pixel_can_know_of_its_own_input_pixel(name: str) -> None:
    """Padding and cropping keep things in place: the nearest input pixels matter most."""
    network = build(name, (32, 32), norm="none")
    for row, column in ((0, 0), (17, 5), (31, 29)):
        pictures = torch.randn(1, 2, 32, 30, requires_grad=True)
        network(pictures)[0, :, row, min(column, 29)].sum().backward()
        assert pictures.grad is not None
        slope = pictures.grad.abs().sum((0, 1))
        near = slope[max(row - 3, 0) : row + 4, max(column - 3, 0) : column + 4].mean()
        assert float(near) > float(slope.mean())


def test_instance_norm_is_that_of_torch() -> None:
    stage = torch.randn(3, 4, 5, 7) * 3 + 1
    torch.testing.assert_close(InstanceNorm()(stage), nn.InstanceNorm2d(4)(stage))
    assert torch.equal(InstanceNorm()(torch.randn(2, 3, 1, 1)), torch.zeros(2, 3, 1, 1))


def field_of_view(discriminator: nn.Module, size: int) -> tuple[int, int]:
    """Rows and columns that one logit in the middle sees."""
    pictures = torch.randn(1, 1, size, size, requires_grad=True)
    logits = discriminator(pictures)
    logits[0, 0, logits.shape[2] // 2, logits.shape[3] // 2].backward()
    assert pictures.grad is not None
    seen: Tensor = pictures.grad[0, 0] != 0
    return int(seen.any(1).sum()), int(seen.any(0).sum())


@pytest.mark.parametrize("patch", [16, 34, 70, 142])
def test_a_logit_sees_exactly_its_patch(patch: int) -> None:
    torch.manual_seed(0)
    size = 4 * patch
    discriminator = PatchDiscriminator(1, (size, size), width=2, norm="none", patch=patch)
    assert field_of_view(discriminator, size) == (patch, patch)


def test_the_seventy_pixel_discriminator_is_that_of_the_paper() -> None:
    network = PatchDiscriminator(6, (256, 256), width=64, norm="batch", patch=70)
    convolutions = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    assert [one.out_channels for one in convolutions] == [64, 128, 256, 512, 1]
    assert [one.stride[0] for one in convolutions] == [2, 2, 2, 1, 1]
    assert network(torch.zeros(1, 6, 256, 256)).shape == (1, 1, 30, 30)


@pytest.mark.parametrize("patch", HALVINGS)
def test_pictures_below_the_patch_are_refused_with_the_least_size(patch: int) -> None:
    least = 3 * 2 ** HALVINGS[patch]
    PatchDiscriminator(1, (least, least), width=2, norm="none", patch=patch)(torch.zeros(1, 1, least, least))
    with pytest.raises(UsageError, match=f"needs pictures of {least} pixels a side"):
        PatchDiscriminator(1, (least - 1, least), width=2, norm="none", patch=patch)


def test_each_scale_is_shown_the_mean_of_four_pixels_of_the_one_before_and_sees_twice_as_much() -> None:
    torch.manual_seed(0)
    network = Scales(1, (128, 128), width=2, norm="none", most=3, patch=16)
    shown: list[Tensor] = []
    hooks = [
        judge.layers[0].register_forward_pre_hook(lambda _, given: shown.append(given[0]))  # type: ignore[index,union-attr]
        for judge in network.judges
    ]
    pictures = torch.randn(2, 1, 128, 128)
    seen = network(pictures)
    for hook in hooks:
        hook.remove()
    assert torch.equal(shown[0], pictures)
    for fine, coarse in pairwise(shown):
        torch.testing.assert_close(coarse, fine.unfold(2, 2, 2).unfold(3, 2, 2).mean((4, 5)))
    for judge, given, stages in zip(network.judges, shown, seen, strict=True):
        torch.testing.assert_close(stages[-1], judge(given))
        assert [stage.shape[1] for stage in stages] == [2, 4, 1]
    views = [field_of_view(AtScale(network, number), 256) for number in range(3)]
    assert views == [(16, 16), (32, 32), (64, 64)]


class AtScale(nn.Module):
    """The logits of one scale."""

    def __init__(self, network: Scales, number: int) -> None:
        super().__init__()
        self.network, self.number = network, number

    def forward(self, pictures: Tensor) -> Tensor:
        logits: Tensor = self.network(pictures)[self.number][-1]
        return logits


def test_coarse_to_fine_is_that_of_the_paper() -> None:
    with torch.device("meta"):
        network = coarse_to_fine.Translator(
            3, 3, (1024, 2048), width=32, norm="instance", upsampling="transposed", dropout=0
        )
    coarse, front, back = (
        [module for part in parts for module in part.modules() if isinstance(module, nn.Conv2d | nn.ConvTranspose2d)]
        for parts in global_front_and_back(network)
    )
    assert [one.out_channels for one in coarse] == [64, 128, 256, 512, *[1024] * 19, 512, 256, 128, 64]
    assert [one.out_channels for one in front] == [32, 64]
    assert [one.out_channels for one in back] == [*[64] * 6, 32, 3]


def global_front_and_back(network: nn.Module) -> tuple[list[Part], list[Part], list[Part]]:
    """The parts of the global network, the one of the enhancer before it is added, and those behind."""
    assert isinstance(network, coarse_to_fine.Translator)
    parts = network.spans()
    added = next(number for number, part in enumerate(parts) if len(part.sources) == 2)
    return parts[: added - 1], parts[added - 1 : added], parts[added:]


def test_the_enhancer_adds_what_the_global_network_makes_of_half_the_picture() -> None:
    network, pictures = build("coarse-to-fine", (64, 64)), torch.randn(2, 2, 64, 64)
    coarse, front, back = global_front_and_back(network)
    with torch.no_grad():
        half = pictures.unfold(2, 2, 2).unfold(3, 2, 2).mean((4, 5))
        halving, *layers = coarse[0].layers
        assert isinstance(halving, nn.AvgPool2d)
        expected = one_by_one(back, one_by_one(front, pictures) + one_by_one([*layers, *coarse[1:]], half))
        torch.testing.assert_close(network(pictures), expected, atol=1e-4, rtol=0)


def one_by_one(layers: Iterable[nn.Module], stage: Tensor) -> Tensor:
    for layer in layers:
        stage = layer.layers(stage) if isinstance(layer, Part) else layer(stage)
    return stage


def test_what_is_too_small_is_refused() -> None:
    with pytest.raises(UsageError, match="too small to translate: at least 8 pixels a side"):
        build("unet", (7, 64))
