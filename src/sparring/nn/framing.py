"""Between the size of the pictures and the size that a network can make."""

from torch import Tensor
from torch.nn.functional import pad

Size = tuple[int, int]


def round_up(size: Size, multiple: int) -> Size:
    """The smallest (height, width) that holds `size` and is a multiple of `multiple` both ways.

    >>> round_up((28, 30), 8)
    (32, 32)
    """
    height, width = size
    return -(-height // multiple) * multiple, -(-width // multiple) * multiple


LEAST = 4
"""Pixels a side that the narrowest stage of a translator should have."""


def framed(size: Size, multiple: int) -> Size:
    """The size to which a picture is padded for a network that shrinks it by `multiple`.

    >>> framed((20, 300), 16)
    (64, 304)
    """
    height, width = (max(side, LEAST * multiple) for side in size)
    return round_up((height, width), multiple)


def crop_to(pictures: Tensor, size: Size) -> Tensor:
    """The middle (height, width) of NCHW pictures that are at least as large."""
    height, width = size
    top = (pictures.shape[2] - height) // 2
    left = (pictures.shape[3] - width) // 2
    return pictures[:, :, top : top + height, left : left + width]


def pad_to(pictures: Tensor, size: Size) -> Tensor:
    """NCHW pictures in the middle of (height, width), the border continued outwards; undone by `crop_to`.

    >>> import torch
    >>> small = torch.rand(1, 3, 5, 7)
    >>> bool((crop_to(pad_to(small, (8, 8)), (5, 7)) == small).all())
    True
    """
    vertical, horizontal = size[0] - pictures.shape[2], size[1] - pictures.shape[3]
    if not vertical and not horizontal:
        return pictures
    top, left = vertical // 2, horizontal // 2
    return pad(pictures, (left, horizontal - left, top, vertical - top), mode="replicate")
