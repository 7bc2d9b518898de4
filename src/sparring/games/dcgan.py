r"""The deep convolutional GAN: the game of Goodfellow et al. (arXiv:1406.2661) between convolutional networks.

$$ \min_D \; -E_x[\log D(x)] - E_z[\log(1 - D(G(z)))], \qquad \min_G \; -E_z[\log D(G(z))] $$

What Radford et al. ("Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks",
arXiv:1511.06434) added is how to build and start the networks so that this game holds together: strides instead of
pooling, batch norm, no hidden fully connected layers, ReLU in $G$ and LeakyReLU in $D$ (section 3), all weights from
$N(0, 0.02^2)$ and Adam with a learning rate of 2e-4 and $\beta_1 = 0.5$ (section 4). Real and fake pictures pass the
discriminator one batch after the other, never mixed: its batch norm would otherwise see the average of both and give
each away by the other.
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field
from torch import Tensor

from sparring import networks
from sparring.data.batches import Images
from sparring.data.spec import Spec
from sparring.games.base import Move, Terms
from sparring.games.noise_to_image import Aids, NoiseToImage, Numbers, Round, Width
from sparring.nn.initialise import normal_weights
from sparring.nn.latents import Latent
from sparring.nn.norms import Norm
from sparring.objectives import adversarial


class DCGAN(NoiseToImage):
    """Convolutional networks with batch norm, for pictures of any size.

    Args:
        spec: the pictures.
        network: the family of networks.
        latent: numbers in a latent vector, N(0, 1).
        width: channels of the stage next to the picture; each stage further in has twice as many, up to 8 times.
        norm: of the discriminator; absent: as the family of networks has it.
        objective: what the players minimise.
        real_label: what the discriminator should say of real pictures; less than 1 smooths.
        aids: what else may help the discriminator.

    >>> game = DCGAN(Spec(channels=3, height=32, width=32))
    >>> game.legend["generator.adversarial"].split(";")[0]
    'how far the generator is from passing its fakes off as real'
    """

    legend = adversarial.LEGEND

    def __init__(
        self,
        spec: Spec,
        *,
        network: networks.Name = "dcgan",
        latent: Numbers = 100,
        width: Width = 32,
        norm: Norm | None = None,
        objective: adversarial.Name = "non-saturating",
        real_label: Annotated[float, Field(gt=0.5, le=1)] = 1.0,
        aids: Aids = Aids(),
    ) -> None:
        super().__init__(spec, Latent(distribution="normal", noise=latent), network, width, norm=norm, aids=aids)
        self.objective = adversarial.OBJECTIVES[objective]
        self.real_label = real_label
        normal_weights(self)

    def moves(self) -> list[Move]:
        """One turn each."""
        return self.turns()

    def discriminate(self, round: Round) -> Terms:
        """Two batches, normalised separately: real ones, then fakes."""
        unsure = self.objective.unsure(self.real_label)
        real_logits, fake_logits = self.weigh(round.real, round.fake.detach(), unsure=unsure)
        real = self.objective.discriminate(real_logits, self.real_label)  # -log D(x)
        fake = self.objective.discriminate(fake_logits, 0.0)  # -log(1 - D(G(z)))
        return {"real": real.mean(), "fake": fake.mean()}

    def generate(self, round: Round) -> Terms:
        """Make the discriminator call the same fakes real."""
        (fake_logits,) = self.judge(round.fake)
        fake = self.objective.generate(fake_logits)  # -log D(G(z))
        return {"adversarial": fake.mean()}

    def realness(self, batch: Images) -> Tensor:
        """The logit."""
        (logits,) = self.judge(batch.pictures)
        return logits

    def reading(self, losses: Mapping[str, float]) -> str:
        """Who is ahead."""
        return self.objective.reading(losses, self.real_label)
