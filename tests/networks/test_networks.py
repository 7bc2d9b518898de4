"""Every family of networks: shapes, ranges, and that the two of a pair fit."""

from itertools import pairwise
from typing import get_args

import pytest
import torch
from torch import nn
from torch.nn.functional import leaky_relu

from sparring import networks
from sparring.errors import UsageError
from sparring.networks import dcgan
from sparring.networks.fixup import SLOPE, STORED, Convolution, Residual
from sparring.nn.dropout import ChannelDropout, Dropout
from sparring.nn.initialise import normal_weights
from sparring.nn.mixing import mixes_samples
from sparring.nn.norms import Norm
from sparring.registry import names

FAMILIES = names("sparring.networks")
SHAPES = {
    "convnet": [(1, 28, 28), (3, 32, 32), (1, 8, 8), (4, 33, 50), (2, 1, 1)],
    "mlp": [(1, 28, 28), (3, 5, 9), (2, 1, 1)],
    "dcgan": [(1, 8, 8), (3, 32, 32), (1, 28, 28), (4, 33, 50), (3, 64, 64), (2, 1, 1)],
    "dcgan-mnist": [(1, 28, 28), (3, 28, 28)],
    "dcgan-resize": [(1, 8, 8), (3, 32, 32), (1, 28, 28), (4, 33, 50), (2, 1, 1)],
    "fixup": [(1, 8, 8), (3, 32, 32), (1, 28, 28), (4, 33, 50)],
    "points": [(2, 1, 1), (1, 4, 3)],
    "resnet-dcgan": [(1, 16, 16), (3, 32, 32), (1, 28, 28), (4, 33, 50)],
    "resnet": [(1, 16, 16), (1, 12, 20), (3, 32, 32), (1, 28, 28), (4, 33, 50), (2, 1, 1), (3, 128, 128)],
}
NORMS = get_args(Norm)


def pair(
    family: str, shape: tuple[int, int, int], *, latent: int, width: int, norm: Norm | None = None
) -> tuple[nn.Module, nn.Module]:
    return (
        networks.generator(family, shape, latent=latent, width=width),
        networks.discriminator(family, shape, width=width, norm=norm),
    )


CASES = [(family, shape) for family in FAMILIES for shape in SHAPES[family]]


@pytest.mark.parametrize(("family", "shape"), CASES)
def test_a_pair_fits(family: str, shape: tuple[int, int, int]) -> None:
    generator, discriminator = pair(family, shape, latent=7, width=8)
    pictures = generator(torch.randn(3, 7))
    assert pictures.shape == (3, *shape)
    assert float(pictures.detach().abs().max()) <= 1
    assert discriminator(pictures).shape == (3,)


@pytest.mark.parametrize(("family", "shape"), CASES)
def test_every_parameter_matters(family: str, shape: tuple[int, int, int]) -> None:
    generator, discriminator = pair(family, shape, latent=7, width=8)
    discriminator(generator(torch.randn(5, 7))).square().sum().backward()
    for network in (generator, discriminator):
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None, name


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize(("family", "shape"), [case for case in CASES if case[0] != "fixup"])
def test_only_batch_norm_mixes_samples(family: str, shape: tuple[int, int, int], norm: Norm) -> None:
    discriminator = networks.discriminator(family, shape, width=8, norm=norm)
    for module in discriminator.modules():
        if isinstance(module, Dropout | ChannelDropout):
            module.eval()  # random, but drawn for each sample by itself
    pictures = torch.randn(6, *shape)
    discriminator(pictures)
    if norm == "spectral":
        discriminator.eval()  # or the second pass would have gone a step further in the power iteration
    alone, among = discriminator(pictures[:2]), discriminator(pictures)[:2]
    assert mixes_samples(discriminator) == (norm == "batch")
    assert torch.allclose(alone, among, atol=1e-5) == (norm != "batch")


def layers(network: nn.Module, kind: type[nn.Module]) -> list[nn.Module]:
    return [module for module in network.modules() if isinstance(module, kind)]


