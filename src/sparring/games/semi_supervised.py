r"""Semi-supervised learning: a classifier from a few labelled pictures, many unlabelled ones, and a generator's fakes.

The discriminator is a classifier with K + 1 classes, the last being "generated" (Salimans et al., "Improved Techniques
for Training GANs", arXiv:1606.03498, section 5). Its loss has a part for the pictures whose class is known and one for
the others, of which it should only know that they are of some class, and that the fakes are of none:

$$ L_\text{supervised} = -E_{x, y} \log p(y \mid x, y \le K), \qquad
   L_\text{unsupervised} = -\tfrac12 E_x \log D(x) - \tfrac12 E_z \log(1 - D(G(z))) $$

(the halves are those of the authors' code). Of K + 1 logits one is too many; the fakes' is fixed at 0, and then $D(x) =
Z(x) / (Z(x) + 1)$ with $Z(x) = \sum_k \exp l_k(x)$. The unlabelled pictures move the boundaries between classes out of
where pictures are dense, but only if the fakes are neither too good nor far away. So the generator does not fight $D$'s
verdict; it matches the mean of what $D$'s last hidden layer sees (feature matching, section 3.1):

$$ \min_G \; \lVert E_x f(x) - E_z f(G(z)) \rVert_2^2 $$

What is shipped is the *classifier*, the running average of $D$. The generator's pictures are a by-product, and worse
than those of other games: a generator that were perfect could not help at all (see the game `complement`).
"""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from sparring import networks
from sparring.data.batches import FewLabels, Images
from sparring.data.spec import Spec
from sparring.games.base import Move, Terms
from sparring.games.noise_to_image import Aids, NoiseToImage, Numbers, Round, Width, refuse_company
from sparring.nn.heads import Outputs
from sparring.nn.latents import Latent
from sparring.nn.norms import Norm
from sparring.objectives import classes
from sparring.objectives.similarity import feature_matching


class SemiSupervised(NoiseToImage):
    """A classifier with a class for fakes, and a generator that matches its features.

    Args:
        spec: the pictures and the names of their classes.
        network: the family of networks.
        latent: numbers in a latent vector, N(0, 1).
        width: the unit of width of the networks.
        norm: of the discriminator; anything but `batch`.
        unlabelled_weight: of the unsupervised part, the mean of its two terms; the supervised one has 1.
        aids: what else may help the discriminator; not packing or minibatch layers, since a class is said of one
            picture at a time.

    Raises:
        UsageError: the discriminator would judge several pictures together.

    >>> game = SemiSupervised(Spec(channels=1, height=28, width=28, classes=tuple("0123456789")))
    >>> game.averaged
    ('generator', 'discriminator')
    """

    takes: ClassVar[type[Images]] = FewLabels
    averaged: ClassVar[tuple[str, ...]] = ("generator", "discriminator")
    classifies: ClassVar[bool] = True
    legend: ClassVar[Mapping[str, str]] = {
        "discriminator.labelled": "how far the classifier is from the right class of the few pictures whose class is "
        "known; near 0 soon, since they are few, which says nothing of other pictures",
        "discriminator.unlabelled": "how far it is from saying of the unlabelled pictures that they are of some class",
        "discriminator.fake": "how far it is from saying of fakes that they are of no class; small: it sees through "
        "them, large: they are so good that they cannot teach it any more",
        "generator.features": "squared distance between what the classifier sees in real pictures and in fakes, in the "
        "mean",
    }

    def __init__(
        self,
        spec: Spec,
        *,
        network: networks.Name = "convnet",
        latent: Numbers = 100,
        width: Width = 16,
        norm: Norm = "group",
        unlabelled_weight: Annotated[float, Field(gt=0)] = 1.0,
        aids: Aids = Aids(),
    ) -> None:
        head = partial(Outputs, outputs=len(spec.classes))
        noise = Latent(distribution="normal", noise=latent)
        super().__init__(spec, noise, network, width, norm=norm, head=head, aids=aids)
        refuse_company(self.players["discriminator"], aids, "semi-supervised")
        self.unlabelled_weight = unlabelled_weight

    def moves(self) -> list[Move]:
        """One turn each."""
        return self.turns()

    def discriminate(self, round: Round) -> Terms:
        """Section 5: the right class for the few, some class for the many, none for the fakes."""
        few = round.labelled
        scores, real_scores, fake_scores = self.judge(few.pictures, round.real, round.fake.detach())
        real_logits, fake_logits = classes.realness(real_scores), classes.realness(fake_scores)  # log Z(x)
        self.steer(real_logits, len(round.real))
        return classes.discriminate(scores, few.labels, real_logits, fake_logits, self.unlabelled_weight)

    def generate(self, round: Round) -> Terms:
        """Section 3.1: the same features in the mean."""
        with torch.no_grad():
            (real_features,) = self.features(round.real)
        (fake_features,) = self.features(round.fake)
        return {"features": feature_matching(real_features, fake_features)}  # |E f(x) - E f(G(z))|^2

    def realness(self, batch: Images) -> Tensor:
        """The logit of being of one of the classes."""
        (scores,) = self.judge(batch.pictures)
        return classes.realness(scores)

    def reading(self, losses: Mapping[str, float]) -> str:
        """Whether the few are known, and whether the fakes still teach."""
        if losses["discriminator.labelled"] > 0.5:
            return "still learning the labelled pictures"
        if losses["discriminator.fake"] < 0.01 * self.unlabelled_weight:
            return "fakes too easy to tell"
        return "labelled pictures known; learning from the others"
