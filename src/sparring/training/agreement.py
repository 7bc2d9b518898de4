"""Whether two ways of computing the same game agree: losses and gradients, of the same weights on the same batch."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from sparring.data.batches import Images
from sparring.nn.dropout import ChannelDropout, Dropout
from sparring.training.loop import Trainer
from sparring.training.progress import Stream

TINY = 1e-30
STEPS = 10
"""Enough to play from a recording, not only for it."""
FLOOR = 0.01
"""Of losses that are the same for any batch, the share of them that counts as a change."""


class Reference:
    """What a game's losses and gradients are, and by how much they differ from batch to batch.

    A gradient is an estimate: another batch gives another one, as good as the first. So how far off a way of computing
    is says little by itself; it is harmless if it is far less than what another batch would have changed.

    Nobody moves, but the statistics of batch norm and the pools of pictures do: a trainer that is asked should be a
    copy. Dropout is left out, since another precision draws other masks.

    Args:
        trainer: computes as it should be.
        batches: two, of pictures; the second one only to see what it changes.
    """

    def __init__(self, trainer: Trainer, batches: Sequence[Images]) -> None:
        self._batch = batches[0]
        with _undropped(trainer):
            self._right, other = (trainer.slopes(batch, number) for number, batch in enumerate(batches))
        # nothing would be a hard measure, where losses are the same for any batch
        self._noise = {
            move: torch.maximum(_apart(self._right[move], other[move]), FLOOR * _apart(self._right[move]))
            for move in other
        }

    def disagreement(self, trainer: Trainer) -> float:
        """By how much losses and gradients are off, in units of what another batch changes; of all moves the most.

        Not a number where one of them is none.

        Args:
            trainer: of the same game with the same weights and seed.
        """
        with _undropped(trainer):
            found = trainer.slopes(self._batch, 0)
        off = [_apart(self._right[move], found[move]) / self._noise[move] for move in found]
        return float(torch.stack(off).max())


def strayed(one: tuple[Trainer, Stream], other: tuple[Trainer, Stream], steps: int = STEPS) -> float:
    """How far apart two trainers end that begin alike, in units of the way that the other one goes.

    Of weights and of statistics, which change far more, the larger one.

    Args:
        one: plays its batches.
        other: the same game, weights, seed and batches.
        steps: that both play.
    """
    begun = [[one.clone() for one in side] for side in _numbers(other[0])]
    for trainer, stream in (one, other):
        for _ in zip(range(steps), trainer.run(stream), strict=False):
            pass
    sides = zip(_numbers(one[0]), _numbers(other[0]), begun, strict=True)
    return max(_distance(here, there) / max(_distance(there, before), TINY) for here, there, before in sides if before)


def _numbers(trainer: Trainer) -> tuple[list[Tensor], list[Tensor]]:
    """Weights, and statistics."""
    buffers = [one for one in trainer.game.buffers() if one.is_floating_point()]
    return [one.detach() for one in trainer.game.parameters()], buffers


def _distance(one: Sequence[Tensor], other: Sequence[Tensor]) -> float:
    return float(torch.stack([(a - b).norm() for a, b in zip(one, other, strict=True)]).norm())


def _apart(one: tuple[Tensor, Tensor], other: tuple[Tensor, Tensor] | None = None) -> Tensor:
    """[2]: how far loss terms and gradients of a move are apart, or from nothing."""
    if other is None:
        return torch.stack([a.double().norm() for a in one])
    return torch.stack([(a.double() - b.double()).norm() for a, b in zip(one, other, strict=True)])


@contextmanager
def _undropped(trainer: Trainer) -> Iterator[None]:
    layers = [module for module in trainer.game.modules() if isinstance(module, Dropout | ChannelDropout)]
    for layer in layers:
        layer.eval()
    try:
        yield
    finally:
        for layer in layers:
            layer.train()
