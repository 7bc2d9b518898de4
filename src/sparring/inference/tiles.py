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
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from math import ceil, floor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sparring.inference.stages import Picture, Read, Stage
from sparring.nn.conditional import ConditionalInstanceNorm
from sparring.nn.framing import framed
from sparring.nn.instance import InstanceNorm
from sparring.translators.flow import Flow, Part
from sparring.translators.layers import parted

TILE = 512
"""Pixels of the picture a side that a tile gives, without its margin."""
LEAST = 64
"""Pixels a side of a tile of the smaller stages."""
PROBED = 64
"""Pixels a side by which the field of view is found out, at first."""

Pixels = NDArray[Any]
Write = Callable[[slice, slice, Tensor], None]
Say = Callable[[str], None]


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
class Reach:
    """What a part of a network does to places.

    Attributes:
        scale: pixels that come out for each that goes in, down and across.
        margin: how many pixels around a tile matter to it, if it begins and ends where pixels are not merged into one.
        channels: that come out.
    """

    scale: float
    margin: int
    channels: int

    def scaled(self, place: int) -> int:
        """Where what was at a place comes out."""
        return round(place * self.scale)

    def area(self, piece: Tile) -> tuple[slice, slice]:
        """Rows and columns in which a tile comes out."""
        rows, columns = (slice(self.scaled(own.start), self.scaled(own.stop)) for own in (piece.rows, piece.columns))
        return rows, columns


@torch.no_grad()
def reach(part: Part, channels: Sequence[int], told: int) -> Reach:
    """Find it out from the part itself.

    With all weights positive and no normalisation, what a single bright pixel changes is just what it can reach.

    Args:
        part: it is not touched.
        channels: of each stage that it is shown.
        told: numbers that it is told.
    """
    probe = deepcopy(part).cpu().double()
    for module in probe.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            module.weight.fill_(1 / module.weight[0].numel())
            if module.bias is not None:
                module.bias.zero_()
        elif isinstance(module, InstanceNorm):
            module.known = torch.zeros((), dtype=torch.float64), torch.ones((), dtype=torch.float64)
        elif isinstance(module, ConditionalInstanceNorm):
            module.reset_parameters()
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            module.reset_parameters()
    nothing = torch.zeros(1, told, dtype=torch.float64) if told else None
    side = PROBED
    while True:
        dark = [torch.zeros(1, count, side, PROBED, dtype=torch.float64) for count in channels]
        made = probe(dark, nothing)
        scale = made.shape[2] / side
        multiple = max(1, round(1 / scale))
        lit, until = [stage.clone() for stage in dark], side // 2
        for stage in lit:
            stage[:, :, until - multiple : until] = 1.0
        changed = (probe(lit, nothing) != made).any(1)[0].any(1).nonzero()[:, 0]
        first, last = int(changed.min()), int(changed.max())
        if first > 0 and last < made.shape[2] - 1:
            # of tiles that just hold the first and the last pixel that changed: where the one ends, the other begins
            end = multiple * ceil((first + 1) / scale / multiple)
            start = multiple * floor(last / scale / multiple)
            return Reach(scale, max(until - end, start - (until - multiple)), made.shape[1])
        side *= 2


@dataclass(frozen=True)
class Span:
    """A part of a network, and what it is shown of this picture.

    Attributes:
        part: of the network.
        sources: the stages that it is shown, of one size.
        told: [1, told], on the device of the network.
        pieces: tiles that cover the sources.
        say: is told how far it is.
    """

    part: Part
    sources: Sequence[Picture | Stage]
    told: Tensor | None
    pieces: list[Tile]
    say: Say

    def __call__(self, piece: Tile) -> Tensor:
        """What becomes of a tile with its margin."""
        place = next(self.part.parameters()).device
        shown = [source.read(piece.outer_rows, piece.outer_columns).to(place) for source in self.sources]
        made: Tensor = self.part(shown, self.told)
        return made

    def over(self, turn: int, turns: int) -> Iterator[Tile]:
        """The tiles, one pass of some over them."""
        for number, piece in enumerate(self.pieces, 1):
            self.say(f"pass {turn} of {turns}, tile {number} of {len(self.pieces)}")
            yield piece

    def norms(self) -> list[InstanceNorm]:
        """Its instance norms, in the order in which it comes to them."""
        met: list[InstanceNorm] = []
        norms = [module for module in self.part.modules() if isinstance(module, InstanceNorm)]
        hooks = [norm.register_forward_pre_hook(lambda module, given: met.append(module)) for norm in norms]
        if norms:
            self(self.pieces[0])
        for hook in hooks:
            hook.remove()
        return met


