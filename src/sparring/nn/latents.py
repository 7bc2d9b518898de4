"""The numbers that a generator starts from: noise, and behind it codes that mean something."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from sparring.nn.classes import one_hot
from sparring.seeds import mix

LARGEST = 65536
"""Numbers in the longest latent vector."""


class Code(BaseModel):
    """A part of the latent vector that stands for one thing.

    Attributes:
        name: what it stands for.
        kind: `one-hot` is one column for each value, 1 for the one that is meant and 0 for the others. `level` is one
            column in [-1, 1], cut into as many equal parts as there are values: anything in part k means value k.
            `uniform` is one column, U[-1, 1), without named values.
        values: the names of the values; empty for `uniform`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kind: Literal["one-hot", "level", "uniform"]
    values: tuple[str, ...] = ()

    @property
    def columns(self) -> int:
        """Numbers that it takes in a latent vector."""
        return len(self.values) if self.kind == "one-hot" else 1

    def write(self, values: Tensor, uniform: Tensor) -> Tensor:
        """[N] values, int64, as [N, columns]; `uniform`, [N] in [0, 1), says where in its part a level lies.

        >>> Code(name="digit", kind="one-hot", values=("0", "1", "2")).write(torch.tensor([2]), torch.tensor([0.5]))
        tensor([[0., 0., 1.]])
        >>> Code(name="size", kind="level", values=("small", "large")).write(torch.tensor([1]), torch.tensor([0.5]))
        tensor([[0.5000]])
        """
        if self.kind == "one-hot":
            return one_hot(values, len(self.values))
        if self.kind == "level":
            uniform = (values + uniform) / len(self.values)
        return (uniform * 2 - 1).unsqueeze(1)

    def read(self, columns: Tensor) -> Tensor:
        """The inverse of `write`: from [N, columns] to [N] values, int64.

        >>> Code(name="size", kind="level", values=("small", "large")).read(torch.tensor([[-0.1], [0.1], [1.0]]))
        tensor([0, 1, 1])
        """
        if self.kind == "one-hot":
            return columns.argmax(1)
        parts = ((columns.squeeze(1) + 1) / 2 * len(self.values)).long()
        return parts.clamp(0, len(self.values) - 1)


