r"""The conditional GAN, in the form of the course notes: both players are shown the class.

Mirza and Osindero ("Conditional Generative Adversarial Nets", arXiv:1411.1784) give a class $y$ to generator and
discriminator, and nothing else of the game of Goodfellow et al. changes:

$$ \min_G \max_D \; E_x[\log D(x|y)] + E_z[\log(1 - D(G(z|y)|y))] \qquad \text{(equation 2)} $$

The generator finds $y$ one-hot behind its noise; the discriminator finds it as further channels of the picture, one
for each class, all 1 for the class that is meant and all 0 for the others. Nobody tells the discriminator to use them.
It does because fakes of the wrong class are easy to see through with the class in view, and the generator then has to
obey. As in `dcgan`, the generator ascends $\log D(G(z|y)|y)$. The networks are those of Radford et al.
(arXiv:1511.06434); the paper's own were multilayer perceptrons (`network="mlp"`).
"""

from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor

from sparring import networks
from sparring.data.batches import Images, Labelled, labels_of
from sparring.data.spec import Spec
from sparring.games.base import Move, Terms
from sparring.games.noise_to_image import Aids, NoiseToImage, Numbers, Round, Width, classes_of, noise_and_class
from sparring.nn.initialise import normal_weights
from sparring.nn.norms import Norm
from sparring.objectives import adversarial

OBJECTIVE = adversarial.OBJECTIVES["non-saturating"]


class Conditional(NoiseToImage):
    """`dcgan` for labelled pictures: the class joined to the noise, and to the picture as planes.

    Args:
        spec: the pictures, with their classes.
        network: the family of networks.
        latent: numbers of noise, N(0, 1), to which the class is joined.
        width: the unit of width of the networks.
        norm: of the discriminator; absent: as the family of networks has it.
        aids: what else may help the discriminator.

    >>> game = Conditional(Spec(channels=1, height=28, width=28, classes=("cat", "dog")))
    >>> game.latent.size, game.latent.columns("class")
    (102, slice(100, 102, None))
    """

    takes: ClassVar[type[Images]] = Labelled
    legend: ClassVar[Mapping[str, str]] = {
        "discriminator.real": "how far the discriminator is from calling real pictures, shown with their class, real",
        "discriminator.fake": "how far the discriminator is from calling fakes, shown with the class that was asked "
        "for, fake; small: it sees through them, or they are of another class",
        "generator.adversarial": "how far the generator is from passing its fakes off as real pictures of the class "
        "that was asked for; it should neither soar nor vanish. Judge by the pictures",
    }

    def __init__(
        self,
        spec: Spec,
        *,
        network: networks.Name = "dcgan",
        latent: Numbers = 100,
        width: Width = 32,
        norm: Norm | None = None,
        aids: Aids = Aids(),
    ) -> None:
        super().__init__(
            spec,
            noise_and_class(latent, spec),
            network,
            width,
            norm=norm,
            planes=len(spec.classes),
            aids=aids,
        )
        normal_weights(self)

    def moves(self) -> list[Move]:
        """One turn each."""
        return self.turns()

    def discriminate(self, round: Round) -> Terms:
        """Ascend equation 2: real pictures and fakes of the same classes, each shown with its class."""
        classes = classes_of(round.labels, self.spec)
        real_logits, fake_logits = self.weigh(round.real, round.fake.detach(), classes)
        real = OBJECTIVE.discriminate(real_logits, 1.0)  # -log D(x|y)
        fake = OBJECTIVE.discriminate(fake_logits, 0.0)  # -log(1 - D(G(z|y)|y))
        return {"real": real.mean(), "fake": fake.mean()}

    def generate(self, round: Round) -> Terms:
        """Make the discriminator call the same fakes real ones of their class."""
        (fake_logits,) = self.judge(round.fake, given=classes_of(round.labels, self.spec))
        fake = OBJECTIVE.generate(fake_logits)  # -log D(G(z|y)|y)
        return {"adversarial": fake.mean()}

    def realness(self, batch: Images) -> Tensor:
        """The logit as a picture of its class."""
        (logits,) = self.judge(batch.pictures, given=classes_of(labels_of(batch), self.spec))
        return logits

    def reading(self, losses: Mapping[str, float]) -> str:
        """Who is ahead."""
        return OBJECTIVE.reading(losses)