def test_the_perceptrons_are_those_of_the_notes() -> None:
    generator, discriminator = pair("mlp", (1, 28, 28), latent=100, width=32)
    for network, sizes in ((generator, [100, 32, 64, 128, 784]), (discriminator, [784, 128, 64, 32, 1])):
        linear = [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
        assert [layer.in_features for layer in linear] + [linear[-1].out_features] == sizes
        assert [layer.p for layer in network.modules() if isinstance(layer, Dropout)] == [0.3] * 3
        assert [layer.negative_slope for layer in network.modules() if isinstance(layer, nn.LeakyReLU)] == [0.2] * 3
    assert len(layers(generator, nn.Tanh)) == 1


def test_the_paper_s_own_size_has_the_paper_s_channels() -> None:
    generator, discriminator = pair("dcgan", (3, 64, 64), latent=100, width=64)
    up = [layer for layer in generator.modules() if isinstance(layer, nn.ConvTranspose2d)]
    down = [layer for layer in discriminator.modules() if isinstance(layer, nn.Conv2d)]
    assert [(layer.in_channels, layer.out_channels) for layer in up] == [(512, 256), (256, 128), (128, 64), (64, 3)]
    assert [(layer.in_channels, layer.out_channels) for layer in down] == [(3, 64), (64, 128), (128, 256), (256, 512)]
    assert all(layer.kernel_size == (4, 4) and layer.stride == (2, 2) for layer in [*up, *down])


@pytest.mark.parametrize("family", ["dcgan", "dcgan-mnist"])
def test_batch_norm_where_the_guidelines_put_it(family: str) -> None:
    generator, discriminator = pair(family, (1, 28, 28), latent=64, width=64)
    for network, sort in ((generator, nn.ConvTranspose2d), (discriminator, nn.Conv2d)):
        sequence = [layer for layer in network.modules() if not list(layer.children())]
        for layer, after in pairwise(sequence):
            if isinstance(layer, sort):
                assert (layer.bias is None) == isinstance(after, nn.BatchNorm2d)
        convolutions = [layer for layer in sequence if isinstance(layer, sort)]
        outer = convolutions[-1] if sort is nn.ConvTranspose2d else convolutions[0]
        assert outer.bias is not None  # no batch norm at the output of one and the input of the other


def test_dcgan_mnist_is_the_courses_shape() -> None:
    generator, discriminator = pair("dcgan-mnist", (1, 28, 28), latent=64, width=64)
    up = [layer for layer in generator.modules() if isinstance(layer, nn.ConvTranspose2d)]
    assert [(layer.kernel_size[0], layer.stride[0]) for layer in up] == [(3, 2), (4, 1), (3, 2), (4, 2)]
    down = [layer for layer in discriminator.modules() if isinstance(layer, nn.Conv2d)]
    assert [layer.out_channels for layer in down] == [16, 32]
    assert [layer.in_features for layer in discriminator.modules() if isinstance(layer, nn.Linear)] == [32 * 4 * 4]
    with pytest.raises(UsageError, match=r"32 x 32.*data\.size=28"):
        pair("dcgan-mnist", (1, 32, 32), latent=64, width=64)


def test_stages_grow_with_the_picture() -> None:
    assert [dcgan.stages((side, side)) for side in (8, 24, 32, 64, 128, 256)] == [3, 3, 3, 4, 5, 6]


@pytest.mark.parametrize("family", ["fixup", "resnet"])
def test_a_family_that_starts_itself_is_left_so(family: str) -> None:
    for network in (
        networks.generator(family, (1, 16, 16), latent=7, width=8, condition=2),
        networks.discriminator(family, (1, 16, 16), width=8, norm="none").get_submodule("trunk"),
    ):
        before = {name: weight.clone() for name, weight in network.state_dict().items()}
        normal_weights(nn.Sequential(network))
        assert all(torch.equal(before[name], weight) for name, weight in network.state_dict().items())


def test_fixup_stores_weights_at_one_size_and_uses_them_at_that_of_he() -> None:
    torch.manual_seed(0)
    for channels in (8, 64):
        layer = Convolution(channels, 64, 3)
        assert float(layer.weight.detach().std()) == pytest.approx(STORED, rel=0.05)
        stage = leaky_relu(torch.randn(16, channels, 16, 16), SLOPE)
        inside = layer(stage)[:, :, 1:-1, 1:-1].detach()
        assert float(inside.square().mean()) == pytest.approx(1.0, rel=0.1)  # as much as went in before the activation


def test_fixup_starts_as_shallow_as_its_resampling_and_takes_no_norm() -> None:
    trunk = networks.discriminator("fixup", (1, 16, 16), width=8).get_submodule("trunk")
    for module in trunk.modules():
        if isinstance(module, Residual):
            stage = torch.randn(2, module.first.in_channels, 4, 4)
            assert torch.equal(module(stage), stage)
    with pytest.raises(UsageError, match=r"set game\.norm=none"):
        networks.discriminator("fixup", (1, 16, 16), width=8, norm="batch")
