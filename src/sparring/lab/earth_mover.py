r"""Two distributions move apart: what the best discriminator can say of it, and what the earth mover's distance says.

The best discriminator's binary cross-entropy, real plus fake, is $2 \log 2 - 2 \, JS(P, Q)$ (Goodfellow et al.,
arXiv:1406.2661, theorem 1), so a generator that plays against it descends the Jensen-Shannon divergence. Where P and Q
do not overlap this is $\log 2$ however far apart they are, and has no slope; the earth mover's distance $W_1$ is the
distance itself (Arjovsky et al., arXiv:1701.07875, example 1 and figure 1).
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import log, pi, sqrt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sparring.errors import UsageError
from sparring.lab.page import Drawing, Study, Table, drawing, number
from sparring.metrics.transport import earth_mover, earth_mover_on_line
from sparring.seeds import mix

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ABOUT = "two distributions move apart: the value of BCE levels off, Wasserstein's goes on"
LINE_SHIFTS = tuple(round(-1 + 0.1 * step, 1) for step in range(21))
BELL_SHIFTS = tuple(0.25 * step for step in range(49))
ON_LINES, ON_BELLS = 200, 4096
"""Samples of each side: the assignment between points of the plane takes time with their cube."""
TABLED = (0.0, 1.0, 2.0, 4.0, 8.0, 12.0)


@dataclass(frozen=True)
class Apart:
    """What is said of two distributions at one distance, in nats and in units of the shift.

    Attributes:
        shift: between P and Q.
        divergence: Jensen-Shannon, in [0, log 2].
        divergence_slope: its change for a small further shift.
        distance: $W_1$.
        estimate: of the distance, from samples.
    """

    shift: float
    divergence: float
    divergence_slope: float
    distance: float
    estimate: float

    @property
    def cross_entropy(self) -> float:
        """The least that a discriminator's loss, real plus fake, can be."""
        return 2 * log(2) - 2 * self.divergence


def lines(shift: float, seed: int = 0) -> Apart:
    r"""Two parallel upright lines in the plane, $(0, Z)$ and $(\theta, Z)$ with $Z \sim U[0, 1]$, by closed forms.

    >>> lines(0.5).divergence == lines(-0.1).divergence == log(2), lines(0.0).divergence
    (True, 0.0)
    """
    rng = np.random.default_rng(mix("parallel lines", seed))
    heights = rng.uniform(size=(2, ON_LINES))
    one, other = (np.stack([np.full(ON_LINES, at), z], 1) for at, z in zip((0.0, shift), heights, strict=True))
    return Apart(shift, log(2) if shift else 0.0, 0.0, abs(shift), earth_mover(one, other))


def bells(shift: float, seed: int = 0) -> Apart:
    r"""$N(0, 1)$ and $N(s, 1)$, the divergence by quadrature.

    With $l(x) = \log p(x) - \log q(x) = s (s - 2x) / 2$, the logit of the best discriminator, $JS = \log 2 -
    E_{x \sim P}[\mathrm{softplus}(-l(x))]$, since both sides are alike here; and as $\int (x - s) q = 0$, the slope is
    $-\frac12 \int (x - s) \, q \, \mathrm{softplus}(l)$.

    >>> near, far = bells(1.0), bells(12.0)
    >>> near.divergence < far.divergence <= log(2), far.distance
    (True, 12.0)
    """
    x = np.linspace(min(0.0, shift) - 12, max(0.0, shift) + 12, 20_001)  # beyond lies less than float64 can tell
    step = x[1] - x[0]
    logit = shift * (shift - 2 * x) / 2
    lost = np.sum(_bell(x) * np.logaddexp(0, -logit)) * step
    slope = -np.sum((x - shift) * _bell(x - shift) * np.logaddexp(0, logit)) * step / 2
    samples = np.random.default_rng(mix("bells", seed)).normal(size=(2, ON_BELLS))
    estimate = earth_mover_on_line(samples[0], samples[1] + shift)
    return Apart(shift, max(0.0, log(2) - float(lost)), float(slope) if shift else 0.0, abs(shift), estimate)


def _bell(x: NDArray[np.float64]) -> NDArray[np.float64]:
    density: NDArray[np.float64] = np.exp(-(x**2) / 2) / sqrt(2 * pi)
    return density


def study(data: str | None, seed: int, tell: Callable[[str], None]) -> Study:
    """The page.

    Raises:
        UsageError: data was given.
    """
    if data is not None:
        raise UsageError(f"earth-mover moves distributions of its own, not {data!r}: leave --data out")
    tell("parallel lines")
    flat = [lines(shift, seed) for shift in LINE_SHIFTS]
    tell("two bells")
    round_ = [bells(shift, seed) for shift in BELL_SHIFTS]
    return Study(
        title="How far apart? What BCE and Wasserstein answer",
        question="A generator's pictures have to move towards the real ones. Does the loss say how far they are, and "
        "does it get better when they come nearer?",
        setting=f"Divergences in nats, by closed forms and by quadrature. The estimates of W₁ are from {ON_LINES} "
        f"points on each line and {ON_BELLS:,} numbers of each bell, drawn with seed {seed}.",
        findings=(_about_lines(flat), _about_bells(round_), _SO),
        drawings=_drawings(flat, round_),
        tables=(_table(round_),),
        sources=(
            "Arjovsky, Chintala and Bottou, “Wasserstein GAN”, arXiv:1701.07875: example 1 and figure 1 (the lines), "
            "theorem 1 (W₁ has a slope almost everywhere)",
            "Goodfellow et al., “Generative Adversarial Networks”, arXiv:1406.2661: theorem 1 (BCE and the "
            "Jensen-Shannon divergence)",
        ),
        numbers=_numbers(flat, round_),
    )


