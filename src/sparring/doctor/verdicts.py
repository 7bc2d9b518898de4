"""Named verdicts on a run: what is wrong, since when, by which numbers, and what that means."""

from collections.abc import Callable
from dataclasses import dataclass
from string import Formatter

import numpy as np

from sparring.doctor import rules
from sparring.doctor.course import Course, Flags


@dataclass(frozen=True)
class Finding:
    """What ails a run, as seen at its last look.

    Attributes:
        verdict: its name.
        since: images after which it was first seen, and from then on at every look.
        numbers: the signals that say so, at the last look.
        evidence: the same in a sentence.
    """

    verdict: str
    since: int
    numbers: dict[str, float]
    evidence: str

    @property
    def means(self) -> str:
        """Two sentences for a newcomer."""
        return ILLNESSES[self.verdict].means


@dataclass(frozen=True)
class Illness:
    """A verdict that can be had.

    Attributes:
        rule: for each look, whether the signals are those of this illness.
        looks: so many in a row make a verdict.
        signals: that the evidence is made of; without the first one nothing can be said.
        evidence: the parts of a sentence, with signals in braces.
        means: two sentences for a newcomer.
        measures: what else the evidence is made of, by the name of the function.
        urgent: whether glances count too.
        lasting: share of the budget for which it must have been so, of what may well pass by itself.
    """

    rule: Callable[[Course], Flags]
    looks: int
    signals: tuple[str, ...]
    evidence: tuple[str, ...]
    means: str
    measures: tuple[Callable[[Course], float], ...] = ()
    urgent: bool = False
    lasting: float = 0.0


def diagnose(course: Course) -> list[Finding]:
    """What ails a run at its last look, what began first at the beginning; nothing: it is healthy."""
    if not len(course):
        return []
    findings = []
    for name, illness in ILLNESSES.items():
        seen = course if illness.urgent else course.whole
        flags = illness.rule(seen)
        streak = len(flags) if flags.all() else int(np.argmin(flags[::-1]))
        if streak >= illness.looks and seen.shares[-1] - seen.shares[-streak] >= illness.lasting:
            since = int(seen.images[len(seen) - streak])
            findings.append(Finding(name, since, numbers := _numbers(illness, seen), _sentence(illness, numbers)))
    return sorted(findings, key=lambda one: one.since)


def _numbers(illness: Illness, course: Course) -> dict[str, float]:
    """What is known of the signals at the last look."""
    found = {signal: float(course[signal][-1]) for signal in illness.signals}
    found |= {measure.__name__: measure(course) for measure in illness.measures}
    return {name: value for name, value in found.items() if np.isfinite(value)}


def _sentence(illness: Illness, numbers: dict[str, float]) -> str:
    """The parts of the evidence whose numbers are known."""
    words = {name.replace(".", "_"): value for name, value in numbers.items()}
    parts = [
        part for part in illness.evidence if all(field in words for _, field, _, _ in Formatter().parse(part) if field)
    ]
    return "; ".join(part.format(**words) for part in parts)


def not_looked_for(course: Course) -> list[str]:
    """The verdicts that nothing can be said about: what they need is not known of this set or game."""
    return [name for name, illness in ILLNESSES.items() if np.isnan(course[illness.signals[0]]).all()]


