"""Seconds from the start of this process to the end of the first step of a run; `benchmarks.speed growth` calls it.

    python -m benchmarks.first_step BEGAN RECIPE DATA [KEY=VALUE ...]

BEGAN is what the monotonic clock said when the process was asked for.
"""

import sys
import tempfile
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # what is imported counts, and must be no more than a run needs
    from sparring.runs.session import Status


class Played(Exception):
    """The first step is over."""


class First:
    """Watches until then."""

    def __init__(self, began: float) -> None:
        self.began = began

    def say(self, text: str) -> None:
        """Nothing."""

    def show(self, status: "Status", news: bool) -> None:
        """After the first step."""
        print(time.monotonic() - self.began)
        raise Played


def main() -> None:
    from sparring.runs import launch

    began, recipe, data, *settings = sys.argv[1:]
    with tempfile.TemporaryDirectory() as runs, suppress(Played):
        launch.train(recipe, *settings, data=data, runs=runs, name="run", observer=First(float(began)), forecast=True)


if __name__ == "__main__":
    main()
