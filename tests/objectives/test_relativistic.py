"""Relativistic pairs: golden values, and the discriminator's side beside its equation."""

import math

import pytest
import torch
from torch import Tensor

from sparring.objectives.relativistic import discriminate, pairs

ROW = torch.tensor([-2.0, -1.0, 0.0, 0.5, 1.0, 3.0], dtype=torch.float64)


def gradient(loss: Tensor, x: Tensor) -> float:
    (value,) = torch.autograd.grad(loss, x)
    return float(value)


@pytest.mark.parametrize("shape", [(6,), (3, 2), (1, 1, 2, 3)])
def test_golden_values(shape: tuple[int, ...]) -> None:
    loser = torch.tensor([0.0, -1.0, 2.0, 0.5, -3.0, 1.0], dtype=ROW.dtype)
    expected = [2.1269280110429727, 0.6931471805599453, 2.1269280110429727]
    expected += [0.6931471805599453, 0.01814992791780978, 0.1269280110429726]  # softplus(l_l - l_w)
    loss = pairs(ROW.view(shape), loser.view(shape))
    torch.testing.assert_close(loss, torch.tensor(expected, dtype=ROW.dtype).view(shape))
    torch.testing.assert_close(pairs(ROW + 100, loser + 100), loss.flatten())  # only the difference counts


@pytest.mark.parametrize("logit", [-40.0, 40.0])
def test_gradients_at_extreme_logits(logit: float) -> None:
    x, other = torch.tensor(logit, requires_grad=True), torch.tensor(0.0)
    ahead, behind = math.exp(-40), 1.0
    winner = ahead if logit > 0 else behind
    assert gradient(pairs(x, other), x) == pytest.approx(-winner, rel=1e-4, abs=0)
    loser = behind if logit > 0 else ahead
    assert gradient(pairs(other, x), x) == pytest.approx(loser, rel=1e-4, abs=0)


def test_the_discriminators_terms_in_closed_form() -> None:
    real = torch.tensor([[1.0, 2.0], [0.0, -1.0]], requires_grad=True)
    fake = torch.tensor([[0.5, 0.0], [1.0, 1.0]], requires_grad=True)
    weights = torch.tensor([3.0, 4.0])
    terms = discriminate(real @ weights, real, 2 * (fake @ weights), fake, gamma=0.1)
    logits = torch.tensor([11.0, -4.0]), torch.tensor([3.0, 14.0])
    torch.testing.assert_close(terms["pairs"], torch.nn.functional.softplus(logits[1] - logits[0]).mean())
    assert terms["r1"].item() == pytest.approx(0.1 / 2 * 25)  # |(3, 4)|^2 = 25
    assert terms["r2"].item() == pytest.approx(0.1 / 2 * 100)
