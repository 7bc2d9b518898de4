"""Other ways of computing: the same game, weights that keep all their digits, and slopes that are not lost."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from sparring import games
from sparring.config import Average, Optimizer, Schedule
from sparring.training.agreement import Reference
from sparring.training.loop import Trainer
from sparring.training.speed import EXACT, VARIANTS, Speed, on_threads
from tests.contract.conftest import SPECS, Noise

FAST = Speed(precision="bfloat16")
SPEC = SPECS["grey"]


def made(name: str = "dcgan", speed: Speed = EXACT, seed: int = 0, **options: Any) -> Trainer:
    torch.manual_seed(seed)
    table, wrong = games.check({"name": name, "width": 4} | options)
    assert not wrong
    game = games.build(table, SPEC)
    return Trainer(
        game, Optimizer(), Schedule(), Average(half_life=20), seed=0, device=torch.device("cpu"), speed=speed
    )


def reference(name: str = "dcgan", **options: Any) -> Reference:
    of = made(name, **options)
    noise = Noise(SPEC, of.game.takes)
    return Reference(of, [noise.batch(0), noise.batch(1)])


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> list[nn.Module]:
    """Players that are compiled, as far as their graphs: a C++ compiler would add a minute, and no gradient."""
    found: list[nn.Module] = []
    compiling = nn.Module.compile

    def compile(self: nn.Module, **options: Any) -> None:
        found.append(self)
        compiling(self, backend="aot_eager", **options)

    monkeypatch.setattr(nn.Module, "compile", compile)
    return found


def test_the_reference_agrees_with_itself_and_with_another_layout() -> None:
    of = reference()
    assert of.disagreement(made()) == 0
    assert of.disagreement(made(speed=Speed(layout="contiguous"))) < 0.01


def test_bfloat16_is_off_by_less_than_another_batch_would_be_and_other_weights_by_more() -> None:
    of = reference()
    assert 0 < of.disagreement(made(speed=FAST)) < 1 / 3
    assert of.disagreement(made(seed=1)) > 1


def test_a_number_that_is_none_is_no_agreement() -> None:
    broken = made()
    with torch.no_grad():
        next(broken.game.players["generator"].parameters()).fill_(torch.nan)
    assert not reference().disagreement(broken) <= 1e9


def test_nobody_moves_where_agreement_is_asked_for() -> None:
    of = made()
    before = {name: value.clone() for name, value in of.game.players.named_parameters()}
    Reference(of, [Noise(SPEC).batch(0), Noise(SPEC).batch(1)])
    assert all(torch.equal(before[name], value) for name, value in of.game.players.named_parameters())
    assert all(value.grad is None for _, value in of.game.players.named_parameters())
    assert of.step == 0


@pytest.mark.parametrize("speed", VARIANTS, ids=str)
def test_weights_keep_all_their_digits(speed: Speed) -> None:
    of = made(speed=speed)
    for _, _ in zip(range(3), of.run(Noise(SPEC)), strict=False):
        pass
    means = [mean for one in of.state()["optimizers"].values() for mean in one["means"]]
    kept = [*of.game.state_dict().values(), *of.averages.state_dict().values(), *means]
    assert {value.dtype for value in kept} <= {torch.float32, torch.int64}
    of.check()


def test_players_speak_float32_whatever_they_compute_in() -> None:
    game = made(speed=FAST).game

    class Several(nn.Module):
        def forward(self, numbers: Tensor) -> tuple[Tensor, list[Tensor]]:
            return numbers.bfloat16(), [numbers.bfloat16(), numbers.long()]

    game.players["several"] = Several()
    FAST.speed_up(game)
    one, (other, whole) = game.players["several"](torch.ones(1))
    assert (one.dtype, other.dtype, whole.dtype) == (torch.float32, torch.float32, torch.int64)


@pytest.mark.filterwarnings("ignore:The .grad attribute")  # of the compiler's own making
@pytest.mark.parametrize(("name", "weight"), [("wgan-gp", "penalty"), ("relativistic", "gamma")])
def test_the_gradient_of_a_penalty_is_the_same_beside_compiled_players_and_not_zero(
    name: str, weight: str, traced: list[nn.Module]
) -> None:
    of = made(name, Speed(compiled=True))
    assert traced == [of.game.players["generator"]]  # double backward through a compiled network raises, or is zero
    batch = Noise(SPEC).batch(0)
    right, found = made(name).slopes(batch, 0)["discriminator"], of.slopes(batch, 0)["discriminator"]
    unpunished = made(name, EXACT, 0, **{weight: 1e-6}).slopes(batch, 0)["discriminator"]
    torch.testing.assert_close(found, right)
    assert float((right[1] - unpunished[1]).norm()) > 1e-3 * float(right[1].norm())


@pytest.mark.filterwarnings("ignore:The .grad attribute")
@pytest.mark.filterwarnings("ignore:<class 'torch.autograd.function.Function'>")  # the compiler's own doing
def test_compiled_players_play_the_same_game(traced: list[nn.Module]) -> None:
    assert reference().disagreement(made(speed=Speed(compiled=True))) < 1e-3
    assert len(traced) == 2


def test_threads_are_given_back() -> None:
    before = torch.get_num_threads()
    with pytest.raises(ZeroDivisionError), on_threads(before + 1):
        assert torch.get_num_threads() == before + 1
        raise ZeroDivisionError
    assert torch.get_num_threads() == before
    with on_threads(0):
        assert torch.get_num_threads() == before


def test_rounded_products_are_for_steps_alone() -> None:
    of = made("gan", Speed(products="rounded"))
    before = torch.get_float32_matmul_precision()
    seen = set[str]()
    of.game.players["generator"].register_forward_hook(lambda *_: seen.add(torch.get_float32_matmul_precision()))
    next(of.run(Noise(SPEC)))
    assert seen == {"medium"}
    assert torch.get_float32_matmul_precision() == before == "highest"
    assert reference("gan").disagreement(made("gan", Speed(products="rounded"))) < 1 / 3
