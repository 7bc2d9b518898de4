"""From a picture as it is stored to one of the shape that is trained on: channels, then size, by named filters."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Fit = Literal["crop", "pad", "stretch"]
Filter = Literal["lanczos", "bicubic", "bilinear", "box", "nearest"]
Box = tuple[float, float, float, float]  # left, top, right, bottom

_FILTERS = {
    "lanczos": Image.Resampling.LANCZOS,
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
    "box": Image.Resampling.BOX,
    "nearest": Image.Resampling.NEAREST,
}
_LUMA = np.array([19595, 38470, 7471], np.uint32)  # ITU-R 601-2 in 1/65536, as Pillow has it; exact for 16 bit in 32


@dataclass(frozen=True)
class Preparation:
    """What is done to every picture of a set.

    Attributes:
        height: rows afterwards.
        width: columns afterwards.
        channels: channels afterwards.
        fit: `crop`, `pad` (with black) or `stretch`, where the proportions differ.
        filter: the resampling filter; all but `nearest` are antialiased.

    >>> Preparation(4, 4, 3, "crop", "lanczos")(np.zeros((8, 10, 1), np.uint8)).shape
    (3, 4, 4)
    """

    height: int
    width: int
    channels: int
    fit: Fit
    filter: Filter

    def __call__(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """HWC of any size to CHW of this one, of the same type; a picture that fits already is left as it is."""
        pixels = with_channels(pixels, self.channels)
        if pixels.shape[:2] != (self.height, self.width):
            pixels = self._resized(pixels)
        return pixels.transpose(2, 0, 1)

    def _resized(self, pixels: NDArray[Any]) -> NDArray[Any]:
        height, width = pixels.shape[:2]
        if self.fit == "stretch":
            return self._resample(pixels, self.height, self.width, (0, 0, width, height))
        if self.fit == "crop":
            box = _middle(height, width, self.height, self.width)
            return self._resample(pixels, self.height, self.width, box)
        scale = min(self.height / height, self.width / width)
        inner = max(1, round(height * scale)), max(1, round(width * scale))
        top, left = (self.height - inner[0]) // 2, (self.width - inner[1]) // 2
        padded = np.zeros((self.height, self.width, pixels.shape[2]), pixels.dtype)
        padded[top : top + inner[0], left : left + inner[1]] = self._resample(pixels, *inner, (0, 0, width, height))
        return padded

    def _resample(self, pixels: NDArray[Any], height: int, width: int, box: Box) -> NDArray[Any]:
        if pixels.dtype == np.uint8 and pixels.shape[2] == 3:
            image = Image.fromarray(np.ascontiguousarray(pixels))
            return np.asarray(image.resize((width, height), _FILTERS[self.filter], box))
        planes = [self._plane(pixels[:, :, c], height, width, box) for c in range(pixels.shape[2])]
        return np.stack(planes, 2)

    def _plane(self, plane: NDArray[Any], height: int, width: int, box: Box) -> NDArray[Any]:
        if plane.dtype == np.uint8:
            image = Image.fromarray(np.ascontiguousarray(plane))
            return np.asarray(image.resize((width, height), _FILTERS[self.filter], box))
        image = Image.fromarray(plane.astype(np.float32))  # whole numbers to 2^24 are exact in float32
        resized = np.rint(np.asarray(image.resize((width, height), _FILTERS[self.filter], box)))
        return np.asarray(resized.clip(0, 65535), np.uint16)


def with_channels(pixels: NDArray[Any], channels: int) -> NDArray[Any]:
    """[..., C] to [..., channels]: grey repeated, colour weighed to grey; the same number stays as it is.

    >>> with_channels(np.array([[255, 255, 255]], np.uint8), 1)
    array([[255]], dtype=uint8)
    """
    if pixels.shape[-1] == channels:
        return pixels
    if channels == 3:
        return np.repeat(pixels, 3, axis=-1)
    luma = np.full(pixels.shape[:-1], 32768, np.uint32)  # a half, to round; one colour after the other, to save memory
    for number, weight in enumerate(_LUMA):
        luma += np.multiply(pixels[..., number], weight, dtype=np.uint32)
    grey: NDArray[Any] = (luma >> 16).astype(pixels.dtype)[..., None]
    return grey


def _middle(height: int, width: int, new_height: int, new_width: int) -> Box:
    """The largest box of the new proportions in the middle of a picture."""
    scale = max(new_height / height, new_width / width)
    box_height, box_width = min(height, new_height / scale), min(width, new_width / scale)
    left, top = (width - box_width) / 2, (height - box_height) / 2
    if scale == 1:  # cut only: half a pixel of offset would blur
        left, top = float(int(left)), float(int(top))
    return left, top, left + box_width, top + box_height
