"""Every example in a docstring runs."""

import doctest
import pkgutil
from importlib import import_module

import pytest

import sparring

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(sparring.__path__, "sparring.")
    if module.name != "sparring.__main__"
)


@pytest.mark.parametrize("name", ["sparring", *MODULES])
def test_examples_of(name: str) -> None:
    failed, _ = doctest.testmod(import_module(name))
    assert failed == 0


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder()
    found = [test for name in MODULES for test in finder.find(import_module(name)) if test.examples]
    assert len(found) > 20
