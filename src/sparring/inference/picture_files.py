"""One picture as a file: an array, or what Pillow and `data.deep` can hold, with its transparency and its colours."""

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sparring.data import deep, npy, pictures
from sparring.data.pictures import Whole
from sparring.errors import UsageError
from sparring.inference.draw import shallow

ARRAY = npy.ENDING
DEEP = (*deep.PNG, *deep.TIFF)
"""Files that hold 16 bits, and transparency of as many."""
LOSSLESS = (".png", ".tif", ".tiff", ".bmp")
TRANSPARENT = (*DEEP, ".webp", ".avif", ".tga", ".jp2", ".gif")
"""Forms that hold transparency."""
QUALITY = 95
"""Of JPEG and WebP, where pictures came as such."""


def fits(pixels: NDArray[Any], out: Path) -> bool:
    """Whether a file of that name can hold such a picture without loss of channels or depth."""
    ending, channels = out.suffix.lower(), pixels.shape[2]
    if ending == ARRAY or ending in deep.TIFF:
        return True
    return channels in (1, 3) and (pixels.dtype == np.uint8 or ending in DEEP)


def decoded(content: bytes, name: str, numbers: bool = False) -> Whole:
    """What a file of that name holds; `numbers`: of a palette the numbers count and not the colours.

    Raises:
        Exception: whatever the decoder raises, where it is damaged.
    """
    stream = io.BytesIO(content)
    return (
        Whole(npy.read(stream), None, None) if name.lower().endswith(ARRAY) else pictures.decode_whole(stream, numbers)
    )


def encoded(pixels: NDArray[Any], source: Whole, out: Path) -> bytes:
    """In the format that the name says, with the transparency and the profile of the source where it can hold them."""
    buffer, ending = io.BytesIO(), out.suffix.lower()
    if ending == ARRAY:
        np.save(buffer, pixels)
        return buffer.getvalue()
    channels = pixels.shape[2]
    # bytes 16 to 19 of a profile say of which colours it is
    of_these = source.profile is not None and source.profile[16:20] == (b"GRAY" if channels == 1 else b"RGB ")
    profile = source.profile if of_these else None
    alpha = source.alpha if source.alpha is None else _as_deep(source.alpha, pixels.dtype)
    if pixels.dtype == np.uint16 or channels not in (1, 3):
        return (deep.tiff if ending in deep.TIFF else deep.png)(pixels, alpha, profile)
    image = Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels)
    if alpha is not None and ending in TRANSPARENT:
        image.putalpha(Image.fromarray(alpha))
        image = image.convert("RGBA") if ending == ".gif" else image  # or Pillow drops that of grey ones
    kind = _kind(ending)
    if kind is None:
        raise UsageError(
            f"pictures cannot be written as {ending or 'a file without an ending'}: name it {out.stem}.png"
        )
    options = {} if profile is None else {"icc_profile": profile}
    quality = {} if ending in LOSSLESS else {"quality": QUALITY}
    image.save(buffer, kind, **options, **quality)
    return buffer.getvalue()


def can_write(ending: str) -> bool:
    """Whether files with such an ending, as `.png`, can be written at all."""
    return ending.lower() == ARRAY or _kind(ending.lower()) is not None


def _kind(ending: str) -> str | None:
    Image.init()
    kind = Image.registered_extensions().get(ending)
    return kind if kind in Image.SAVE and kind != "ICO" else None  # icons are made smaller


def _as_deep(alpha: NDArray[Any], kind: np.dtype[Any]) -> NDArray[Any]:
    """The same transparency in 8 or in 16 bits."""
    if alpha.dtype == kind:
        return alpha
    return shallow(alpha) if kind == np.uint8 else alpha.astype(np.uint16) * np.uint16(257)
