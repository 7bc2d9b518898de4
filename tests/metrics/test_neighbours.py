"""Nearest neighbours: brute force, and sets whose answer is known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from sparring.errors import UsageError
from sparring.metrics import neighbours
from sparring.metrics.neighbours import copying, manifold, nearest, radii, two_sample_test

Matrix = NDArray[np.float64]


def normal(count: int, features: int = 4, seed: int = 0) -> Matrix:
    return np.random.default_rng(seed).normal(size=(count, features))


def table(x: Matrix, y: Matrix) -> Matrix:
    found: Matrix = np.linalg.norm(x[:, None] - y[None], axis=2)
    return found


def brute_manifold(x: Matrix, y: Matrix, k: int) -> tuple[float, float, float, float]:
    radius = [np.sort(table(side, side), 1)[:, k] for side in (x, y)]  # 0 is the distance to itself
    between = table(x, y)
    in_real, in_fake = between < radius[0][:, None], between < radius[1]
    return in_real.any(0).mean(), in_fake.any(1).mean(), in_real.sum(0).mean() / k, in_real.any(1).mean()


@pytest.mark.parametrize("part", [1, 3, 2**28])
def test_manifold_by_brute_force(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "PART_BYTES", part * 8 * 30)  # so many rows at a time
    x, y = normal(40), normal(30, seed=1) * 0.7 + 0.3
    found = manifold(x, y, k=3)
    wanted = brute_manifold(x, y, 3)
    assert (found.precision, found.recall, found.density, found.coverage) == pytest.approx(wanted)


def test_distances_keep_their_digits_far_from_0() -> None:
    x, y = normal(20) + 1e4, normal(25, seed=1) + 1e4
    np.testing.assert_allclose(nearest(x, y)[0], table(x, y).min(1), rtol=1e-6)
    np.testing.assert_array_equal(nearest(x, y)[1], table(x, y).argmin(1))
    np.testing.assert_allclose(radii(x, 2), np.sort(table(x, x), 1)[:, 2], rtol=1e-6)


def test_a_set_beside_itself_and_beside_a_distant_one() -> None:
    x = normal(60)
    same, apart = manifold(x, x), manifold(x, x + 100)
    assert (same.precision, same.recall, same.coverage) == (1, 1, 1)
    assert (apart.precision, apart.recall, apart.density, apart.coverage) == (0, 0, 0, 0)


def test_a_tight_set_within_a_wide_one_is_precise_and_recalls_little() -> None:
    wide, tight = normal(400), 0.05 * normal(400, seed=1)
    found = manifold(wide, tight)
    assert found.precision > 0.95
    assert found.recall < 0.05
    assert found.coverage < 0.1


def test_a_wide_set_around_a_tight_one_recalls_and_is_not_precise() -> None:
    found = manifold(0.05 * normal(400), normal(400, seed=1))
    assert found.recall > 0.9
    assert found.precision < 0.05


def test_published_values_of_equal_gaussians() -> None:
    """Naeem et al., arXiv:2002.09797, their readme: 10,000 of N(0, I) in 1,000 dimensions have coverage 0.97.

    Here 1,000 of them, where 1 - 1/2^k is expected: each of the 2k nearest is real or fake with equal chances.
    """
    found = manifold(normal(1000, 50), normal(1000, 50, seed=1), k=5)
    assert found.coverage == pytest.approx(1 - 1 / 2**5, abs=0.02)
    assert found.density == pytest.approx(1, abs=0.1)


def test_two_sample_test_of_equal_distinct_and_copied_sets() -> None:
    x = normal(500)
    assert two_sample_test(x, normal(500, seed=1)).accuracy == pytest.approx(0.5, abs=0.06)
    assert two_sample_test(x, x + 100).accuracy == 1
    assert two_sample_test(x, x + 1e-9).accuracy < 0.01


def test_two_sample_test_tells_a_collapsed_set_by_its_sides() -> None:
    """Fakes on one point among real ones: each fake's neighbour is a fake, and so it is for few real ones."""
    found = two_sample_test(normal(300), 1e-3 * normal(300, seed=1))
    assert found.fake > 0.95
    assert found.real > 0.9


def test_two_sample_test_takes_as_many_of_both() -> None:
    with pytest.raises(UsageError, match="as many"):
        two_sample_test(normal(10), normal(11))


def test_copies_are_told_from_new_pictures() -> None:
    train, held_out, new = normal(500), normal(300, seed=1), normal(300, seed=2)
    honest = copying(train, held_out, new)
    assert abs(honest.excess) < 0.1
    copied = copying(train, held_out, train[100:200] + 1e-3 * normal(100, seed=3))
    assert copied.fakes == 1
    assert copied.authenticity == 0
    assert copied.excess > 0.3
    np.testing.assert_array_equal(copied.nearest, np.arange(100, 200))
    half = copying(train, held_out, np.concatenate([train[:150] + 1e-3, new[:150]]))
    assert copied.excess > half.excess > 0.1


@pytest.mark.parametrize(
    ("real", "fake", "why"), [((5, 3), (9, 3), "at least 6 on each side"), ((9, 3), (9, 4), "one extractor")]
)
def test_what_has_no_neighbours(real: tuple[int, int], fake: tuple[int, int], why: str) -> None:
    with pytest.raises(UsageError, match=why):
        manifold(np.zeros(real), np.zeros(fake))
