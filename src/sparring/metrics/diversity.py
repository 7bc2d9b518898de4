r"""How much the pictures of one set differ among themselves."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparring.errors import UsageError
from sparring.metrics.fidelity import multi_scale_ssim
from sparring.seeds import mix


def vendi(features: NDArray[Any]) -> float:
    r"""The effective number of different vectors: from 1, if all point the same way, to N, if all are orthogonal.

    Friedman and Dieng, "The Vendi Score", arXiv:2210.02410, equation 1: $\exp(-\sum_i \lambda_i \log \lambda_i)$ with
    the eigenvalues of $K / N$, here with cosines as the kernel $K$. Those are also the eigenvalues of the F x F matrix
    $X^\top X / N$ of the normalised vectors, whichever is the smaller one to take.

    Args:
        features: [N, F]; a vector of zeros is like no other and counts by itself.

    Raises:
        UsageError: there is no vector.

    >>> round(vendi(np.eye(3)), 6), round(vendi(np.ones((3, 5))), 6)
    (3.0, 1.0)
    """
    if not len(features):
        raise UsageError("the diversity of no pictures at all")
    x = np.asarray(features, np.float64)
    lengths = np.linalg.norm(x, axis=1)
    alone = int((lengths == 0).sum())
    x = x[lengths > 0] / lengths[lengths > 0, None]
    table = x.T @ x if x.shape[1] < len(x) else x @ x.T
    values = np.concatenate([np.linalg.eigvalsh(table), np.ones(alone)]) / len(features)
    values = values[values > 0]
    return float(np.exp(-(values * np.log(values)).sum()))


def similarity_within_classes(
    pictures: NDArray[Any], labels: NDArray[np.integer[Any]], pairs: int = 100, seed: int = 0
) -> dict[int, float]:
    """The mean multi-scale SSIM of two pictures of the same class, for each class with at least two.

    Odena et al., "Conditional Image Synthesis With Auxiliary Classifier GANs", arXiv:1610.09585, section 4.2: a class
    whose pictures are more alike than real ones of that class are has collapsed.

    Args:
        pictures: [N, H, W, C], uint8 or uint16.
        labels: [N], the class of each.
        pairs: drawn for each class.
        seed: of the draw.

    Raises:
        UsageError: there are not as many labels as pictures.

    >>> rng = np.random.default_rng(0)
    >>> pictures = rng.integers(0, 256, (8, 32, 32, 1), np.uint8)
    >>> pictures[4:] = pictures[4]
    >>> found = similarity_within_classes(pictures, np.repeat([0, 1], 4), pairs=5)
    >>> found[0] < 0.2, found[1]
    (True, 1.0)
    """
    if len(pictures) != len(labels):
        raise UsageError(f"{len(labels):,} labels for {len(pictures):,} pictures: there must be one for each")
    found = {}
    for label in np.unique(labels).tolist():
        rows = np.flatnonzero(labels == label)
        if len(rows) < 2:
            continue
        rng = np.random.default_rng(mix("pairs", seed, label))
        first = rng.integers(0, len(rows), pairs)
        second = (first + rng.integers(1, len(rows), pairs)) % len(rows)  # another one
        found[label] = float(multi_scale_ssim(pictures[rows[first]], pictures[rows[second]]).mean())
    return found
