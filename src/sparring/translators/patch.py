"""A discriminator that judges every patch of a picture by itself, in one pass over the whole.

Isola et al., arXiv:1611.07004, section 3.2.2: whether the large shapes are right is told by other losses; for the rest
it is enough to look at patches, and then the discriminator has few weights and fits pictures of any size.
"""

from torch import Tensor, nn

from sparring.errors import UsageError
from sparring.nn.framing import Size
from sparring.nn.pictures import FromPicture
from sparring.translators.layers import norm_layers

HALVINGS = {16: 1, 34: 2, 70: 3, 142: 4, 286: 5}
"""Pixels a side that a logit sees, and how often the picture is halved for that; the appendix of the paper has 16, 70
and 286."""
WIDEST = 8


def least_side(patch: int) -> int:
    """Pixels a side that a picture must have for such patches, or nothing is left of it.

    Raises:
        UsageError: there are no such patches.

    >>> least_side(70), least_side(16)
    (24, 6)
    """
    if patch not in HALVINGS:
        raise UsageError(f"game.patch={patch}: patches have {', '.join(map(str, HALVINGS))} pixels a side")
    least: int = 3 * 2 ** HALVINGS[patch]
    return least


def patch_of(size: Size) -> int:
    """Pixels a side of the patches, for pictures of so many.

    >>> patch_of((256, 256)), patch_of((32, 48)), patch_of((16, 16))
    (70, 34, 16)
    """
    return 70 if min(size) >= 64 else 34 if min(size) >= 32 else 16


class PatchDiscriminator(nn.Module):
    """Convolutions of 4x4: so many of stride 2, one of stride 1, and one to a logit."""

    def __init__(self, channels: int, size: Size, *, width: int, norm: str, patch: int | None = None) -> None:
        super().__init__()
        patch = patch or patch_of(size)
        least, halvings = least_side(patch), HALVINGS[patch]
        if min(size) < least:
            raise UsageError(
                f"game.patch={patch} needs pictures of {least} pixels a side, these have {min(size)}: "
                "take smaller patches, or leave it out"
            )
        layers: list[nn.Module] = [
            FromPicture(channels, width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2, inplace=True),
        ]
        given = width
        for number in range(1, halvings + 1):
            wanted, stride = width * min(2**number, WIDEST), 1 if number == halvings else 2
            layers += [
                nn.Conv2d(given, wanted, 4, stride=stride, padding=1, bias=norm == "none"),
                *norm_layers(norm, wanted),
                nn.LeakyReLU(0.2, inplace=True),
            ]
            given = wanted
        self.layers = nn.Sequential(*layers, nn.Conv2d(given, 1, 4, padding=1))

    def forward(self, pictures: Tensor) -> Tensor:
        """[N, channels, H, W] to logits, [N, 1, h, w]."""
        logits: Tensor = self.layers(pictures)
        return logits

    def stages(self, pictures: Tensor) -> list[Tensor]:
        """What is left of [N, channels, H, W] behind each activation, and last the logits, which `forward` gives."""
        seen, stage = [], pictures
        for layer in self.layers:
            stage = layer(stage)
            if isinstance(layer, nn.LeakyReLU):
                seen.append(stage)
        return [*seen, stage]
