"""The receptive field of a part of a network, found out from the part itself."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from math import ceil, floor
from weakref import WeakKeyDictionary

import torch
from torch import nn

from sparring.nn.conditional import ConditionalInstanceNorm
from sparring.nn.instance import InstanceNorm
from sparring.translators.staged import Part

PROBED = 64
"""Pixels a side by which it is found out, at first."""


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


_REACHES: WeakKeyDictionary[Part, Reach] = WeakKeyDictionary()


def reach(part: Part, channels: Sequence[int], told: int) -> Reach:
    """Of a part that is shown feature maps of so many channels; found once a part, see `measured`."""
    if part not in _REACHES:
        _REACHES[part] = measured(part, channels, told)
    return _REACHES[part]


@torch.no_grad()
def measured(part: Part, channels: Sequence[int], told: int) -> Reach:
    """`reach`, found out from the part itself.

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
        dark = [torch.zeros(1, depth, side, PROBED, dtype=torch.float64) for depth in channels]
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
