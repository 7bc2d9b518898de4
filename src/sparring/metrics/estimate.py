"""A number with what is known of its error."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, stdev

CONFIDENT = 1.959964
"""Standard errors to either side of an estimate that hold the truth 95 times of 100, if errors are Gaussian."""


@dataclass(frozen=True)
class Estimate:
    """A number with what is known of its error.

    Attributes:
        value: the number.
        error: its standard error; None where one estimate alone says nothing of it.
    """

    value: float
    error: float | None = None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The bounds of 95% confidence."""
        if self.error is None:
            return None
        return self.value - CONFIDENT * self.error, self.value + CONFIDENT * self.error


def of_repeats(values: Sequence[float]) -> Estimate:
    """The mean of independent repeats, and its error; of a single one nothing is known.

    >>> of_repeats([1.0, 3.0])
    Estimate(value=2.0, error=1.0)
    """
    error = stdev(values) / len(values) ** 0.5 if len(values) > 1 else None
    return Estimate(mean(values), error)
