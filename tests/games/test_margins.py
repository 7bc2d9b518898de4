"""The least squares and the hinge game: their losses by hand, spectral norm as a part of the network."""

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from sparring.games.hinge import Hinge
from sparring.games.lsgan import LSGAN
from sparring.runs.launch import resolve
from tests.contract.conftest import SPECS, Noise

SPEC = SPECS["colour"]


def test_least_squares_by_hand() -> None:
    torch.manual_seed(0)
    game = LSGAN(SPEC, latent=5, width=4, norm="none")
    batch = game.prepare(Noise(SPEC).batch(0))
    real, fake = (game.players["discriminator"](pictures) for pictures in (batch.real, batch.fake))
    terms = game.discriminate(batch)
    torch.testing.assert_close(terms["real"], 0.5 * ((real - 1) ** 2).mean())
    torch.testing.assert_close(terms["fake"], 0.5 * (fake**2).mean())
    torch.testing.assert_close(game.generate(batch)["adversarial"], 0.5 * ((fake - 1) ** 2).mean())


def test_hinge_by_hand() -> None:
    torch.manual_seed(0)
    game = Hinge(SPEC, latent=5, width=4, norm="none")
    batch = game.prepare(Noise(SPEC).batch(0))
    real, fake = (game.players["discriminator"](pictures) for pictures in (batch.real, batch.fake))
    terms = game.discriminate(batch)
    torch.testing.assert_close(terms["real"], (1 - real).clamp(min=0).mean())
    torch.testing.assert_close(terms["fake"], (1 + fake).clamp(min=0).mean())
    torch.testing.assert_close(game.generate(batch)["adversarial"], -fake.mean())


@pytest.mark.parametrize("game", [LSGAN, Hinge])
def test_spectral_norm_belongs_to_the_discriminator_alone(game: type[LSGAN] | type[Hinge]) -> None:
    players = game(SPEC, latent=5, width=4).players
    layers = [m for m in players["discriminator"].modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    assert layers and all(is_parametrized(layer, "weight") for layer in layers)
    assert not any(is_parametrized(module) for module in players["generator"].modules())
    assert not any(isinstance(module, nn.BatchNorm2d) for module in players["discriminator"].modules())


@pytest.mark.parametrize("game", [LSGAN, Hinge])
@pytest.mark.parametrize("norm", ["batch", "group", "none"])
def test_it_can_be_changed_without_touching_the_loss(game: type[LSGAN] | type[Hinge], norm: str) -> None:
    terms = game(SPEC, latent=5, width=4, norm=norm)  # type: ignore[arg-type]
    assert set(terms.discriminate(terms.prepare(Noise(SPEC).batch(0)))) == {"real", "fake"}


@pytest.mark.parametrize("name", ["lsgan", "hinge"])
def test_the_recipes_ask_for_spectral_norm(name: str) -> None:
    assert resolve(name).game["norm"] == "spectral"
