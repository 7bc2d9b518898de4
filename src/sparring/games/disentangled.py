r"""A GAN whose latent vector has one index for each named factor, tied to it by labels.

The noise is a vector of numbers in $[-1, 1]$, and what is known of the pictures (a shape, its colour, ...) sits at
fixed indices of it: the range of index $f$ is cut into as many equal parts as factor $f$ has values, and a number in
part $v$ means value $v$; the generator begins by reading off $v$. So every index is uniform noise as long as all values
are equally frequent, and turning one of them like a knob changes one thing. The discriminator also says which value
each factor of a picture has. It learns that from real pictures and their labels, and the generator is held to it:

$$ \min_D \; -E_x[\log D(x)] - E_z[\log(1 - D(G(z)))] - E_{x, y}[\textstyle\sum_f \log P_f(y_f | x)] $$

$$ \min_G \; -E_z[\log D(G(z))] - \lambda E_z[\textstyle\sum_f \log P_f(v_f(z) | G(z))] $$

This is the supervised form that the course notes have. The classifier in the discriminator is that of AC-GAN (Odena et
al., "Conditional Image Synthesis With Auxiliary Classifier GANs", arXiv:1610.09585), but learns from real pictures
only, and there is one for each factor. What the labels do not name is left to the rest of the noise.
"""

from collections.abc import Mapping
from functools import partial
from math import log
from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from sparring import networks
from sparring.data.batches import Factored, Images
from sparring.data.spec import Spec
from sparring.games.base import Move, Terms
from sparring.games.noise_to_image import Aids, NoiseToImage, Numbers, Round, Width
from sparring.nn.heads import Outputs
from sparring.nn.initialise import normal_weights
from sparring.nn.latents import Code, Latent
from sparring.nn.norms import Norm
from sparring.objectives import adversarial, information


class Disentangled(NoiseToImage):
    """One index of the latent vector for each factor of `spec.factors`, behind the noise and in their order.

    Args:
        spec: the pictures, with factors.
        network: the family of networks.
        latent: numbers of noise beside the factors, U[-1, 1).
        width: the unit of width of the networks.
        norm: of the discriminator; absent: as the family of networks has it.
        tie: lambda, the weight of the regulariser that ties each index to its factor.
        aids: what else may help the discriminator.

    >>> from sparring.data.spec import Factor
    >>> colour = Factor(name="colour", values=("red", "blue"))
    >>> spec = Spec(channels=3, height=32, width=32, classes=("a", "b"), factors=(colour,))
    >>> Disentangled(spec, latent=60).latent.columns("colour")
    slice(60, 61, None)
    """

    takes: ClassVar[type[Images]] = Factored
    legend: ClassVar[Mapping[str, str]] = adversarial.LEGEND | {
        "discriminator.factors": "how surprising the labels of real pictures are to the discriminator, in nats, summed "
        "over the factors; it should come down to near 0, or it cannot teach the generator",
        "generator.tie": "how surprising it is to the discriminator, in nats and by its weight, what the fakes were "
        "meant to show; near 0: every index does what its factor says",
    }

    def __init__(
        self,
        spec: Spec,
        *,
        network: networks.Name = "dcgan",
        latent: Numbers = 100,
        width: Width = 32,
        norm: Norm | None = None,
        tie: Annotated[float, Field(ge=0)] = 1.0,
        aids: Aids = Aids(),
    ) -> None:
        codes = tuple(Code(name=factor.name, kind="level", values=factor.values) for factor in spec.factors)
        self.sizes = [len(factor.values) for factor in spec.factors]
        head = partial(Outputs, outputs=1 + sum(self.sizes))  # the logit, then a score for every value
        drawn = Latent(distribution="uniform", noise=latent, codes=codes)
        super().__init__(spec, drawn, network, width, norm=norm, head=head, aids=aids)
        self.tie = tie
        normal_weights(self)

    def moves(self) -> list[Move]:
        """One turn each."""
        return self.turns()

    def discriminate(self, round: Round) -> Terms:
        """Tell real from fake, and name the factors of the real ones."""
        real_output, fake_output = self.weigh(round.real, round.fake.detach())
        real = adversarial.cross_entropy(real_output[:, 0], 1.0)  # -log D(x)
        fake = adversarial.cross_entropy(fake_output[:, 0], 0.0)  # -log(1 - D(G(z)))
        factors = self.surprise(real_output[:, 1:], round.factors)  # -sum log P_f(y_f | x)
        return {"real": real.mean(), "fake": fake.mean(), "factors": factors.mean()}

    def generate(self, round: Round) -> Terms:
        """Pass for real, and as what each index says."""
        (fake_output,) = self.judge(round.fake)
        fake = adversarial.cross_entropy(fake_output[:, 0], 1.0)  # -log D(G(z))
        tie = self.surprise(fake_output[:, 1:], round.factors)  # -sum log P_f(v_f(z) | G(z))
        return {"adversarial": fake.mean(), "tie": self.tie * tie.mean()}

    def surprise(self, scores: Tensor, values: Tensor) -> Tensor:
        """How surprising the values, [N, F], are to the scores, [N, all values of all factors], summed: [N]."""
        total = scores.new_zeros(len(scores))
        for own, value in zip(torch.split(scores, self.sizes, 1), values.unbind(1), strict=True):
            total = total + information.categorical(own, value)
        return total

    def realness(self, batch: Images) -> Tensor:
        """The logit; what is said beside it is left out."""
        (output,) = self.judge(batch.pictures)
        return output[:, 0]

    def reading(self, losses: Mapping[str, float]) -> str:
        """Who is ahead, and how well the indices are obeyed."""
        lead = adversarial.OBJECTIVES["non-saturating"].reading(losses)
        all_of_it = sum(map(log, self.sizes)) * self.tie
        if not all_of_it:
            return lead
        return f"{lead}, {max(1 - losses['generator.tie'] / all_of_it, 0):.0%} of the factors obeyed"
