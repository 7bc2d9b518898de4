"""What is played in the same way at every step, recorded once and then replayed without Python.

The kernels of a small network take less time than it takes to ask for them one by one.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from torch import Tensor

from sparring.data.batches import Images

WARM = 3
"""How often something is played before it is recorded: libraries choose their kernels the first times."""


@dataclass(frozen=True)
class Turn:
    """What the turn of a move leaves behind.

    Attributes:
        terms: names of the loss terms.
        values: [T], theirs.
        gradients: of the parameters that moved.
    """

    terms: tuple[str, ...]
    values: Tensor
    gradients: list[Tensor]


Perform = Callable[[Images], list[Turn]]
"""Plays some moves on a batch."""


class Recording(Protocol):
    """A performance that can be given again: what it reads and writes, but for the batch, stays where it is."""

    @staticmethod
    def rehearse(perform: Perform, batch: Images) -> list[Turn]:
        """Play as it will be recorded later, without recording."""
        ...

    @classmethod
    def record(cls, perform: Perform, batch: Images, other: Self | None) -> tuple[Self, list[Turn]]:
        """Play once, and remember how.

        Args:
            perform: what is played.
            batch: on which.
            other: a recording of the same trainer.

        Raises:
            RuntimeError: it cannot be recorded.
        """
        ...

    def replay(self, batch: Images) -> list[Turn]:
        """Play it on another batch of the same kind."""
        ...


class Recorder:
    """Plays moves on batches: at first as they are, later from a recording.

    That gives the same numbers, for random numbers come from a generator whose seed a replay reads anew. But whatever a
    move asks of the host is only asked once: a game that decides in Python, beyond which moves are played, must not be
    recorded. Most cannot be, since a recording that has to know a number fails.

    Args:
        sort: of recordings.
    """

    def __init__(self, sort: type[Recording]) -> None:
        self._sort = sort
        self._played: Counter[object] = Counter()
        self._recordings: dict[object, Recording] = {}

    def play(self, moves: Sequence[str], batch: Images, perform: Perform) -> list[Turn]:
        """Play moves on a batch.

        Args:
            moves: their names; a recording is of these moves, and of batches of this shape.
            batch: on the device.
            perform: plays them.

        Raises:
            RuntimeError: they cannot be recorded.
        """
        kind = (*moves, *((tuple(one.shape), one.stride()) for one in batch.tensors()))
        if kind in self._recordings:
            return self._recordings[kind].replay(batch)
        self._played[kind] += 1
        if self._played[kind] <= WARM:
            return self._sort.rehearse(perform, batch)
        other = next(iter(self._recordings.values()), None)
        self._recordings[kind], turns = self._sort.record(perform, batch, other)
        return turns
