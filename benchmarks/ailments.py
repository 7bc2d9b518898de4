"""Runs that are broken on purpose, each in a way that is known, and healthy ones: what the doctor is tried on.

A way is a recipe, settings, and perhaps a harm: something that no setting can do, such as a generator that is given the
same noise all the time.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sparring.games.base import Move, Terms
from sparring.runs.session import Session
from sparring.training.loop import Trainer

Harm = Callable[[Session], None]
DIGITS, FASHION, MNIST = "digits", "../shared/data/fashion-mnist", "../shared/data/mnist-10k"


@dataclass(frozen=True)
class Case:
    """One way to be sick, or healthy.

    Attributes:
        way: what was done, in a few words.
        recipe: its name.
        data: a set, or `NAME:N`, N training pictures of it alone.
        images: the budget.
        settings: on top of the recipe.
        harm: what is done to the session before it plays.
    """

    way: str
    recipe: str
    data: str
    images: int
    settings: tuple[str, ...] = ()
    harm: Harm | None = None


# -- harms ------------------------------------------------------------------------------------------------------------


def together(*harms: Harm) -> Harm:
    """One after the other."""

    def all_of_them(session: Session) -> None:
        for harm in harms:
            harm(session)

    return all_of_them


def at_every_step(act: Callable[[Trainer], None]) -> Harm:
    """Something that is done when the learning rates of a step have been set."""

    def harm(session: Session) -> None:
        trainer = session.trainer
        usual = trainer._set_rate

        def set_rate() -> None:
            usual()
            act(trainer)

        trainer._set_rate = set_rate  # type: ignore[method-assign]

    return harm


def rate(player: str, factor: float, since: int = 0) -> Harm:
    """Another learning rate for one player, once so many images have been shown."""

    def act(trainer: Trainer) -> None:
        for team, optimiser in trainer._optimisers.items():
            if player in team and trainer.images >= since:
                optimiser.lr *= factor

    return at_every_step(act)


def moved(name: str, **changes: Any) -> Harm:
    """A move with other attributes, such as `every`."""

    def harm(session: Session) -> None:
        trainer = session.trainer
        trainer._moves = [replace(move, **changes) if move.name == name else move for move in trainer._moves]

    return harm


def lost(name: str, change: Callable[[Any, Terms], Terms], since: int = 0) -> Harm:
    """A move whose terms are changed, given what was prepared, once so many images have been shown."""

    def changed(session: Session, move: Move) -> Move:
        def loss(prepared: Any) -> Terms:
            terms = move.loss(prepared)
            changed = change(prepared, terms)
            if session.trainer.images >= since:
                return changed
            return {name: terms.get(name, 0 * term) for name, term in changed.items()}  # the same terms in every turn

        return replace(move, loss=loss)

    def harm(session: Session) -> None:
        trainer = session.trainer
        trainer._moves = [changed(session, move) if move.name == name else move for move in trainer._moves]

    return harm


def generators(session: Session) -> list[nn.Module]:
    """The live one and its average."""
    return [session.trainer.game.players["generator"], session.trainer.averages.players["generator"]]


def given(change: Callable[[Tensor], Tensor], player: str = "generator") -> Harm:
    """A player that is given something else."""

    def harm(session: Session) -> None:
        players = generators(session) if player == "generator" else [session.trainer.game.players[player]]
        for one in players:
            one.register_forward_pre_hook(lambda _, inputs: (change(inputs[0]), *inputs[1:]))

    return harm


def drawn(change: Callable[[Session], Callable[[Tensor], Tensor]]) -> Harm:
    """A generator whose pictures are changed before anybody sees them."""

    def harm(session: Session) -> None:
        changed = change(session)
        for one in generators(session):
            one.register_forward_hook(lambda module, inputs, output: changed(output))

    return harm


def _pull_together(weight: float) -> Callable[[Any, Terms], Terms]:
    def change(prepared: Any, terms: Terms) -> Terms:
        fake = prepared.fake.flatten(1)
        return terms | {"alike": weight * (fake - fake.mean(0)).square().mean()}

    return change


def _few_pictures(count: int) -> Callable[[Any, Terms], Terms]:
    """The generator is drawn to the nearest of the brightest pictures of the first batch."""
    kept: list[Tensor] = []

    def change(prepared: Any, terms: Terms) -> Terms:
        fake, real = prepared.fake.flatten(1), prepared.real.flatten(1)
        if not kept:
            kept.append(real[real.mean(1).topk(count).indices])
        return terms | {"near": 300 * torch.cdist(fake, kept[0]).amin(1).square().mean() / fake.shape[1]}

    return change


def _scaled(factor: float) -> Callable[[Any, Terms], Terms]:
    return lambda prepared, terms: {name: factor * term for name, term in terms.items()}


def _rounded(session: Session) -> Callable[[Tensor], Tensor]:
    """To the 256 levels that a file has, which is flat."""
    return lambda pictures: ((pictures + 1) * 127.5).round() / 127.5 - 1


def _stamped(session: Session) -> Callable[[Tensor], Tensor]:
    def change(pictures: Tensor) -> Tensor:
        pictures = pictures.clone()
        pictures[:, :, :3, :3] = torch.tensor([1.0, -1.0, 1.0])
        return pictures

    return change


def _noised(session: Session) -> Callable[[Tensor], Tensor]:
    return lambda pictures: pictures + 0.3 * torch.randn_like(pictures)


def _copied(session: Session) -> Callable[[Tensor], Tensor]:
    """The nearest training picture, with the gradient of the one that was made."""
    known = session.dataset.batch(np.arange(len(session.dataset))).pictures

    def change(pictures: Tensor) -> Tensor:
        nearest = known[torch.cdist(pictures.flatten(1), known.flatten(1)).argmin(1)]
        return pictures + (nearest - pictures).detach()

    return change


def _darker(session: Session) -> Callable[[Tensor], Tensor]:
    copied = _copied(session)
    return lambda pictures: 0.96 * (copied(pictures) + 1) - 1


def _pattern(strength: float, period: int) -> Callable[[Session], Callable[[Tensor], Tensor]]:
    """What uneven overlap leaves: every so many-th row and column is weaker."""

    def of(session: Session) -> Callable[[Tensor], Tensor]:
        def change(pictures: Tensor) -> Tensor:
            factor = torch.ones_like(pictures[0, 0])
            factor[::period] *= 1 - strength
            factor[:, ::period] *= 1 - strength
            return (pictures + 1) * factor - 1

        return change

    return of


def uneven(session: Session) -> None:
    """Transposed convolutions of stride 2 with kernels of 3: every second pixel is covered twice as often."""

    def narrow(module: nn.ConvTranspose2d) -> None:
        with torch.no_grad():
            module.weight[:, :, 3:] = 0
            module.weight[:, :, :, 3:] = 0

    for one in generators(session):
        for module in one.modules():
            if isinstance(module, nn.ConvTranspose2d) and module.stride == (2, 2):
                module.register_forward_pre_hook(lambda module, inputs: narrow(module))


def stale_statistics(session: Session) -> None:
    """The average never takes over running means and variances."""
    averages = session.trainer.averages
    names = {id(buffer) for buffer in averages.players.buffers()}
    addresses = {buffer.data_ptr() for buffer in averages.players.buffers()}
    assert names
    own, sources = averages._smooth
    kept = [(a, b) for a, b in zip(own, sources, strict=True) if a.data_ptr() not in addresses]
    averages._smooth = [a for a, _ in kept], [b for _, b in kept]


def forgotten_average(since: int) -> Harm:
    """The average no longer follows once so many images have been shown."""

    def harm(session: Session) -> None:
        averages = session.trainer.averages
        usual = averages.update

        def update(images: int, batch: int) -> None:
            if images < since:
                usual(images, batch)

        averages.update = update  # type: ignore[method-assign]

    return harm


def momentum(value: float) -> Harm:
    """Batch norm in the generator whose running statistics follow so fast."""

    def harm(session: Session) -> None:
        for one in generators(session):
            for module in one.modules():
                if isinstance(module, nn.modules.batchnorm._BatchNorm):
                    module.momentum = value

    return harm


def no_classes(session: Session) -> None:
    """The generator is told class 0, whichever is wanted."""
    latent = session.trainer.game.product(dict(session.trainer.game.players.items())).latent

    def change(latents: Tensor) -> Tensor:
        latents = latents.clone()
        latents[:, latent.columns("class")] = 0
        return latents

    given(change)(session)


def shuffled_labels(session: Session) -> None:
    """The training pictures have somebody else's class."""
    labels = session.stream._labels
    assert labels is not None
    session.stream._labels = labels[torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))]


