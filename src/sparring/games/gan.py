r"""The generative adversarial network, as the course notes have it.

A generator $G$ turns noise $z$ into pictures, a discriminator $D$ tells them from real ones $x$, and each learns from
the other's mistakes (Goodfellow et al., "Generative Adversarial Networks", arXiv:1406.2661):

$$ \min_G \max_D \; E_x[\log D(x)] + E_z[\log(1 - D(G(z)))] \qquad \text{(equation 1)} $$

Both are multilayer perceptrons. $D$ ascends equation 1. $G$ does not descend it, since $\log(1 - D(G(z)))$ is flat
where $D$ is sure; it ascends $\log D(G(z))$ instead (end of section 3), unless `objective` asks for the minimax game
itself. Real pictures are called real with 0.9 instead of 1, which keeps $D$ from growing overconfident (one-sided
label smoothing, Salimans et al., arXiv:1606.03498, section 3.4).
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
from sparring.nn.latents import Latent
from sparring.nn.norms import Norm
from sparring.objectives import adversarial


class GAN(NoiseToImage):
    """Two multilayer perceptrons of the course notes: latent of 100 uniform in [-1, 1], hidden layers 32-64-128.

    Args:
        spec: the pictures.
        network: the family of networks.
        latent: numbers in a latent vector.
        width: the unit of width of the networks; the notes' layers are 1, 2 and 4 of it.
        norm: of the discriminator; absent: as the family of networks has it.
        objective: what the players minimise.
        real_label: what the discriminator should say of real pictures; less than 1 smooths.
        aids: what else may help the discriminator.

    >>> game = GAN(Spec(channels=1, height=28, width=28))
    >>> [move.name for move in game.moves()]
    ['discriminator', 'generator']
    """

    legend = adversarial.LEGEND

    def __init__(
        self,
        spec: Spec,
        *,
        network: networks.Name = "mlp",
        latent: Numbers = 100,
        width: Width = 32,
        norm: Norm | None = None,
        objective: adversarial.Name = "non-saturating",
        real_label: Annotated[float, Field(gt=0.5, le=1)] = 0.9,
        aids: Aids = Aids(),
    ) -> None:
        super().__init__(spec, Latent(distribution="uniform", noise=latent), network, width, norm=norm, aids=aids)
        self.objective = adversarial.OBJECTIVES[objective]
        self.real_label = real_label

    def moves(self) -> list[Move]:
        """One turn each."""
        return self.turns()

    def discriminate(self, round: Round) -> Terms:
        """Ascend equation 1, real pictures called real with 0.9."""
        unsure = self.objective.unsure(self.real_label)
        real_logits, fake_logits = self.weigh(round.real, round.fake.detach(), unsure=unsure)
        real = self.objective.discriminate(real_logits, self.real_label)  # -log D(x), smoothed
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
