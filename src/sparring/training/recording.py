"""What is played in the same way at every step, recorded once and then replayed: CUDA graphs.

The kernels of a small network take less time than it takes to ask for them one by one. Of a recording, all are asked
for at once: moves, penalties with their second derivatives, and steps of the optimisers.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from sparring.data.batches import Images

WARM = 3
"""How often something is played before it is recorded: libraries choose their kernels the first times."""


@dataclass(frozen=True)
class Turn:
    """What the turn of a move leaves behind; of a recording, always in the same place.

    Attributes:
        terms: names of the loss terms.
        values: [T], theirs.
        gradients: of the parameters that moved.
    """

    terms: tuple[str, ...]
    values: Tensor
    gradients: list[Tensor]


Perform = Callable[[Images], list[Turn]]
"""Plays some moves on a batch."""


class Graph:
    """A performance as a CUDA graph: what it reads and writes stays where it is.

    Attributes:
        pool: of memory.

    Args:
        perform: is called once, which records what it asks of the GPU and computes nothing.
        batch: one as those that will be played.
        pool: of another graph, which is never replayed at the same time.
    """

    def __init__(self, perform: Perform, batch: Images, pool: Any = None) -> None:
        self._batch = batch.map(torch.clone)
        self._graph = torch.cuda.CUDAGraph()
        # other threads may go on using the GPU meanwhile
        with torch.cuda.graph(self._graph, pool=pool, capture_error_mode="thread_local"):
            self._turns = perform(self._batch)
        self.pool = self._graph.pool()

    def replay(self, batch: Images) -> list[Turn]:
        """Play it on another batch of the same kind."""
        for own, given in zip(self._batch.tensors(), batch.tensors(), strict=True):
            own.copy_(given)
        self._graph.replay()
        return self._turns

    @staticmethod
    def rehearse(perform: Perform, batch: Images) -> list[Turn]:
        """Play without recording, on another stream: what was first used on the default one could not be recorded."""
        here, beside = torch.cuda.current_stream(), torch.cuda.Stream()  # type: ignore[no-untyped-call]
        beside.wait_stream(here)
        with torch.cuda.stream(beside):
            turns = perform(batch)
        here.wait_stream(beside)
        return turns


class Recorder:
    """Plays moves on batches: at first as they are, later from a recording.

    That gives the same numbers, for random numbers come from the GPU's own generator, whose seed a replay reads anew.
    But whatever a move asks of the host is only asked once: a game that decides in Python, beyond which moves are
    played, must not be recorded. Most cannot be, since a recording that has to wait for a number fails.

    Args:
        graph: how to record.
    """

    def __init__(self, graph: type[Graph] = Graph) -> None:
        self._graph = graph
        self._played: Counter[object] = Counter()
        self._graphs: dict[object, Graph] = {}

    def play(self, moves: Sequence[str], batch: Images, perform: Perform) -> list[Turn]:
        """Play moves on a batch.

        Args:
            moves: their names; a recording is of these moves, and of batches of this shape.
            batch: on the GPU.
            perform: plays them.

        Raises:
            RuntimeError: they cannot be recorded.
        """
        kind = (*moves, *((tuple(one.shape), one.stride()) for one in batch.tensors()))
        if kind not in self._graphs:
            self._played[kind] += 1
            if self._played[kind] <= WARM:
                return self._graph.rehearse(perform, batch)
            pool = next((one.pool for one in self._graphs.values()), None)
            self._graphs[kind] = self._graph(perform, batch, pool)
        return self._graphs[kind].replay(batch)