ILLNESSES = {
    "diverging": Illness(
        rules.diverging,
        2,
        ("distance", "slope", "logits", "drift"),
        (
            "the pictures are {distance:.2g} from real ones (0: alike)",
            "they moved by {drift:.0%} of the real spread since the last look",
            "the discriminator's slope at fakes is {slope:.3g}, its logits {logits:.3g}",
        ),
        "Weights or logits grow without end instead of settling, so each step undoes more than it learns. Usually the "
        "learning rate is too high, or nothing bounds the discriminator.",
        urgent=True,
    ),
    "vanishing gradient": Illness(
        rules.vanishing_gradient,
        2,
        ("generator.gradient", "generator.update"),
        (
            "the root mean square of the generator's gradient is {generator_gradient:.2g}, a step moves it by "
            "{generator_update:.2g} of its weights",
        ),
        "The generator is told nothing about how to improve, because the loss is flat where it stands. That happens "
        "where the discriminator is certain and the loss saturates, or where something cuts the gradient off.",
    ),
    "plateau": Illness(
        rules.plateau,
        3,
        ("generator.update", "distance"),
        (
            "a step moves the generator by {generator_update:.2g} of its weights, and its pictures are "
            "{distance:.2g} from real ones (0: alike)",
        ),
        "Nothing is learnt any more, though the pictures are not there yet. The learning rate is too low, or has "
        "already fallen to nothing.",
    ),
    "discriminator too strong": Illness(
        rules.too_strong,
        3,
        ("separation", "sureness", "distance"),
        (
            "it ranks a real picture above a fake in {separation:.1%} of pairs, and the pictures stay "
            "{distance:.2g} from real ones (0: alike)",
        ),
        "The discriminator wins every time, and the generator finds no way to do better. It learns too fast beside the "
        "generator, or something that the generator cannot mend gives the fakes away.",
        lasting=rules.YOUNG,
    ),
    "discriminator too weak": Illness(
        rules.too_weak,
        3,
        ("separation", "distance"),
        (
            "it ranks a real picture above a fake in only {separation:.0%} of pairs (50%: by chance), although "
            "the pictures are {distance:.2g} from real ones (0: alike)",
        ),
        "Fakes are plainly different from real pictures, yet the discriminator cannot tell. So it teaches the "
        "generator nothing: it is too small, too slow, or does not see enough of the pictures.",
        lasting=rules.YOUNG,
    ),
    "mode collapse": Illness(
        rules.mode_collapse,
        2,
        ("variety", "spread", "apart", "coverage", "recall"),
        (
            "fakes fall into {variety:.0%} of the groups that as many real pictures fall into, and differ from "
            "each other "
            "{spread:.0%} as much",
            "the fake most like a fake is {apart:.0%} as far from it as of real pictures",
            "{coverage:.0%} of the real pictures have a fake near, {recall:.0%} lie among the fakes",
        ),
        "The generator makes few sorts of pictures, whatever noise it is given. It has found something that fools the "
        "discriminator at the moment, and has no reason to make anything else.",
        urgent=True,
    ),
    "discriminator overfits": Illness(
        rules.overfits,
        2,
        ("overfitting", "separation"),
        (
            "to it, real pictures that it was not trained on are {overfitting:.0%} of the way from training "
            "pictures to fakes",
        ),
        "The discriminator has learnt the training pictures by heart instead of what they have in common. What it "
        "teaches is no longer how real pictures look, so quality soon falls; small sets suffer most.",
    ),
    "oscillating": Illness(
        rules.oscillating,
        2,
        ("gap", "separation"),
        (
            "the discriminator's lead comes and goes with a period of about {period:,.0f} images; between the "
            "logits of real and fake lie {gap:.2g} now",
        ),
        "The players undo each other's work in turn instead of coming nearer to a balance. Momentum or a high learning "
        "rate lets each one run past the point where the other could follow.",
        (rules.period,),
    ),
    "checkerboard": Illness(
        rules.checkerboard,
        3,
        ("peak_2", "peak_4"),
        (
            "fine detail beats every 2 pixels with {peak_2:.0%} of its strength more than in real pictures, "
            "every 4 with {peak_4:.0%}",
        ),
        "The pictures carry a regular grid of lighter and darker pixels. It comes from layers that enlarge with uneven "
        "overlap, such as transposed convolutions.",
    ),
    "copying": Illness(
        rules.copying,
        3,
        ("copies",),
        (
            "{copies:.0%} of the fakes are nearer to a training picture than two thirds of the way to that one's "
            "own neighbour",
        ),
        "The generator gives back training pictures instead of making new ones. The set is too small for networks of "
        "this size, or it was trained for too long.",
    ),
    "label ignored": Illness(
        rules.label_ignored,
        3,
        ("agreement",),
        (
            "a simple classifier finds the class that was asked for {agreement:.0%} as often, beyond chance, as "
            "in real pictures",
        ),
        "The pictures do not show the class that was asked for. The label does not reach the generator, the "
        "discriminator does not mind, or the labels of the set do not belong to its pictures.",
    ),
    "statistics mismatch": Illness(
        rules.statistics_mismatch,
        3,
        ("shipped_distance", "distance"),
        ("the shipped generator is {shipped_distance:.2g} from real pictures, the one in training {distance:.2g}",),
        "The generator that is shipped, an average in evaluation mode, is much worse than the one that is trained. The "
        "running statistics of its batch norm, or its average, do not belong to its weights.",
    ),
}
"""All verdicts but `healthy`, by name; of those that began at the same look, causes come before their effects."""
