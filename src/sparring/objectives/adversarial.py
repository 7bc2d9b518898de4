r"""What each player is told about the discriminator's logits.

The discriminator answers with a logit $l$; $\sigma(l)$ is its belief that the picture is real. Every loss here is
computed from $l$ by `softplus` or a square and never through $\sigma$ itself, so that gradients stay alive where
$\sigma(l)$ has rounded to 0 or 1: $-\log\sigma(l) = \mathrm{softplus}(-l)$ and $-\log(1-\sigma(l)) =
\mathrm{softplus}(l)$.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import log
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

Name = Literal["non-saturating", "minimax", "least-squares"]


def cross_entropy(logits: Tensor, target: float) -> Tensor:
    r"""Binary cross-entropy, $-t \log\sigma(l) - (1-t) \log(1-\sigma(l))$, of each logit.

    Args:
        logits: any shape.
        target: in [0, 1]; 1 means real. 0.9 for the real ones is one-sided label smoothing (Salimans et al.,
            "Improved Techniques for Training GANs", arXiv:1606.03498, section 3.4); smoothing the fakes as well would
            pull the optimum towards the fakes.

    Returns:
        The losses, in the shape of `logits`.

    >>> import torch
    >>> cross_entropy(torch.zeros(2), 1.0)
    tensor([0.6931, 0.6931])
    """
    if target in (0.0, 1.0):
        return softplus(logits if target == 0.0 else -logits)
    return target * softplus(-logits) + (1 - target) * softplus(logits)


def squared_error(logits: Tensor, target: float) -> Tensor:
    r"""Half the squared distance to the target, $\frac12 (l - t)^2$ (Mao et al., arXiv:1611.04076, equation 9).

    Args:
        logits: any shape.
        target: 1 for real, 0 for fake.

    Returns:
        The losses, in the shape of `logits`.
    """
    return (logits - target).square() / 2


def log_one_minus(fake: Tensor) -> Tensor:
    r"""The generator's side of the minimax game itself, $\log(1 - D(G(z))) = -\mathrm{softplus}(l)$, to be minimised.

    Its gradient is $-\sigma(l)$: it vanishes exactly when the discriminator is sure ($l \to -\infty$), which is why
    nobody trains with it (Goodfellow et al., arXiv:1406.2661, equation 1 and the remark at the end of section 3).
    """
    return -softplus(fake)


def hinge(logits: Tensor, real: bool) -> Tensor:
    r"""The discriminator's hinge loss, $\max(0, 1 - l)$ for real pictures and $\max(0, 1 + l)$ for fakes.

    Lim and Ye, "Geometric GAN", arXiv:1705.02894; Miyato et al., arXiv:1802.05957, equation 16: a picture that is on
    its side of the margin teaches nothing more. The generator maximises the logit of its fakes (equation 17).

    Args:
        logits: any shape.
        real: which side they should be on.

    Returns:
        The losses, in the shape of `logits`.

    >>> import torch
    >>> hinge(torch.tensor([-1.0, 0.0, 1.0, 2.0]), real=True)
    tensor([2., 1., 0., 0.])
    """
    return relu(1 - logits if real else 1 + logits)


@dataclass(frozen=True)
class Objective:
    """The three losses of a game in which each picture is judged by itself.

    Attributes:
        discriminate: loss of the discriminator for logits and what they should say (1 real, 0 fake).
        generate: loss of the generator for the logits of its fakes.
        unsure: the logit of a picture that could be either, for the label that real pictures have.
        floor: the least that the discriminator's loss, real plus fake, can come down to, for that label.
    """

    discriminate: Callable[[Tensor, float], Tensor]
    generate: Callable[[Tensor], Tensor]
    unsure: Callable[[float], float]
    floor: Callable[[float], float]

    def chance(self, real_label: float = 1.0) -> float:
        """The discriminator's loss, real plus fake, where it cannot tell them apart and knows it.

        >>> round(OBJECTIVES["non-saturating"].chance(), 4)
        1.3863
        """
        answer = torch.tensor(self.unsure(real_label), dtype=torch.float64)
        return float(self.discriminate(answer, real_label) + self.discriminate(answer, 0.0))

    def reading(self, losses: Mapping[str, float], real_label: float = 1.0) -> str:
        """What the discriminator's loss, real plus fake, says to a newcomer.

        Args:
            losses: by the names of `LEGEND`.
            real_label: what real pictures should be called.

        >>> OBJECTIVES["non-saturating"].reading({"discriminator.real": 0.02, "discriminator.fake": 0.03})
        'discriminator far ahead'
        """
        floor = self.floor(real_label)
        loss = losses["discriminator.real"] + losses["discriminator.fake"]
        return _standing((loss - floor) / (self.chance(real_label) - floor))


LEGEND = {
    "discriminator.real": "how far the discriminator is from calling real pictures real; small: it recognises them",
    "discriminator.fake": "how far the discriminator is from calling fakes fake; small: it sees through them",
    "generator.adversarial": "how far the generator is from passing its fakes off as real; it should neither soar nor "
    "vanish. Judge by the pictures: falling curves alone prove nothing in a game of two",
}
"""What the three terms say, by the names under which games log them."""


def _standing(share: float) -> str:
    """Who is ahead; 0: the discriminator knows, 1: it guesses."""
    if share < 0.15:
        return "discriminator far ahead"
    if share < 0.95:
        return "balanced"
    return "discriminator guessing" if share < 1.05 else "discriminator fooled"


def hinge_reading(loss: float) -> str:
    """What the discriminator's hinge loss, real plus fake, says to a newcomer: 2 says nothing, 0 is the whole margin.

    >>> hinge_reading(1.5), hinge_reading(2.0)
    ('balanced: 25% of the margin', 'discriminator guessing')
    """
    share = loss / 2
    return _standing(share) + (f": {1 - share:.0%} of the margin" if share < 0.95 else "")


def _entropy(label: float) -> float:
    """The cross-entropy of a label with itself, which no answer can beat."""
    return -sum(share * log(share) for share in (label, 1 - label) if share > 0)


def _logit(label: float) -> float:
    """What a belief halfway between the label of real pictures and 0, that of fakes, is as a logit."""
    return log(label / (2 - label))


OBJECTIVES: dict[str, Objective] = {
    # -log D(G(z)): the same fixed point as minimax, with gradients where the generator is losing
    "non-saturating": Objective(cross_entropy, lambda fake: cross_entropy(fake, 1.0), _logit, _entropy),
    "minimax": Objective(cross_entropy, log_one_minus, _logit, _entropy),
    "least-squares": Objective(
        squared_error, lambda fake: squared_error(fake, 1.0), lambda label: label / 2, lambda label: 0.0
    ),
}
