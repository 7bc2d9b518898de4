"""A set that is ready to train on: one shape, one type, held in memory where it fits."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sparring.config import Data
from sparring.data.arrays import ArraySource
from sparring.data.augment import UNCHANGED, Changes
from sparring.data.batches import Factored, Images, Paired, Unpaired
from sparring.data.maps import encoded
from sparring.data.parallel import Announce, in_threads, silent
from sparring.data.prepare import Preparation, with_channels
from sparring.data.recognise import open_source
from sparring.data.sources import BrokenPicture, Source
from sparring.data.spec import Factor, Spec
from sparring.data.survey import broken_error, plan, survey, wanted_size
from sparring.errors import SparringError

_TYPES: dict[int, type[np.generic]] = {8: np.uint8, 16: np.uint16, 32: np.float32}


@dataclass(kw_only=True)
class Dataset:
    """Pictures of one shape, in a fixed order.

    Attributes:
        title: what the user called it.
        spec: the shape of every picture.
        source: where they come from, as they are stored.
        notes: choices made for the user, one sentence each.
        preparation: what is done to each picture.
        kept: [N], the indices into `source` that are not broken.
        stored: [N, C, H, W], uint8, uint16 or float32, where the set is held in memory; else None. Maps have one
            channel, of numbers.
        workers: processes to decode with where it is not.
        labelled: how many pictures keep their label, or which share; None: all.
        changes: how each picture is changed anew whenever it is trained on.
        inputs: for translation, the pictures that go in.
        aligned: whether row i of them belongs to row i of these.
    """

    title: str
    spec: Spec
    source: Source
    notes: list[str]
    preparation: Preparation
    kept: NDArray[np.int64]
    stored: Tensor | None
    workers: int
    labelled: int | float | None = None
    changes: Changes = UNCHANGED
    inputs: "Dataset | None" = None
    aligned: bool = False

    def __len__(self) -> int:
        return len(self.kept)

    @cached_property
    def labels(self) -> NDArray[np.int64] | None:
        """[N], int64 in [0, number of classes); None without labels."""
        return None if self.source.labels is None else self.source.labels[self.kept]

    @cached_property
    def factors(self) -> NDArray[np.int64] | None:
        """[N, F], a column for each of `spec.factors`; None without labels."""
        if self.labels is None:
            return None
        known = self.source.factors or {}
        columns = [_numbers(known[f.name], f)[self.kept] if f.name in known else self.labels for f in self.spec.factors]
        return np.stack(columns, 1)

    @cached_property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that change with the content: pixels in memory; names, sizes and labels on disk."""
        digest = hashlib.sha256(repr((self.spec.model_dump(exclude_none=True), self.preparation)).encode())
        if self.stored is not None:
            digest.update(self.stored.numpy().data)
        else:
            digest.update(self.source.making.encode())
            for index in self.kept.tolist():
                digest.update(f"{self.source.name(index)}\0{self.source.weight(index)}\0".encode())
        digest.update(b"" if self.labels is None else self.labels.tobytes())
        digest.update(b"" if self.inputs is None else self.inputs.fingerprint.encode())
        return digest.hexdigest()[:16]

    def rows(self, indices: NDArray[np.int64]) -> Tensor:
        """Pictures as they are held, [n, C, H, W], whole numbers (or points).

        Raises:
            SparringError: a picture that is decoded only now is broken; the message names it.
        """
        if self.stored is not None:
            return self.stored.index_select(0, torch.from_numpy(indices))
        return torch.from_numpy(np.stack([self._decoded(index) for index in self.kept[indices].tolist()]))

    def batch(self, indices: NDArray[np.int64]) -> Images:
        """Pictures in [-1, 1], float32, with labels and factors, or what they are made from, where the set has them.

        Args:
            indices: [n], int64 in [0, N).

        Raises:
            SparringError: a picture that is decoded only now is broken; the message names it.
        """
        labels = None if self.labels is None else torch.from_numpy(self.labels[indices])
        factors = None if self.factors is None else torch.from_numpy(self.factors[indices])
        rows = self.rows(indices)
        if self.inputs is None:
            return as_batch(encoded(rows, self.spec), labels, factors)
        kind = Paired if self.aligned else Unpaired
        others = indices if self.aligned else indices % len(self.inputs)
        return kind(encoded(rows, self.spec), encoded(self.inputs.rows(others), self.inputs.spec))

    def _decoded(self, index: int) -> NDArray[Any]:
        try:
            return self.preparation(self.source.read(index))
        except BrokenPicture as broken:
            raise broken_error(self.title, [broken]) from broken


