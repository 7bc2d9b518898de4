r"""How alike two batches are, or the samples of one: on features, [N, F], that a network has made of them."""

from torch import Tensor
from torch.nn.functional import normalize


def feature_matching(real: Tensor, fake: Tensor) -> Tensor:
    r"""The squared distance between the mean features, $\lVert E_x f(x) - E_z f(G(z)) \rVert_2^2 / F$.

    Salimans et al., "Improved Techniques for Training GANs", arXiv:1606.03498, section 3.1; divided by the number of
    features, as in the authors' code, so that a wider network does not mean a larger loss.

    Args:
        real: [N, F].
        fake: [M, F].

    Returns:
        One number: it compares batches, not samples.

    >>> import torch
    >>> feature_matching(torch.tensor([[0.0, 0.0], [2.0, 4.0]]), torch.tensor([[1.0, 0.0]]))
    tensor(2.)
    """
    return (real.mean(0) - fake.mean(0)).square().mean()


def pull_away(features: Tensor) -> Tensor:
    r"""How much the samples of a batch point the same way: the mean squared cosine between two of them.

    $\frac{1}{N(N-1)} \sum_i \sum_{j \ne i} \left( \frac{f_i^\top f_j}{\lVert f_i \rVert \lVert f_j \rVert} \right)^2$,
    the pulling-away term of Zhao et al., "Energy-based Generative Adversarial Network", arXiv:1609.03126, equation 4:
    0 where all are orthogonal, 1 where all are one; 0 of a single one, which is like no other.

    Args:
        features: [N, F].

    Returns:
        One number.

    >>> import torch
    >>> pull_away(torch.tensor([[1.0, 0.0], [2.0, 0.0], [0.0, 3.0]]))
    tensor(0.3333)
    """
    count = len(features)
    cosines = normalize(features) @ normalize(features).T
    return (cosines.square().sum() - cosines.diagonal().square().sum()) / max(1, count * (count - 1))
