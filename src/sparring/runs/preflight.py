"""What a run will take, before it starts: memory, found with small batches, and time, found with one whole step."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import log2

from sparring.config import Recipe
from sparring.errors import UsageError
from sparring.runs.preview import preview
from sparring.runs.session import Session
from sparring.training import memory

PROBE = 32
"""The largest batch that is tried to learn how memory grows."""
MARGIN = 0.9
"""The share of free memory that a batch which is advised may take: kernels need some for themselves."""
MOST = 1024
"""The largest batch that is found where it is to be found."""
ROUNDS = 8
"""Batches that an epoch has at least where the batch is to be found."""

Make = Callable[[int], Session]
"""A session like that of the run, with another batch size."""


@dataclass(frozen=True)
class Forecast:
    """What is to be expected.

    Attributes:
        memory: bytes that a step takes.
        free: bytes that are left on the device; None where the system does not say.
        images_per_second: of the second step.
        first_grid: seconds to the first picture grid of a trained generator.
        whole: seconds to the end of the budget.
    """

    memory: int
    free: int | None
    images_per_second: float
    first_grid: float
    whole: float


@dataclass(frozen=True)
class Growth:
    """What a step takes: a part that does not depend on the batch, and a part that grows with it.

    Two steps with small batches tell that of a large one, which is never played if it cannot fit.

    Attributes:
        fixed: bytes.
        slope: bytes for each picture of a batch.
        least: pictures that a batch is a multiple of.
    """

    fixed: float
    slope: float
    least: int

    def of(self, batch: int) -> int:
        """Bytes of a step with such a batch."""
        return round(self.fixed + self.slope * batch)

    def fitting(self, free: int) -> int:
        """The largest batch that fits into so many bytes and leaves kernels their own; 0 if none does.

        >>> Growth(fixed=100, slope=10, least=4).fitting(free=200)
        8
        """
        return int((MARGIN * free - self.fixed) / self.slope) // self.least * self.least if self.slope > 0 else 0


def growth(recipe: Recipe, session: Session, make: Make) -> Growth:
    """Find out how memory grows, by steps on copies."""
    least = _least(session)
    small = max(least, min(PROBE, recipe.batch_size // 4) // least * least)
    sizes = (small, 2 * small) if recipe.batch_size > 2 * small else (recipe.batch_size,)
    steps = [preview(make(size)).memory["a step in all"] for size in sizes]
    slope = (steps[-1] - steps[0]) / (sizes[-1] - sizes[0]) if len(sizes) > 1 else 0.0
    return Growth(steps[0] - slope * sizes[0], slope, least)


def batch_that_fits(session: Session, make: Make) -> int:
    """The largest batch that fits into free memory, of the sizes that are halves of each other.

    It is at most 1,024, and an eighth of the pictures: larger ones teach hardly more in a step.

    Args:
        session: of the run, with a batch of any size; it is not touched.
        make: builds others of it.

    Raises:
        UsageError: nothing fits, or the system does not say what is free.
    """
    free = memory.free(session.device)
    if free is None:
        raise UsageError("batch_size=auto: the system does not say how much memory is free: give a number")
    least = _least(session)
    most = max(least, min(MOST, len(session.dataset) // ROUNDS))
    found = growth(session.recipe.model_copy(update={"batch_size": max(most, 2 * least + 1)}), session, make)
    fits = min(most, found.fitting(free))
    if fits < least:
        raise UsageError(
            f"batch_size=auto: a step with {least} pictures takes about {_size(found.of(least))}, and "
            f"{_size(free)} are free: take a smaller game.width or data.size"
        )
    doublings = int(log2(fits / least))
    return least << doublings


def _least(session: Session) -> int:
    """Pictures that every batch is a multiple of, so that any of its parts can be played."""
    return 2 * session.trainer.game.multiple * session.recipe.parts


def forecast(recipe: Recipe, session: Session, make: Make) -> Forecast:
    """Find out what a run will take; the session itself is not touched.

    Args:
        recipe: of the run.
        session: ready to start.
        make: builds others of it.

    Raises:
        UsageError: it cannot fit into memory; the message names the largest batch that would.
    """
    grown = growth(recipe, session, make)
    needed, free = grown.of(recipe.batch_size), memory.free(session.device)
    if free is not None and needed > free:
        raise UsageError(_too_much(recipe.batch_size, grown, free))
    rate = _rate(make(recipe.batch_size))
    whole = min(
        recipe.images / rate if recipe.images else float("inf"),
        60 * recipe.minutes if recipe.minutes else float("inf"),
    )
    return Forecast(needed, free, rate, min(whole, recipe.record.samples / rate), whole)


def _too_much(batch: int, grown: Growth, free: int) -> str:
    fits = grown.fitting(free)
    remedy = f"set batch_size={fits}" if fits >= grown.least else "take a smaller game.width or data.size"
    return f"a step with batch_size={batch} takes about {_size(grown.of(batch))}, and {_size(free)} are free: {remedy}"


def _rate(session: Session) -> float:
    """Images a second of the second step: the first one also warms up."""
    steps = session.trainer.run(session.stream)
    shown = next(steps).images
    began = time.perf_counter()
    return (next(steps).images - shown) / (time.perf_counter() - began)


def sentence(found: Forecast) -> str:
    """The forecast, for a person.

    >>> sentence(Forecast(312_000_000, 20_000_000_000, 800.0, 12.5, 75.0))
    'a step takes about 0.31 GB of 20.00 GB free; about 800 images/s: first pictures after 12 s, the end after 75 s'
    """
    room = "" if found.free is None else f" of {_size(found.free)} free"
    return (
        f"a step takes about {_size(found.memory)}{room}; about {found.images_per_second:,.0f} images/s: "
        f"first pictures after {found.first_grid:,.0f} s, the end after {found.whole:,.0f} s"
    )


def _size(count: float) -> str:
    return f"{count / 1e9:,.2f} GB"
