"""From a name to the thing of that name in a package: one module, one entry, found by looking into the folder."""

import pkgutil
from importlib import import_module
from types import ModuleType

from sparring.errors import UsageError, did_you_mean


def names(package: str, but: tuple[str, ...] = ()) -> list[str]:
    """The names that `find` knows in `package`, sorted; modules listed in `but` hold shared parts, not entries.

    >>> "dcgan" in names("sparring.games")
    True
    """
    folder = import_module(package).__path__
    modules = (module.name for module in pkgutil.iter_modules(folder))
    return sorted(name.replace("_", "-") for name in modules if name not in but)


def find(package: str, name: str, but: tuple[str, ...] = ()) -> ModuleType:
    """Import the module that `name` stands for: `semi-supervised` is `semi_supervised.py`.

    Only files of `package` itself can be reached, so a name from a foreign file cannot import anything else.

    Raises:
        UsageError: the name is unknown; the message suggests the nearest one.
    """
    known = names(package, but)
    if name not in known:
        kind = package.rpartition(".")[2].removesuffix("s")
        raise UsageError(f"unknown {kind} {name!r}: {did_you_mean(name, known)}")
    return import_module(f"{package}.{name.replace('-', '_')}")
