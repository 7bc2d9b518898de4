r"""StarGAN: one translator between many domains.

With a translator for each pair, $k$ domains need $k (k - 1)$ of them, each taught by two domains alone. Choi et al.
("StarGAN: Unified Generative Adversarial Networks for Multi-Domain Image-to-Image Translation", arXiv:1711.09020) train
a single one, which is told the domain that is wanted, $c$, as further channels of the picture. The discriminator also
says of which domain a picture is:

$$ L_D = -L_{adv} + \lambda_{cls} E_{x, c'}[-\log D_{cls}(c' | x)] \qquad \text{(equations 2 and 5)} $$
$$ L_G = L_{adv} + \lambda_{cls} E_{x, c}[-\log D_{cls}(c | G(x, c))]
       + \lambda_{rec} E_{x, c, c'} |x - G(G(x, c), c')|_1 \qquad \text{(equations 3, 4 and 6)} $$

with $\lambda_{cls} = 1$, $\lambda_{rec} = 10$, and $L_{adv}$ the Wasserstein distance with a gradient penalty of
weight 10, five turns of the discriminator for one of the translator (equation 8, section 4). $c'$ is the domain that
$x$ is of, which is all that one needs to return.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from sparring import translators
from sparring.config import Positive
from sparring.data.batches import Images, Labelled, labels_of
from sparring.data.spec import Spec
from sparring.errors import UsageError
from sparring.games.base import Move, Terms
from sparring.games.picture_to_picture import PictureToPicture, Weight, Width, with_domain
from sparring.nn.initialise import normal_weights
from sparring.nn.resampling import Upsampling
from sparring.objectives import penalties


@dataclass(frozen=True)
class Exchange:
    """One batch, translated, with the generator's graph.

    Attributes:
        x: [N, channels, H, W] in [-1, 1].
        own: [N], int64, the domain of each.
        wanted: [N], the domain that it was translated to.
        fake: $G(x, c)$.
    """

    x: Tensor
    own: Tensor
    wanted: Tensor
    fake: Tensor


class StarGAN(PictureToPicture):
    """A translator with residual blocks, and a discriminator that knows the domains.

    Args:
        spec: the pictures; its classes are the domains.
        width: channels of the first stage of both networks.
        upsampling: how the generator enlarges.
        domain_weight: of the domain being the right one, lambda_cls.
        cycle_weight: of the way back, lambda_rec.
        penalty: of the discriminator's slope.
        critic_steps: turns of the discriminator for one of the generator.

    >>> game = StarGAN(Spec(channels=3, height=64, width=64, classes=("line", "colour")), width=8)
    >>> [move.repeat for move in game.moves()]
    [5, 1]
    """

    takes = Labelled
    sloped = ("discriminator",)
    legend: ClassVar[Mapping[str, str]] = {
        "discriminator.distance": "minus the estimate of the distance of translations from real pictures; it comes up",
        "discriminator.penalty": "how far the discriminator's slope is from 1; small once it has settled",
        "discriminator.domain": "how surprised it is by the domain of real pictures, in nats; it falls",
        "generator.adversarial": "minus what the discriminator says of translations; only its course means something",
        "generator.domain": "how surprised it is that a translation should be of the wanted domain; it falls",
        "generator.cycle": "the mean absolute difference after there and back, by its weight; it falls",
    }

    def __init__(
        self,
        spec: Spec,
        *,
        width: Width = 32,
        upsampling: Upsampling = "resize",
        domain_weight: Weight = 1.0,
        cycle_weight: Weight = 10.0,
        penalty: Weight = 10.0,
        critic_steps: Positive = 5,
    ) -> None:
        super().__init__(spec)
        alike = spec.model_copy(update={"inputs": spec})
        domains = len(spec.classes)
        if domains < 2:
            raise UsageError("stargan translates between domains: put two sorts of pictures or more into class folders")
        generator = translators.translator(
            "residual", alike, width=width, norm="instance", upsampling=upsampling, told=domains
        )
        normal_weights(generator)
        discriminator = translators.domain_discriminator(spec.channels, spec.shape[1:], width=width, domains=domains)
        self.players = nn.ModuleDict({"generator": generator, "discriminator": discriminator})
        self._domain_weight, self._cycle_weight, self._penalty = domain_weight, cycle_weight, penalty
        self._critic_steps = critic_steps

    def prepare(self, batch: Images) -> Exchange:
        """Translate each to the domain of another one of the batch, as the authors do."""
        own = labels_of(batch)
        if len(own) < 2:
            raise UsageError("stargan translates each picture to the domain of another: set batch_size to 2 or more")
        wanted = own[torch.randperm(len(own), device=own.device)]
        return Exchange(batch.pictures, own, wanted, self._translate(batch.pictures, wanted))

    def _translate(self, pictures: Tensor, domains: Tensor) -> Tensor:
        translated: Tensor = self.players["generator"](with_domain(pictures, domains, len(self.spec.classes)))
        return translated

    def moves(self) -> list[Move]:
        """Five turns of the discriminator for one of the generator."""
        return [
            Move("discriminator", trains=("discriminator",), loss=self.discriminate, repeat=self._critic_steps),
            Move("generator", trains=("generator",), loss=self.generate),
        ]

    def discriminate(self, exchange: Exchange) -> Terms:
        """Equations 2 and 5."""
        judge = self.players["discriminator"]
        (real, domain), (fake, _) = judge(exchange.x), judge(exchange.fake.detach())
        between = penalties.interpolates(exchange.x, exchange.fake)
        slope = penalties.one_centred(judge(between)[0], between)  # (|grad D_src(x^)| - 1)^2
        return {
            "distance": fake.mean() - real.mean(),
            "penalty": self._penalty * slope.mean(),
            "domain": self._domain_weight * cross_entropy(domain, exchange.own),  # -log D_cls(c' | x)
        }

    def generate(self, exchange: Exchange) -> Terms:
        """Equations 3, 4 and 6."""
        values, domain = self.players["discriminator"](exchange.fake)
        back = self._translate(exchange.fake, exchange.own)  # G(G(x, c), c')
        return {
            "adversarial": -values.mean(),
            "domain": self._domain_weight * cross_entropy(domain, exchange.wanted),  # -log D_cls(c | G(x, c))
            "cycle": self._cycle_weight * (exchange.x - back).abs().mean(),
        }

    def realness(self, batch: Images) -> Tensor:
        """The discriminator's value."""
        values: Tensor = self.players["discriminator"](batch.pictures)[0]
        return values

    def reading(self, losses: Mapping[str, float]) -> str:
        """The distance, and how well one can return."""
        off = losses["generator.cycle"] / self._cycle_weight / 2 if self._cycle_weight else float("nan")
        lost = f"; {off:.1%} of the range lost there and back" if off == off else ""
        return f"distance about {-losses['discriminator.distance']:.3g}{lost}"
