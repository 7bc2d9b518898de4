"""Recipes: the TOML files of this folder, one's own, and `key=value` on top; every error at once, with its path."""

import tomllib
from collections.abc import Iterable, Mapping
from copy import deepcopy
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from sparring.config import Table
from sparring.errors import UsageError, did_you_mean

AnyTable = TypeVar("AnyTable", bound=Table)


def recipe_names() -> list[str]:
    """The names of the recipes in the package, sorted.

    >>> "dcgan" in recipe_names()
    True
    """
    folder = files("sparring") / "recipes"
    return sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml"))


def read_recipe(name: str) -> dict[str, Any]:
    """The tables of a recipe, by its name in the package or by the path of a TOML file.

    Raises:
        UsageError: there is no such recipe, or the file is not TOML; the message names it.
    """
    if name.endswith(".toml"):
        return _parse(Path(name))
    if name not in recipe_names():
        raise UsageError(f"unknown recipe {name!r}: {did_you_mean(name, recipe_names())}")
    return tomllib.loads((files("sparring") / "recipes" / f"{name}.toml").read_text(encoding="utf-8"))


def _parse(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"no recipe file {path}: `sparring recipes` lists those in the package") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"cannot read the recipe {path}: {error}") from None


def parse(pairs: Iterable[str]) -> dict[str, Any]:
    """`key=value` strings as a table from key to value; values are TOML, and what is not TOML is a string.

    >>> parse(["optimizer.lr=2e-3", "average.half_life=0", "data.path=my pictures"])
    {'optimizer.lr': 0.002, 'average.half_life': 0, 'data.path': 'my pictures'}

    Raises:
        UsageError: one or more have no `=`; a line each.
    """
    parts = [(pair, *pair.partition("=")) for pair in pairs]
    bad = [pair for pair, key, equals, _ in parts if not equals or not key]
    if bad:
        raise UsageError("\n".join(f"{pair!r} is not key=value, for example optimizer.lr=1e-4" for pair in bad))
    return {key.strip(): _value(value.strip()) for _, key, _, value in parts}


def override(raw: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the tables with every setting put in its place; a dot in a key goes one table down.

    >>> override({"optimizer": {"lr": 1e-4}}, {"optimizer.lr": 2e-3, "seed": 1})
    {'optimizer': {'lr': 0.002}, 'seed': 1}

    Raises:
        UsageError: a key goes into something that is not a table.
    """
    result = deepcopy(dict(raw))
    for key, value in settings.items():
        *tables, last = key.split(".")
        place = result
        for table in tables:
            place = place.setdefault(table, {})
            if not isinstance(place, dict):
                raise UsageError(f"{key}: {table!r} is a value, not a table")
        place[last] = value
    return result


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def validate(
    model: type[AnyTable], raw: Mapping[str, Any], at: str = "", known: Iterable[str] = ()
) -> tuple[AnyTable | None, list[str]]:
    """Check tables against a model: the result, or every error with its path and a remedy.

    Args:
        model: what the tables should be.
        raw: the tables.
        at: the path of the table itself, for messages.
        known: further dotted keys that exist elsewhere, to be suggested.

    >>> from sparring.config import Optimizer
    >>> for error in validate(Optimizer, {"lrr": 3, "lr": 0}, at="optimizer")[1]:
    ...     print(error)
    optimizer.lr: input should be greater than 0, got 0
    optimizer.lrr: unknown key, did you mean 'lr'?
    """
    try:
        return model.model_validate(dict(raw)), []
    except ValidationError as error:
        lines = [_explain(model, detail, at, known) for detail in error.errors()]
        return None, list(dict.fromkeys(lines))


def _explain(model: type[BaseModel], detail: Any, at: str, known: Iterable[str]) -> str:
    place, table = _place(model, detail["loc"])
    path = ".".join([at, *place] if at else place)
    if detail["type"] == "extra_forbidden":
        return f"{path}: unknown key, {_remedy(str(detail['loc'][-1]), table, [*_leaves(model), *known])}"
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] in ("value_error", "missing"):
        return f"{path}: {message}" if path else message
    return f"{path}: {message[0].lower()}{message[1:]}, got {detail['input']!r}"


def _place(model: type[BaseModel], loc: tuple[Any, ...]) -> tuple[list[str], type[BaseModel]]:
    """The part of an error's location that a person can type, and the table that its last key is looked for in."""
    place: list[str] = []
    for part in loc:
        place.append(str(part))
        inner = model.model_fields[part].annotation if part in model.model_fields else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            break  # what follows is a branch of a union or a position in a list
        model = inner
    return place, model


def _remedy(key: str, table: type[BaseModel], everywhere: list[str]) -> str:
    """The nearest key of the same table; else one of that very name in another table."""
    nearest = did_you_mean(key, table.model_fields)
    same = [path for path in everywhere if path.rpartition(".")[2] == key]
    return did_you_mean(same[0], same) if same and not nearest.startswith("did") else nearest


def _leaves(model: type[BaseModel], path: str = "") -> list[str]:
    leaves: list[str] = []
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            leaves += _leaves(inner, f"{path}{name}.")
        else:
            leaves.append(path + name)
    return leaves
