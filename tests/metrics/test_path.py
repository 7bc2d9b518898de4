"""Paths through latent space: generators whose length is known."""

import math

import pytest
import torch
from torch import Tensor, nn

from sparring.data.spec import Spec
from sparring.games.base import Sampler
from sparring.metrics.features import Extractor, Random, View
from sparring.metrics.path import between, path_length, perceptual_distance
from sparring.nn.latents import Code, Latent


class Raw(Extractor):
    """One map: the picture, and beside it a constant, so that lengths do not drop out."""

    name, digest = "raw", "0"

    def forward(self, pictures: Tensor) -> View:
        return View(pictures.flatten(1), (torch.cat([pictures, torch.ones_like(pictures)], 1),))


class Angle(nn.Module):
    """The first number of noise as the slope of a direction: the map of `Raw` turns by half as many radians."""

    def __init__(self, scale: float = 0.5) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(scale))

    def forward(self, latents: Tensor) -> Tensor:
        return (self.scale * latents[:, :1]).tan()[:, :, None, None]


SPEC = Spec(channels=1, height=1, width=1)


def product(latent: Latent, scale: float = 0.5) -> Sampler:
    return Sampler(Angle(scale), SPEC, latent)


def test_length_of_a_straight_path() -> None:
    """Uniform noise of one number: |dz/dt| = |z2 - z1| = d of density 1 - d / 2; the slope is half as many radians."""
    shortest, longest = (2 - 2 * (1 - share) ** 0.5 for share in (0.01, 0.99))  # the rest is left out
    squares = [d**3 / 3 - d**4 / 8 for d in (shortest, longest)]
    wanted = (squares[1] - squares[0]) / 0.98 / 4
    found = path_length(product(Latent(distribution="uniform", noise=1)), Raw(), count=4000)
    assert found.error is not None
    assert found.error < 0.003
    assert found.value == pytest.approx(wanted, abs=3 * found.error)


def test_it_does_not_depend_on_the_step_nor_change_the_generator() -> None:
    made = product(Latent(distribution="normal", noise=3))
    values = [path_length(made, Raw(), count=200, epsilon=epsilon).value for epsilon in (1e-4, 1e-5)]
    assert values[0] == pytest.approx(values[1], rel=1e-3)
    assert next(made.generator.parameters()).dtype == torch.float32


def test_the_same_seed_gives_the_same_paths() -> None:
    made = product(Latent(distribution="normal", noise=3))
    assert path_length(made, Raw(), 100, seed=1) == path_length(made, Raw(), 100, seed=1)
    assert path_length(made, Raw(), 100, seed=1) != path_length(made, Raw(), 100, seed=2)


def test_a_constant_generator_goes_nowhere() -> None:
    assert path_length(product(Latent(distribution="normal", noise=2), scale=0.0), Raw(), 100).value == 0


def test_gaussian_latents_keep_their_length_and_all_keep_their_codes() -> None:
    code = Code(name="class", kind="one-hot", values=("a", "b"))
    latent = Latent(distribution="normal", noise=64, codes=(code,))
    one, other = latent.numbered(0, 0, 5), latent.numbered(1, 1, 5)
    for share in (0.0, 0.3, 1.0):
        made = between(latent, one, other, torch.full((5, 1), share))
        lengths = [torch.linalg.vector_norm(side[:, :64], dim=1) for side in (one, made, other)]
        torch.testing.assert_close(lengths[1], lengths[0] + (lengths[2] - lengths[0]) * share)
        assert torch.equal(made[:, 64:], one[:, 64:])
    torch.testing.assert_close(between(latent, one, other, torch.zeros(5, 1)), one)
    torch.testing.assert_close(between(latent, one, other, torch.ones(5, 1))[:, :64], other[:, :64])


def test_perceptual_distance_of_known_maps() -> None:
    """Directions of 45 and 0 degrees: the squared chord is 2 - 2 cos 45."""
    one, other = torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 2, 2)
    assert perceptual_distance(Raw(), one, other).item() == pytest.approx(2 - math.sqrt(2))


def test_perceptual_distance_grows_with_noise() -> None:
    torch.manual_seed(0)
    picture, noise = torch.rand(4, 1, 16, 16), torch.randn(4, 1, 16, 16)
    near, far = (perceptual_distance(Random(1), picture, picture + amount * noise) for amount in (0.05, 0.3))
    assert (near > 0).all()
    assert (far > near).all()
