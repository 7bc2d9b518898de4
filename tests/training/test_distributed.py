"""Several processes are one: the same steps, whoever plays which part of a batch."""

import subprocess
import sys
from typing import Any

import pytest
import torch
from torch import Tensor

from sparring import games
from sparring.data.batches import FewLabels, Labelled
from sparring.training.distributed import ALONE
from sparring.training.loop import Trainer
from tests.contract.conftest import Noise, trainer
from tests.training.ranks import SPEC, STEPS, played, state


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What two processes had after some steps of every game."""
    out = tmp_path_factory.mktemp("ranks")
    command = [sys.executable, "-m", "tests.training.ranks"]
    processes = [subprocess.Popen([*command, str(rank), str(out / "meeting"), str(out)]) for rank in (0, 1)]
    assert [process.wait(300) for process in processes] == [0, 0]
    return [torch.load(out / f"{rank}.pt", weights_only=True) for rank in (0, 1)]


@pytest.mark.parametrize("name", games.names())
def test_two_processes_are_one_with_two_parts(name: str, both: list[dict[str, Any]]) -> None:
    """Through penalties, lazy moves, batch norm and its statistics: bit for bit."""
    alone = state(played(name))
    assert alone["step"] == STEPS
    for other in both:
        assert other[name].keys() == alone.keys()
        for key, value in alone.items():
            there = other[name][key]
            assert torch.equal(value, there) if isinstance(value, Tensor) else value == there, key


def test_parts_of_a_batch_are_the_batch() -> None:
    """A game without noise and without statistics of batches: two halves give the gradient of the whole."""

    def gradient(parts: int) -> list[Tensor]:
        of = trainer("supervised", SPEC, parts=parts)
        batch = Noise(SPEC, of.game.takes).batch(0)
        of._play_batch(batch, of.game.moves())
        return [one for optimiser in of._optimisers.values() for one in optimiser.gradients()]

    for whole, halves in zip(gradient(1), gradient(2), strict=True):
        torch.testing.assert_close(halves, whole, rtol=1e-4, atol=1e-7)


def test_a_run_in_parts_goes_on_bit_for_bit() -> None:
    def play(of: Trainer, steps: int) -> None:
        for _, _ in zip(range(steps), of.run(Noise(SPEC)), strict=False):
            pass

    straight, first, second = (trainer("dcgan", SPEC, parts=3) for _ in range(3))
    play(straight, 4)
    play(first, 2)
    second.restore(first.game.state_dict(), first.averages.players.state_dict(), first.state())
    play(second, 2)
    for key, value in straight.game.state_dict().items():
        assert torch.equal(value, second.game.state_dict()[key]), key


def test_every_field_of_a_batch_is_cut() -> None:
    numbers = torch.arange(6)
    few = FewLabels(numbers[:, None], Labelled(10 * numbers[:, None], 100 * numbers))
    parts = [few.part(number, 3) for number in range(3)]
    assert [part.pictures.flatten().tolist() for part in parts] == [[0, 1], [2, 3], [4, 5]]
    assert [part.labelled.labels.tolist() for part in parts] == [[0, 100], [200, 300], [400, 500]]
    assert isinstance(parts[1].labelled, Labelled)


def test_alone_there_is_nobody_to_talk_to() -> None:
    numbers = torch.ones(2)
    ALONE.add_([numbers])
    ALONE.follow_([numbers])
    ALONE.stop()
    assert numbers.tolist() == [1, 1]
    assert ALONE.go_on(2.5) == 2.5
    assert ALONE.told({"a": 1}) == {"a": 1}
