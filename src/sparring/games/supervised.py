r"""Translation without an opponent: the baseline that every paper on translation has.

The same U-Net as in pix2pix, taught by the distance to the true picture alone,

$$ \min_G \; E_{x,y} |y - G(x)|_1 $$

or, of maps of classes, whose pixels each have one right answer, by how surprised it is at the true class $c$: with a
channel for each of K classes, the cross-entropy

$$ \min_G \; -E_{x,c}\Big[ \log \frac{e^{s G_c(x)}}{\sum_k e^{s G_k(x)}} \Big] $$

of a network for semantic segmentation (Long et al., arXiv:1411.4038, section 4.3). $G$ ends in tanh as all translators
do, so what is compared is $s = 5$ times its output: up to $e^{10}$ to one for a class, which is sure enough.

The distance is the first row of the comparison in Isola et al. (arXiv:1611.07004, section 4.1). Where a source has one
right answer, nothing beats it (there, segmentation by L1 alone was better than with a discriminator); where it has
many, it draws the median of them, which is soft and grey.
"""

from collections.abc import Mapping
from math import exp
from typing import ClassVar, Literal

from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from sparring import translators
from sparring.data.batches import Images
from sparring.data.spec import Spec
from sparring.errors import UsageError
from sparring.games.base import Move, Terms
from sparring.games.picture_to_picture import FromPairs, Round, Share, Width
from sparring.nn.initialise import normal_weights
from sparring.nn.resampling import Upsampling

SCALE = 5.0
"""From the output of the network, in [-1, 1], to logits of classes."""


class Supervised(FromPairs):
    """A U-Net, and nobody to play against.

    Args:
        spec: the pictures that come out, `spec.inputs` those that go in.
        network: of the generator.
        width: channels of its first stage.
        norm: of the network.
        upsampling: how it enlarges.
        dropout: share of numbers that it drops in training.
        loss: `l1`, or, where the pictures that come out are maps of classes (data.maps), `cross-entropy`.

    Raises:
        UsageError: cross-entropy of pictures that are no maps.

    >>> game = Supervised(Spec(channels=3, height=64, width=64, inputs=Spec(channels=1, height=64, width=64)))
    >>> [move.trains for move in game.moves()]
    [('generator',)]
    """

    legend: ClassVar[Mapping[str, str]] = {
        "generator.pixels": "how far pixels are off: the mean absolute difference to the true picture, or with "
        "game.loss=cross-entropy the surprise at the true class in nats; it falls, and on training pictures further "
        "than on others"
    }

    def __init__(
        self,
        spec: Spec,
        *,
        network: translators.Name = "unet",
        width: Width = 32,
        norm: translators.Norm = "instance",
        upsampling: Upsampling = "resize",
        dropout: Share = 0.0,
        loss: Literal["l1", "cross-entropy"] = "l1",
    ) -> None:
        super().__init__(spec)
        if loss == "cross-entropy" and spec.map is None:
            raise UsageError(
                "game.loss=cross-entropy is for maps of classes: set data.maps=pictures if these are some, or "
                "game.loss=l1"
            )
        self._of_classes = loss == "cross-entropy"
        generator = translators.translator(
            network, spec, width=width, norm=norm, upsampling=upsampling, dropout=dropout
        )
        normal_weights(generator)
        self.players = nn.ModuleDict({"generator": generator})

    def moves(self) -> list[Move]:
        """One."""
        return [Move("generator", trains=("generator",), loss=self.generate)]

    def generate(self, round: Round) -> Terms:
        """The distance, or the surprise."""
        if self._of_classes:
            true = round.real.argmax(1)  # c, [N, H, W]
            return {"pixels": cross_entropy(SCALE * round.fake, true)}  # -log softmax(s G(x))_c
        return {"pixels": (round.real - round.fake).abs().mean()}  # |y - G(x)|_1

    def realness(self, batch: Images) -> Tensor | None:
        """Nobody judges."""
        return None

    def reading(self, losses: Mapping[str, float]) -> str:
        """How far the pictures are off."""
        if self._of_classes:
            return f"the true class of a pixel is given {exp(-losses['generator.pixels']):.1%}"
        return f"off by {losses['generator.pixels'] / 2:.1%} of the range"
