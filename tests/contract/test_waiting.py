"""A step asks nothing of the device, and changes its memory in place: what keeps a GPU busy, and can be recorded."""

from itertools import chain

import pytest
import torch

from sparring import games
from sparring.config import Average, Optimizer, Schedule
from sparring.training.loop import Trainer
from tests.contract.conftest import SPECS, Noise, trainer

GREY = SPECS["grey"]
ON_THE_CPU = {"cartoongan": "Canny's detector looks for edges on the CPU"}


@pytest.mark.parametrize("name", [name for name in games.names() if name not in ON_THE_CPU])
def test_a_step_never_waits_for_a_number(name: str) -> None:
    """Tensors of the meta device have a shape and no numbers: whoever asks for one raises."""
    game = trainer(name, GREY).game
    settings = Optimizer(lr=1e-3), Schedule(), Average(half_life=20)
    of = Trainer(game, *settings, seed=0, device=torch.device("meta"))
    steps = of.run(Noise(GREY, game.takes))
    assert [next(steps).step for _ in range(3)] == [1, 2, 3]
    with pytest.raises((RuntimeError, NotImplementedError)):
        of.losses()  # which does wait


def test_everything_stays_where_it_is(name: str) -> None:
    of = trainer(name, GREY)

    def places() -> list[int]:
        remembered = [column for optimiser in of._optimisers.values() for column in optimiser.state().values()]
        held = [*of.game.state_dict().values(), *of.averages.state_dict().values(), *chain.from_iterable(remembered)]
        return [one.data_ptr() for one in held]

    before = places()
    for _, _ in zip(range(3), of.run(Noise(GREY, of.game.takes)), strict=False):
        assert places() == before
