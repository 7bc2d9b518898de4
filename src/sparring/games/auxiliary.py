r"""The auxiliary classifier GAN: the discriminator is not told the class but has to find it.

Odena et al. ("Conditional Image Synthesis with Auxiliary Classifier GANs", arXiv:1610.09585) give the discriminator a
second task. Besides a logit for real or fake it has a score for each class, and two sums of log-likelihoods count, of
the right source and of the right class $c$ (the generator's input beside the noise $z$):

$$ L_S = E[\log P(S = \text{real} \mid x)] + E[\log P(S = \text{fake} \mid G(c, z))] \qquad \text{(equation 2)} $$
$$ L_C = E[\log P(C = c \mid x)] + E[\log P(C = c \mid G(c, z))] \qquad \text{(equation 3)} $$

The discriminator is trained to maximise $L_S + L_C$, the generator to maximise $L_C - L_S$: both want the class to be
found. The classifier is also trained on fakes, and nothing stops the generator from drawing what is easiest to classify
instead of all there is: it obeys well and varies less within a class (Gong et al., "Twin Auxiliary Classifiers GAN",
arXiv:1907.02690). The generator takes the non-saturating form of $-L_S$, as in `dcgan`.
"""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, ClassVar

from pydantic import Field
from torch import Tensor
from torch.nn.functional import cross_entropy

from sparring import networks
from sparring.data.batches import Images, Labelled
from sparring.data.spec import Spec
from sparring.games.base import Move, Terms
from sparring.games.noise_to_image import Aids, NoiseToImage, Numbers, Round, Width, noise_and_class
from sparring.nn.heads import Outputs
from sparring.nn.initialise import normal_weights
from sparring.nn.norms import Norm
from sparring.objectives import adversarial

OBJECTIVE = adversarial.OBJECTIVES["non-saturating"]


class Auxiliary(NoiseToImage):
    """`dcgan` for labelled pictures: the class joined to the noise, and found again by the discriminator.

    Args:
        spec: the pictures, with their classes.
        network: the family of networks.
        latent: numbers of noise, N(0, 1), to which the class is joined.
        width: the unit of width of the networks.
        norm: of the discriminator; absent: as the family of networks has it.
        class_weight: of the terms of the class beside those of the source; the paper's is 1.
        aids: what else may help the discriminator.

    >>> game = Auxiliary(Spec(channels=1, height=28, width=28, classes=("cat", "dog")))
    >>> game.players["discriminator"].head.linear.out_features
    3
    """

    takes: ClassVar[type[Images]] = Labelled
    legend: ClassVar[Mapping[str, str]] = adversarial.LEGEND | {
        "discriminator.real_class": "how far the discriminator is from the classes of real pictures; it should fall "
        "from the logarithm of their number (2.30 for ten) to what a classifier of this size reaches",
        "discriminator.fake_class": "how far the discriminator is from the classes that fakes were made for; it falls "
        "as the generator obeys",
        "generator.class": "how far the generator is from fakes of the class that was asked for, as the discriminator "
        "sees them; near 0: it obeys",
    }

    def __init__(
        self,
        spec: Spec,
        *,
        network: networks.Name = "dcgan",
        latent: Numbers = 100,
        width: Width = 32,
        norm: Norm | None = None,
        class_weight: Annotated[float, Field(gt=0)] = 1.0,
        aids: Aids = Aids(),
    ) -> None:
        super().__init__(
            spec,
            noise_and_class(latent, spec),
            network,
            width,
            norm=norm,
            head=partial(Outputs, outputs=1 + len(spec.classes)),
            aids=aids,
        )
        self.class_weight = class_weight
        normal_weights(self)

    def moves(self) -> list[Move]:
        """One turn each."""
        return self.turns()

    def discriminate(self, round: Round) -> Terms:
        """Ascend L_S + L_C on real pictures and fakes of the same classes."""
        real, fake = self.weigh(round.real, round.fake.detach())
        return {
            "real": OBJECTIVE.discriminate(real[:, 0], 1.0).mean(),  # -log P(S = real | x)
            "fake": OBJECTIVE.discriminate(fake[:, 0], 0.0).mean(),  # -log P(S = fake | G(c, z))
            "real_class": self.class_weight * cross_entropy(real[:, 1:], round.labels),  # -log P(C = c | x)
            "fake_class": self.class_weight * cross_entropy(fake[:, 1:], round.labels),  # -log P(C = c | G(c, z))
        }

    def generate(self, round: Round) -> Terms:
        """Ascend L_C - L_S with the same fakes."""
        (fake,) = self.judge(round.fake)
        return {
            "adversarial": OBJECTIVE.generate(fake[:, 0]).mean(),  # -log P(S = real | G(c, z))
            "class": self.class_weight * cross_entropy(fake[:, 1:], round.labels),  # -log P(C = c | G(c, z))
        }

    def realness(self, batch: Images) -> Tensor:
        """The logit; what is said beside it is left out."""
        (output,) = self.judge(batch.pictures)
        return output[:, 0]

    def reading(self, losses: Mapping[str, float]) -> str:
        """Who is ahead, or that classes are not learnt yet."""
        who = OBJECTIVE.reading(losses)
        return f"{who}; obeys" if losses["generator.class"] < 0.3 * self.class_weight else f"{who}; classes unsure"
