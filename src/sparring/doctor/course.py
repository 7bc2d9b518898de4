"""The signals of a run over time, as the rules of the verdicts read them."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Series = NDArray[np.float64]
Flags = NDArray[np.bool_]

SELDOM = ("shipped_distance",)
"""Signals that most looks leave out."""
GLANCE = "glance"
"""In the row of a look that was a glance: it took in the pictures alone."""


class Course:
    """What the doctor saw at every look, oldest first.

    A signal is read as a series, a number for each look, and nan where it was not seen. What is seldom looked at stands
    for the looks after it, and so does what a glance leaves out.

    Args:
        looks: rows of `events.jsonl`, each with `images`.
        shares: for each look how much of the run's budget was used up, 0 to 1.

    >>> course = Course([{"images": 1, "spread": 0.5}, {"images": 2}, {"images": 3, "spread": 0.9}], [0.1, 0.2, 0.3])
    >>> course["spread"]
    array([0.5, nan, 0.9])
    """

    def __init__(self, looks: Sequence[Mapping[str, Any]], shares: Sequence[float]) -> None:
        self.looks = looks
        self.images = np.array([look["images"] for look in looks], np.int64)
        self.shares = np.array(shares, np.float64)
        self._series: dict[tuple[str, int], Series] = {}

    def __len__(self) -> int:
        return len(self.looks)

    def __getitem__(self, name: str) -> Series:
        return self.smooth(name, 1)

    def _read(self, name: str) -> Series:
        found = np.full(len(self.looks), np.nan)
        last = np.nan
        for at, look in enumerate(self.looks):
            last = look.get(name, last if name in SELDOM or GLANCE in look else np.nan)
            found[at] = last
        return found

    @cached_property
    def whole(self) -> "Course":
        """Without the glances."""
        some = self._whole
        return Course([self.looks[at] for at in some], self.shares[some].tolist())

    def onward(self, flags: Flags) -> Flags:
        """Flags of the `whole` course for every look: that of a glance is that of the look before.

        >>> course = Course([{"images": 1}, {"images": 2, "glance": True}, {"images": 3}], [0.1, 0.2, 0.3])
        >>> course.onward(np.array([True, False])).tolist()
        [True, True, False]
        """
        return flags[np.searchsorted(self._whole, np.arange(len(self)), side="right") - 1]

    @cached_property
    def _whole(self) -> NDArray[np.intp]:
        """Which looks are no glances; the first counts as none."""
        return np.flatnonzero([at == 0 or GLANCE not in look for at, look in enumerate(self.looks)])

    def seen(self, name: str) -> Flags:
        """At which looks the signal was read."""
        return np.array([name in look for look in self.looks], np.bool_)

    def smooth(self, name: str, looks: int = 5) -> Series:
        """The median of each look and those right before it, `looks` at most; no later one takes part.

        >>> Course([{"images": at, "a": at} for at in range(4)], [0.0] * 4).smooth("a", 3)
        array([0., 0., 1., 2.])
        """
        if (name, looks) not in self._series:
            self._series[name, looks] = self._read(name) if looks == 1 else before(self[name], looks)
        return self._series[name, looks]

    def until(self, count: int) -> "Course":
        """The first looks alone."""
        return Course(self.looks[:count], self.shares.tolist()[:count])


def before(series: Series, looks: int) -> Series:
    """The median of each number and those right before it; of an even count the lower one."""
    padded = np.concatenate([np.full(looks - 1, np.nan), series])
    windows = np.sort(np.lib.stride_tricks.sliding_window_view(padded, looks), 1)  # nan last
    known = (~np.isnan(windows)).sum(1)
    return np.take_along_axis(windows, np.maximum(known - 1, 0)[:, None] // 2, 1)[:, 0]


def earlier(series: Series, shares: Series, ago: float) -> Series:
    """For each look the number that was seen when so much less of the budget was used up; nan if none was.

    >>> earlier(np.array([1.0, 2.0, 3.0]), np.array([0.1, 0.2, 0.3]), 0.15)
    array([nan, nan,  1.])
    """
    at = np.searchsorted(shares, shares - ago, side="right") - 1
    return np.where(at >= 0, series[np.maximum(at, 0)], np.nan)
