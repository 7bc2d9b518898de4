r"""The "bad GAN": semi-supervised learning from fakes that lie where there are no pictures.

The game is that of `semi-supervised`, a classifier with one class more for fakes. Dai et al. ("Good Semi-supervised
Learning that Requires a Bad GAN", arXiv:1705.09783) ask which generator helps it, and find that a perfect one cannot:
its fakes lie on the pictures themselves. What helps is a *complement* generator, whose fakes surround the classes and
fill the gaps between them, so that the boundaries come to lie in the gaps. Its loss has three parts:

$$ \min_G \; -H(p_G) + E_{x \sim p_G} \big[ \log p(x) \, [\log p(x) > \epsilon] \big]
   + \lVert E_x f(x) - E_{x \sim p_G} f(x) \rVert_2^2 $$

spread out; leave the places where pictures are dense; but stay near enough to have the same features in the mean. The
classifier is also told to make up its mind about the unlabelled pictures, by their conditional entropy:

$$ L_D = L_\text{supervised} + L_\text{unsupervised} - E_x \sum_{k \le K} p(k \mid x) \log p(k \mid x) $$

Simpler here than in the paper: the density $p$ is a small autoregressive model that learns as the game goes on (there:
a PixelCNN++ trained beforehand), measured in nats per number; $\epsilon$ is a running quantile of the unlabelled
pictures' densities; and of the two ways to raise the entropy $H$ it is the pull-away term (there: that, or a
variational bound). What is shipped is the classifier; the generator's pictures are bad on purpose.
"""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor
from torch.nn.functional import relu

from sparring import networks
from sparring.data.batches import FewLabels, Images
from sparring.data.spec import Spec
from sparring.games.base import Move, Terms
from sparring.games.noise_to_image import Aids, NoiseToImage, Numbers, Round, Width, refuse_company
from sparring.nn.density import AutoregressiveDensity
from sparring.nn.heads import Outputs
from sparring.nn.latents import Latent
from sparring.nn.norms import Norm
from sparring.objectives import classes
from sparring.objectives.similarity import feature_matching, pull_away

MEMORY = 0.02
"""How much of the threshold is that of the latest batch."""


