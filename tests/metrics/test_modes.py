"""Coverage of modes: values that can be worked out by hand, and the floor of a perfect sampler."""

from math import isnan, log

import numpy as np
import pytest

from sparring.data.synthetic import grid25, ring8
from sparring.errors import UsageError
from sparring.metrics import modes

PLANE = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])


def test_all_on_one_mode() -> None:
    found = modes.of_points(np.zeros((10, 2)), PLANE, sigma=0.1)
    assert (found.covered, found.high_quality) == (1, 1.0)
    assert found.reverse_kl == pytest.approx(log(4))
    assert found.counts.tolist() == [10, 0, 0, 0]


def test_evenly_over_all_modes() -> None:
    found = modes.of_points(np.repeat(PLANE, 5, axis=0), PLANE, sigma=0.1)
    assert (found.covered, found.high_quality) == (4, 1.0)
    assert found.reverse_kl == pytest.approx(0)
    assert found.floor == pytest.approx(3 / 40)
    assert found.excess == pytest.approx(-3 / 40)


def test_unevenly_over_two_modes() -> None:
    points = np.concatenate([np.zeros((3, 2)), np.ones((1, 2))])
    wanted = 0.75 * log(0.75 * 4) + 0.25 * log(0.25 * 4)
    assert modes.of_points(points, PLANE, sigma=0.1).reverse_kl == pytest.approx(wanted)


def test_what_is_not_near_belongs_to_no_mode() -> None:
    points = np.array([[0.0, 0.29], [0.0, 0.31], [1.0, 0.31], [1.0, 1.0]])
    found = modes.of_points(points, PLANE, sigma=0.1)
    assert found.counts.tolist() == [1, 0, 0, 1]
    assert (found.covered, found.high_quality, found.samples) == (2, 0.5, 4)
    assert found.floor == pytest.approx(3 / 4)  # by the two that count


def test_nothing_of_high_quality() -> None:
    found = modes.of_points(np.full((3, 2), 9.0), PLANE, sigma=0.1)
    assert (found.covered, found.high_quality) == (0, 0.0)
    assert isnan(found.reverse_kl)
    assert isnan(found.floor)


@pytest.mark.parametrize("source", [ring8("test"), grid25("test")])
def test_the_real_points(source: object) -> None:
    assert isinstance(source, type(ring8("test")))
    found = modes.of_points(source.array, source.modes, source.sigma)
    assert found.covered == len(source.modes)
    # a plane Gaussian lies within 3 sigma with probability 1 - exp(-9/2) = 0.98889
    assert found.high_quality == pytest.approx(1 - np.exp(-4.5), abs=0.003)
    assert abs(found.excess) < 0.001


def test_the_floor_is_the_mean_of_a_perfect_sampler() -> None:
    generator = np.random.default_rng(0)
    found = [modes.of_classes(generator.integers(1000, size=26_000), 1000) for _ in range(40)]
    assert found[0].floor == pytest.approx(999 / 52_000)
    deviation = np.std([one.reverse_kl for one in found])
    next_order = (1000**2 - 1) / (12 * 26_000**2)
    assert np.mean([one.excess for one in found]) == pytest.approx(next_order, abs=float(4 * deviation / 40**0.5))


def test_classes() -> None:
    found = modes.of_classes(np.array([3, 3, 1, 1]), classes=4)
    assert (found.covered, found.high_quality) == (2, 1.0)
    assert found.reverse_kl == pytest.approx(log(2))


def test_wrong_requests() -> None:
    with pytest.raises(UsageError, match=r"\(5, 3\) for modes of shape \(4, 2\)"):
        modes.of_points(np.zeros((5, 3)), PLANE, sigma=0.1)
    with pytest.raises(UsageError, match="each from 0 to 3"):
        modes.of_classes(np.array([4]), classes=4)
    with pytest.raises(UsageError):
        modes.of_classes(np.array([], np.int64), classes=4)
