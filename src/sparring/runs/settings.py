"""A resolved recipe as a person reads it: every setting, and which ones somebody chose."""

from collections.abc import Mapping
from typing import Any

from sparring import games
from sparring.config import Recipe, changed, to_toml
from sparring.errors import UsageError
from sparring.recipes import validate


def checked(raw: Mapping[str, Any]) -> Recipe:
    """The recipe of some tables, the options of its game included.

    Raises:
        UsageError: everything that is wrong, a line each.
    """
    game, game_errors = games.check(raw["game"]) if isinstance(raw.get("game"), dict) else (None, [])
    options = [f"game.{name}" for name in game or {}]
    recipe, errors = validate(Recipe, {**raw, **({"game": game} if game else {})}, known=options)
    if recipe is None or game_errors:
        raise UsageError("\n".join([*errors, *game_errors]))
    return recipe


def marked(recipe: Recipe) -> list[tuple[str, bool]]:
    """The lines of the recipe as TOML, each with whether it differs from the default.

    >>> recipe = Recipe(game={"name": "gan", "width": 48}, images=1000)
    >>> [line for line, differs in marked(recipe) if differs]
    ['images = 1000', 'width = 48']
    """
    different = changed(recipe) | _changed_options(recipe)
    table, lines = "", []
    for line in to_toml(recipe).splitlines():
        if line.startswith("["):
            table = line.strip("[]") + "."
        lines.append((line, table + line.partition(" = ")[0] in different))
    return lines


def _changed_options(recipe: Recipe) -> set[str]:
    fields = games.options(games.find(recipe.game["name"])).model_fields
    return {f"game.{name}" for name, value in recipe.game.items() if name in fields and value != fields[name].default}
