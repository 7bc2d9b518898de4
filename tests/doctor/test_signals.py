"""Signals on pictures, points and logits whose answer is known."""

import pytest
import torch
from torch import Tensor

from sparring.doctor import signals
from sparring.metrics.neighbours import manifold


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_sketches_keep_points_and_average_pictures() -> None:
    points = normal(5, 2, 1, 1)
    assert torch.allclose(signals.sketches(points) * 2**0.5, points.flatten(1))
    blocks = torch.zeros(1, 1, 32, 32)
    blocks[:, :, ::2, ::2] = 4.0
    assert torch.allclose(signals.sketches(blocks), torch.full((1, 256), 1 / 16))


def test_energy_distance_is_that_of_the_definition() -> None:
    real, fake = normal(7, 3), normal(5, 3, seed=1) + 1
    across = sum(float((x - y).norm()) for x in real for y in fake) / 35
    own = sum(float((x - y).norm()) for x in real for y in real) / (7 * 6)
    other = sum(float((x - y).norm()) for x in fake for y in fake) / (5 * 4)
    assert signals.energy_distance(real, fake) == pytest.approx((2 * across - own - other) / own, rel=1e-5)


def test_energy_distance_of_equal_distributions_is_zero_in_the_mean() -> None:
    found = [signals.energy_distance(normal(40, 4, seed=2 * k), normal(40, 4, seed=2 * k + 1)) for k in range(60)]
    assert abs(sum(found) / len(found)) < 0.005


def test_variety_counts_the_groups_that_are_reached() -> None:
    middles = torch.arange(6.0)[:, None] * 10
    vectors = middles.repeat(8, 1) + 0.1 * normal(48, 1)
    assert signals.variety(vectors, middles) == pytest.approx(6)
    assert signals.variety(vectors[::6], middles) == pytest.approx(1)


def test_groups_of_separate_clusters_are_their_means() -> None:
    middles = torch.tensor([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]])
    vectors = (middles[:, None] + 0.1 * normal(3, 50, 2)).flatten(0, 1)
    found = signals.groups(vectors, 3)
    assert torch.allclose(found, vectors.reshape(3, 50, 2).mean(1), atol=1e-5)


def test_a_tight_cluster_is_neither_recalled_nor_covers() -> None:
    real = normal(100, 2)
    tight = 0.05 * normal(100, 2, seed=1)
    within, alike = (manifold(real.numpy(), fake.numpy()) for fake in (tight, normal(100, 2, seed=1)))
    assert within.recall < 0.1
    assert within.coverage < 0.3
    assert alike.recall > 0.8
    assert alike.coverage > 0.9


def test_copies_are_told_from_other_pictures_of_the_same_kind() -> None:
    train, held_out = normal(300, 8), normal(100, 8, seed=1)
    own = signals.nearest(train)
    assert signals.copies(train, own, train[:50] + 1e-3) == 1.0
    assert signals.copies(train, own, held_out) < 0.15


def test_overfitting_is_zero_for_alike_and_one_for_fakes() -> None:
    real, fake = normal(64) + 5, normal(64, seed=1)
    assert abs(signals.overfitting(real, normal(64, seed=2) + 5, fake)) < 0.15
    assert signals.overfitting(real, normal(64, seed=3), fake) == pytest.approx(1, abs=0.1)
    assert signals.overfitting(fake, real, fake) == 0.0  # nothing is told apart, so there is nothing to compare with


@pytest.mark.parametrize(("period", "peak"), [(2, 0), (4, 1)])
@pytest.mark.parametrize("side", [16, 28, 33])
def test_a_grid_shows_at_its_own_frequency(period: int, peak: int, side: int) -> None:
    smooth = torch.nn.functional.avg_pool2d(noise(64, 3, side + 2, side + 2), 3, stride=1)
    before = signals.grid(smooth)
    assert max(before) < 0.15
    smooth[:, :, ::period] += 0.3
    after = signals.grid(smooth)
    assert after[peak] > 0.4
    assert period == 4 or after[1] < 0.1


def test_the_linear_classifier_learns_what_is_linear() -> None:
    vectors = normal(400, 5)
    labels = (vectors[:, 0] > 0).long()
    weights = signals.linear_classifier(vectors[200:], labels[200:], 2)
    assert signals.accuracy(weights, vectors[:200], labels[:200]) > 0.9
    assert signals.accuracy(weights, vectors[:200], 1 - labels[:200]) < 0.1