def phases(length: int, fast: float = 1.0, slow: float = 1e-3) -> Harm:
    """The players take turns of so many images: one learns so fast, the other so slowly."""

    def act(trainer: Trainer) -> None:
        turn = trainer.images // length % 2
        for team, optimiser in trainer._optimisers.items():
            optimiser.lr *= fast if ("generator" in team) == bool(turn) else slow

    return at_every_step(act)


def forgetful(steps: int) -> Harm:
    """The discriminator starts anew every so many steps."""
    first: list[Tensor] = []

    def act(trainer: Trainer) -> None:
        weights = list(trainer.game.players["discriminator"].parameters())
        if trainer.step == 0:
            first[:] = [weight.detach().clone() for weight in weights]
        if trainer.step % steps == 0:
            with torch.no_grad():
                for weight, start in zip(weights, first, strict=True):
                    weight.copy_(start)

    return at_every_step(act)


def _blind(pictures: Tensor) -> Tensor:
    return pictures.mean((2, 3), keepdim=True).expand_as(pictures).contiguous()


def mixed_up(session: Session) -> None:
    """In every other turn the discriminator is told that fakes are real, and real pictures fake."""
    trainer = session.trainer

    def mixed(move: Move) -> Move:
        def loss(prepared: Any) -> Terms:
            if trainer.step % 2:
                prepared = replace(prepared, real=prepared.fake.detach(), fake=prepared.real)
            return move.loss(prepared)

        return replace(move, loss=loss)

    trainer._moves = [mixed(move) if move.name == "discriminator" else move for move in trainer._moves]


