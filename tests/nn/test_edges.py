"""Edges blurred, and nothing else: by hand, on pictures of two flat halves."""

import numpy as np
import pytest
import torch

from sparring.data.derive import parse
from sparring.nn.edges import blurred, edge_lines, smooth_edges


def halves(channels: int = 3, size: int = 24) -> torch.Tensor:
    """Dark on the left, light on the right, [2, C, H, W]; the second picture is flat."""
    pictures = torch.full((2, channels, size, size), -0.7)
    pictures[0, :, :, size // 2 :] = 0.9
    return pictures


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("deviation", [0.8, 1.5, 2.0])
def test_edges_are_blurred_and_flat_areas_are_the_same_to_the_bit(channels: int, deviation: float) -> None:
    pictures = halves(channels)
    found = smooth_edges(pictures, deviation)
    reach = int(np.ceil(deviation))
    (columns,) = (edge_lines(pictures)[0, 0, 5] > 0).nonzero(as_tuple=True)
    assert columns.min() >= 11 and columns.max() <= 12
    near = slice(int(columns.min()) - reach, int(columns.max()) + reach + 1)
    assert torch.equal(found[1], pictures[1])
    assert torch.equal(found[0, :, :, : near.start], pictures[0, :, :, : near.start])
    assert torch.equal(found[0, :, :, near.stop :], pictures[0, :, :, near.stop :])
    changed = found[0, :, :, near]
    assert (changed != pictures[0, :, :, near]).all()
    assert (changed.diff(dim=2) > 0).all()  # a slope instead of a step
    weights = np.exp(-np.square(np.arange(-np.ceil(3 * deviation), np.ceil(3 * deviation) + 1)) / (2 * deviation**2))
    weights /= weights.sum()
    light = weights[: len(weights) // 2].sum()  # the share of the kernel on the light side, just left of the step
    assert float(found[0, 0, 12, 11]) == pytest.approx(-0.7 + 1.6 * light, abs=1e-5)


def test_a_blur_is_what_scipy_makes_of_it() -> None:
    from scipy import ndimage

    torch.manual_seed(0)
    pictures = torch.rand(2, 3, 20, 15) * 2 - 1
    expected = ndimage.gaussian_filter(pictures.numpy(), (0, 0, 1.5, 1.5), mode="nearest", truncate=10 / 3)
    torch.testing.assert_close(blurred(pictures, 1.5), torch.from_numpy(expected), atol=1e-5, rtol=0)


def test_lines_are_those_of_derived_pairs() -> None:
    from scipy import ndimage

    soft = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(3, 40, 40)), (0, 2, 2))
    stored = (127.5 + 400 * soft).clip(0, 255).astype(np.uint8)
    derivation = parse("edges")
    assert derivation is not None
    lines = edge_lines(torch.from_numpy(stored)[None] / 127.5 - 1)
    assert lines.shape == (1, 1, 40, 40)
    assert 0.02 < float(lines.mean()) < 0.5
    assert ((lines[0].numpy() == 1) == (derivation(stored, 0) == 0)).mean() > 0.995  # but for ties


def test_no_gradient_comes_through_and_nothing_is_changed_in_place() -> None:
    pictures = halves().requires_grad_()
    before = pictures.detach().clone()
    assert not smooth_edges(pictures, 1.0).requires_grad
    assert torch.equal(pictures, before)
