"""What the loop is given, and what it gives."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from sparring.data.batches import Images


class Stream(Protocol):
    """Where batches come from: the same k always gives the same batch."""

    def starting(self, k: int) -> Iterator[Images]:
        """Batches k, k + 1, ... without end."""
        ...


@dataclass(frozen=True)
class Progress:
    """Where a run stands after a step.

    Attributes:
        step: steps played.
        images: real images shown.
        seconds: time spent in steps since the run began, all sittings together.
    """

    step: int
    images: int
    seconds: float
