"""Several samples judged as one."""

from torch import Tensor, nn


class Packed(nn.Module):
    """A trunk that looks at `packing` pictures at once, laid over each other as channels.

    Lin et al., "PacGAN: The power of two samples in generative adversarial networks", arXiv:1712.04086, section 3: a
    pack is real if all its pictures are, so a generator with few modes gives itself away, since its packs repeat.

    Args:
        trunk: built for `packing * C` channels.
        packing: pictures in a pack; must divide the batch.
    """

    def __init__(self, trunk: nn.Module, packing: int) -> None:
        super().__init__()
        self.trunk = trunk
        self.packing = packing

    def forward(self, pictures: Tensor) -> Tensor:
        """[N, C, H, W] to the features of N / packing packs of neighbours."""
        _, channels, height, width = pictures.shape
        packs: Tensor = self.trunk(pictures.reshape(-1, self.packing * channels, height, width))
        return packs
