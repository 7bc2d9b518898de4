"""PNG and TIFF of 16 bits per colour, and TIFF of any number of channels: what Pillow would reduce, or refuse.

PNG through imagecodecs, TIFF through tifffile; both are imported only where such a file is met.
"""

import logging
import struct
import zlib
from io import BytesIO
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from sparring.data.sources import Header

PNG = (".png",)
TIFF = (".tif", ".tiff")
Pixels = NDArray[Any]

_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_GREY, _COLOUR = 1, 2  # what TIFF calls them
_CHANNEL, _PREMULTIPLIED, _ALPHA = 0, 1, 2  # what it calls samples beside the colours
_ORIENTATION, _PROFILE = 274, 34675

logging.getLogger("tifffile").addHandler(logging.NullHandler())  # what is wrong with a file is said by our own errors


def look_tiff(stream: BinaryIO) -> Header | None:
    """The header of a TIFF that Pillow would not keep whole; None of any other file, which is left at its start."""
    page = _page(stream)
    stream.seek(0)
    if page is None:
        return None
    height, width = page.imagelength, page.imagewidth
    if _orientation(page) >= 5:
        height, width = width, height
    channels, bits = _channels(page), page.bitspersample
    return Header(height, width, channels, bits, mode=f"{channels} channels;{bits}", transparent=bool(_alphas(page)))


def decode_tiff(stream: BinaryIO) -> tuple[Pixels, Pixels | None, bytes | None, int]:
    """The pixels of such a file, [H, W, C], its transparency, [H, W], its colour profile, and how it is turned.

    Colours are those without transparency, also where the file has them multiplied by it.

    Raises:
        Exception: whatever the decoder raises, where the file is damaged.
    """
    page = _page(stream)
    assert page is not None
    stored = page.asarray(squeeze=False)  # [planes, depth, H, W, samples]
    if stored.shape[1] != 1:
        raise ValueError("a volume: save it as a picture of so many channels")
    pixels = np.ascontiguousarray(stored[:, 0].transpose(1, 2, 0, 3).reshape(*stored.shape[2:4], -1))
    alpha = None
    for at in _alphas(page)[:1]:
        pixels, alpha = np.delete(pixels, at, 2), pixels[:, :, at]
        if page.extrasamples[at - page.samplesperpixel] == _PREMULTIPLIED:
            pixels = _divided(pixels, alpha)
    profile = page.tags.get(_PROFILE)
    return pixels, alpha, None if profile is None else bytes(profile.value), _orientation(page)


def _page(stream: BinaryIO) -> Any | None:
    """The first page of a TIFF with more than 8 bits of several samples, or with other samples than grey or colours."""
    stream.seek(0)
    if stream.read(4) not in _MAGIC:
        return None
    import tifffile

    stream.seek(0)
    try:
        page = tifffile.TiffFile(stream).pages.first
        known = page.photometric in (_GREY, _COLOUR) and page.sampleformat == 1 and page.bitspersample in (8, 16)
        reduced = page.bitspersample == 16 and page.samplesperpixel > 1
        return page if known and (reduced or _channels(page) not in (1, 3)) else None
    except Exception:  # Pillow finds the words for it
        return None


def _channels(page: Any) -> int:
    return int(page.samplesperpixel) - len(_alphas(page)[:1])


def _alphas(page: Any) -> list[int]:
    """Which samples say how opaque a pixel is; the first is taken for it, others are channels."""
    first = page.samplesperpixel - len(page.extrasamples)
    return [first + at for at, kind in enumerate(page.extrasamples) if kind in (_PREMULTIPLIED, _ALPHA)]


def _orientation(page: Any) -> int:
    tag = page.tags.get(_ORIENTATION)
    return int(tag.value) if tag is not None and tag.value in range(1, 9) else 1


def _divided(pixels: Pixels, alpha: Pixels) -> Pixels:
    top = np.iinfo(pixels.dtype).max
    share = alpha[:, :, None].astype(np.float64) / top
    straight = np.divide(pixels, share, out=np.zeros(pixels.shape), where=share > 0)
    return np.rint(straight).clip(0, top).astype(pixels.dtype)


def decode_png(content: bytes) -> tuple[Pixels, Pixels | None]:
    """The pixels of a PNG of 16 bits, [H, W, 1 or 3], and its transparency, [H, W].

    Raises:
        Exception: whatever the decoder raises, where the file is damaged.
    """
    import imagecodecs

    stored: Pixels = imagecodecs.png_decode(content)
    stored = stored[:, :, None] if stored.ndim == 2 else stored
    channels = stored.shape[2]
    if channels in (2, 4):
        return np.ascontiguousarray(stored[:, :, :-1]), stored[:, :, -1]
    return stored, None


def png(pixels: Pixels, alpha: Pixels | None = None, profile: bytes | None = None, effort: int = 6) -> bytes:
    """A picture as the bytes of a PNG.

    Args:
        pixels: [H, W, 1 to 4], uint8 or uint16; where there are 2 or 4, the last is transparency.
        alpha: [H, W] of the same type, transparency beside 1 or 3 channels.
        profile: of its colours (ICC).
        effort: spent on making the file small, 0 to 9.

    >>> deep = np.arange(12, dtype=np.uint16).reshape(2, 2, 3) * 5000
    >>> bool((decode_png(png(deep))[0] == deep).all())
    True
    """
    import imagecodecs

    content = bytes(imagecodecs.png_encode(_joined(pixels, alpha), level=effort))
    if profile is None:
        return content
    end = len(b"\x89PNG\r\n\x1a\n") + 25  # of the header, behind which profiles belong
    return content[:end] + _chunk(b"iCCP", b"profile\0\0" + zlib.compress(profile)) + content[end:]


def _joined(pixels: Pixels, alpha: Pixels | None) -> Pixels:
    """[H, W] of a single channel, else [H, W, C]."""
    whole = pixels if alpha is None else np.dstack([pixels, alpha])
    return np.ascontiguousarray(whole[:, :, 0] if whole.shape[2] == 1 else whole)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def tiff(pixels: Pixels, alpha: Pixels | None = None, profile: bytes | None = None) -> bytes:
    """A picture of any number of channels as the bytes of a TIFF; arguments are those of `png`.

    >>> from io import BytesIO
    >>> many = np.arange(20, dtype=np.uint8).reshape(2, 2, 5)
    >>> bool((decode_tiff(BytesIO(tiff(many)))[0] == many).all())
    True
    """
    import tifffile

    channels = pixels.shape[2]
    buffer = BytesIO()
    tifffile.imwrite(
        buffer,
        _joined(pixels, alpha),
        photometric=_COLOUR if channels == 3 else _GREY,
        planarconfig="contig",
        extrasamples=[*([_CHANNEL] * (channels - 1 if channels != 3 else 0)), *([] if alpha is None else [_ALPHA])],
        metadata=None,
        iccprofile=profile,
    )
    return buffer.getvalue()
