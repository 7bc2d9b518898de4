r"""Translation without an opponent: the baseline that every paper on translation has.

The same U-Net as in pix2pix, taught by the distance to the true picture alone,

$$ \min_G \; E_{x,y} |y - G(x)|_1 $$

which is the first row of the comparison in Isola et al. (arXiv:1611.07004, section 4.1). Where a source has one right
answer, nothing beats it (there, segmentation by L1 alone was better than with a discriminator); where it has many, it
draws the median of them, which is soft and grey.
"""

from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor, nn

from sparring import translators
from sparring.data.batches import Images, Paired
from sparring.data.spec import Spec
from sparring.games.base import Move, Terms
from sparring.games.picture_to_picture import PictureToPicture, Round, Share, Width, inputs_of
from sparring.nn.initialise import normal_weights
from sparring.nn.resampling import Upsampling


class Supervised(PictureToPicture):
    """A U-Net, and nobody to play against.

    Args:
        spec: the pictures that come out, `spec.inputs` those that go in.
        network: of the generator.
        width: channels of its first stage.
        norm: of the network.
        upsampling: how it enlarges.
        dropout: share of numbers that it drops in training.

    >>> game = Supervised(Spec(channels=3, height=64, width=64, inputs=Spec(channels=1, height=64, width=64)))
    >>> [move.trains for move in game.moves()]
    [('generator',)]
    """

    takes = Paired
    legend: ClassVar[Mapping[str, str]] = {
        "generator.pixels": "the mean absolute difference to the true picture; it falls, and on training pictures "
        "further than on others"
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
    ) -> None:
        super().__init__(spec)
        generator = translators.translator(
            network, spec, width=width, norm=norm, upsampling=upsampling, dropout=dropout
        )
        normal_weights(generator)
        self.players = nn.ModuleDict({"generator": generator})

    def prepare(self, batch: Images) -> Round:
        """Translate the sources."""
        inputs = inputs_of(batch)
        return Round(inputs, batch.pictures, self.players["generator"](inputs))

    def moves(self) -> list[Move]:
        """One."""
        return [Move("generator", trains=("generator",), loss=self.generate)]

    def generate(self, round: Round) -> Terms:
        """The distance."""
        return {"pixels": (round.real - round.fake).abs().mean()}  # |y - G(x)|_1

    def realness(self, batch: Images) -> Tensor | None:
        """Nobody judges."""
        return None

    def reading(self, losses: Mapping[str, float]) -> str:
        """How far the pictures are off."""
        return f"off by {losses['generator.pixels'] / 2:.1%} of the range"
