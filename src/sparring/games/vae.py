r"""The variational autoencoder: the baseline without an opponent.

An encoder gives for each picture $x$ a Gaussian $q(z | x)$ of latents that may have made it, the generator (here also
called the decoder) draws the picture again from one of them, and both raise a bound on how likely the real pictures are
(Kingma and Welling, "Auto-Encoding Variational Bayes", arXiv:1312.6114, equation 3):

$$ \log p(x) \ge E_{q(z | x)}[\log p(x | z)] - KL(q(z | x) \| p(z)) $$

The first term is how well pictures are drawn again; the second keeps $q$ so near to $p(z) = N(0, 1)$ that latents
drawn from $p$ give pictures too. A weight $\beta$ other than 1 on it (Higgins et al., "beta-VAE", ICLR 2017) trades one
for the other. $p(x | z)$ is a Gaussian around the drawn picture, so grey, colour and points are treated alike; its
variance, one for all pixels, is the likeliest for each batch (the sigma-VAE of Rybkin et al., "Simple and Effective VAE
Training with Calibrated Decoders", arXiv:2006.13202), which leaves no scale to guess. Pictures come out softer than a
GAN's, since the mean of all pictures that a latent may stand for is the likeliest guess; but none is forgotten.
"""

from collections.abc import Mapping
from functools import partial
from math import e, pi, prod
from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from sparring import networks
from sparring.data.batches import Images
from sparring.data.spec import Spec
from sparring.games.base import Game, Move, Sampler, Terms
from sparring.games.noise_to_image import Numbers, Width
from sparring.nn.heads import Outputs
from sparring.nn.latents import Latent
from sparring.nn.norms import Norm, keeping_statistics
from sparring.objectives import information

COLLAPSED = 0.1
"""Nats below which latents say nothing of a picture."""


class VAE(Game):
    """The generator of a family of networks, and an encoder on the trunk that its discriminator has.

    Args:
        spec: the pictures.
        network: the family of networks.
        latent: numbers in a latent vector, N(0, 1).
        width: the unit of width of the networks.
        norm: of the encoder; absent: as the family of networks has it.
        beta: the weight of the divergence from N(0, 1).

    >>> game = VAE(Spec(channels=1, height=28, width=28))
    >>> [move.trains for move in game.moves()]
    [('encoder', 'generator')]
    """

    averaged: ClassVar[tuple[str, ...]] = ("generator",)
    legend: ClassVar[Mapping[str, str]] = {
        "autoencoder.reconstruction": "how surprising the real pictures are beside those drawn from their latents, in "
        "nats a picture; it falls, below 0 too, since a density may be more than 1",
        "autoencoder.divergence": "how much the latents say of their picture, in nats, by the weight beta; near 0 they "
        "say nothing and all pictures come out alike (posterior collapse)",
    }

    def __init__(
        self,
        spec: Spec,
        *,
        network: networks.Name = "dcgan",
        latent: Numbers = 100,
        width: Width = 32,
        norm: Norm | None = None,
        beta: Annotated[float, Field(gt=0)] = 1.0,
    ) -> None:
        super().__init__()
        self.spec = spec
        self.latent = Latent(distribution="normal", noise=latent)
        head = partial(Outputs, outputs=2 * latent)  # mean and log variance of every number
        encoder = networks.discriminator(network, spec.shape, width=width, norm=norm, head=head)
        generator = networks.generator(network, spec.shape, latent=latent, width=width)
        self.players = nn.ModuleDict({"encoder": encoder, "generator": generator})
        self.beta = beta

    def prepare(self, batch: Images) -> Tensor:
        """The pictures."""
        return batch.pictures

    def moves(self) -> list[Move]:
        """One, of both players together: they want the same."""
        return [Move("autoencoder", trains=("encoder", "generator"), loss=self.autoencode)]

    def autoencode(self, pictures: Tensor) -> Terms:
        """The bound, as what is to be minimised."""
        mean, log_variance = self.players["encoder"](pictures).chunk(2, 1)
        latents = mean + (log_variance / 2).exp() * torch.randn_like(mean)  # z ~ q(z | x)
        with keeping_statistics(self.players["generator"]):
            drawn = self.players["generator"](latents)
        with torch.no_grad():  # what is shipped draws from p(z), so batch norm's statistics are taken there
            self.players["generator"](torch.randn_like(latents))
        variance = information.fitted_variance(pictures, drawn)
        reconstruction = information.gaussian(pictures, drawn, variance)  # -log p(x | z)
        divergence = information.divergence_from_normal(mean, log_variance)  # KL(q(z | x) || p(z))
        return {"reconstruction": reconstruction.mean(), "divergence": self.beta * divergence.mean()}

    def realness(self, batch: Images) -> None:
        """Nobody judges."""

    def reading(self, losses: Mapping[str, float]) -> str:
        """What the latents say, and how far the drawn pictures are from the real ones."""
        divergence = losses["autoencoder.divergence"] / self.beta
        if divergence < COLLAPSED:
            return "posterior collapse: the latents say nothing of the pictures"
        numbers = prod(self.spec.shape)
        error = e ** (losses["autoencoder.reconstruction"] / numbers) / (2 * pi * e) ** 0.5  # sigma, in [-1, 1]
        return f"{divergence:.3g} nats in the latents, typical error {error / 2:.1%} of the range"

    def product(self, players: Mapping[str, nn.Module]) -> Sampler:
        """The generator."""
        return Sampler(players["generator"], self.spec, self.latent)
