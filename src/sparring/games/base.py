"""What every algorithm is: players, moves between them, and something to ship at the end."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn

from sparring.data.batches import Images
from sparring.data.spec import Spec
from sparring.errors import UsageError
from sparring.nn.latents import Latent

Terms = dict[str, Tensor]
"""Loss terms by name, each a scalar that already carries its weight: their sum is what a move minimises."""

Perception = Callable[[Tensor], Tensor]
"""From pictures, [N, C, H, W] in [-1, 1], to one map of features, [N, c, h, w]: what is where, as a network that was
trained elsewhere sees it. Gradients pass through it. It is given to a game, as a function and not as a module, since it
is no part of it: neither trained, nor saved, nor shipped."""


@dataclass(frozen=True)
class Move:
    """One player's (or several players') turn within a step.

    Attributes:
        name: what the turn is called in logs; its terms are logged as `name.term`.
        trains: the players whose weights it changes; all others are frozen.
        loss: from what the game prepared for this batch to loss terms.
        repeat: turns a step, each on a batch of its own; the last of them is on the batch that the other moves see.
        every: takes part in every so many-th step only.
        when: takes part only where this is true, asked as a step begins.
        after: what is done to the weights once they have moved, such as clipping.
    """

    name: str
    trains: tuple[str, ...]
    loss: Callable[[Any], Terms]
    repeat: int = 1
    every: int = 1
    when: Callable[[], bool] | None = None
    after: Callable[[], None] | None = None


@dataclass(frozen=True)
class Product(ABC):
    """What is shipped of a game.

    Attributes:
        generator: from what `given` makes to pictures, [N, *spec.shape] in [-1, 1].
        spec: what comes out.
    """

    generator: nn.Module
    spec: Spec

    @abstractmethod
    def given(self, batch: Images, seed: int) -> Tensor:
        """[N, ...], what the generator makes as many pictures from as the batch has: always the same ones.

        Args:
            batch: real pictures, and what belongs to them.
            seed: of what is drawn.
        """

    @abstractmethod
    def networks(self) -> nn.ModuleDict:
        """All that is shipped, by name."""


@dataclass(frozen=True)
class Sampler(Product):
    """What is shipped of a game that makes pictures from noise: its generator takes [N, latent.size].

    Attributes:
        latent: what to draw.
        classifier: from pictures to the scores, [N, K], of the classes of `spec`, in games that train one.
    """

    latent: Latent
    classifier: nn.Module | None = None

    def given(self, batch: Images, seed: int) -> Tensor:
        """The first latents of a seed."""
        return self.latent.numbered(seed, 0, len(batch))

    def networks(self) -> nn.ModuleDict:
        """All that is shipped, by name."""
        shipped = {"generator": self.generator, "classifier": self.classifier}
        return nn.ModuleDict({name: network for name, network in shipped.items() if network is not None})


def sampler(product: Product) -> Sampler:
    """The same, as what makes pictures from noise.

    Raises:
        UsageError: it makes them from pictures.
    """
    if not isinstance(product, Sampler):
        raise UsageError("this model makes pictures from pictures, not from noise: `sparring translate` uses it")
    return product


class Game(nn.Module, ABC):
    """An algorithm. Everything it remembers is a player or a registered buffer, so a checkpoint holds all of it.

    Attributes:
        players: the networks, by name.
        averaged: the players of which a moving average is kept and shipped.
        legend: for each logged term `move.term`, one sentence on what it says.
        takes: the sort of batch that it plays on.
        perceives: whether its constructor takes a `Perception` after the spec, and its options name one: `perceptual`.
        multiple: batches must be a multiple of so many pictures.
        sloped: the players whose slope is part of a loss, so that they are differentiated twice, which compiled
            networks cannot be.
    """

    takes: ClassVar[type[Images]] = Images
    perceives: ClassVar[bool] = False
    multiple: int = 1
    sloped: ClassVar[tuple[str, ...]] = ()

    players: nn.ModuleDict
    averaged: ClassVar[tuple[str, ...]]
    legend: ClassVar[Mapping[str, str]]

    @abstractmethod
    def prepare(self, batch: Images) -> Any:
        """The work that the moves of a step share, done once for a batch; the moves' losses are given the result.

        Players that move on this batch require gradients here, so the graph of a fake made here can be used by one
        of them; every other move must take it detached.
        """

    @abstractmethod
    def moves(self) -> list[Move]:
        """The moves of a step, in order."""

    @abstractmethod
    def realness(self, batch: Images) -> Tensor | None:
        """How real the opponent finds pictures, as it sees them in training; None in a game without one.

        Args:
            batch: real or generated pictures, and what is known of them: the classes that they have, or should have.

        Returns:
            A number for each picture, or for each pack of pictures that are judged as one: the more, the more real.
        """

    @abstractmethod
    def reading(self, losses: Mapping[str, float]) -> str:
        """A few words for a newcomer on what the losses `{"move.term": value}` mean right now."""

    @abstractmethod
    def product(self, players: Mapping[str, nn.Module]) -> Product:
        """What is shipped, made of these players: the averaged ones, or those just loaded from a file."""
