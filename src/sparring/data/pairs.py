"""Sets for translation: pictures that should come out with those that go in, as partners or as two domains."""

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from sparring.config import Data
from sparring.data import derive
from sparring.data.dataset import Dataset, open_dataset, read
from sparring.data.mapped import read_maps
from sparring.data.parallel import Announce, silent
from sparring.data.partners import check_shapes
from sparring.data.sides import open_sides
from sparring.data.sources import BrokenPicture, Header, Source
from sparring.data.spec import Spec
from sparring.errors import UsageError

Side = Literal["inputs", "pictures"]


def open_pairs(config: Data, aligned: bool, announce: Announce = silent, like: Spec | None = None) -> Dataset:
    """The pictures that should come out; their `inputs` are those that go in.

    Args:
        config: the `data` table of a recipe.
        aligned: whether row i of the one belongs to row i of the other; else these are two domains.
        announce: is told, in a line, how far a long decoding is.
        like: what a model was taught, whose classes maps must have; None: those that they hold.

    Raises:
        UsageError: there is no such set or part, or it has no two sides; the message says how to give them.
        SparringError: it is damaged, or pictures have no partner; the message names them.

    >>> pairs = open_pairs(Data(path="digits", pairs="edges"), aligned=True)
    >>> pairs.batch(np.arange(2)).inputs.shape
    torch.Size([2, 1, 32, 32])
    """
    backwards = config.direction == "b-to-a"
    config = config.model_copy(update={"memory_gb": config.memory_gb / 2})  # of each side
    derivation = None if config.pairs is None else derive.parse(config.pairs)
    if derivation is not None:
        if config.inputs is not None:
            raise UsageError("data.inputs and data.pairs: sources are either made or lie somewhere: leave one out")
        if config.maps is not None:
            raise UsageError(f"data.pairs={config.pairs} makes sources of pictures, not of maps: leave data.maps out")
        second = open_dataset(config, announce)
        if second.spec.points:
            raise UsageError(f"{config.path}: points of the plane are no pictures to translate")
        first = read(Derived.of(second, derivation), _sized(config, second), announce)
        first = replace(first, spec=first.spec.model_copy(update={"holes": derivation.kind == "mask"}))
        return _joined(second, first, aligned) if backwards else _joined(first, second, aligned)
    sides = open_sides(config, aligned, announce)
    notes = check_shapes(sides, config.path) if aligned else []
    inputs, pictures = (sides.b, sides.a) if backwards else (sides.a, sides.b)
    out = _side("pictures", pictures, config, announce, like)  # its size decides: its detail is what is to be learnt
    given = _side("inputs", inputs, _sized(config, out), announce, None if like is None else like.inputs)
    joined = _joined(given, out, aligned)
    return replace(joined, notes=[*notes, *joined.notes])


@dataclass(kw_only=True)
class Derived(Source):
    """Sources that are made from the pictures of a set.

    Attributes:
        dataset: the pictures, ready to train on.
        derivation: what is made of them; each has the number that its picture has where it is stored.
    """

    dataset: Dataset
    derivation: derive.Derivation

    @staticmethod
    def of(dataset: Dataset, derivation: derive.Derivation) -> "Derived":
        """The sources of all its pictures."""
        return Derived(
            layout=f"{derivation.kind} of {dataset.source.layout}",
            splits=dataset.source.splits,
            dataset=dataset,
            derivation=derivation,
        )

    @property
    def making(self) -> str:
        """The derivation."""
        return f"{self.derivation.kind}:{self.derivation.strength:g} of {self.dataset.fingerprint}"

    def __len__(self) -> int:
        return len(self.dataset.source)

    def name(self, index: int) -> str:
        """The file that it is made from."""
        return self.dataset.source.name(index)

    def weight(self, index: int) -> int:
        """The bytes of that file."""
        return self.dataset.source.weight(index)

    def look(self, index: int) -> Header:
        """The shape that all have."""
        spec = self.dataset.spec
        channels = self.derivation.channels(spec.channels)
        return Header(spec.height, spec.width, channels, spec.bits, mode=self.derivation.kind)

    def read(self, index: int) -> NDArray[Any]:
        """The pixels, HWC."""
        at = int(np.searchsorted(self.dataset.kept, index))
        if at == len(self.dataset) or self.dataset.kept[at] != index:
            raise BrokenPicture(self.name(index), "it is made from a broken picture")
        row = self.dataset.rows(np.array([at], np.int64))[0].numpy()
        return self.derivation(row, index).transpose(1, 2, 0)


def _side(which: Side, source: Source, config: Data, announce: Announce, like: Spec | None) -> Dataset:
    """What goes in or what comes out, as pictures or as maps."""
    if config.maps == which:
        return read_maps(source, config, announce, edges=which == "inputs", like=None if like is None else like.map)
    found = read(source, config, announce)
    if found.spec.points:
        raise UsageError(f"{config.path}: points of the plane are no pictures to translate")
    return found


def _sized(config: Data, like: Dataset) -> Data:
    """For the other side of a set: of the same size, with channels of its own."""
    return config.model_copy(update={"size": (like.spec.height, like.spec.width), "channels": None})


def _joined(inputs: Dataset, pictures: Dataset, aligned: bool) -> Dataset:
    """One set of two sides: what comes out, with what goes in."""
    if aligned and not np.array_equal(inputs.kept, pictures.kept):  # some were broken
        rows = np.intersect1d(inputs.kept, pictures.kept)
        inputs, pictures = _only(inputs, rows), _only(pictures, rows)
    source = replace(
        pictures.source,
        layout=f"from {inputs.source.layout}, to {pictures.source.layout}",
        splits=tuple(split for split in pictures.source.splits if split in inputs.source.splits),
    )
    bare = inputs.spec.model_copy(update={"classes": (), "factors": ()})
    spec = pictures.spec.model_copy(update={"inputs": bare})
    notes = [*pictures.notes, *(note for note in inputs.notes if note not in pictures.notes)]
    return replace(pictures, source=source, spec=spec, notes=notes, inputs=inputs, aligned=aligned)


def without_inputs(dataset: Dataset) -> Dataset:
    """The pictures that should come out, alone."""
    if dataset.inputs is None:
        return dataset
    spec = dataset.spec.model_copy(update={"inputs": None})
    return replace(dataset, spec=spec, inputs=None, aligned=False)


def _only(dataset: Dataset, kept: NDArray[np.int64]) -> Dataset:
    """The pictures of a set that are among these rows of its source."""
    among = torch.from_numpy(np.isin(dataset.kept, kept))
    return replace(dataset, kept=kept, stored=None if dataset.stored is None else dataset.stored[among])
