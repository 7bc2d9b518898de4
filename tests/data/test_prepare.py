"""Fit, filter and channels."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from sparring.data.prepare import Filter, Fit, Preparation, with_channels

TOP = {np.uint8: 255, np.uint16: 65535}


def disc(height: int, width: int, radius: float, kind: type[np.generic] = np.uint8) -> NDArray[Any]:
    """A white disc on black in the middle, HWC."""
    y, x = np.mgrid[:height, :width] + 0.5
    inside = np.hypot(y - height / 2, x - width / 2) < radius
    return np.asarray(inside[:, :, None] * TOP[kind], kind)


def extent(plane: NDArray[Any]) -> tuple[int, int]:
    """Rows and columns that the disc covers."""
    bright = plane > plane.max() // 2
    return int(bright.any(1).sum()), int(bright.any(0).sum())


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize(("fit", "diameter"), [("crop", 32), ("pad", 16)])
def test_a_circle_stays_a_circle(kind: type[np.generic], fit: Fit, diameter: int) -> None:
    out = Preparation(40, 40, 1, fit, "lanczos")(disc(100, 200, 40, kind))
    assert out.shape == (1, 40, 40) and out.dtype == kind
    assert extent(out[0]) == (diameter, diameter)


def test_stretch_changes_proportions_because_it_was_asked_to() -> None:
    rows, columns = extent(Preparation(40, 40, 1, "stretch", "lanczos")(disc(100, 200, 40))[0])
    assert (rows, columns) == (32, 16)


def test_padding_is_black_and_centred() -> None:
    out = Preparation(10, 20, 1, "pad", "box")(np.full((10, 10, 1), 9, np.uint8))[0]
    assert (out[:, 5:15] == 9).all() and (out[:, :5] == 0).all() and (out[:, 15:] == 0).all()


@pytest.mark.parametrize("channels", [1, 3, 5])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_cutting_alone_keeps_every_pixel(channels: int, kind: type[np.generic]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 12, channels)).astype(kind)
    out = Preparation(9, 9, channels, "crop", "lanczos")(pixels)
    assert np.array_equal(out.transpose(1, 2, 0), pixels[:, 1:10])


@pytest.mark.parametrize("name", ["lanczos", "bicubic", "bilinear", "box"])
def test_filters_are_antialiased_and_agree_with_pillow(name: Filter) -> None:
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    out = Preparation(8, 8, 3, "crop", name)(stripes)
    expected = Image.fromarray(stripes).resize((8, 8), Image.Resampling[name.upper()])
    assert np.array_equal(out.transpose(1, 2, 0), np.asarray(expected))
    assert np.abs(out.astype(int) - 127).max() < 40  # not aliased to all black or all white


def test_deep_and_many_channels_are_resized_like_shallow_ones() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 20, 5), np.uint8)
    prepare = Preparation(7, 7, 5, "crop", "bicubic")
    deep = prepare(pixels.astype(np.uint16) * 257)
    assert deep.dtype == np.uint16 and np.abs(deep / 257 - prepare(pixels)).max() < 1


def test_overshoot_of_a_deep_edge_is_clipped_and_does_not_wrap_around() -> None:
    edge = np.zeros((16, 16, 1), np.uint16)
    edge[:, 8:] = 65535
    out = Preparation(32, 32, 1, "crop", "lanczos")(edge)[0]
    assert (out[:, :14] < 8000).all() and (out[:, 18:] > 57000).all() and out.max() == 65535


@pytest.mark.parametrize(("kind", "top"), [(np.uint8, 255), (np.uint16, 65535)])
def test_grey_and_colour(kind: type[np.generic], top: int) -> None:
    colours = np.array([[[top, top, top], [top, 0, 0], [0, 0, 0]]]).astype(kind)
    grey = with_channels(colours, 1)
    assert grey.dtype == kind and grey.ravel().tolist() == [top, round(top * 0.299), 0]
    assert (with_channels(grey, 3) == grey).all() and with_channels(grey, 3).shape == (1, 3, 3)


def test_grey_is_the_grey_of_pillow() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (50, 50, 3), np.uint8)
    assert np.array_equal(with_channels(pixels, 1)[:, :, 0], np.asarray(Image.fromarray(pixels).convert("L")))
