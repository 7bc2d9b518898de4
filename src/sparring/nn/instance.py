"""Instance norm: every channel of every picture by its own mean and deviation."""

import torch
from torch import Tensor, nn
from torch.nn.functional import group_norm


class InstanceNorm(nn.Module):
    r"""$(x - \mu) / \sqrt{\sigma^2 + \epsilon}$ over the pixels of each channel of each picture, in training and later.

    Ulyanov et al., "Instance Normalization: The Missing Ingredient for Fast Stylization", arXiv:1607.08022: contrast is
    taken out of every picture by itself, so a batch of one is as good as any, and nothing is estimated in training that
    could be wrong at test time. Without scale and shift, as the translators of pix2pix and CycleGAN have it. One pixel
    has no deviation: it becomes 0.

    Attributes:
        known: mean and variance, [1, C, 1, 1] each, of a picture of which only a part is shown; None: those of what is
            shown.

    >>> bool(InstanceNorm()(torch.rand(2, 3, 8, 8)).mean((2, 3)).abs().max() < 1e-5)
    True
    """

    EPSILON = 1e-5

    def __init__(self) -> None:
        super().__init__()
        self.known: tuple[Tensor, Tensor] | None = None

    def forward(self, stage: Tensor) -> Tensor:
        """[N, C, H, W] to the same shape."""
        if self.known is not None:
            mean, variance = self.known
            return (stage - mean) * torch.rsqrt(variance + self.EPSILON)
        if stage.device.type != "cpu" or (len(stage) > 1 and stage.is_contiguous()):
            return group_norm(stage, stage.shape[1], eps=self.EPSILON)
        # of what is stored channels last, a CPU takes batch norm a picture at a time in half the time of group norm
        pictures = [_batch_norm(one, self.EPSILON) for one in torch.split(stage, 1)]
        return pictures[0] if len(pictures) == 1 else torch.cat(pictures)


def _batch_norm(stage: Tensor, epsilon: float) -> Tensor:
    # the function of torch.nn refuses a single pixel, which has no deviation
    return torch.batch_norm(stage, None, None, None, None, True, 0.0, epsilon, False)
