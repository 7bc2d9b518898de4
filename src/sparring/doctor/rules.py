"""The rules: for every look at a run, whether the signals are those of an illness.

The thresholds were found on one half of a bench of runs that were broken on purpose, and tried on the other half:
`benchmarks/doctor.py`, with its result in `docs/doctor.md`.
"""

import numpy as np
from numpy.typing import NDArray

from sparring.doctor.course import Course, Flags, Series, before, earlier

SETTLED = 0.1
"""Share of the budget before which bad pictures are a young run's good right."""
YOUNG = 0.25
"""Share of the budget before which a run that was never better cannot be told from one that will be."""
LATE = 0.8
"""Share of the budget after which what young pictures have, and lose, should be lost."""


def diverging(course: Course) -> Flags:
    """Logits, slopes or weights run away from what they were, or the pictures jump about and come to nothing."""
    weights, grown, distance = (course[name] for name in ("generator.weights", "generator.weights_grown", "distance"))
    burst = (weights > 3 * earlier(weights, course.shares, 0.1)) | (grown > 8)
    strides = (course.smooth("generator.update", 3) > 0.05) & (course.shares > SETTLED / 2)
    # nothing that is well grows so soon, and its pictures need not be bad at every look
    soon = (grown > 6) & (course.shares < YOUNG) & (distance > 0.1)
    # one bad look among good ones is no illness yet, nor one good look among bad ones a recovery
    away = _two_in_a_row(soon | ((distance > 0.2) & (burst | strides)))
    boundless = (course["logits"] > 1e3) & (distance > 0.1)
    return _lasting(away | boundless | course.onward(_running_away(course.whole)), course.smooth("distance") > 0.1)


def _running_away(course: Course) -> Flags:
    """What a glance does not tell of it."""
    steep = (course["distance"] > 0.2) & _grown(course["slope"], 30)
    # the pictures of a young run jump about as well, on their way to something
    jumps = (course.smooth("drift") > 0.6) & (course.smooth("distance") > 0.4) & (course.shares > YOUNG)
    return _two_in_a_row(steep | (course["logits"] > 1e4) | jumps)


def mode_collapse(course: Course) -> Flags:
    """Fakes fall into few of the groups that real pictures are in, or lie closely together.

    Young runs look just the same. So there must have been more before, or the run is not young and gets no better.
    But that every fake has a twin is not to be seen in young runs either: their fakes are alike, yet all different.
    """
    variety, spread, distance = (course.smooth(name, 3) for name in ("variety", "spread", "distance"))
    few = (variety < 0.35) | (spread < 0.35)
    fallen = np.fmax.accumulate(variety) > np.maximum(2 * variety, 0.5)
    stuck = (course.shares > YOUNG) & ~(distance < 0.85 * earlier(distance, course.shares, 0.06))
    twins = (course.smooth("apart", 3) < 0.005) & (course.shares > SETTLED / 2)
    return _lasting(twins | (few & (fallen | stuck) & _settled(course)), few)


def vanishing_gradient(course: Course) -> Flags:
    """The generator's gradient is nothing, or nothing beside what it was."""
    gradient = course["generator.gradient"]
    return (gradient < 1e-6) | (gradient < 1e-4 * np.fmax.accumulate(gradient))


def too_strong(course: Course) -> Flags:
    """Every fake is told, far from undecided, and the pictures are far off and come no nearer."""
    sure = (course.smooth("separation") > 0.995) & (course.smooth("sureness") > 0.95)
    far = course.smooth("distance") > 0.2
    return _lasting(sure & far & _no_nearer(course), sure & far)


def too_weak(course: Course) -> Flags:
    """The fakes are far from real and come no nearer, and it cannot tell."""
    blind = (course.smooth("separation") < 0.65) & (course.smooth("distance") > 0.1)
    return _lasting(blind & _no_nearer(course), blind)


def overfits(course: Course) -> Flags:
    """Real pictures that it was not trained on look to it like fakes."""
    return (course.smooth("overfitting") > 0.55) & (course.smooth("separation") > 0.8)


def oscillating(course: Course) -> Flags:
    """The discriminator tells real from fake, then does not, again and again; or its lead falls to little and back."""
    told, wide, led = _turns(course)
    return _again(course, told, 4) | _again(course, wide, 4) | _again(course, led, 6)


def _again(course: Course, turns: NDArray[np.intp], few: int) -> Flags:
    """At which looks there have been so many turns, the last of them lately."""
    so_far = np.searchsorted(turns, np.arange(len(course)), side="right")
    if len(turns) < few:
        return np.zeros(len(course), np.bool_)
    lately = course.shares - course.shares[turns[np.maximum(so_far - 1, 0)]] < 0.25
    return (so_far >= few) & lately


