"""Gradient penalties: closed forms on critics whose slope is known, and what may not have one."""

import pytest
import torch
from torch import Tensor, nn

from sparring import networks
from sparring.errors import UsageError
from sparring.nn.packing import Packed
from sparring.objectives.penalties import (
    interpolates,
    one_centred,
    refuse_batch_norm,
    squared_gradient_norm,
    zero_centred,
)

SHAPES = [(7,), (1, 4, 4), (3, 5, 6)]
BATCHES = [1, 4, 16]


class Linear(nn.Module):
    """D(x) = w x + b: its slope is |w| everywhere."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(shape, dtype=torch.float64))
        self.bias = nn.Parameter(torch.zeros((), dtype=torch.float64))

    def forward(self, pictures: Tensor) -> Tensor:
        return (pictures * self.weight).flatten(1).sum(1) + self.bias

    @property
    def slope(self) -> Tensor:
        return self.weight.detach().square().sum().sqrt()


def some(batch: int, shape: tuple[int, ...]) -> Tensor:
    return torch.randn(batch, *shape, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("batch", BATCHES)
def test_a_linear_critic_has_the_slope_of_its_weights(batch: int, shape: tuple[int, ...]) -> None:
    torch.manual_seed(batch)
    critic, pictures = Linear(shape), some(batch, shape)
    others = some(batch, shape)
    one = one_centred(critic(pictures), pictures)
    zero, same = zero_centred(critic(pictures), pictures, critic(others), others)
    assert one.shape == zero.shape == (batch,)  # one for each picture, so that its mean does not depend on the batch
    torch.testing.assert_close(zero, same)
    torch.testing.assert_close(one.detach(), ((critic.slope - 1) ** 2).expand(batch))
    torch.testing.assert_close(zero.detach(), (critic.slope**2 / 2).expand(batch))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("batch", BATCHES)
def test_a_penalty_pulls_at_the_weights(batch: int, shape: tuple[int, ...]) -> None:
    torch.manual_seed(batch)
    critic, pictures = Linear(shape), some(batch, shape)
    weight, slope = critic.weight.detach(), critic.slope
    (pull,) = torch.autograd.grad(one_centred(critic(pictures), pictures).mean(), critic.weight)
    torch.testing.assert_close(pull, 2 * (slope - 1) * weight / slope)
    others = some(batch, shape)
    r1, r2 = zero_centred(critic(pictures), pictures, critic(others), others)
    (pull,) = torch.autograd.grad(r1.mean() + r2.mean(), critic.weight)
    torch.testing.assert_close(pull, 2 * weight)


def test_each_picture_has_a_slope_of_its_own() -> None:
    pictures = torch.tensor([[0.0, 1.0], [3.0, 4.0]], requires_grad=True)
    norms = squared_gradient_norm(pictures.square().sum(1), pictures)  # the gradient of |x|^2 is 2 x
    torch.testing.assert_close(norms.detach(), torch.tensor([4.0, 100.0]))


def test_every_weight_of_a_network_is_reached() -> None:
    torch.manual_seed(0)
    critic = networks.discriminator("dcgan", (3, 16, 16), width=4, norm="none")
    pictures = torch.randn(4, 3, 16, 16, requires_grad=True)
    torch.autograd.backward(one_centred(critic(pictures), pictures).mean())
    for name, weight in critic.named_parameters():
        if name.endswith("weight"):
            assert weight.grad is not None and bool(weight.grad.abs().sum() > 0), name


def test_a_flat_critic_gives_a_finite_gradient() -> None:
    critic = Linear((3,))
    with torch.no_grad():
        critic.weight.zero_()
    pictures = some(4, (3,))
    penalty = one_centred(critic(pictures), pictures)
    torch.testing.assert_close(penalty.detach(), torch.ones(4, dtype=torch.float64), rtol=0, atol=1e-5)
    (pull,) = torch.autograd.grad(penalty.mean(), critic.weight)
    assert bool(pull.isfinite().all())


@pytest.mark.parametrize("packing", [2, 4])
def test_a_pack_is_one_input(packing: int) -> None:
    torch.manual_seed(0)
    critic = Packed(Linear((packing, 3, 3)), packing)
    inner = critic.trunk
    assert isinstance(inner, Linear)
    pictures = some(8, (1, 3, 3))
    penalty = one_centred(critic(pictures), pictures)
    assert penalty.shape == (8 // packing,)
    torch.testing.assert_close(penalty.detach(), ((inner.slope - 1) ** 2).expand(8 // packing))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("packing", [1, 2])
def test_interpolates_lie_between(packing: int, shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    real, fake = torch.randn(4000, *shape, dtype=torch.float64), some(4000, shape)
    between = interpolates(real, fake * 2, packing)
    assert between.requires_grad and between.is_leaf  # nothing flows into the generator
    assert between.shape == real.shape
    share = ((between - fake * 2) / (real - fake * 2)).detach().flatten(1)
    place = share.median(1).values
    torch.testing.assert_close(share, place[:, None].expand_as(share), rtol=0, atol=1e-6)  # on one line
    assert -0.001 < float(place.min()) < 0.01 and 0.99 < float(place.max()) < 1.001
    assert float(place.mean()) == pytest.approx(0.5, abs=0.02)
    packs = place.view(-1, packing)
    torch.testing.assert_close(packs, packs[:, :1].expand_as(packs), rtol=0, atol=1e-6)
    assert float(place[0]) != pytest.approx(float(place[-1]), abs=1e-3)


def test_batch_norm_is_refused_with_the_reason() -> None:
    for norm in ("none", "group", "spectral"):
        refuse_batch_norm(networks.discriminator("dcgan", (1, 16, 16), width=4, norm=norm), "wgan-gp")
    with pytest.raises(UsageError, match=r"'wgan-gp'.*batch norm makes a logit depend on the whole batch.*game\.norm="):
        refuse_batch_norm(networks.discriminator("dcgan", (1, 16, 16), width=4), "wgan-gp")


def test_with_batch_norm_the_penalty_would_mean_nothing() -> None:
    torch.manual_seed(0)
    critic = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1), nn.Flatten(0))
    pictures = torch.randn(6, 4, requires_grad=True)
    whole = squared_gradient_norm(critic(pictures), pictures)
    (first,) = torch.autograd.grad(critic(pictures)[0], pictures)
    assert not torch.allclose(whole[0].detach(), first[0].square().sum())  # other logits leak into the first's gradient
