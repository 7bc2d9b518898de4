"""Every family of networks: shapes, ranges, and that the two of a pair fit."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from sparring import networks
from sparring.errors import UsageError
from sparring.networks import dcgan
from sparring.nn.dropout import Dropout
from sparring.nn.mixing import PerSample
from sparring.registry import names

FAMILIES = names("sparring.networks")
SHAPES = {
    "mlp": [(1, 28, 28), (3, 5, 9), (2, 1, 1)],
    "dcgan": [(1, 8, 8), (3, 32, 32), (1, 28, 28), (4, 33, 50), (3, 64, 64), (2, 1, 1)],
    "dcgan-mnist": [(1, 28, 28), (3, 28, 28)],
}
CASES = [(family, shape) for family in FAMILIES for shape in SHAPES[family]]


@pytest.mark.parametrize(("family", "shape"), CASES)
def test_a_pair_fits(family: str, shape: tuple[int, int, int]) -> None:
    generator, discriminator = networks.pair(family, shape, latent=7, width=8)
    pictures = generator(torch.randn(3, 7))
    assert pictures.shape == (3, *shape)
    assert float(pictures.detach().abs().max()) <= 1
    assert discriminator(pictures).shape == (3,)


@pytest.mark.parametrize(("family", "shape"), CASES)
def test_every_parameter_matters(family: str, shape: tuple[int, int, int]) -> None:
    generator, discriminator = networks.pair(family, shape, latent=7, width=8)
    discriminator(generator(torch.randn(5, 7))).square().sum().backward()
    for network in (generator, discriminator):
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None, name


CLAIM = [case for case in CASES if isinstance(networks.pair(*case, latent=7, width=8)[1], PerSample)]


@pytest.mark.parametrize(("family", "shape"), CLAIM)
def test_who_claims_to_judge_each_sample_by_itself_does(family: str, shape: tuple[int, int, int]) -> None:
    _, discriminator = networks.pair(family, shape, latent=7, width=8)
    for module in discriminator.modules():
        if isinstance(module, Dropout):
            module.eval()  # random, but drawn for each sample by itself
    pictures = torch.randn(6, *shape)
    torch.testing.assert_close(discriminator(pictures)[:2], discriminator(pictures[:2]))


def layers(network: nn.Module, kind: type[nn.Module]) -> list[nn.Module]:
    return [module for module in network.modules() if isinstance(module, kind)]


def test_the_perceptrons_are_those_of_the_notes() -> None:
    generator, discriminator = networks.pair("mlp", (1, 28, 28), latent=100, width=32)
    for network, sizes in ((generator, [100, 32, 64, 128, 784]), (discriminator, [784, 128, 64, 32, 1])):
        linear = [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
        assert [layer.in_features for layer in linear] + [linear[-1].out_features] == sizes
        assert [layer.p for layer in network.modules() if isinstance(layer, Dropout)] == [0.3] * 3
        assert [layer.negative_slope for layer in network.modules() if isinstance(layer, nn.LeakyReLU)] == [0.2] * 3
    assert len(layers(generator, nn.Tanh)) == 1


def test_the_paper_s_own_size_has_the_paper_s_channels() -> None:
    generator, discriminator = networks.pair("dcgan", (3, 64, 64), latent=100, width=64)
    up = [layer for layer in generator.modules() if isinstance(layer, nn.ConvTranspose2d)]
    down = [layer for layer in discriminator.modules() if isinstance(layer, nn.Conv2d)]
    assert [(layer.in_channels, layer.out_channels) for layer in up] == [(512, 256), (256, 128), (128, 64), (64, 3)]
    assert [(layer.in_channels, layer.out_channels) for layer in down] == [(3, 64), (64, 128), (128, 256), (256, 512)]
    assert all(layer.kernel_size == (4, 4) and layer.stride == (2, 2) for layer in [*up, *down])


@pytest.mark.parametrize("family", ["dcgan", "dcgan-mnist"])
def test_batch_norm_where_the_guidelines_put_it(family: str) -> None:
    generator, discriminator = networks.pair(family, (1, 28, 28), latent=64, width=64)
    for network, sort in ((generator, nn.ConvTranspose2d), (discriminator, nn.Conv2d)):
        sequence = [layer for layer in network.modules() if not list(layer.children())]
        for layer, after in pairwise(sequence):
            if isinstance(layer, sort):
                assert (layer.bias is None) == isinstance(after, nn.BatchNorm2d)
        convolutions = [layer for layer in sequence if isinstance(layer, sort)]
        outer = convolutions[-1] if sort is nn.ConvTranspose2d else convolutions[0]
        assert outer.bias is not None  # no batch norm at the output of one and the input of the other


def test_dcgan_mnist_is_the_courses_shape() -> None:
    generator, discriminator = networks.pair("dcgan-mnist", (1, 28, 28), latent=64, width=64)
    up = [layer for layer in generator.modules() if isinstance(layer, nn.ConvTranspose2d)]
    assert [(layer.kernel_size[0], layer.stride[0]) for layer in up] == [(3, 2), (4, 1), (3, 2), (4, 2)]
    down = [layer for layer in discriminator.modules() if isinstance(layer, nn.Conv2d)]
    assert [layer.out_channels for layer in down] == [16, 32, 1]
    with pytest.raises(UsageError, match=r"32 x 32.*data\.size=28"):
        networks.pair("dcgan-mnist", (1, 32, 32), latent=64, width=64)


def test_stages_grow_with_the_picture() -> None:
    assert [dcgan.stages((side, side)) for side in (8, 24, 32, 64, 128, 256)] == [3, 3, 3, 4, 5, 6]
