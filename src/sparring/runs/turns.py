"""A copy of a run that is played a turn at a time, to see how long its steps take."""

import time
from collections.abc import Callable, Mapping, Sequence
from math import ceil
from typing import Any

from torch.overrides import TorchFunctionMode

from sparring.runs.session import Session
from sparring.training.speed import on_threads

LEAST = 0.1
"""Seconds of a turn at least: shorter ones are mostly noise."""


class Copy:
    """A run that is thrown away afterwards.

    Args:
        session: at its start.

    Attributes:
        device: where it computes.
        parts: that a batch is played in.
        rate: images a second of the second step; the first one also warms up.
        step_seconds: that the second step took.
        turn_seconds: that a turn takes.
    """

    def __init__(self, session: Session) -> None:
        self.device, self.parts = session.device, session.recipe.parts
        self._threads = session.trainer.speed.threads
        self._steps = session.trainer.run(session.stream)
        self._shown, self._count = 0, 1
        self.turn()
        began = time.perf_counter()
        self.rate = self.turn()
        self.step_seconds = time.perf_counter() - began
        self._count = max(1, ceil(LEAST / self.step_seconds))
        self.turn_seconds = self._count * self.step_seconds

    def calls(self) -> int:
        """Of torch's functions, in a step that is played."""
        counted = _Calls()
        with counted:
            self._shown = next(self._steps).images
        return counted.number

    def turn(self) -> float:
        """Images a second of some steps."""
        with on_threads(self._threads):
            began = time.perf_counter()
            for _ in range(self._count):
                now = next(self._steps)
            rate = (now.images - self._shown) / (time.perf_counter() - began)
        self._shown = now.images
        return rate


class _Calls(TorchFunctionMode):
    """Counts what torch is asked for, gradients not included."""

    def __init__(self) -> None:
        super().__init__()
        self.number = 0

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Call it."""
        self.number += 1
        return func(*args, **(kwargs or {}))
