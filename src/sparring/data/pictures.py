"""One picture file to one array: upright, without transparency, 8 or 16 bit; grey, colour, or so many channels.

By Pillow, which knows every format; by `deep` what Pillow would reduce or refuse; and by `npy` arrays.
"""

import warnings
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, UnidentifiedImageError

from sparring.data import deep, npy
from sparring.data.sources import Header, one_line

# Pillow only warns where a picture is larger than MAX_IMAGE_PIXELS and no more than twice that; here it is an error.
# Set once at import: `warnings.catch_warnings` around each picture would not be safe between threads.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)

# what names in `stores.PICTURES` stand for: Pillow goes by content, and some of its other readers start programs
_FORMATS = ("PNG", "JPEG", "BMP", "DIB", "GIF", "TIFF", "WEBP", "AVIF", "JPEG2000", "PPM", "TGA", "ICO")
_GREY = frozenset(["1", "L", "LA", "La"])
_PALETTE = frozenset(["P", "PA"])
_DEEP = frozenset(["I", "I;16", "I;16B", "I;16L", "I;16N"])
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ROWS = 256
"""So many at a time, since the arithmetic takes four times the memory."""
_CUT_SHORT = (
    *("truncated", "Truncated", "not processed", "broken data stream", "unexpected end"),
    *("failed to read", "too small", "corrupted strip", "corrupted tile"),  # of the readers in `deep`
)


