"""The table of speeds: the plain way, ours in the exact way, and ours in the way that a run chooses on this machine."""

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import torch

from benchmarks.speed_measures import in_a_process, memory_of, most_operations, operations
from benchmarks.speed_sides import (
    NOTES,
    ONE_FORWARD,
    PLAINLY,
    PUBLISHED,
    Elsewhere,
    Place,
    Side,
    Work,
    ours,
    session_of,
    theirs,
)
from sparring.runs.prepare import computed
from sparring.runs.session import Session
from sparring.runs.trial import sped_up
from sparring.training.speed import EXACT, Speed, on_threads

WORKS = (
    Work("gan", "`gan` 28x28, batch 64", "gan", "fashion-mnist", NOTES, 3.0, ("batch_size=64",)),
    Work("dcgan-svhn", "`dcgan-svhn` 32x32, batch 128", "dcgan-svhn", "openmoji-128.zip", NOTES, 2.1),
    Work("dcgan-celeba", "`dcgan-celeba` 64x64, batch 128", "dcgan-celeba", "openmoji-128.zip", NOTES, 2.4),
    Work("wgan-gp", "`wgan-gp` 32x32, batch 64", "wgan-gp", "openmoji-128.zip", PLAINLY, 1.5, ("data.size=32",)),
    Work(
        "relativistic",
        "`relativistic` 32x32, batch 32",
        "relativistic",
        "openmoji-128.zip",
        PLAINLY,
        1.5,
        ("data.size=32",),
    ),
    Work(
        "cyclegan",
        "`cyclegan` 64x64, batch 1",
        "cyclegan",
        "twemoji-128.zip",
        PUBLISHED,
        1.3,
        ("data.size=64", "data.inputs={data}/openmoji-128.zip"),
    ),
    Work("sampling", "sampling 10,000, `dcgan-svhn`", "dcgan-svhn", "openmoji-128.zip", ONE_FORWARD, 2.0),
)
QUICK = Speed(precision="bfloat16")
"""How pictures are drawn with `sparring sample --quick`, where that is faster."""
WARM_UP = 2.0
"""Seconds of every side before it counts, at most."""
HEADS = (
    "work",
    "against",
    "ours",
    "theirs, images/s",
    "ours, images/s",
    "ratio, median (range)",
    "required",
    "their memory",
    "our memory",
    "of the most",
)


def table(works: Iterable[Work], place: Place, rounds: int, seconds: float) -> None:
    """Print it, a row or two for each piece of work."""
    print(line(HEADS))
    print(line(["---"] * len(HEADS)))
    for work in works:
        for row in rows(work, place, rounds, seconds):
            print(row, flush=True)


def rows(work: Work, place: Place, rounds: int, seconds: float) -> Iterator[str]:
    """Ours in every way, all in turns with theirs."""
    ways = ways_of(work, place)
    sessions = list(ways.values())
    own_sides = [ours(work, session) for session in sessions]
    each = operations(own_sides[0])
    sides: list[Side | Elsewhere] = [Elsewhere(theirs, work, place), *own_sides]
    for side in sides:
        side.turn(min(seconds, WARM_UP), least=2)
    turns, most = [], []
    for _ in range(rounds):
        turns.append([side.turn(seconds) for side in sides])
        most.append([most_of(session.trainer.speed, place.device) for session in sessions])
    plain, *own = zip(*turns, strict=True)
    their_memory = in_a_process(memory_of_work, work, place, None)
    for way, rates, limits in zip(ways, own, zip(*most, strict=True), strict=True):
        yield line(
            [
                work.words,
                work.against,
                way,
                rounded(statistics.median(plain)),
                rounded(statistics.median(rates)),
                times(rates, plain),
                "" if work.required is None else f"{work.required}",
                size(their_memory),
                size(in_a_process(memory_of_work, work, place, ways[way].trainer.speed)),
                share([each * rate for rate in rates], limits),
            ]
        )


def ways_of(work: Work, place: Place) -> dict[str, Session]:
    """Ours in the exact way, and where another one is chosen in that as well; if it records, also without that."""
    if work.against == ONE_FORWARD:
        return {"exact": session_of(work, place), "`--quick`: bfloat16": session_of(work, place, QUICK)}
    session = session_of(work, place)
    make = partial(computed, session)
    chosen = sped_up(session, make)
    speed = chosen.trainer.speed
    if speed == EXACT:
        return {"exact, and auto": chosen}
    eager = replace(speed, recorded=False)
    between = {f"as below, not recorded: {eager}": make(eager)} if speed.recorded and eager != EXACT else {}
    return {"exact": session_of(work, place), **between, f"auto: {speed}": chosen}


def memory_of_work(work: Work, place: Place, speed: Speed | None) -> float:
    """Megabytes that a side takes at most; None: theirs. To be called in a process of its own."""
    side = theirs(work, place) if speed is None else ours(work, session_of(work, place, speed))
    return memory_of(side, place.device)


def times(own: Sequence[float], plain: Sequence[float]) -> str:
    """How many times as fast, of neighbouring turns: the median, the smallest and the largest.

    >>> times([2.0, 3.0, 4.0], [1.0, 1.0, 1.0])
    '**3.00** (2.00 to 4.00)'
    """
    ratios = [fast / slow for fast, slow in zip(own, plain, strict=True)]
    return f"**{statistics.median(ratios):.2f}** ({min(ratios):.2f} to {max(ratios):.2f})"


def most_of(speed: Speed, device: str) -> float:
    """Operations a second of a large matrix product, computed in that way."""
    with on_threads(speed.threads):
        return most_operations(getattr(torch, speed.precision), device)


def share(done: Sequence[float], most: Sequence[float]) -> str:
    """Operations a second beside the most there are, both in neighbouring turns.

    >>> share([2e9, 3e9], [4e9, 4e9])
    '62% of 4 GFLOP/s'
    """
    median = statistics.median(mine / limit for mine, limit in zip(done, most, strict=True))
    return f"{median:.0%} of {statistics.median(most) / 1e9:,.0f} GFLOP/s"


def rounded(rate: float) -> str:
    """Images a second.

    >>> rounded(1234.5), rounded(1.234)
    ('1,234', '1.2')
    """
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.1f}"


def size(megabytes: float) -> str:
    """As a cell has it."""
    return f"{megabytes:,.0f} MB"


def line(cells: Sequence[str]) -> str:
    """A row of a table."""
    return f"| {' | '.join(cells)} |"
