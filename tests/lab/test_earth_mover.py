"""Two distributions move apart: what is known of them in closed form."""

from itertools import pairwise
from math import log, log1p

import numpy as np
import pytest

from sparring.errors import UsageError
from sparring.lab.earth_mover import BELL_SHIFTS, bells, lines, study


@pytest.mark.parametrize("shift", [-1.0, -0.01, 0.3, 5.0])
def test_lines_that_do_not_meet_are_log_two_apart_however_far(shift: float) -> None:
    found = lines(shift)
    assert found.divergence == log(2)
    assert found.cross_entropy == 0
    assert found.distance == abs(shift)
    assert found.estimate == pytest.approx(abs(shift), abs=0.03)
    assert found.estimate >= abs(shift)  # every way from line to line is at least as long as the shift


def test_a_line_and_itself() -> None:
    found = lines(0.0)
    assert (found.divergence, found.distance) == (0.0, 0.0)
    assert found.cross_entropy == 2 * log(2)


def test_the_divergence_of_bells_agrees_with_its_definition() -> None:
    x = np.linspace(-10, 12, 4001)
    p, q = (np.exp(-((x - at) ** 2) / 2) / np.sqrt(2 * np.pi) for at in (0.0, 1.5))
    m = (p + q) / 2
    wanted = np.sum(p * np.log(p / m) + q * np.log(q / m)) / 2 * (x[1] - x[0])
    assert bells(1.5).divergence == pytest.approx(wanted, rel=1e-9)


def test_the_best_answer_of_a_far_bell_is_almost_free() -> None:
    assert bells(0.0).divergence == pytest.approx(0, abs=1e-12)
    assert bells(12.0).divergence == pytest.approx(log(2), abs=1e-8)
    assert bells(12.0).cross_entropy < 1e-7 < log1p(1)


@pytest.mark.parametrize("shift", [0.5, 2.0, 6.0])
def test_the_slope_is_the_change_of_the_divergence(shift: float) -> None:
    step = 1e-4
    change = (bells(shift + step).divergence - bells(shift - step).divergence) / (2 * step)
    assert bells(shift).divergence_slope == pytest.approx(change, rel=1e-5)


def test_a_shift_to_the_left_is_the_same_divergence_and_the_opposite_slope() -> None:
    left, right = bells(-3.0), bells(3.0)
    assert left.divergence == pytest.approx(right.divergence, rel=1e-9)
    assert left.divergence_slope == pytest.approx(-right.divergence_slope, rel=1e-9)


def test_one_value_levels_off_and_the_other_goes_on() -> None:
    found = [bells(shift) for shift in BELL_SHIFTS]
    assert all(one.divergence <= other.divergence for one, other in pairwise(found))
    assert found[-1].divergence_slope < 1e-7
    assert [one.distance for one in found] == list(BELL_SHIFTS)
    assert all(one.estimate == pytest.approx(one.distance, abs=0.1) for one in found)


def test_the_page_says_the_same_for_one_seed_and_takes_no_data() -> None:
    one, other = (study(None, 3, lambda text: None) for _ in range(2))
    assert one == other
    assert one.numbers["bells_divergence_at_8"] == bells(8.0).divergence
    with pytest.raises(UsageError, match="leave --data out"):
        study("digits", 0, lambda text: None)
