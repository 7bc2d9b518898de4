r"""What keeps a discriminator smooth: penalties on its gradient with respect to the pictures it judges.

Every function here needs a discriminator whose logit for a picture depends on that picture alone: with batch norm the
gradient of one logit would reach all pictures of the batch, and the norm would mean nothing. `refuse_batch_norm` says
so before a run begins. Minibatch layers (`game.aids.minibatch`) break the rule a little, and are the user's own choice.
"""

import torch
from torch import Tensor, nn

from sparring.errors import UsageError
from sparring.nn.mixing import has_batch_norm


def squared_gradient_norm(logits: Tensor, pictures: Tensor) -> Tensor:
    r"""$\lVert \nabla_x D(x) \rVert^2$ for each logit, over all dimensions of what it was computed from.

    Args:
        logits: [N], one for each picture; or [N / packing], one for each pack of neighbours, which are then one input.
        pictures: [N, ...], which require a gradient.

    Returns:
        As many as logits; differentiable with respect to the discriminator's weights.

    >>> x = torch.ones(2, 3, requires_grad=True)
    >>> squared_gradient_norm((x * torch.tensor([1.0, 2.0, 2.0])).sum(1), x).detach()
    tensor([9., 9.])
    """
    (gradient,) = torch.autograd.grad(logits.sum(), pictures, create_graph=True)
    return gradient.square().reshape(len(logits), -1).sum(1)


def one_centred(logits: Tensor, pictures: Tensor) -> Tensor:
    r"""$(\lVert \nabla_x D(x) \rVert_2 - 1)^2$ for each logit (Gulrajani et al., arXiv:1704.00028, equation 3).

    Arguments and result are those of `squared_gradient_norm`.
    """
    norm = (squared_gradient_norm(logits, pictures) + 1e-12).sqrt()  # the root has no slope at 0
    return (norm - 1).square()


def zero_centred(real_logits: Tensor, real: Tensor, fake_logits: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    r"""R1 and R2, $\frac12 \lVert \nabla_x D(x) \rVert^2$ for each logit of real pictures and of fakes.

    Mescheder et al., arXiv:1801.04406, equations 9 and 10; to be multiplied with $\gamma$. Both are had from one pass
    backwards, which is half the work where both batches were judged in one pass forwards.

    Args:
        real_logits: [N], or [N / packing].
        real: [N, ...], which require a gradient.
        fake_logits: as many.
        fake: as many.

    Returns:
        As many as logits, of the real ones and of the fakes.
    """
    slopes = torch.autograd.grad(real_logits.sum() + fake_logits.sum(), (real, fake), create_graph=True)
    r1, r2 = (slope.square().reshape(len(real_logits), -1).sum(1) / 2 for slope in slopes)
    return r1, r2


def interpolates(real: Tensor, fake: Tensor, packing: int = 1) -> Tensor:
    r"""A point on the line between each real picture and a fake, $\epsilon x + (1 - \epsilon) \tilde x$.

    Gulrajani et al., arXiv:1704.00028, algorithm 1: $\epsilon \sim U[0, 1)$ is drawn for each pair.

    Args:
        real: [N, ...].
        fake: as many.
        packing: neighbours that are judged as one, and so lie at the same place of their lines.

    Returns:
        [N, ...], without the generator's graph, and requiring a gradient.

    >>> between = interpolates(torch.zeros(4, 2), torch.ones(4, 2))
    >>> bool(((between >= 0) & (between <= 1)).all()), between.requires_grad
    (True, True)
    """
    share = torch.rand(len(real) // packing, device=real.device).repeat_interleave(packing)
    share = share.view(-1, *[1] * (real.ndim - 1))
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
