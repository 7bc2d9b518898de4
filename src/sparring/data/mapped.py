"""Sets of maps of classes: their files read as numbers, and which classes there are."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sparring.config import Data
from sparring.data import maps
from sparring.data.dataset import Dataset, read
from sparring.data.folders import PictureSource
from sparring.data.parallel import Announce, in_threads
from sparring.data.sources import BrokenPicture, Source
from sparring.data.spec import Map
from sparring.data.survey import look
from sparring.data.views import Half, Picked
from sparring.errors import SparringError, UsageError


def read_maps(source: Source, config: Data, announce: Announce, edges: bool, like: Map | None) -> Dataset:
    """A source whose pictures are maps, ready to train on.

    Args:
        source: the maps.
        config: the `data` table of a recipe.
        announce: is told, in a line, how far it is.
        edges: whether instances, where there are any, get a channel for their borders.
        like: the classes of the part that is trained on; None: this is that part, and all that it holds are classes.

    Raises:
        UsageError: these are no maps.
        SparringError: the set is damaged, or a map holds a class that is not in `like`; the message names it.
    """
    if config.channels is not None:
        raise UsageError(f"data.channels={config.channels}: a map of classes has one: leave it out")
    source = _as_numbers(source)
    _check_grey(source, config)
    dataset = read(source, config.model_copy(update={"filter": "nearest"}), announce)

    def numbers(row: int) -> NDArray[np.int64] | SparringError:
        try:
            return maps.numbers_in(dataset.rows(np.array([row], np.int64)).numpy())
        except SparringError as broken:
            return broken

    found = in_threads(numbers, len(dataset), "looking for classes", announce)
    of = _classes(found, config, edges) if like is None else _known(found, dataset, like)
    # what the numbers of all classes, or of all instances, fit into
    bits = 16 if of.edges or max(of.values) > 255 else 8
    spec = dataset.spec.model_copy(update={"channels": of.channels, "bits": bits, "map": of})
    notes = [*dataset.notes, f"maps of {len(of.values)} classes: {maps.listed(of.values)}"]
    return replace(dataset, spec=spec, notes=[*notes, *(["instances have a channel for their edges"] * of.edges)])


def _as_numbers(source: Source) -> Source:
    """The same, where the numbers of a palette count and not its colours."""
    if isinstance(source, Half | Picked):
        return replace(source, of=_as_numbers(source.of))
    return replace(source, numbers=True) if isinstance(source, PictureSource) else source


def _check_grey(source: Source, config: Data) -> None:
    for row in range(len(source)):
        header = look(source, row)
        if not isinstance(header, BrokenPicture) and (header.channels, header.bits) not in ((1, 8), (1, 16)):
            raise UsageError(
                f"data.maps={config.maps} says that these are maps of classes, and {source.name(row)} has "
                f"{header.channels} channels: save maps as grey or palette pictures, a class's number in each pixel"
            )


def _classes(found: Iterable[NDArray[np.int64] | SparringError], config: Data, edges: bool) -> Map:
    """All classes that there are."""
    numbers: set[int] = set()
    for one in found:
        numbers.update(_sound(one).tolist())
    values = np.unique(maps.class_numbers(np.array(sorted(numbers)))).tolist()
    said = f"data.maps={config.maps} says that these are maps of classes, and in {config.path} they hold"
    if len(values) > maps.MOST:
        raise UsageError(
            f"{said} {len(values):,} different ones, more than {maps.MOST}: if these are photographs, leave it out; "
            "if they were saved as JPEG, which invents numbers, save them as PNG"
        )
    if len(values) < 2:
        raise UsageError(f"{said} {maps.listed(values)} alone: there is nothing to tell apart")
    return Map(values=tuple(values), edges=edges and max(numbers) >= maps.INSTANCES)


def _known(found: Iterable[NDArray[np.int64] | SparringError], dataset: Dataset, like: Map) -> Map:
    """The classes that are known, if all of these are."""
    for row, one in enumerate(found):
        strange = maps.unknown(_sound(one), like)
        if strange:
            name = dataset.source.name(int(dataset.kept[row]))
            raise SparringError(
                f"{dataset.title}: {name} holds {maps.listed(strange)}, and the maps that were trained on "
                f"{maps.listed(like.values)} alone: train with some that have the others, or mend it"
            )
    return like


def _sound(found: NDArray[np.int64] | SparringError) -> NDArray[np.int64]:
    if isinstance(found, SparringError):
        raise found
    return found
