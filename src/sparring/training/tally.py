"""Loss terms added up where they are computed and read once in a while: looking at a number makes a GPU wait."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Reading:
    """What a tally held.

    Attributes:
        means: `{"move.term": mean over the turns}`.
        bad: the step and the name of the first term that was not finite, if there was one.
    """

    means: dict[str, float]
    bad: tuple[int, str] | None


class Tally:
    """The terms of one move since they were last read."""

    def __init__(self, move: str) -> None:
        self._move = move
        self._names: list[str] = []
        self._steps: list[int] = []
        self._sum = torch.zeros(())
        self._finite = torch.zeros(())

    def add(self, step: int, terms: Mapping[str, Tensor]) -> None:
        """Count the terms of one turn without waiting for their values."""
        values = torch.stack([term.detach() for term in terms.values()])
        finite = torch.isfinite(values).to(values.dtype)
        if not self._steps:
            self._names = [f"{self._move}.{name}" for name in terms]
            self._sum, self._finite = values, finite
        else:
            self._sum += values
            # once a weight is bad every later loss is, so the number of finite turns tells which was the first
            self._finite += finite
        self._steps.append(step)

    def read(self) -> Reading:
        """The means since the last reading; the only place where training waits for the device."""
        if not self._steps:
            return Reading({}, None)
        steps, self._steps = self._steps, []
        means, finite = torch.stack([self._sum / len(steps), self._finite]).tolist()
        bad = [(steps[int(good)], name) for name, good in zip(self._names, finite, strict=True) if good < len(steps)]
        return Reading(dict(zip(self._names, means, strict=True)), min(bad, key=lambda item: item[0], default=None))
