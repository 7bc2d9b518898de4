"""What is done to every picture, real or fake, before the discriminator sees it.

Small sets are learnt by heart by a discriminator that sees the same pictures again and again. Changing real and fake
pictures alike, by operations that gradients pass through, makes learning by heart harder without teaching the generator
to draw changed pictures (Zhao et al., "Differentiable Augmentation for Data-Efficient GAN Training", arXiv:2006.10738).
The operations and their ranges are those of the authors' code, shares of a side rounded down. What a picture leaves
uncovered becomes 0, the middle of [-1, 1], whatever its background is: the discriminator can see by the grey border
that a picture was moved, and how far, so a generator gains nothing by drawing its things off centre.
"""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn

Augmentation = Literal["colour", "translation", "cutout"]
ADAPT_IMAGES = 100_000
"""Real images over which the strength rises from 0 to 1 while the discriminator overfits (Karras et al. take 500,000,
in runs of millions)."""
TARGET = 0.6


def colour(pictures: Tensor) -> Tensor:
    """Brightness, saturation (of 3 channels; others have none) and contrast of each picture changed at random.

    Brightness is shifted by U[-0.5, 0.5), the distance from grey multiplied by U[0, 2), that from the mean of the whole
    picture by U[0.5, 1.5). The result may leave [-1, 1], and is not clipped: that would stop gradients.

    Args:
        pictures: [N, C, H, W].

    >>> colour(torch.zeros(2, 5, 4, 6)).shape
    torch.Size([2, 5, 4, 6])
    """
    pictures = pictures + (_uniform(pictures) - 0.5)
    if pictures.shape[1] == 3:
        grey = pictures.mean(1, keepdim=True)
        pictures = (pictures - grey) * (2 * _uniform(pictures)) + grey
    mean = pictures.mean((1, 2, 3), keepdim=True)
    return (pictures - mean) * (0.5 + _uniform(pictures)) + mean


def translation(pictures: Tensor, ratio: float = 0.125) -> Tensor:
    """Each picture moved by whole pixels, up to `ratio` of its sides either way, and 0 (grey) where nothing follows.

    Args:
        pictures: [N, C, H, W]; a side of less than 1 / ratio pixels stays where it is.
        ratio: in [0, 1].

    >>> bool((translation(torch.ones(1, 1, 16, 16)).sum() <= 256).all())
    True
    """
    count, _, height, width = pictures.shape
    rows = _moved(pictures, height, int(height * ratio))
    columns = _moved(pictures, width, int(width * ratio))
    inside = ((rows >= 0) & (rows < height))[:, :, None] & ((columns >= 0) & (columns < width))[:, None, :]
    batch = torch.arange(count, device=pictures.device)[:, None, None]
    moved = pictures.permute(0, 2, 3, 1)[
        batch, rows.clamp(0, height - 1)[:, :, None], columns.clamp(0, width - 1)[:, None, :]
    ]
    return (moved * inside.unsqueeze(3)).permute(0, 3, 1, 2)


def cutout(pictures: Tensor, ratio: float = 0.5) -> Tensor:
    """A box of `ratio` of the sides, its middle anywhere in the picture, set to 0 (grey) as far as it lies inside.

    Args:
        pictures: [N, C, H, W].
        ratio: in [0, 1].

    >>> int((cutout(torch.ones(1, 1, 8, 8)) == 0).sum()) in range(4, 17)  # a corner of the box, or all of it
    True
    """
    _, _, height, width = pictures.shape
    rows = _box(pictures, height, int(height * ratio))
    columns = _box(pictures, width, int(width * ratio))
    return pictures * ~(rows[:, :, None] & columns[:, None, :]).unsqueeze(1)


def _uniform(pictures: Tensor) -> Tensor:
    return torch.rand(len(pictures), 1, 1, 1, device=pictures.device)


def _moved(pictures: Tensor, side: int, reach: int) -> Tensor:
    """[N, side], where each row (or column) comes from."""
    offsets = torch.randint(-reach, reach + 1, (len(pictures), 1), device=pictures.device)
    return torch.arange(side, device=pictures.device) + offsets


def _box(pictures: Tensor, side: int, length: int) -> Tensor:
    """[N, side], true where the box is."""
    middle = torch.randint(0, side + 1 - length % 2, (len(pictures), 1), device=pictures.device)
    start = middle - length // 2
    place = torch.arange(side, device=pictures.device)
    return (place >= start) & (place < start + length)


_OPERATIONS: dict[Augmentation, Callable[[Tensor], Tensor]] = {
    "colour": colour,
    "translation": translation,
    "cutout": cutout,
}


class Augmenter(nn.Module):
    r"""Each operation happens to each picture with probability `strength`, which is a buffer and may be steered.

    Steering follows Karras et al., "Training Generative Adversarial Networks with Limited Data", arXiv:2006.06676,
    section 3: $r_t = E[\mathrm{sign}(D(x))]$ over real pictures is near 0 while the discriminator generalises and 1
    when it knows them all; the strength rises while $r_t$ is above 0.6 and falls while it is below.

    Args:
        operations: in this order.
        adaptive: start at strength 0 and steer it; otherwise it is 1.

    >>> augmenter = Augmenter(("colour", "cutout"), adaptive=True)
    >>> pictures = torch.rand(2, 3, 8, 8)
    >>> bool((augmenter(pictures) == pictures).all())
    True
    >>> augmenter.adapt(torch.ones(64), pictures=64)
    >>> round(float(augmenter.strength), 5)
    0.00064
    """

    strength: Tensor

    def __init__(self, operations: tuple[Augmentation, ...], adaptive: bool) -> None:
        super().__init__()
        self.operations = operations
        self.adaptive = adaptive
        self.register_buffer("strength", torch.tensor(0.0 if adaptive else 1.0))

    def forward(self, pictures: Tensor) -> Tensor:
        """[N, C, H, W], and gradients pass through."""
        for name in self.operations:
            chosen = _uniform(pictures) < self.strength
            pictures = torch.where(chosen, _OPERATIONS[name](pictures), pictures)
        return pictures

    @torch.no_grad()
    def adapt(self, real_logits: Tensor, pictures: int) -> None:
        """Steer by what was just said of real pictures; nothing happens unless `adaptive`.

        Args:
            real_logits: of any number of pictures or packs; 0 is where the discriminator is unsure.
            pictures: how many were judged, which is more than there are logits where they come in packs.
        """
        if self.adaptive:
            overfitting = real_logits.sign().mean() - TARGET
            self.strength.add_(overfitting.sign() * pictures / ADAPT_IMAGES).clamp_(0, 1)
