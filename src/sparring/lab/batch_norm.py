r"""The same small classifier with and without batch norm: how fast it learns, and what it says in which mode.

Batch norm takes from each channel the mean of the batch and divides by its deviation, then scales and shifts by numbers
that are learnt (Ioffe and Szegedy, arXiv:1502.03167, algorithm 1). In training the mean and deviation are the batch's
own; afterwards running means of them (algorithm 2). So it bears higher learning rates (section 3.3), and its answer to
a picture depends, in training mode, on the other pictures of the batch.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from torch import nn

from sparring.data.batches import Labelled
from sparring.lab.classifier import BATCH, EVERY, GOAL, Course, Kind, accuracy, learn
from sparring.lab.page import Drawing, Study, Table, drawing, number
from sparring.lab.pictures import parts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ABOUT = "the same classifier with and without batch norm: learning rates, and train and eval mode"
RATES = (0.01, 0.1, 1.0)
STEPS = 800
SIZES = (2, 4, 16, 64, 256)
"""Batches that the finished classifier is asked in, in train mode."""
SORTED = 16
"""Pictures in a batch of one class."""
KINDS: tuple[Kind, Kind] = ("none", "batch")


@dataclass(frozen=True)
class Comparison:
    """All courses, and what the best classifier with batch norm says in which company.

    Attributes:
        train: pictures to learn from.
        test: other pictures.
        courses: without and with batch norm, for each rate.
        best: the rate of the classifier that was asked.
        alone: its accuracy in eval mode.
        mixed: in train mode, by the size of the batch, with test pictures in random order.
        sorted_: in train mode, in batches of `SORTED` cut from the test pictures sorted by class: most hold one class.
    """

    train: int
    test: int
    courses: tuple[Course, ...]
    best: float
    alone: float
    mixed: dict[int, float]
    sorted_: float

    def course(self, norm: Kind, rate: float) -> Course:
        """The one of that norm and rate."""
        return next(one for one in self.courses if (one.norm, one.rate) == (norm, rate))


def compare(
    train: Labelled,
    test: Labelled,
    classes: int,
    *,
    seed: int = 0,
    steps: int = STEPS,
    tell: Callable[[str], None] = lambda text: None,
) -> Comparison:
    """Train the classifier with and without batch norm at each rate, on the same batches.

    Args:
        train: pictures to learn from.
        test: others, in random order.
        classes: how many.
        seed: same seed, same numbers, with the same number of threads.
        steps: of each classifier.
        tell: is told, in a line, how far the work is.
    """
    courses: list[Course] = []
    trained: dict[tuple[float, Kind], nn.Module] = {}
    for rate in RATES:
        for norm in KINDS:
            tell(f"learning rate {rate:g}, {_CALLED[norm]}")
            course, trained[rate, norm] = learn(train, test, classes, norm, rate, seed, steps)
            courses.append(course)
    best = max((one for one in courses if one.norm == "batch"), key=lambda one: one.eval_accuracies[-1]).rate
    network = trained[best, "batch"]
    by_class = test.labels.argsort(stable=True)
    return Comparison(
        train=len(train),
        test=len(test),
        courses=tuple(courses),
        best=best,
        alone=accuracy(network, test),
        mixed={size: accuracy(network, test, size) for size in SIZES if size <= len(test)},
        sorted_=accuracy(network, Labelled(test.pictures[by_class], test.labels[by_class]), SORTED),
    )


_CALLED: dict[Kind, str] = {"none": "without batch norm", "batch": "with batch norm"}


def study(data: str | None, seed: int, tell: Callable[[str], None]) -> Study:
    """The page.

    Raises:
        UsageError: there are no such pictures, or they have no labels.
        SparringError: they are damaged.
    """
    title = data or "digits"
    train, test, classes = parts(title, seed, tell)
    found = compare(train, test, classes, seed=seed, tell=tell)
    return Study(
        title="With and without batch norm",
        question="The same small convolutional classifier, on the same batches, with batch norm and without. Which "
        "learning rates does it bear, how fast does it learn, and what does eval mode change?",
        setting=f"{title}: {found.train:,} pictures to learn from, {found.test:,} others to test with. Three "
        f"convolutions and a hidden layer of 64, ReLU, with a norm before each ReLU or none; {STEPS:,} steps of plain "
        f"stochastic gradient descent with {BATCH} pictures, from PyTorch's own starting weights. Seed {seed}.",
        findings=(_about_rates(found), _about_modes(found), _about_company(found), _CAVEAT),
        drawings=_drawings(found),
        tables=(_rates_table(found), _modes_table(found)),
        sources=(
            "Ioffe and Szegedy, “Batch Normalization: Accelerating Deep Network Training by Reducing Internal "
            "Covariate Shift”, arXiv:1502.03167: algorithm 1 (training), algorithm 2 and section 3.1 (inference), "
            "section 3.3 (learning rates), section 4.1 and figure 1 (the comparison on MNIST)",
            "Salimans et al., “Improved Techniques for Training GANs”, arXiv:1606.03498: section 3.5 (an answer that "
            "depends on the other pictures of the batch)",
            "Santurkar et al., “How Does Batch Normalization Help Optimization?”, arXiv:1805.11604 (why it helps)",
        ),
        numbers=_numbers(found),
    )


_CAVEAT = (
    "Its inventors explain the gain by distributions of inputs that shift less from layer to layer; why it helps is "
    "still argued about (arXiv:1805.11604). In a GAN the same dependence on company is why a critic with gradient "
    "penalty has no batch norm, why real and generated pictures go through a discriminator in batches of their own, "
    "and why a generator is put into eval mode before it draws."
)


def _about_rates(found: Comparison) -> str:
    parts = []
    for rate in RATES:
        with_, without = found.course("batch", rate), found.course("none", rate)
        parts.append(
            f"At a learning rate of {rate:g} the classifier with batch norm ends at {with_.eval_accuracies[-1]:.1%} of "
            f"the test pictures and {_reached(with_)}; the one without ends at {without.eval_accuracies[-1]:.1%} and "
            f"{_reached(without)}{_diverged(without)}."
        )
    return " ".join(parts)


def _reached(course: Course) -> str:
    return f"never has {GOAL:.0%}" if course.reached is None else f"first has {GOAL:.0%} after {course.reached:,} steps"


def _diverged(course: Course) -> str:
    step = next((step for step, loss in zip(course.steps, course.losses, strict=True) if not isfinite(loss)), None)
    return "" if step is None else f"; by step {step:,} its loss is no longer a finite number"


def _about_modes(found: Comparison) -> str:
    course = found.course("batch", found.best)
    looks = zip(course.steps, course.eval_accuracies, course.train_accuracies, strict=True)
    step, running, own = max(looks, key=lambda look: look[2] - look[1])
    return (
        f"The best classifier with batch norm, of learning rate {found.best:g}, is right in {found.alone:.1%} in eval "
        f"mode. After {step:,} steps eval mode was furthest behind train mode, {running:.1%} against {own:.1%}: the "
        "running statistics are means over past steps, and lag behind weights that move fast."
    )


def _about_company(found: Comparison) -> str:
    sizes = list(found.mixed)
    return (
        f"In train mode it takes mean and deviation from the batch in which it is asked. In batches of {sizes[-1]} it "
        f"is right in {found.mixed[sizes[-1]]:.1%}, in batches of {sizes[0]} in {found.mixed[sizes[0]]:.1%}: with two "
        "pictures, each number of the hidden layer only says which of the two has more of it. In batches of "
        f"{SORTED} sorted by class it is right in {found.sorted_:.1%}: what the pictures of a batch have in common is "
        "taken away, and here that is the class. A single picture cannot be asked at all: one number has no deviation."
    )


def _numbers(found: Comparison) -> dict[str, float]:
    ends = {
        f"{'with' if one.norm == 'batch' else 'without'}_at_{one.rate:g}": one.eval_accuracies[-1]
        for one in found.courses
    }
    company = {f"train_mode_of_{size}": accuracy for size, accuracy in found.mixed.items()}
    return {**ends, "best_rate": found.best, "eval_mode": found.alone, **company, "train_mode_sorted": found.sorted_}


def _rates_table(found: Comparison) -> Table:
    rows = tuple(
        (
            f"{one.rate:g}",
            "with" if one.norm == "batch" else "without",
            number(one.losses[-1]) if isfinite(one.losses[-1]) else "not finite",
            f"{one.eval_accuracies[-1]:.1%}",
            "never" if one.reached is None else f"{one.reached:,} steps",
        )
        for one in found.courses
    )
    heads = ("learning rate", "batch norm", "training loss", "test accuracy", f"{GOAL:.0%} reached after")
    return Table(f"After {found.courses[0].steps[-1]:,} steps; the loss is the mean of the last {EVERY}", heads, rows)


def _modes_table(found: Comparison) -> Table:
    mixed = [(f"train, batches of {size}", f"{accuracy:.1%}") for size, accuracy in found.mixed.items()]
    rows = (("eval", f"{found.alone:.1%}"), *mixed, (f"train, batches of {SORTED} by class", f"{found.sorted_:.1%}"))
    return Table(f"The classifier with batch norm and learning rate {found.best:g}", ("mode", "test accuracy"), rows)


def _drawings(found: Comparison) -> tuple[Drawing, ...]:
    def courses(figure: "Figure") -> None:
        losses, accuracies = figure.subplots(2, 1, sharex=True)
        for place, rate in enumerate(RATES):
            for norm, style in zip(KINDS, ("--", "-"), strict=True):
                one = found.course(norm, rate)
                label = f"{rate:g}, {_CALLED[norm]}"
                losses.semilogy(one.steps, one.losses, f"C{place}{style}", label=label)
                accuracies.plot(one.steps, one.eval_accuracies, f"C{place}{style}", label=label)
        losses.set_ylabel("training loss, nats")
        accuracies.set(xlabel="steps", ylabel="test accuracy, eval mode", ylim=(0, 1.02))
        handles, labels = losses.get_legend_handles_labels()
        figure.legend(handles, labels, frameon=False, loc="outside upper center", ncols=len(RATES), fontsize="small")

    def modes(figure: "Figure") -> None:
        axes, company = figure.subplots(1, 2, width_ratios=(3, 2))
        one = found.course("batch", found.best)
        axes.plot(one.steps, one.eval_accuracies, label="eval mode")
        axes.plot(one.steps, one.train_accuracies, label=f"train mode, batches of {BATCH}")
        axes.set(xlabel="steps", ylabel="test accuracy")
        axes.set_xscale("symlog", linthresh=10)  # the modes differ early
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        axes.legend(frameon=False)
        names = ["eval", *map(str, found.mixed), f"{SORTED} by class"]
        shares = [found.alone, *found.mixed.values(), found.sorted_]
        company.barh(names[::-1], shares[::-1], color=["C3", *["C1"] * len(found.mixed), "C0"])
        company.set(xlabel="test accuracy in the end", ylabel="size of a batch in train mode", xlim=(0, 1))

    return (
        drawing(
            courses,
            "Training loss (logarithmic) and test accuracy at three learning rates, which the legend names.",
            5.4,
        ),
        drawing(modes, f"The classifier with batch norm and learning rate {found.best:g}: in both modes.", 3.2),
    )
