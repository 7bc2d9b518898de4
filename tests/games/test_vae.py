"""The variational autoencoder on pictures whose bound is known."""

import pytest
import torch
from torch import nn

from sparring.data.spec import Spec
from sparring.games.vae import VAE
from sparring.objectives import information
from tests.games.brightness import LEVELS, SPEC, Brightness, drawn, train


def test_it_draws_again_what_it_sees_and_from_noise_what_it_saw() -> None:
    torch.manual_seed(0)
    trainer, first, last = train(VAE(SPEC, network="dcgan", width=8, latent=4), 64 * 150, lr=5e-3)
    assert sum(last.values()) < sum(first.values()) - 50  # the bound on log p rises
    pictures, players = Brightness().batch(10_000).pictures, trainer.game.eval().players
    with torch.no_grad():
        means = players["encoder"](pictures)[:, :4]
        again = players["generator"].train()(means)  # its running statistics are those of pictures from noise
        players["generator"].eval()
    assert float((pictures - again).square().mean()) < 0.02  # 0.0025 of it is noise that nobody could draw
    brightness = drawn(trainer)
    nearest = (brightness.unsqueeze(1) - LEVELS).abs().argmin(1)
    assert torch.bincount(nearest, minlength=3).min() > 256 / 12  # none is forgotten
    assert float(brightness.abs().max()) <= 1
    assert "nats in the latents" in trainer.game.reading(last)


def test_batch_norm_keeps_the_statistics_of_what_is_drawn_from_noise() -> None:
    torch.manual_seed(0)
    game = VAE(SPEC, network="dcgan", width=4, latent=2)
    generator = game.players["generator"]
    norm = next(module for module in generator.modules() if isinstance(module, nn.BatchNorm2d))
    norm.momentum = 1.0  # the last batch alone
    seen: list[torch.Tensor] = []
    norm.register_forward_pre_hook(lambda module, given: seen.append(given[0].detach()))
    game.autoencode(game.prepare(Brightness().batch(0)))
    from_pictures, from_noise = seen
    assert norm.running_mean is not None
    torch.testing.assert_close(norm.running_mean, from_noise.mean((0, 2, 3)))
    assert not torch.allclose(from_noise, from_pictures)


def test_its_loss_is_the_negative_bound() -> None:
    torch.manual_seed(0)
    game = VAE(SPEC, network="mlp", width=4, latent=3, beta=2.5).eval()
    pictures = game.prepare(Brightness().batch(0))
    torch.manual_seed(1)
    terms = game.autoencode(pictures)
    torch.manual_seed(1)
    mean, log_variance = game.players["encoder"](pictures).chunk(2, 1)
    again = game.players["generator"](mean + (log_variance / 2).exp() * torch.randn(64, 3))
    variance = (pictures - again).square().mean()
    expected = 32 * ((2 * torch.pi * variance).log() + 1)  # D / 2 log(2 pi e sigma^2)
    torch.testing.assert_close(terms["reconstruction"], expected)
    divergence = information.divergence_from_normal(mean, log_variance).mean()
    torch.testing.assert_close(terms["divergence"], 2.5 * divergence)


def test_the_reading_names_collapse_and_the_error() -> None:
    game = VAE(Spec(channels=1, height=8, width=8), network="mlp", width=4, latent=2, beta=2.0)
    collapsed = {"autoencoder.reconstruction": 10.0, "autoencoder.divergence": 0.01}
    assert game.reading(collapsed).startswith("posterior collapse")
    reconstruction = 32 * float(torch.tensor(2 * torch.pi * 0.2**2).log() + 1)
    fine = {"autoencoder.reconstruction": reconstruction, "autoencoder.divergence": 24.0}
    assert game.reading(fine) == "12 nats in the latents, typical error 10.0% of the range"


@pytest.mark.parametrize("spec", [Spec(channels=2, height=1, width=1, bits=32), Spec(channels=5, height=8, width=12)])
def test_points_and_many_channels_are_pictures_too(spec: Spec) -> None:
    game = VAE(spec, network="mlp", width=4, latent=2)
    terms = game.autoencode(torch.rand(6, *spec.shape))
    assert all(bool(term.isfinite()) for term in terms.values())
