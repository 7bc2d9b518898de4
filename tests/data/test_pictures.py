"""Every mode of a picture file becomes grey or colour, 8 or 16 bit, upright."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from sparring.data import pictures

RED = (255, 0, 0)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> io.BytesIO:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    buffer.seek(0)
    return buffer


def read(image: Image.Image, kind: str = "PNG", **options: Any) -> NDArray[Any]:
    """Decode, and see that the header promised what came."""
    buffer = encoded(image, kind, **options)
    header = pictures.look(buffer)
    pixels = pictures.decode(buffer)
    assert (header.height, header.width, header.channels) == pixels.shape
    assert header.bits == pixels.dtype.itemsize * 8
    return pixels


@pytest.mark.parametrize(("mode", "channels"), [("1", 1), ("L", 1), ("P", 3), ("RGB", 3), ("RGBA", 3), ("LA", 1)])
def test_channels_follow_the_mode(mode: str, channels: int) -> None:
    pixels = read(Image.new("RGB", (5, 3), "white").convert(mode))
    assert pixels.shape == (3, 5, channels) and (pixels == 255).all() and pixels.dtype == np.uint8


def test_cmyk_and_palette_become_the_colours_they_mean() -> None:
    assert np.abs(read(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG")[4, 4].astype(int) - RED).max() < 4
    assert read(Image.new("RGB", (8, 8), RED).quantize(4))[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_kept(kind: str) -> None:
    deep = np.random.default_rng(0).integers(0, 65536, (6, 7), np.uint16)
    assert np.array_equal(read(Image.fromarray(deep), kind)[:, :, 0], deep)


def test_numbers_of_32_bits_must_fit_into_16() -> None:
    small = np.full((4, 4), 65535, np.int32)
    assert (read(Image.fromarray(small), "TIFF") == 65535).all()
    with pytest.raises(ValueError, match=r"32-bit numbers beyond"):
        read(Image.fromarray(small + 1), "TIFF")


def test_floating_point_is_refused_with_a_remedy() -> None:
    with pytest.raises(ValueError, match="save it with 8 or 16 bits"):
        read(Image.fromarray(np.zeros((4, 4), np.float32)), "TIFF")


def test_transparency_is_laid_on_white() -> None:
    half = Image.new("RGBA", (2, 2), (*RED, 128))
    assert pictures.look(encoded(half)).transparent
    assert read(half)[0, 0].tolist() == [255, 127, 127]
    assert (read(Image.new("LA", (2, 2), (0, 0))) == 255).all()
    keyed = Image.new("P", (2, 2), 0)
    keyed.putpalette([0, 0, 0, 9, 9, 9])
    assert (read(keyed, transparency=0) == 255).all()


def test_the_orientation_of_the_camera_is_applied() -> None:
    wide = np.zeros((4, 8), np.uint8)
    wide[0] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by a quarter, clockwise: the top row becomes the right column
    for kind in ("PNG", "TIFF", "JPEG"):
        pixels = read(Image.fromarray(wide), kind, exif=exif)
        assert pixels.shape == (8, 4, 1) and (pixels[:, 3] > 200).all() and (pixels[:, 0] < 50).all()


def test_of_an_animation_the_first_frame_is_taken() -> None:
    first, second = Image.new("RGB", (4, 4), RED), Image.new("RGB", (4, 4), "blue")
    assert read(first, "GIF", save_all=True, append_images=[second])[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("factor", [1.0, 0.4])
def test_a_decompression_bomb_is_an_error(monkeypatch: pytest.MonkeyPatch, factor: float) -> None:
    # Pillow itself raises beyond twice the limit and only warns below that
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", int(100 * 100 * factor) - 1)
    with pytest.raises(Exception, match="decompression bomb"):
        pictures.look(encoded(Image.new("L", (100, 100))))


@pytest.mark.parametrize(
    ("kept", "reason", "cut"),
    [(0, "the file is empty", False), (7, "not a picture that can be read", False), (300, "truncated", True)],
)
def test_what_is_wrong_is_put_into_words(tmp_path: Path, kept: int, reason: str, cut: bool) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    data = encoded(Image.fromarray(noise)).getvalue()[:kept]
    with pytest.raises(Exception) as raised:
        pictures.decode(io.BytesIO(data))
    words, truncated = pictures.explain(raised.value)
    assert reason in words and truncated is cut
