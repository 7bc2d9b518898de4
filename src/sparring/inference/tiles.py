"""Pictures larger than memory: translated part by part of the network and tile by tile, as if whole.

Two things tell a tile that it is one. At its border the network sees padding instead of the picture: so each is cut
with a margin as wide as the field of view, which is thrown away again. And instance norm would take the mean and
deviation of the tile: so those of the whole picture are gathered first, in a pass for each norm.

Both are small matters for a few layers, and large ones for a whole network, whose field of view may be wider than a
tile, and whose statistics depend on each other, layer by layer. So one part of the network after another is brought
over the whole picture, and what lies between two is kept in `inference.stages`.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sparring.data.parallel import Announce, Progress
from sparring.inference.reach import Reach, reach
from sparring.inference.stages import Picture, Read, Stage, bytes_of, check_room
from sparring.nn.framing import Size, framed
from sparring.nn.instance import InstanceNorm
from sparring.translators.layers import parted
from sparring.translators.staged import Part, Staged

TILE = 512
"""Pixels of the picture a side that a tile gives, without its margin."""
LEAST = 64
"""Pixels a side of a tile of the smaller stages."""

Pixels = NDArray[Any]
Write = Callable[[slice, slice, Tensor], None]


@dataclass(frozen=True)
class Tile:
    """A part of a picture.

    Attributes:
        rows: that it gives.
        columns: that it gives.
        outer_rows: those with the margin, as far as there is any.
        outer_columns: the same.
    """

    rows: slice
    columns: slice
    outer_rows: slice
    outer_columns: slice

    def inner(self, stage: Tensor) -> Tensor:
        """What a stage of the network, computed from the tile with its margin, has of the tile itself."""
        share = stage.shape[2] / (self.outer_rows.stop - self.outer_rows.start)
        rows, columns = (
            slice(round((own.start - outer.start) * share), round((own.stop - outer.start) * share))
            for own, outer in ((self.rows, self.outer_rows), (self.columns, self.outer_columns))
        )
        return stage[:, :, rows, columns]


def tiles(height: int, width: int, margin: int, size: int = TILE) -> list[Tile]:
    """Tiles that cover a picture, each with its margin where the picture goes on.

    >>> [(tile.rows, tile.outer_rows) for tile in tiles(100, 10, 16, 64)]
    [(slice(0, 64, None), slice(0, 80, None)), (slice(64, 100, None), slice(48, 100, None))]
    """

    def along(length: int) -> list[tuple[slice, slice]]:
        starts = [(start, min(start + size, length)) for start in range(0, length, size)]
        return [(slice(a, b), slice(max(a - margin, 0), min(b + margin, length))) for a, b in starts]

    return [Tile(rows, columns, outer, across) for rows, outer in along(height) for columns, across in along(width)]


@dataclass(frozen=True)
class Span:
    """A part of a network over a picture of this size.

    Attributes:
        part: of the network.
        found: what it does to places.
        size: (height, width) of the stages that it is shown.
        pieces: tiles that cover them.
    """

    part: Part
    found: Reach
    size: Size
    pieces: list[Tile]

    @property
    def result(self) -> Size:
        """(height, width) of what comes out."""
        return self.found.scaled(self.size[0]), self.found.scaled(self.size[1])

    def area(self, piece: Tile) -> tuple[slice, slice]:
        """Rows and columns in which a tile comes out."""
        scaled = self.found.scaled
        rows, columns = (slice(scaled(own.start), scaled(own.stop)) for own in (piece.rows, piece.columns))
        return rows, columns

    @property
    def norms(self) -> list[InstanceNorm]:
        """Those whose statistics are gathered, each in a pass of its own."""
        return [module for module in self.part.modules() if isinstance(module, InstanceNorm)]

    def make(self, sources: Sequence[Picture | Stage], told: Tensor | None, piece: Tile) -> Tensor:
        """What becomes of a tile with its margin."""
        place = next(self.part.parameters()).device
        shown = [source.read(piece.outer_rows, piece.outer_columns).to(place) for source in sources]
        made: Tensor = self.part(shown, told)
        return made


Make = Callable[[Tile], Tensor]


def spans(network: Staged, channels: int, size: Size, tile: int = TILE) -> list[Span]:
    """How a network goes over a picture of so many channels, part by part."""
    known = {0: (channels, size)}
    found = list[Span]()
    for number, part in enumerate(network.spans(), 1):
        (_, (height, width)), *_ = shown = [known[source] for source in part.sources]
        what = reach(part, [count for count, _ in shown], network.told)
        pieces = tiles(height, width, what.margin, max(LEAST, tile * height // size[0]))
        found.append(span := Span(part, what, (height, width), pieces))
        known[number] = what.channels, span.result
    return found


class _Enough(Exception):
    """The layer was reached."""


@torch.no_grad()
def translate(
    network: Staged, read: Read, write: Write, size: Size, say: Announce, folder: Path | None = None, tile: int = TILE
) -> None:
    """Translate a picture in parts.

    Args:
        network: the network, left as it was.
        read: rows and columns of the picture as [1, C + told, h, w] in [-1, 1].
        write: is given rows, columns and what they become.
        size: of the picture, multiples of `network.multiple`.
        say: is told now and then how far it is.
        folder: on whose disk what lies between two parts is kept; None: where the system has such files.
        tile: pixels of the picture a side, a multiple as well.

    Raises:
        SparringError: there is no room on the disk.
    """
    folder = folder or Path(tempfile.gettempdir())
    corner, told = parted(read(slice(0, 1), slice(0, 1)), network.told)
    picture = Picture(corner.shape[1], size, lambda rows, columns: parted(read(rows, columns), network.told)[0])
    stages: dict[int, Picture | Stage] = {0: picture}
    planned = spans(network, picture.channels, size, tile)
    check_room(folder, _on_disk(network, planned))
    progress = Progress("tiles", sum(len(span.pieces) * (1 + len(span.norms)) for span in planned), say)
    done = count(1)
    for number, span in enumerate(planned, 1):
        make = partial(span.make, [stages[source] for source in span.part.sources], told)
        keep = write
        if number < len(planned):
            stages[number] = stage = Stage(span.found.channels, span.result, folder)
            keep = stage.write
        for piece, made in _covered(span, make, lambda: progress.at(next(done))):
            keep(*span.area(piece), made)
        stages = {source: stages[source] for source in network.wanted(number)}


def _on_disk(network: Staged, planned: list[Span]) -> int:
    """Bytes of all stages that are kept at one time, at most."""
    bytes_ = {number: bytes_of(span.found.channels, span.result) for number, span in enumerate(planned[:-1], 1)}
    return max(sum(bytes_.get(kept, 0) for kept in {*network.wanted(at - 1), at}) for at in range(1, len(planned) + 1))


def _covered(span: Span, make: Make, tick: Callable[[], None]) -> Iterator[tuple[Tile, Tensor]]:
    """What a part of the network makes of every tile, without its margin."""
    norms = span.norms
    try:
        for norm in _in_order(norms, make, span.pieces[0]):
            norm.known = _gathered(norm, make, span.pieces, tick)
        for piece in span.pieces:
            yield piece, piece.inner(make(piece))
            tick()
    finally:
        for norm in norms:
            norm.known = None


def _in_order(norms: list[InstanceNorm], make: Make, piece: Tile) -> list[InstanceNorm]:
    """The layers as the part comes to them."""
    if len(norms) < 2:
        return norms
    met: list[InstanceNorm] = []
    hooks = [norm.register_forward_pre_hook(lambda module, given: met.append(module)) for norm in norms]
    try:
        make(piece)
    finally:
        for hook in hooks:
            hook.remove()
    return met


def _gathered(norm: InstanceNorm, make: Make, pieces: list[Tile], tick: Callable[[], None]) -> tuple[Tensor, Tensor]:
    """Mean and variance of all that a layer is shown of the picture, in float64 until the end."""
    sums: Tensor | None = None

    def gather(piece: Tile, module: nn.Module, given: tuple[Tensor]) -> None:
        nonlocal sums
        stage = piece.inner(given[0]).double()
        found = torch.stack([stage.sum((2, 3)), stage.square().sum((2, 3))])  # [2, 1, C]
        found = torch.cat([found, torch.full_like(found[:1], stage.shape[2] * stage.shape[3])])
        # in place: what is kept of every tile would pin down the memory around it, of 8192 pixels a side 3 GB
        sums = found if sums is None else sums.add_(found)
        raise _Enough

    for piece in pieces:
        hook = norm.register_forward_pre_hook(partial(gather, piece))
        try:
            make(piece)
        except _Enough:
            tick()
        finally:
            hook.remove()
    assert sums is not None
    total, squares, number = sums
    mean = total / number
    variance = (squares / number - mean.square()).clamp(min=0)
    return mean[:, :, None, None].float(), variance[:, :, None, None].float()


def padded(pixels: Pixels, multiple: int) -> tuple[Pixels, int, int]:
    """[H, W, C] as the network would pad it whole, see `nn.framing`; and how much was added above and to the left.

    >>> padded(np.zeros((5, 18, 1)), 4)[0].shape
    (16, 20, 1)
    """
    height, width = pixels.shape[:2]
    new_height, new_width = framed((height, width), multiple)
    top, left = (new_height - height) // 2, (new_width - width) // 2
    if (new_height, new_width) == (height, width):
        return pixels, 0, 0
    borders = ((top, new_height - height - top), (left, new_width - width - left), (0, 0))
    return np.pad(pixels, borders, mode="edge"), top, left
