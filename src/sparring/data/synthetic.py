"""Points of the plane with known modes: eight Gaussians on a ring, twenty-five on a grid."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sparring.data.arrays import ArraySource
from sparring.errors import UsageError

COUNT = 16384
SEEDS = {"train": 0, "test": 1}
OUTERMOST = 0.9  # the outermost modes are put here, so that every sample lies inside [-1, 1]


@dataclass(kw_only=True)
class PointSource(ArraySource):
    """A mixture of Gaussians whose modes are known.

    Attributes:
        modes: [K, 2], the centres, in the units of the points.
        sigma: the standard deviation of each mode, in the same units.
        scale: what the published coordinates were multiplied with.
    """

    modes: NDArray[np.float64]
    sigma: float
    scale: float


def ring8(split: str) -> PointSource:
    """Eight Gaussians of sigma 0.01 on a ring of radius 1, times 0.9."""
    angle = np.arange(8) * (np.pi / 4)
    return _mixture("ring8", np.stack([np.cos(angle), np.sin(angle)], 1), 0.01, OUTERMOST, split)


def grid25(split: str) -> PointSource:
    """Twenty-five Gaussians of sigma 0.05 on the grid {-4, -2, 0, 2, 4}^2, times 0.225."""
    axis = np.arange(-4.0, 5.0, 2.0)
    return _mixture("grid25", np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2), 0.05, OUTERMOST / 4, split)


def _mixture(name: str, modes: NDArray[np.float64], sigma: float, scale: float, split: str) -> PointSource:
    generator = np.random.default_rng([seed_of(split, name), len(modes)])
    mode = generator.integers(len(modes), size=COUNT)
    points = (modes[mode] + sigma * generator.standard_normal((COUNT, 2))) * scale
    return PointSource(
        layout=f"embedded points {name!r}: {COUNT} points, {len(modes)} modes of sigma {sigma:g}, times {scale:g}",
        splits=tuple(SEEDS),
        factors={"mode": mode},
        array=points.astype(np.float32).reshape(-1, 1, 1, 2),
        title=name,
        modes=modes * scale,
        sigma=sigma * scale,
        scale=scale,
    )


def seed_of(split: str, name: str) -> int:
    """The seed of a rendered split, so that `test` holds other samples than `train`.

    Raises:
        UsageError: the split is neither.
    """
    if split not in SEEDS:
        raise UsageError(f"{name} has no split {split!r}: known: {', '.join(SEEDS)} (data.split)")
    return SEEDS[split]
