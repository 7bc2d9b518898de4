r"""The GAN with a hinge loss and spectral norm.

The discriminator separates real pictures from fakes as a support vector machine would: by a margin, and what is beyond
its side of the margin teaches it nothing more (Lim and Ye, "Geometric GAN", arXiv:1705.02894). The generator
moves its fakes across, and is never told that it is good enough. In the form of Miyato et al. ("Spectral Normalization
for Generative Adversarial Networks", arXiv:1802.05957):

$$ \min_D \; E_x[\max(0, 1 - D(x))] + E_z[\max(0, 1 + D(G(z)))] \qquad \text{(equation 16)} $$
$$ \min_G \; -E_z[D(G(z))] \qquad \text{(equation 17)} $$

A margin of 1 means something only if $D$ cannot stretch the distance between two pictures as it likes. So every weight
of its network is divided by its largest singular value, the spectral norm (equation 8), which holds the slope of each
linear layer at 1 and bounds that of each convolution. That is a part of the network (`norm = "spectral"`), not of this
loss, and costs next to nothing.
"""

from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor

from sparring import networks
from sparring.data.batches import Images
from sparring.data.spec import Spec
from sparring.games.base import Move, Terms
from sparring.games.noise_to_image import Aids, NoiseToImage, Numbers, Round, Width
from sparring.nn.latents import Latent
from sparring.nn.norms import Norm
from sparring.objectives.adversarial import hinge, hinge_reading


class Hinge(NoiseToImage):
    """Convolutional networks, the discriminator with spectral norm.

    Args:
        spec: the pictures.
        network: the family of networks.
        latent: numbers in a latent vector, N(0, 1).
        width: the unit of width of the networks.
        norm: of the discriminator.
        aids: what else may help the discriminator.

    >>> game = Hinge(Spec(channels=1, height=28, width=28))
    >>> game.reading({"discriminator.real": 0.8, "discriminator.fake": 0.7})
    'balanced: 25% of the margin'
    """

    legend: ClassVar[Mapping[str, str]] = {
        "discriminator.real": "how far real pictures are from the right side of the margin; 0: beyond it, 1: the "
        "discriminator has no opinion",
        "discriminator.fake": "how far fakes are from the right side of the margin; 0: beyond it, 1: no opinion",
        "generator.adversarial": "minus what the discriminator says of the fakes: 1 is its margin, 0 its boundary, "
        "below 0 they pass for real. It may well rise while the pictures get better",
    }

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
        """Equation 16."""
        real_logits, fake_logits = self.weigh(round.real, round.fake.detach())
        real = hinge(real_logits, real=True)  # max(0, 1 - D(x))
        fake = hinge(fake_logits, real=False)  # max(0, 1 + D(G(z)))
        return {"real": real.mean(), "fake": fake.mean()}

    def generate(self, round: Round) -> Terms:
        """Equation 17."""
        (fake_logits,) = self.judge(round.fake)
        return {"adversarial": -fake_logits.mean()}  # -D(G(z))

    def realness(self, batch: Images) -> Tensor:
        """The logit."""
        (logits,) = self.judge(batch.pictures)
        return logits

    def reading(self, losses: Mapping[str, float]) -> str:
        """Who is ahead, and by how much of the margin."""
        return hinge_reading(losses["discriminator.real"] + losses["discriminator.fake"])
