"""A frozen generator against a discriminator that is trained on, in few steps."""

import pytest
import torch
from torch import nn

from sparring.config import Data
from sparring.data import Dataset, open_dataset
from sparring.lab.vanishing_gradient import Reading, _norm, measure

STEPS = 150


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return open_dataset(Data(path="digits", size=8))


@pytest.fixture(scope="module")
def readings(digits: Dataset) -> list[Reading]:
    return measure(digits, seed=1, steps=STEPS, warm=20)


def test_only_the_saturating_gradient_vanishes(readings: list[Reading]) -> None:
    first, last = readings[0], readings[-1]
    assert last.step == STEPS
    assert last.saturating < max(one.saturating for one in readings) / 20
    assert last.non_saturating > first.non_saturating
    assert last.wasserstein > first.wasserstein
    assert last.non_saturating > 100 * last.saturating


def test_it_vanishes_because_the_discriminator_is_sure(readings: list[Reading]) -> None:
    first, last = readings[0], readings[-1]
    assert first.belief == pytest.approx(0.5, abs=0.1)
    assert first.saturating == pytest.approx(first.non_saturating, rel=0.5)
    assert last.belief < 0.02
    assert last.accuracy > 0.99


def test_the_same_seed_gives_the_same_readings_and_leaves_the_random_state(digits: Dataset) -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    one, other, another = (measure(digits, seed=seed, steps=3, warm=2) for seed in (1, 1, 2))
    assert one == other != another
    assert torch.equal(before, torch.get_rng_state())


def test_the_norm_of_a_gradient_too_small_for_its_square() -> None:
    weight = nn.Parameter(torch.zeros(2))
    loss = (weight * torch.tensor([3e-30, 4e-30])).sum()
    assert _norm([weight], loss) == pytest.approx(5e-30, rel=1e-6)
