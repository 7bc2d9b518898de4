"""Work on every picture of a set by threads, in order, with a word on how far it is."""

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")
Announce = Callable[[str], None]

_CHUNK = 32
_SECONDS_BETWEEN = 2.0


def silent(_: str) -> None:
    """Announce nothing."""


class Progress:
    """A line such as `decoding pictures: 640 of 9,000`, every two seconds at most; a total of 0 is not known."""

    def __init__(self, doing: str, total: int, announce: Announce) -> None:
        self._doing = doing
        self._total = total
        self._announce = announce
        self._said = time.monotonic()

    def at(self, done: int) -> None:
        """So many are done."""
        if time.monotonic() - self._said > _SECONDS_BETWEEN:
            self._said = time.monotonic()
            self._announce(f"{self._doing}: {done:,}" + (f" of {self._total:,}" if self._total else ""))


def in_threads(
    work: Callable[[int], Result], count: int, doing: str, announce: Announce, chunk: int = _CHUNK
) -> Iterator[Result]:
    """`work(0), ... work(count - 1)`, computed by threads; every two seconds a line such as `decoding: 640 of 9,000`.

    Args:
        work: what is done.
        count: how often.
        doing: what it is called.
        announce: is told.
        chunk: so many are done by a thread at a time.

    >>> list(in_threads(lambda i: i * i, 4, "squaring", silent))
    [0, 1, 4, 9]
    """

    def some(start: int) -> list[Result]:
        return [work(index) for index in range(start, min(start + chunk, count))]

    progress = Progress(doing, count, announce)
    pool = ThreadPoolExecutor(min(8, os.cpu_count() or 1))
    try:
        for number, results in enumerate(pool.map(some, range(0, count, chunk))):
            yield from results
            progress.at(min((number + 1) * chunk, count))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)  # a stop must not wait for a hundred thousand pictures
