r"""The Wasserstein GAN with clipped weights.

A discriminator's belief says nothing of how far generated pictures are from real ones once it is sure of itself. The
earth mover's distance does: how much probability has to be carried how far to turn one distribution into the other.
Arjovsky et al. ("Wasserstein GAN", arXiv:1701.07875) let a critic $D$, which answers with any number, measure it:

$$ W = \sup_{\lVert D \rVert_L \le 1} \; E_x[D(x)] - E_z[D(G(z))] \qquad \text{(equation 2)} $$

The supremum is over critics whose slope is nowhere more than 1. To hold the slope below some bound, every weight of the
critic is clipped to $[-c, c]$ after each of its steps; that measures the distance up to a factor. The critic should be
near its best before the generator moves, so it takes five steps for each of the generator, and RMSProp instead of Adam,
whose momentum made training unstable (section 4); $c = 0.01$ and a learning rate of 5e-5 (algorithm 1), of which the
recipe takes ten times as much: runs here are short.

The authors themselves call clipping a terrible way to bound a slope (section 3): a large $c$ takes long to reach, a
small one starves the lower layers of gradients. `wgan-gp` does it better; this game is here to learn from.
"""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor
from torch.nn.utils.parametrize import is_parametrized

from sparring import networks
from sparring.config import Positive
from sparring.data.batches import Images
from sparring.data.spec import Spec
from sparring.errors import UsageError
from sparring.games.base import Move, Terms
from sparring.games.noise_to_image import Aids, NoiseToImage, Numbers, Round, Width
from sparring.nn.heads import Logit
from sparring.nn.latents import Latent
from sparring.nn.norms import Norm


class WGAN(NoiseToImage):
    """Convolutional networks, the critic with batch norm and weights in a small box.

    Args:
        spec: the pictures.
        network: the family of networks.
        latent: numbers in a latent vector, N(0, 1).
        width: the unit of width of the networks.
        norm: of the critic, not `spectral`; absent: as the family of networks has it. Without any, clipping starves
            its lower layers.
        clip: no weight of the critic is farther from 0, c.
        critic_steps: turns of the critic for one of the generator.
        aids: what else may help the critic.

    Raises:
        UsageError: the critic has spectral norm, which divides by the size of the weights and so undoes clipping.

    >>> game = WGAN(Spec(channels=1, height=28, width=28))
    >>> [move.repeat for move in game.moves()]
    [5, 1]
    >>> game.clip()
    >>> round(float(max(weight.detach().abs().max() for weight in game.players["discriminator"].parameters())), 6)
    0.01
    """

    legend: ClassVar[Mapping[str, str]] = {
        "discriminator.distance": "minus the critic's estimate of the distance between real and generated pictures, up "
        "to a factor that depends on the clipping; it should come up towards 0 as the pictures get better",
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
        norm: Norm | None = None,
        clip: Annotated[float, Field(gt=0, le=1)] = 0.01,
        critic_steps: Positive = 5,
        aids: Aids = Aids(),
    ) -> None:
        head = partial(Logit, bias=False)  # only differences of the critic's values count
        noise = Latent(distribution="normal", noise=latent)
        super().__init__(spec, noise, network, width, norm=norm, head=head, aids=aids)
        if any(is_parametrized(module) for module in self.players["discriminator"].modules()):
            raise UsageError(
                "game 'wgan' bounds the critic's slope by clipping weights, and spectral norm divides them by their "
                "size: set game.norm=batch, group or none; game hinge has spectral norm, wgan-gp needs neither"
            )
        self.limit = clip
        self.critic_steps = critic_steps

    @torch.no_grad()
    def clip(self) -> None:
        """w <- clip(w, -c, c) for all weights of the critic, those of its norms too (algorithm 1)."""
        for weight in self.players["discriminator"].parameters():
            weight.clamp_(-self.limit, self.limit)

    def moves(self) -> list[Move]:
        """Five turns of the critic, clipped after each, for one of the generator."""
        return self.turns(self.critic_steps, after=self.clip)

    def discriminate(self, round: Round) -> Terms:
        """Ascend equation 2."""
        real_values, fake_values = self.weigh(round.real, round.fake.detach(), relative=True)
        return {"distance": fake_values.mean() - real_values.mean()}  # -(E[D(x)] - E[D(G(z))])

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
        return f"distance about {distance:.3g}" if distance > 0 else "critic behind: it prefers the fakes"
