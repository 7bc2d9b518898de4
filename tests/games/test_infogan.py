"""Whether codes become legible without a label."""

from math import e, log, pi

import pytest
import torch

from sparring.data.spec import Factor, Spec
from sparring.errors import UsageError
from sparring.games.infogan import InfoGAN
from sparring.inference import sample
from tests.games.brightness import SPEC, Brightness, train


def test_information_rises_and_the_pictures_tell_the_category() -> None:
    torch.manual_seed(0)
    game = InfoGAN(SPEC, network="dcgan", width=8, latent=4, categories=(3,), continuous=1)
    trainer, first, last = train(game, 64 * 120)
    assert last["generator.category"] < first["generator.category"] / 3
    assert last["generator.continuous"] < first["generator.continuous"] - 0.03
    product = game.product(dict(trainer.averages.players.items()))
    seeds = [[sample.array(product, 32, seed, values={"category-1": v}) / 255 for v in range(3)] for seed in (0, 1)]
    centres, others = ([torch.from_numpy(own).flatten(1) for own in drawn] for drawn in seeds)
    middles = torch.stack([own.mean(0) for own in centres])
    right = [(torch.cdist(own, middles).argmin(1) == value).double().mean() for value, own in enumerate(others)]
    assert float(torch.stack(right).mean()) > 0.6  # by the nearest middle alone; chance is a third


def test_it_never_looks_at_labels() -> None:
    named_alike = Factor(name="category-1", values=("a", "b", "c"))
    spec = SPEC.model_copy(update={"factors": (named_alike,)})
    game = InfoGAN(spec, network="mlp", width=4, latent=4, categories=(3,))
    assert game.values(Brightness().batch(0)) == {}


def test_the_surprise_of_a_perfect_and_of_an_ignorant_guess() -> None:
    game = InfoGAN(SPEC, network="mlp", width=4, latent=4, categories=(3, 5), continuous=2, continuous_weight=0.5)
    torch.manual_seed(0)
    latents = game.latent.draw(4000)
    ignorant = game.surprise(torch.zeros(4000, 10), latents)
    assert float(ignorant["category"]) == pytest.approx(log(15), rel=1e-4)
    assert float(ignorant["continuous"]) == pytest.approx(0.5 * log(2 * pi * e / 3), abs=0.02)  # variance 1 / 3
    perfect = game.surprise(torch.cat([50 * latents[:, 4:12], latents[:, 12:]], 1), latents)
    assert float(perfect["category"]) < 1e-6
    assert float(perfect["continuous"]) < float(ignorant["continuous"]) - 3


def test_other_codes_may_be_asked_for() -> None:
    spec = Spec(channels=1, height=8, width=8)
    game = InfoGAN(spec, network="mlp", width=4, latent=4, categories=(), continuous=3)
    assert [code.name for code in game.latent.codes] == ["continuous-1", "continuous-2", "continuous-3"]
    losses = {"discriminator.real": 0.7, "discriminator.fake": 0.7, "discriminator.category": 0.0}
    assert game.reading(losses) == "discriminator guessing"
    only_categories = InfoGAN(spec, network="mlp", width=4, latent=4, continuous=0)
    assert float(only_categories.surprise(torch.zeros(2, 10), only_categories.latent.draw(2))["continuous"]) == 0
    with pytest.raises(UsageError, match="without a code is a plain GAN"):
        InfoGAN(spec, categories=(), continuous=0)
