"""What a game is handed: batches of tensors, NCHW float32 in [-1, 1], and the one place that rounds them back."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class Share:
    """Which rows of every batch a process has.

    Attributes:
        number: of the process, from 0.
        of: how many processes there are; the size of a batch is a multiple of it.
    """

    number: int = 0
    of: int = 1

    def rows(self, count: int) -> slice:
        """Its `count` rows of the `count * of` of a batch.

        >>> Share(1, of=3).rows(2)
        slice(2, 4, None)
        """
        return slice(self.number * count, (self.number + 1) * count)


WHOLE = Share()


@dataclass(frozen=True)
class Images:
    """A batch of pictures.

    Attributes:
        pictures: [N, channels, height, width], float32 in [-1, 1].
    """

    pictures: Tensor

    def __len__(self) -> int:
        return len(self.pictures)

    def map(self, change: Callable[[Tensor], Tensor]) -> Self:
        """The same kind of batch, each of its tensors changed.

        >>> Labelled(torch.zeros(2, 1, 4, 4), torch.tensor([3, 5])).map(lambda one: one[:1]).labels
        tensor([3])
        """
        whole = {field.name: getattr(self, field.name) for field in fields(self)}
        changed: dict[str, Any] = {
            name: one.map(change) if isinstance(one, Images) else change(one) for name, one in whole.items()
        }
        return replace(self, **changed)

    def tensors(self) -> list[Tensor]:
        """All of them, always in the same order."""
        held = [getattr(self, field.name) for field in fields(self)]
        return [tensor for one in held for tensor in (one.tensors() if isinstance(one, Images) else [one])]

    def part(self, number: int, of: int) -> Self:
        """One of so many equal parts, in order.

        >>> Images(torch.arange(6).view(6, 1, 1, 1)).part(1, of=3).pictures.flatten()
        tensor([2, 3])
        """
        rows = slice(number * len(self) // of, (number + 1) * len(self) // of)
        return self.map(lambda one: one[rows])

    def to(self, device: torch.device) -> Self:
        """The same batch on `device`."""
        return self.map(lambda one: one.to(device, non_blocking=True))


@dataclass(frozen=True)
class Labelled(Images):
    """A batch of pictures with a class for each.

    Attributes:
        labels: [N], int64 in [0, number of classes).
    """

    labels: Tensor


@dataclass(frozen=True)
class Factored(Labelled):
    """A batch of labelled pictures of which every factor of `Spec.factors` is known; all labelled sets give these.

    Attributes:
        factors: [N, number of factors], int64, each column in [0, number of that factor's values).
    """

    factors: Tensor


@dataclass(frozen=True)
class Sourced(Images):
    """A batch of pictures that should come out, and as many that go in.

    Attributes:
        inputs: [N, input channels, height, width], float32 in [-1, 1].
    """

    inputs: Tensor


@dataclass(frozen=True)
class Paired(Sourced):
    """Row i of the inputs is what row i of the pictures should be made from."""


@dataclass(frozen=True)
class Unpaired(Sourced):
    """Pictures of two domains; which belongs to which is not known."""


@dataclass(frozen=True)
class FewLabels(Images):
    """A batch of pictures without labels, and another of the few that have one.

    Attributes:
        labelled: as many pictures with their classes; the same few come back again and again.
    """

    labelled: Labelled


def labels_of(batch: Images) -> Tensor:
    """[N], int64.

    Raises:
        TypeError: the batch has none.
    """
    if not isinstance(batch, Labelled):
        raise TypeError("a batch without labels")
    return batch.labels


def from_stored(stored: Tensor, bits: int) -> Tensor:
    """Whole numbers 0 .. 2^bits - 1 as float32 in [-1, 1]; points (32 bits) as they are.

    >>> from_stored(torch.tensor([0, 255], dtype=torch.uint8), 8)
    tensor([-1.,  1.])
    """
    if bits == 32:
        return stored.to(torch.float32)
    half = (2**bits - 1) / 2
    return stored.to(torch.float32).div_(half).sub_(1)


def to_stored(pictures: Tensor, bits: int) -> NDArray[np.generic]:
    """The inverse of `from_stored`: NCHW in [-1, 1] to an NHWC array of uint8 or uint16, rounded to the nearest.

    The one place where pictures are rounded. Values outside [-1, 1] are clipped. Points (32 bits) stay float32.

    >>> to_stored(torch.tensor([-1.0, 0.0, 1.0]).view(3, 1, 1, 1), 8).ravel()
    array([  0, 128, 255], dtype=uint8)
    """
    pictures = pictures.detach().to("cpu", torch.float32).permute(0, 2, 3, 1).contiguous()
    if bits == 32:
        return pictures.numpy()
    half = (2**bits - 1) / 2
    rounded = pictures.mul(half).add_(half + 0.5).clamp_(0, 2**bits - 1).numpy()
    return rounded.astype(np.uint8 if bits == 8 else np.uint16)
