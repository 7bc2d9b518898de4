"""Whether a recipe, its pictures and their labels fit together."""

from collections.abc import Callable

import numpy as np

from sparring import games
from sparring.config import Recipe
from sparring.data import Dataset
from sparring.data.batches import FewLabels, Labelled
from sparring.errors import UsageError
from sparring.games.base import Game
from sparring.nn.mixing import has_batch_norm


def check_batch(recipe: Recipe, game: Game) -> None:
    """Whether batches can be cut as the game wants them.

    Raises:
        UsageError: they are too small or do not divide; the message names the nearest size that does.
    """
    least = recipe.parts * game.multiple * (2 if has_batch_norm(game) else 1)
    if recipe.batch_size % recipe.parts:
        nearest = max(least, round(recipe.batch_size / recipe.parts) * recipe.parts)
        raise UsageError(
            f"batch_size={recipe.batch_size} cannot be cut into {recipe.parts} equal parts, one for each process or "
            f"turn: set batch_size={nearest}"
        )
    if recipe.batch_size // recipe.parts % game.multiple:
        nearest = max(least, round(recipe.batch_size / game.multiple) * game.multiple)
        raise UsageError(
            f"batch_size={recipe.batch_size} cannot be cut into packs of {game.multiple} pictures: "
            f"set batch_size={nearest} or change game.aids.packing"
        )
    if recipe.batch_size < least:
        sort = "pictures" if game.multiple == 1 else f"packs of {game.multiple} pictures"
        whole = "a batch" if recipe.parts == 1 else f"each of the {recipe.parts} parts of a batch"
        raise UsageError(
            f"batch_size={recipe.batch_size}: batch norm needs at least two {sort} in {whole}: set batch_size={least}"
        )


def check_labels(recipe: Recipe, dataset: Dataset, say: Callable[[str], None]) -> None:
    """Whether the labels can be learnt from, by the game that is to learn from them; `games.build` misses them.

    Args:
        recipe: of the run.
        dataset: the pictures.
        say: is told of classes that are too small to be learnt.

    Raises:
        UsageError: few labels for a game that takes all of them or the other way round, or more classes than pictures.
    """
    if dataset.labels is None:
        return
    name = recipe.game["name"]
    takes = games.find(name).takes
    few = takes is FewLabels
    if few and recipe.data.labelled is None:
        raise UsageError(
            f"game {name!r} learns from a few labels and many pictures without: say how many keep theirs, for example "
            f"data.labelled={10 * len(dataset.spec.classes)}"
        )
    if not few and recipe.data.labelled is not None:
        raise UsageError(f"data.labelled is for semi-supervised games; {name!r} is none: leave it out")
    if not issubclass(takes, Labelled | FewLabels):
        return
    counts = np.bincount(dataset.labels, minlength=len(dataset.spec.classes))
    if len(counts) > len(dataset):
        raise UsageError(
            f"{recipe.data.path}: {len(counts):,} classes for {len(dataset):,} pictures: most classes are empty; "
            "number the classes that there are from 0 upwards"
        )
    poor = [cls for cls, count in zip(dataset.spec.classes, counts, strict=True) if count < 2]
    if poor:
        say(
            f"classes with one picture or none, which can only be copied or made up: {', '.join(poor[:5])}"
            + (f" and {len(poor) - 5} more" if len(poor) > 5 else "")
        )