def _coarse(size: int) -> Callable[[Tensor], Tensor]:
    """Squares of so many pixels, each its mean."""

    def change(pictures: Tensor) -> Tensor:
        few = nn.functional.avg_pool2d(pictures, size)
        return nn.functional.interpolate(few, scale_factor=size)

    return change


def noise_now_and_then(length: int) -> Harm:
    """So many images long the discriminator sees almost nothing but noise, then as many none."""

    def harm(session: Session) -> None:
        trainer = session.trainer

        def change(pictures: Tensor) -> Tensor:
            noisy = trainer.images // length % 2
            return pictures + 4 * torch.randn_like(pictures) if noisy else pictures

        given(change, "discriminator")(session)

    return harm


# -- cases ------------------------------------------------------------------------------------------------------------

SMALL = ("game.width=8",)
PICTURES, VECTORS, POINTS = 60_000, 240_000, 240_000
"""Budgets that take ten seconds or more: of convolutional networks, of perceptrons, of points."""
OF_POINTS = ("game.network=points", "game.width=128", "game.latent=2", "optimizer.lr=1e-3")


def collapse() -> list[Case]:
    """The generator makes few sorts of pictures."""
    third = PICTURES // 3
    pulled, ahead = "pulled together from a third on", "generator runs ahead"
    one, three = "drawn to one picture from a third on", "drawn to three pictures from a third on"
    run_ahead = together(moved("discriminator", every=5), rate("generator", 10))
    return [
        Case("noise is forgotten", "ring8", "ring8", POINTS, (), given(lambda z: 0 * z)),
        Case("noise is forgotten", "dcgan", DIGITS, PICTURES, SMALL, given(lambda z: 0 * z)),
        Case(pulled, "dcgan", MNIST, PICTURES, SMALL, lost("generator", _pull_together(300), third)),
        Case(pulled, "lsgan", FASHION, PICTURES, SMALL, lost("generator", _pull_together(300), third)),
        Case(ahead, "ring8", "ring8", POINTS, (), run_ahead),
        Case(ahead, "gan", "grid25", POINTS, OF_POINTS, rate("generator", 20)),
        Case(
            one,
            "gan",
            MNIST,
            VECTORS,
            (),
            lost("generator", _few_pictures(1), VECTORS // 3),
        ),
        Case(
            three,
            "dcgan",
            DIGITS,
            PICTURES,
            SMALL,
            lost("generator", _few_pictures(3), third),
        ),
    ]


def vanishing() -> list[Case]:
    """Nothing of what the discriminator knows reaches the generator."""
    minimax = ("game.objective=minimax",)
    fast, rounded, scaled = "minimax, fast discriminator", "pictures are rounded", "loss scaled away from a third on"
    ahead = together(rate("discriminator", 10), rate("generator", 0.1))
    of_points = together(rate("discriminator", 10), rate("generator", 0.001))
    return [
        Case(fast, "dcgan", DIGITS, PICTURES, (*SMALL, *minimax), ahead),
        Case(fast, "dcgan", MNIST, PICTURES, (*SMALL, *minimax), ahead),
        Case(fast, "gan", "ring8", POINTS, (*OF_POINTS, *minimax), of_points),
        Case(rounded, "dcgan", MNIST, PICTURES, SMALL, drawn(_rounded)),
        Case(rounded, "lsgan", FASHION, PICTURES, SMALL, drawn(_rounded)),
        Case(scaled, "dcgan", MNIST, PICTURES, SMALL, lost("generator", _scaled(1e-7), PICTURES // 3)),
        Case(scaled, "ring8", "ring8", POINTS, (), lost("generator", _scaled(1e-7), POINTS // 3)),
        Case("clipped to nothing", "wgan", FASHION, PICTURES, (*SMALL, "game.clip=1e-4", "game.norm=none")),
    ]


def strong() -> list[Case]:
    """The generator has no chance."""
    slow, stamp = "slow generator, fast discriminator", "fakes carry a stamp"
    unequal = together(rate("discriminator", 10), rate("generator", 0.02))
    of_points = together(rate("generator", 0.0005), rate("discriminator", 5))
    return [
        Case(slow, "dcgan", MNIST, PICTURES, SMALL, unequal),
        Case(slow, "dcgan", FASHION, PICTURES, SMALL, unequal),
        Case(slow, "ring8", "ring8", POINTS, (), of_points),
        Case("generator moves every 50th step", "lsgan", DIGITS, PICTURES, SMALL, moved("generator", every=50)),
        Case(stamp, "dcgan", FASHION, PICTURES, SMALL, drawn(_stamped)),
        Case(stamp, "hinge", MNIST, PICTURES, SMALL, drawn(_stamped)),
        Case("fakes carry noise", "dcgan", DIGITS, PICTURES, SMALL, drawn(_noised)),
    ]


def weak() -> list[Case]:
    """The discriminator does not see what is wrong."""
    still, blind, anew, mixed = (
        "it stands still",
        "it sees the mean alone",
        "it starts anew",
        "real and fake are mixed up",
    )
    return [
        Case(still, "dcgan", MNIST, PICTURES, SMALL, rate("discriminator", 1e-4)),
        Case(still, "ring8", "ring8", POINTS, (), rate("discriminator", 1e-4)),
        Case(mixed, "dcgan", FASHION, PICTURES, SMALL, mixed_up),
        Case(mixed, "lsgan", DIGITS, PICTURES, SMALL, mixed_up),
        Case(blind, "dcgan", DIGITS, PICTURES, SMALL, given(_blind, "discriminator")),
        Case(anew, "dcgan", FASHION, PICTURES, SMALL, forgetful(3)),
        Case(anew, "hinge", MNIST, PICTURES, SMALL, forgetful(3)),
    ]


def overfits() -> list[Case]:
    """The discriminator learns the pictures by heart."""
    wide = ("game.width=16",)
    return [
        Case("100 pictures", "dcgan", f"{MNIST}:100", PICTURES, wide),
        Case("100 pictures", "dcgan", f"{FASHION}:100", PICTURES, wide),
        Case(
            "60 pictures, hinge loss",
            "hinge",
            f"{MNIST}:60",
            PICTURES,
            ("game.width=16", "game.norm=none", "batch_size=32"),
        ),
        Case("150 pictures", "dcgan", f"{DIGITS}:150", PICTURES, wide),
        Case(
            "150 pictures, least squares",
            "lsgan",
            f"{FASHION}:150",
            PICTURES,
            ("game.width=16", "game.norm=none"),
        ),
        Case("100 pictures", "dcgan", "shapes:100", PICTURES, wide),
    ]


def diverges() -> list[Case]:
    """Numbers run away."""
    third = PICTURES // 3
    sudden = together(rate("generator", 1000, third), rate("discriminator", 1000, third))
    points = ("game.network=points", "game.width=64", "game.latent=8", "game.penalty=0", "optimizer.lr=0.005")
    unbounded = "critic without a bound"
    return [
        Case("learning rate 0.1", "dcgan", DIGITS, PICTURES, (*SMALL, "optimizer.lr=0.1")),
        Case("rate 1,000 times higher from a third on", "dcgan", FASHION, PICTURES, SMALL, sudden),
        Case("rate 1,000 times higher from a third on", "relativistic", MNIST, PICTURES, SMALL, sudden),
        Case(unbounded, "wgan-gp", MNIST, PICTURES, (*SMALL, "game.penalty=0", "optimizer.lr=0.005")),
        Case(unbounded, "wgan-gp", "ring8", POINTS, points),
        Case(unbounded, "wgan-gp", FASHION, PICTURES, (*SMALL, "game.penalty=0", "optimizer.lr=0.01")),
        Case(
            "learning rate 0.1",
            "hinge",
            FASHION,
            PICTURES,
            (*SMALL, "game.norm=none", "optimizer.lr=0.1"),
        ),
    ]


def oscillates() -> list[Case]:
    """The players undo each other's work again and again."""
    turns, rates, noise = "players take long turns", "learning rates swing", "noise comes and goes"
    swinging = phases(8000, fast=10, slow=0.1)
    noisy = together(noise_now_and_then(8000), rate("discriminator", 4))
    return [
        Case(turns, "dcgan", MNIST, 2 * PICTURES, SMALL, phases(8000)),
        Case(turns, "ring8", "ring8", POINTS, (), phases(30_000)),
        Case(turns, "gan", FASHION, 2 * VECTORS, (), phases(40_000)),
        Case(turns, "lsgan", DIGITS, 2 * PICTURES, SMALL, phases(8000)),
        Case(rates, "dcgan", DIGITS, 2 * PICTURES, SMALL, swinging),
        Case(rates, "hinge", FASHION, 2 * PICTURES, SMALL, swinging),
        Case(noise, "dcgan", FASHION, 2 * PICTURES, SMALL, noisy),
    ]


def checkerboards() -> list[Case]:
    """Pictures carry a grid, which the discriminator does not see: or it would win."""
    second, fourth = "every second row and column weaker", "every fourth row and column weaker"
    kernels = "transposed convolutions with kernels of 3"

    def unseen_grid(change: Callable[[Session], Callable[[Tensor], Tensor]], period: int) -> Harm:
        return together(drawn(change), given(_coarse(period), "discriminator"))

    return [
        Case(second, "lsgan", MNIST, PICTURES, SMALL, unseen_grid(_pattern(0.4, 2), 2)),
        Case(second, "lsgan", FASHION, PICTURES, SMALL, unseen_grid(_pattern(0.3, 2), 2)),
        Case(fourth, "dcgan", FASHION, PICTURES, SMALL, unseen_grid(_pattern(0.5, 4), 4)),
        Case(fourth, "hinge", DIGITS, PICTURES, SMALL, unseen_grid(_pattern(0.5, 4), 4)),
        Case(kernels, "hinge", MNIST, PICTURES, SMALL, together(uneven, given(_coarse(4), "discriminator"))),
        Case(
            kernels,
            "lsgan",
            FASHION,
            PICTURES,
            SMALL,
            together(uneven, given(_coarse(4), "discriminator")),
        ),
    ]


def copies() -> list[Case]:
    """Fakes are training pictures."""
    shown, few = "the nearest training picture is shown", ("game.width=16", "batch_size=16")
    return [
        Case(shown, "dcgan", f"{MNIST}:500", PICTURES, SMALL, drawn(_copied)),
        Case("a training picture, a little darker", "dcgan", f"{FASHION}:300", PICTURES, SMALL, drawn(_darker)),
        Case(shown, "ring8", "ring8:200", POINTS, (), drawn(_copied)),
        Case(shown, "hinge", f"{DIGITS}:400", PICTURES, SMALL, drawn(_copied)),
        Case("20 pictures", "dcgan", f"{DIGITS}:20", PICTURES, few),
        Case("16 pictures", "lsgan", f"{FASHION}:16", PICTURES, few),
    ]


def deaf() -> list[Case]:
    """The class that is asked for is not the one that is drawn."""
    weightless, untold, others = "classes weigh nothing", "generator is not told", "labels of other pictures"
    return [
        Case(weightless, "auxiliary", DIGITS, PICTURES, (*SMALL, "game.class_weight=1e-6")),
        Case(weightless, "auxiliary", FASHION, PICTURES, (*SMALL, "game.class_weight=1e-6")),
        Case(untold, "conditional", MNIST, PICTURES, SMALL, no_classes),
        Case(untold, "projection", FASHION, PICTURES, SMALL, no_classes),
        Case(others, "conditional", FASHION, PICTURES, SMALL, shuffled_labels),
        Case(others, "auxiliary", MNIST, PICTURES, SMALL, shuffled_labels),
    ]


def mismatches() -> list[Case]:
    """What is shipped is not what was trained."""
    stale, slow = "average without running statistics", "running statistics too slow"
    forgotten = "average forgotten after a thirtieth"
    return [
        Case(stale, "dcgan", DIGITS, PICTURES, SMALL, stale_statistics),
        Case(stale, "dcgan", FASHION, PICTURES, SMALL, stale_statistics),
        Case(slow, "dcgan", MNIST, PICTURES, SMALL, momentum(1e-5)),
        Case(slow, "lsgan", FASHION, PICTURES, SMALL, momentum(1e-5)),
        Case(forgotten, "dcgan", FASHION, PICTURES, SMALL, forgotten_average(PICTURES // 30)),
        Case(forgotten, "hinge", MNIST, PICTURES, SMALL, forgotten_average(PICTURES // 30)),
    ]


def plateaus() -> list[Case]:
    """Nothing is learnt any more, and the pictures are not there yet."""
    tiny, over, frozen = (
        "learning rate 1e-7",
        "learning rate gone after a twentieth",
        "weights frozen after a twentieth",
    )
    early = PICTURES // 20
    stop = together(rate("generator", 0, early), rate("discriminator", 0, early))
    ends = ("schedule.decay_from=0", f"schedule.decay_until={early}")
    ends_of_vectors = ("schedule.decay_from=0", f"schedule.decay_until={VECTORS // 20}")
    return [
        Case(tiny, "dcgan", MNIST, PICTURES, (*SMALL, "optimizer.lr=1e-7")),
        Case(tiny, "ring8", "ring8", POINTS, ("optimizer.lr=1e-7",)),
        Case(over, "dcgan", FASHION, PICTURES, (*SMALL, *ends)),
        Case(over, "gan", DIGITS, VECTORS, ends_of_vectors),
        Case(frozen, "dcgan", DIGITS, PICTURES, SMALL, stop),
        Case(frozen, "lsgan", MNIST, PICTURES, SMALL, stop),
    ]


def healthy() -> list[Case]:
    """Recipes as they are, between networks that two cores can train in half a minute."""
    as_it_is = "as it is"
    return [
        Case(as_it_is, "ring8", "ring8", 2 * POINTS),
        Case(as_it_is, "grid25", "grid25", 2 * POINTS),
        *(Case(as_it_is, "dcgan", data, PICTURES, ("game.width=16",)) for data in (DIGITS, MNIST, FASHION, "shapes")),
        Case(as_it_is, "gan", DIGITS, 4 * VECTORS),
        Case(as_it_is, "lsgan", MNIST, PICTURES, ("game.width=16",)),
        Case(as_it_is, "hinge", DIGITS, PICTURES, ("game.width=16",)),
        Case(as_it_is, "wgan", MNIST, 2 * PICTURES, SMALL),
        Case(as_it_is, "wgan-gp", DIGITS, 2 * PICTURES, SMALL),
        Case(as_it_is, "relativistic", MNIST, PICTURES, SMALL),
        *(Case(as_it_is, "conditional", data, PICTURES, ("game.width=16",)) for data in (FASHION, DIGITS)),
        Case(as_it_is, "auxiliary", MNIST, PICTURES, ("game.width=16",)),
        Case(as_it_is, "infogan", DIGITS, PICTURES, ("game.width=16",)),
        Case(as_it_is, "vae", FASHION, PICTURES, ("game.width=16",)),
        Case(as_it_is, "projection", DIGITS, PICTURES, SMALL),
        Case(as_it_is, "semi-supervised", MNIST, PICTURES, ("data.labelled=100",)),
        Case(as_it_is, "relativistic-projection", DIGITS, PICTURES, SMALL),
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


def fresh() -> dict[str, list[Case]]:
    """Ways that were written down after all thresholds had been found, and played once."""
    half, small = PICTURES // 2, SMALL
    ahead = together(rate("discriminator", 5), rate("generator", 0.002))
    sudden = together(rate("generator", 1000, half), rate("discriminator", 1000, half))
    stop = together(rate("generator", 0, VECTORS // 20), rate("discriminator", 0, VECTORS // 20))
    noisy = together(noise_now_and_then(10_000), rate("discriminator", 4))
    kernels = together(uneven, given(_coarse(4), "discriminator"))
    second = together(drawn(_pattern(0.35, 2)), given(_coarse(2), "discriminator"))
    as_it_is = "as it is"
    return {
        "mode collapse": [
            Case(
                "pulled together from half on",
                "infogan",
                DIGITS,
                PICTURES,
                small,
                lost("generator", _pull_together(300), half),
            ),
            Case(
                "drawn to two pictures from half on",
                "hinge",
                FASHION,
                PICTURES,
                small,
                lost("generator", _few_pictures(2), half),
            ),
        ],
        "vanishing gradient": [
            Case(
                "loss scaled away from half on",
                "hinge",
                FASHION,
                PICTURES,
                small,
                lost("generator", _scaled(1e-8), half),
            ),
            Case("pictures are rounded", "relativistic", MNIST, PICTURES, small, drawn(_rounded)),
        ],
        "discriminator too strong": [
            Case("slow generator", "wgan-gp", DIGITS, PICTURES, small, ahead),
            Case("fakes carry a stamp", "lsgan", "shapes", PICTURES, small, drawn(_stamped)),
        ],
        "discriminator too weak": [
            Case("it stands still", "lsgan", FASHION, PICTURES, small, rate("discriminator", 1e-4)),
            Case("real and fake are mixed up", "hinge", MNIST, PICTURES, small, mixed_up),
        ],
        "discriminator overfits": [
            Case("80 pictures", "dcgan", f"{FASHION}:80", PICTURES, ("game.width=16",)),
            Case("100 pictures", "infogan", f"{MNIST}:100", PICTURES, ("game.width=16",)),
        ],
        "diverging": [
            Case("learning rate 0.2", "dcgan", MNIST, PICTURES, (*small, "optimizer.lr=0.2")),
            Case("rate 1,000 times higher from half on", "lsgan", DIGITS, PICTURES, small, sudden),
        ],
        "oscillating": [
            Case("players take long turns", "hinge", MNIST, 2 * PICTURES, small, phases(10_000)),
            Case("noise comes and goes", "dcgan", DIGITS, 2 * PICTURES, small, noisy),
        ],
        "checkerboard": [
            Case("every second row and column weaker", "lsgan", "shapes", PICTURES, small, second),
            Case("transposed convolutions with kernels of 3", "dcgan", FASHION, PICTURES, small, kernels),
        ],
        "copying": [
            Case("the nearest training picture is shown", "lsgan", f"{MNIST}:200", PICTURES, small, drawn(_copied)),
            Case("a training picture, a little darker", "hinge", f"{DIGITS}:300", PICTURES, small, drawn(_darker)),
        ],
        "label ignored": [
            Case("generator is not told", "auxiliary", DIGITS, PICTURES, small, no_classes),
            Case("labels of other pictures", "conditional", DIGITS, PICTURES, small, shuffled_labels),
        ],
        "statistics mismatch": [
            Case("average without running statistics", "infogan", MNIST, PICTURES, small, stale_statistics),
            Case("running statistics too slow", "dcgan", "shapes", PICTURES, small, momentum(1e-5)),
        ],
        "plateau": [
            Case("learning rate 1e-7", "hinge", FASHION, PICTURES, (*small, "optimizer.lr=1e-7")),
            Case("weights frozen after a twentieth", "gan", FASHION, VECTORS, (), stop),
        ],
        "healthy": [
            Case(as_it_is, "hinge", FASHION, PICTURES, ("game.width=16",)),
            Case(as_it_is, "lsgan", DIGITS, PICTURES, ("game.width=16",)),
            Case(as_it_is, "relativistic", DIGITS, PICTURES, small),
            Case(as_it_is, "infogan", MNIST, PICTURES, ("game.width=16",)),
            Case(as_it_is, "auxiliary", FASHION, PICTURES, ("game.width=16",)),
            Case(as_it_is, "conditional", MNIST, PICTURES, ("game.width=16",)),
            Case(as_it_is, "wgan-gp", MNIST, 2 * PICTURES, small),
            Case(as_it_is, "relativistic", FASHION, PICTURES, small),
            Case(as_it_is, "disentangled", "shapes", PICTURES, ("game.width=16",)),
            Case(as_it_is, "complement", MNIST, PICTURES, ("data.labelled=100",)),
        ],
    }
