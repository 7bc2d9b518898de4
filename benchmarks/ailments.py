"""Runs that are broken on purpose, each in a way that is known, and healthy ones: what the doctor is tried on."""

from dataclasses import dataclass

from benchmarks import harms
from benchmarks.harms import Harm, drawn, given, lost, moved, phases, rate, together

DIGITS, FASHION, MNIST, SHAPES = "digits", "../shared/data/fashion-mnist", "../shared/data/mnist-10k", "shapes"
PICTURES, VECTORS, POINTS = 60_000, 240_000, 240_000
"""Budgets that take ten seconds or more: of convolutional networks, of perceptrons, of points."""
LONG = 3
"""Times that, of runs ill from the first step on: a short run has too few looks for telling how soon it is named."""
MIDDLE = ("game.width=16",)
EVEN = (*MIDDLE, "game.network=dcgan-resize")
"""Of `hinge`, which drew a grid with its own network at this width: no healthy one."""
NARROW = ("game.network=points", "game.width=128", "game.latent=2", "optimizer.lr=1e-3")


@dataclass(frozen=True)
class Case:
    """One way to be sick, or healthy.

    Attributes:
        way: what was done, in a few words.
        recipe: its name.
        data: a set, or `NAME:N`, N training pictures of it alone.
        harm: what is done to the session before it plays.
        settings: on top of the recipe.
        images: the budget.
    """

    way: str
    recipe: str
    data: str
    harm: Harm | None = None
    settings: tuple[str, ...] = ("game.width=8",)
    images: int = PICTURES


def small(*settings: str) -> tuple[str, ...]:
    """Settings beside a small width."""
    return ("game.width=8", *settings)


def of_points(way: str, recipe: str, data: str, harm: Harm | None, *settings: str, images: int = POINTS) -> Case:
    """One on the points of a ring or grid."""
    return Case(way, recipe, data, harm, settings, images)


def of_vectors(way: str, data: str, harm: Harm | None, *settings: str) -> Case:
    """One of two perceptrons."""
    return Case(way, "gan", data, harm, settings, VECTORS)


def as_it_is(recipe: str, data: str, *settings: str, images: int = PICTURES) -> Case:
    """A healthy one."""
    return Case("as it is", recipe, data, None, settings, images)


def both(factor: float, since: int) -> Harm:
    """Another learning rate for both players."""
    return together(rate("generator", factor, since), rate("discriminator", factor, since))


def unequal(discriminator: float, generator: float) -> Harm:
    """Learning rates that do not fit each other."""
    return together(rate("discriminator", discriminator), rate("generator", generator))


def long(way: str, recipe: str, data: str, *settings: str, harm: Harm | None = None) -> Case:
    """One that is ill from the first step on."""
    return Case(way, recipe, data, harm, small(*settings), LONG * PICTURES)


