"""The two relativistic games: who is compared with whom, and how the weight of the penalties falls."""

from typing import Any

import pytest
import torch
from torch import Tensor

from sparring import games
from sparring.errors import UsageError
from sparring.games.noise_to_image import NoiseToImage, Round, classes_of
from tests.games.brightness import SPEC, Brightness

GAMES = ["relativistic", "relativistic-projection"]


def build(name: str, **options: Any) -> NoiseToImage:
    torch.manual_seed(0)
    game = games.build(games.check({"name": name, "network": "dcgan", "width": 4, "latent": 4, **options})[0], SPEC)
    assert isinstance(game, NoiseToImage)
    return game


def logits_of(game: NoiseToImage, round: Round, pictures: Tensor) -> Tensor:
    """What the discriminator says of each picture, as one of its class where it is told classes."""
    given = [classes_of(round.labels, SPEC)] if game.latent.codes else []
    logits: Tensor = game.players["discriminator"](pictures, *given)
    return logits


def steepness(game: NoiseToImage, round: Round, pictures: Tensor) -> Tensor:
    """The mean of 1/2 |grad D|^2."""
    pictures = pictures.detach().requires_grad_()
    (slope,) = torch.autograd.grad(logits_of(game, round, pictures).sum(), pictures)
    return slope.square().sum((1, 2, 3)).mean() / 2


@pytest.mark.parametrize("name", GAMES)
def test_the_losses_are_the_paper_s(name: str) -> None:
    game = build(name, gamma=0.3)
    round = game.prepare(Brightness().batch(0))
    real, fake = (logits_of(game, round, pictures) for pictures in (round.real, round.fake))
    terms = game.discriminate(round)
    torch.testing.assert_close(terms["pairs"], -(real - fake).sigmoid().log().mean())
    torch.testing.assert_close(terms["r1"], 0.3 * steepness(game, round, round.real))
    torch.testing.assert_close(terms["r2"], 0.3 * steepness(game, round, round.fake))
    torch.testing.assert_close(game.generate(round)["pairs"], -(fake - real).sigmoid().log().mean())


@pytest.mark.parametrize("name", GAMES)
def test_gamma_falls_as_pictures_go_by(name: str) -> None:
    game = build(name, gamma=1.0, gamma_end=0.01, gamma_until=128)
    round = game.prepare(Brightness().batch(0))  # 64 of 128
    half_way = game.discriminate(round)["r1"]
    game.shown.fill_(1000)
    at_the_end = game.discriminate(round)["r1"]
    torch.testing.assert_close(half_way, 0.1 * steepness(game, round, round.real))
    torch.testing.assert_close(at_the_end, 0.01 * steepness(game, round, round.real))


@pytest.mark.parametrize("options", [{"norm": "batch"}, {"norm": "batch", "network": "resnet"}])
@pytest.mark.parametrize("name", GAMES)
def test_batch_norm_is_refused(name: str, options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=rf"game '{name}' penalises .* set game\.norm=none, group or spectral"):
        build(name, **options)
