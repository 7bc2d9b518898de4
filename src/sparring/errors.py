"""What can go wrong, by exit code: every message is one line that names the thing and the remedy."""

from collections.abc import Iterable
from difflib import get_close_matches

INTERRUPTED = 130
"""The exit code of a run that was interrupted and has saved."""


class SparringError(Exception):
    """The command was understood and could not be carried out (exit code 1)."""

    exit_code = 1


class UsageError(SparringError):
    """The command, a recipe or a key is wrong; nothing was started (exit code 2)."""

    exit_code = 2


class Halted(SparringError):
    """A guard stopped the training, for example at the first number that is not finite (exit code 3)."""

    exit_code = 3


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A remedy for an unknown name: the nearest known one, and the whole list where nothing is near.

    >>> did_you_mean("dcgna", ["gan", "dcgan"])
    "did you mean 'dcgan'?"
    >>> did_you_mean("resnet", ["gan", "dcgan"])
    'known: dcgan, gan'
    """
    known = sorted(known)
    near = get_close_matches(name, known, n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
