"""Several pictures judged as one: who is in a pack, and that packs do not know each other."""

import pytest
import torch

from sparring import networks
from sparring.nn.packing import Packed

SHAPE = (2, 8, 12)


def sums(packing: int) -> Packed:
    """A trunk that adds up what it sees, channel by channel."""
    return Packed(torch.nn.AdaptiveAvgPool2d(1), packing)


@pytest.mark.parametrize("packing", [1, 2, 3])
def test_a_pack_is_neighbours_laid_over_each_other(packing: int) -> None:
    pictures = torch.randn(6, *SHAPE)
    means = sums(packing)(pictures).flatten(1)
    assert means.shape == (6 // packing, packing * SHAPE[0])
    torch.testing.assert_close(means, pictures.mean((2, 3)).reshape(6 // packing, -1))


@pytest.mark.parametrize("family", ["mlp", "dcgan"])
def test_a_logit_depends_on_its_pack_and_on_nothing_else(family: str) -> None:
    torch.manual_seed(0)
    network = networks.discriminator(family, SHAPE, width=4, norm="none", packing=2).eval()
    pictures = torch.randn(6, *SHAPE, requires_grad=True)
    logits = network(pictures)
    assert logits.shape == (3,)
    (slopes,) = torch.autograd.grad(logits[1], pictures)
    felt = slopes.flatten(1).abs().sum(1) > 0
    assert felt.tolist() == [False, False, True, True, False, False]


def test_real_and_fake_packs_may_share_a_pass() -> None:
    torch.manual_seed(0)
    network = networks.discriminator("dcgan", SHAPE, width=4, norm="none", packing=3)
    real, fake = torch.randn(6, *SHAPE), torch.randn(6, *SHAPE)
    torch.testing.assert_close(network(torch.cat([real, fake])), torch.cat([network(real), network(fake)]))


def test_the_memory_layout_of_the_pictures_does_not_matter() -> None:
    pictures = torch.randn(4, *SHAPE)
    laid_out = pictures.to(memory_format=torch.channels_last)
    torch.testing.assert_close(sums(2)(pictures), sums(2)(laid_out))
