"""What the games from picture to picture share: what they ship, and how a discriminator looks at several batches."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from sparring.data.batches import Images, Labelled, Paired, Sourced, labels_of
from sparring.data.spec import Spec
from sparring.errors import UsageError, did_you_mean
from sparring.games.base import Game, Product
from sparring.nn.classes import one_hot
from sparring.nn.latents import Latent
from sparring.nn.mixing import mixes_samples

Width = Annotated[int, Field(gt=0, le=4096)]
"""The option `width`: channels of the first stage of a network."""
Weight = Annotated[float, Field(ge=0, le=1e6)]
"""An option that weighs a term."""
Share = Annotated[float, Field(ge=0, lt=1)]
"""The option `dropout`."""
VARIANTS = 0
"""The seed of the latents of variants: variant k of any picture has latent k."""


@dataclass(frozen=True)
class Round:
    """One batch of partners, as both players see it.

    Attributes:
        inputs: [N, input channels, H, W] in [-1, 1], what is translated.
        real: [N, channels, H, W], what should come out.
        fake: as many, with the generator's graph: detach it where the discriminator moves.
    """

    inputs: Tensor
    real: Tensor
    fake: Tensor


@dataclass(frozen=True)
class Translation(Product):
    """What is shipped of a game from picture to picture.

    Its generator takes [N, input channels, H, W], and behind them what it is told, each number as a channel: where
    there are domains, 1 for the one that is wanted and 0 for the others; where a picture has many translations, a
    latent.

    Attributes:
        domains: that one can translate to; empty where there is only one.
        latent: what to draw for all that the source does not say; None where a picture has one translation.
    """

    domains: tuple[str, ...] = ()
    latent: Latent | None = None

    @property
    def inputs(self) -> Spec:
        """The pictures that go in."""
        return self.spec.inputs or self.spec

    @property
    def told(self) -> int:
        """Channels behind those of the picture."""
        return len(self.domains) + (self.latent.size if self.latent else 0)

    def check(self, to: str | None, variant: int = 0) -> None:
        """Whether one can translate to a domain, and whether there is such a variant.

        Raises:
            UsageError: none is named where there are some, or one that is not known; or a variant other than the first
                where a picture has one translation.
        """
        if variant < 0:
            raise UsageError(f"variant {variant}: variants are numbered from 0 up")
        if variant and self.latent is None:
            raise UsageError("this model knows one translation of a picture: leave the variants out")
        if not self.domains and to is not None:
            raise UsageError(f"domain {to!r}: this model translates to one sort of pictures only: leave it out")
        if self.domains and to is None:
            raise UsageError(f"say which domain to translate to, --to DOMAIN: {', '.join(self.domains)}")
        if self.domains and to not in self.domains:
            raise UsageError(f"unknown domain {to!r}: {did_you_mean(str(to), self.domains)}")

    def prepared(self, pictures: Tensor, to: str | None, variant: int = 0) -> Tensor:
        """[N, input channels, H, W] as the generator takes them; errors are those of `check`.

        Args:
            pictures: in [-1, 1].
            to: the domain that is wanted, where there are some.
            variant: which of the many translations, from 0 up; it has the same latent for every picture.
        """
        self.check(to, variant)
        if to is not None:
            wanted = torch.full((len(pictures),), self.domains.index(to), device=pictures.device)
            pictures = with_domain(pictures, wanted, len(self.domains))
        if self.latent is not None:
            pictures = telling(pictures, self.latent.numbered(VARIANTS, variant, 1).expand(len(pictures), -1))
        return pictures

    def given(self, batch: Images, seed: int) -> Tensor:
        """The pictures that go in, each to be translated to the domain after its own, or with a latent of its own."""
        if self.domains:
            pictures = with_domain(batch.pictures, (labels_of(batch) + 1) % len(self.domains), len(self.domains))
        else:
            pictures = inputs_of(batch)
        return pictures if self.latent is None else telling(pictures, self.latent.numbered(seed, 0, len(batch)))

    def networks(self) -> nn.ModuleDict:
        """The generator."""
        return nn.ModuleDict({"generator": self.generator})


def translation(product: Product) -> Translation:
    """The same, as what makes pictures from pictures.

    Raises:
        UsageError: it makes them from noise.
    """
    if not isinstance(product, Translation):
        raise UsageError("this model makes pictures from noise, not from pictures: `sparring sample` uses it")
    return product


def with_domain(pictures: Tensor, domains: Tensor, count: int) -> Tensor:
    """[N, C, H, W] and [N] int64 below `count`: the pictures with a channel for each domain, 1 for the one of each.

    >>> with_domain(torch.zeros(2, 3, 4, 4), torch.tensor([0, 1]), 2)[:, 3:, 0, 0]
    tensor([[1., 0.],
            [0., 1.]])
    """
    return telling(pictures, one_hot(domains, count))


def telling(pictures: Tensor, numbers: Tensor) -> Tensor:
    """[N, C, H, W] and [N, K]: the pictures with a channel for each number, which is the same all over.

    >>> telling(torch.zeros(2, 3, 4, 4), torch.tensor([[0.5], [0.7]]))[:, 3, 2, 1]
    tensor([0.5000, 0.7000])
    """
    planes = numbers.to(pictures)[:, :, None, None]
    return torch.cat([pictures, planes.expand(-1, -1, *pictures.shape[2:])], 1)


def inputs_of(batch: Images) -> Tensor:
    """[N, input channels, H, W], what goes in.

    Raises:
        TypeError: a batch without.
    """
    if not isinstance(batch, Sourced):
        raise TypeError("a batch without inputs")
    return batch.inputs


class PictureToPicture(Game):
    """A generator from pictures to pictures.

    Args:
        spec: of the pictures that come out, `spec.inputs` of those that go in.

    Attributes:
        latent: what the generator is told beside the picture; None in games where that says all.
    """

    averaged: ClassVar[tuple[str, ...]] = ("generator",)
    latent: Latent | None = None

    def __init__(self, spec: Spec) -> None:
        super().__init__()
        self.spec = spec

    def product(self, players: Mapping[str, nn.Module]) -> Translation:
        """The generator, what to draw for it, and the domains of games that learn from labels."""
        domains = self.spec.classes if issubclass(self.takes, Labelled) else ()
        return Translation(players["generator"], self.spec, domains, self.latent)


class FromPairs(PictureToPicture):
    """One that learns from pictures beside their true translations."""

    takes: ClassVar[type[Images]] = Paired

    def prepare(self, batch: Images) -> Round:
        """Translate the sources."""
        inputs = inputs_of(batch)
        return Round(inputs, batch.pictures, self.players["generator"](inputs))


def judged(network: nn.Module, *batches: Tensor) -> tuple[Tensor, ...]:
    """What a network says of several batches, each as if it had been the only one.

    One pass over all of them costs less than one each. It must not be made where a layer mixes samples: batch norm has
    to see real and fake pictures apart.
    """
    if len(batches) == 1 or mixes_samples(network):
        return tuple(network(batch) for batch in batches)
    output: Tensor = network(torch.cat(batches))
    return torch.split(output, [len(batch) for batch in batches])


def one_sort(spec: Spec) -> bool:
    """Whether what goes in is of the sort that comes out, so that a translator can be shown either."""
    first, second = ((one.channels, one.map, one.holes) for one in (spec.inputs or spec, spec))
    return first == second


def as_light(pictures: Tensor, channels: int) -> Tensor:
    """[N, C, H, W] as pictures of so many channels: themselves, or else how light they are, in all channels alike."""
    return pictures if pictures.shape[1] == channels else pictures.mean(1, keepdim=True).expand(-1, channels, -1, -1)


def by_picture(logits: Tensor) -> Tensor:
    """[N, 1, h, w] logits of patches as [N], the mean of each picture."""
    return logits.mean((1, 2, 3))


def beside(inputs: Tensor, pictures: Tensor) -> Tensor:
    """A pair as one picture with the channels of both."""
    return torch.cat([inputs, pictures], 1)
