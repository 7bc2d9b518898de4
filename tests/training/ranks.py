"""What each of two processes does in `test_distributed.py`: plays every game on its part of every batch.

`python -m tests.training.ranks RANK MEETING OUT`: its number, a file where the processes meet, where to write.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from sparring import games
from sparring.data.batches import Images
from sparring.training.distributed import ALONE, Ranks, join
from sparring.training.loop import Trainer
from tests.contract.conftest import SPECS, Noise, trainer

SPEC, STEPS, PARTS = SPECS["colour"], 3, 2


@dataclass
class Shared:
    """The part of every batch that a process is given."""

    whole: Noise
    ranks: Ranks

    def starting(self, k: int) -> Iterator[Images]:
        return (batch.part(self.ranks.rank, self.ranks.world) for batch in self.whole.starting(k))


def small_pool(name: str) -> dict[str, Any]:
    """Options for a pool of earlier fakes that is soon full."""
    return {"pool": 4} if "pool" in games.check({"name": name})[0] else {}


def played(name: str, ranks: Ranks = ALONE) -> Trainer:
    """A game after some steps, on batches in two parts."""
    of = trainer(name, SPEC, parts=PARTS, ranks=ranks, **small_pool(name))
    of.follow()
    for _, _ in zip(of.run(Shared(Noise(SPEC, of.game.takes), ranks)), range(STEPS - 1), strict=False):
        pass
    return of


def state(of: Trainer) -> dict[str, Tensor | int | float]:
    """Everything that a checkpoint would hold, and the losses."""
    kept: dict[str, Any] = {f"game.{key}": value for key, value in of.game.state_dict().items()}
    kept |= {f"average.{key}": value for key, value in of.averages.state_dict().items()}
    for team, columns in of.state()["optimizers"].items():
        for kind, column in columns.items():
            kept |= {f"{team}.{kind}.{at}": value for at, value in enumerate(column)}
    return kept | {"step": of.step, "images": of.images} | of.losses()


def main() -> None:
    rank, meeting, out = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=2)
    found = {name: state(played(name, join())) for name in games.names()}
    torch.save(found, f"{out}/{rank}.pt")
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
