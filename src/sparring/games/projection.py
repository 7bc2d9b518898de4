r"""The conditional GAN whose discriminator projects: it compares a picture's features with the vector of its class.

Instead of showing the class as part of the picture, Miyato and Koyama ("cGANs with Projection Discriminator",
arXiv:1802.05637, section 3) ask what form the best discriminator has where class and picture go together by a simple
rule, and build that form in: features $\phi(x)$, a vector $v_y$ for each class, and

$$ D(x, y) = \psi(\phi(x)) + \langle v_y, \phi(x) \rangle. $$

The first term says whether $x$ is a picture at all, the second whether it is one of class $y$. Both players are
residual networks, the discriminator with spectral norm (Miyato et al., arXiv:1802.05957), the generator with batch norm
whose gains and shifts depend on the class. They play with hinge losses:

$$ \min_D \; E[\max(0, 1 - D(x, y))] + E[\max(0, 1 + D(G(z, y), y))], \qquad \min_G \; -E[D(G(z, y), y)] $$

A picture on its side of the margin teaches the discriminator nothing more. Spectral norm keeps $D$ from growing steep,
so it can be strong without starving the generator.
"""

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from torch import Tensor

from sparring import networks
from sparring.config import Positive
from sparring.data.batches import Images, Labelled, labels_of
from sparring.data.spec import Spec
from sparring.games.base import Move, Terms
from sparring.games.noise_to_image import Aids, NoiseToImage, Numbers, Round, Width, classes_of, noise_and_class
from sparring.nn.heads import Projection as Head
from sparring.nn.norms import Norm
from sparring.objectives import adversarial


class Projection(NoiseToImage):
    """Residual networks, a projection head, hinge losses.

    Args:
        spec: the pictures, with their classes.
        network: the family of networks.
        latent: numbers of noise, N(0, 1), to which the class is joined.
        width: the unit of width of the networks.
        norm: of the discriminator; absent: as the family of networks has it.
        discriminator_steps: turns of the discriminator for one of the generator; the paper takes 5.
        aids: what else may help the discriminator.

    >>> game = Projection(Spec(channels=1, height=28, width=28, classes=("cat", "dog")))
    >>> game.players["discriminator"].head.classes.weight.shape
    torch.Size([32, 2])
    """

    takes: ClassVar[type[Images]] = Labelled
    legend: ClassVar[Mapping[str, str]] = {
        "discriminator.real": "how far real pictures, as ones of their class, are from the right side of the margin; "
        "0: beyond it, 1: the discriminator has no opinion",
        "discriminator.fake": "how far fakes, as ones of the class that was asked for, are from the right side of the "
        "margin; 0: beyond it, 1: no opinion",
        "generator.adversarial": "minus what the discriminator says of the fakes as ones of the class that was asked "
        "for: 1 is its margin, 0 its boundary, below 0 they pass for real",
    }

    def __init__(
        self,
        spec: Spec,
        *,
        network: networks.Name = "resnet",
        latent: Numbers = 100,
        width: Width = 32,
        norm: Norm | None = None,
        discriminator_steps: Positive = 1,
        aids: Aids = Aids(),
    ) -> None:
        super().__init__(
            spec,
            noise_and_class(latent, spec),
            network,
            width,
            norm=norm,
            head=partial(Head, classes=len(spec.classes)),
            aids=aids,
        )
        self.discriminator_steps = discriminator_steps

    def moves(self) -> list[Move]:
        """So many turns of the discriminator for one of the generator."""
        return self.turns(self.discriminator_steps)

    def discriminate(self, round: Round) -> Terms:
        """Real pictures beyond one margin, fakes of the same classes beyond the other."""
        classes = classes_of(round.labels, self.spec)
        real_logits, fake_logits = self.weigh(round.real, round.fake.detach(), classes)
        real = adversarial.hinge(real_logits, real=True)  # max(0, 1 - D(x, y))
        fake = adversarial.hinge(fake_logits, real=False)  # max(0, 1 + D(G(z, y), y))
        return {"real": real.mean(), "fake": fake.mean()}

    def generate(self, round: Round) -> Terms:
        """Raise what the discriminator says of the fakes as pictures of their class."""
        (fake_logits,) = self.judge(round.fake, given=classes_of(round.labels, self.spec))
        return {"adversarial": -fake_logits.mean()}  # -D(G(z, y), y)

    def realness(self, batch: Images) -> Tensor:
        """The logit as a picture of its class."""
        (logits,) = self.judge(batch.pictures, given=classes_of(labels_of(batch), self.spec))
        return logits

    def reading(self, losses: Mapping[str, float]) -> str:
        """Who is ahead, and by how much of the margin."""
        return adversarial.hinge_reading(losses["discriminator.real"] + losses["discriminator.fake"])
