"""What a discriminator is told of its batch as a whole: closed forms, brute force, and that sameness shows."""

import numpy as np
import pytest
import torch

from sparring.nn.minibatch import MinibatchDeviation, MinibatchDiscrimination
from sparring.nn.mixing import mixes_samples


def test_the_deviation_is_that_of_each_feature_averaged() -> None:
    torch.manual_seed(0)
    features = torch.randn(6, 5, dtype=torch.float64)
    joined = MinibatchDeviation()(features)
    expected = np.std(features.numpy(), axis=0).mean()
    torch.testing.assert_close(joined[:, :5], features)
    torch.testing.assert_close(joined[:, 5], torch.full((6,), expected, dtype=torch.float64), rtol=0, atol=1e-6)


def test_a_batch_of_copies_has_no_deviation_and_gradients_that_are_finite() -> None:
    features = torch.ones(4, 3, requires_grad=True)
    joined = MinibatchDeviation()(features)
    assert float(joined[:, 3].detach().max()) == pytest.approx(1e-4)
    torch.autograd.backward(joined[:, 3].sum())
    assert features.grad is not None and bool(features.grad.isfinite().all())


def brute_force(layer: MinibatchDiscrimination, features: np.ndarray) -> np.ndarray:
    """Salimans et al., section 3.2, with loops."""
    matrix = layer.transform.weight.detach().numpy().reshape(layer.sides, layer.depth, -1)
    rows = np.einsum("bcf,nf->nbc", matrix, features)
    nearness = np.zeros((len(features), layer.sides))
    for i in range(len(features)):
        for j in range(len(features)):
            if i != j:
                for side in range(layer.sides):
                    nearness[i, side] += np.exp(-np.abs(rows[i, side] - rows[j, side]).sum())
    return nearness


def test_discrimination_is_the_papers_formula() -> None:
    torch.manual_seed(0)
    layer = MinibatchDiscrimination(features=7, sides=4, depth=3).double()
    features = torch.randn(5, 7, dtype=torch.float64)
    joined = layer(features).detach()
    assert joined.shape == (5, 11)
    torch.testing.assert_close(joined[:, :7], features)
    torch.testing.assert_close(joined[:, 7:], torch.from_numpy(brute_force(layer, features.numpy())))


def test_copies_are_as_near_as_can_be_and_strangers_are_not() -> None:
    torch.manual_seed(0)
    layer = MinibatchDiscrimination(features=8, sides=3, depth=2)
    copies = layer(torch.randn(1, 8).expand(6, 8))[:, 8:]
    torch.testing.assert_close(copies, torch.full((6, 3), 5.0))  # the five others at distance 0
    strangers = layer(100 * torch.randn(6, 8))[:, 8:].detach()
    assert float(strangers.max()) < 0.1
    torch.testing.assert_close(layer(torch.randn(1, 8))[:, 8:], torch.zeros(1, 3))  # alone, near to nobody


def test_a_gradient_penalty_can_be_taken_through_it() -> None:
    torch.manual_seed(0)
    layer = MinibatchDiscrimination(4, 3, 2).double()
    features = torch.randn(5, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(layer, features)
    assert torch.autograd.gradgradcheck(layer, features)


def test_both_say_that_they_mix_samples() -> None:
    assert mixes_samples(MinibatchDeviation()) and mixes_samples(MinibatchDiscrimination(4))
