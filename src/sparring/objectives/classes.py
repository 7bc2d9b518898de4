r"""What the scores of K classes say, where a discriminator is a classifier with one class more: that of the fakes."""

from torch import Tensor
from torch.nn.functional import cross_entropy

from sparring.objectives import adversarial


def realness(scores: Tensor) -> Tensor:
    r"""The logit of "it is of one of the K classes", $\log \sum_k \exp l_k$.

    Of K + 1 logits one is too many, since the softmax does not change when a number is added to all. With that of the
    fakes fixed at 0, the probability of being real is $D(x) = \frac{Z(x)}{Z(x) + 1}$, $Z(x) = \sum_k \exp l_k(x)$
    (Salimans et al., arXiv:1606.03498, section 5), which is $\sigma(\log Z(x))$.

    Args:
        scores: [..., K].

    Returns:
        [...].

    >>> import torch
    >>> realness(torch.tensor([0.0, 0.0])).sigmoid()
    tensor(0.6667)
    """
    return scores.logsumexp(-1)


def discriminate(scores: Tensor, labels: Tensor, real: Tensor, fake: Tensor, weight: float) -> dict[str, Tensor]:
    r"""The discriminator's side of semi-supervised learning: the right class for the few, some for the many, none else.

    $$ -E_{x, y} \log p(y \mid x, y \le K)
       + \lambda \left( -\tfrac12 E_x \log D(x) - \tfrac12 E_z \log(1 - D(G(z))) \right) $$

    (Salimans et al., arXiv:1606.03498, section 5; the halves are those of the authors' code).

    Args:
        scores: [M, K], of the pictures whose class is known.
        labels: [M], int64.
        real: [N], `realness` of the pictures without a label.
        fake: [N], `realness` of fakes.
        weight: of the unsupervised part.

    Returns:
        The terms `labelled`, `unlabelled` and `fake`, each a scalar.
    """
    return {
        "labelled": cross_entropy(scores, labels),  # -log p(y | x, y <= K)
        "unlabelled": weight / 2 * adversarial.cross_entropy(real, 1.0).mean(),  # -log Z(x) / (Z(x) + 1)
        "fake": weight / 2 * adversarial.cross_entropy(fake, 0.0).mean(),  # -log 1 / (Z(G(z)) + 1)
    }


def entropy(scores: Tensor) -> Tensor:
    r"""How undecided the classifier is between the K classes, $-\sum_k p_k \log p_k$, $p$ the softmax of the scores.

    Args:
        scores: [..., K].

    Returns:
        [...], in nats, from 0 (sure) to $\log K$.

    >>> import torch
    >>> entropy(torch.zeros(4)).exp()
    tensor(4.)
    """
    logs = scores.log_softmax(-1)
    return -(logs.exp() * logs).sum(-1)
