r"""The least squares GAN.

Cross-entropy leaves a fake alone as soon as it is on the right side of the discriminator's boundary, however far it
still is from real pictures. Mao et al. ("Least Squares Generative Adversarial Networks", arXiv:1611.04076) give the
discriminator numbers to hit, 1 for real pictures and 0 for fakes, and let every miss cost its square, on both sides:

$$ \min_D \; \tfrac12 E_x[(D(x) - 1)^2] + \tfrac12 E_z[D(G(z))^2], \qquad
\min_G \; \tfrac12 E_z[(D(G(z)) - 1)^2] \qquad \text{(equation 9)} $$

Nothing in this loss keeps the discriminator's slope in bounds, so that its network does: spectral norm on every weight
(Miyato et al., arXiv:1802.05957) instead of the paper's batch norm, which `norm = "batch"` brings back.
"""

from collections.abc import Mapping

from torch import Tensor

from sparring import networks
from sparring.data.batches import Images
from sparring.data.spec import Spec
from sparring.games.base import Move, Terms
from sparring.games.noise_to_image import Aids, NoiseToImage, Numbers, Round, Width
from sparring.nn.latents import Latent
from sparring.nn.norms import Norm
from sparring.objectives import adversarial
from sparring.objectives.adversarial import squared_error

LEAST_SQUARES = adversarial.OBJECTIVES["least-squares"]


class LSGAN(NoiseToImage):
    """Convolutional networks, the discriminator with spectral norm.

    Args:
        spec: the pictures.
        network: the family of networks.
        latent: numbers in a latent vector, N(0, 1).
        width: the unit of width of the networks.
        norm: of the discriminator.
        aids: what else may help the discriminator.

    >>> game = LSGAN(Spec(channels=1, height=28, width=28))
    >>> game.reading({"discriminator.real": 0.12, "discriminator.fake": 0.13})
    'discriminator guessing'
    """

    legend = adversarial.LEGEND

    def __init__(
        self,
        spec: Spec,
        *,
        network: networks.Name = "dcgan",
        latent: Numbers = 100,
        width: Width = 32,
        norm: Norm = "spectral",
        aids: Aids = Aids(),
    ) -> None:
        super().__init__(spec, Latent(distribution="normal", noise=latent), network, width, norm=norm, aids=aids)

    def moves(self) -> list[Move]:
        """One turn each."""
        return self.turns()

    def discriminate(self, round: Round) -> Terms:
        """Equation 9, left."""
        real_values, fake_values = self.weigh(round.real, round.fake.detach(), unsure=LEAST_SQUARES.unsure(1.0))
        real = squared_error(real_values, 1.0)  # (D(x) - 1)^2 / 2
        fake = squared_error(fake_values, 0.0)  # D(G(z))^2 / 2
        return {"real": real.mean(), "fake": fake.mean()}

    def generate(self, round: Round) -> Terms:
        """Equation 9, right: the number of real pictures is the aim."""
        (fake_values,) = self.judge(round.fake)
        return {"adversarial": squared_error(fake_values, 1.0).mean()}  # (D(G(z)) - 1)^2 / 2

    def realness(self, batch: Images) -> Tensor:
        """The value, of which 1 is called real."""
        (values,) = self.judge(batch.pictures)
        return values

    def reading(self, losses: Mapping[str, float]) -> str:
        """Who is ahead."""
        return LEAST_SQUARES.reading(losses)
