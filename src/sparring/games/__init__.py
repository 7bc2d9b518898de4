"""One file, one algorithm: `find("dcgan")` is the game in `dcgan.py`, `build` makes one, `check` reads its options."""

import inspect
from collections.abc import Mapping
from functools import cache
from typing import Any, get_type_hints

from pydantic import create_model

from sparring.config import Table
from sparring.data.batches import FewLabels, Images, Labelled, Sourced
from sparring.data.spec import Spec
from sparring.errors import UsageError
from sparring.games.base import Game, Perception
from sparring.recipes import validate
from sparring.registry import find as find_module
from sparring.registry import names as module_names

_SHARED = ("base", "noise_to_image", "picture_to_picture")


def names() -> list[str]:
    """The names of all games, sorted.

    >>> "dcgan" in names()
    True
    """
    return module_names(__name__, but=_SHARED)


def find(name: str) -> type[Game]:
    """The class of a game, which is the one `Game` that its file defines.

    Raises:
        UsageError: there is no such game; the message suggests the nearest.
    """
    module = find_module(__name__, name, but=_SHARED)
    (game,) = (
        item
        for item in vars(module).values()
        if inspect.isclass(item) and issubclass(item, Game) and item.__module__ == module.__name__
    )
    return game


@cache
def options(game: type[Game]) -> type[Table]:
    """The options of a game as a table to check recipes against: the keyword arguments of its constructor."""
    signature = inspect.signature(game.__init__)
    hints = get_type_hints(game.__init__, include_extras=True)
    fields: dict[str, Any] = {
        name: (hints[name], parameter.default)
        for name, parameter in signature.parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
    return create_model(f"{game.__name__}Options", __base__=Table, **fields)


def check(table: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The table `game` of a recipe with every default filled in, or its errors, each with its path.

    >>> check({"name": "gan", "widht": 3})[1]
    ["game.widht: unknown key, did you mean 'width'?"]
    """
    name = table.get("name")
    if not isinstance(name, str):
        return {}, [f"game.name: say which game; known: {', '.join(names())}"]
    try:
        model = options(find(name))
    except UsageError as error:
        return {}, [f"game.name: {error}"]
    given = {key: value for key, value in table.items() if key != "name"}
    result, errors = validate(model, given, at="game")
    return {"name": name, **(result.model_dump(exclude_none=True) if result else {})}, errors


def build(table: Mapping[str, Any], spec: Spec, perception: Perception | None = None) -> Game:
    """The game of a checked table for one kind of picture, with fresh weights from the global random state.

    Args:
        table: of the recipe.
        spec: of the pictures.
        perception: for a game that `perceives`; without one it can be shipped and loaded, but not trained.

    Raises:
        UsageError: the game's networks cannot make such pictures, or it needs labels and there are none.
    """
    name = table["name"]
    game = find(name)
    if issubclass(game.takes, Sourced) and spec.inputs is None:
        raise UsageError(
            f"game {name!r} translates, and this set has one sort of pictures: put two into folders A and B, name a "
            "folder of sources with data.inputs, or make them with data.pairs"
        )
    if issubclass(game.takes, Labelled | FewLabels) and not spec.classes:
        free = [other for other in names() if find(other).takes is Images]
        raise UsageError(
            f"game {name!r} learns from labels, and these pictures have none: sort them into a folder for each class, "
            f"name a column of their metadata by data.label, or take a game that needs no labels: {', '.join(free)}"
        )
    given = options(game).model_validate({key: value for key, value in table.items() if key != "name"})
    seen_by = (perception,) if game.perceives else ()
    return game(spec, *seen_by, **{key: getattr(given, key) for key in type(given).model_fields})
