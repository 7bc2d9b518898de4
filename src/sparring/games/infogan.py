r"""InfoGAN: part of the latent vector must be readable from the picture, and so comes to stand for something.

Nothing makes the generator of a plain GAN use its noise in an orderly way. Chen et al. ("InfoGAN: Interpretable
Representation Learning by Information Maximizing Generative Adversarial Nets", arXiv:1606.03657) split it into noise
$z$ and codes $c$, and reward a high mutual information between the codes and the picture. That cannot be computed, but
a network $Q$ that guesses the codes bounds it from below:

$$ I(c; G(z, c)) \ge L_I(G, Q) = E_{c, z}[\log Q(c | G(z, c))] + H(c) \qquad \text{(equation 5)} $$

$$ \min_{G, Q} \max_D \; V(D, G) - \lambda L_I(G, Q) \qquad \text{(equation 6)} $$

Both sides raise $L_I$: $D$, whose trunk $Q$ shares, and $G$. No label is used; which code comes to mean what, if
anything a person would name, is left to chance. $\log Q$ is a softmax for a categorical code and a Gaussian around the
guess for a continuous one. The bound holds for any $Q$; the variance of that Gaussian is fitted to the batch, so that
the bound is about as tight as a Gaussian of one width makes it.
"""

from collections.abc import Mapping
from functools import partial
from math import log
from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from sparring import networks
from sparring.data.batches import Images
from sparring.data.spec import Spec
from sparring.errors import UsageError
from sparring.games.base import Move, Terms
from sparring.games.noise_to_image import Aids, NoiseToImage, Numbers, Round, Width
from sparring.nn.heads import Outputs
from sparring.nn.initialise import normal_weights
from sparring.nn.latents import Code, Latent
from sparring.nn.norms import Norm
from sparring.objectives import adversarial, information

Weight = Annotated[float, Field(ge=0)]


class InfoGAN(NoiseToImage):
    """Codes that are called category-1, ..., continuous-1, ...; Q is one more layer on the discriminator's trunk.

    Args:
        spec: the pictures.
        network: the family of networks.
        latent: numbers of noise beside the codes, N(0, 1).
        width: the unit of width of the networks.
        norm: of the discriminator; absent: as the family of networks has it.
        categories: how many values each categorical code has; equally likely.
        continuous: how many continuous codes there are, each uniform in [-1, 1).
        category_weight: lambda of the categorical codes.
        continuous_weight: lambda of the continuous codes.
        aids: what else may help the discriminator.

    Raises:
        UsageError: there is no code at all.

    >>> game = InfoGAN(Spec(channels=1, height=32, width=32), latent=62)
    >>> game.latent.columns("category-1"), game.latent.columns("continuous-2")
    (slice(62, 72, None), slice(73, 74, None))
    """

    legend: ClassVar[Mapping[str, str]] = adversarial.LEGEND | {
        "discriminator.category": "how surprising the categorical codes of fakes are to the discriminator, in nats: "
        "times their weight: log K for each code of K values if it reads nothing, 0 if it reads all",
        "discriminator.continuous": "the same of the continuous codes: 0.87 times their weight for each if it reads "
        "nothing, and it goes on falling, below 0 too, the more exactly they can be read",
        "generator.category": "how illegible the categorical codes are in the fakes; follows the discriminator's",
        "generator.continuous": "how illegible the continuous codes are in the fakes, times their weight",
    }

    def __init__(
        self,
        spec: Spec,
        *,
        network: networks.Name = "dcgan",
        latent: Numbers = 62,
        width: Width = 32,
        norm: Norm | None = None,
        categories: tuple[Annotated[int, Field(ge=2, le=1000)], ...] = (10,),
        continuous: Annotated[int, Field(ge=0, le=1000)] = 2,
        category_weight: Weight = 1.0,
        continuous_weight: Weight = 0.1,
        aids: Aids = Aids(),
    ) -> None:
        if not categories and not continuous:
            raise UsageError("game 'infogan' without a code is a plain GAN: give game.categories or game.continuous")
        codes = [
            *(
                Code(name=f"category-{number}", kind="one-hot", values=tuple(map(str, range(values))))
                for number, values in enumerate(categories, 1)
            ),
            *(Code(name=f"continuous-{number}", kind="uniform") for number in range(1, continuous + 1)),
        ]
        drawn = Latent(distribution="normal", noise=latent, codes=tuple(codes))
        head = partial(Outputs, outputs=1 + drawn.coded)  # the logit, then a guess at every column of the codes
        super().__init__(spec, drawn, network, width, norm=norm, head=head, aids=aids)
        self.category_weight = category_weight
        self.continuous_weight = continuous_weight
        normal_weights(self)

    def moves(self) -> list[Move]:
        """One turn each."""
        return self.turns()

    def discriminate(self, round: Round) -> Terms:
        """Tell real from fake, and read the codes of the fakes."""
        real_output, fake_output = self.weigh(round.real, round.fake.detach())
        real = adversarial.cross_entropy(real_output[:, 0], 1.0)  # -log D(x)
        fake = adversarial.cross_entropy(fake_output[:, 0], 0.0)  # -log(1 - D(G(z, c)))
        return {"real": real.mean(), "fake": fake.mean(), **self.surprise(fake_output[:, 1:], round.latents)}

    def generate(self, round: Round) -> Terms:
        """Pass for real, and write the codes legibly."""
        (fake_output,) = self.judge(round.fake)
        fake = adversarial.cross_entropy(fake_output[:, 0], 1.0)  # -log D(G(z, c))
        return {"adversarial": fake.mean(), **self.surprise(fake_output[:, 1:], round.latents)}

    def surprise(self, guesses: Tensor, latents: Tensor) -> Terms:
        """-log Q(c | x): H(c) - L_I, and H(c) is a constant.

        Args:
            guesses: [N, latent.coded], of pictures.
            latents: [N, latent.size], which they were made from.
        """
        category = continuous = guesses.new_zeros(len(guesses))
        truth = latents[:, self.latent.noise :]
        widths = [code.columns for code in self.latent.codes]
        for code, guess, true in zip(
            self.latent.codes, torch.split(guesses, widths, 1), torch.split(truth, widths, 1), strict=True
        ):
            if code.kind == "one-hot":
                category = category + information.categorical(guess, code.read(true))
            else:
                variance = information.fitted_variance(true, guess)
                continuous = continuous + information.gaussian(true, guess, variance)
        return {
            "category": self.category_weight * category.mean(),
            "continuous": self.continuous_weight * continuous.mean(),
        }

    def realness(self, batch: Images) -> Tensor:
        """The logit; what is said beside it is left out."""
        (output,) = self.judge(batch.pictures)
        return output[:, 0]

    def reading(self, losses: Mapping[str, float]) -> str:
        """Who is ahead, and how much of the categorical codes can be read."""
        lead = adversarial.OBJECTIVES["non-saturating"].reading(losses)
        all_of_it = self.category_weight * sum(log(len(code.values)) for code in self.latent.codes if code.values)
        if not all_of_it:
            return lead
        read = 1 - losses["discriminator.category"] / all_of_it
        return f"{lead}, {max(read, 0):.0%} of the categories legible"
