"""Objectives: golden values, closed forms, any shape, and gradients that stay alive."""

import math

import pytest
import torch
from torch import Tensor

from sparring.objectives.adversarial import (
    OBJECTIVES,
    cross_entropy,
    hinge,
    hinge_reading,
    log_one_minus,
    squared_error,
)

LABELS = [0.6, 0.9, 1.0]
SHAPES = [(5,), (4, 3), (2, 1, 6, 6)]


def logits(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("target", [0.0, 0.1, 0.9, 1.0])
def test_cross_entropy_is_that_of_torch_on_any_shape(shape: tuple[int, ...], target: float) -> None:
    x = logits(*shape)
    reference = torch.nn.functional.binary_cross_entropy_with_logits(x, torch.full_like(x, target), reduction="none")
    torch.testing.assert_close(cross_entropy(x, target), reference)


def test_golden_values() -> None:
    x = torch.tensor([-2.0, 0.0, 3.0], dtype=torch.float64)
    torch.testing.assert_close(
        cross_entropy(x, 1.0), torch.tensor([2.1269280110429727, 0.6931471805599453, 0.0485873515737421], dtype=x.dtype)
    )
    torch.testing.assert_close(
        cross_entropy(x, 0.9), torch.tensor([1.9269280110429725, 0.6931471805599453, 0.3485873515737421], dtype=x.dtype)
    )
    torch.testing.assert_close(
        log_one_minus(x), torch.tensor([-0.1269280110429726, -0.6931471805599453, -3.048587351573742], dtype=x.dtype)
    )
    torch.testing.assert_close(squared_error(x, 1.0), torch.tensor([4.5, 0.5, 2.0], dtype=x.dtype))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", OBJECTIVES)
def test_losses_are_per_sample(name: str, shape: tuple[int, ...]) -> None:
    objective, x = OBJECTIVES[name], logits(*shape)
    assert objective.discriminate(x, 1.0).shape == objective.generate(x).shape == shape
    whole = objective.generate(x).flatten()
    alone = torch.stack([objective.generate(value) for value in x.flatten()])
    torch.testing.assert_close(whole, alone)


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("name", OBJECTIVES)
def test_chance_is_the_loss_of_a_discriminator_that_cannot_tell(name: str, label: float) -> None:
    objective = OBJECTIVES[name]
    guess = torch.linspace(-3, 3, 6001, dtype=torch.float64)
    loss = objective.discriminate(guess, label) + objective.discriminate(guess, 0.0)
    assert objective.chance(label) == pytest.approx(float(loss.min()), abs=1e-6)
    assert objective.unsure(label) == pytest.approx(float(guess[loss.argmin()]), abs=1e-3)


def gradient(loss: Tensor, x: Tensor) -> float:
    (value,) = torch.autograd.grad(loss, x)
    return float(value)


@pytest.mark.parametrize("logit", [-40.0, 40.0])
def test_gradients_at_extreme_logits(logit: float) -> None:
    x = torch.tensor(logit, requires_grad=True)  # float32, as in training
    wrong = 1.0 if logit < 0 else 0.0
    assert abs(gradient(cross_entropy(x, wrong), x)) == pytest.approx(1.0)
    assert abs(gradient(squared_error(x, wrong), x)) == pytest.approx(abs(logit - wrong))
    right = 1.0 - wrong
    assert abs(gradient(cross_entropy(x, right), x)) == pytest.approx(math.exp(-40), rel=1e-4, abs=0)


def test_the_minimax_generator_starves_where_the_other_does_not() -> None:
    x = torch.tensor(-40.0, requires_grad=True)  # the discriminator is sure that this is a fake
    assert gradient(OBJECTIVES["minimax"].generate(x), x) == pytest.approx(-math.exp(-40), rel=1e-4, abs=0)
    assert gradient(OBJECTIVES["non-saturating"].generate(x), x) == pytest.approx(-1.0)


def test_smoothing_makes_a_discriminator_stop_at_its_target() -> None:
    at_target = torch.tensor(math.log(0.9 / 0.1), requires_grad=True)
    assert gradient(cross_entropy(at_target, 0.9), at_target) == pytest.approx(0.0, abs=1e-7)


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("name", OBJECTIVES)
def test_readings_follow_the_loss(name: str, label: float) -> None:
    objective = OBJECTIVES[name]
    best = float(objective.discriminate(torch.linspace(-9, 9, 18001), label).min())
    assert objective.floor(label) == pytest.approx(best, abs=1e-3)
    losses = [best + share * (objective.chance(label) - best) for share in (0.01, 0.5, 1.0, 2.0)]
    terms = [{"discriminator.real": 0.25 * loss, "discriminator.fake": 0.75 * loss} for loss in losses]
    assert [objective.reading(term, label) for term in terms] == [
        "discriminator far ahead",
        "balanced",
        "discriminator guessing",
        "discriminator fooled",
    ]


# a row of values, golden, put into each of the shapes that discriminators answer in
ROW = torch.tensor([-2.0, -1.0, 0.0, 0.5, 1.0, 3.0], dtype=torch.float64)
ANSWERS = [(6,), (3, 2), (1, 1, 2, 3)]


@pytest.mark.parametrize("shape", ANSWERS)
def test_golden_hinge_values(shape: tuple[int, ...]) -> None:
    real = torch.tensor([3.0, 2.0, 1.0, 0.5, 0.0, 0.0], dtype=ROW.dtype)
    fake = torch.tensor([0.0, 0.0, 1.0, 1.5, 2.0, 4.0], dtype=ROW.dtype)
    torch.testing.assert_close(hinge(ROW.view(shape), real=True), real.view(shape))
    torch.testing.assert_close(hinge(ROW.view(shape), real=False), fake.view(shape))


def test_hinge_gradients_live_on_the_wrong_side_and_end_beyond_the_margin() -> None:
    for logit, real, expected in ((-40.0, True, -1.0), (40.0, True, 0.0), (40.0, False, 1.0), (-40.0, False, 0.0)):
        x = torch.tensor(logit, requires_grad=True)
        assert gradient(hinge(x, real=real), x) == expected


def test_hinge_readings_follow_the_loss() -> None:
    assert [hinge_reading(loss) for loss in (0.1, 1.0, 2.0, 3.0)] == [
        "discriminator far ahead: 95% of the margin",
        "balanced: 50% of the margin",
        "discriminator guessing",
        "discriminator fooled",
    ]
