"""What the games from noise to image share, which is everything but their losses."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sparring import networks
from sparring.data.batches import Images
from sparring.data.spec import Spec
from sparring.games.base import Game, Move, Product, Terms
from sparring.nn.latents import Latent
from sparring.nn.mixing import PerSample


@dataclass(frozen=True)
class Round:
    """One batch, as both players see it.

    Attributes:
        real: [N, channels, height, width] in [-1, 1].
        fake: as many, with the generator's graph: detach it where the discriminator moves.
    """

    real: Tensor
    fake: Tensor


class NoiseToImage(Game):
    """A generator and a discriminator that take turns on the same real and fake pictures."""

    averaged = ("generator",)

    def __init__(self, spec: Spec, latent: Latent, network: str, width: int) -> None:
        super().__init__()
        self.spec = spec
        self.latent = latent
        generator, discriminator = networks.pair(network, spec.shape, latent=latent.size, width=width)
        self.players = nn.ModuleDict({"generator": generator, "discriminator": discriminator})

    def judge(self, *batches: Tensor) -> tuple[Tensor, ...]:
        """The discriminator's logits of several batches, each as if it had been the only one.

        One pass over all of them costs less than one each. It must not be made where a layer mixes samples: batch norm
        has to see real and fake pictures apart.
        """
        discriminator = self.players["discriminator"]
        if len(batches) == 1 or not isinstance(discriminator, PerSample):
            return tuple(discriminator(batch) for batch in batches)
        logits: Tensor = discriminator(torch.cat(batches))
        return torch.split(logits, [len(batch) for batch in batches])

    @abstractmethod
    def discriminate(self, round: Round) -> Terms:
        """The discriminator's loss terms."""

    @abstractmethod
    def generate(self, round: Round) -> Terms:
        """The generator's loss terms."""

    def moves(self) -> list[Move]:
        """First the discriminator, then the generator against it."""
        return [
            Move("discriminator", trains=("discriminator",), loss=self.discriminate),
            Move("generator", trains=("generator",), loss=self.generate),
        ]

    def prepare(self, batch: Images) -> Round:
        """One batch of fakes serves both players: the generator does not change before its own move."""
        latents = self.latent.draw(len(batch), batch.pictures.device)
        return Round(real=batch.pictures, fake=self.players["generator"](latents))

    def product(self, players: Mapping[str, nn.Module]) -> Product:
        """The generator."""
        return Product(players["generator"], self.latent, self.spec)
