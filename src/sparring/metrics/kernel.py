r"""The kernel distance between two sets: the squared maximum mean discrepancy, unbiased.

Binkowski et al., "Demystifying MMD GANs", arXiv:1801.01401, section 4 (there, with features of Inception-v3, the KID).
With the kernel $k(x, y) = (x^\top y / F + 1)^3$ and $m$ vectors on both sides (Gretton et al., "A Kernel Two-Sample
Test", JMLR 13, equation 3)

$$ d^2 = \frac{1}{m(m-1)} \sum_{i \ne j} k(x_i, x_j) + \frac{1}{m(m-1)} \sum_{i \ne j} k(y_i, y_j)
   - \frac{2}{m^2} \sum_{i, j} k(x_i, y_j). $$

Its mean does not depend on $m$, unlike that of the Frechet distance, so it is what to use for few pictures; equal
distributions give 0 on average, and as often less as more.
"""

from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparring.errors import UsageError
from sparring.metrics.estimate import Estimate
from sparring.seeds import mix


def kernel_distance(
    real: NDArray[Any], fake: NDArray[Any], subsets: int = 50, size: int = 1000, seed: int = 0
) -> Estimate:
    r"""The mean of the unbiased estimates of random subsets.

    The subsets share pictures, so the deviation $s$ of their estimates divided by $\sqrt{\mathrm{subsets}}$ would
    promise too much. Sums over $m$ of $N$ pictures, drawn without putting them back, vary by $1 - m / N$ of what sums
    over $m$ new ones would, and those over all $N$ by $m / N$ of that; so the squared error is

    $$ s^2 \left( \frac{m / N}{1 - m / N} + \frac{1}{\mathrm{subsets}} \right), $$

    the second term being that of having drawn so few subsets.

    Args:
        real: [N, F].
        fake: [M, F].
        subsets: how many are drawn from each side.
        size: vectors in each; of fewer all are taken, in one subset, which says nothing of the error.
        seed: of the draw.

    Raises:
        UsageError: a side has fewer than 2 vectors, or they differ in the number of features.

    >>> rng = np.random.default_rng(0)
    >>> near = kernel_distance(rng.normal(size=(400, 4)), rng.normal(size=(400, 4)), subsets=20, size=100)
    >>> near.interval[0] < 0 < near.interval[1]
    True
    """
    least = min(len(real), len(fake))
    if least < 2:
        raise UsageError(f"a kernel distance of {len(real)} and {len(fake)} pictures: it takes at least 2 on each side")
    if least <= size:
        return Estimate(unbiased(real, fake))
    estimates = []
    for number in range(subsets):
        rng = np.random.default_rng(mix("kernel subset", seed, number))
        x, y = (side[rng.choice(len(side), size, replace=False)] for side in (real, fake))
        estimates.append(unbiased(x, y))
    share = size / least
    error = float(np.std(estimates, ddof=1)) * sqrt(share / (1 - share) + 1 / subsets)
    return Estimate(float(np.mean(estimates)), error, subsets - 1)


def unbiased(real: NDArray[Any], fake: NDArray[Any]) -> float:
    """The estimate from all vectors of both sides, which may differ in number; below 0 now and then.

    Args:
        real: [N, F].
        fake: [M, F].

    Raises:
        UsageError: they differ in the number of features.

    >>> unbiased(np.array([[1.0], [1.0]]), np.array([[1.0], [1.0]]))
    0.0
    """
    if real.shape[1] != fake.shape[1]:
        raise UsageError(f"{real.shape[1]} features on one side and {fake.shape[1]} on the other: use one extractor")
    x, y = np.asarray(real, np.float64), np.asarray(fake, np.float64)
    return _of_others(x) + _of_others(y) - 2 * float(_kernel(x, y).mean())


def _of_others(x: NDArray[np.float64]) -> float:
    """The mean kernel of two different vectors of a set."""
    table = _kernel(x, x)
    return float(table.sum() - np.trace(table)) / (len(x) * (len(x) - 1))


def _kernel(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    base: NDArray[np.float64] = x @ y.T / x.shape[1] + 1
    return base * base * base  # numpy's power takes six times as long
