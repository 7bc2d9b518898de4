"""Latents, framing, initialisation."""

import pytest
import torch
from torch import nn

from sparring.nn.dropout import Dropout
from sparring.nn.framing import crop_to, pad_to, round_up
from sparring.nn.initialise import normal_weights
from sparring.nn.latents import Latent


@pytest.mark.parametrize("distribution", ["normal", "uniform"])
def test_a_numbered_latent_depends_on_seed_and_number_alone(distribution: str) -> None:
    latent = Latent.model_validate({"distribution": distribution, "noise": 16})
    many = latent.numbered(3, 0, 20)
    torch.testing.assert_close(many[7:9], latent.numbered(3, 7, 2), rtol=0, atol=0)
    assert not torch.equal(many[0], many[1])
    assert not torch.equal(many, latent.numbered(4, 0, 20))
    torch.manual_seed(5)
    torch.testing.assert_close(many, latent.numbered(3, 0, 20), rtol=0, atol=0)


def test_distributions() -> None:
    torch.manual_seed(0)
    normals, uniforms = Latent(distribution="normal", noise=10), Latent(distribution="uniform", noise=10)
    for normal, uniform in (
        (normals.draw(4000), uniforms.draw(4000)),
        (normals.numbered(1, 0, 4000), uniforms.numbered(1, 0, 4000)),
    ):
        assert abs(float(normal.mean())) < 0.02
        assert float(normal.std()) == pytest.approx(1.0, abs=0.02)
        assert -1 <= float(uniform.min()) < -0.99
        assert 0.99 < float(uniform.max()) <= 1
        assert float(uniform.std()) == pytest.approx(3**-0.5, abs=0.01)


@pytest.mark.parametrize("size", [(5, 7), (28, 28), (32, 32), (1, 1)])
def test_padding_is_undone_by_cropping(size: tuple[int, int]) -> None:
    pictures = torch.randn(2, 3, *size)
    padded = pad_to(pictures, round_up(size, 8))
    assert all(side % 8 == 0 for side in padded.shape[2:])
    torch.testing.assert_close(crop_to(padded, size), pictures, rtol=0, atol=0)


def test_padding_continues_the_border() -> None:
    assert bool((pad_to(torch.full((1, 1, 5, 5), 0.7), (8, 8)) == 0.7).all())


def test_normal_weights() -> None:
    network = nn.Sequential(nn.Conv2d(64, 64, 3), nn.BatchNorm2d(64), nn.Linear(200, 200))
    torch.manual_seed(0)
    normal_weights(network)
    convolution, norm, linear = (next(layer.parameters()).detach() for layer in network)
    shift = network[1].bias
    assert isinstance(shift, torch.Tensor)
    assert float(convolution.std()) == pytest.approx(0.02, rel=0.05)
    assert float(linear.std()) == pytest.approx(0.02, rel=0.05)
    assert float(norm.mean()) == pytest.approx(1.0, abs=0.01)
    assert float(norm.std()) == pytest.approx(0.02, rel=0.3)
    assert float(shift.detach().abs().max()) == 0.0


def test_dropout_drops_its_share_and_keeps_the_mean() -> None:
    torch.manual_seed(0)
    layer, numbers = Dropout(0.3), torch.full((400, 500), 2.0, requires_grad=True)
    dropped = layer(numbers)
    assert float((dropped == 0).float().mean()) == pytest.approx(0.3, abs=0.005)
    assert dropped.detach().unique().tolist() == pytest.approx([0, 2 / 0.7], rel=1e-4)
    torch.autograd.backward(dropped.sum())
    assert numbers.grad is not None
    torch.testing.assert_close(numbers.grad, dropped.detach() / 2)  # the same mask, the same scale
    assert layer.eval()(numbers) is numbers


@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.9])
def test_each_mask_of_a_draw_drops_its_share(p: float) -> None:
    torch.manual_seed(0)
    dropped = Dropout(p)(torch.ones(100_000, 4)) == 0
    torch.testing.assert_close(dropped.float().mean(0), torch.full((4,), p), atol=0.005, rtol=0)
    together = torch.corrcoef(dropped.float().T) if p else torch.eye(4)
    torch.testing.assert_close(together, torch.eye(4), atol=0.02, rtol=0)


def test_dropout_keeps_shape_order_and_precision() -> None:
    stage = torch.ones(2, 3, 5, 7, dtype=torch.bfloat16).to(memory_format=torch.channels_last)
    dropped = Dropout(0.5)(stage)
    assert (dropped.shape, dropped.stride(), dropped.dtype) == (stage.shape, stage.stride(), stage.dtype)
    assert set(dropped.flatten().tolist()) == {0.0, 2.0}
    assert Dropout(0.5)(torch.ones(3)).shape == (3,)
