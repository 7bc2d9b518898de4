"""Plain training loops of pix2pix and CycleGAN in the form in which they are published, to compare with.

Written from the papers' and the authors' description: every loss is a pass of its own, the generator's before or after
the discriminator's as the authors have it, `torch.optim.Adam`, no passes joined. Networks, weights and batch are those
of the game that is compared with, of the layers that torch has for them (`instance_norm`), stored as torch stores
them unless one asks for more.
"""

import copy
from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, instance_norm, l1_loss, mse_loss

from sparring.config import Recipe
from sparring.data.batches import Images
from sparring.games.base import Game
from sparring.games.picture_to_picture import inputs_of
from sparring.nn.instance import InstanceNorm
from sparring.nn.pictures import DoubledToPicture, FromPicture, ToPicture
from sparring.nn.resampling import ResizeConvolution

Players = dict[str, nn.Module]
Step = Callable[[Iterator[Images]], int]
"""Plays a step on the next batches, and says how many real pictures it showed."""


def copies(game: Game) -> Players:
    """The game's networks as plain loops have them."""
    return {name: published(player) for name, player in game.players.items()}


class PlainNorm(nn.Module):
    """Torch's instance norm, for any number of channels."""

    def forward(self, stage: Tensor) -> Tensor:
        """[N, C, H, W] to the same shape."""
        return instance_norm(stage)


def plain_convolution(layer: nn.Conv2d) -> nn.Conv2d:
    """The same weights in torch's own class."""
    size, mode = layer.kernel_size[0], layer.padding_mode
    bias = layer.bias is not None
    plain = nn.Conv2d(layer.in_channels, layer.out_channels, size, padding=size // 2, padding_mode=mode, bias=bias)
    plain.load_state_dict(layer.state_dict())
    return plain


def published(network: nn.Module) -> nn.Module:
    """A copy of torch's own layers, in torch's own order of pixels.

    >>> published(nn.Sequential(InstanceNorm()))(torch.zeros(1, 2, 4, 4)).shape
    torch.Size([1, 2, 4, 4])
    """
    copied = copy.deepcopy(network).train()
    for module in list(copied.modules()):
        for name, layer in module.named_children():
            if isinstance(layer, InstanceNorm):
                setattr(module, name, PlainNorm())
            elif isinstance(layer, FromPicture | ToPicture):
                layer.forward = partial(nn.Conv2d.forward, layer)  # type: ignore[method-assign]
            elif isinstance(layer, DoubledToPicture):
                layer.forward = partial(nn.ConvTranspose2d.forward, layer)  # type: ignore[method-assign]
            elif isinstance(layer, ResizeConvolution):
                setattr(module, name, nn.Sequential(nn.Upsample(scale_factor=2), plain_convolution(layer)))
    plain: nn.Module = copied.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    return plain


def adam(recipe: Recipe, *networks: nn.Module) -> torch.optim.Adam:
    """Torch's own, for all of these networks."""
    parameters = [parameter for network in networks for parameter in network.parameters()]
    return torch.optim.Adam(parameters, lr=recipe.optimizer.lr, betas=recipe.optimizer.betas)


def _frozen(frozen: bool, *networks: nn.Module) -> None:
    for network in networks:
        network.requires_grad_(not frozen)


def pix2pix(players: Players, recipe: Recipe) -> Step:
    """A step of the discriminator, then of the generator."""
    generator, discriminator = players["generator"], players["discriminator"]
    of_generator, of_discriminator = adam(recipe, generator), adam(recipe, discriminator)

    def against(logits: Tensor, target: float) -> Tensor:
        return binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))

    def play(batches: Iterator[Images]) -> int:
        batch = next(batches)
        x, y = inputs_of(batch), batch.pictures
        fake = generator(x)
        _frozen(False, discriminator)
        of_discriminator.zero_grad()
        loss_fake = against(discriminator(torch.cat([x, fake.detach()], 1)), 0.0)
        loss_real = against(discriminator(torch.cat([x, y], 1)), 1.0)
        torch.autograd.backward((loss_fake + loss_real) / 2)
        of_discriminator.step()
        _frozen(True, discriminator)
        of_generator.zero_grad()
        loss = against(discriminator(torch.cat([x, fake], 1)), 1.0) + recipe.game["pixel_weight"] * l1_loss(fake, y)
        torch.autograd.backward(loss)
        of_generator.step()
        return len(y)

    return play


def cyclegan(players: Players, recipe: Recipe) -> Step:
    """A step of both translators, then of both discriminators."""
    g, f, d, e = (players[name] for name in ("generator", "inverse", "discriminator", "inverse-discriminator"))
    of_translators, of_discriminators = adam(recipe, g, f), adam(recipe, d, e)
    cycle, identity = recipe.game["cycle_weight"], recipe.game["identity_weight"]

    def against(logits: Tensor, target: float) -> Tensor:
        return mse_loss(logits, torch.full_like(logits, target))

    def discriminate(network: nn.Module, real: Tensor, fake: Tensor) -> None:
        loss = (against(network(real), 1.0) + against(network(fake.detach()), 0.0)) / 2
        torch.autograd.backward(loss)

    def play(batches: Iterator[Images]) -> int:
        batch = next(batches)
        x, y = inputs_of(batch), batch.pictures
        fake_y, fake_x = g(x), f(y)
        back_x, back_y = f(fake_y), g(fake_x)
        _frozen(True, d, e)
        of_translators.zero_grad()
        loss = identity * (l1_loss(g(y), y) + l1_loss(f(x), x)) + cycle * (l1_loss(back_x, x) + l1_loss(back_y, y))
        torch.autograd.backward(loss + against(d(fake_y), 1.0) + against(e(fake_x), 1.0))
        of_translators.step()
        _frozen(False, d, e)
        of_discriminators.zero_grad()
        discriminate(d, y, fake_y)
        discriminate(e, x, fake_x)
        of_discriminators.step()
        return len(y)

    return play
