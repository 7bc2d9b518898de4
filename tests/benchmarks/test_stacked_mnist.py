"""Stacked digits: three digits become the number that they write, and are read so again."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from benchmarks.stacked_mnist import read, stack


class ReadsBrightness(nn.Module):
    """Scores of ten classes for digits whose pixels are all 25 times their class."""

    def forward(self, pictures: Tensor) -> Tensor:
        stored = pictures.mean((1, 2, 3)).add(1).mul(127.5)
        return -(stored[:, None] - 25 * torch.arange(10)).abs()


def digits() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    labels = np.arange(40) % 10
    return np.broadcast_to((25 * labels)[:, None, None], (40, 28, 28)).astype(np.uint8), labels


def test_a_number_is_read_off_the_channels_in_their_order() -> None:
    pictures = np.zeros((2, 28, 28, 3), np.uint8)
    pictures[0] += np.array([25 * 7, 0, 25 * 3], np.uint8)
    pictures[1] += np.array([0, 25 * 9, 25], np.uint8)
    assert read(ReadsBrightness(), pictures).numbers.tolist() == [703, 91]


def test_a_channel_between_two_digits_is_not_read_surely() -> None:
    pictures = np.zeros((2, 28, 28, 3), np.uint8)
    assert read(ReadsBrightness(), pictures).sure == 1
    pictures[0, :, :, 1] = 37
    assert abs(read(ReadsBrightness(), pictures).sure - 5 / 6) < 1e-6


def test_every_channel_is_one_digit_and_all_numbers_are_about_equally_likely() -> None:
    stacked = stack(*digits(), count=20_000, seed=0)
    assert stacked.shape == (20_000, 28, 28, 3)
    assert (stacked == stacked[:, :1, :1]).all(), "a channel has pixels of several digits"
    counts = np.bincount(read(ReadsBrightness(), stacked).numbers, minlength=1000)
    assert counts.min() > 0
    assert abs(counts.mean() - 20) < 1e-9
    assert counts.std() < 2 * np.sqrt(20)  # that of fair dice is sqrt(20)


def test_another_seed_stacks_other_digits_and_the_same_seed_the_same() -> None:
    one, again, other = (stack(*digits(), count=50, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
