"""The loop and its parts, on games small enough to know the answer."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

import pytest
import torch
from torch import Tensor, nn

from sparring.config import Average, Optimizer, Recipe, Schedule
from sparring.data.batches import Images
from sparring.data.spec import Spec
from sparring.errors import Halted
from sparring.games.base import Game, Move, Sampler, Terms
from sparring.nn.latents import Latent
from sparring.nn.norms import normalise_spectrally
from sparring.training.averages import Averages
from sparring.training.loop import Trainer
from sparring.training.optimisers import Adam, RMSProp, optimisers
from sparring.training.schedules import rate_factor
from sparring.training.tally import PENDING, Tally, read

CPU = torch.device("cpu")


class Numbers:
    """Batch k holds the number k, four times."""

    def starting(self, k: int) -> Iterator[Images]:
        while True:
            yield Images(torch.full((4, 1, 1, 1), float(k)))
            k += 1


class Journal(Game):
    """Two one-parameter players that write down every turn."""

    averaged = ("first",)
    legend: ClassVar[Mapping[str, str]] = {}

    def __init__(self, repeat: int = 1, every: int = 1) -> None:
        super().__init__()
        self.players = nn.ModuleDict({"first": nn.Linear(1, 1), "second": nn.Linear(1, 1)})
        self.log: list[tuple[str, float]] = []
        self.prepared: list[float] = []
        self.repeat, self.every = repeat, every

    def prepare(self, batch: Images) -> Tensor:
        self.prepared.append(float(batch.pictures[0]))
        return batch.pictures.flatten(1)

    def _turn(self, name: str, batch: Tensor) -> Terms:
        assert [key for key, player in self.players.items() if next(player.parameters()).requires_grad] == [name]
        self.log.append((name, float(batch[0])))
        return {"square": self.players[name](batch).square().mean(), "noise": 0 * torch.rand(())}

    def moves(self) -> list[Move]:
        return [
            Move("a", ("first",), lambda batch: self._turn("first", batch), repeat=self.repeat),
            Move("b", ("second",), lambda batch: self._turn("second", batch), every=self.every),
        ]

    def realness(self, batch: Images) -> None:
        return None

    def reading(self, losses: Mapping[str, float]) -> str:
        return ""

    def product(self, players: Mapping[str, nn.Module]) -> Sampler:
        spec = Spec(channels=1, height=1, width=1)
        return Sampler(players["first"], spec, Latent(distribution="normal", noise=1))


def trainer(game: Game, schedule: Schedule | None = None, half_life: float = 0) -> Trainer:
    average = Average(half_life=half_life)
    used = Recipe(game={}, images=8).used
    return Trainer(game, Optimizer(lr=0.01), schedule or Schedule(), average, seed=0, device=CPU, used=used)


def play(of: Trainer, steps: int) -> None:
    for _, _ in zip(range(steps), of.run(Numbers()), strict=False):
        pass


def test_turns_in_order_on_the_same_batch() -> None:
    game = Journal()
    play(trainer(game), 2)
    assert game.log == [("first", 0.0), ("second", 0.0), ("first", 1.0), ("second", 1.0)]
    assert game.prepared == [0.0, 1.0]


def test_repeats_draw_batches_of_their_own_and_end_on_the_shared_one() -> None:
    game = Journal(repeat=3)
    of = trainer(game)
    play(of, 2)
    assert game.log[:4] == [("first", 0.0), ("first", 1.0), ("first", 2.0), ("second", 2.0)]
    assert game.log[4:] == [("first", 3.0), ("first", 4.0), ("first", 5.0), ("second", 5.0)]
    assert of.images == 24  # every real image that was shown counts


def test_lazy_moves_sit_out() -> None:
    game = Journal(every=3)
    play(trainer(game), 7)
    assert [batch for name, batch in game.log if name == "second"] == [0.0, 3.0, 6.0]


def test_run_stops_at_its_images_and_goes_on_from_there() -> None:
    of = trainer(Journal())
    assert [now.images for now in of.run(Numbers(), images=10)] == [4, 8, 12]
    assert [now.images for now in of.run(Numbers(), images=10)] == []
    assert [now.step for now in of.run(Numbers(), images=20)] == [4, 5]


def test_seconds_count_steps_and_not_what_happens_between() -> None:
    import time

    of = trainer(Journal())
    for _ in of.run(Numbers(), images=12):
        time.sleep(0.2)
    assert of.seconds < 0.3


def test_the_caller_cannot_disturb_the_random_numbers() -> None:
    def noise(disturb: bool) -> list[float]:
        drawn: list[float] = []
        game = Journal()
        of = trainer(game)
        for _ in of.run(Numbers(), images=12):
            drawn.append(float(torch.rand(())))
            if disturb:
                torch.manual_seed(1)
                torch.rand(7)
        return drawn

    assert noise(True) == noise(False)


def test_losses_are_means_and_are_read_once() -> None:
    of = trainer(Journal())
    play(of, 3)
    assert set(of.losses()) == {"a.square", "a.noise", "b.square", "b.noise"}
    assert of.losses() == {}


def test_the_first_term_that_is_not_finite_is_named() -> None:
    game = Journal()
    of = trainer(game)
    play(of, 3)
    with torch.no_grad():
        next(game.players["second"].parameters()).fill_(float("inf"))
    play(of, 2)
    with pytest.raises(Halted, match=r"'b\.square' is not finite at step 4; first bad tensor: players\.second\.weight"):
        of.losses()


def test_a_bad_weight_is_found_before_it_is_saved() -> None:
    game = Journal()
    of = trainer(game)
    of.check()
    with torch.no_grad():
        list(game.players["first"].parameters())[1].fill_(float("nan"))
    with pytest.raises(Halted, match=r"players\.first\.bias"):
        of.check()


def test_a_bad_running_mean_is_found_too() -> None:
    of = trainer(Journal())
    play(of, 1)
    of.state()["optimizers"]["second"]["squares"][0].fill_(float("inf"))
    with pytest.raises(Halted, match=r"first bad tensor: optimizers\.second\.squares\.0"):
        of.check()


def test_a_tally_that_nobody_reads_adds_up_by_itself() -> None:
    tally, values = Tally("move"), torch.zeros(1)
    for step in range(2 * PENDING + 5):
        values.fill_(step)  # a recording writes into the same place
        tally.add(step, ["x"], values)
    assert len(tally._pending) == 5
    assert read([tally]) == ({"move.x": PENDING + 2.0}, None)


def test_tally_means() -> None:
    tally = Tally("move")
    for step, value in enumerate([1.0, 2.0, 6.0]):
        tally.add(step, ["x", "y"], torch.tensor([value, -value]))
    assert read([tally, Tally("idle")]) == ({"move.x": 3.0, "move.y": -3.0}, None)
    assert read([tally]) == ({}, None)
    nan, infinity = float("nan"), float("inf")
    tally.add(9, ["x", "y"], torch.tensor([5.0, nan]))
    tally.add(10, ["x", "y"], torch.tensor([-infinity, nan]))
    _, bad = read([tally])
    assert bad is not None
    assert (bad.step, bad.term) == (9, "move.y")
    tally.add(11, ["x", "y"], torch.tensor([infinity, 1.0]))
    _, bad = read([tally])
    assert bad is not None
    assert (bad.step, bad.term) == (11, "move.x")


def parameters(seed: int) -> list[nn.Parameter]:
    torch.manual_seed(seed)
    return [nn.Parameter(torch.randn(5, 3)), nn.Parameter(torch.randn(7)), nn.Parameter(torch.randn(()))]


def test_adam_is_that_of_torch() -> None:
    own, reference = parameters(0), parameters(0)
    ours, theirs = Adam(own, 0.01, (0.5, 0.9)), torch.optim.Adam(reference, 0.01, (0.5, 0.9))
    for step in range(20):
        for group in (own, reference):
            torch.manual_seed(step)
            for parameter in group:
                parameter.grad = torch.randn_like(parameter)
        ours.step()
        theirs.step()
    for left, right in zip(own, reference, strict=True):
        torch.testing.assert_close(left.detach(), right.detach())


def test_adam_s_state_goes_on_exactly_and_refuses_strangers() -> None:
    def steps(adam: Adam, first: int, last: int) -> None:
        for step in range(first, last):
            torch.manual_seed(step)
            for parameter in adam.parameters:
                parameter.grad = torch.randn_like(parameter)
            adam.step()

    whole, halves = Adam(parameters(0), 0.01, (0.5, 0.9)), Adam(parameters(0), 0.01, (0.5, 0.9))
    steps(whole, 0, 10)
    steps(halves, 0, 5)
    again = Adam([nn.Parameter(p.detach().clone()) for p in halves.parameters], 0.01, (0.5, 0.9))
    again.restore(halves.state())
    steps(again, 5, 10)
    for left, right in zip(whole.parameters, again.parameters, strict=True):
        assert torch.equal(left, right)
    with pytest.raises(ValueError, match="shape"):
        Adam([nn.Parameter(torch.zeros(4))] * 3, 0.01, (0.5, 0.9)).restore(halves.state())


def test_one_adam_for_each_team() -> None:
    players = {"g": nn.Linear(1, 1), "d": nn.Linear(1, 1), "q": nn.Linear(1, 1)}
    found = optimisers(players, [("d",), ("g", "q"), ("q", "g"), ("d",)], Optimizer(lr=0.1))
    assert set(found) == {frozenset({"d"}), frozenset({"g", "q"})}


def test_the_average_halves_after_its_half_life_and_takes_batch_norm_along() -> None:
    player = nn.Sequential(nn.Linear(1, 1, bias=False), nn.BatchNorm1d(1))
    norm = player[1]
    assert isinstance(norm, nn.BatchNorm1d)
    assert norm.running_mean is not None
    assert norm.num_batches_tracked is not None
    linear = player[0]
    assert isinstance(linear, nn.Linear)
    nn.init.zeros_(linear.weight)
    averages = Averages({"player": player}, half_life=100, ramp=1.0)
    nn.init.ones_(linear.weight)
    norm.running_mean.fill_(4.0)
    norm.num_batches_tracked.fill_(7)
    for step in range(1, 11):
        averages.update(images=1000 + 10 * step, batch=10)
    state = averages.players.state_dict()
    assert float(state["player.0.weight"]) == pytest.approx(0.5)
    assert float(state["player.1.running_mean"]) == pytest.approx(2.0)
    assert int(state["player.1.num_batches_tracked"]) == 7
    assert not averages.players.training


def test_directions_of_spectral_norm_stay_unit_vectors() -> None:
    player = nn.Sequential(nn.Linear(3, 4))
    normalise_spectrally(player)
    averages = Averages({"player": player}, half_life=100, ramp=1.0)
    for step in range(1, 6):
        for parameter in player.parameters():
            nn.init.normal_(parameter)
        player(torch.ones(1, 3))  # one power iteration
        averages.update(images=1000 + 10 * step, batch=10)
    own, source = averages.players["player"].state_dict(), player.state_dict()
    weight = "0.parametrizations.weight"
    for direction in (f"{weight}.0._u", f"{weight}.0._v"):
        assert float(own[direction].norm()) == pytest.approx(1.0)
        assert torch.equal(own[direction], source[direction])
    assert not torch.equal(own[f"{weight}.original"], source[f"{weight}.original"])


def test_the_average_is_short_at_first_and_half_life_zero_copies() -> None:
    assert Averages({}, half_life=1e6, ramp=0.05).weight(images=64, batch=64) > 0.99
    assert Averages({}, half_life=0, ramp=0.05).weight(images=10**6, batch=64) == 1.0
    game = Journal()
    of = trainer(game, half_life=0)
    play(of, 3)
    for own, source in zip(of.averages.players["first"].parameters(), game.players["first"].parameters(), strict=True):
        assert torch.equal(own, source)


def test_the_rate_falls_to_nothing_with_the_budget() -> None:
    assert rate_factor(7, used=0.9) == 1.0
    game = Journal()
    of = trainer(game, Schedule(decay_from=0))
    play(of, 3)
    before = {name: value.clone() for name, value in game.state_dict().items()}
    play(of, 2)  # the rate has reached zero
    for name, value in game.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_of_minutes_it_falls_by_the_clock() -> None:
    game = Journal()
    of = Trainer(game, Optimizer(lr=0.01), Schedule(decay_from=0.5), Average(), 0, CPU, Recipe(game={}, minutes=1).used)
    of.seconds = 60
    before = {name: value.clone() for name, value in game.state_dict().items()}
    play(of, 1)
    assert all(torch.equal(value, before[name]) for name, value in game.state_dict().items())
    of.seconds = 59
    play(of, 1)
    assert not all(torch.equal(value, before[name]) for name, value in game.state_dict().items())


def test_rmsprop_equals_torch_s_own() -> None:
    torch.manual_seed(0)
    start = [torch.randn(3, 4), torch.randn(5)]
    own, theirs = ([torch.nn.Parameter(value.clone()) for value in start] for _ in range(2))
    optimiser = RMSProp(own, 0.01, 0.99)
    reference = torch.optim.RMSprop(theirs, 0.01, alpha=0.99)
    for _ in range(5):
        for parameters in (own, theirs):
            torch.autograd.backward(torch.stack([parameter.sin().sum() for parameter in parameters]).sum())
        optimiser.step()
        reference.step()
        optimiser.clear()
        reference.zero_grad()
    for left, right in zip(own, theirs, strict=True):
        torch.testing.assert_close(left, right)
