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


def override(raw: Mapping[str, Any], pairs: Iterable[str]) -> dict[str, Any]:
    """A copy of the tables with every `key=value` put in its place; a dot goes one table down.

    Values are TOML (`3`, `1e-4`, `true`, `[0.0, 0.99]`); what is not TOML is a string.

    >>> override({"optimizer": {"lr": 1e-4}}, ["optimizer.lr=2e-3", "data.path=my pictures"])
    {'optimizer': {'lr': 0.002}, 'data': {'path': 'my pictures'}}

    Raises:
        UsageError: a pair has no `=`, or a key goes into something that is not a table.
    """
    result = deepcopy(dict(raw))
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise UsageError(f"{pair!r} is not key=value, for example optimizer.lr=1e-4")
        *tables, last = key.strip().split(".")
        place = result
        for table in tables:
            place = place.setdefault(table, {})
            if not isinstance(place, dict):
                raise UsageError(f"{key}: {table!r} is a value, not a table")
        place[last] = _value(value.strip())
    return result


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def validate(model: type[AnyTable], raw: Mapping[str, Any], at: str = "") -> tuple[AnyTable | None, list[str]]:
    """Check tables against a model: the result, or every error with its path and a remedy.

    >>> from sparring.config import Optimizer
    >>> for error in validate(Optimizer, {"lrr": 3, "lr": 0}, at="optimizer")[1]:
    ...     print(error)
    optimizer.lr: input should be greater than 0, got 0
    optimizer.lrr: unknown key, did you mean 'lr'?
    """
    try:
        return model.model_validate(dict(raw)), []
    except ValidationError as error:
        return None, [_explain(model, detail, at) for detail in error.errors()]


def _explain(model: type[BaseModel], detail: Any, at: str) -> str:
    place = [str(part) for part in detail["loc"]]
    path = ".".join([at, *place] if at else place)
    if detail["type"] == "extra_forbidden":
        return f"{path}: unknown key, {did_you_mean(place[-1], _keys(model, place[:-1]))}"
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] in ("value_error", "missing"):
        return f"{path}: {message}" if path else message
    return f"{path}: {message[0].lower()}{message[1:]}, got {detail['input']!r}"


def _keys(model: type[BaseModel], tables: list[str]) -> list[str]:
    for table in tables:
        inner = model.model_fields[table].annotation
        assert isinstance(inner, type) and issubclass(inner, BaseModel)  # unions of tables do not exist here
        model = inner
    return list(model.model_fields)
