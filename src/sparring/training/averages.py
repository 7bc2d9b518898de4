"""The exponential moving average of players: what is sampled, judged and shipped."""

from copy import deepcopy

import torch
from torch import Tensor, nn

DIRECTIONS = ("._u", "._v")
"""Names of the unit vectors of spectral norm, as PyTorch has them."""


class Averages(nn.Module):
    """Copies of some players that follow them slowly, batch-norm statistics included.

    After `half_life` images an old weight counts half. Early in a run that would be most of the weight, so the
    half-life is at most `ramp` times the images shown so far (as in Karras et al., arXiv:2006.06676, appendix C.1).
    The statistics of batch norm are averaged alike, since those of the last weights do not go with the mean of the
    weights. Whole numbers, such as the count of batches, are copied, and so are the directions that spectral norm
    measures a weight along: a mean of unit vectors is shorter than they are, and would make the weight look small.

    Args:
        players: the players to follow, by name.
        half_life: in images; 0 copies.
        ramp: share of the images shown, in (0, 1].
    """

    def __init__(self, players: dict[str, nn.Module], half_life: float, ramp: float) -> None:
        super().__init__()
        self.players = nn.ModuleDict(deepcopy(players)).requires_grad_(False).eval()
        self._half_life = half_life
        self._ramp = ramp
        sources = nn.ModuleDict(players).state_dict(keep_vars=True)
        smooth: list[tuple[Tensor, Tensor]] = []
        copied: list[tuple[Tensor, Tensor]] = []
        for name, own in self.players.state_dict(keep_vars=True).items():
            averaged = own.is_floating_point() and not name.endswith(DIRECTIONS)
            (smooth if averaged else copied).append((own, sources[name]))
        self._smooth, self._copied = _columns(smooth), _columns(copied)

    def weight(self, images: int, batch: int) -> float:
        """How far a step of `batch` images, the last of `images` in all, moves the average towards the players.

        >>> Averages({}, half_life=100, ramp=1.0).weight(images=1000, batch=100)
        0.5
        """
        half_life = min(self._half_life, self._ramp * images)
        return 1.0 - 0.5 ** (batch / half_life) if half_life > 0 else 1.0

    @torch.no_grad()
    def update(self, images: int, batch: int) -> None:
        """Follow the players after a step."""
        own, sources = self._smooth
        torch._foreach_lerp_(own, sources, self.weight(images, batch))
        for target, source in zip(*self._copied, strict=True):
            target.copy_(source)


def _columns(pairs: list[tuple[Tensor, Tensor]]) -> tuple[list[Tensor], list[Tensor]]:
    return [own.detach() for own, _ in pairs], [source.detach() for _, source in pairs]
