"""Study pages: each is an experiment of the course notes, run again on this machine, with the numbers it gave."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, cast

from sparring import registry

if TYPE_CHECKING:
    from sparring.lab.page import Study

_SHARED = ("classifier", "page", "pictures")


class Experiment(Protocol):
    """What a file of this folder offers.

    Attributes:
        ABOUT: what it shows, in one line.
    """

    ABOUT: str

    def study(self, data: str | None, seed: int, tell: Callable[[str], None]) -> "Study":
        """Run it and say what came out.

        Args:
            data: a set of pictures; None: the experiment's own choice.
            seed: of every random number.
            tell: is told, in a line, how far the work is.

        Raises:
            UsageError: it cannot use such data.
            SparringError: the data is damaged.
        """
        ...


def names() -> list[str]:
    """The names of all experiments, sorted.

    >>> names()
    ['batch-norm', 'earth-mover', 'vanishing-gradient']
    """
    return registry.names(__name__, but=_SHARED)


def find(name: str) -> Experiment:
    """The experiment of that name.

    Raises:
        UsageError: there is none; the message suggests the nearest.
    """
    return cast(Experiment, registry.find(__name__, name, but=_SHARED))
