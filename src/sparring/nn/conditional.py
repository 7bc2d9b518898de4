"""Normalisation that is told what is wanted: a class steers a generator through its scales and shifts."""

from torch import Tensor, nn


class ConditionalBatchNorm(nn.Module):
    r"""Batch norm whose gain and shift depend on a condition $c$: $(a + A c) \, \hat x + b + B c$.

    $\hat x$ is the input with each channel brought to mean 0 and variance 1 over the batch. With a one-hot $c$ every
    class has a gain and a shift of its own for each channel (Dumoulin et al., arXiv:1610.07629; in the generators of
    Miyato and Koyama, arXiv:1802.05637, as here). $A$ and $B$ start at 0, so that at first all conditions are treated
    alike and each learns its difference; $a$ starts at 1 and $b$ at 0, as in batch norm without a condition.

    Args:
        channels: C.
        condition: K, numbers in a condition.

    >>> import torch
    >>> layer = ConditionalBatchNorm(channels=4, condition=3)
    >>> layer(torch.randn(2, 4, 8, 8), torch.eye(3)[:2]).shape
    torch.Size([2, 4, 8, 8])
    """

    def __init__(self, channels: int, condition: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.gain = nn.Linear(condition, channels)
        self.shift = nn.Linear(condition, channels)
        for layer, start in ((self.gain, 1.0), (self.shift, 0.0)):
            nn.init.zeros_(layer.weight)
            nn.init.constant_(layer.bias, start)

    def forward(self, stage: Tensor, condition: Tensor) -> Tensor:
        """[N, C, H, W] and [N, K] to [N, C, H, W]."""
        gain, shift = self.gain(condition)[:, :, None, None], self.shift(condition)[:, :, None, None]
        normalised: Tensor = shift + gain * self.norm(stage)
        return normalised
