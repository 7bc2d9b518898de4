r"""The Wasserstein GAN with a gradient penalty.

A critic $D$ whose slope is nowhere more than 1 measures, by $E_x[D(x)] - E_z[D(G(z))]$, how far the generated pictures
are from the real ones: the earth mover's distance (Arjovsky et al., arXiv:1701.07875, equation 2). Gulrajani et al.
("Improved Training of Wasserstein GANs", arXiv:1704.00028) hold the slope at 1 on the lines between real and generated
pictures, where the best critic has it (proposition 1), instead of clipping weights:

$$ L = E[D(\tilde x)] - E[D(x)] + \lambda E_{\hat x}[(\lVert \nabla_{\hat x} D(\hat x) \rVert_2 - 1)^2]
\qquad \text{(equation 3)} $$

The norm is that of each picture's gradient over all of its dimensions. A critic with batch norm is refused: its logit
for one picture depends on the others, and so would the norm (section 4, "No critic batch normalization"). Five turns of
the critic for one of the generator, Adam with a learning rate of 1e-4 and betas of 0 and 0.9 (algorithm 1).
"""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, ClassVar

from pydantic import Field
from torch import Tensor

from sparring import networks
from sparring.config import Positive
from sparring.data.batches import Images
from sparring.data.spec import Spec
from sparring.games.base import Move, Terms
from sparring.games.noise_to_image import Aids, NoiseToImage, Numbers, Round, Width
from sparring.nn.heads import Logit
from sparring.nn.latents import Latent
from sparring.nn.norms import Norm
from sparring.objectives import penalties


class WGANGP(NoiseToImage):
    """Convolutional networks, the critic without batch norm.

    Args:
        spec: the pictures.
        network: the family of networks.
        latent: numbers in a latent vector, N(0, 1).
        width: the unit of width of the networks.
        norm: of the critic; anything but `batch`.
        penalty: the weight of the gradient penalty, lambda.
        critic_steps: turns of the critic for one of the generator.
        aids: what else may help the critic.

    Raises:
        UsageError: the critic has batch norm.

    >>> game = WGANGP(Spec(channels=1, height=28, width=28))
    >>> [move.repeat for move in game.moves()]
    [5, 1]
    """

    sloped = ("discriminator",)
    legend: ClassVar[Mapping[str, str]] = {
        "discriminator.distance": "minus the critic's estimate of the distance between real and generated pictures, up "
        "to a factor; it should come up towards 0, and unlike other games' losses it follows the pictures' quality",
        "discriminator.penalty": "how far the critic's slope is from 1; small beside the distance once it has settled",
        "generator.adversarial": "minus what the critic says of the fakes; only its differences over a short while "
        "mean something, since the critic may shift all its values",
    }

    def __init__(
        self,
        spec: Spec,
        *,
        network: networks.Name = "dcgan",
        latent: Numbers = 100,
        width: Width = 32,
        norm: Norm = "none",
        penalty: Annotated[float, Field(ge=0)] = 10.0,
        critic_steps: Positive = 5,
        aids: Aids = Aids(),
    ) -> None:
        head = partial(Logit, bias=False)  # only differences of the critic's values count
        noise = Latent(distribution="normal", noise=latent)
        super().__init__(spec, noise, network, width, norm=norm, head=head, aids=aids)
        penalties.refuse_batch_norm(self.players["discriminator"], "wgan-gp")
        self.penalty = penalty
        self.critic_steps = critic_steps

    def moves(self) -> list[Move]:
        """Five turns of the critic for one of the generator."""
        return self.turns(self.critic_steps)

    def discriminate(self, round: Round) -> Terms:
        """Equation 3."""
        real_values, fake_values = self.weigh(round.real, round.fake.detach(), relative=True)
        between = penalties.interpolates(round.real, round.fake, packing=self.multiple)
        (values,) = self.judge(between)
        penalty = penalties.one_centred(values, between)  # (|grad D(x^)| - 1)^2
        return {"distance": fake_values.mean() - real_values.mean(), "penalty": self.penalty * penalty.mean()}

    def generate(self, round: Round) -> Terms:
        """Raise what the critic says of the fakes."""
        (fake_values,) = self.judge(round.fake)
        return {"adversarial": -fake_values.mean()}  # -D(G(z))

    def realness(self, batch: Images) -> Tensor:
        """The critic's value."""
        (values,) = self.judge(batch.pictures)
        return values

    def reading(self, losses: Mapping[str, float]) -> str:
        """The distance, for its trend."""
        distance = -losses["discriminator.distance"]
        if losses["discriminator.penalty"] > abs(distance) + 1:
            return "critic unsettled: its slope is far from 1"
        return f"distance about {distance:.3g}"
