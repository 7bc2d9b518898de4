"""One command as several processes."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sparring.runs.session import Observer

Processes = Annotated[
    int | None, typer.Option("--nproc", min=1, help="Play with so many processes, each on a part of every batch.")
]


def start(count: int | None) -> None:
    """Become so many processes of the same command, unless this is one of them already: through torchrun."""
    if count is None or count == 1 or "RANK" in os.environ:
        return
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // count)))
    run = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}"]
    sys.stdout.flush()
    os.execv(sys.executable, [*run, "-m", "sparring", *_without_count(sys.argv[1:])])


def _without_count(words: Sequence[str]) -> list[str]:
    """
    >>> _without_count(["train", "gan", "--nproc", "2", "--images=64"]), _without_count(["resume", "--nproc=2", "a"])
    (['train', 'gan', '--images=64'], ['resume', 'a'])
    """
    kept: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--nproc":
            next(rest, None)
        elif not word.startswith("--nproc="):
            kept.append(word)
    return kept


def leads() -> bool:
    """Whether this process is the only one, or the one of several that speaks."""
    return os.environ.get("RANK", "0") == "0"


@contextmanager
def watching() -> "Iterator[Observer | None]":
    """Progress for a person, by the one that speaks."""
    from sparring.cli import progress

    if not leads():
        yield None
        return
    with progress.watching() as observer:
        yield observer
