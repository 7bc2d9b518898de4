r"""What keeps a discriminator smooth: penalties on its gradient with respect to the pictures it judges.

Every function here needs a discriminator whose logit for a picture depends on that picture alone: with batch norm the
gradient of one logit would reach all pictures of the batch, and the norm would mean nothing. `refuse_batch_norm` says
so before a run begins.
"""

import torch
from torch import Tensor, nn

from sparring.errors import UsageError
from sparring.nn.mixing import has_batch_norm


def squared_gradient_norm(logits: Tensor, pictures: Tensor) -> Tensor:
    r"""$\lVert \nabla_x D(x) \rVert^2$ of each picture, over all of its dimensions, with a graph of its own.

    Args:
        logits: [N], computed from `pictures` (or [N / packing] from packs of them).
        pictures: [N, ...], which require a gradient.

    Returns:
        [N]; differentiable with respect to the discriminator's weights.

    >>> x = torch.ones(2, 3, requires_grad=True)
    >>> squared_gradient_norm((x * torch.tensor([1.0, 2.0, 2.0])).sum(1), x).detach()
    tensor([9., 9.])
    """
    (gradient,) = torch.autograd.grad(logits.sum(), pictures, create_graph=True)
    return gradient.square().flatten(1).sum(1)


def one_centred(logits: Tensor, pictures: Tensor) -> Tensor:
    r"""$(\lVert \nabla_x D(x) \rVert_2 - 1)^2$ of each picture (Gulrajani et al., arXiv:1704.00028, equation 3)."""
    norm = (squared_gradient_norm(logits, pictures) + 1e-12).sqrt()  # the root has no slope at 0
    return (norm - 1).square()


def zero_centred(logits: Tensor, pictures: Tensor) -> Tensor:
    r"""$\frac12 \lVert \nabla_x D(x) \rVert^2$ of each picture (Mescheder et al., arXiv:1801.04406, equation 9).

    On real pictures it is called R1, on fakes R2 (equations 9 and 10), to be multiplied with $\gamma$.
    """
    return squared_gradient_norm(logits, pictures) / 2


def interpolates(real: Tensor, fake: Tensor) -> Tensor:
    r"""A point on the line between each real picture and a fake, $\epsilon x + (1 - \epsilon) \tilde x$, $\epsilon \sim
    U[0, 1)$ for each pair (Gulrajani et al., arXiv:1704.00028, algorithm 1); it requires a gradient.
    """
    share = torch.rand(len(real), *[1] * (real.ndim - 1), device=real.device)
    return (share * real.detach() + (1 - share) * fake.detach()).requires_grad_()


def refuse_batch_norm(discriminator: nn.Module, game: str) -> None:
    """Make sure that a gradient penalty means what it says.

    Raises:
        UsageError: the discriminator has batch norm.
    """
    if has_batch_norm(discriminator):
        raise UsageError(
            f"game {game!r} penalises the gradient of each logit with respect to its own picture, and batch norm makes "
            "a logit depend on the whole batch: set game.norm=none, group or spectral"
        )
