"""A network as a list of parts, each shown what earlier ones made, so that it can be run whole or a part at a time.

What lies between two parts is a stage. Stages are where a picture that is larger than memory is put down, so a part is
best begun and ended where there is little to keep: at the smaller sizes.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor, nn

from sparring.nn.framing import crop_to, framed, pad_to
from sparring.translators.layers import parted, through


class Part(nn.Module):
    """Layers, one behind the other, and what they are shown.

    Attributes:
        sources: numbers of stages, all of one size: 0 is the picture, k what part k made.
        beside: that their channels lie one behind the other; else they are added up.
    """

    def __init__(self, layers: Iterable[nn.Module], sources: Sequence[int], beside: bool) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)
        self.sources, self.beside = tuple(sources), beside

    def forward(self, stages: Sequence[Tensor], told: Tensor | None) -> Tensor:
        """Those of the sources, [N, channels, H, W] each, and [N, told], to the next stage."""
        first, *others = stages
        shown = torch.cat(list(stages), 1) if self.beside else sum(others, first)
        return through(self.layers, shown, told)


class Staged(nn.Module):
    """A translator for pictures of any size.

    Attributes:
        multiple: pictures are padded to a multiple of so many pixels, by which the network shrinks them at most.
        told: numbers that steer the norms; they come as channels behind those of the picture.
        parts: in the order in which they are run; the last one makes the picture.

    >>> network = Staged(multiple=2)
    >>> half = network.then([nn.Conv2d(3, 8, 2, stride=2)])
    >>> again = network.then([nn.Conv2d(8, 8, 3, padding=1), nn.ReLU()])
    >>> _ = network.then([nn.ConvTranspose2d(16, 3, 2, stride=2)], half, again, beside=True)
    >>> network(torch.zeros(1, 3, 9, 12)).shape
    torch.Size([1, 3, 9, 12])
    """

    def __init__(self, multiple: int, told: int = 0) -> None:
        super().__init__()
        self.multiple, self.told = multiple, told
        self.parts = nn.ModuleList()

    def then(self, layers: Iterable[nn.Module], *sources: int, beside: bool = False) -> int:
        """One more part, shown the stage before it or those that are named; the number of the stage that it makes."""
        self.parts.append(Part(layers, sources or (len(self.parts),), beside))
        return len(self.parts)

    def forward(self, pictures: Tensor) -> Tensor:
        """[N, inputs + told, H, W] to [N, outputs, H, W] in (-1, 1)."""
        last = deque(self.run(pictures), maxlen=1).pop()
        return crop_to(last, (pictures.shape[2], pictures.shape[3]))

    def run(self, pictures: Tensor) -> Iterator[Tensor]:
        """All stages, the padded picture first; none is kept for longer than another part is shown it."""
        size = framed((pictures.shape[2], pictures.shape[3]), self.multiple)
        picture, told = parted(pad_to(pictures, size), self.told)
        stages = {0: picture}
        yield picture
        for number, part in enumerate(self.spans(), 1):
            stages[number] = part([stages[source] for source in part.sources], told)
            yield stages[number]
            stages = {source: stages[source] for source in self.wanted(number)}

    def spans(self) -> list[Part]:
        """The parts."""
        return [part for part in self.parts if isinstance(part, Part)]

    def wanted(self, number: int) -> set[int]:
        """The stages, up to this one, that parts behind it are shown."""
        return {source for part in self.spans()[number:] for source in part.sources if source <= number}


def steering(norm: str, told: int) -> int:
    """How many of the numbers that a network is told steer its norms; others are channels of what it is shown.

    >>> steering("instance", 3), steering("batch", 3)
    (3, 0)
    """
    return told if norm == "instance" else 0
