"""The noise that a generator starts from."""

from typing import Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from sparring.seeds import mix

LARGEST = 65536
"""Numbers in the longest latent vector."""


class Latent(BaseModel):
    """A distribution of latent vectors.

    Attributes:
        distribution: `normal` is N(0, 1), `uniform` is U[-1, 1), each number by itself.
        size: numbers in a vector.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    distribution: Literal["normal", "uniform"]
    size: int = Field(ge=1, le=LARGEST)

    def draw(self, count: int, device: torch.device | None = None) -> Tensor:
        """[count, size] latents from the global random state, which training reseeds at every step."""
        shape = (count, self.size)
        if self.distribution == "normal":
            return torch.randn(shape, device=device)
        return torch.rand(shape, device=device).mul_(2).sub_(1)

    def numbered(self, seed: int, first: int, count: int) -> Tensor:
        """[count, size] latents of the pictures `first`, `first + 1`, ...: each depends on (seed, its number) alone.

        >>> latent = Latent(distribution="normal", size=4)
        >>> bool((latent.numbered(1, 0, 9)[5] == latent.numbered(1, 5, 1)[0]).all())
        True
        """
        generator = torch.Generator()
        rows = torch.empty(count, self.size)
        for row, number in zip(rows, range(first, first + count), strict=True):
            generator.manual_seed(mix("picture", seed, number))
            if self.distribution == "normal":
                row.normal_(generator=generator)
            else:
                row.uniform_(-1, 1, generator=generator)
        return rows
