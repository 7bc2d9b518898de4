"""What two pictures that belong together say beyond each other, as a few numbers; and who judges such numbers.

After Almahairi et al., "Augmented CycleGAN: Learning Many-to-Many Mappings from Unpaired Data", arXiv:1802.10151. The
encoder has no norm: that of an instance takes out how light and how coloured a picture is, which is what it should
tell, and that of a batch needs more than one picture.
"""

from torch import Tensor, nn

from sparring.nn.framing import Size, pad_to, round_up
from sparring.translators.domains import halved, halvings_of

SLOPE = 0.2
WIDEST = 8
"""A stage has at most `WIDEST * width` channels."""
HIDDEN = 64
"""Numbers in each hidden layer of the judge."""


class Encoder(nn.Module):
    """Halvings by 4x4 convolutions down to two pixels a side, then a number for each that is wanted.

    Args:
        channels: of the pictures that belong together, one behind the other.
        size: (height, width); others are no pictures of this set.
        width: channels of the first stage.
        latent: numbers.
    """

    def __init__(self, channels: int, size: Size, *, width: int, latent: int) -> None:
        super().__init__()
        halvings = halvings_of(size)
        self.working = round_up(size, 2**halvings)
        trunk, seen = halved(channels, halvings, width=width, widest=WIDEST, slope=SLOPE)
        left = self.working[0] // 2**halvings, self.working[1] // 2**halvings
        self.layers = trunk.append(nn.Conv2d(seen, latent, left))

    def forward(self, pictures: Tensor) -> Tensor:
        """[N, channels, H, W] to [N, latent]."""
        latents: Tensor = self.layers(pad_to(pictures, self.working))
        return latents.flatten(1)


class LatentDiscriminator(nn.Module):
    """A perceptron of three hidden layers.

    Args:
        latent: numbers in a vector.
    """

    def __init__(self, latent: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for given in (latent, HIDDEN, HIDDEN):
            layers += [nn.Linear(given, HIDDEN), nn.LeakyReLU(SLOPE)]
        self.layers = nn.Sequential(*layers, nn.Linear(HIDDEN, 1))

    def forward(self, latents: Tensor) -> Tensor:
        """[N, latent] to logits, [N]."""
        logits: Tensor = self.layers(latents)
        return logits.squeeze(1)
