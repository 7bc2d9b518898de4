"""What the contract is checked on: every game of the registry, on grey, colour and oblong pictures."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from sparring import games
from sparring.config import Average, Optimizer, Schedule
from sparring.data.batches import Factored, FewLabels, Images, Labelled, Paired, Unpaired
from sparring.data.spec import Factor, Spec
from sparring.metrics.features import Random
from sparring.runs.perception import perception_of
from sparring.seeds import mix
from sparring.training.distributed import ALONE, Ranks
from sparring.training.loop import Trainer
from sparring.training.speed import EXACT, Speed

BATCH = 6
INPUTS = 1
"""Channels of what is translated."""
CLASSES = ("a", "b", "c")
FACTORS = (Factor(name="letter", values=CLASSES), Factor(name="case", values=("lower", "upper")))
SPECS = {
    "grey": Spec(channels=1, height=16, width=16, classes=CLASSES, factors=FACTORS),
    "colour": Spec(channels=3, height=16, width=16, classes=CLASSES, factors=FACTORS),
    "oblong": Spec(channels=1, height=12, width=20, classes=CLASSES, factors=FACTORS),
}


class Noise:
    """Batch k is noise that depends on k alone, with labels, or with as many labels as a game takes."""

    def __init__(self, spec: Spec, takes: type[Images] = Images) -> None:
        self.spec = spec
        self.takes = takes

    def batch(self, k: int) -> Images:
        generator = torch.Generator().manual_seed(mix("test", k))
        pictures = torch.rand(2, BATCH, *self.spec.shape, generator=generator) * 2 - 1
        labels = torch.randint(0, 3, (BATCH,), generator=generator)
        factors = torch.stack([labels, torch.randint(0, 2, (BATCH,), generator=generator)], 1)
        if self.takes is FewLabels:
            return FewLabels(pictures[0], Labelled(pictures[1], labels))
        if self.takes in (Paired, Unpaired):
            inputs = pictures[1][:, :1].expand(-1, INPUTS, -1, -1)
            return self.takes(pictures[0], inputs.contiguous())
        return Factored(pictures[0], labels, factors)

    def starting(self, k: int) -> Iterator[Images]:
        while True:
            yield self.batch(k)
            k += 1


def table(name: str) -> dict[str, Any]:
    """The options of a small one."""
    options = games.check({"name": name})[0]
    found, errors = games.check({"name": name, "width": 4} | ({"latent": 5} if "latent" in options else {}))
    assert not errors
    return found


def fitted(name: str, spec: Spec) -> Spec:
    """The pictures that such a game takes: those from picture to picture need some that go in."""
    if games.find(name).takes not in (Paired, Unpaired):
        return spec
    return spec.model_copy(
        update={"inputs": spec.model_copy(update={"channels": INPUTS, "classes": (), "factors": ()})}
    )


def trainer(
    name: str, spec: Spec, speed: Speed = EXACT, parts: int = 1, ranks: Ranks = ALONE, **options: Any
) -> Trainer:
    """A trainer with fresh weights, the same every time."""
    torch.manual_seed(mix("weights", 0))
    shown = fitted(name, spec)
    perception = perception_of(Random(INPUTS)) if games.find(name).perceives else None
    game = games.build(table(name) | options, shown, perception)
    settings = Optimizer(lr=1e-3), Schedule(), Average(half_life=20)
    return Trainer(game, *settings, seed=0, device=torch.device("cpu"), speed=speed, parts=parts, ranks=ranks)


@pytest.fixture(params=games.names())
def name(request: pytest.FixtureRequest) -> str:
    """Each game."""
    value: str = request.param
    return value


@pytest.fixture(params=SPECS)
def spec(request: pytest.FixtureRequest) -> Spec:
    """Each sort of pictures."""
    return SPECS[request.param]
