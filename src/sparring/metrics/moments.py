r"""Mean and covariance of features, gathered part by part, in float64.

Parts are merged by the rule of Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing
sample variances" (1979): with counts $n_a, n_b$, means $\mu_a, \mu_b$ and $\delta = \mu_b - \mu_a$, the scatter about
the joint mean is

$$ S = S_a + S_b + \frac{n_a n_b}{n_a + n_b} \delta \delta^\top, $$

which never subtracts two large numbers, as $E[f f^\top] - \mu \mu^\top$ does.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparring.errors import UsageError


@dataclass(frozen=True)
class Moments:
    """The first two moments of a set of feature vectors.

    Attributes:
        count: N, vectors seen.
        mean: [F], float64.
        scatter: [F, F], float64, the sum of squared deviations from the mean: the covariance times N - 1.
    """

    count: int
    mean: NDArray[np.float64]
    scatter: NDArray[np.float64]

    @property
    def covariance(self) -> NDArray[np.float64]:
        """[F, F], the unbiased estimate.

        Raises:
            UsageError: it takes at least two vectors.
        """
        if self.count < 2:
            raise UsageError(f"a covariance of {self.count} pictures: it takes at least 2")
        return self.scatter / (self.count - 1)

    def __add__(self, other: "Moments") -> "Moments":
        """The moments of both sets together."""
        count = self.count + other.count
        gap = other.mean - self.mean
        mean = self.mean + gap * (other.count / count)
        return Moments(
            count, mean, self.scatter + other.scatter + np.outer(gap, gap) * (self.count * other.count / count)
        )


def moments(features: NDArray[Any], rows: int = 4096) -> Moments:
    """The moments of feature vectors; converted to float64 so many rows at a time, to need little memory.

    Args:
        features: [N, F], of any floating type.
        rows: that are converted at a time; the result does not depend on it but for the last digits.

    Raises:
        UsageError: there is no vector.

    >>> found = moments(np.array([[0.0, 1.0], [2.0, 1.0]]))
    >>> found.mean, found.covariance
    (array([1., 1.]), array([[2., 0.],
           [0., 0.]]))
    """
    if not len(features):
        raise UsageError("the moments of no pictures at all: one side is empty")
    parts = (_of_part(np.asarray(features[at : at + rows], np.float64)) for at in range(0, len(features), rows))
    total = next(parts)
    for part in parts:
        total = total + part
    return total


def _of_part(part: NDArray[np.float64]) -> Moments:
    mean = part.mean(0)
    centred = part - mean
    return Moments(len(part), mean, centred.T @ centred)
