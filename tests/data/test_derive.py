"""Sources that are made from pictures: each as it says, of any depth, and always the same."""

import numpy as np
import pytest
from numpy.typing import NDArray

from sparring.data.derive import parse
from sparring.errors import UsageError

KINDS = ["edges", "gray", "downscale:4", "mask", "blur", "noise"]


def disc(size: int = 48, channels: int = 3, dtype: type[np.generic] = np.uint8) -> NDArray[np.generic]:
    """A bright disc on a dark ground, [C, H, W]."""
    rows, columns = np.indices((size, size)) - size / 2 + 0.5
    top = np.iinfo(np.dtype(dtype)).max
    plane = np.where(np.hypot(rows, columns) < size / 3, top, top // 8)
    return np.repeat(plane[None], channels, 0).astype(dtype)


def derived(kind: str, picture: NDArray[np.generic], number: int = 0) -> NDArray[np.generic]:
    derivation = parse(kind)
    assert derivation is not None
    return derivation(picture, number)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3, 5])
def test_shape_and_depth_are_what_was_promised(kind: str, dtype: type[np.generic], channels: int) -> None:
    picture = disc(channels=channels, dtype=dtype)
    derivation = parse(kind)
    assert derivation is not None
    before = picture.copy()
    found = derivation(picture, 7)
    assert found.dtype == dtype
    assert found.shape == (derivation.channels(channels), 48, 48)
    assert (picture == before).all()
    assert (derivation(picture, 7) == found).all()


def test_edges_are_a_thin_closed_line_where_the_disc_ends_and_nowhere_else() -> None:
    (lines,) = derived("edges", disc())
    rows, columns = np.indices((48, 48)) - 23.5
    drawn = lines == 0
    assert set(np.unique(lines)) == {0, 255}
    assert (np.abs(np.hypot(rows, columns)[drawn] - 16) < 1.6).all()
    assert 2 * np.pi * 16 * 0.8 < drawn.sum() < 2 * np.pi * 16 * 1.5


def test_edges_are_found_between_colours_that_are_equally_light() -> None:
    picture = np.zeros((3, 32, 32), np.uint8)
    picture[0, :, :16], picture[1, :, 16:] = 200, 102  # both are 60 as grey
    assert np.ptp(derived("gray", picture)) <= 1
    assert (derived("edges", picture) == 0).any()


def test_a_flat_picture_has_no_edges() -> None:
    assert (derived("edges", np.full((3, 32, 32), 77, np.uint8)) == 255).all()


def test_grey_is_that_of_the_published_weights() -> None:
    picture = np.array([100, 150, 200], np.uint8)[:, None, None].repeat(8, 1).repeat(8, 2)
    assert (derived("gray", picture) == round(0.299 * 100 + 0.587 * 150 + 0.114 * 200)).all()


def test_downscaled_pictures_keep_means_and_lose_detail() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (3, 64, 64)).astype(np.uint8)
    small = derived("downscale:8", noise).astype(float)
    assert abs(small.mean() - noise.mean()) < 1
    assert small.std() < noise.std() / 4
    assert (derived("downscale:4", np.full((1, 30, 50), 9, np.uint8)) == 9).all()


def test_the_hole_has_the_size_that_was_asked_for_and_the_last_channel_says_where() -> None:
    picture = disc(64)
    places = set()
    for number in range(20):
        found = derived("mask:0.25", picture, number)
        hole = found[3] == 0
        assert 0.2 < hole.mean() < 0.3
        assert (found[:3, hole] == 128).all()
        assert (found[:3, ~hole] == picture[:, ~hole]).all()
        assert (found[3, ~hole] == 255).all()
        places.add(tuple(np.argwhere(hole)[0]))
    assert len(places) > 10


def test_noise_has_the_deviation_that_was_asked_for_and_is_another_for_each_picture() -> None:
    flat = np.full((1, 100, 100), 30_000, np.uint16)
    one, other = (derived("noise:10", flat, number).astype(float) for number in (0, 1))
    assert one.std() == pytest.approx(10 / 255 * 65535, rel=0.05)
    assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.05


@pytest.mark.parametrize(
    "text", ["downscale:1", "downscale:2.5", "blur:0", "mask:1", "noise:many", "gray:2", "edges:-1"]
)
def test_a_number_that_makes_no_sense_is_refused_with_one_that_does(text: str) -> None:
    with pytest.raises(
        UsageError, match=f"data.pairs={text}: .* such as {text.partition(':')[0].replace('gray', 'grey')}"
    ):
        parse(text)


def test_other_words_are_no_derivation() -> None:
    assert parse("line") is None
