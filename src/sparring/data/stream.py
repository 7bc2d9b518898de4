"""Batches for ever, in an order that depends on the seed alone: batch k can be had without batch k - 1."""

import os
import signal
from collections.abc import Iterator
from itertools import count
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from sparring.data.batches import WHOLE, FewLabels, Images, Labelled, Paired, Share, Unpaired, from_stored
from sparring.data.dataset import Dataset, as_batch
from sparring.data.few import labelled_few
from sparring.data.maps import encoded
from sparring.data.sender import Sender
from sparring.errors import SparringError, UsageError
from sparring.seeds import mix

_CPU = torch.device("cpu")


class Stream:
    """The pictures of a set, shuffled anew in each epoch, cut into batches; a batch may span two epochs.

    Args:
        dataset: N pictures.
        batch_size: B, at most N.
        seed: from 0; the order of epoch e is drawn from (seed, e).
        device: where the batches are wanted; a set in memory is put there once.
        share: the part of every batch that this process is given.

    Raises:
        UsageError: the set has fewer pictures than a batch.

    >>> from sparring.data.dataset import open_dataset
    >>> from sparring.config import Data
    >>> Stream(open_dataset(Data(path="digits")), batch_size=16, seed=0).batch(1000).pictures.shape
    torch.Size([16, 1, 32, 32])
    """

    def __init__(
        self, dataset: Dataset, batch_size: int, seed: int, device: torch.device = _CPU, share: Share = WHOLE
    ) -> None:
        if len(dataset) < batch_size:
            raise UsageError(
                f"data set {dataset.title!r} has {len(dataset)} pictures, fewer than a batch of {batch_size}: "
                f"add pictures or set batch_size={len(dataset)}"
            )
        self.dataset = dataset
        self.batch_size = batch_size
        self.seed = seed
        self.device = device
        held = dataset.stored is not None and (dataset.inputs is None or dataset.inputs.stored is not None)
        self._stored = dataset.stored.to(device) if held and dataset.stored is not None else None
        self._labels = None if dataset.labels is None else torch.from_numpy(dataset.labels).to(device)
        self._factors = None if dataset.factors is None else torch.from_numpy(dataset.factors).to(device)
        self._share, self._send = share, Sender(device)
        self._order = Order(len(dataset), batch_size, seed, share)
        self._few = None if dataset.labelled is None else _Few(dataset, batch_size, seed, device, share)
        self._inputs = None if dataset.inputs is None else _Inputs(dataset, self._order, batch_size, seed, share)
        stored = None if dataset.inputs is None else dataset.inputs.stored
        self._stored_inputs = stored.to(device) if held and stored is not None else None

    def indices(self, k: int) -> NDArray[np.int64]:
        """[B], which pictures batch k is made of: positions k B to (k + 1) B - 1 of all epochs laid end to end."""
        return self._order.batch(k)

    def batch(self, k: int) -> Images:
        """Batch k on the device: a pure function of (seed, k).

        Raises:
            SparringError: a picture that is decoded only now is broken; the message names it.
        """
        if self._stored is None:
            return self._arrived(_Rows(self.dataset, self._order, self._inputs).decoded(k), k)
        at = self._send(torch.from_numpy(self.indices(k)))
        rows = self._stored.index_select(0, at)
        if self._inputs is None or self._stored_inputs is None:
            return self._changed(self._known(rows, at, k), k)
        others = self._send(torch.from_numpy(self._inputs.batch(k)))
        return self._joined(rows, self._stored_inputs.index_select(0, others), k)

    def starting(self, k: int) -> Iterator[Images]:
        """Batches k, k + 1, ... for ever; a set that is not in memory is decoded ahead by worker processes.

        Raises:
            SparringError: a picture that is decoded only now is broken; the message names it.
        """
        if self._stored is None and self.dataset.workers > 0:
            yield from self._prefetched(k)
        while True:
            yield self.batch(k)
            k += 1

    def _prefetched(self, k: int) -> Iterator[Images]:
        loader = DataLoader(
            _Rows(self.dataset, self._order, self._inputs),
            batch_sampler=_Batches(k),
            num_workers=min(self.dataset.workers, os.cpu_count() or 1),
            collate_fn=_as_it_is,
            prefetch_factor=4,
            worker_init_fn=_leave_interrupts_to_the_run,
            generator=torch.Generator(),  # or it would draw a seed from the generator that games sample noise with
        )
        for decoded in loader:
            if isinstance(decoded, SparringError):
                raise decoded
            yield self._arrived(decoded, k)
            k += 1

    def _arrived(self, decoded: "_Decoded", k: int) -> Images:
        rows, at = self._send(decoded.rows), self._send(torch.from_numpy(decoded.indices))
        if decoded.inputs is None:
            return self._changed(self._known(rows, at, k), k)
        return self._joined(rows, self._send(decoded.inputs), k)

    def _joined(self, rows: Tensor, inputs: Tensor, k: int) -> Images:
        assert self.dataset.inputs is not None
        kind = Paired if self.dataset.aligned else Unpaired
        pictures = encoded(rows, self.dataset.spec)
        return self._changed(kind(pictures, encoded(inputs, self.dataset.inputs.spec)), k)

    def _changed(self, batch: Images, k: int) -> Images:
        return self.dataset.changes.of(batch, mix("changes", self.seed, k), self._share)

    def _known(self, rows: Tensor, at: Tensor, k: int) -> Images:
        """Stored rows as a batch, with what is known of them."""
        pictures = encoded(rows, self.dataset.spec)
        if self._few is not None:
            return FewLabels(pictures, self._few.batch(k))
        labels = None if self._labels is None else self._labels.index_select(0, at)
        factors = None if self._factors is None else self._factors.index_select(0, at)
        return as_batch(pictures, labels, factors)