class Complement(NoiseToImage):
    """A classifier with a class for fakes, a generator of complement samples, and a density to keep away from.

    Args:
        spec: the pictures and the names of their classes.
        network: the family of networks.
        latent: numbers in a latent vector, N(0, 1).
        width: the unit of width of the networks, and channels of the density model.
        norm: of the discriminator; anything but `batch`.
        unlabelled_weight: of the unsupervised part, the mean of its two terms; the supervised one has 1.
        entropy_weight: of the conditional entropy of the unlabelled pictures.
        pull_away_weight: of the generator's pull-away term; its feature matching has 1.
        density_weight: of the fakes' density above the threshold.
        density_quantile: the threshold is the density that this share of the unlabelled pictures is below.
        aids: what else may help the discriminator; not packing or minibatch layers, since a class is said of one
            picture at a time.

    Raises:
        UsageError: the discriminator would judge several pictures together.

    >>> game = Complement(Spec(channels=1, height=28, width=28, classes=tuple("0123456789")))
    >>> [move.name for move in game.moves()]
    ['density', 'discriminator', 'generator']
    """

    takes: ClassVar[type[Images]] = FewLabels
    averaged: ClassVar[tuple[str, ...]] = ("generator", "discriminator")
    classifies: ClassVar[bool] = True
    legend: ClassVar[Mapping[str, str]] = {
        "density.surprise": "how unlikely the density model finds pictures, in nats per number; falls and settles",
        "discriminator.labelled": "how far the classifier is from the right class of the few pictures whose class is "
        "known; near 0 soon, since they are few, which says nothing of other pictures",
        "discriminator.unlabelled": "how far it is from saying of the unlabelled pictures that they are of some class",
        "discriminator.fake": "how far it is from saying of fakes that they are of no class",
        "discriminator.entropy": "how undecided it is between the classes of the unlabelled pictures",
        "generator.features": "squared distance between what the classifier sees in real pictures and in fakes, in the "
        "mean",
        "generator.pull_away": "how alike the fakes of a batch are to the classifier; small: they are spread out",
        "generator.density": "how far fakes are inside of where pictures are dense; 0: they lie around and between",
    }
    threshold: Tensor

    def __init__(
        self,
        spec: Spec,
        *,
        network: networks.Name = "convnet",
        latent: Numbers = 100,
        width: Width = 16,
        norm: Norm = "group",
        unlabelled_weight: Annotated[float, Field(gt=0)] = 1.0,
        entropy_weight: Annotated[float, Field(ge=0)] = 0.1,
        pull_away_weight: Annotated[float, Field(ge=0)] = 0.1,
        density_weight: Annotated[float, Field(ge=0)] = 0.1,
        density_quantile: Annotated[float, Field(gt=0, lt=1)] = 0.1,
        aids: Aids = Aids(),
    ) -> None:
        head = partial(Outputs, outputs=len(spec.classes))
        noise = Latent(distribution="normal", noise=latent)
        super().__init__(spec, noise, network, width, norm=norm, head=head, aids=aids)
        refuse_company(self.players["discriminator"], aids, "complement")
        self.players["density"] = AutoregressiveDensity(spec.channels, width)
        self.unlabelled_weight, self.entropy_weight = unlabelled_weight, entropy_weight
        self.pull_away_weight, self.density_weight = pull_away_weight, density_weight
        self.density_quantile = density_quantile
        self.register_buffer("threshold", torch.zeros(()))

    def moves(self) -> list[Move]:
        """Now and then the density, since what it learns does not change; then one turn each."""
        return [Move("density", trains=("density",), loss=self.estimate, every=4), *self.turns()]

    def estimate(self, round: Round) -> Terms:
        """Maximum likelihood, and the threshold follows."""
        logs = self.players["density"](round.real)
        with torch.no_grad():
            rate = (len(round.real) / self.shown).clamp(min=MEMORY)  # at first all of it
            self.threshold.lerp_(logs.quantile(self.density_quantile), rate)  # epsilon
        return {"surprise": -logs.mean()}  # -log p(x)

    def discriminate(self, round: Round) -> Terms:
        """The right class for the few, one class for each of the many, none for the fakes."""
        few = round.labelled
        scores, real_scores, fake_scores = self.judge(few.pictures, round.real, round.fake.detach())
        real_logits, fake_logits = classes.realness(real_scores), classes.realness(fake_scores)  # log Z(x)
        self.steer(real_logits, len(round.real))
        terms = classes.discriminate(scores, few.labels, real_logits, fake_logits, self.unlabelled_weight)
        return terms | {"entropy": self.entropy_weight * classes.entropy(real_scores).mean()}  # -sum p log p

    def generate(self, round: Round) -> Terms:
        """Stay near, spread out, leave the dense places."""
        with torch.no_grad():
            (real_features,) = self.features(round.real)
        (fake_features,) = self.features(round.fake)
        excess = relu(self.players["density"](round.fake) - self.threshold)  # has the gradient of log p [log p > eps]
        return {
            "features": feature_matching(real_features, fake_features),  # |E f(x) - E f(G(z))|^2
            "pull_away": self.pull_away_weight * pull_away(fake_features),
            "density": self.density_weight * excess.mean(),
        }

    def realness(self, batch: Images) -> Tensor:
        """The logit of being of one of the classes."""
        (scores,) = self.judge(batch.pictures)
        return classes.realness(scores)

    def reading(self, losses: Mapping[str, float]) -> str:
        """Whether the few are known, and where the fakes are."""
        if losses["discriminator.labelled"] > 0.5:
            return "still learning the labelled pictures"
        where = (
            "around the pictures" if losses["generator.density"] < 0.01 * self.density_weight else "among the pictures"
        )
        return f"labelled pictures known; fakes {where}"
