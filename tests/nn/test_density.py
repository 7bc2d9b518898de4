"""The autoregressive density: what it may see, that it is a density, and that it learns one."""

import pytest
import torch

from sparring.nn.density import AutoregressiveDensity, log_logistic


@pytest.mark.parametrize(("mean", "scale"), [(0.0, 1.0), (-3.0, 0.05)])
def test_the_logistic_density_adds_up_to_one_and_is_symmetric(mean: float, scale: float) -> None:
    steps = torch.linspace(-40 * scale, 40 * scale, 200_001, dtype=torch.float64)
    of = torch.full_like(steps, mean)
    density = log_logistic(of + steps, of, torch.full_like(steps, scale)).exp()
    assert float(torch.trapezoid(density, steps)) == pytest.approx(1, abs=1e-6)
    torch.testing.assert_close(density, density.flip(0))
    assert float(density.max()) == pytest.approx(1 / (4 * scale))


def test_far_away_it_falls_in_a_straight_line() -> None:
    values = torch.tensor([-1e6, 1e6], requires_grad=True)
    torch.autograd.backward(log_logistic(values, torch.zeros(2), torch.full((2,), 0.5)).sum())
    assert values.grad is not None
    assert values.grad.tolist() == [2.0, -2.0]


def test_a_pixel_sees_what_was_before_it_and_nothing_else() -> None:
    torch.manual_seed(0)
    density = AutoregressiveDensity(2, 8)
    picture = torch.rand(1, 2, 7, 9, requires_grad=True)
    density.layers(picture)[0, :, 3, 4].sum().backward()
    assert picture.grad is not None
    seen = picture.grad[0].abs().sum(0) > 0
    place = torch.arange(7 * 9).view(7, 9)
    assert not seen[place >= 3 * 9 + 4].any()
    assert seen[3, 3] and seen[2, 4] and seen[2, 5]


def test_it_learns_what_is_dense() -> None:
    torch.manual_seed(0)
    density = AutoregressiveDensity(1, 8)
    optimiser = torch.optim.Adam(density.parameters(), 1e-2)
    stripes = torch.ones(16, 1, 8, 8) * torch.tensor([1.0, -1.0] * 4)

    def real() -> torch.Tensor:
        return stripes * (1 - 2 * torch.randint(0, 2, (16, 1, 1, 1))) * 0.9 + 0.02 * torch.randn(16, 1, 8, 8)

    before = float(density(real()).mean().detach())
    for _ in range(150):
        optimiser.zero_grad()
        (-density(real()).mean()).backward()
        optimiser.step()
    with torch.no_grad():
        assert float(density(real()).mean()) > before + 1
        assert float(density(real()).min()) > float(density(torch.rand(16, 1, 8, 8) * 2 - 1).max())
