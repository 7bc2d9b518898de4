"""How the pictures that are judged are drawn."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from benchmarks.equal_time import in_proportion
from benchmarks.judging import Pictures
from sparring.games.noise_to_image import CLASS
from sparring.inference.model import Model
from sparring.nn.latents import Code


class Drawer:
    """A model whose pictures are their own number and the place of their class in the alphabet."""

    def __init__(self, *codes: Code) -> None:
        self.product = SimpleNamespace(latent=SimpleNamespace(codes=codes))

    def sample(self, count: int, first: int = 0, label: str | None = None) -> Pictures:
        own = -1 if label is None else ord(label) - ord("a")
        return np.array([(number, own) for number in range(first, first + count)])


def drawn(*codes: Code) -> Any:
    return in_proportion(cast(Model, Drawer(*codes)), 100, np.array([0] * 5 + [1] * 3 + [3] * 1))


@pytest.mark.parametrize("name", [CLASS, "category-1"])
def test_classes_are_as_frequent_as_in_the_set_and_no_picture_is_drawn_twice(name: str) -> None:
    pictures = drawn(Code(name=name, kind="one-hot", values=("a", "b", "c", "d")))
    assert sorted(pictures[:, 0]) == list(range(100))
    counts = np.bincount(pictures[:, 1] + 1, minlength=5).tolist()
    assert counts == ([0, 56, 33, 0, 11] if name == CLASS else [100, 0, 0, 0, 0])


def test_the_order_is_mixed_since_coverage_takes_the_first_ones() -> None:
    assert set(drawn(Code(name=CLASS, kind="one-hot", values=("a", "b", "c", "d")))[:20, 1]) == {0, 1, 3}
