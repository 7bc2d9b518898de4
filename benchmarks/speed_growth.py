"""How the cost of a step grows with pictures in the set, pixels, batch and width; start-up; what a whole run holds."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from benchmarks.speed_measures import MEGA, held, in_a_process, most_held, noise
from benchmarks.speed_sides import PLAINLY, Place, Work, ours, session_of
from benchmarks.speed_table import WORKS, line, rounded, size
from sparring.runs.prepare import computed
from sparring.runs.preview import preview
from sparring.runs.trial import choose, sentence

FEWEST = 3
"""Steps before memory is looked at for the first time, and that are timed at least."""
SETS = (1_000, 10_000, 100_000, 1_000_000)
RESOLUTIONS = (32, 64, 128, 256)
BATCHES = (16, 32, 64, 128, 256)
WIDTHS = (16, 32, 64, 128)
BUDGETS = (2, 10, 60)
"""Minutes of a run, of which trying takes a share."""
RUNS = tuple(work for work in WORKS if work.title in ("gan", "dcgan-svhn", "relativistic", "cyclegan"))
"""Of which start-up and memory are measured."""


@dataclass(frozen=True)
class Cost:
    """What steps took, in a process of their own.

    Attributes:
        seconds: of a step.
        images: that it showed.
        before: megabytes before the pictures were opened: Python, torch and the package.
        early: at most, within the first steps.
        late: at most, in the end.
    """

    seconds: float
    images: int
    before: float
    early: float
    late: float

    @property
    def apiece(self) -> float:
        """Seconds for an image."""
        return self.seconds / self.images


def growth(only: str | None, place: Place, seconds: float) -> None:
    """Print all tables, or one of them."""
    for name, print_table in TABLES.items():
        if only in (None, name):
            print_table(place, seconds)
            print(flush=True)


def cost(work: Work, place: Place, seconds: float) -> Cost:
    """Play a work of ours for so long; to be called in a process of its own."""
    before = held()
    session = session_of(work, place)
    side = ours(work, session)
    side.turn(0, least=FEWEST)
    early = most_held()
    images, steps = session.trainer.images, session.trainer.step
    rate = side.turn(seconds, least=FEWEST)
    shown = (session.trainer.images - images) // (session.trainer.step - steps)
    return Cost(shown / rate, shown, before, early, most_held())


def _by(head: str, works: Iterable[tuple[str, Work]], place: Place, seconds: float) -> None:
    """A table of costs, each beside that of the row above it."""
    _heads(head, "ms a step", "images/s", "an image, beside the row above", "memory", "of it before the data")
    last: Cost | None = None
    for name, work in works:
        found = in_a_process(cost, work, place, seconds)
        beside = "" if last is None else f"{found.apiece / last.apiece:.2f}"
        cells = [name, f"{1000 * found.seconds:,.1f}", rounded(1 / found.apiece), beside]
        print(line([*cells, size(found.late), size(found.before)]), flush=True)
        last = found


def _noisy(recipe: str, side: int, *settings: str) -> Work:
    return Work(recipe, "", recipe, f"noise-{side}.npy", PLAINLY, None, settings)


def _sets(place: Place, seconds: float) -> None:
    place = Place(place.scratch, place.scratch)
    path = place.data / "noise-28.npy"

    def works() -> Iterable[tuple[str, Work]]:
        for number in SETS:
            noise(path, number, 28, 1)
            yield f"{number:,}", _noisy("gan", 28)
        path.unlink()

    _by("pictures of 28x28 in the set, `gan`", works(), place, seconds)


def _dcgan(head: str, rows: dict[str, tuple[int, str]], place: Place, seconds: float) -> None:
    """Of `dcgan` by what changes from row to row: the pixels a side, or a setting."""
    place = Place(place.scratch, place.scratch)
    for side in {side for side, _ in rows.values()}:
        noise(place.data / f"noise-{side}.npy", 512, side, 3)
    works = [(name, _noisy("dcgan", side, setting)) for name, (side, setting) in rows.items()]
    _by(head, works, place, seconds)


def _resolutions(place: Place, seconds: float) -> None:
    rows = {f"{side}x{side}": (side, f"data.size={side}") for side in RESOLUTIONS}
    _dcgan("pixels, `dcgan`, batch 32", rows, place, seconds)


def _batches(place: Place, seconds: float) -> None:
    _dcgan("batch, `dcgan` 32x32", {f"{size}": (32, f"batch_size={size}") for size in BATCHES}, place, seconds)


def _widths(place: Place, seconds: float) -> None:
    rows = {f"{width}": (32, f"game.width={width}") for width in WIDTHS}
    _dcgan("width, `dcgan` 32x32, batch 32", rows, place, seconds)


def _starts(place: Place, seconds: float) -> None:
    """From the start of a process to the end of its first step, as `sparring train` does it."""
    _heads("run", "seconds to the first step, exact", "auto, which tries first", "auto, found before")
    for work in RUNS:
        with tempfile.TemporaryDirectory() as home:
            times = [_start(work, place, speed, home) for speed in ("exact", "auto", "auto")]
        print(line([work.words, *(f"{one:.1f}" for one in times)]), flush=True)


def _start(work: Work, place: Place, speed: str, home: str) -> float:
    settings = [setting.format(data=place.data) for setting in work.settings]
    began = time.monotonic()
    command = [sys.executable, "-m", "benchmarks.first_step", str(began), work.recipe, str(place.data / work.data)]
    command += [*settings, f"speed={speed}", f"device={place.device}"]
    env = os.environ | {"SPARRING_HOME": home}
    done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout)


def _trials(place: Place, seconds: float) -> None:
    """What trying takes of a budget, and what it finds."""
    _heads("run", "budget, minutes", "seconds of trying", "of the budget", "found")
    for work in RUNS:
        for minutes in BUDGETS:
            taken, found = in_a_process(tried, work, place, minutes)
            share = f"{taken / (60 * minutes):.1%}"
            print(line([work.words, f"{minutes:g}", f"{taken:.1f}", share, found]), flush=True)


def tried(work: Work, place: Place, minutes: float) -> tuple[float, str]:
    """Seconds that `speed=auto` takes before the first step, and what it says; to be called in a process of its own."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["SPARRING_HOME"] = home
        session = session_of(work, place, minutes=minutes)
        began = time.perf_counter()
        found = choose(
            session.recipe, session.dataset.spec, session.device, partial(computed, session), lambda text: None
        )
        return time.perf_counter() - began, sentence(found)


def _holdings(place: Place, seconds: float) -> None:
    """Memory of a run beside what its step needs by the reckoning of `sparring train`."""
    _heads("run", "a step and the pictures", f"taken after {FEWEST} steps", "in the end", "beside", "before the data")
    for work in RUNS:
        needed, found = in_a_process(needs, work, place), in_a_process(cost, work, place, seconds)
        early, late = found.early - found.before, found.late - found.before
        cells = [size(needed), size(early), size(late), f"{late / needed:.2f}", size(found.before)]
        print(line([work.words, *cells]), flush=True)


def needs(work: Work, place: Place) -> float:
    """Megabytes of a step and of the pictures in memory; to be called in a process of its own."""
    memory = preview(session_of(work, place)).memory
    return (memory["a step in all"] + memory["pictures"]) / MEGA


def _heads(*cells: str) -> None:
    print(line(cells))
    print(line(["---"] * len(cells)))


TABLES = {
    "set": _sets,
    "resolution": _resolutions,
    "batch": _batches,
    "width": _widths,
    "start": _starts,
    "trial": _trials,
    "memory": _holdings,
}