def collapse() -> list[Case]:
    """The generator makes few sorts of pictures."""
    third, half = PICTURES // 3, PICTURES // 2
    noise, pulled, ahead = "noise is forgotten", "pulled together from a third on", "generator runs ahead"
    one, three = "drawn to one picture from a third on", "drawn to three pictures from a third on"
    run_ahead = together(moved("discriminator", every=5), rate("generator", 10))

    def pull(since: int) -> Harm:
        return lost("generator", harms.pull_together(300), since)

    def few(pictures: int, since: int) -> Harm:
        return lost("generator", harms.few_pictures(pictures), since)

    return [
        of_points(noise, "ring8", "ring8", given(lambda z: 0 * z), images=LONG * POINTS),
        long(noise, "dcgan", DIGITS, harm=given(lambda z: 0 * z)),
        Case(pulled, "dcgan", MNIST, pull(third)),
        Case(pulled, "lsgan", FASHION, pull(third)),
        of_points(ahead, "ring8", "ring8", run_ahead, images=LONG * POINTS),
        of_points(ahead, "gan", "grid25", rate("generator", 20), *NARROW, images=LONG * POINTS),
        of_vectors(one, MNIST, few(1, VECTORS // 3)),
        Case(three, "dcgan", DIGITS, few(3, third)),
        Case("pulled together from half on", "infogan", DIGITS, pull(half)),
        Case("drawn to two pictures from half on", "hinge", FASHION, few(2, half)),
    ]


def vanishing() -> list[Case]:
    """Nothing of what the discriminator knows reaches the generator."""
    minimax = "game.objective=minimax"
    fast, flat, cut = "minimax, fast discriminator", "pictures are rounded", "loss scaled away from a third on"

    def scaled(factor: float, since: int) -> Harm:
        return lost("generator", harms.scaled(factor), since)

    return [
        Case(fast, "dcgan", DIGITS, unequal(10, 0.1), small(minimax)),
        Case(fast, "dcgan", MNIST, unequal(10, 0.1), small(minimax)),
        of_points(fast, "gan", "ring8", unequal(10, 0.001), *NARROW, minimax),
        Case(flat, "dcgan", MNIST, drawn(harms.rounded)),
        Case(flat, "lsgan", FASHION, drawn(harms.rounded)),
        Case(cut, "dcgan", MNIST, scaled(1e-7, PICTURES // 3)),
        of_points(cut, "ring8", "ring8", scaled(1e-7, POINTS // 3)),
        Case("clipped to nothing", "wgan", FASHION, None, small("game.clip=1e-4", "game.norm=none")),
        Case("loss scaled away from half on", "hinge", FASHION, scaled(1e-8, PICTURES // 2)),
        Case(flat, "relativistic", MNIST, drawn(harms.rounded)),
    ]


def strong() -> list[Case]:
    """The generator has no chance."""
    slow, stamp = "slow generator, fast discriminator", "fakes carry a stamp"
    return [
        Case(slow, "dcgan", MNIST, unequal(10, 0.02)),
        Case(slow, "dcgan", FASHION, unequal(10, 0.02)),
        of_points(slow, "ring8", "ring8", unequal(5, 0.0005)),
        Case("generator moves every 50th step", "lsgan", DIGITS, moved("generator", every=50)),
        Case(stamp, "dcgan", FASHION, drawn(harms.stamped)),
        Case(stamp, "hinge", MNIST, drawn(harms.stamped)),
        Case("fakes carry noise", "dcgan", DIGITS, drawn(harms.noised)),
        Case(slow, "wgan-gp", DIGITS, unequal(5, 0.002)),
        Case(stamp, "lsgan", SHAPES, drawn(harms.stamped)),
    ]


def weak() -> list[Case]:
    """The discriminator does not see what is wrong."""
    still, mean, anew = "it stands still", "it sees the mean alone", "it starts anew"
    mixed = "real and fake are mixed up"
    return [
        Case(still, "dcgan", MNIST, rate("discriminator", 1e-4)),
        of_points(still, "ring8", "ring8", rate("discriminator", 1e-4)),
        Case(mixed, "dcgan", FASHION, harms.mixed_up),
        Case(mixed, "lsgan", DIGITS, harms.mixed_up),
        Case(mean, "dcgan", DIGITS, given(harms.blind, "discriminator")),
        Case(anew, "dcgan", FASHION, harms.forgetful(3)),
        Case(anew, "hinge", MNIST, harms.forgetful(3)),
        Case(still, "lsgan", FASHION, rate("discriminator", 1e-4)),
        Case(mixed, "hinge", MNIST, harms.mixed_up),
    ]


def overfits() -> list[Case]:
    """The discriminator learns the pictures by heart."""
    bare = (*MIDDLE, "game.norm=none")
    return [
        Case("100 pictures", "dcgan", f"{MNIST}:100", None, MIDDLE),
        Case("100 pictures", "dcgan", f"{FASHION}:100", None, MIDDLE),
        Case("60 pictures", "hinge", f"{MNIST}:60", None, (*bare, "batch_size=32")),
        Case("150 pictures", "dcgan", f"{DIGITS}:150", None, MIDDLE),
        Case("150 pictures", "lsgan", f"{FASHION}:150", None, bare),
        Case("100 pictures", "dcgan", f"{SHAPES}:100", None, MIDDLE),
        Case("80 pictures", "dcgan", f"{FASHION}:80", None, MIDDLE),
        Case("100 pictures", "infogan", f"{MNIST}:100", None, MIDDLE),
    ]


def diverges() -> list[Case]:
    """Numbers run away."""
    jump, unbounded = "rate 1,000 times higher from a third on", "critic without a bound"
    points = ("game.network=points", "game.width=64", "game.latent=8", "game.penalty=0", "optimizer.lr=0.005")
    return [
        long("learning rate 0.1", "dcgan", DIGITS, "optimizer.lr=0.1"),
        Case(jump, "dcgan", FASHION, both(1000, PICTURES // 3)),
        Case(jump, "relativistic", MNIST, both(1000, PICTURES // 3)),
        long(unbounded, "wgan-gp", MNIST, "game.penalty=0", "optimizer.lr=0.005"),
        of_points(unbounded, "wgan-gp", "ring8", None, *points, images=LONG * POINTS),
        long(unbounded, "wgan-gp", FASHION, "game.penalty=0", "optimizer.lr=0.01"),
        long("learning rate 0.1", "hinge", FASHION, "game.norm=none", "optimizer.lr=0.1"),
        long("learning rate 0.2", "dcgan", MNIST, "optimizer.lr=0.2"),
        Case("rate 1,000 times higher from half on", "lsgan", DIGITS, both(1000, PICTURES // 2)),
    ]


def oscillates() -> list[Case]:
    """The players undo each other's work again and again."""
    turns, rates, noise = "players take long turns", "learning rates swing", "noise comes and goes"
    swinging = phases(8000, fast=10, slow=0.1)

    def noisy(length: int) -> Harm:
        return together(harms.noise_now_and_then(length), rate("discriminator", 4))

    def slow(way: str, recipe: str, data: str, harm: Harm) -> Case:
        return Case(way, recipe, data, harm, images=2 * PICTURES)

    return [
        slow(turns, "dcgan", MNIST, phases(8000)),
        of_points(turns, "ring8", "ring8", phases(30_000)),
        Case(turns, "gan", FASHION, phases(40_000), (), 2 * VECTORS),
        slow(turns, "lsgan", DIGITS, phases(8000)),
        slow(rates, "dcgan", DIGITS, swinging),
        slow(rates, "hinge", FASHION, swinging),
        slow(noise, "dcgan", FASHION, noisy(8000)),
        slow(turns, "hinge", MNIST, phases(10_000)),
        slow(noise, "dcgan", DIGITS, noisy(10_000)),
    ]


def grid(strength: float, period: int) -> Harm:
    """A grid that the discriminator does not see: or it would win."""
    return together(drawn(harms.pattern(strength, period)), given(harms.coarse(period), "discriminator"))


UNEVEN = together(harms.uneven, given(harms.coarse(4), "discriminator"))
"""One that comes from the layers themselves."""


def checkerboards() -> list[Case]:
    """Pictures carry a grid."""
    second, fourth = "every second row and column weaker", "every fourth row and column weaker"
    kernels = "transposed convolutions with kernels of 3"
    return [
        Case(second, "lsgan", MNIST, grid(0.4, 2)),
        Case(second, "lsgan", FASHION, grid(0.3, 2)),
        Case(fourth, "dcgan", FASHION, grid(0.5, 4)),
        Case(fourth, "hinge", DIGITS, grid(0.5, 4)),
        Case(kernels, "hinge", MNIST, UNEVEN),
        Case(kernels, "lsgan", FASHION, UNEVEN),
        Case(second, "dcgan", DIGITS, grid(0.35, 2)),
        Case(kernels, "dcgan", FASHION, UNEVEN),
    ]


def copies() -> list[Case]:
    """Fakes are training pictures."""
    shown, darker = "the nearest training picture is shown", "a training picture, a little darker"
    few = (*MIDDLE, "batch_size=16")
    return [
        Case(shown, "dcgan", f"{MNIST}:500", drawn(harms.copied)),
        Case(darker, "dcgan", f"{FASHION}:300", drawn(harms.darker)),
        of_points(shown, "ring8", "ring8:200", drawn(harms.copied)),
        Case(shown, "hinge", f"{DIGITS}:400", drawn(harms.copied)),
        Case("20 pictures", "dcgan", f"{DIGITS}:20", None, few),
        Case("16 pictures", "lsgan", f"{FASHION}:16", None, few),
        Case(shown, "lsgan", f"{MNIST}:200", drawn(harms.copied)),
        Case(darker, "hinge", f"{DIGITS}:300", drawn(harms.darker)),
    ]


def deaf() -> list[Case]:
    """The class that is asked for is not the one that is drawn."""
    weightless, untold, others = "classes weigh nothing", "generator is not told", "labels of other pictures"
    return [
        Case(weightless, "auxiliary", DIGITS, None, small("game.class_weight=1e-6")),
        Case(weightless, "auxiliary", FASHION, None, small("game.class_weight=1e-6")),
        Case(untold, "conditional", MNIST, harms.no_classes),
        Case(untold, "projection", FASHION, harms.no_classes),
        Case(others, "conditional", FASHION, harms.shuffled_labels),
        Case(others, "auxiliary", MNIST, harms.shuffled_labels),
        Case(untold, "auxiliary", DIGITS, harms.no_classes),
        Case(others, "conditional", DIGITS, harms.shuffled_labels),
    ]


def mismatches() -> list[Case]:
    """What is shipped is not what was trained."""
    stale, slow = "average without running statistics", "running statistics too slow"
    forgotten = "average forgotten after a thirtieth"
    return [
        Case(stale, "dcgan", DIGITS, harms.stale_statistics),
        Case(stale, "dcgan", FASHION, harms.stale_statistics),
        Case(slow, "dcgan", MNIST, harms.momentum(1e-5)),
        Case(slow, "lsgan", FASHION, harms.momentum(1e-5)),
        Case(forgotten, "dcgan", FASHION, harms.forgotten_average(PICTURES // 30)),
        Case(forgotten, "hinge", MNIST, harms.forgotten_average(PICTURES // 30)),
        Case(stale, "infogan", MNIST, harms.stale_statistics),
        Case(slow, "dcgan", SHAPES, harms.momentum(1e-5)),
    ]


def plateaus() -> list[Case]:
    """Nothing is learnt any more, and the pictures are not there yet."""
    tiny, over = "learning rate 1e-7", "learning rate gone after a twentieth"
    frozen, early = "weights frozen after a twentieth", PICTURES // 20
    return [
        Case(tiny, "dcgan", MNIST, None, small("optimizer.lr=1e-7")),
        of_points(tiny, "ring8", "ring8", None, "optimizer.lr=1e-7"),
        Case(over, "dcgan", FASHION, both(1e-5, early)),
        of_vectors(over, DIGITS, both(1e-5, VECTORS // 20)),
        Case(frozen, "dcgan", DIGITS, both(0, early)),
        Case(frozen, "lsgan", MNIST, both(0, early)),
        Case(tiny, "hinge", FASHION, None, small("optimizer.lr=1e-7")),
        of_vectors(frozen, FASHION, both(0, VECTORS // 20)),
    ]


def healthy() -> list[Case]:
    """Recipes as they are, between networks that two cores can train in half a minute."""
    return [
        as_it_is("ring8", "ring8", images=2 * POINTS),
        as_it_is("grid25", "grid25", images=2 * POINTS),
        *(as_it_is("dcgan", data, *MIDDLE) for data in (DIGITS, MNIST, FASHION, SHAPES)),
        as_it_is("gan", DIGITS, images=4 * VECTORS),
        *(as_it_is("lsgan", data, *MIDDLE) for data in (MNIST, DIGITS)),
        *(as_it_is("hinge", data, *EVEN) for data in (DIGITS, FASHION)),
        as_it_is("wgan", MNIST, *small(), images=2 * PICTURES),
        *(as_it_is("wgan-gp", data, *small(), images=2 * PICTURES) for data in (DIGITS, MNIST)),
        *(as_it_is("relativistic", data, *small()) for data in (MNIST, DIGITS, FASHION)),
        *(as_it_is("conditional", data, *MIDDLE) for data in (FASHION, DIGITS, MNIST)),
        *(as_it_is("auxiliary", data, *MIDDLE) for data in (MNIST, FASHION)),
        *(as_it_is("infogan", data, *MIDDLE) for data in (DIGITS, MNIST)),
        as_it_is("vae", FASHION, *MIDDLE),
        as_it_is("projection", DIGITS, *small()),
        as_it_is("semi-supervised", MNIST, "data.labelled=100"),
        as_it_is("complement", MNIST, "data.labelled=100"),
        as_it_is("relativistic-projection", DIGITS, *small()),
        as_it_is("disentangled", SHAPES, *MIDDLE),
    ]


CASES: dict[str, list[Case]] = {
    "mode collapse": collapse(),
    "vanishing gradient": vanishing(),
    "discriminator too strong": strong(),
    "discriminator too weak": weak(),
    "discriminator overfits": overfits(),
    "diverging": diverges(),
    "oscillating": oscillates(),
    "checkerboard": checkerboards(),
    "copying": copies(),
    "label ignored": deaf(),
    "statistics mismatch": mismatches(),
    "plateau": plateaus(),
    "healthy": healthy(),
}
"""By the verdict that the doctor should give."""
