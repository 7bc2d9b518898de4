r"""What a classifier says of pictures: which classes come up, how surely, and whether they are those asked for."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sparring.errors import UsageError


def inception_score(probabilities: NDArray[Any], splits: int = 1) -> float:
    r"""The inception score: $\exp E_x \mathrm{KL}(p(y|x) \,\|\, p(y))$, the mean of so many equal parts.

    Salimans et al., "Improved Techniques for Training GANs", arXiv:1606.03498, section 4: from 1 to the number of
    classes; high if each picture is surely of one class and all classes come up. It never looks at real pictures; kept
    for comparison with what was published.

    Args:
        probabilities: [N, K], rows add up to 1.
        splits: parts, in the order given; 10 in the paper.

    Raises:
        UsageError: there are fewer pictures than parts.

    >>> round(inception_score(np.eye(4)), 6), round(inception_score(np.full((4, 4), 0.25)), 6)
    (4.0, 1.0)
    """
    if len(probabilities) < splits or splits < 1:
        raise UsageError(f"an inception score of {len(probabilities):,} pictures in {splits} parts: there must be more")
    scores = []
    for part in np.array_split(np.asarray(probabilities, np.float64), splits):
        # p log p is 0 where p is
        logs = np.log(np.clip(part, 1e-300, None)) - np.log(np.clip(part.mean(0), 1e-300, None))
        scores.append(np.exp((part * logs).sum(1).mean()))
    return float(np.mean(scores))


@dataclass(frozen=True)
class Classes:
    """Which classes come up among fakes, beside real pictures.

    Attributes:
        real: [K], share of each class among real pictures.
        fake: [K], among fakes.
    """

    real: NDArray[np.float64]
    fake: NDArray[np.float64]

    @property
    def covered(self) -> float:
        """Share of the classes of the real pictures that come up at least a tenth as often among the fakes."""
        there = self.real > 0
        return float((self.fake[there] >= 0.1 * self.real[there]).mean())

    @property
    def total_variation(self) -> float:
        """Half the sum of differences, 0 to 1: the share of fakes that would have to be of another class."""
        return float(np.abs(self.real - self.fake).sum() / 2)


def classes(real: NDArray[np.integer[Any]], fake: NDArray[np.integer[Any]], count: int) -> Classes:
    """Count the classes of both sides.

    Args:
        real: [N], whole numbers in [0, count), as the same classifier reads them.
        fake: [M].
        count: K.

    Raises:
        UsageError: a side is empty.

    >>> found = classes(np.array([0, 1, 2, 3]), np.array([0, 0, 1, 1]), 4)
    >>> found.covered, found.total_variation
    (0.5, 0.5)
    """
    if not len(real) or not len(fake):
        raise UsageError("classes of no pictures at all: one side is empty")
    shares = [np.bincount(side, minlength=count) / len(side) for side in (real, fake)]
    return Classes(*shares)


def agreement(probabilities: NDArray[Any], asked: NDArray[np.integer[Any]]) -> float:
    """How often the likeliest class is the one asked for.

    With a classifier that was trained on real pictures and fakes asked by label it is the GAN-test, with one that was
    trained on fakes and real pictures the GAN-train, of Shmelkov et al., "How good is my GAN?", arXiv:1807.09499.

    Args:
        probabilities: [N, K].
        asked: [N], whole numbers in [0, K).

    Raises:
        UsageError: there is nothing to compare, or not one label for each picture.

    >>> agreement(np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([0, 0]))
    0.5
    """
    if not len(asked) or len(probabilities) != len(asked):
        raise UsageError(f"{len(asked):,} labels for {len(probabilities):,} pictures: there must be one for each")
    return float((probabilities.argmax(1) == asked).mean())
