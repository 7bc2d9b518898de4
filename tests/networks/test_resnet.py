"""The residual pair: its stages, how it is told what is wanted, and that it leaves no checkerboard."""

import pytest
import torch
from torch import nn

from sparring import networks
from sparring.networks import resnet
from sparring.nn.conditional import ConditionalBatchNorm


@pytest.mark.parametrize(
    ("size", "smallest", "blocks"),
    [
        ((16, 16), (4, 4), 2),
        ((28, 28), (7, 7), 2),
        ((32, 32), (4, 4), 3),
        ((64, 64), (4, 4), 4),
        ((128, 128), (4, 4), 5),
        ((12, 20), (6, 10), 1),
        ((33, 50), (5, 7), 3),
        ((1, 1), (1, 1), 1),
    ],
)
def test_stages(size: tuple[int, int], smallest: tuple[int, int], blocks: int) -> None:
    _, stage, channels = resnet._plan((3, *size), width=8)
    assert (stage, len(channels)) == (smallest, blocks)
    generator = networks.generator("resnet", (3, *size), latent=7, width=4, condition=2)
    trunk = resnet.Trunk((3, *size), width=4)
    pictures = generator(torch.randn(2, 7))
    assert pictures.shape == (2, 3, *size)
    assert trunk(pictures).shape == (2, trunk.features)


def test_channels_grow_inwards_up_to_a_limit() -> None:
    assert resnet._plan((3, 128, 128), width=32)[2] == [128, 128, 64, 32, 16]
    assert resnet._plan((3, 16, 16), width=1)[2] == [1, 1]


def test_what_is_wanted_reaches_every_block_and_only_through_norms() -> None:
    torch.manual_seed(0)
    generator = networks.generator("resnet", (1, 16, 16), latent=9, width=8, condition=3)
    assert isinstance(generator, resnet.Generator)
    norms = [module for module in generator.modules() if isinstance(module, ConditionalBatchNorm)]
    assert len(norms) == 2 * len(generator.blocks)
    assert generator.project.in_features == 6
    latents = torch.randn(4, 9)
    other = torch.cat([latents[:, :6], latents[:, 6:].roll(1, 1)], 1)
    assert torch.equal(generator(latents), generator(other))  # nothing is known of classes yet
    for norm in norms:
        nn.init.normal_(norm.gain.weight)
    assert not torch.allclose(generator(latents), generator(other), atol=1e-3)


def test_without_a_condition_it_is_plain_batch_norm() -> None:
    generator = networks.generator("resnet", (1, 16, 16), latent=9, width=8)
    assert not any(isinstance(module, ConditionalBatchNorm) for module in generator.modules())


def test_a_flat_stage_becomes_a_flat_picture() -> None:
    """Transposed convolutions lay a grid over it, since they reach some pixels more often than others."""
    torch.manual_seed(0)
    block = resnet.Up(6, 6, 0).eval()
    flat = torch.randn(1, 6, 1, 1).expand(1, 6, 12, 12)
    inner = block(flat)[:, :, 4:-4, 4:-4]
    assert float((inner - inner[:, :, :1, :1]).detach().abs().max()) < 1e-5


def test_enlarging_behind_the_shortcut_changes_nothing() -> None:
    torch.manual_seed(0)
    block, stage = resnet.Up(6, 3, 0), torch.randn(2, 6, 4, 4)
    torch.testing.assert_close(resnet._twice(block.shortcut(stage)), block.shortcut(resnet._twice(stage)))


def test_features_are_sums_over_all_places() -> None:
    torch.manual_seed(0)
    trunk = resnet.Trunk((1, 16, 16), width=8)
    pictures = torch.randn(2, 1, 16, 16)
    torch.testing.assert_close(trunk(pictures), trunk.blocks(pictures).sum((2, 3)))
    assert bool((trunk(pictures) >= 0).all())
