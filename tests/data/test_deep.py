"""Files of 16 bits per colour and of many channels are read and written as they are."""

import io
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

import sparring.data
from sparring.config import Data
from sparring.data import deep, pictures
from sparring.data.dataset import open_dataset
from sparring.data.recognise import open_source
from sparring.errors import SparringError


def noise(channels: int, bits: int = 16, height: int = 9, width: int = 13) -> NDArray[Any]:
    drawn = np.random.default_rng(channels).integers(0, 2**bits, (height, width, channels))
    return drawn.astype(np.uint8 if bits == 8 else np.uint16)


def read(content: bytes) -> NDArray[Any]:
    """Decode, and see that the header promised what came."""
    header, pixels = pictures.look(io.BytesIO(content)), pictures.decode(io.BytesIO(content))
    assert (header.height, header.width, header.channels) == pixels.shape
    assert header.bits == pixels.dtype.itemsize * 8 and not header.reduced
    return pixels


@pytest.mark.parametrize(
    ("write", "channels", "bits"),
    [(deep.png, c, 16) for c in (1, 3)] + [(deep.tiff, c, bits) for c in (1, 2, 3, 4, 5, 12) for bits in (8, 16)],
)
def test_every_number_comes_back(write: Any, channels: int, bits: int) -> None:
    pixels = noise(channels, bits)
    assert np.array_equal(read(write(pixels)), pixels)


@pytest.mark.parametrize(
    "options",
    [
        {"compression": "lzw", "predictor": True},
        {"compression": "zstd"},
        {"planarconfig": "separate"},
        {"byteorder": ">"},
        {"bigtiff": True},
        {"tile": (16, 16)},
    ],
)
@pytest.mark.parametrize("channels", [3, 5])
def test_tiffs_of_other_programs(options: dict[str, Any], channels: int) -> None:
    pixels, buffer = noise(channels, 16, 40, 50), io.BytesIO()
    stored = pixels.transpose(2, 0, 1) if "planarconfig" in options else pixels
    kind = "rgb" if channels == 3 else "minisblack"
    tifffile.imwrite(buffer, stored, photometric=kind, metadata=None, **{"planarconfig": "contig", **options})
    assert np.array_equal(read(buffer.getvalue()), pixels)


@pytest.mark.parametrize("write", [deep.png, deep.tiff])
@pytest.mark.parametrize("channels", [1, 3])
def test_deep_transparency_is_kept_and_laid_on_white(write: Any, channels: int) -> None:
    pixels, alpha = noise(channels), noise(1)[:, :, 0]
    content = write(pixels, alpha, b"profile")
    whole = pictures.decode_whole(io.BytesIO(content))
    assert whole.alpha is not None and whole.profile == b"profile"
    assert np.array_equal(whole.pixels, pixels) and np.array_equal(whole.alpha, alpha)
    share = alpha[:, :, None] / 65535
    assert np.abs(read(content) - (pixels * share + 65535 * (1 - share))).max() < 0.51
    assert pictures.look(io.BytesIO(content)).transparent


def test_colours_that_are_multiplied_by_their_transparency_are_divided_again() -> None:
    alpha = np.full((9, 13), 65535 // 2, np.uint16)
    alpha[0] = 0
    straight = noise(3) // 2 * 2
    stored, buffer = np.dstack([np.rint(straight * (alpha[:, :, None] / 65535)).astype(np.uint16), alpha]), io.BytesIO()
    tifffile.imwrite(buffer, stored, photometric="rgb", extrasamples=["assocalpha"], metadata=None)
    whole = pictures.decode_whole(io.BytesIO(buffer.getvalue()))
    assert np.abs(whole.pixels[1:].astype(int) - straight[1:]).max() <= 2 and (whole.pixels[0] == 0).all()


def test_transparency_by_a_colour() -> None:
    pixels = noise(3)
    content = deep.png(pixels)
    end = 33  # of the header
    name, key = b"tRNS", struct.pack(">HHH", *pixels[0, 0])
    keyed = struct.pack(">I", 6) + name + key + struct.pack(">I", zlib.crc32(name + key))
    assert read(content[:end] + keyed + content[end:])[0, 0].tolist() == [65535] * 3


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_the_one_of_shallow_pictures(orientation: int) -> None:
    shallow, turned, buffer = noise(3, 8), Image.Exif(), io.BytesIO()
    turned[0x0112] = orientation
    Image.fromarray(shallow).save(buffer, "PNG", exif=turned)
    expected = pictures.decode(io.BytesIO(buffer.getvalue()))
    tiff = io.BytesIO()
    tifffile.imwrite(
        tiff, shallow.astype(np.uint16), photometric="rgb", metadata=None, extratags=[(274, 3, 1, orientation, True)]
    )
    assert np.array_equal(read(tiff.getvalue()), expected)


@pytest.mark.parametrize("write", [deep.png, deep.tiff])
def test_what_is_cut_short_is_said(write: Any) -> None:
    content = write(noise(3, 16, 64, 64))
    with pytest.raises(Exception) as raised:
        pictures.decode(io.BytesIO(content[: len(content) // 2]))
    assert pictures.explain(raised.value)[1]


def test_many_channels_count_as_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 9 * 13)
    assert read(deep.tiff(noise(4))).shape[2] == 4
    with pytest.raises(ValueError, match="decompression bomb"):
        pictures.look(io.BytesIO(deep.tiff(noise(5))))


def test_a_set_of_such_files(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.tif").write_bytes(deep.tiff(noise(5, 16, 16, 16)))
    dataset = open_dataset(Data(path=str(tmp_path)))
    assert (dataset.spec.channels, dataset.spec.bits) == (5, 16)
    assert np.array_equal(dataset.rows(np.array([1]))[0].numpy(), noise(5, 16, 16, 16).transpose(2, 0, 1))
    with zipfile.ZipFile(tmp_path / "set.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(tmp_path / "0.tif", "0.tif")
    assert np.array_equal(open_source(str(tmp_path / "set.zip")).read(0), noise(5, 16, 16, 16))
    (tmp_path / "3.tif").write_bytes(deep.tiff(noise(3, 16, 16, 16)))
    with pytest.raises(SparringError, match="different channels: 1 of 3, 3 of 5"):
        open_dataset(Data(path=str(tmp_path)))


def test_deep_colour_is_converted_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "a.png").write_bytes(deep.png(noise(3, 16, 16, 16)))
    assert sparring.data.convert(str(tmp_path / "set"), tmp_path / "x.zip", Data()) == 1
    assert np.array_equal(open_source(str(tmp_path / "x.zip")).read(0), noise(3, 16, 16, 16))
