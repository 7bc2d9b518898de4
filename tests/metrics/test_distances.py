"""Frechet, kernel and earth mover's distances: closed forms, brute force, and what must not matter."""

from itertools import permutations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import sqrtm
from scipy.stats import wasserstein_distance

from sparring.errors import UsageError
from sparring.metrics.frechet import frechet_distance
from sparring.metrics.kernel import kernel_distance, unbiased
from sparring.metrics.moments import Moments, moments
from sparring.metrics.transport import earth_mover, earth_mover_on_line, sliced_wasserstein

Matrix = NDArray[np.float64]


def normal(count: int, features: int, seed: int = 0) -> Matrix:
    return np.random.default_rng(seed).normal(size=(count, features))


def mixed(count: int, features: int, seed: int) -> Matrix:
    """Features that depend on each other, as real ones do."""
    return normal(count, features, seed) @ normal(features, features, seed + 1) + seed


@pytest.mark.parametrize("rows", [1, 7, 1000])
def test_moments_are_those_of_numpy_however_they_are_gathered(rows: int) -> None:
    features = mixed(100, 5, 3) + 1e4  # far from 0, where E[x x'] - mu mu' has no digits left
    found = moments(features, rows)
    np.testing.assert_allclose(found.mean, features.mean(0), rtol=1e-12)
    np.testing.assert_allclose(found.covariance, np.cov(features, rowvar=False), rtol=1e-9)


def test_no_moments_of_nothing() -> None:
    with pytest.raises(UsageError, match="empty"):
        moments(np.zeros((0, 3)))
    with pytest.raises(UsageError, match="at least 2"):
        _ = moments(np.zeros((1, 3))).covariance


def gaussian(mean: Matrix, covariance: Matrix) -> Moments:
    return Moments(1001, mean, covariance * 1000)


def test_frechet_distance_of_gaussians_along_the_axes() -> None:
    one = gaussian(np.array([0.0, 0.0]), np.diag([4.0, 9.0]))
    other = gaussian(np.array([3.0, 4.0]), np.diag([1.0, 16.0]))
    assert frechet_distance(one, other) == pytest.approx(25 + (2 - 1) ** 2 + (3 - 4) ** 2)


@pytest.mark.parametrize("count", [20, 200])
def test_frechet_distance_is_that_of_the_matrix_root(count: int) -> None:
    """Also where there are fewer pictures than features, and the covariance has no inverse."""
    one, other = moments(mixed(count, 30, 0)), moments(mixed(count, 30, 2))
    gap = one.mean - other.mean
    root = sqrtm(one.covariance @ other.covariance).real
    wanted = gap @ gap + np.trace(one.covariance + other.covariance - 2 * root)
    assert frechet_distance(one, other) == pytest.approx(wanted, rel=1e-6)


def test_frechet_distance_of_a_set_to_itself() -> None:
    found = moments(mixed(50, 8, 0))
    assert 0 <= frechet_distance(found, found) < 1e-9 * np.trace(found.covariance)


def test_frechet_distance_of_unlike_features() -> None:
    with pytest.raises(UsageError, match="one extractor"):
        frechet_distance(moments(normal(9, 3)), moments(normal(9, 4)))


def brute_kernel_distance(x: Matrix, y: Matrix) -> float:
    def k(a: Matrix, b: Matrix) -> float:
        return float((a @ b / len(a) + 1) ** 3)

    n, m = len(x), len(y)
    own = sum(k(x[i], x[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    other = sum(k(y[i], y[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    return own + other - 2 * sum(k(a, b) for a in x for b in y) / (n * m)


def test_kernel_distance_by_brute_force() -> None:
    x, y = normal(12, 4), normal(9, 4, 1) + 0.5
    assert unbiased(x, y) == pytest.approx(brute_kernel_distance(x, y), rel=1e-10)


def test_kernel_distance_of_equal_distributions_is_0_on_average() -> None:
    values = [unbiased(normal(20, 3, seed), normal(20, 3, seed + 1000)) for seed in range(400)]
    error = np.std(values) / len(values) ** 0.5
    assert abs(np.mean(values)) < 3 * error
    assert min(values) < 0  # a biased estimate never is


def test_the_error_of_the_kernel_distance_is_how_much_it_varies() -> None:
    found = [kernel_distance(normal(300, 3, seed), normal(300, 3, seed + 1000) + 0.3, 30, 60) for seed in range(120)]
    values = [one.value for one in found]
    assert np.mean([one.error for one in found]) == pytest.approx(np.std(values), rel=0.2)
    bounds = [one.interval or (0.0, 0.0) for one in found]
    assert sum(low < np.mean(values) < high for low, high in bounds) > 0.9 * len(found)


def test_kernel_distance_is_seeded_and_takes_all_of_few() -> None:
    x, y = normal(60, 4), normal(60, 4, 1) + 0.3
    assert kernel_distance(x, y, 5, 20, seed=3) == kernel_distance(x, y, 5, 20, seed=3)
    assert kernel_distance(x, y, 5, 20, seed=3) != kernel_distance(x, y, 5, 20, seed=4)
    few = kernel_distance(x, y, size=1000)
    assert few.value == unbiased(x, y)
    assert few.interval is None


@pytest.mark.parametrize(("x", "y", "why"), [((1, 3), (9, 3), "at least 2"), ((9, 3), (9, 4), "one extractor")])
def test_kernel_distance_of_what_has_none(x: tuple[int, int], y: tuple[int, int], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        kernel_distance(np.zeros(x), np.zeros(y))


def test_earth_mover_on_a_line_of_unequal_numbers() -> None:
    x, y = normal(37, 1)[:, 0], normal(53, 1, 1)[:, 0] * 2 + 1
    assert earth_mover_on_line(x, y) == pytest.approx(wasserstein_distance(x, y), rel=1e-10)
    assert earth_mover_on_line(x, x + 3, power=2) == pytest.approx(3)


def test_earth_mover_in_the_plane_by_brute_force() -> None:
    x, y = normal(6, 2), normal(6, 2, 1) + 1
    costs = [np.mean([np.linalg.norm(x[i] - y[j]) for i, j in enumerate(order)]) for order in permutations(range(6))]
    assert earth_mover(x, y) == pytest.approx(min(costs), rel=1e-9)


def test_earth_mover_of_too_many_points() -> None:
    with pytest.raises(UsageError, match="sliced"):
        earth_mover(np.zeros((11, 2)), np.zeros((11, 2)), limit=10)
    with pytest.raises(UsageError, match="two of one"):
        earth_mover(np.zeros((5, 2)), np.zeros((6, 2)))


def test_sliced_distance_of_scaled_gaussians() -> None:
    """Along each direction N(0, 1) and N(0, 4): W2 = 1."""
    x, y = normal(20_000, 3), 2 * normal(20_000, 3, 1)
    assert sliced_wasserstein(x, y) == pytest.approx(1, abs=0.02)
    assert sliced_wasserstein(x, x) == 0
    assert sliced_wasserstein(x, y[:777]) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("distance", [frechet_distance, unbiased, sliced_wasserstein])
def test_the_order_of_pictures_does_not_matter(distance: object) -> None:
    x, y = mixed(80, 6, 0), mixed(80, 6, 2)
    sides = [(x, y), (x[::-1], np.roll(y, 17, 0))]
    if distance is frechet_distance:
        values = [frechet_distance(moments(a), moments(b)) for a, b in sides]
    else:
        assert distance in (unbiased, sliced_wasserstein)
        values = [distance(a, b) for a, b in sides]
    assert values[0] == pytest.approx(values[1], rel=1e-9)
