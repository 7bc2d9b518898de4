"""Recordings on a GPU: CUDA graphs.

Moves, penalties with their second derivatives and steps of the optimisers are asked for all at once.
"""

from typing import Self

import torch

from sparring.data.batches import Images
from sparring.training.recording import Perform, Turn


class Graph:
    """A performance as a CUDA graph, whose batch, results and memory stay where they are.

    Args:
        perform: is called once, which records what it asks of the GPU and computes nothing.
        batch: one as those that will be played.
        other: one that is never replayed at the same time, and can share its memory.
    """

    def __init__(self, perform: Perform, batch: Images, other: "Graph | None") -> None:
        self._batch = batch.map(torch.clone)
        self._graph = torch.cuda.CUDAGraph()
        pool = None if other is None else other._graph.pool()
        # other threads may go on using the GPU meanwhile
        with torch.cuda.graph(self._graph, pool=pool, capture_error_mode="thread_local"):
            self._turns = perform(self._batch)

    @staticmethod
    def rehearse(perform: Perform, batch: Images) -> list[Turn]:
        """On another stream: what was first used on the default one could not be recorded."""
        here, beside = torch.cuda.current_stream(), torch.cuda.Stream()  # type: ignore[no-untyped-call]
        beside.wait_stream(here)
        with torch.cuda.stream(beside):
            turns = perform(batch)
        here.wait_stream(beside)
        return turns

    @classmethod
    def record(cls, perform: Perform, batch: Images, other: Self | None) -> tuple[Self, list[Turn]]:
        """Record, and then play."""
        graph = cls(perform, batch, other)
        return graph, graph.replay(batch)

    def replay(self, batch: Images) -> list[Turn]:
        """Play it on another batch; what it left behind the last time is overwritten."""
        for own, given in zip(self._batch.tensors(), batch.tensors(), strict=True):
            own.copy_(given)
        self._graph.replay()
        return self._turns
