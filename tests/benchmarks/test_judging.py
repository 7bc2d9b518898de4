"""The judges' plumbing: what they compare with what."""

from types import ModuleType

import numpy as np
import torch

from benchmarks.judging import Classifier, Judge, Pictures


def arithmetic() -> ModuleType:
    """The judge's two formulas, replaced by ones that a reader can do in the head."""
    module = ModuleType("judge")
    module.__dict__["frechet"] = lambda one, other: float(abs(one.mean() - other.mean()))
    module.__dict__["prdc"] = lambda real, fake: (len(real) / 10_000, len(fake))
    return module


def brightness(pictures: Pictures) -> Pictures:
    found: Pictures = pictures.reshape(len(pictures), -1).mean(1, keepdims=True).astype(np.float64)
    return found


def test_distance_floor_and_coverage_are_of_fakes_halves_and_equal_numbers() -> None:
    real = np.concatenate([np.zeros((30, 1)), np.full((30, 1), 4.0)])
    fakes = np.full((50, 2, 2, 1), 5, np.uint8)
    verdict = Judge(brightness, real, arithmetic()).score(fakes)
    assert verdict.distance == 3.0  # |mean 2 - mean 5|
    assert verdict.floor == 4.0  # |0 - 4|, the two halves
    assert verdict.coverage == 50 / 10_000  # as many real pictures as fakes


def test_the_judges_of_other_sets_have_as_many_features_as_the_shared_one() -> None:
    for channels, size in ((1, 28), (3, 32)):
        network = Classifier(channels, 12)
        pictures = torch.zeros(2, channels, size, size)
        assert network.body(pictures).shape == (2, 64)
        assert network(pictures).shape == (2, 12)
