"""What the games from noise to image share, which is everything but their losses."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from sparring import networks
from sparring.config import Positive, Table
from sparring.data.batches import Factored, FewLabels, Images, Labelled, labels_of
from sparring.data.spec import Spec
from sparring.errors import UsageError
from sparring.games.base import Game, Move, Sampler, Terms
from sparring.nn.augmentation import Augmentation, Augmenter
from sparring.nn.classes import one_hot
from sparring.nn.heads import Logit
from sparring.nn.latents import LARGEST, Code, Latent, Levels
from sparring.nn.mixing import mixes_samples
from sparring.nn.norms import Norm

Numbers = Annotated[int, Field(gt=0, le=LARGEST)]
"""The option `latent`."""
Width = Annotated[int, Field(gt=0, le=1_000_000)]
"""The option `width`."""


class Aids(Table):
    """What may help any discriminator; all of it is off unless asked for.

    Attributes:
        packing: pictures that are judged as one; 2 to 4 against mode collapse.
        minibatch: what the discriminator is told of the batch as a whole, against mode collapse: `deviation` (how much
            it varies) or `discrimination` (how near its samples are to each other).
        augment: change all pictures before they are judged: `fixed` always, `adaptive` as much as overfitting asks for.
            For small sets.
        augmentations: how, where `augment` is not `none`.
        instance_noise: standard deviation of the noise that is laid on all pictures before they are judged (Sonderby
            et al., arXiv:1610.04490; Arjovsky and Bottou, arXiv:1701.04862, section 3.1); pictures are in [-1, 1].
        instance_noise_until: images after which that noise, falling in a straight line, is gone, where there is any.
    """

    packing: Annotated[int, Field(ge=1, le=16)] = 1
    minibatch: networks.Minibatch = "none"
    augment: Literal["none", "fixed", "adaptive"] = "none"
    augmentations: tuple[Augmentation, ...] = ("colour", "translation", "cutout")
    instance_noise: Annotated[float, Field(ge=0, le=2)] = 0.0
    instance_noise_until: Positive = 100_000


@dataclass(frozen=True)
class Round:
    """One batch, as both players see it.

    Attributes:
        real: [N, channels, height, width] in [-1, 1].
        fake: as many, with the generator's graph: detach it where the discriminator moves.
        latents: [N, latent.size], what the fakes were made from.
        batch: all that is known of the real ones.
    """

    real: Tensor
    fake: Tensor
    latents: Tensor
    batch: Images

    @property
    def labels(self) -> Tensor:
        """[N], int64, of real and fake pictures alike.

        Raises:
            TypeError: the batch has none.
        """
        return labels_of(self.batch)

    @property
    def factors(self) -> Tensor:
        """[N, F], int64, of real and fake pictures alike, in games with a code for each of `Spec.factors`.

        Raises:
            TypeError: the batch has none.
        """
        if not isinstance(self.batch, Factored):
            raise TypeError("a batch without factors")
        return self.batch.factors

    @property
    def labelled(self) -> Labelled:
        """The few pictures that have a label.

        Raises:
            TypeError: the batch is not one of semi-supervised learning.
        """
        if not isinstance(self.batch, FewLabels):
            raise TypeError("a batch without a few labels")
        return self.batch.labelled


class NoiseToImage(Game):
    """A generator and a discriminator that take turns on the same real and fake pictures.

    Attributes:
        classifies: whether the discriminator is a classifier, to be shipped with the generator.

    Args:
        spec: the pictures.
        latent: what the generator starts from.
        network: the family of networks.
        width: their unit of width.
        norm: of the discriminator; None: as the family has it.
        head: of the discriminator.
        planes: classes that the discriminator sees as further channels.
        aids: what else helps the discriminator.
    """

    averaged: ClassVar[tuple[str, ...]] = ("generator",)
    classifies: ClassVar[bool] = False
    shown: Tensor

    def __init__(
        self,
        spec: Spec,
        latent: Latent,
        network: str,
        width: int,
        *,
        norm: Norm | None = None,
        head: networks.Head = Logit,
        planes: int = 0,
        aids: Aids,
    ) -> None:
        super().__init__()
        self.spec = spec
        self.latent = latent
        levels = Levels(latent)
        size = levels.noise + levels.coded
        generator = networks.generator(network, spec.shape, latent=size, width=width, condition=levels.coded)
        if size != latent.size:
            generator = nn.Sequential(levels, generator)
        discriminator = networks.discriminator(
            network,
            spec.shape,
            width=width,
            norm=norm,
            head=head,
            planes=planes,
            packing=aids.packing,
            minibatch=aids.minibatch,
        )
        self.players = nn.ModuleDict({"generator": generator, "discriminator": discriminator})
        self.multiple = aids.packing
        self._joins = not mixes_samples(discriminator)
        self._aids = aids
        if aids.augment != "none" and spec.points:
            raise UsageError("game.aids.augment changes pictures, and these are points: leave it out")
        if aids.augment != "none" and not aids.augmentations:
            raise UsageError("game.aids.augmentations is empty: name one, or set game.aids.augment=none")
        if aids.packing > 1 and latent.codes:
            raise UsageError("game.aids.packing judges several pictures as one, and here each has codes of its own: 1")
        if aids.augment != "none":
            self.augmenter = Augmenter(aids.augmentations, adaptive=aids.augment == "adaptive")
        self.register_buffer("shown", torch.zeros((), dtype=torch.int64))

    def judge(self, *batches: Tensor, given: Tensor | None = None) -> tuple[Tensor, ...]:
        """What the discriminator says of several batches, each as if it had been the only one.

        One pass over all of them costs less than one each. It must not be made where a layer mixes samples: batch norm
        has to see real and fake pictures apart.

        Args:
            batches: [N, channels, height, width] each.
            given: [N, ...], what the discriminator is told of the pictures of every batch alike.
        """
        told = () if given is None else (given,)
        return self._look(self.players["discriminator"], batches, *told)

    def features(self, *batches: Tensor) -> tuple[Tensor, ...]:
        """What the discriminator's trunk makes of several batches, [N, F] each: that which its head judges by."""
        return self._look(self.players["discriminator"].get_submodule("trunk"), batches)

    def _look(self, network: nn.Module, batches: tuple[Tensor, ...], *told: Tensor) -> tuple[Tensor, ...]:
        if len(batches) == 1 or not self._joins:
            return tuple(network(self._seen(batch), *told) for batch in batches)
        output: Tensor = network(self._seen(torch.cat(batches)), *(torch.cat([one] * len(batches)) for one in told))
        return torch.split(output, [len(output) // len(batches)] * len(batches))

    def weigh(
        self, real: Tensor, fake: Tensor, given: Tensor | None = None, *, relative: bool = False, unsure: float = 0.0
    ) -> tuple[Tensor, Tensor]:
        """`judge` for the discriminator's own move: real and fake pictures, and adaptive augmentation is steered.

        Args:
            real: [N, channels, height, width].
            fake: as many.
            given: as for `judge`.
            relative: only differences of logits mean something.
            unsure: otherwise, the logit of a picture that could be either.
        """
        real_output, fake_output = self.judge(real, fake, given=given)
        if self._aids.augment == "adaptive":
            logits, others = (o if o.ndim == 1 else o[:, 0] for o in (real_output, fake_output))
            middle = (logits.mean() + others.mean()) / 2 if relative else unsure
            self.steer(logits - middle, len(real))
        return real_output, fake_output

    def steer(self, logits: Tensor, count: int) -> None:
        """Steer adaptive augmentation, where it was asked for, by what was said of `count` real pictures; 0: unsure."""
        if self._aids.augment == "adaptive":
            self.augmenter.adapt(logits, count)

    def _seen(self, pictures: Tensor) -> Tensor:
        if self._aids.instance_noise:
            left = (1 - self.shown / self._aids.instance_noise_until).clamp(min=0)
            pictures = pictures + self._aids.instance_noise * left * torch.randn_like(pictures)
        return pictures if self._aids.augment == "none" else self.augmenter(pictures)

    @abstractmethod
    def discriminate(self, round: Round) -> Terms:
        """The discriminator's loss terms."""

    @abstractmethod
    def generate(self, round: Round) -> Terms:
        """The generator's loss terms."""

    def turns(self, discriminator_steps: int = 1, after: Callable[[], None] | None = None) -> list[Move]:
        """First the discriminator, so many times, then the generator against it.

        Args:
            discriminator_steps: turns of the discriminator for one of the generator.
            after: what is done to the discriminator's weights after each of its turns.
        """
        return [
            Move(
                "discriminator",
                trains=("discriminator",),
                loss=self.discriminate,
                repeat=discriminator_steps,
                after=after,
            ),
            Move("generator", trains=("generator",), loss=self.generate),
        ]

    def prepare(self, batch: Images) -> Round:
        """One batch of fakes serves both players: the generator does not change before its own move."""
        self.shown += len(batch)
        latents = self.latent.draw(len(batch), batch.pictures.device, self.values(batch))
        return Round(batch.pictures, self.players["generator"](latents), latents, batch)

    def values(self, batch: Images) -> Mapping[str, Tensor]:
        """The values of the codes with which fakes are made beside a batch: what is known of the real pictures."""
        known: dict[str, Tensor] = {}
        if isinstance(batch, Labelled) and issubclass(self.takes, Labelled):  # other games must not learn from labels
            known[CLASS] = batch.labels
        if isinstance(batch, Factored) and issubclass(self.takes, Factored):
            known |= {factor.name: batch.factors[:, column] for column, factor in enumerate(self.spec.factors)}
        return {code.name: known[code.name] for code in self.latent.codes if code.name in known}

    def product(self, players: Mapping[str, nn.Module]) -> Sampler:
        """The generator, and the discriminator of games that make it a classifier."""
        classifier = players["discriminator"] if self.classifies else None
        return Sampler(players["generator"], self.spec, self.latent, classifier)


def refuse_company(discriminator: nn.Module, aids: Aids, game: str) -> None:
    """Make sure that what the discriminator says of a picture depends on that picture alone.

    Raises:
        UsageError: it has packing, a minibatch layer or batch norm.
    """
    if aids.packing > 1 or mixes_samples(discriminator):
        raise UsageError(
            f"game {game!r} ships a classifier, which must know a picture by itself: leave out game.aids.packing and "
            "game.aids.minibatch, and set game.norm=group, spectral or none (the running statistics of batch norm "
            "would be those of real and generated pictures together)"
        )


CLASS = "class"
"""The name of the code that a class has in games that are given labels."""


def noise_and_class(noise: int, spec: Spec) -> Latent:
    """So many numbers from N(0, 1), and the class joined to them, one-hot."""
    return Latent(distribution="normal", noise=noise, codes=(Code(name=CLASS, kind="one-hot", values=spec.classes),))


def classes_of(labels: Tensor, spec: Spec) -> Tensor:
    """[N] labels as [N, number of classes], one-hot, float32."""
    return one_hot(labels, len(spec.classes))
