r"""How far one distribution must be carried to become another: earth mover's distances.

$$ W_p(P, Q) = \left( \inf_{\gamma \in \Pi(P, Q)} E_{(x, y) \sim \gamma} \lVert x - y \rVert^p \right)^{1/p} $$

(Arjovsky et al., "Wasserstein GAN", arXiv:1701.07875, equation 1, for p = 1). On a line the best plan carries the
smallest to the smallest, and so on; in more dimensions, between sets of the same size, it is an assignment.
"""

from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparring.errors import UsageError
from sparring.metrics.neighbours import distances
from sparring.seeds import mix

LIMIT = 4096
"""Points on a side up to which the exact distance is computed: the time grows with their cube, to about a minute."""


def earth_mover_on_line(one: NDArray[Any], other: NDArray[Any], power: int = 1) -> float:
    r"""The exact $W_p$ of two sets of numbers, which may differ in size.

    $\left( \int_0^1 |F^{-1}(u) - G^{-1}(u)|^p \, du \right)^{1/p}$, with the quantile functions of both.

    Args:
        one: [N].
        other: [M].
        power: p.

    Raises:
        UsageError: a side is empty.

    >>> earth_mover_on_line(np.array([0.0, 1.0]), np.array([5.0]))
    4.5
    """
    if not len(one) or not len(other):
        raise UsageError("an earth mover's distance of nothing: one side is empty")
    return float(_on_lines(np.asarray(one, float)[:, None], np.asarray(other, float)[:, None], power)[0] ** (1 / power))


def _on_lines(one: NDArray[np.float64], other: NDArray[np.float64], power: int) -> NDArray[np.float64]:
    """$W_p^p$ along each of D lines, [N, D] and [M, D] -> [D]."""
    n, m = len(one), len(other)
    ends = np.unique(np.concatenate([np.arange(1, n + 1) * m, np.arange(1, m + 1) * n]))  # of equal quantiles, times nm
    widths = np.diff(ends, prepend=0) / (n * m)
    gap = np.sort(one, 0)[(ends - 1) // m] - np.sort(other, 0)[(ends - 1) // n]
    total: NDArray[np.float64] = widths @ np.abs(gap) ** power
    return total


def earth_mover(one: NDArray[Any], other: NDArray[Any], limit: int = LIMIT) -> float:
    """The exact $W_1$ of two sets of points of the same size, by the best assignment.

    Args:
        one: [N, F].
        other: [N, F].
        limit: more points than this are refused, since the time grows with their cube.

    Raises:
        UsageError: sizes or dimensions differ, a side is empty, or there are too many points.

    >>> earth_mover(np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([[1.0, 3.0], [0.0, 3.0]]))
    3.0
    """
    from scipy.optimize import linear_sum_assignment

    if one.shape != other.shape or not len(one):
        raise UsageError(f"an earth mover's distance of shapes {one.shape} and {other.shape}: give two of one [N, F]")
    if len(one) > limit:
        raise UsageError(
            f"an exact earth mover's distance of {len(one):,} points takes too long: give at most {limit:,}, or take "
            "the sliced distance"
        )
    cost = np.concatenate([table for _, table in distances(one, other)])
    return float(cost[linear_sum_assignment(cost)].mean())


def sliced_wasserstein(one: NDArray[Any], other: NDArray[Any], directions: int = 512, seed: int = 0) -> float:
    r"""The sliced $W_2$: root of the mean squared distance along random directions.

    Bonneel et al., "Sliced and Radon Wasserstein Barycenters of Measures" (2015), section 2. For a shift by $a$ alone
    it is $\lVert a \rVert / \sqrt{F}$.

    Args:
        one: [N, F], features, or pictures laid out in a row.
        other: [M, F].
        directions: how many, uniform on the sphere.
        seed: of the directions.

    Raises:
        UsageError: a side is empty, or they differ in the number of features.

    >>> x = np.random.default_rng(0).normal(size=(100, 4))
    >>> round(sliced_wasserstein(x, x + [2, 0, 0, 0], directions=5000), 1)
    1.0
    """
    if one.shape[1:] != other.shape[1:] or not len(one) or not len(other):
        raise UsageError(f"a sliced distance of shapes {one.shape} and {other.shape}: give [N, F] and [M, F]")
    rng = np.random.default_rng(mix("directions", seed))
    total = 0.0
    for at in range(0, directions, 64):
        lines = rng.normal(size=(one.shape[1], min(64, directions - at)))
        lines /= np.linalg.norm(lines, axis=0)
        total += float(_on_lines(_projected(one, lines), _projected(other, lines), 2).sum())
    return sqrt(total / directions)


def _projected(features: NDArray[Any], lines: NDArray[np.float64], rows: int = 4096) -> NDArray[np.float64]:
    parts = [np.asarray(features[at : at + rows], np.float64) @ lines for at in range(0, len(features), rows)]
    return np.concatenate(parts)
