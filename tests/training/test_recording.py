"""Steps that are recorded and replayed: bit for bit on a processor, as CUDA graphs where there is a GPU."""

from pathlib import Path
from typing import Self

import pytest
import torch
from torch import Tensor
from torch.fx.experimental.proxy_tensor import make_fx

from sparring import games
from sparring.config import Average, Optimizer, Schedule
from sparring.data.batches import Images
from sparring.runs import checkpoint
from sparring.training.agreement import strayed
from sparring.training.loop import Trainer
from sparring.training.optimisers import optimisers
from sparring.training.recording import WARM, Perform, Recorder, Turn
from sparring.training.speed import Speed
from sparring.training.tape import Tape, tidy
from tests.contract.conftest import SPECS, Noise, trainer

GREY = SPECS["grey"]
RECORDED, ROUNDED = Speed(recorded=True), Speed(recorded=True, precision="bfloat16")
ON_THE_CPU = {"cartoongan"}
"""Finds edges by other means than torch's, which nobody can watch."""
LARGE = {"contrastive", "stargan", "pix2pix-hd", "augmented-cyclegan"}
"""Take seconds to be recorded, and have no layers that others have not."""
on_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


def played(of: Trainer, steps: int) -> list[dict[str, float]]:
    """The losses of every step."""
    return [of.losses() for _, _ in zip(range(steps), of.run(Noise(GREY, of.game.takes)), strict=False)]


def state(of: Trainer) -> list[Tensor]:
    remembered = [one for team in of.state()["optimizers"].values() for column in team.values() for one in column]
    return [*of.game.state_dict().values(), *of.averages.state_dict().values(), *remembered]


def same(one: Trainer, other: Trainer) -> bool:
    return all(map(torch.equal, state(one), state(other)))


@pytest.mark.parametrize("speed", [RECORDED, ROUNDED], ids=["float32", "bfloat16"])
@pytest.mark.parametrize("name", [name for name in games.names() if name not in ON_THE_CPU | LARGE])
def test_what_is_replayed_is_what_would_have_been_played(name: str, speed: Speed) -> None:
    live, recorded = trainer(name, GREY, speed), trainer(name, GREY, speed)
    live.improvise()
    assert played(live, WARM + 3) == played(recorded, WARM + 3)
    assert same(live, recorded)
    assert recorded._recorder is not None and recorded._recorder._recordings
    assert recorded.vitals("generator") == live.vitals("generator")


@pytest.mark.parametrize("name", ["dcgan", "wgan", "wgan-gp"])
def test_in_float32_fifty_recorded_steps_are_those_of_the_exact_way(name: str) -> None:
    """A penalty's second derivatives too."""
    exact, recorded = trainer(name, GREY), trainer(name, GREY, RECORDED)
    assert played(exact, 50) == played(recorded, 50)
    assert same(exact, recorded)


def test_resume_is_bitwise_equal_to_going_on_though_it_begins_unrecorded(tmp_path: Path) -> None:
    whole, first, second = (trainer("dcgan", GREY, ROUNDED) for _ in range(3))
    played(whole, 9)
    played(first, 5)
    place = checkpoint.save(tmp_path / "checkpoints", first, keep_every=0)
    saved = checkpoint.load(place)
    second.restore(saved.game, saved.averages, saved.state)
    played(second, 4)
    assert same(whole, second)


def test_a_recording_is_of_some_moves_on_batches_of_one_shape() -> None:
    class Live(Tape):
        """Plays again what it was made of."""

        def __init__(self, perform: Perform) -> None:
            self.perform = perform

        @classmethod
        def record(cls, perform: Perform, batch: Images, other: Self | None) -> tuple[Self, list[Turn]]:
            return cls(perform), perform(batch)

        def replay(self, batch: Images) -> list[Turn]:
            return self.perform(batch)

    recorder = Recorder(Live)

    def play(moves: list[str], count: int) -> None:
        recorder.play(moves, Images(torch.zeros(count, 1, 4, 4)), lambda batch: [])

    for _ in range(WARM + 1):
        play(["a"], 2)
        play(["a", "b"], 2)
    assert len(recorder._recordings) == 2
    play(["a"], 3)
    assert len(recorder._recordings) == 2  # played as it is: seen for the first time


def test_what_changes_nothing_is_left_out() -> None:
    def made(numbers: torch.Tensor) -> torch.Tensor:
        return numbers.t().t().detach() @ numbers.t().detach()

    numbers = torch.rand(3, 5)
    operations = make_fx(made)(numbers)
    tidy(operations.graph)
    operations.recompile()
    left = [node.target for node in operations.graph.nodes if node.op == "call_function"]
    assert left == [torch.ops.aten.t.default, torch.ops.aten.mm.default]
    assert torch.equal(operations(numbers), made(numbers))


def test_what_asks_for_a_number_cannot_be_recorded() -> None:
    def perform(batch: Images) -> list[Turn]:
        return [Turn(("a",), batch.pictures * float(batch.pictures.sum()), [])]

    with pytest.raises(RuntimeError, match="this step cannot be recorded"):
        Tape.record(perform, Images(torch.ones(2, 1, 4, 4)), None)


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
        one.lr = 1e-3
        one.take([torch.ones_like(parameter) for parameter in one.parameters])
        one.step()
        return player.weight.detach()

    assert torch.equal(stepped(hold=True), stepped(hold=False))


def test_two_that_play_alike_do_not_stray_and_two_of_unlike_noise_do() -> None:
    def of(seed: int) -> tuple[Trainer, Noise]:
        return on("cpu", "dcgan", Speed(), seed), Noise(GREY)

    assert strayed(of(0), of(0)) == 0
    assert strayed(of(0), of(1)) > 0.3


@on_gpu
@pytest.mark.parametrize("name", ["dcgan", "wgan", "wgan-gp", "relativistic", "cyclegan"])
def test_a_graph_gives_the_losses_of_the_steps_it_was_recorded_from(name: str) -> None:  # pragma: no cover
    right, recorded = (on("cuda", name, speed) for speed in (Speed(), RECORDED))
    for one, other in zip(played(right, 50), played(recorded, 50), strict=True):
        assert one == pytest.approx(other, rel=1e-2, abs=1e-3)  # sums may be taken in another order
    assert recorded._recorder is not None and recorded._recorder._recordings


def on(device: str, name: str, speed: Speed, seed: int = 0) -> Trainer:
    game = trainer(name, GREY).game
    settings = Optimizer(lr=1e-4), Schedule(), Average(half_life=20)
    return Trainer(game, *settings, seed=seed, device=torch.device(device), speed=speed)
