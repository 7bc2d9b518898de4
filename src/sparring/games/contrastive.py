r"""Contrastive unpaired translation: one way only.

CycleGAN trains a second translator and a second discriminator to make sure that a translation has to do with its
source. Park et al. ("Contrastive Learning for Unpaired Image-to-Image Translation", arXiv:2007.15651) ask for less: a
patch of the translation should have more in common with the patch of the source at the same place than with any other
patch of that source. What two patches have in common is told by the generator's own encoder, at several stages, through
small heads $H$:

$$ L_{GAN}(G, D) + \lambda_X L_{PatchNCE}(G, H, X) + \lambda_Y L_{PatchNCE}(G, H, Y) \qquad \text{(equation 5)} $$

The last term does the same with pictures of the wanted sort, which should come out as they are: it takes the part of
CycleGAN's identity term. $\lambda_X = \lambda_Y = 1$; without it, and with $\lambda_X = 10$, it is FastCUT, which
computes less (the recipe `contrastive-fast`). $L_{GAN}$ is least squares, as in the authors' experiments.
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
    Weight,
    Width,
    as_light,
    by_picture,
    inputs_of,
    judged,
    one_sort,
)
from sparring.nn.initialise import normal_weights
from sparring.nn.places import Projections, places_of
from sparring.nn.resampling import Upsampling
from sparring.objectives import adversarial
from sparring.objectives.adversarial import squared_error
from sparring.objectives.contrast import patch_contrast
from sparring.translators.residual import Translator

LEAST_SQUARES = adversarial.OBJECTIVES["least-squares"]
VECTOR = 256
"""Numbers of the vector that stands for a place."""


@dataclass(frozen=True)
class Passage:
    """One batch of each domain, and what the generator makes of both, with its graph.

    Attributes:
        x: [N, input channels, H, W] in [-1, 1], of the domain that is translated from.
        y: [N, channels, H, W], of the other; nothing belongs to anything.
        fake: $G(x)$.
        x_stages: what the encoder saw in x, at several stages.
        same: $G(y)$, which should be y; None where that is not asked for.
        y_stages: what the encoder saw in y.
    """

    x: Tensor
    y: Tensor
    fake: Tensor
    x_stages: list[Tensor]
    same: Tensor | None
    y_stages: list[Tensor]


class Contrastive(PictureToPicture):
    """A translator with residual blocks, heads on its encoder, and a discriminator of patches.

    Args:
        spec: the pictures that come out, `spec.inputs` those that go in.
        width: channels of the first stage of both networks.
        norm: of both networks.
        upsampling: how the generator enlarges.
        patch: pixels a side that each logit of the discriminator sees; absent: 70, or less for small pictures.
        contrast_weight: of the likeness of a translation to its source, lambda_X.
        identity_weight: of the same for pictures of the wanted sort, lambda_Y; only where what goes in is of
            the sort that comes out, see `one_sort`.
        places: that are compared in each stage.

    >>> spec = Spec(channels=3, height=64, width=64, inputs=Spec(channels=3, height=64, width=64))
    >>> [move.trains for move in Contrastive(spec, width=8).moves()]
    [('discriminator',), ('generator', 'heads')]
    """

    takes = Unpaired
    legend: ClassVar[Mapping[str, str]] = {
        **adversarial.LEGEND,
        "generator.contrast": "how hard it is to find the place that a patch was made from, in nats by its weight; the "
        "logarithm of the number of places by chance, and it falls",
        "generator.identity": "the same for pictures of the wanted sort, which should stay as they are",
    }

    def __init__(
        self,
        spec: Spec,
        *,
        width: Width = 32,
        norm: Literal["instance", "none"] = "instance",
        upsampling: Upsampling = "resize",
        patch: Literal[16, 34, 70, 142, 286] | None = None,
        contrast_weight: Weight = 1.0,
        identity_weight: Weight = 1.0,
        places: Annotated[int, Field(ge=2, le=4096)] = 256,
    ) -> None:
        super().__init__(spec)
        generator = translators.translator("residual", spec, width=width, norm=norm, upsampling=upsampling)
        discriminator = translators.patch_discriminator(
            spec.channels, spec.shape[1:], width=width, norm=norm, patch=patch
        )
        heads = Projections(_encoder(generator).compared_channels, VECTOR)
        self.players = nn.ModuleDict({"generator": generator, "heads": heads, "discriminator": discriminator})
        normal_weights(self.players)
        self._input_channels = translators.input_channels(spec)
        self._contrast_weight, self._places = contrast_weight, places
        self._identity_weight = identity_weight if one_sort(spec) else 0.0

    def prepare(self, batch: Images) -> Passage:
        """Translate, and remember what the encoder saw on its way."""
        x, y, generator = inputs_of(batch), batch.pictures, _encoder(self.players["generator"])
        if not self._identity_weight:
            fake, stages = generator.with_stages(x)
            return Passage(x, y, fake, stages, None, [])
        both, stages = generator.with_stages(torch.cat([x, y]))  # one pass: no layer mixes pictures
        (fake, same), halves = both.chunk(2), [stage.chunk(2) for stage in stages]
        return Passage(x, y, fake, [one for one, _ in halves], same, [other for _, other in halves])

    def moves(self) -> list[Move]:
        """First the discriminator, then the generator with its heads."""
        return [
            Move("discriminator", trains=("discriminator",), loss=self.discriminate),
            Move("generator", trains=("generator", "heads"), loss=self.generate),
        ]

    def discriminate(self, passage: Passage) -> Terms:
        """Least squares, halved, as `squared_error` is."""
        real, fake = judged(self.players["discriminator"], passage.y, passage.fake.detach())
        return {"real": squared_error(real, 1.0).mean(), "fake": squared_error(fake, 0.0).mean()}

    def generate(self, passage: Passage) -> Terms:
        """Equation 5."""
        logits = self.players["discriminator"](passage.fake)
        terms = {
            "adversarial": 2 * squared_error(logits, 1.0).mean(),
            "contrast": self._contrast_weight * self._contrast(passage.fake, passage.x_stages),
        }
        if passage.same is not None:
            terms["identity"] = self._identity_weight * self._contrast(passage.same, passage.y_stages)
        return terms

    def _contrast(self, drawn: Tensor, stages: list[Tensor]) -> Tensor:
        """Equation 4: the mean over stages and places of the loss of equation 2."""
        places = places_of(stages, self._places)
        shown = as_light(drawn, self._input_channels)
        queries = self.players["heads"](_encoder(self.players["generator"]).stages(shown), places)
        keys = self.players["heads"]([stage.detach() for stage in stages], places)
        losses = [patch_contrast(query, key).mean() for query, key in zip(queries, keys, strict=True)]
        return torch.stack(losses).mean()

    def realness(self, batch: Images) -> Tensor:
        """The mean over the patches of what is called 1 for pictures of the wanted domain."""
        return by_picture(self.players["discriminator"](batch.pictures))

    def reading(self, losses: Mapping[str, float]) -> str:
        """Who is ahead, and whether patches can be found again."""
        return f"{LEAST_SQUARES.reading(losses)}; contrast {losses['generator.contrast']:.2g}"


def _encoder(generator: nn.Module) -> Translator:
    assert isinstance(generator, Translator)
    return generator
