"""Plain steps of games with a slope in their loss: the same losses and gradients as the games', had in a plain way."""

from itertools import repeat

import pytest
import torch
from torch import Tensor, nn

from benchmarks import plain_slopes
from benchmarks.plain import copies
from sparring import games
from sparring.config import Recipe
from sparring.data.batches import Images
from sparring.data.spec import Spec
from sparring.games.noise_to_image import NoiseToImage
from sparring.runs.launch import resolve

SPEC = Spec(channels=3, height=16, width=16)
SMALL = ("game.width=4", "game.latent=6", "batch_size=5")
COUNT = 5


def recipe_of(name: str) -> Recipe:
    return resolve(name, SMALL, images=1)


def game_of(recipe: Recipe) -> NoiseToImage:
    torch.manual_seed(0)
    game = games.build(recipe.game, SPEC)
    assert isinstance(game, NoiseToImage)
    return game


def slopes(loss: Tensor, player: nn.Module) -> list[Tensor]:
    return list(torch.autograd.grad(loss, list(player.parameters())))


@pytest.mark.parametrize("name", ["wgan-gp", "relativistic"])
def test_losses_and_gradients_are_those_of_the_game(name: str) -> None:
    recipe = recipe_of(name)
    game = game_of(recipe)
    players = copies(game)
    generator, discriminator = players["generator"], players["discriminator"]
    real = torch.rand(COUNT, *SPEC.shape) * 2 - 1
    round = game.prepare(Images(real))
    fake = generator(round.latents)
    torch.manual_seed(1)
    ours = torch.stack(list(game.discriminate(round).values())).sum()
    torch.manual_seed(1)
    if name == "wgan-gp":
        share = torch.rand(COUNT).view(-1, 1, 1, 1)
        theirs = plain_slopes.critic_loss(discriminator, real, fake.detach(), share, recipe.game["penalty"])
        fooling = -discriminator(fake).mean()
    else:
        theirs = plain_slopes.pairs_loss(discriminator, real, fake.detach(), recipe.game["gamma"])
        fooling = plain_slopes.fooling_loss(discriminator, real, fake)
    torch.testing.assert_close(theirs, ours)
    torch.testing.assert_close(slopes(theirs, discriminator), slopes(ours, game.players["discriminator"]))
    (tricking,) = game.generate(round).values()
    torch.testing.assert_close(fooling, tricking)
    torch.testing.assert_close(
        slopes(fooling, generator), slopes(tricking, game.players["generator"]), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize(("name", "shown"), [("wgan-gp", 25), ("relativistic", 5)])
def test_a_step_moves_both_players_and_counts_every_batch(name: str, shown: int) -> None:
    recipe = recipe_of(name)
    players = copies(game_of(recipe))
    before = {key: [weight.detach().clone() for weight in player.parameters()] for key, player in players.items()}
    step = {"wgan-gp": plain_slopes.wgan_gp, "relativistic": plain_slopes.relativistic}[name](players, recipe)
    assert step(repeat(Images(torch.rand(COUNT, *SPEC.shape)))) == shown
    for key, player in players.items():
        assert all(not torch.equal(old, new) for old, new in zip(before[key], player.parameters(), strict=True))
