r"""How well maps of classes agree, from how often a pixel of one class was taken for another.

Long, Shelhamer and Darrell, "Fully Convolutional Networks for Semantic Segmentation", arXiv:1411.4038, section 5. Of
$n_{ij}$ pixels of class $i$ that were taken for class $j$, and $t_i = \sum_j n_{ij}$ of class $i$ in all; a class that
does not come up is left out of a mean.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparring.errors import UsageError

Counts = NDArray[np.int64]


def confusion(true: NDArray[Any], found: NDArray[Any]) -> Counts:
    """How often each class was taken for each.

    Args:
        true: [N, ...], whole numbers from 0: the classes.
        found: the same shape: what they were taken for.

    Returns:
        [K, K], rows are true classes; K is one more than the highest number.

    Raises:
        UsageError: shapes differ.

    >>> confusion(np.array([[0, 0, 1]]), np.array([[0, 1, 1]]))
    array([[1, 1],
           [0, 1]])
    """
    if true.shape != found.shape or not true.size:
        raise UsageError(f"maps of shapes {true.shape} and {found.shape} to compare: give two of one shape")
    count = int(max(true.max(), found.max())) + 1
    counts = np.zeros(count * count, np.int64)
    for one, other in zip(true, found, strict=True):  # all at once would take eight times the memory of the maps
        counts += np.bincount(one.ravel().astype(np.int64) * count + other.ravel(), minlength=count * count)
    return counts.reshape(count, count)


def pixel_accuracy(counts: Counts) -> float:
    r"""The share of pixels that are right, $\sum_i n_{ii} / \sum_i t_i$.

    >>> pixel_accuracy(np.array([[3, 1], [0, 4]]))
    0.875
    """
    return float(np.trace(counts) / counts.sum())


def class_accuracy(counts: Counts) -> float:
    r"""The mean over classes of the share of their pixels that are right, $n_{ii} / t_i$.

    >>> class_accuracy(np.array([[3, 1], [0, 4]]))
    0.875
    """
    return _mean(np.diag(counts), counts.sum(1))


def intersection_over_union(counts: Counts) -> float:
    r"""The mean over classes of the pixels that are right, as a share of all that are or were taken for the class.

    $n_{ii} / (t_i + \sum_j n_{ji} - n_{ii})$; a class that is in no true map but was found has 0.

    >>> intersection_over_union(np.array([[3, 1], [0, 4]]))
    0.775
    """
    right = np.diag(counts)
    return _mean(right, counts.sum(1) + counts.sum(0) - right)


def _mean(right: Counts, of: Counts) -> float:
    there = of > 0
    return float((right[there] / of[there]).mean())
