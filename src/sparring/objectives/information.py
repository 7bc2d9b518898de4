r"""What one thing says about another, in nats: pure functions, per sample.

A surprise is $-\log q$ of what turned out to be true: 0 where it was certain. One nat is $1 / \log 2 = 1.44$ bits.
"""

from math import log, pi

from torch import Tensor
from torch.nn.functional import cross_entropy

FINEST = 5e-6
"""The least variance that is ever fitted: that of the error made by rounding [-1, 1] to 8 bits, (2 / 255)^2 / 12."""


def categorical(scores: Tensor, values: Tensor) -> Tensor:
    r"""$-\log q(c)$ of a value $c$ among K, where $q$ is the softmax of scores.

    Args:
        scores: [N, K], any real numbers.
        values: [N], int64 in [0, K).

    Returns:
        [N] in nats; $\log K$ for scores that say nothing.

    >>> import torch
    >>> categorical(torch.zeros(1, 4), torch.tensor([2]))
    tensor([1.3863])
    """
    return cross_entropy(scores, values, reduction="none")


def gaussian(values: Tensor, mean: Tensor, variance: Tensor | float) -> Tensor:
    r"""$-\log N(v; \mu, \sigma^2)$, summed over all dimensions of a sample.

    A density may be more than 1, so this may be less than 0.

    Args:
        values: [N, ...].
        mean: as many.
        variance: above 0; a number or what broadcasts to the shape of the values.

    Returns:
        [N] in nats.

    >>> import torch
    >>> gaussian(torch.zeros(1, 2), torch.zeros(1, 2), 1.0)  # log 2 pi
    tensor([1.8379])
    """
    variance = values.new_tensor(variance) if isinstance(variance, float) else variance
    surprise = ((values - mean).square() / variance + variance.log() + log(2 * pi)) / 2
    return surprise.flatten(1).sum(1)


def fitted_variance(values: Tensor, mean: Tensor) -> Tensor:
    r"""The variance under which Gaussians around `mean` make the values likeliest: the mean squared distance.

    A scalar without a gradient: the surprise is flat in the variance there, so its gradient is the same without
    (Rybkin et al., "Simple and Effective VAE Training with Calibrated Decoders", arXiv:2006.13202).

    Args:
        values: any shape.
        mean: as many.
    """
    return (values - mean).detach().square().mean().clamp(min=FINEST)


def divergence_from_normal(mean: Tensor, log_variance: Tensor) -> Tensor:
    r"""$KL(N(\mu, \sigma^2) \| N(0, 1)) = \frac12 \sum (\mu^2 + \sigma^2 - 1 - \log \sigma^2)$ over all dimensions.

    Kingma and Welling, "Auto-Encoding Variational Bayes", arXiv:1312.6114, appendix B.

    Args:
        mean: [N, L].
        log_variance: [N, L], $\log \sigma^2$.

    Returns:
        [N] in nats, from 0 up.

    >>> import torch
    >>> divergence_from_normal(torch.tensor([[0.0, 2.0]]), torch.zeros(1, 2))
    tensor([2.])
    """
    return (mean.square() + log_variance.exp() - 1 - log_variance).flatten(1).sum(1) / 2