class _Enough(Exception):
    """The layer was reached."""


@torch.no_grad()
def translate(
    flow: Flow, read: Read, write: Write, size: tuple[int, int], say: Say, folder: Path | None = None, tile: int = TILE
) -> None:
    """Translate a picture in parts.

    Args:
        flow: the network, left as it was.
        read: rows and columns of the picture as [1, C + told, h, w] in [-1, 1].
        write: is given rows, columns and what they become.
        size: of the picture, multiples of `flow.multiple`.
        say: is told how far it is.
        folder: on whose disk what lies between two parts is kept; None: where the system has such files.
        tile: pixels of the picture a side, a multiple as well.

    Raises:
        SparringError: there is no room on the disk.
    """
    folder = folder or Path(tempfile.gettempdir())
    corner, told = parted(read(slice(0, 1), slice(0, 1)), flow.told)
    picture = Picture(corner.shape[1], size, lambda rows, columns: parted(read(rows, columns), flow.told)[0])
    stages: dict[int, Picture | Stage] = {0: picture}
    parts = flow.spans()
    for number, part in enumerate(parts, 1):
        sources = [stages[source] for source in part.sources]
        height, width = sources[0].size
        found = reach(part, [source.channels for source in sources], flow.told)
        pieces = tiles(height, width, found.margin, max(LEAST, tile * height // size[0]))
        keep = write
        if number < len(parts):
            stages[number] = stage = Stage(found.channels, (found.scaled(height), found.scaled(width)), folder)
            keep = stage.write
        heard = partial(_prefixed, say, f"part {number} of {len(parts)}, ")
        for piece, made in _covered(Span(part, sources, told, pieces, heard)):
            keep(*found.area(piece), made)
        stages = {source: stages[source] for source in flow.wanted(number)}


def _prefixed(say: Say, prefix: str, text: str) -> None:
    say(prefix + text)


def _covered(span: Span) -> Iterator[tuple[Tile, Tensor]]:
    """What a part of the network makes of every tile, without its margin."""
    norms = span.norms()
    turns = len(norms) + 1
    try:
        for turn, norm in enumerate(norms, 1):
            norm.known = _gathered(norm, span, span.over(turn, turns))
        for piece in span.over(turns, turns):
            yield piece, piece.inner(span(piece))
    finally:
        for norm in norms:
            norm.known = None


def _gathered(norm: InstanceNorm, span: Span, pieces: Iterator[Tile]) -> tuple[Tensor, Tensor]:
    """Mean and variance of all that a layer is shown of the picture, in float64 until the end."""
    sums: list[Tensor] = []

    def gather(piece: Tile, module: nn.Module, given: tuple[Tensor]) -> None:
        stage = piece.inner(given[0]).double()
        found = torch.stack([stage.sum((2, 3)), stage.square().sum((2, 3))])  # [2, 1, C]
        count = stage.shape[2] * stage.shape[3]
        sums.append(torch.cat([found, torch.full_like(found[:1], count)]))
        raise _Enough

    for piece in pieces:
        hook = norm.register_forward_pre_hook(partial(gather, piece))
        try:
            span(piece)
        except _Enough:
            pass
        finally:
            hook.remove()
    total, squares, count = torch.stack(sums).sum(0)
    mean = total / count
    variance = (squares / count - mean.square()).clamp(min=0)
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
