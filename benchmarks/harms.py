"""Ways to break a run that no setting can: a generator that is given the same noise all the time, fakes with a stamp.

A harm is done to a session before it plays: to what a player is given or draws, to a move's loss, or to something that
happens at every step.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sparring.games.base import Move, Terms, sampler
from sparring.runs.session import Session
from sparring.training.loop import Trainer

Harm = Callable[[Session], None]


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


def pull_together(weight: float) -> Callable[[Any, Terms], Terms]:
    def change(prepared: Any, terms: Terms) -> Terms:
        fake = prepared.fake.flatten(1)
        return terms | {"alike": weight * (fake - fake.mean(0)).square().mean()}

    return change


def few_pictures(count: int) -> Callable[[Any, Terms], Terms]:
    """The generator is drawn to the nearest of the brightest pictures of the first batch."""
    kept: list[Tensor] = []

    def change(prepared: Any, terms: Terms) -> Terms:
        fake, real = prepared.fake.flatten(1), prepared.real.flatten(1)
        if not kept:
            kept.append(real[real.mean(1).topk(count).indices])
        return terms | {"near": 300 * torch.cdist(fake, kept[0]).amin(1).square().mean() / fake.shape[1]}

    return change


def scaled(factor: float) -> Callable[[Any, Terms], Terms]:
    return lambda prepared, terms: {name: factor * term for name, term in terms.items()}


def rounded(session: Session) -> Callable[[Tensor], Tensor]:
    """To the 256 levels that a file has, which is flat."""
    return lambda pictures: ((pictures + 1) * 127.5).round() / 127.5 - 1


def stamped(session: Session) -> Callable[[Tensor], Tensor]:
    def change(pictures: Tensor) -> Tensor:
        pictures = pictures.clone()
        pictures[:, :, :3, :3] = torch.tensor([1.0, -1.0, 1.0])
        return pictures

    return change


def noised(session: Session) -> Callable[[Tensor], Tensor]:
    return lambda pictures: pictures + 0.3 * torch.randn_like(pictures)


def copied(session: Session) -> Callable[[Tensor], Tensor]:
    """The nearest training picture, with the gradient of the one that was made."""
    known = session.dataset.batch(np.arange(len(session.dataset))).pictures

    def change(pictures: Tensor) -> Tensor:
        nearest = known[torch.cdist(pictures.flatten(1), known.flatten(1)).argmin(1)]
        return pictures + (nearest - pictures).detach()

    return change


def darker(session: Session) -> Callable[[Tensor], Tensor]:
    nearest = copied(session)
    return lambda pictures: 0.96 * (nearest(pictures) + 1) - 1


def pattern(strength: float, period: int) -> Callable[[Session], Callable[[Tensor], Tensor]]:
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
    addresses = {buffer.data_ptr() for buffer in averages.players.buffers()}
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
    latent = sampler(session.trainer.game.product(dict(session.trainer.game.players.items()))).latent

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


def blind(pictures: Tensor) -> Tensor:
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


def coarse(size: int) -> Callable[[Tensor], Tensor]:
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
