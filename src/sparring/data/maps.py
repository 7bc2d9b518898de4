"""Maps of classes: a number in each pixel where they are stored, a channel for each class in a batch, and back.

So a network is not told that class 8 lies between 7 and 9. Where pixels also say which of several instances they belong
to, there is one more channel: 1 where a pixel's number differs from that of one of its four neighbours (Wang et al.,
"High-Resolution Image Synthesis and Semantic Manipulation with Conditional GANs", arXiv:1711.11585, section 3.3), since
the number of an instance says nothing of how it looks, but its border does.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sparring.data.batches import from_stored, to_stored
from sparring.data.spec import Map, Spec
from sparring.errors import UsageError

INSTANCES = 1000
"""Numbers from here on are a class times 1000 plus an instance of it, as Cityscapes has them."""
MOST = 200
"""Classes at most; COCO-Stuff has 172. What holds more is no map: grey photographs of 8 bits have all 256."""
NUMBERS = 65536


def numbers_in(pixels: NDArray[Any]) -> NDArray[np.int64]:
    """The numbers that there are in uint8 or uint16, ascending.

    >>> numbers_in(np.array([[7, 255], [7, 0]], np.uint8))
    array([  0,   7, 255])
    """
    seen = np.zeros(NUMBERS, np.bool_)
    seen[pixels] = True
    return np.flatnonzero(seen)


def class_numbers(numbers: NDArray[Any]) -> NDArray[Any]:
    """The classes that numbers stand for, of the same type.

    >>> class_numbers(np.array([7, 26003, 999]))
    array([  7,  26, 999])
    """
    return numbers if numbers.dtype == np.uint8 else np.where(numbers >= INSTANCES, numbers // INSTANCES, numbers)


def unknown(pixels: NDArray[Any], of: Map) -> list[int]:
    """The classes in a map, uint8 or uint16, that have no channel.

    >>> unknown(np.array([[0, 9, 26003]], np.uint16), Map(values=(0, 26)))
    [9]
    """
    return sorted({*class_numbers(numbers_in(pixels)).tolist()} - {*of.values})


def checked(pixels: NDArray[Any], of: Map) -> NDArray[Any]:
    """One map that somebody gives, [H, W, 1], of uint8 or uint16.

    Raises:
        UsageError: it has several channels, or a number that is no class.
    """
    if pixels.shape[2] != 1:
        raise UsageError(
            f"a picture of {pixels.shape[2]} channels for a model that takes maps of classes: save it as a grey or "
            "palette picture with the number of a class in each pixel"
        )
    if pixels.dtype.kind not in "iub" or pixels.min() < 0 or pixels.max() >= NUMBERS:
        raise UsageError(f"numbers of {pixels.dtype}: the classes of a map are whole numbers from 0 to {NUMBERS - 1}")
    numbers = pixels if pixels.dtype in (np.uint8, np.uint16) else pixels.astype(np.uint16)
    strange = unknown(numbers, of)
    if strange:
        raise UsageError(f"holds {listed(strange)}: the model was taught maps of {listed(of.values)}")
    return numbers


def listed(values: Sequence[int], most: int = 12) -> str:
    """Some classes, for a message.

    >>> listed([0, 7]), listed(range(20), 2)
    ('classes 0, 7', 'classes 0, 1 and 18 more')
    """
    more = f" and {len(values) - most} more" if len(values) > most else ""
    return f"{'class' if len(values) == 1 else 'classes'} {', '.join(map(str, values[:most]))}{more}"


@cache
def _channels(of: Map, device: torch.device) -> Tensor:
    """[65536], uint8, the channel of each number; 0 of numbers that have none, which were refused before."""
    classes, values = class_numbers(np.arange(NUMBERS)), np.array(of.values)
    at = np.searchsorted(values, classes).clip(max=len(values) - 1)
    return torch.from_numpy(np.where(values[at] == classes, at, 0).astype(np.uint8)).to(device)


def compact(numbers: Tensor, of: Map) -> Tensor:
    """What is known of each pixel of maps: the channel of its class and, with edges, whether its instance ends there.

    Args:
        numbers: [N, 1, H, W], uint8 or uint16, of classes that have a channel.
        of: which class is which channel.

    Returns:
        [N, 1 or 2, H, W], uint8.

    >>> compact(torch.tensor([[[[7, 7, 255]]]], dtype=torch.uint8), Map(values=(7, 255), edges=True)).tolist()
    [[[[0, 0, 1]], [[0, 1, 1]]]]
    """
    whole = numbers.to(torch.int32)  # of two bytes without a sign, torch can do little
    channels = _channels(of, whole.device)[whole]
    return torch.cat([channels, _edges(whole)], 1) if of.edges else channels


def _edges(numbers: Tensor) -> Tensor:
    """Whether one of the four neighbours has another number, uint8."""
    found = torch.zeros_like(numbers, dtype=torch.uint8)
    for axis in (2, 3):
        differs = (numbers.diff(dim=axis) != 0).to(torch.uint8)
        size = differs.shape[axis]
        for side in (0, 1):
            found.narrow(axis, side, size).bitwise_or_(differs)
    return found


def expand(known: Tensor, of: Map) -> Tensor:
    """What `compact` knows as a batch: [N, channels, H, W], float32, 1 for the class, and at edges; else -1.

    >>> expand(torch.tensor([[[[0, 1]]]], dtype=torch.uint8), Map(values=(7, 255))).tolist()
    [[[[1.0, -1.0]], [[-1.0, 1.0]]]]
    """
    count, _, height, width = known.shape
    batch = torch.full((count, of.channels, height, width), -1.0, device=known.device)
    batch.scatter_(1, known[:, :1].to(torch.int64), 1.0)
    if of.edges:
        batch[:, -1:] = known[:, 1:].to(torch.float32) * 2 - 1
    return batch


def class_channels(pictures: Tensor, of: Map) -> Tensor:
    """[N, H, W], int64, the channel that is highest, of maps in a batch or of what a network takes for one."""
    return pictures[:, : len(of.values)].argmax(1)


def encoded(stored: Tensor, spec: Spec) -> Tensor:
    """Stored pictures, [N, C, H, W], as a batch has them: numbers in [-1, 1], and maps spread over channels."""
    return from_stored(stored, spec.bits) if spec.map is None else expand(compact(stored, spec.map), spec.map)


def decoded(pictures: Tensor, spec: Spec) -> NDArray[np.generic]:
    """A batch, or what a network makes, as an array to store, NHWC of uint8 or uint16; a map has its classes' numbers.

    >>> spec = Spec(channels=2, height=1, width=2, map=Map(values=(7, 255)))
    >>> decoded(torch.tensor([[[[0.2, -0.9]], [[0.1, -0.8]]]]), spec).ravel()
    array([  7, 255], dtype=uint8)
    """
    if spec.map is None:
        return to_stored(pictures, spec.bits)
    values = np.array(spec.map.values, np.uint8 if max(spec.map.values) < 256 else np.uint16)
    numbers: NDArray[np.generic] = values[class_channels(pictures.detach(), spec.map).cpu().numpy()][..., None]
    return numbers