def as_batch(pictures: Tensor, labels: Tensor | None, factors: Tensor | None) -> Images:
    """Pictures in [-1, 1], with labels and factors where there are any."""
    return Images(pictures) if labels is None or factors is None else Factored(pictures, labels, factors)


def _numbers(column: NDArray[Any], factor: Factor) -> NDArray[np.int64]:
    """The values of a factor, [N], by their numbers instead of their names."""
    number = {value: index for index, value in enumerate(factor.values)}
    return np.array([number[value] for value in column.tolist()], np.int64)


def open_dataset(config: Data, announce: Announce = silent) -> Dataset:
    """Recognise, look at and (where it fits into `memory_gb`) decode the pictures of a configuration.

    Args:
        config: the `data` table of a recipe.
        announce: is told, in a line, how far a long look or decoding is.

    Raises:
        UsageError: there is no such set, split, or conversion.
        SparringError: the set is damaged; the message names up to five files and the remedy.

    >>> open_dataset(Data(path="digits")).spec.shape
    (1, 32, 32)
    """
    source = open_source(config.path, config.split, wanted_size(config), config.label, announce)
    return read(source, config, announce)


def read(source: Source, config: Data, announce: Announce = silent) -> Dataset:
    """A source as `open_dataset` makes it ready; the same errors."""
    if not len(source):
        raise SparringError(f"{config.path}: holds no pictures: there is nothing to train on")
    found = survey(source, announce)
    if not found.headers:
        raise broken_error(config.path, list(found.broken.values()))
    spec, preparation, notes = plan(source, found, config)
    broken = found.broken
    good = np.array([index for index in range(len(source)) if index not in broken], np.int64)
    pixels: NDArray[Any] | None = None
    size = len(good) * spec.channels * spec.height * spec.width * (spec.bits // 8)
    if size <= config.memory_gb * 1e9:
        pixels, worse = _decode(source, good, preparation, spec, announce)
        broken = broken | worse
    elif config.skip_bad:  # which pictures are left out must be known before the order of the others is
        broken = broken | _try_all(source, good, announce)
    kept = np.array([index for index in good.tolist() if index not in broken], np.int64)
    if broken:
        _report(broken, len(kept), config, notes)
    if pixels is not None and len(kept) < len(good):
        pixels = pixels[np.isin(good, kept)]
    return Dataset(
        title=config.path,
        spec=spec,
        source=source,
        notes=notes,
        preparation=preparation,
        kept=kept,
        stored=None if pixels is None else torch.from_numpy(pixels),
        workers=config.workers,
        labelled=config.labelled,
        changes=Changes(config.mirror, config.shift),
    )


def _report(broken: dict[int, BrokenPicture], left: int, config: Data, notes: list[str]) -> None:
    listed = [broken[index] for index in sorted(broken)]
    if not config.skip_bad or not left:
        raise broken_error(config.path, listed)
    names = ", ".join(picture.name for picture in listed[:5]) + (", ..." if len(listed) > 5 else "")
    notes.append(f"{len(listed)} broken pictures left out: {names}")


def _decode(
    source: Source, good: NDArray[np.int64], preparation: Preparation, spec: Spec, announce: Announce
) -> tuple[NDArray[Any], dict[int, BrokenPicture]]:
    """All pictures as one array [N, C, H, W], and those that turned out to be broken; their rows are 0."""
    if isinstance(source, ArraySource) and source.array.shape[1:3] == (spec.height, spec.width):
        rows = with_channels(source.array, spec.channels).transpose(0, 3, 1, 2)
        return np.array(rows, order="C", copy=True), {}
    pixels = np.zeros((len(good), *spec.shape), _TYPES[spec.bits])

    def fill(row: int) -> BrokenPicture | None:
        try:
            pixels[row] = preparation(source.read(int(good[row])))
        except BrokenPicture as broken:
            return broken
        return None

    tried = in_threads(fill, len(good), "decoding pictures", announce)
    return pixels, {int(good[row]): broken for row, broken in enumerate(tried) if broken is not None}


def _try_all(source: Source, good: NDArray[np.int64], announce: Announce) -> dict[int, BrokenPicture]:
    def attempt(row: int) -> BrokenPicture | None:
        try:
            source.read(int(good[row]))
        except BrokenPicture as broken:
            return broken
        return None

    tried = in_threads(attempt, len(good), "looking for broken pictures", announce)
    return {int(good[row]): broken for row, broken in enumerate(tried) if broken is not None}
