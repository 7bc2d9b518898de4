"""How the arithmetic of a step is done: what changes seconds and last digits, and nothing else.

What is fastest differs by processor: bfloat16 halves the time of a convolution on one and multiplies it by six on the
next. So none of this is decided here; `runs.trial` tries.
"""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor, nn

from sparring.games.base import Game
from sparring.nn.layout import keep_in_order, laid_out


@dataclass(frozen=True)
class Speed:
    """A way of computing.

    Attributes:
        precision: of convolutions and matrix products; `bfloat16` is `torch.autocast`: weights, losses and whatever
            needs digits stay float32.
        products: whether products of float32 may be rounded on the way: TF32 on NVIDIA's cards; on a CPU matrix
            products take another library, which rounds to bfloat16 if that is faster on this one, and may be twice as
            fast without.
        layout: how the weights of convolutions lie in memory, which the pictures follow.
        compiled: whether players are compiled, but for those of `Game.sloped`.
        recorded: whether what is the same at every step is recorded and replayed, where a batch is played whole.
        threads: of the processor; 0: as many as torch takes.

    >>> str(Speed()), str(Speed(precision="bfloat16", compiled=True, threads=2))
    ('float32, channels last', 'bfloat16, channels last, compiled, 2 threads')
    """

    precision: Literal["float32", "bfloat16"] = "float32"
    products: Literal["exact", "rounded"] = "exact"
    layout: Literal["channels-last", "contiguous"] = "channels-last"
    compiled: bool = False
    recorded: bool = False
    threads: int = 0

    def __str__(self) -> str:
        """As a person reads it."""
        words = [self.precision, *["rounded products"] * (self.products == "rounded"), self.layout.replace("-", " ")]
        words += ["compiled"] * self.compiled + ["recorded"] * self.recorded
        words += [f"{self.threads} thread{'s' * (self.threads != 1)}"] * bool(self.threads)
        return ", ".join(words)

    def autocast(self, device: torch.device) -> AbstractContextManager[object]:
        """What a step is computed under."""
        if self.precision != "bfloat16":
            return nullcontext()
        # a recording has no weights that were rounded for an earlier pass, so nothing that it is compared with may
        return torch.autocast(device.type, torch.bfloat16, cache_enabled=not self.recorded)

    @contextmanager
    def rounding(self) -> Iterator[None]:
        """While a step is played, backwards as well."""
        if self.products == "exact":
            yield
            return
        before = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
        torch.set_float32_matmul_precision("medium")
        torch.backends.cudnn.allow_tf32 = True
        try:
            yield
        finally:
            torch.set_float32_matmul_precision(before[0])
            torch.backends.cudnn.allow_tf32 = before[1]

    def lay_out(self, game: Game) -> None:
        """Put the weights of its players into order; before anything is made that should lie as they do."""
        if self.layout == "channels-last":
            keep_in_order(laid_out(game.players))
        else:
            game.players.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]

    def speed_up(self, game: Game) -> None:
        """Make its players compute so; once, and after all copies of them are made."""
        if self.compiled:  # of what is compiled anew, which is no news to whoever trains
            logging.getLogger("torch._dynamo").setLevel(logging.ERROR)
        for name, player in game.players.items():
            if self.precision == "bfloat16":
                player.register_forward_hook(_in_float32)
            if self.compiled and name not in game.sloped:
                player.compile(dynamic=False)


EXACT = Speed()
"""Float32, eager: the reference."""


VARIANTS = (
    replace(EXACT, precision="bfloat16"),
    replace(EXACT, precision="bfloat16", layout="contiguous"),
    replace(EXACT, products="rounded"),
    replace(EXACT, layout="contiguous"),
)
"""What may be faster, the most promising first. Each may be compiled as well, or do with fewer threads."""


@contextmanager
def on_threads(count: int) -> Iterator[None]:
    """With so many threads for a while; 0: as many as there are."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _in_float32(module: nn.Module, given: Any, made: Any) -> Any:
    """What a player says, so that losses are computed of numbers with all digits."""
    if isinstance(made, Tensor):
        return made.float() if made.is_floating_point() else made
    if isinstance(made, list | tuple):
        return type(made)(_in_float32(module, given, one) for one in made)
    return made
