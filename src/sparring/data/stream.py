"""Batches for ever, in an order that depends on the seed alone: batch k can be had without batch k - 1."""

import os
import signal
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from sparring.data.batches import Images, Labelled
from sparring.data.dataset import Dataset, as_batch
from sparring.errors import SparringError, UsageError

_CPU = torch.device("cpu")


class Stream:
    """The pictures of a set, shuffled anew in each epoch, cut into batches; a batch may span two epochs.

    Args:
        dataset: N pictures.
        batch_size: B, at most N.
        seed: from 0; the order of epoch e is drawn from (seed, e).
        device: where the batches are wanted; a set in memory is put there once.

    Raises:
        UsageError: the set has fewer pictures than a batch.

    >>> from sparring.data.dataset import open_dataset
    >>> from sparring.config import Data
    >>> Stream(open_dataset(Data(path="digits")), batch_size=16, seed=0).batch(1000).pictures.shape
    torch.Size([16, 1, 32, 32])
    """

    def __init__(self, dataset: Dataset, batch_size: int, seed: int, device: torch.device = _CPU) -> None:
        if len(dataset) < batch_size:
            raise UsageError(
                f"data set {dataset.title!r} has {len(dataset)} pictures, fewer than a batch of {batch_size}: "
                f"add pictures or set batch_size={len(dataset)}"
            )
        self.dataset = dataset
        self.batch_size = batch_size
        self.seed = seed
        self.device = device
        self._stored = None if dataset.stored is None else dataset.stored.to(device)
        self._labels = None if dataset.labels is None else torch.from_numpy(dataset.labels).to(device)
        self._orders: dict[int, NDArray[np.int64]] = {}  # of the latest epoch only

    def indices(self, k: int) -> NDArray[np.int64]:
        """[B], which pictures batch k is made of: positions k B to (k + 1) B - 1 of all epochs laid end to end."""
        epoch, start = divmod(k * self.batch_size, len(self.dataset))
        first = self._order(epoch)[start : start + self.batch_size]
        if len(first) == self.batch_size:
            return first
        return np.concatenate([first, self._order(epoch + 1)[: self.batch_size - len(first)]])

    def batch(self, k: int) -> Images | Labelled:
        """Batch k on the device: a pure function of (seed, k).

        Raises:
            SparringError: a picture that is decoded only now is broken; the message names it.
        """
        indices = self.indices(k)
        if self._stored is None:
            return self._arrived(self.dataset.rows(indices), indices)
        at = torch.from_numpy(indices)
        if self.device.type == "cuda":  # from pinned memory, the copy does not wait for the device
            at = at.pin_memory().to(self.device, non_blocking=True)
        labels = None if self._labels is None else self._labels.index_select(0, at)
        return as_batch(self._stored.index_select(0, at), labels, self.dataset.spec.bits)

    def starting(self, k: int) -> Iterator[Images | Labelled]:
        """Batches k, k + 1, ... for ever; a set that is not in memory is decoded ahead by worker processes.

        Raises:
            SparringError: a picture that is decoded only now is broken; the message names it.
        """
        if self._stored is None and self.dataset.workers > 0:
            yield from self._prefetched(k)
        while True:
            yield self.batch(k)
            k += 1

    def _prefetched(self, k: int) -> Iterator[Images | Labelled]:
        loader = DataLoader(
            _Rows(self.dataset),
            batch_sampler=_Batches(self, k),
            num_workers=min(self.dataset.workers, os.cpu_count() or 1),
            collate_fn=_as_it_is,
            prefetch_factor=4,
            worker_init_fn=_leave_interrupts_to_the_run,
            generator=torch.Generator(),  # or it would draw a seed from the generator that games sample noise with
        )
        for decoded in loader:
            if isinstance(decoded, SparringError):
                raise decoded
            yield self._arrived(decoded.rows, decoded.indices)

    def _arrived(self, rows: Tensor, indices: NDArray[np.int64]) -> Images | Labelled:
        labels = None if self._labels is None else self._labels[torch.from_numpy(indices).to(self.device)]
        return as_batch(rows.to(self.device), labels, self.dataset.spec.bits)

    def _order(self, epoch: int) -> NDArray[np.int64]:
        if epoch not in self._orders:
            generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([self.seed, epoch])))
            self._orders = {epoch: generator.permutation(len(self.dataset)).astype(np.int64, copy=False)}
        return self._orders[epoch]


class _Decoded(NamedTuple):
    rows: Tensor
    indices: NDArray[np.int64]


class _Rows(TorchDataset[Any]):
    """What a worker does: decode the pictures of one batch. Errors travel as values, or they would gain a traceback."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset

    def __getitems__(self, indices: list[int]) -> _Decoded | SparringError:
        at = np.array(indices, np.int64)
        try:
            return _Decoded(self.dataset.rows(at), at)
        except SparringError as error:
            return error


class _Batches:
    """The indices of batches k, k + 1, ... for ever."""

    def __init__(self, stream: Stream, k: int) -> None:
        self.stream = stream
        self.k = k

    def __iter__(self) -> Iterator[list[int]]:
        k = self.k
        while True:
            yield self.stream.indices(k).tolist()
            k += 1


def _leave_interrupts_to_the_run(_: int) -> None:
    # ctrl-C reaches the workers too, and without them the run could not play its last step and save
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _as_it_is(decoded: Any) -> Any:
    return decoded
