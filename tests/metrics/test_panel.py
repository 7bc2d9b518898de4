"""Metrics by name: what they are given of both sides."""

import numpy as np
import pytest

from sparring.errors import UsageError
from sparring.metrics import panel
from sparring.metrics.evidence import Evidence, Side
from sparring.metrics.features import Seen


def side(features: np.ndarray[tuple[int, int], np.dtype[np.float32]], labels: list[int] | None = None) -> Side:
    rows = np.arange(0, len(features), 3)
    pictures = np.zeros((len(rows), 16, 16, 1), np.uint8)
    return Side(Seen(features), None if labels is None else np.array(labels), pictures, rows)


def normal(count: int, seed: int = 0) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return np.random.default_rng(seed).standard_normal((count, 2), np.float32)


@pytest.mark.parametrize("name", ["two-sample", "earth-mover"])
def test_more_fakes_than_real_pictures_are_taken_from_all_classes(name: str) -> None:
    """The same fakes, sorted by class or mixed, give about the same number."""
    real, fake = normal(300), normal(900, 1)
    fake[450:] += 6  # a class of its own, which comes last
    real[::2] += 6
    mixed = np.random.default_rng(0).permutation(fake)
    values = [panel.find(name).compute(Evidence(side(real), side(fakes), side(real))).value for fakes in (fake, mixed)]
    assert values[0] == pytest.approx(values[1], abs=0.35 if name == "earth-mover" else 0.06)


def test_halves_have_the_labels_and_pictures_of_their_rows() -> None:
    whole = side(normal(10), list(range(10)))
    for number in (0, 1):
        half = whole.half(number)
        assert half.labels is not None
        assert half.labels.tolist() == list(range(number, 10, 2))
        np.testing.assert_array_equal(half.features, whole.features[number::2])
        assert (2 * half.rows + number).tolist() == [row for row in whole.rows.tolist() if row % 2 == number]
        assert len(half.pictures) == len(half.rows) > 0


def test_no_class_with_two_pictures() -> None:
    fake = side(normal(4), [0, 1, 2, 3])
    with pytest.raises(UsageError, match="no class has two"):
        panel.find("ms-ssim").compute(Evidence(fake, fake, fake))
