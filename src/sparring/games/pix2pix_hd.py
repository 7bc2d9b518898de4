r"""Pix2pix-HD: pix2pix for large pictures, without a word on pixels.

A discriminator of patches sees whether lines are clean, but not whether a large picture holds together; and the mean
difference of pixels, which tells pix2pix that, blurs. Wang et al. ("High-Resolution Image Synthesis and Semantic
Manipulation with Conditional GANs", arXiv:1711.11585) show the pair of source $s$ and picture $x$ to three
discriminators, at its own size, a half and a quarter. And they ask the generator for a translation in which these see
what they see in the true picture: $D_k^{(i)}$ is the $i$-th of the $T$ stages before the logits, of $N_i$ numbers.

$$ \min_G \Big( \max_{D_1, D_2, D_3} \sum_k L_{GAN}(G, D_k) + \lambda \sum_k L_{FM}(G, D_k) \Big), \qquad
L_{FM}(G, D_k) = E_{s,x} \sum_{i=1}^T \frac{1}{N_i} |D_k^{(i)}(s, x) - D_k^{(i)}(s, G(s))|_1
\qquad \text{(equations 3 to 5)} $$

with least squares in the place of the logarithms of $L_{GAN}$ (equation 2), the discriminators' halved, and $\lambda =
10$ (section 4). The features are the discriminators' business, which do not move to match them. The generator works
from coarse to fine, see `translators.coarse_to_fine`. The perceptual loss that the authors add in some experiments
takes a network trained on other pictures, and is left out.
"""

from collections.abc import Mapping
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from sparring import translators
from sparring.data.batches import Images
from sparring.data.spec import Spec
from sparring.games.base import Move, Terms
from sparring.games.picture_to_picture import (
    FromPairs,
    Round,
    Share,
    Weight,
    Width,
    beside,
    by_picture,
    inputs_of,
)
from sparring.nn.initialise import normal_weights
from sparring.nn.resampling import Upsampling
from sparring.objectives import adversarial
from sparring.objectives.adversarial import squared_error

LEAST_SQUARES = adversarial.OBJECTIVES["least-squares"]


class Pix2PixHD(FromPairs):
    """A generator from coarse to fine against discriminators of patches at several scales.

    Args:
        spec: the pictures that come out, `spec.inputs` those that go in.
        network: of the generator.
        width: channels of the generator's first stage; the discriminators' have twice as many, as in the paper.
        norm: of all networks.
        upsampling: how the generator enlarges.
        dropout: share of numbers that the generator drops in training.
        scales: at which pairs are judged, at most: each is the half of the one before, and none has less than 8 pixels
            a side, or less than a given patch needs.
        patch: pixels a side that each logit sees at its scale; absent: 70, or less where the coarsest picture is
            smaller than 64.
        feature_weight: of the difference between what is seen in the translation and in the true picture, lambda.

    >>> game = Pix2PixHD(Spec(channels=3, height=64, width=64, inputs=Spec(channels=1, height=64, width=64)), width=8)
    >>> len(game.players["discriminator"].judges)
    3
    """

    legend: ClassVar[Mapping[str, str]] = {
        "discriminator.real": "how far the discriminators are from calling real pairs real, all scales together; "
        "small: they recognise them",
        "discriminator.fake": "how far they are from calling translations fake; small: they see through them",
        "generator.adversarial": "how far the generator is from passing for real at all scales; it should neither soar "
        "nor vanish",
        "generator.features": "how much else the discriminators see in the translation than in the true picture, by "
        "its weight; what they see changes while they learn, so it need not fall",
    }

    def __init__(
        self,
        spec: Spec,
        *,
        network: translators.Name = "coarse-to-fine",
        width: Width = 32,
        norm: Literal["instance", "none"] = "instance",
        upsampling: Upsampling = "resize",
        dropout: Share = 0.0,
        scales: Literal[1, 2, 3] = 3,
        patch: Literal[16, 34, 70, 142, 286] | None = None,
        feature_weight: Weight = 10.0,
    ) -> None:
        super().__init__(spec)
        generator = translators.translator(
            network, spec, width=width, norm=norm, upsampling=upsampling, dropout=dropout
        )
        channels = spec.channels + translators.input_channels(spec)
        discriminator = translators.discriminator_of_scales(
            channels, spec.shape[1:], width=2 * width, norm=norm, most=scales, patch=patch
        )
        self.players = nn.ModuleDict({"generator": generator, "discriminator": discriminator})
        normal_weights(self.players)
        self._feature_weight = feature_weight

    def moves(self) -> list[Move]:
        """All discriminators, then the generator."""
        return [
            Move("discriminator", trains=("discriminator",), loss=self.discriminate),
            Move("generator", trains=("generator",), loss=self.generate),
        ]

    def discriminate(self, round: Round) -> Terms:
        """Their side of equation 3."""
        s, x, fake = round.inputs, round.real, round.fake.detach()
        seen = self._seen(torch.cat([beside(s, x), beside(s, fake)]))  # one pass: no layer mixes pictures
        logits = [stages[-1].chunk(2) for stages in seen]
        return {
            "real": _total([squared_error(real, 1.0).mean() for real, _ in logits]),
            "fake": _total([squared_error(fake, 0.0).mean() for _, fake in logits]),
        }

    def generate(self, round: Round) -> Terms:
        """The generator's side of equation 5."""
        seen = self._seen(beside(round.inputs, round.fake))
        with torch.no_grad():
            wanted = self._seen(beside(round.inputs, round.real))
        return {
            "adversarial": _total([2 * squared_error(stages[-1], 1.0).mean() for stages in seen]),
            "features": self._feature_weight * _total([_unlike(*stages) for stages in zip(wanted, seen, strict=True)]),
        }

    def realness(self, batch: Images) -> Tensor:
        """What the patches of each picture beside its source are called: the mean over the scales."""
        seen = self._seen(beside(inputs_of(batch), batch.pictures))
        return torch.stack([by_picture(stages[-1]) for stages in seen]).mean(0)

    def reading(self, losses: Mapping[str, float]) -> str:
        """Who is ahead, at a scale."""
        judges = self.players["discriminator"].judges
        assert isinstance(judges, nn.ModuleList)
        return LEAST_SQUARES.reading({name: value / len(judges) for name, value in losses.items()})

    def _seen(self, pairs: Tensor) -> list[list[Tensor]]:
        """By scale, the stages of a discriminator; the last are its logits."""
        seen: list[list[Tensor]] = self.players["discriminator"](pairs)
        return seen


def _unlike(wanted: list[Tensor], seen: list[Tensor]) -> Tensor:
    """Equation 4, for one discriminator: without its logits."""
    stages = zip(wanted[:-1], seen[:-1], strict=True)
    return _total([torch.abs(real - fake).mean() for real, fake in stages])  # |.|_1 / N_i


def _total(terms: list[Tensor]) -> Tensor:
    return torch.stack(terms).sum()
