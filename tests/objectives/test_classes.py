"""A discriminator with one class more, against the softmax over K + 1 logits that it stands for."""

from math import log

import pytest
import torch

from sparring.objectives import adversarial
from sparring.objectives.classes import discriminate, entropy, realness


@pytest.mark.parametrize("shape", [(3,), (5, 3), (2, 3, 4, 3)])
def test_a_fixed_logit_for_fakes_is_a_softmax_of_one_class_more(shape: tuple[int, ...]) -> None:
    scores = torch.randn(shape, generator=torch.Generator().manual_seed(1)) * 4
    joined = torch.cat([scores, torch.zeros(*shape[:-1], 1)], -1).log_softmax(-1)
    fake = joined[..., -1]
    torch.testing.assert_close(adversarial.cross_entropy(realness(scores), 0.0), -fake)
    torch.testing.assert_close(adversarial.cross_entropy(realness(scores), 1.0), -joined[..., :-1].logsumexp(-1))
    total = scores.exp().sum(-1)
    torch.testing.assert_close(realness(scores).sigmoid(), total / (total + 1))  # Z / (Z + 1)


@pytest.mark.parametrize("value", [-200.0, 200.0])
def test_large_scores_neither_overflow_nor_lose_their_gradient(value: float) -> None:
    scores = torch.tensor([value, value - 1], requires_grad=True)
    torch.autograd.backward(adversarial.cross_entropy(realness(scores), 0.0 if value > 0 else 1.0))
    assert scores.grad is not None
    assert float(scores.grad.abs().sum()) == pytest.approx(1, abs=1e-5)


def test_real_pictures_are_pulled_to_some_class_and_fakes_away_from_all() -> None:
    real, fake = torch.zeros(2, requires_grad=True), torch.zeros(2, requires_grad=True)
    scores = torch.zeros(1, 4, requires_grad=True)
    terms = discriminate(scores, torch.tensor([2]), real, fake, weight=3.0)
    expected = {"labelled": log(4), "unlabelled": 1.5 * log(2), "fake": 1.5 * log(2)}
    assert {name: float(term.detach()) for name, term in terms.items()} == pytest.approx(expected)
    torch.autograd.backward(torch.stack(list(terms.values())).sum())
    assert real.grad is not None and fake.grad is not None and scores.grad is not None
    assert real.grad.tolist() == [-0.375, -0.375]  # 3 / 2 of half a sigmoid, over two pictures
    assert fake.grad.tolist() == [0.375, 0.375]
    assert scores.grad.tolist() == [[0.25, 0.25, -0.75, 0.25]]


def test_entropy_from_sure_to_guessing() -> None:
    assert float(entropy(torch.tensor([100.0, 0.0, 0.0]))) == pytest.approx(0, abs=1e-6)
    assert entropy(torch.full((2, 4, 8), 7.0)).flatten().tolist() == pytest.approx([log(8)] * 8)
    half = entropy(torch.tensor([3.0, 3.0, -1e4]))
    assert float(half) == pytest.approx(log(2))
