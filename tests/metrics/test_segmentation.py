"""Accuracy and overlap of maps of classes, counted by hand."""

import numpy as np
import pytest

from sparring.errors import UsageError
from sparring.metrics.segmentation import class_accuracy, confusion, intersection_over_union, pixel_accuracy


def test_by_hand() -> None:
    true = np.array([[[0, 0, 0, 0], [0, 0, 7, 7]]])
    found = np.array([[[0, 0, 0, 7], [0, 9, 7, 0]]])
    counts = confusion(true, found)
    assert counts.shape == (10, 10) and counts.sum() == 8
    assert (counts[0, 0], counts[0, 7], counts[0, 9], counts[7, 7], counts[7, 0]) == (4, 1, 1, 1, 1)
    assert pixel_accuracy(counts) == pytest.approx(5 / 8)
    assert class_accuracy(counts) == pytest.approx((4 / 6 + 1 / 2) / 2)  # class 9 is nowhere true
    assert intersection_over_union(counts) == pytest.approx((4 / 7 + 1 / 3 + 0) / 3)


def test_against_pixels_one_by_one() -> None:
    rng = np.random.default_rng(0)
    true, found = rng.integers(0, 5, (2, 3, 9, 7)), rng.integers(0, 5, (2, 3, 9, 7))
    counts = confusion(true.astype(np.uint8), found.astype(np.uint16))
    shares, overlaps = [], []
    for one in range(5):
        here, there = true == one, found == one
        shares.append((here & there).sum() / here.sum())
        overlaps.append((here & there).sum() / (here | there).sum())
    assert class_accuracy(counts) == pytest.approx(np.mean(shares))
    assert intersection_over_union(counts) == pytest.approx(np.mean(overlaps))
    assert pixel_accuracy(counts) == pytest.approx((true == found).mean())


def test_maps_of_other_sizes_are_refused() -> None:
    with pytest.raises(UsageError, match="two of one shape"):
        confusion(np.zeros((1, 2, 2), int), np.zeros((1, 2, 3), int))
