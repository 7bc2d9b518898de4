"""Changes that leave a picture a good one, drawn anew whenever it is shown: mirrored, shifted; partners together.

Not to be mixed up with `nn/augmentation.py`, which changes real and generated pictures alike so that the discriminator
cannot learn the set by heart, while these belong to the set itself.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn.functional import pad

from sparring.data.batches import WHOLE, Images, Paired, Share, Unpaired


@dataclass(frozen=True)
class Changes:
    """What is done to pictures.

    Attributes:
        mirror: half of them, drawn by chance, are mirrored, left to right.
        shift: pixels that each is shifted by at most, down or up and left or right; its border is continued.
    """

    mirror: bool = False
    shift: int = 0

    def of(self, batch: Images, seed: int, share: Share = WHOLE) -> Images:
        """A batch, or a process's share of one, changed; a pure function of the seed."""
        if self == UNCHANGED or batch.pictures.shape[2:] == (1, 1):
            return batch
        generator = _Drawn(seed, share)
        if isinstance(batch, Unpaired):
            pictures = self._drawn(batch.pictures, generator)
            return replace(batch, pictures=pictures, inputs=self._drawn(batch.inputs, generator))
        if isinstance(batch, Paired):
            both = self._drawn(torch.cat([batch.pictures, batch.inputs], 1), generator)
            channels = batch.pictures.shape[1]
            return replace(batch, pictures=both[:, :channels], inputs=both[:, channels:])
        return replace(batch, pictures=self._drawn(batch.pictures, generator))

    def _drawn(self, pictures: Tensor, drawn: "_Drawn") -> Tensor:
        count = len(pictures)
        if self.mirror:
            turned = drawn.uniform(count) < 0.5
            pictures = torch.where(turned.to(pictures.device)[:, None, None, None], pictures.flip(3), pictures)
        if self.shift:
            pictures = self._shifted(pictures, drawn.integers(2 * self.shift + 1, count).tolist())
        return pictures

    def _shifted(self, pictures: Tensor, moves: list[list[int]]) -> Tensor:
        height, width = pictures.shape[2:]
        around = pad(pictures, (self.shift,) * 4, mode="replicate")
        windows = zip(around, moves, strict=True)
        return torch.stack([one[:, top : top + height, left : left + width] for one, (top, left) in windows])


class _Drawn:
    """Random numbers for the rows of a batch, of which a process has some."""

    def __init__(self, seed: int, share: Share) -> None:
        self._generator, self._share = torch.Generator().manual_seed(seed), share

    def uniform(self, count: int) -> Tensor:
        """[count] in [0, 1)."""
        return torch.rand(count * self._share.of, generator=self._generator)[self._share.rows(count)]

    def integers(self, below: int, count: int) -> Tensor:
        """[count, 2]."""
        shape = (count * self._share.of, 2)
        return torch.randint(0, below, shape, generator=self._generator)[self._share.rows(count)]


UNCHANGED = Changes()
