"""What lies between two parts of a network, of a picture that is larger than memory: kept on disk for a while."""

import shutil
import tempfile
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from sparring.errors import SparringError

Read = Callable[[slice, slice], Tensor]


@dataclass(frozen=True)
class Picture:
    """The first stage: what is translated.

    Attributes:
        channels: of it.
        size: (height, width).
        read: rows and columns of it as [1, channels, h, w].
    """

    channels: int
    size: tuple[int, int]
    read: Read


class Stage:
    """One in a file without a name, which is gone with the process: float32, a row after the other.

    Args:
        channels: in each pixel.
        size: (height, width).
        folder: on whose disk.

    Raises:
        SparringError: it cannot be made.

    >>> stage = Stage(3, (4, 5), Path("."))
    >>> stage.write(slice(0, 2), slice(1, 5), torch.ones(1, 3, 2, 4))
    >>> stage.read(slice(1, 3), slice(0, 2))[0, 0]
    tensor([[0., 1.],
            [0., 0.]])
    """

    def __init__(self, channels: int, size: tuple[int, int], folder: Path) -> None:
        self.channels, self.size, self._folder = channels, size, folder
        self._shape = (*size, channels)
        try:
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  it is open for as long as the stage lives
            weakref.finalize(self, self._file.close)
            self._file.truncate(bytes_of(channels, size))
        except OSError as error:
            raise _full(folder, error.strerror or str(error)) from error

    def read(self, rows: slice, columns: slice) -> Tensor:
        """[1, channels, h, w]."""
        # mapped anew each time: pages that stay mapped would count as memory of this process
        whole = np.memmap(self._file, np.float32, "r", shape=self._shape)
        return torch.from_numpy(np.array(whole[rows, columns])).permute(2, 0, 1)[None]

    def write(self, rows: slice, columns: slice, part: Tensor) -> None:
        """[1, channels, h, w]; row by row, since a full disk is an error here, and the end of the process if mapped.

        Raises:
            SparringError: the disk is full.
        """
        pixels = part[0].permute(1, 2, 0).cpu().contiguous().numpy()
        try:
            for row, line in zip(range(rows.start, rows.stop), pixels, strict=True):
                self._file.seek(4 * self.channels * (row * self.size[1] + columns.start))
                self._file.write(line.data)
            self._file.flush()
        except OSError as error:
            raise _full(self._folder, error.strerror or str(error)) from error


def bytes_of(channels: int, size: tuple[int, int]) -> int:
    """That a stage takes on the disk."""
    return 4 * channels * size[0] * size[1]


def check_room(folder: Path, needed: int) -> None:
    """Make sure that there are so many bytes.

    Raises:
        SparringError: there are not; the message says how many are needed.
    """
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise _full(folder, f"{needed / 1e9:.1f} GB are needed for a while, and {free / 1e9:.1f} GB are free")


def _full(folder: Path, reason: str) -> SparringError:
    what = "a picture of this size is translated in parts, and what lies between them is kept on disk"
    return SparringError(f"{folder}: {reason}: {what}; make room, or translate to another disk")
