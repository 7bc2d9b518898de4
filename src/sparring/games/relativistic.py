r"""The relativistic GAN with zero-centred gradient penalties on real and generated pictures.

The discriminator is not asked whether a picture is real but which of two is: each real picture $x$ is paired with a
fake, and only the difference of their logits counts (Jolicoeur-Martineau, "The relativistic discriminator",
arXiv:1807.00734). A generator that covers one mode is then beaten by the pairs from all others, so this loss has no
minima with missing modes (Sun et al., "Towards a Better Global Loss Landscape of GANs", arXiv:2011.04926). What it
needs to converge is a discriminator that is flat near both distributions (Huang et al., "The GAN is dead; long live the
GAN!", arXiv:2501.05441, section 2):

$$ \min_D \; E[\mathrm{softplus}(D(G(z)) - D(x))]
   + \frac\gamma2 E[\lVert\nabla D(x)\rVert^2] + \frac\gamma2 E[\lVert\nabla D(G(z))\rVert^2], \qquad
   \min_G \; E[\mathrm{softplus}(D(x) - D(G(z)))] $$

Both penalties (R1 and R2, Mescheder et al., arXiv:1801.04406) are taken at every step; taken now and then they fail on
the smallest examples. $\gamma$ may fall as the run goes on: strong at first, when the distributions hardly overlap.
"""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, ClassVar

import torch
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
from sparring.nn.schedules import Geometric
from sparring.objectives import penalties, relativistic

Gamma = Annotated[float, Field(gt=0)]


class Relativistic(NoiseToImage):
    """A discriminator that compares, without batch norm, and penalties that hold it still.

    Args:
        spec: the pictures.
        network: the family of networks.
        latent: numbers in a latent vector, N(0, 1).
        width: the unit of width of the networks.
        norm: of the discriminator; anything but `batch`.
        gamma: the weight of both penalties at the start.
        gamma_end: the weight after `gamma_until` images; absent: it stays.
        gamma_until: in images; without `gamma_end` it means nothing.
        aids: what else may help the discriminator.

    Raises:
        UsageError: the discriminator has batch norm.

    >>> game = Relativistic(Spec(channels=1, height=28, width=28))
    >>> sorted(game.legend)
    ['discriminator.pairs', 'discriminator.r1', 'discriminator.r2', 'generator.pairs']
    """

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
        head = partial(Logit, bias=False)
        super().__init__(
            spec, Latent(distribution="normal", noise=latent), network, width, norm=norm, head=head, aids=aids
        )
        penalties.refuse_batch_norm(self.players["discriminator"], "relativistic")
        self.gamma = Geometric(gamma, gamma_end or gamma, gamma_until)

    def moves(self) -> list[Move]:
        """One turn each."""
        return self.turns()

    def discriminate(self, round: Round) -> Terms:
        """Real above fake in every pair, and flat around both."""
        real, fake = round.real.detach().requires_grad_(), round.fake.detach().requires_grad_()
        real_logits, fake_logits = self.weigh(real, fake, relative=True)
        return relativistic.discriminate(real_logits, real, fake_logits, fake, self.gamma.at(self.shown))

    def generate(self, round: Round) -> Terms:
        """Fake above real in every pair."""
        with torch.no_grad():
            (real_logits,) = self.judge(round.real)
        (fake_logits,) = self.judge(round.fake)
        return {"pairs": relativistic.pairs(fake_logits, real_logits).mean()}  # softplus(D(x) - D(G(z)))

    def realness(self, batch: Images) -> Tensor:
        """The logit, of which only differences count."""
        (logits,) = self.judge(batch.pictures)
        return logits

    def reading(self, losses: Mapping[str, float]) -> str:
        """Who is ahead."""
        return relativistic.reading(losses["discriminator.pairs"])
