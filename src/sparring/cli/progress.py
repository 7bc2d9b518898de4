"""Training as a person sees it: one live line on a terminal, a plain line now and then elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.text import Text

from sparring.cli.output import duration
from sparring.runs.session import Observer, Status

LIVE_SECONDS = 0.25
PLAIN_SECONDS = 5.0
BAR = 12
SEPARATOR = " · "


@contextmanager
def watching() -> Iterator[Observer]:
    """An observer that writes to stderr, as fits what stderr is."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield Plain(console)
        return
    # no thread that redraws: it would take time from the training
    with Live(console=console, auto_refresh=False) as live:
        yield OnTerminal(live)


class Plain:
    """A line every few seconds, for logs."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._next = 0.0

    def say(self, text: str) -> None:
        """A line."""
        self._console.print(text, markup=False, soft_wrap=True)

    def show(self, status: Status, news: bool) -> None:
        """A line, if losses were read and the last line is old enough or the end is reached."""
        if news and (time.monotonic() >= self._next or status.share >= 1):
            self._next = time.monotonic() + PLAIN_SECONDS
            self.say(SEPARATOR.join([*_numbers(status), *filter(None, _sheet_names(status)[:1])]))


class OnTerminal:
    """A line that changes in place."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._next = 0.0

    def say(self, text: str) -> None:
        """A line above the live one."""
        self._live.console.print(text, markup=False)

    def show(self, status: Status, news: bool) -> None:
        """Redraw, a few times a second."""
        if time.monotonic() >= self._next or status.share >= 1:
            self._next = time.monotonic() + LIVE_SECONDS
            line = Text(live_line(status, self._live.console.width), no_wrap=True, overflow="ellipsis")
            self._live.update(line, refresh=True)


def live_line(status: Status, width: int) -> str:
    """The most that fits: everything; without the bar; with the grid's name alone; without the grid."""
    filled = round(BAR * status.share)
    bar = "━" * filled + "╌" * (BAR - filled) + " "
    numbers = SEPARATOR.join(_numbers(status))
    whole, short = (f"{SEPARATOR}{sheet}" if sheet else "" for sheet in _sheet_names(status))
    lines = (bar + numbers + whole, numbers + whole, numbers + short)
    return next((line for line in lines if len(line) <= width), numbers)


def _sheet_names(status: Status) -> tuple[str, str]:
    return (str(status.sheet), status.sheet.name) if status.sheet else ("", "")


def _numbers(status: Status) -> list[str]:
    goal = f"/{status.goal:,}" if status.goal else ""
    parts = [f"{status.images:,}{goal} images", f"{status.rate:,.0f}/s", f"{_left(status)} left"]
    if status.losses:
        losses = " ".join(f"{player} {value:.2f}" for player, value in _by_player(status.losses).items())
        parts.append(f"{losses}, {status.reading}")
    if status.health:
        parts.append(f"doctor: {status.health}")
    return parts


def _left(status: Status) -> str:
    return duration(status.seconds * (1 / status.share - 1)) if status.share else "?"


def _by_player(losses: dict[str, float]) -> dict[str, float]:
    """One number a move, the sum of its terms, under as few letters as tell the moves apart: D, the discriminator's."""
    sums: dict[str, float] = {}
    for name, value in losses.items():
        move = name.partition(".")[0]
        sums[move] = sums.get(move, 0.0) + value
    letters = next(count for count in range(1, 100) if len({move[:count] for move in sums}) == len(sums))
    return {move[:letters].capitalize(): value for move, value in sums.items()}
