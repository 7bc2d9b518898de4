r"""Relativistic pairs: not whether a picture is real is asked, but which of two is.

Jolicoeur-Martineau, "The relativistic discriminator", arXiv:1807.00734. With zero-centred gradient penalties on both
sides of the pair it is the game of Huang et al., "The GAN is dead; long live the GAN!", arXiv:2501.05441.
"""

from math import log

from torch import Tensor
from torch.nn.functional import softplus

from sparring.objectives.penalties import zero_centred


def pairs(winner: Tensor, loser: Tensor) -> Tensor:
    r"""$-\log\sigma(l_w - l_l)$: one logit should be above the other, whatever both are.

    The discriminator wants each real picture above a fake, the generator the other way round.

    Args:
        winner: logits of any shape that should be larger.
        loser: as many that should be smaller.

    Returns:
        The losses, in the shape of the logits.

    >>> import torch
    >>> pairs(torch.tensor([5.0]), torch.tensor([5.0]))
    tensor([0.6931])
    """
    return softplus(loser - winner)


def discriminate(
    real_logits: Tensor, real: Tensor, fake_logits: Tensor, fake: Tensor, gamma: Tensor | float
) -> dict[str, Tensor]:
    r"""The discriminator's side: real above fake in every pair, and flat around both.

    $$ E[\mathrm{softplus}(D(G(z)) - D(x))]
       + \frac\gamma2 E[\lVert\nabla D(x)\rVert^2] + \frac\gamma2 E[\lVert\nabla D(G(z))\rVert^2] $$

    (arXiv:2501.05441, section 2). Both penalties are taken at every step; taken now and then they fail on the smallest
    examples.

    Args:
        real_logits: [N], or [N / packing].
        real: [N, ...], which require a gradient.
        fake_logits: as many.
        fake: as many.
        gamma: the weight of both penalties.

    Returns:
        The terms `pairs`, `r1` and `r2`, each a scalar.
    """
    r1, r2 = zero_centred(real_logits, real, fake_logits, fake)  # 1/2 |grad D|^2
    return {
        "pairs": pairs(real_logits, fake_logits).mean(),  # softplus(D(G(z)) - D(x))
        "r1": gamma * r1.mean(),
        "r2": gamma * r2.mean(),
    }


LEGEND = {
    "discriminator.pairs": "how far the discriminator is from putting each real picture above its fake; log 2 = "
    "0.69: it guesses, 0: it always knows. It falls slowly in a good run",
    "discriminator.r1": "how steep the discriminator is around real pictures, with its weight; of the size of r2",
    "discriminator.r2": "how steep it is around fakes, with its weight; if it soars the game is coming apart",
    "generator.pairs": "how far the generator is from putting its fakes above real pictures; it rises as the "
    "discriminator learns, which is no bad sign by itself",
}
"""What the terms say, by the names under which games log them."""


def reading(loss: float) -> str:
    """What the discriminator's loss over pairs says to a newcomer.

    >>> reading(0.4)
    'balanced'
    """
    share = loss / log(2)  # 0: it knows, 1: it guesses
    if share < 0.1:
        return "discriminator far ahead"
    if share < 0.97:
        return "balanced"
    return "discriminator guessing" if share < 1.03 else "discriminator fooled"