class Order:
    """All pictures, shuffled anew in each epoch, epoch after epoch without end, cut into batches.

    Args:
        count: N pictures.
        batch_size: B; may be more than N.
        seed: from 0; the order of epoch e is drawn from (seed, e).
        share: the part of every batch that is wanted.
    """

    def __init__(self, count: int, batch_size: int, seed: int, share: Share = WHOLE) -> None:
        self._count, self._batch_size, self._seed = count, batch_size, seed
        self._own = share.rows(batch_size // share.of)
        self._latest: tuple[int, NDArray[np.int64]] | None = None  # an epoch and its order

    def batch(self, k: int) -> NDArray[np.int64]:
        """[B] positions k B to (k + 1) B - 1, or the share of them."""
        parts, (epoch, start), wanted = [], divmod(k * self._batch_size, self._count), self._batch_size
        while wanted:
            parts.append(self._epoch(epoch)[start : start + wanted])
            wanted -= len(parts[-1])
            epoch, start = epoch + 1, 0
        return (parts[0] if len(parts) == 1 else np.concatenate(parts))[self._own]

    def _epoch(self, epoch: int) -> NDArray[np.int64]:
        if self._latest is None or self._latest[0] != epoch:
            generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([self._seed, epoch])))
            self._latest = epoch, generator.permutation(self._count).astype(np.int64, copy=False)
        return self._latest[1]


class _Few:
    """Batches of the few pictures that keep their label; they are held on the device, whole."""

    def __init__(self, dataset: Dataset, batch_size: int, seed: int, device: torch.device, share: Share) -> None:
        if dataset.labels is None or dataset.labelled is None:
            raise UsageError(f"data.labelled={dataset.labelled}: {dataset.title!r} has no labels to keep")
        chosen = labelled_few(dataset.labels, dataset.spec.classes, dataset.labelled, seed)
        self._rows, self._send = dataset.rows(chosen).to(device), Sender(device)
        self._labels = torch.from_numpy(dataset.labels[chosen]).to(device)
        self._bits = dataset.spec.bits
        self._order = Order(len(chosen), batch_size, seed, share)

    def batch(self, k: int) -> Labelled:
        at = self._send(torch.from_numpy(self._order.batch(k)))
        return Labelled(from_stored(self._rows[at], self._bits), self._labels[at])


class _Inputs:
    """Which inputs go with a batch: the partners of its pictures, or others in an order of their own."""

    def __init__(self, dataset: Dataset, order: Order, batch_size: int, seed: int, share: Share) -> None:
        assert dataset.inputs is not None
        own = Order(
            len(dataset.inputs), batch_size, mix("inputs", seed), share
        )  # of the same seed, partners would meet
        self._order = order if dataset.aligned else own

    def batch(self, k: int) -> NDArray[np.int64]:
        return self._order.batch(k)


class _Decoded(NamedTuple):
    rows: Tensor
    indices: NDArray[np.int64]
    inputs: Tensor | None


class _Rows(TorchDataset[Any]):
    """What a worker does: decode the pictures of one batch. Errors travel as values, or they would gain a traceback."""

    def __init__(self, dataset: Dataset, order: Order, inputs: _Inputs | None) -> None:
        self.dataset, self.order, self.inputs = dataset, order, inputs

    def decoded(self, k: int) -> _Decoded:
        at = self.order.batch(k)
        if self.inputs is None or self.dataset.inputs is None:
            return _Decoded(self.dataset.rows(at), at, None)
        return _Decoded(self.dataset.rows(at), at, self.dataset.inputs.rows(self.inputs.batch(k)))

    def __getitems__(self, numbers: list[int]) -> _Decoded | SparringError:
        (k,) = numbers
        try:
            return self.decoded(k)
        except SparringError as error:
            return error


class _Batches:
    """Batches k, k + 1, ... for ever, each by its number."""

    def __init__(self, k: int) -> None:
        self.k = k

    def __iter__(self) -> Iterator[list[int]]:
        return ([k] for k in count(self.k))


def _leave_interrupts_to_the_run(_: int) -> None:
    # ctrl-C reaches the workers too, and without them the run could not play its last step and save
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _as_it_is(decoded: Any) -> Any:
    return decoded
