"""A batch in parts, played one after the other or by several processes, with one and the same result."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from sparring.data.batches import Images
from sparring.games.base import Game
from sparring.nn.pool import HistoryPool
from sparring.training.distributed import ALONE, Ranks


class Parts:
    """How the parts of a batch make one step: gradients and running statistics are averaged over them.

    Each part has noise of its own, and sees running statistics as they were before the batch; batch norm and whatever
    else mixes samples sees one part at a time, and has its share of a `HistoryPool`. So it does not matter how many
    processes share the parts.

    Args:
        game: whose buffers are averaged.
        count: parts of a batch.
        ranks: the processes that share them out.
    """

    def __init__(self, game: Game, count: int = 1, ranks: Ranks = ALONE) -> None:
        self.count, self.ranks = count, ranks
        self.here = count // ranks.world
        self._pools = [module for module in game.modules() if isinstance(module, HistoryPool)]
        for pool in self._pools:
            pool.divide(count)
        self._slots = [
            (module._buffers, name)
            for module in game.modules()
            if not isinstance(module, HistoryPool)
            for name, one in module._buffers.items()
            if one is not None and one.dtype != torch.bool
        ]
        self._buffers: list[Tensor] = []
        self._seen: list[list[Tensor]] = []

    @property
    def whole(self) -> bool:
        """Whether there is only one."""
        return self.count == 1

    def number(self, at: int) -> int:
        """Of all parts, which one the `at`-th of this process is."""
        return self.ranks.rank * self.here + at

    def cut(self, batch: Images) -> list[Images]:
        """The parts of this process, of the pictures that it was given."""
        if self.whole:
            return [batch]
        self._buffers = self._held()
        self._seen = [[one.clone() for one in self._buffers] for _ in range(self.here)]
        return [batch.part(at, self.here) for at in range(self.here)]

    @contextmanager
    def playing(self, at: int) -> Iterator[None]:
        """While the `at`-th part of this process is played: with the running statistics that it left behind."""
        if self.whole:
            yield
            return
        for pool in self._pools:
            pool.part = self.number(at)
        # other tensors in their place: what is written into those is needed when gradients are computed
        self._hold(self._seen[at])
        yield
        self._seen[at] = self._held()
        self._hold(self._buffers)

    def average_(self, tensors: Sequence[Tensor]) -> None:
        """Make sums over the parts of this process means over all parts."""
        if not self.whole:
            self.ranks.add_(tensors)
            torch._foreach_mul_(list(tensors), 1 / self.count)

    @torch.no_grad()
    def settle(self) -> None:
        """Once a batch is played: what was counted is added up, and what was measured is averaged."""
        if self.whole:
            return
        if not self.ranks.alone:
            self._share_pools()
        if not self._slots:
            return
        changes = [[after - before for after, before in zip(seen, self._buffers, strict=True)] for seen in self._seen]
        totals = [torch.stack(some).sum(0) for some in zip(*changes, strict=True)]
        self.ranks.add_(totals)
        for own, total in zip(self._buffers, totals, strict=True):
            own += total / self.count if total.is_floating_point() else total

    def _share_pools(self) -> None:
        """Each process has filled the shares of its own parts: now all have all of them."""
        filled = []
        for pool in self._pools:
            others = [part for part in range(self.count) if part // self.here != self.ranks.rank]
            for part in others:
                pool.share(part).zero_()
            pool.count[others] = 0
            filled += [pool.kept, pool.count]
        self.ranks.add_(filled)  # to nothing, which leaves every digit as it is

    def _held(self) -> list[Tensor]:
        return [held for buffers, name in self._slots if (held := buffers[name]) is not None]

    def _hold(self, values: Sequence[Tensor]) -> None:
        for (buffers, name), value in zip(self._slots, values, strict=True):
            buffers[name] = value