_SO = (
    "For a discriminator that is trained to its best, BCE therefore tells a generator that is far off that it is "
    "wrong, but not which way is better. The earth mover's distance tells it the same in every place: nearer is "
    "better. In practice neither is exact: a discriminator is never the best one, and a critic only estimates W₁."
)


def _about_lines(flat: list[Apart]) -> str:
    apart = [one for one in flat if one.shift]
    worst = max(abs(one.estimate - one.distance) for one in flat)
    return (
        f"Two parallel lines have no point in common unless the shift θ is 0. At all {len(apart)} other shifts the "
        f"divergence is {apart[0].divergence:.4f} nats, log 2, and the best discriminator's BCE is "
        f"{apart[0].cross_entropy:.4f}: it is never wrong, and the value does not depend on θ. "
        f"W₁ is |θ|. Its estimate from samples is off by at most {worst:.3f} here, at θ = 0, where all that "
        "differs is the two draws of heights."
    )


def _about_bells(found: list[Apart]) -> str:
    near, far = _at(found, 1.0), _at(found, 8.0)
    slopes = number(near.divergence_slope), number(far.divergence_slope)
    worst = max(abs(one.estimate - one.distance) for one in found)
    return (
        "Two bells of width 1 overlap everywhere, so the divergence is smooth, but not for long of use. From shift 1 "
        f"to shift 8 it rises from {near.divergence:.3f} to {far.divergence:.5f} nats, "
        f"{number(log(2) - far.divergence)} short of log 2. Its slope falls from {slopes[0]} to {slopes[1]}: "
        f"{near.divergence_slope / far.divergence_slope:,.0f} times less to follow. W₁ rises from 1 to 8, and its "
        f"slope is 1 all the way. Its estimate from samples is off by at most {worst:.3f}."
    )


def _numbers(flat: list[Apart], found: list[Apart]) -> dict[str, float]:
    near, far = _at(found, 1.0), _at(found, 8.0)
    return {
        "lines_divergence": flat[-1].divergence,
        "bells_divergence_at_1": near.divergence,
        "bells_divergence_at_8": far.divergence,
        "bells_slope_at_1": near.divergence_slope,
        "bells_slope_at_8": far.divergence_slope,
        "wasserstein_estimate_at_8": far.estimate,
    }


def _at(found: list[Apart], shift: float) -> Apart:
    return next(one for one in found if one.shift == shift)


def _table(found: list[Apart]) -> Table:
    rows = tuple(
        (
            f"{one.shift:g}",
            number(one.cross_entropy),
            f"{one.divergence:.6f}",
            number(one.divergence_slope),
            f"{one.distance:g}",
            f"{one.estimate:.3f}",
        )
        for one in (_at(found, shift) for shift in TABLED)
    )
    heads = ("shift", "best BCE", "JS", "slope of JS", "W₁", "W₁ from samples")
    return Table("Two bells of width 1", heads, rows)


def _drawings(flat: list[Apart], found: list[Apart]) -> tuple[Drawing, ...]:
    def values(figure: "Figure") -> None:
        left, right = figure.subplots(1, 2)
        _values(left, flat, "C0.", "two parallel lines", "shift θ")
        _values(right, found, "C0-", "two bells of width 1", "shift")
        left.set_ylabel("value")
        right.legend(frameon=False)

    def slopes(figure: "Figure") -> None:
        axes = figure.subplots()
        later = [one for one in found if one.shift]  # at 0 neither has a slope
        axes.semilogy([one.shift for one in later], [one.divergence_slope for one in later], label="JS")
        axes.semilogy([one.shift for one in later], [1.0] * len(later), label="W₁")
        axes.set(xlabel="shift", ylabel="change per unit of shift")
        axes.legend(frameon=False)

    return (
        drawing(
            values, "The value of both as the distributions move apart; orange dots are estimates from samples.", 3.2
        ),
        drawing(slopes, "The slope of both for the bells, on a logarithmic axis: what a generator can follow.", 2.8),
    )


def _values(axes: "Axes", found: list[Apart], style: str, title: str, label: str) -> None:
    shifts = [one.shift for one in found]
    axes.plot(shifts, [one.divergence for one in found], style, label="JS = log 2 − best BCE / 2")
    axes.plot(shifts, [one.distance for one in found], "C1-", label="W₁")
    some = found[:: max(1, len(found) // 12)]
    axes.plot([one.shift for one in some], [one.estimate for one in some], "C1o", markersize=4, label="W₁ from samples")
    axes.axhline(log(2), color="C0", linestyle=":", linewidth=1, label="log 2")
    axes.set(title=title, xlabel=label)
