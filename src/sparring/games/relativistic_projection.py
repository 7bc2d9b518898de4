r"""The relativistic GAN with classes: a real and a generated picture of the same class are compared as one of it.

The game is that of `relativistic` (arXiv:1807.00734; Huang et al., arXiv:2501.05441). The class $y$ is joined to the
noise, one-hot, and the discriminator asks by projection whether a picture is a good one of its class (Miyato and
Koyama, arXiv:1802.05637): $D(x, y) = \psi(\phi(x)) + \langle v_y, \phi(x) \rangle$.

$$ \min_D \; E[\mathrm{softplus}(D(G(z, y), y) - D(x, y))]
   + \frac\gamma2 E[\lVert\nabla D(x, y)\rVert^2] + \frac\gamma2 E[\lVert\nabla D(G(z, y), y)\rVert^2] $$

Each fake has the class of the real picture that it is paired with. Labels tell the
generator what there is to draw.
"""

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

import torch
from torch import Tensor

from sparring import networks
from sparring.config import Positive
from sparring.data.batches import Images, Labelled, labels_of
from sparring.data.spec import Spec
from sparring.games.base import Move, Terms
from sparring.games.noise_to_image import Aids, NoiseToImage, Numbers, Round, Width, classes_of, noise_and_class
from sparring.games.relativistic import Gamma
from sparring.nn.heads import Projection
from sparring.nn.norms import Norm
from sparring.nn.schedules import Geometric
from sparring.objectives import penalties, relativistic


class RelativisticProjection(NoiseToImage):
    """`relativistic` for labelled pictures.

    Args:
        spec: the pictures, with their classes.
        network: the family of networks.
        latent: numbers of noise, N(0, 1), to which the class is joined.
        width: the unit of width of the networks.
        norm: of the discriminator; anything but `batch`.
        gamma: the weight of both penalties at the start.
        gamma_end: the weight after `gamma_until` images; absent: it stays.
        gamma_until: in images; without `gamma_end` it means nothing.
        aids: what else may help the discriminator.

    Raises:
        UsageError: the discriminator has batch norm.

    >>> game = RelativisticProjection(Spec(channels=1, height=28, width=28, classes=("cat", "dog")))
    >>> game.latent.size
    66
    """

    takes: ClassVar[type[Images]] = Labelled
    sloped = ("discriminator",)
    legend: ClassVar[Mapping[str, str]] = relativistic.LEGEND

    def __init__(
        self,
        spec: Spec,
        *,
        network: networks.Name = "resnet-dcgan",
        latent: Numbers = 64,
        width: Width = 32,
        norm: Norm = "none",
        gamma: Gamma = 0.1,
        gamma_end: Gamma | None = None,
        gamma_until: Positive = 200_000,
        aids: Aids = Aids(),
    ) -> None:
        head = partial(Projection, classes=len(spec.classes), bias=False)
        super().__init__(
            spec,
            noise_and_class(latent, spec),
            network,
            width,
            norm=norm,
            head=head,
            aids=aids,
        )
        penalties.refuse_batch_norm(self.players["discriminator"], "relativistic-projection")
        self.gamma = Geometric(gamma, gamma_end or gamma, gamma_until)

    def moves(self) -> list[Move]:
        """One turn each."""
        return self.turns()

    def discriminate(self, round: Round) -> Terms:
        """Real above fake in every pair of one class, and flat around both."""
        real, fake = round.real.detach().requires_grad_(), round.fake.detach().requires_grad_()
        classes = classes_of(round.labels, self.spec)
        real_logits, fake_logits = self.weigh(real, fake, classes, relative=True)
        return relativistic.discriminate(real_logits, real, fake_logits, fake, self.gamma.at(self.shown))

    def generate(self, round: Round) -> Terms:
        """Fake above real in every pair of one class."""
        classes = classes_of(round.labels, self.spec)
        with torch.no_grad():
            (real_logits,) = self.judge(round.real, given=classes)
        (fake_logits,) = self.judge(round.fake, given=classes)
        return {"pairs": relativistic.pairs(fake_logits, real_logits).mean()}  # softplus(D(x, y) - D(G(z, y), y))

    def realness(self, batch: Images) -> Tensor:
        """The logit as a picture of its class, of which only differences count."""
        (logits,) = self.judge(batch.pictures, given=classes_of(labels_of(batch), self.spec))
        return logits

    def reading(self, losses: Mapping[str, float]) -> str:
        """Who is ahead."""
        return relativistic.reading(losses["discriminator.pairs"])
