r"""Pix2pix: from pairs of pictures, how one becomes the other.

A picture $x$ has many possible translations, of which the set shows one, $y$. Whoever minimises the distance to $y$
draws the mean (or median) of all of them, which is blurred. Isola et al. ("Image-to-Image Translation with Conditional
Adversarial Networks", arXiv:1611.07004) add a discriminator that is shown $x$ beside a translation, real or fake, and
judges it patch by patch: it knows nothing of means, only whether such a pair could be a real one.

$$ \min_G \max_D \; E_{x,y}[\log D(x, y)] + E_x[\log(1 - D(x, G(x)))] + \lambda E_{x,y} |y - G(x)|_1
\qquad \text{(equations 1 to 4)} $$

with the generator's side in its non-saturating form, the discriminator's halved (section 3.3), and $\lambda = 100$. The
noise of $G$ is its dropout: a latent vector would be ignored (section 3.2). Once trained, it is left out here.

The course notes show the discriminator all four kinds of pairs, after Reed et al. (arXiv:1605.05396, section 4.2): a
real or a fake picture, with its own source or with that of another pair. Only a real one with its own is a real pair,
so that it must look at $x$ too, and not at $y$ alone. `diet = "four"` does that.
"""

from collections.abc import Mapping
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from sparring import translators
from sparring.data.batches import Images
from sparring.data.spec import Spec
from sparring.errors import UsageError
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
    judged,
)
from sparring.nn.initialise import normal_weights
from sparring.nn.resampling import Upsampling
from sparring.objectives import adversarial


class Pix2Pix(FromPairs):
    """A U-Net against a discriminator of patches that sees the pair.

    Args:
        spec: the pictures that come out, `spec.inputs` those that go in.
        network: of the generator.
        width: channels of the first stage of both networks.
        norm: of both networks.
        upsampling: how the generator enlarges.
        dropout: share of numbers that the generator drops in training, its noise.
        patch: pixels a side that each logit sees; absent: 70, or less for pictures below 64 pixels.
        objective: of both players: `non-saturating` as in the paper, or `least-squares`.
        diet: which pairs the discriminator is shown: `two`, real and fake ones, or all `four` kinds of the notes.
        pixel_weight: of the mean absolute difference of pixels, the paper's lambda.

    >>> game = Pix2Pix(Spec(channels=3, height=64, width=64, inputs=Spec(channels=1, height=64, width=64)))
    >>> [move.name for move in game.moves()]
    ['discriminator', 'generator']
    """

    legend: ClassVar[Mapping[str, str]] = {
        **adversarial.LEGEND,
        "generator.pixels": "the mean absolute difference to the true picture, by its weight; it falls, on training "
        "pictures down to nothing, so judge by pictures that were held out",
    }

    def __init__(
        self,
        spec: Spec,
        *,
        network: translators.Name = "unet",
        width: Width = 32,
        norm: translators.Norm = "instance",
        upsampling: Upsampling = "resize",
        dropout: Share = 0.5,
        patch: Literal[16, 34, 70, 142, 286] | None = None,
        objective: Literal["non-saturating", "least-squares"] = "non-saturating",
        diet: Literal["two", "four"] = "two",
        pixel_weight: Weight = 100.0,
    ) -> None:
        super().__init__(spec)
        generator = translators.translator(
            network, spec, width=width, norm=norm, upsampling=upsampling, dropout=dropout
        )
        channels = spec.channels + translators.input_channels(spec)
        discriminator = translators.patch_discriminator(channels, spec.shape[1:], width=width, norm=norm, patch=patch)
        for network_ in (generator, discriminator):
            normal_weights(network_)
        self.players = nn.ModuleDict({"generator": generator, "discriminator": discriminator})
        self._objective = adversarial.OBJECTIVES[objective]
        self._scale = 2.0 if objective == "least-squares" else 1.0  # `squared_error` is halved already
        self._four = diet == "four"
        self._pixel_weight = pixel_weight

    def moves(self) -> list[Move]:
        """One turn each."""
        return [
            Move("discriminator", trains=("discriminator",), loss=self.discriminate),
            Move("generator", trains=("generator",), loss=self.generate),
        ]

    def discriminate(self, round: Round) -> Terms:
        """Equation 1, halved; what is no real pair counts as one half, however many kinds of it there are."""
        x, y, fake = round.inputs, round.real, round.fake.detach()
        pairs = [beside(x, y), beside(x, fake)]
        if self._four and len(x) == 1:
            raise UsageError("game.diet=four needs the source of another pair: set batch_size to 2 or more")
        if self._four:
            other = x.roll(1, 0)  # the source of another pair
            pairs += [beside(other, y), beside(other, fake)]
        true, *false = judged(self.players["discriminator"], *pairs)
        loss = self._objective.discriminate
        wrong = torch.stack([loss(logits, 0.0).mean() for logits in false]).mean()
        return {"real": self._scale * loss(true, 1.0).mean() / 2, "fake": self._scale * wrong / 2}

    def generate(self, round: Round) -> Terms:
        """Equation 4: pass for a real pair, and be near to the true picture."""
        (logits,) = judged(self.players["discriminator"], beside(round.inputs, round.fake))
        pixels = (round.real - round.fake).abs().mean()  # |y - G(x)|_1
        return {
            "adversarial": self._scale * self._objective.generate(logits).mean(),
            "pixels": self._pixel_weight * pixels,
        }

    def realness(self, batch: Images) -> Tensor:
        """The mean logit of the patches of each picture beside its source."""
        (logits,) = judged(self.players["discriminator"], beside(inputs_of(batch), batch.pictures))
        return by_picture(logits)

    def reading(self, losses: Mapping[str, float]) -> str:
        """Who is ahead, and how far the pictures are off."""
        whole = {name: 2 / self._scale * losses[name] for name in ("discriminator.real", "discriminator.fake")}
        off = losses["generator.pixels"] / self._pixel_weight / 2 if self._pixel_weight else float("nan")
        return self._objective.reading(whole) + (f"; off by {off:.1%} of the range" if off == off else "")
