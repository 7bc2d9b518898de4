r"""CycleGAN: from two heaps of pictures, how one sort becomes the other.

There are no pairs. A discriminator $D_Y$ can only say whether $G(x)$ looks like the pictures of the other heap, and of
the many translators that achieve this, most have nothing to do with $x$. Zhu et al. ("Unpaired Image-to-Image
Translation using Cycle-Consistent Adversarial Networks", arXiv:1703.10593) train the way back, $F$, as well, and ask
that one can return:

$$ L(G, F) = L_{GAN}(G, D_Y) + L_{GAN}(F, D_X) + \lambda L_{cyc}(G, F), \qquad
L_{cyc} = E_x |F(G(x)) - x|_1 + E_y |G(F(y)) - y|_1 \qquad \text{(equations 2 and 3)} $$

with least squares for $L_{GAN}$ (the discriminators' halved), $\lambda = 10$, and discriminators that are shown the
latest 50 fakes in turn (section 4). A picture that is of the wanted sort already should stay as it is: the identity
term $E_y |G(y) - y|_1 + E_x |F(x) - x|_1$, of weight $\lambda / 2$ (section 5.2), keeps colours from flipping.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from sparring import translators
from sparring.data.batches import Images, Unpaired
from sparring.data.spec import Spec
from sparring.games.base import Move, Terms
from sparring.games.picture_to_picture import (
    PictureToPicture,
    Share,
    Weight,
    Width,
    by_picture,
    inputs_of,
    judged,
    one_sort,
)
from sparring.nn.initialise import normal_weights
from sparring.nn.pool import HistoryPool
from sparring.nn.resampling import Upsampling
from sparring.objectives import adversarial
from sparring.objectives.adversarial import squared_error

LEAST_SQUARES = adversarial.OBJECTIVES["least-squares"]


@dataclass(frozen=True)
class Cycle:
    """One batch of each domain, translated, with the graph of both translators.

    Attributes:
        x: [N, input channels, H, W] in [-1, 1], of the domain that is translated from.
        y: [N, channels, H, W], of the other; nothing belongs to anything.
        fake_y: $G(x)$.
        fake_x: $F(y)$.
        again_y: $G(F(y))$.
        again_x: $F(G(x))$.
        same_y: $G(y)$, where it is wanted.
        same_x: $F(x)$, where it is wanted.
    """

    x: Tensor
    y: Tensor
    fake_y: Tensor
    fake_x: Tensor
    again_y: Tensor
    again_x: Tensor
    same_y: Tensor | None = None
    same_x: Tensor | None = None


class CycleGAN(PictureToPicture):
    """Two translators and two discriminators of patches.

    Args:
        spec: the pictures that come out, `spec.inputs` those that go in.
        network: of both translators.
        width: channels of the first stage of all networks.
        norm: of all networks.
        upsampling: how the translators enlarge.
        dropout: share of numbers that they drop in training.
        patch: pixels a side that each logit sees; absent: 70, or less for pictures below 64 pixels.
        cycle_weight: of the way there and back, the paper's lambda.
        identity_weight: of leaving alone what is right already; only where the domains are of `one_sort`.
        pool: earlier fakes that the discriminators are shown again.

    >>> spec = Spec(channels=3, height=64, width=64, inputs=Spec(channels=3, height=64, width=64))
    >>> [move.trains for move in CycleGAN(spec, width=8).moves()]
    [('generator', 'inverse'), ('discriminator', 'inverse-discriminator')]
    """

    takes = Unpaired
    averaged: ClassVar[tuple[str, ...]] = ("generator", "inverse")
    legend: ClassVar[Mapping[str, str]] = {
        "translators.adversarial": "how far the translation is from passing for a picture of its domain",
        "translators.inverse-adversarial": "the same of the way back",
        "translators.cycle": "the mean absolute difference after there and back, by its weight; it falls",
        "translators.identity": "how much is changed of what is right already, by its weight; it falls",
        "discriminators.real": "how far the discriminator is from calling real pictures real; small: it knows them",
        "discriminators.fake": "how far it is from calling fakes fake; small: it sees through them",
        "discriminators.inverse-real": "the same of the way back, for real pictures",
        "discriminators.inverse-fake": "the same of the way back, for fakes",
    }

    def __init__(
        self,
        spec: Spec,
        *,
        network: translators.Name = "residual",
        width: Width = 32,
        norm: Literal["instance", "none"] = "instance",
        upsampling: Upsampling = "resize",
        dropout: Share = 0.0,
        patch: Literal[16, 34, 70, 142, 286] | None = None,
        cycle_weight: Weight = 10.0,
        identity_weight: Weight = 5.0,
        pool: Annotated[int, Field(ge=0, le=10_000)] = 50,
    ) -> None:
        super().__init__(spec)
        back = translators.turned(spec)
        there_and_back = (
            translators.translator(network, way, width=width, norm=norm, upsampling=upsampling, dropout=dropout)
            for way in (spec, back)
        )
        judges = (
            translators.patch_discriminator(way.channels, way.shape[1:], width=width, norm=norm, patch=patch)
            for way in (spec, back)
        )
        names = ("generator", "inverse", "discriminator", "inverse-discriminator")
        self.players = nn.ModuleDict(dict(zip(names, (*there_and_back, *judges), strict=True)))
        normal_weights(self.players)
        self.pool, self.inverse_pool = HistoryPool(pool, spec.shape), HistoryPool(pool, back.shape)
        self._cycle_weight = cycle_weight
        self._identity_weight = identity_weight if one_sort(spec) else 0.0

    def prepare(self, batch: Images) -> Cycle:
        """Translate both ways, and back: each translator is shown at once as much of it as there is already."""
        x, y = inputs_of(batch), batch.pictures
        g, f = self.players["generator"], self.players["inverse"]
        fake_x = f(y)
        if not self._identity_weight:
            fake_y, again_y = judged(g, x, fake_x)
            return Cycle(x, y, fake_y, fake_x, again_y, f(fake_y))
        fake_y, again_y, same_y = judged(g, x, fake_x, y)
        again_x, same_x = judged(f, fake_y, x)
        return Cycle(x, y, fake_y, fake_x, again_y, again_x, same_y, same_x)

    def moves(self) -> list[Move]:
        """First both translators, then both discriminators, as the authors have it."""
        return [
            Move("translators", trains=("generator", "inverse"), loss=self.translate),
            Move("discriminators", trains=("discriminator", "inverse-discriminator"), loss=self.discriminate),
        ]

    def translate(self, cycle: Cycle) -> Terms:
        """Equation 3, and the identity term."""
        terms = {
            "adversarial": 2 * squared_error(self.players["discriminator"](cycle.fake_y), 1.0).mean(),
            "inverse-adversarial": 2 * squared_error(self.players["inverse-discriminator"](cycle.fake_x), 1.0).mean(),
            "cycle": self._cycle_weight * (_apart(cycle.again_x, cycle.x) + _apart(cycle.again_y, cycle.y)),
        }
        if cycle.same_x is not None and cycle.same_y is not None:
            terms["identity"] = self._identity_weight * (_apart(cycle.same_y, cycle.y) + _apart(cycle.same_x, cycle.x))
        return terms

    def discriminate(self, cycle: Cycle) -> Terms:
        """Both discriminators' side of equation 1 as least squares, halved as `squared_error` is, on pooled fakes."""
        shown_y, shown_x = self.pool(cycle.fake_y.detach()), self.inverse_pool(cycle.fake_x.detach())
        real, fake = judged(self.players["discriminator"], cycle.y, shown_y)
        inverse_real, inverse_fake = judged(self.players["inverse-discriminator"], cycle.x, shown_x)
        return {
            "real": squared_error(real, 1.0).mean(),
            "fake": squared_error(fake, 0.0).mean(),
            "inverse-real": squared_error(inverse_real, 1.0).mean(),
            "inverse-fake": squared_error(inverse_fake, 0.0).mean(),
        }

    def realness(self, batch: Images) -> Tensor:
        """The mean over the patches of what is called 1 for pictures of the wanted domain."""
        return by_picture(self.players["discriminator"](batch.pictures))

    def reading(self, losses: Mapping[str, float]) -> str:
        """Who is ahead on the way there, and how well one can return."""
        there = {f"discriminator.{name}": losses[f"discriminators.{name}"] for name in ("real", "fake")}
        off = losses["translators.cycle"] / self._cycle_weight / 4 if self._cycle_weight else float("nan")
        return LEAST_SQUARES.reading(there) + (f"; {off:.1%} of the range lost there and back" if off == off else "")


def _apart(one: Tensor, other: Tensor) -> Tensor:
    return torch.abs(one - other).mean()  # |.|_1, a pixel
