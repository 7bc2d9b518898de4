"""The examples in the docstrings of the data package run and give what they say."""

import doctest
import pkgutil
from importlib import import_module

import pytest

import sparring.data

MODULES = sorted(module.name for module in pkgutil.iter_modules(sparring.data.__path__))


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    assert doctest.testmod(import_module(f"sparring.data.{name}")).failed == 0


def test_every_public_name_can_be_had() -> None:
    assert all(getattr(sparring.data, name) is not None for name in sparring.data.__all__)
