"""How alike batches of features are: closed forms."""

import pytest
import torch

from sparring.objectives.similarity import feature_matching, pull_away


def test_features_match_where_the_means_do() -> None:
    real = torch.tensor([[1.0, -1.0], [3.0, 5.0]])
    assert float(feature_matching(real, real.flip(0))) == 0
    assert float(feature_matching(real, real.mean(0, keepdim=True))) == 0  # one fake with the mean's features
    assert float(feature_matching(real, real + torch.tensor([3.0, 4.0]))) == pytest.approx(25 / 2)


def test_the_gradient_of_feature_matching_moves_the_mean_and_keeps_differences() -> None:
    fake = torch.randn(4, 3, requires_grad=True)
    torch.autograd.backward(feature_matching(torch.zeros(7, 3), fake))
    assert fake.grad is not None
    torch.testing.assert_close(fake.grad, (2 * fake.detach().mean(0) / (3 * 4)).expand(4, 3))


def test_pull_away_is_between_orthogonal_and_equal() -> None:
    assert float(pull_away(torch.eye(5) * torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0]))) == pytest.approx(0)
    assert float(pull_away(torch.ones(6, 3) * torch.arange(1.0, 7)[:, None])) == pytest.approx(1)
    assert float(pull_away(-torch.ones(2, 3))) == pytest.approx(1)
    assert float(pull_away(torch.ones(1, 3))) == pytest.approx(0)


def test_pull_away_is_the_mean_over_pairs() -> None:
    features = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    pairs = [
        float(torch.cosine_similarity(features[i], features[j], dim=0)) ** 2
        for i in range(5)
        for j in range(5)
        if i != j
    ]
    assert float(pull_away(features)) == pytest.approx(sum(pairs) / len(pairs))
