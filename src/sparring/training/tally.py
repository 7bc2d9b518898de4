"""Numbers that are looked at once in a while, since looking makes a GPU wait: loss terms, and whether all is finite."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Bad:
    """The first term that was not finite.

    Attributes:
        step: when.
        move: in whose turn.
        term: `move.term`.
    """

    step: int
    move: str
    term: str


PENDING = 256
"""Turns after which their terms are added up, read or not."""


class Tally:
    """The terms of one move since they were last read."""

    def __init__(self, move: str) -> None:
        self.move = move
        self._names: list[str] = []
        self._steps: list[int] = []
        self._pending: list[Tensor] = []
        self._sum = torch.zeros(0)
        self._finite = torch.zeros(0)

    def add(self, step: int, names: Iterable[str], values: Tensor) -> None:
        """Count the terms of one turn, [number of terms], without waiting for their values."""
        if not self._steps:
            self._names = [f"{self.move}.{name}" for name in names]
            self._sum, self._finite = torch.zeros_like(values), torch.zeros_like(values)
        self._steps.append(step)
        self._pending.append(values.clone())  # a recording writes the next ones into the same place
        if len(self._pending) == PENDING:
            self.settle()

    def settle(self) -> None:
        """Add up what is pending."""
        if self._pending:
            values, self._pending = torch.stack(self._pending), []
            self._sum += values.sum(0)
            # once a weight is bad every later loss is, so the number of finite turns tells which was the first
            self._finite += values.isfinite().sum(0)

    def _take(self, numbers: Sequence[float]) -> tuple[dict[str, float], list[Bad]]:
        steps, self._steps = self._steps, []
        sums, finite = numbers[: len(self._names)], numbers[len(self._names) :]
        means = {name: total / len(steps) for name, total in zip(self._names, sums, strict=True)}
        bad = [
            Bad(steps[int(good)], self.move, name)
            for name, good in zip(self._names, finite, strict=True)
            if good < len(steps)
        ]
        return means, bad


def read(tallies: Sequence[Tally]) -> tuple[dict[str, float], Bad | None]:
    """`{"move.term": mean over the turns since the last reading}`, and the first term that was not finite.

    The only place where training waits for the device, once for all moves.
    """
    busy = [tally for tally in tallies if tally._steps]
    if not busy:
        return {}, None
    for tally in busy:
        tally.settle()
    numbers = torch.cat([part for tally in busy for part in (tally._sum, tally._finite)]).tolist()
    means: dict[str, float] = {}
    bad: list[Bad] = []
    for tally in busy:
        length = 2 * len(tally._names)
        own, numbers = numbers[:length], numbers[length:]
        some, worse = tally._take(own)
        means |= some
        bad += worse
    return means, min(bad, key=lambda one: one.step, default=None)


def first_bad(named: Iterable[tuple[str, Tensor]]) -> str:
    """The name of the first tensor that is not finite; empty if all are.

    >>> first_bad([("a", torch.ones(2)), ("b", torch.tensor([1.0, torch.nan]))])
    'b'
    """
    numbers = [(name, value) for name, value in named if value.is_floating_point()]
    finite = torch.stack([value.isfinite().all() for _, value in numbers]).tolist()
    return next((name for (name, _), fine in zip(numbers, finite, strict=True) if not fine), "")