class Latent(BaseModel):
    """A distribution of latent vectors: [noise | first code | second code | ...].

    Attributes:
        distribution: of the noise: `normal` is N(0, 1), `uniform` is U[-1, 1), each number by itself.
        noise: numbers of noise.
        codes: what follows the noise; their values are equally likely where nobody asks for one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    distribution: Literal["normal", "uniform"]
    noise: int = Field(ge=1, le=LARGEST)
    codes: tuple[Code, ...] = ()

    @property
    def coded(self) -> int:
        """Numbers that belong to codes."""
        return sum(code.columns for code in self.codes)

    @property
    def size(self) -> int:
        """Numbers in a vector."""
        return self.noise + self.coded

    def code(self, name: str) -> Code:
        """The code of that name.

        Raises:
            KeyError: there is none.
        """
        for code in self.codes:
            if code.name == name:
                return code
        raise KeyError(name)

    def columns(self, name: str) -> slice:
        """Which columns a code has.

        >>> digit = Code(name="digit", kind="one-hot", values=tuple("0123456789"))
        >>> Latent(distribution="normal", noise=64, codes=(digit,)).columns("digit")
        slice(64, 74, None)
        """
        start = self.noise
        for code in self.codes[: self.codes.index(self.code(name))]:
            start += code.columns
        return slice(start, start + self.code(name).columns)

    def draw(
        self, count: int, device: torch.device | None = None, values: Mapping[str, Tensor] | None = None
    ) -> Tensor:
        """[count, size] latents from the global random state, which training reseeds at every step.

        Args:
            count: how many.
            device: where.
            values: for each code that is not to be drawn at random, [count] values, int64.
        """
        given = values or {}
        shape = (count, self.noise)
        if self.distribution == "normal":
            noise = torch.randn(shape, device=device)
        else:
            noise = torch.rand(shape, device=device).mul_(2).sub_(1)
        if not self.codes:
            return noise
        parts, unused = [noise], torch.zeros(count, dtype=torch.int64, device=device)
        for code in self.codes:
            wanted = given.get(code.name)
            if wanted is None:
                wanted = torch.randint(len(code.values), (count,), device=device) if code.values else unused
            # no number is drawn that nobody needs: a step that is recorded would leave it out
            uniform = unused if code.kind == "one-hot" else torch.rand(count, device=device)
            parts.append(code.write(wanted, uniform))
        return torch.cat(parts, 1)

    def numbered(self, seed: int, first: int, count: int, values: Mapping[str, int] | None = None) -> Tensor:
        """[count, size] latents of the pictures `first`, `first + 1`, ...: each depends on (seed, its number) alone.

        The values of one-hot codes take turns with the number, the first code's fastest, so that all are seen equally
        often; other codes are random.

        Args:
            seed: any whole number from 0 up.
            first: the first picture's number.
            count: how many.
            values: for some codes the one value that all shall have.

        >>> latent = Latent(distribution="normal", noise=4)
        >>> bool((latent.numbered(1, 0, 9)[5] == latent.numbered(1, 5, 1)[0]).all())
        True
        """
        noise = _raw(mix("noise", seed), first, count, self.noise)
        parts = [_normal(noise) if self.distribution == "normal" else _even(noise) * 2 - 1]
        rows = _even(_raw(mix("codes", seed), first, count, len(self.codes)))
        turns = torch.arange(first, first + count)
        for place, code in enumerate(self.codes):
            among = max(1, len(code.values))
            if code.name in (values or {}):
                wanted = torch.full((count,), (values or {})[code.name])
            elif code.kind == "one-hot":
                wanted, turns = turns % among, turns // among
            else:
                wanted = torch.zeros(count, dtype=torch.int64)
                rows[:, place] *= among  # the level's part and the place in it, from one number
            parts.append(code.write(wanted, rows[:, place]))
        return torch.cat(parts, 1)


def _raw(key: int, first: int, count: int, size: int) -> NDArray[np.uint64]:
    """[count, size] whole numbers of 64 random bits: each picture has its own place in one long sequence.

    The sequence is Philox's (Salmon et al., 2011, https://doi.org/10.1145/2063384.2063405), whose n-th block of four
    numbers is had without those before it.
    """
    blocks = -(-size // 4)
    sequence = np.random.Philox(key=key).advance(first * blocks)
    return sequence.random_raw(count * blocks * 4).reshape(count, blocks * 4)[:, :size]


def _even(raw: NDArray[np.uint64]) -> Tensor:
    """The same numbers as U[0, 1), float32, each of which has 24 digits."""
    return torch.from_numpy((raw >> np.uint64(40)).astype(np.float32)) * 2.0**-24


def _normal(raw: NDArray[np.uint64]) -> Tensor:
    """The same numbers as N(0, 1), float32: where the distribution has so much below it."""
    below = torch.from_numpy((raw >> np.uint64(11)).astype(np.float64)) * 2.0**-53 + 2.0**-54
    above: Tensor = torch.special.ndtri(below)
    return above.float()


class Levels(nn.Module):
    """What a generator makes of levels before anything else: one column for each value, 1 for the one that is meant.

    A level means something else in each of its parts. A network that was given the number itself would have to learn
    all these steps, and would blur them; noise and other codes are passed on as they are.

    Args:
        latent: with or without levels.

    Attributes:
        noise: numbers of noise that come out.
        coded: numbers of codes that come out, behind the noise.

    >>> size = Code(name="size", kind="level", values=("small", "large"))
    >>> Levels(Latent(distribution="uniform", noise=1, codes=(size,)))(torch.tensor([[0.3, -0.9]]))
    tensor([[0.3000, 1.0000, 0.0000]])
    """

    def __init__(self, latent: Latent) -> None:
        super().__init__()
        self.latent = latent
        self.noise = latent.noise
        self.coded = sum(len(code.values) if code.kind == "level" else code.columns for code in latent.codes)

    def forward(self, latents: Tensor) -> Tensor:
        """[N, latent.size] to [N, noise + coded]."""
        parts = [latents[:, : self.noise]]
        for code in self.latent.codes:
            own = latents[:, self.latent.columns(code.name)]
            parts.append(one_hot(code.read(own), len(code.values)) if code.kind == "level" else own)
        return torch.cat(parts, 1)
