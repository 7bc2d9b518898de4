"""A number with what is known of its error."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from statistics import mean, stdev


@dataclass(frozen=True)
class Estimate:
    """A number with what is known of its error.

    Attributes:
        value: the number.
        error: its standard error; None where one estimate alone says nothing of it.
        freedom: independent numbers that the error was estimated from, less one.
    """

    value: float
    error: float | None = None
    freedom: float = inf

    @property
    def interval(self) -> tuple[float, float] | None:
        """The bounds of 95% confidence, by Student's distribution.

        >>> [round(bound, 2) for bound in Estimate(10.0, 1.0, freedom=2).interval]
        [5.7, 14.3]
        """
        if self.error is None:
            return None
        from scipy.special import stdtrit

        half = float(stdtrit(self.freedom, 0.975)) * self.error
        return self.value - half, self.value + half


def of_repeats(values: Sequence[float]) -> Estimate:
    """The mean of independent repeats, and its error; of a single one nothing is known.

    >>> of_repeats([1.0, 3.0])
    Estimate(value=2.0, error=1.0, freedom=1)
    """
    error = stdev(values) / len(values) ** 0.5 if len(values) > 1 else None
    return Estimate(mean(values), error, len(values) - 1)
