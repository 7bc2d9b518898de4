"""Steps that are recorded and replayed: with a stand-in for CUDA graphs here, with these where there is a GPU."""

from functools import partial
from typing import Any

import pytest
import torch

from sparring.config import Average, Optimizer, Schedule
from sparring.data.batches import Images
from sparring.training import loop
from sparring.training.agreement import strayed
from sparring.training.loop import Trainer
from sparring.training.optimisers import optimisers
from sparring.training.recording import WARM, Graph, Perform, Recorder, Turn
from sparring.training.speed import Speed
from tests.contract.conftest import SPECS, Noise, trainer

GREY = SPECS["grey"]
RECORDED = Speed(recorded=True)
on_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


class Again(Graph):
    """Keeps what a graph keeps, the batch that it was recorded with and what plays it; and plays that."""

    def __init__(self, perform: Perform, batch: Images, pool: Any = None) -> None:
        self._batch, self._perform = batch.map(torch.clone), perform
        self.pool: Any = pool or object()
        self.replays = 0

    def replay(self, batch: Images) -> list[Turn]:
        for own, given in zip(self._batch.tensors(), batch.tensors(), strict=True):
            own.copy_(given)
        self.replays += 1
        return self._perform(self._batch)

    @staticmethod
    def rehearse(perform: Perform, batch: Images) -> list[Turn]:
        return perform(batch)


def played(of: Trainer, steps: int) -> list[dict[str, float]]:
    """The losses of every step."""
    return [of.losses() for _, _ in zip(range(steps), of.run(Noise(GREY, of.game.takes)), strict=False)]


@pytest.mark.parametrize("name", ["dcgan", "wgan", "wgan-gp", "cyclegan", "semi-supervised"])
def test_what_is_replayed_is_what_would_have_been_played(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "Recorder", partial(Recorder, Again))
    right, recorded = trainer(name, GREY), trainer(name, GREY, RECORDED)
    right._rate = recorded._rate = 2**-10  # which float32, in which it is held, has too
    assert played(right, WARM + 4) == played(recorded, WARM + 4)
    assert recorded._recorder is not None
    graphs = list(recorded._recorder._graphs.values())
    assert graphs and all(isinstance(one, Again) and one.replays for one in graphs)
    assert len({id(one.pool) for one in graphs}) == 1


def test_a_recording_is_of_some_moves_on_batches_of_one_shape() -> None:
    recorder, seen = Recorder(Again), []

    def perform(batch: Images) -> list[Turn]:
        seen.append(len(batch))
        return []

    def play(moves: list[str], count: int) -> None:
        recorder.play(moves, Images(torch.zeros(count, 1, 4, 4)), perform)

    for _ in range(WARM + 1):
        play(["a"], 2)
        play(["a", "b"], 2)
    assert len(recorder._graphs) == 2
    play(["a"], 3)
    assert len(recorder._graphs) == 2  # played as it is: seen for the first time


def test_a_batch_in_parts_is_not_recorded() -> None:
    """Each has a seed of its own, which is set in between."""
    assert trainer("dcgan", GREY, RECORDED, parts=2)._recorder is None


@pytest.mark.parametrize("kind", ["adam", "rmsprop"])
def test_a_rate_that_is_held_is_the_one_that_was_set_last(kind: str) -> None:
    def stepped(hold: bool) -> torch.Tensor:
        torch.manual_seed(0)
        player = torch.nn.Linear(3, 2)
        (one,) = optimisers({"a": player}, [("a",)], Optimizer.model_validate({"kind": kind, "lr": 0.5})).values()
        if hold:
            one.hold()
        one.lr = 0.25
        one.take([torch.ones_like(parameter) for parameter in one.parameters])
        one.step()
        return player.weight.detach()

    torch.testing.assert_close(stepped(hold=True), stepped(hold=False))


def test_two_that_play_alike_do_not_stray_and_two_of_unlike_noise_do() -> None:
    def of(seed: int) -> tuple[Trainer, Noise]:
        one = trainer("dcgan", GREY)
        settings = Optimizer(lr=1e-3), Schedule(), Average(half_life=20)
        return Trainer(one.game, *settings, seed=seed, device=torch.device("cpu")), Noise(GREY)

    assert strayed(of(0), of(0)) == 0
    assert strayed(of(0), of(1)) > 0.3


@on_gpu
@pytest.mark.parametrize("name", ["dcgan", "wgan", "wgan-gp", "relativistic", "cyclegan"])
def test_a_graph_gives_the_losses_of_the_steps_it_was_recorded_from(name: str) -> None:  # pragma: no cover
    right, recorded = (on("cuda", name, speed) for speed in (Speed(), RECORDED))
    for one, other in zip(played(right, 50), played(recorded, 50), strict=True):
        assert one == pytest.approx(other, rel=1e-2, abs=1e-3)  # sums may be taken in another order
    assert recorded._recorder is not None and recorded._recorder._graphs


def on(device: str, name: str, speed: Speed) -> Trainer:  # pragma: no cover
    game = trainer(name, GREY).game
    settings = Optimizer(lr=1e-4), Schedule(), Average(half_life=20)
    return Trainer(game, *settings, seed=0, device=torch.device(device), speed=speed)
