"""What the contract is checked on: every game of the registry, on grey, colour and oblong pictures."""

from collections.abc import Iterator

import pytest
import torch

from sparring import games
from sparring.config import Average, Optimizer, Schedule
from sparring.data.batches import Images, Labelled
from sparring.data.spec import Spec
from sparring.seeds import mix
from sparring.training.loop import Trainer

BATCH = 6
SPECS = {
    "grey": Spec(channels=1, height=16, width=16, classes=("a", "b", "c")),
    "colour": Spec(channels=3, height=16, width=16, classes=("a", "b", "c")),
    "oblong": Spec(channels=1, height=12, width=20, classes=("a", "b", "c")),
}


class Noise:
    """Batch k is noise that depends on k alone, with labels."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec

    def batch(self, k: int) -> Images:
        generator = torch.Generator().manual_seed(mix("test", k))
        pictures = torch.rand(BATCH, *self.spec.shape, generator=generator) * 2 - 1
        return Labelled(pictures, torch.randint(0, 3, (BATCH,), generator=generator))

    def starting(self, k: int) -> Iterator[Images]:
        while True:
            yield self.batch(k)
            k += 1


def trainer(name: str, spec: Spec) -> Trainer:
    """A trainer with fresh weights, the same every time."""
    table, errors = games.check({"name": name, "width": 4, "latent": 5})
    assert not errors
    torch.manual_seed(mix("weights", 0))
    game = games.build(table, spec)
    return Trainer(game, Optimizer(lr=1e-3), Schedule(), Average(half_life=20), seed=0, device=torch.device("cpu"))


@pytest.fixture(params=games.names())
def name(request: pytest.FixtureRequest) -> str:
    """Each game."""
    value: str = request.param
    return value


@pytest.fixture(params=SPECS)
def spec(request: pytest.FixtureRequest) -> Spec:
    """Each sort of pictures."""
    return SPECS[request.param]
