"""Normalisation that is told what is wanted: a class, or other numbers, steer a generator through scales and shifts."""

from torch import Tensor, nn

from sparring.nn.instance import InstanceNorm


class _Steered(nn.Module):
    """A norm, and a gain and a shift that depend on a condition."""

    def __init__(self, norm: nn.Module, channels: int, condition: int) -> None:
        super().__init__()
        self.norm = norm
        self.gain = nn.Linear(condition, channels)
        self.shift = nn.Linear(condition, channels)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """As at the start: gain 1 and shift 0, whatever the condition."""
        for layer, start in ((self.gain, 1.0), (self.shift, 0.0)):
            nn.init.zeros_(layer.weight)
            nn.init.constant_(layer.bias, start)

    def forward(self, stage: Tensor, condition: Tensor) -> Tensor:
        """[N, C, H, W] and [N, K] to [N, C, H, W]."""
        gain, shift = self.gain(condition)[:, :, None, None], self.shift(condition)[:, :, None, None]
        normalised: Tensor = shift + gain * self.norm(stage)
        return normalised


class ConditionalBatchNorm(_Steered):
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
        super().__init__(nn.BatchNorm2d(channels, affine=False), channels, condition)


class ConditionalInstanceNorm(_Steered):
    """The same with each channel of each picture by itself, which is what Dumoulin et al. began with.

    Instance norm takes out of every channel what is the same all over the picture, and so all that is told as constant
    channels. Here it is told behind each norm again. Translators draw these weights like all others
    (`nn.initialise.normal_weights`), so conditions differ from the start.

    Args:
        channels: C.
        condition: K, numbers in a condition.

    >>> import torch
    >>> layer = ConditionalInstanceNorm(channels=4, condition=3)
    >>> layer(torch.randn(2, 4, 8, 8), torch.randn(2, 3)).shape
    torch.Size([2, 4, 8, 8])
    """

    def __init__(self, channels: int, condition: int) -> None:
        super().__init__(InstanceNorm(), channels, condition)