def period(course: Course) -> float:
    """The images that an oscillation takes; nan without one."""
    turns = max(_turns(course), key=len)
    if len(turns) < 2:
        return float("nan")
    return 2 * float(course.images[turns[-1]] - course.images[turns[0]]) / (len(turns) - 1)


def _turns(course: Course) -> tuple[NDArray[np.intp], ...]:
    """Looks at which the discriminator began or ceased to tell, for a while or plainly, and those at which its lead
    became much or little."""
    separation, gap, settled = course.smooth("separation", 3), course["gap"], _settled(course)
    top = np.nanquantile(gap[settled], 0.9) if np.isfinite(gap[settled]).any() else np.nan
    told = _swings(settled & (separation > 0.8), settled & (separation < 0.6))
    plain = course["separation"]
    wide = _swings(settled & (plain > 0.9), settled & (plain < 0.4))
    led = _swings(settled & (gap > 0.7 * top) & (separation > 0.95), settled & (gap < 0.3 * top))
    return told, wide, led


def _swings(high: Flags, low: Flags) -> NDArray[np.intp]:
    """Where a series that was low is high, or the other way round; what lies between does not count."""
    places = np.flatnonzero(high | low)
    changed: NDArray[np.intp] = places[1:][high[places][1:] != high[places][:-1]]
    return changed


def checkerboard(course: Course) -> Flags:
    """Fine detail beats with a period of 2 or 4 pixels, in pictures that are not all the same, and get no better.

    Young pictures have that grid as well, and lose it: late in a run a weaker one counts. It must have been there for a
    while, as what comes and goes is not of the layers.
    """
    strength = np.hypot(course.smooth("peak_2"), np.maximum(course.smooth("peak_4"), 0))
    then = earlier(strength, course.shares, 0.15)
    stays = ~(strength < 0.85 * then) & (course.shares > 2 * YOUNG)
    strong = np.minimum(strength, then) > np.where(course.shares > LATE, 0.37, 0.5)
    return _lasting(stays & strong & (course.smooth("variety") > 0.15), strength > 0.35)


def copying(course: Course) -> Flags:
    """More fakes lie right beside a training picture than real pictures do that are none."""
    return course.smooth("copies") - course["copies_expected"] > 0.3


def label_ignored(course: Course) -> Flags:
    """Classes of fakes are named rightly about as often as by chance, and it gets no better.

    Some learn what a picture is first and what its class is later: half of the budget is theirs.
    """
    agreement = course.smooth("agreement")
    no_better = agreement < earlier(agreement, course.shares, YOUNG) + 0.05
    ignored = agreement < 0.15
    return _lasting(ignored & no_better & (course.shares > 2 * YOUNG), ignored)


def statistics_mismatch(course: Course) -> Flags:
    """What is shipped is three times as far from real as what was trained at the time."""
    live = np.where(course.seen("shipped_distance"), course["distance"], np.nan)
    worse = course["shipped_distance"] - 3 * np.maximum(live, 0)
    return (before(worse, 6) > 0.1) & (course.shares > 2 * SETTLED)


def plateau(course: Course) -> Flags:
    """The generator hardly moves any more, and has not for a while, and its pictures are not there yet."""
    update = course.smooth("generator.update")
    still = (update < 1e-5) & (earlier(update, course.shares, SETTLED) < 1e-5)
    return still & (course.smooth("distance") > 0.04)


def _lasting(begins: Flags, goes_on: Flags) -> Flags:
    """From where something begins for as long as it goes on."""
    found = begins.copy()
    for at in range(1, len(found)):
        found[at] |= found[at - 1] and goes_on[at]
    return found


def _no_nearer(course: Course) -> Flags:
    """The pictures are about as far from real ones as a fifth of the budget ago."""
    distance = course.smooth("distance")
    return distance > 0.7 * earlier(distance, course.shares, 0.2)


def _two_in_a_row(flags: Flags) -> Flags:
    """The same without those that stand alone."""
    beside = np.zeros_like(flags)
    beside[1:] |= flags[:-1]
    beside[:-1] |= flags[1:]
    return flags & beside


def _settled(course: Course) -> Flags:
    return course.shares > SETTLED


def _grown(series: Series, times: float) -> Flags:
    """Beyond so many times the least that was usual so far."""
    return series > times * np.fmin.accumulate(before(series, 3))