def look(stream: BinaryIO, numbers: bool = False) -> Header:
    """The header of a picture; its pixels stay undecoded.

    Args:
        stream: the file.
        numbers: see `decode_whole`.

    Raises:
        Exception: whatever the decoder raises; `explain` puts it into words.
    """
    if npy.is_array(stream):
        return npy.look(stream, numbers)
    header = deep.look_tiff(stream)
    if header is not None:
        _refuse_bomb(header.width, header.height, -(-header.channels // 4))
        return header
    with _open(stream) as image:
        height, width = image.height, image.width
        if _early_orientation(image) >= 5:
            height, width = width, height
        deep_png = _is_deep_png(image)
        is_deep = deep_png or image.mode in _DEEP
        as_grey = image.mode in (_GREY | _PALETTE if numbers else _GREY) or image.mode in _DEEP
        grey = as_grey or (deep_png and "LA;16" in str(image.tile))
        return Header(
            height,
            width,
            channels=1 if grey else 3,
            bits=16 if is_deep else 8,
            mode=f"{image.mode};16" if deep_png and image.mode not in _DEEP else image.mode,
            transparent=image.has_transparency_data and not numbers,
            reduced=not is_deep and ";16" in str(image.tile),
        )


def decode(stream: BinaryIO, numbers: bool = False) -> NDArray[Any]:
    """The pixels of a picture, HWC, uint8 or uint16; of an animation, the first frame.

    The orientation that a camera wrote down is applied, a palette looked up, transparency laid on white.

    Args:
        stream: the file.
        numbers: see `decode_whole`.

    Raises:
        Exception: whatever the decoder raises; `explain` puts it into words.
    """
    return decode_whole(stream, numbers).on_white()


@dataclass(frozen=True)
class Whole:
    """A picture with what is not trained on, but belongs to it.

    Attributes:
        pixels: [H, W, C], uint8 or uint16; where they are transparent, the colours that they would have.
        alpha: [H, W], of the same type, how opaque each is; None where all are.
        profile: of its colours (ICC), as it is in the file; None without.
    """

    pixels: NDArray[Any]
    alpha: NDArray[Any] | None
    profile: bytes | None

    def on_white(self) -> NDArray[Any]:
        """The pixels as they look on white paper."""
        if self.alpha is None:
            return self.pixels
        top = int(np.iinfo(self.pixels.dtype).max)
        laid = np.empty_like(self.pixels)
        for start in range(0, len(laid), _ROWS):
            rows = slice(start, start + _ROWS)
            opaque = self.alpha[rows, :, None].astype(np.uint32)
            mixed = self.pixels[rows] * opaque + top * (top - opaque)  # at most top^2, which 32 bits hold
            laid[rows] = mixed // top + (mixed % top > top // 2)
        return laid


def decode_whole(stream: BinaryIO, numbers: bool = False) -> Whole:
    """A picture, with its transparency and its colour profile.

    Args:
        stream: the file.
        numbers: whether the pixels of a grey or palette picture are numbers and not colours: they are left as they are,
            and there is no transparency and no profile.

    Raises:
        Exception: whatever the decoder raises; `explain` puts it into words.
    """
    if npy.is_array(stream):
        array = npy.read(stream)
        return Whole(npy.as_numbers(array) if numbers else array, None, None)
    header = deep.look_tiff(stream)
    if header is not None:
        _refuse_bomb(header.width, header.height, -(-header.channels // 4))
        pixels, alpha, profile, turn = deep.decode_tiff(stream)
        if numbers and pixels.shape[2] == 1:
            return Whole(_turned(pixels, turn), None, None)
        return Whole(_turned(pixels, turn), None if alpha is None else _turned(alpha, turn), profile)
    with _open(stream) as image:
        if _is_deep_png(image):
            whole = _deep_png(image, stream)
            return Whole(whole.pixels, None, None) if numbers and whole.pixels.shape[2] == 1 else whole
        image.load()
        turn_by = _TURNS.get(_orientation(image))
        upright: Image.Image = image.transpose(turn_by) if turn_by is not None else image
        if numbers and upright.mode in _GREY | _PALETTE:
            return Whole(_numbers(upright), None, None)
        pixels, alpha = (_deep(upright), None) if upright.mode in _DEEP else _shallow(upright)
        return Whole(pixels, alpha, image.info.get("icc_profile"))


def _is_deep_png(image: ImageFile.ImageFile) -> bool:
    return image.format == "PNG" and ";16" in str(image.tile)


def _deep_png(image: Image.Image, stream: BinaryIO) -> Whole:
    stream.seek(0)
    pixels, alpha = deep.decode_png(stream.read())
    turn, profile = _early_orientation(image), image.info.get("icc_profile")
    return Whole(_turned(pixels, turn), None if alpha is None else _turned(alpha, turn), profile)


def _turned(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """[H, W, ...] as it should be seen, by the number that a camera wrote down."""
    flipped = pixels[:, ::-1] if orientation in (2, 4, 5, 7) else pixels
    return np.rot90(flipped, {3: 2, 4: 2, 5: 1, 6: 3, 7: 3, 8: 1}.get(orientation, 0))


def explain(error: BaseException) -> tuple[str, bool]:
    """Why a picture cannot be read, in a few words, and whether its end is missing.

    >>> explain(OSError("image file is truncated (12 bytes not processed)"))
    ('image file is truncated (12 bytes not processed)', True)
    """
    if isinstance(error, UnidentifiedImageError):
        return "not a picture that can be read", False
    if isinstance(error, FileNotFoundError):
        return "the file is not there", False
    if isinstance(error, OSError) and error.strerror:
        return error.strerror, False
    text = one_line(error)
    return text, any(words in text for words in _CUT_SHORT)


def _open(stream: BinaryIO) -> ImageFile.ImageFile:
    if not stream.read(1):
        raise ValueError("the file is empty")
    stream.seek(0)
    image = Image.open(stream, formats=_FORMATS)
    _refuse_bomb(image.width, image.height)
    if image.mode == "F":
        raise ValueError("floating-point pixels (mode F): save it with 8 or 16 bits")
    return image


def _refuse_bomb(width: int, height: int, planes: int = 1) -> None:
    limit = Image.MAX_IMAGE_PIXELS
    if limit is not None and width * height * planes > limit:
        raise ValueError(
            f"{width}x{height} is more than {limit:,} pixels: refused as a decompression bomb; an array, .npy, may be "
            "as large"
        )


def _early_orientation(image: Image.Image) -> int:
    """The turn that the size of an unloaded picture does not include yet."""
    if image.format == "TIFF":  # its size is that of the upright picture from the start
        return 1
    # Pillow's getexif decodes the whole of a PNG to look for an orientation behind its pixels: ask only if it is known.
    return _orientation(image) if image.format != "PNG" or "exif" in image.info else 1


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(0x0112, 1))
    except Exception:  # a damaged camera note must not cost the picture
        return 1


def _deep(image: Image.Image) -> NDArray[np.uint16]:
    pixels = np.asarray(image)
    if pixels.dtype.kind == "i" and (pixels.min() < 0 or pixels.max() > 65535):
        raise ValueError("32-bit numbers beyond 0 .. 65535: save it with 8 or 16 bits")
    return pixels.astype(np.uint16)[:, :, None]


def _numbers(image: Image.Image) -> NDArray[np.uint8]:
    single = image.convert("L") if image.mode == "1" else image.getchannel(0)
    return np.array(single)[:, :, None]


def _shallow(image: Image.Image) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    grey = image.mode in _GREY
    if image.has_transparency_data:
        colours = np.array(image.convert("RGBA"))
        return colours[:, :, : 1 if grey else 3], colours[:, :, 3]
    pixels = np.array(image.convert("L" if grey else "RGB"))
    return pixels[:, :, None] if grey else pixels, None
