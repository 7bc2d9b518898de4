r"""The Frechet distance between two sets, each taken for a Gaussian in feature space.

Dowson and Landau, "The Frechet distance between multivariate normal distributions" (1982), equation 4; with features of
Inception-v3 it is the FID of Heusel et al., arXiv:1706.08500, section 4:

$$ d^2 = \lVert \mu_1 - \mu_2 \rVert^2 + \mathrm{tr}\, \Sigma_1 + \mathrm{tr}\, \Sigma_2
   - 2\, \mathrm{tr} \left( \Sigma_1^{1/2} \Sigma_2 \Sigma_1^{1/2} \right)^{1/2}. $$

The product within the last trace is symmetric and has no negative eigenvalues, so its root's trace is the sum of the
roots of its eigenvalues. (The product $\Sigma_1 \Sigma_2$, whose root many programs take, has the same eigenvalues and
is not symmetric: with fewer pictures than features its root comes out complex.)

The estimate is biased upwards, by about $c / N$ (Chong and Forsyth, "Effectively unbiased FID", arXiv:1911.07023):
compare values of the same N only, and with the floor between real and real of that N.
"""

import numpy as np
from numpy.typing import NDArray

from sparring.errors import UsageError
from sparring.metrics.moments import Moments


def frechet_distance(one: Moments, other: Moments) -> float:
    """The squared Frechet distance, as it is always reported; 0 for equal moments, no upper bound.

    Args:
        one: moments of F features.
        other: moments of as many.

    Raises:
        UsageError: they have different numbers of features, or one was made of fewer than 2 pictures.

    >>> from sparring.metrics.moments import moments
    >>> x = np.random.default_rng(0).normal(size=(50, 3))
    >>> round(frechet_distance(moments(x), moments(x + [2, 0, 0])), 6)
    4.0
    """
    if one.mean.shape != other.mean.shape:
        raise UsageError(f"{len(one.mean)} features on one side and {len(other.mean)} on the other: use one extractor")
    root = _root(one.covariance)
    roots = np.sqrt(np.clip(np.linalg.eigvalsh(root @ other.covariance @ root), 0, None))
    gap = one.mean - other.mean
    squared = gap @ gap + np.trace(one.covariance) + np.trace(other.covariance) - 2 * roots.sum()
    return max(0.0, float(squared))  # rounding alone can bring it below 0


def _root(symmetric: NDArray[np.float64]) -> NDArray[np.float64]:
    values, vectors = np.linalg.eigh(symmetric)
    root: NDArray[np.float64] = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    return root
