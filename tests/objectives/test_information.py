"""Closed forms, against torch's own distributions."""

from math import e, log, pi

import pytest
import torch
from torch.distributions import Categorical, Normal, kl_divergence

from sparring.objectives import information


def test_categorical_is_the_surprise_of_a_softmax() -> None:
    torch.manual_seed(0)
    scores, values = 3 * torch.randn(50, 7), torch.randint(7, (50,))
    expected = -Categorical(logits=scores).log_prob(values)  # type: ignore[no-untyped-call]
    torch.testing.assert_close(information.categorical(scores, values), expected)
    assert information.categorical(torch.tensor([[900.0, 0.0]]), torch.tensor([1])).tolist() == [900.0]  # no overflow


@pytest.mark.parametrize("variance", [0.3, torch.tensor([[0.5], [2.0], [1e-3]])])
def test_gaussian_is_the_surprise_of_a_normal_density(variance: torch.Tensor | float) -> None:
    torch.manual_seed(0)
    values, mean = torch.randn(3, 4), torch.randn(3, 4)
    spread = torch.as_tensor(variance).sqrt().expand(3, 1)
    expected = -Normal(mean, spread.expand(3, 4)).log_prob(values).sum(1)  # type: ignore[no-untyped-call]
    torch.testing.assert_close(information.gaussian(values, mean, variance), expected)


def test_gaussian_sums_over_pictures() -> None:
    pictures = torch.rand(5, 3, 4, 4)
    surprise = information.gaussian(pictures, pictures, 1.0)
    torch.testing.assert_close(surprise, torch.full((5,), 3 * 16 * log(2 * pi) / 2))


def test_no_other_variance_is_likelier_than_the_fitted_one() -> None:
    torch.manual_seed(0)
    values, mean = torch.randn(64, 10), torch.randn(64, 10)
    fitted = information.fitted_variance(values, mean)
    least = information.gaussian(values, mean, fitted).mean()
    assert float(least) == pytest.approx(5 * float((2 * pi * e * fitted).log()), rel=1e-5)
    for factor in (0.9, 1.1):
        assert float(information.gaussian(values, mean, factor * fitted).mean()) > float(least)
    assert float(information.fitted_variance(values, values)) > 0  # a perfect guess has no infinite density


def test_the_gradient_is_that_of_the_likelihood_under_the_fitted_variance() -> None:
    torch.manual_seed(0)
    values, mean = torch.randn(8, 3), torch.randn(8, 3, requires_grad=True)
    surprise = information.gaussian(values, mean, information.fitted_variance(values, mean)).mean()
    (gradient,) = torch.autograd.grad(surprise, mean)
    (whole,) = torch.autograd.grad(3 / 2 * (values - mean).square().mean().log(), mean)
    torch.testing.assert_close(gradient, whole)


def test_divergence_from_the_normal_distribution() -> None:
    torch.manual_seed(0)
    mean, log_variance = torch.randn(20, 6), torch.randn(20, 6)
    there = Normal(mean, (log_variance / 2).exp())
    expected = kl_divergence(there, Normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(information.divergence_from_normal(mean, log_variance), expected)
    assert information.divergence_from_normal(torch.zeros(2, 6), torch.zeros(2, 6)).tolist() == [0, 0]
