"""Diversity, classes and fidelity: values that can be worked out by hand, and by brute force."""

import numpy as np
import pytest
from numpy.typing import NDArray

from sparring.errors import UsageError
from sparring.metrics import fidelity
from sparring.metrics.classes import agreement, classes, inception_score
from sparring.metrics.diversity import similarity_within_classes, vendi

Pixels = NDArray[np.uint8]


def noise(count: int, side: int = 32, channels: int = 1, seed: int = 0) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (count, side, side, channels), np.uint8)


@pytest.mark.parametrize("copies", [1, 5, 40])
def test_vendi_counts_the_different_ones(copies: int) -> None:
    assert vendi(np.repeat(np.eye(8) * 3, copies, axis=0)) == pytest.approx(8)


def test_vendi_is_that_of_the_table_of_cosines() -> None:
    x = np.random.default_rng(0).normal(size=(20, 6)) + 0.5
    cosines = x @ x.T / np.outer(*[np.linalg.norm(x, axis=1)] * 2)
    values = np.linalg.eigvalsh(cosines / 20)
    values = values[values > 1e-12]
    assert vendi(x) == pytest.approx(float(np.exp(-(values * np.log(values)).sum())))


def test_vendi_of_vectors_of_zeros() -> None:
    assert vendi(np.zeros((3, 4))) == pytest.approx(3)
    with pytest.raises(UsageError, match="no pictures"):
        vendi(np.zeros((0, 4)))


def test_inception_score_of_known_classes() -> None:
    surely = np.eye(5).repeat(4, axis=0)
    assert inception_score(surely) == pytest.approx(5)
    assert inception_score(np.full((20, 5), 0.2)) == pytest.approx(1)
    assert inception_score(np.eye(5)[[0] * 20]) == pytest.approx(1)
    # each of two parts holds ten of one or two classes: exp(H) of (4, 4, 2) tenths
    shares = np.array([0.4, 0.4, 0.2])
    assert inception_score(surely, splits=2) == pytest.approx(float(np.exp(-(shares * np.log(shares)).sum())))
    with pytest.raises(UsageError, match="there must be more"):
        inception_score(surely[:2], splits=3)


def test_classes_that_are_missing_or_too_frequent() -> None:
    real = np.repeat(np.arange(4), 25)
    fake = np.concatenate([np.repeat([0, 1], 40), np.repeat(2, 19), [3]])
    found = classes(real, fake, 5)  # a fifth class that nobody has
    assert found.covered == 0.75  # 1 in 100 is less than a tenth of 25
    assert found.total_variation == pytest.approx(0.30)
    with pytest.raises(UsageError, match="empty"):
        classes(real, fake[:0], 5)


def test_agreement_needs_a_label_for_each() -> None:
    with pytest.raises(UsageError, match="one for each"):
        agreement(np.eye(3), np.array([0, 1]))


def test_psnr_and_error_of_a_constant_difference() -> None:
    x = np.full((2, 4, 4, 3), 100, np.uint8)
    assert fidelity.psnr(x, x + np.uint8(5)) == pytest.approx(10 * np.log10(255**2 / 25))
    assert np.isinf(fidelity.psnr(x, x)).all()
    assert fidelity.mean_absolute_error(x, x + np.uint8(51)) == pytest.approx(0.2)
    deep = x.astype(np.uint16)
    assert fidelity.psnr(deep, deep + np.uint16(5)) == pytest.approx(10 * np.log10(65535**2 / 25))


def brute_ssim(x: Pixels, y: Pixels) -> float:
    at = np.arange(11) - 5
    weights = np.exp(-(at[:, None] ** 2 + at**2) / (2 * 1.5**2))
    weights /= weights.sum()
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    values = []
    for top in range(x.shape[0] - 10):
        for left in range(x.shape[1] - 10):
            a, b = (side[top : top + 11, left : left + 11, 0].astype(float) for side in (x, y))
            ma, mb = (weights * a).sum(), (weights * b).sum()
            va, vb = (weights * (a - ma) ** 2).sum(), (weights * (b - mb) ** 2).sum()
            vab = (weights * (a - ma) * (b - mb)).sum()
            values.append((2 * ma * mb + c1) * (2 * vab + c2) / ((ma**2 + mb**2 + c1) * (va + vb + c2)))
    return float(np.mean(values))


def test_ssim_by_brute_force() -> None:
    x = noise(1, 14)
    y = np.clip(x.astype(int) + np.random.default_rng(1).integers(-60, 60, x.shape), 0, 255).astype(np.uint8)
    assert fidelity.ssim(x, y) == pytest.approx([brute_ssim(x[0], y[0])])


def test_similarity_falls_as_noise_rises() -> None:
    smooth = np.linspace(0, 255, 64).astype(np.uint8)[None, :, None, None].repeat(64, 2)
    found = [
        float(
            fidelity.multi_scale_ssim(
                smooth, np.clip(smooth + amount * (noise(1, 64) / 255.0 - 0.5), 0, 255).astype(np.uint8)
            )[0]
        )
        for amount in (0, 20, 80, 250)
    ]
    assert found[0] == pytest.approx(1)
    assert found == sorted(found, reverse=True)


@pytest.mark.parametrize("side", [11, 32, 176])
def test_scales_that_do_not_fit_are_left_out(side: int) -> None:
    x = noise(2, side, 3)
    assert fidelity.multi_scale_ssim(x, x) == pytest.approx([1, 1])
    assert (fidelity.multi_scale_ssim(x, x[::-1]) < 0.2).all()


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        (np.zeros((1, 8, 8, 1), np.uint8), np.zeros((1, 8, 8, 3), np.uint8), "two of one"),
        (np.zeros((1, 8, 8, 1)), np.zeros((1, 8, 8, 1)), "which peak"),
        (np.zeros((1, 8, 8, 1), np.uint8), np.zeros((1, 8, 8, 1), np.uint8), "11x11 or more"),
    ],
)
def test_pictures_that_cannot_be_compared(one: Pixels, other: Pixels, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        fidelity.ssim(one, other)


def test_a_collapsed_class_is_alike() -> None:
    pictures = noise(30, 16)
    pictures[10:20] = pictures[10]
    found = similarity_within_classes(pictures, np.repeat([3, 5, 9], 10))
    assert found[5] == pytest.approx(1)
    assert max(found[3], found[9]) < 0.2
    assert similarity_within_classes(pictures[:2], np.array([0, 1])) == {}  # nobody to compare with
