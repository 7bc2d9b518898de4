"""The two critics: one inside its box after every step, the other with a slope near 1; and what neither can be."""

from typing import Any

import pytest
import torch
from torch import nn

from sparring import games
from sparring.config import Average, Optimizer, Schedule
from sparring.data.batches import Images
from sparring.errors import UsageError
from sparring.games.wgan import WGAN
from sparring.games.wgan_gp import WGANGP
from sparring.objectives import penalties
from sparring.recipes import read_recipe
from sparring.runs.launch import resolve
from sparring.training.loop import Trainer
from tests.contract.conftest import BATCH, SPECS, Noise

SPEC = SPECS["grey"]


def trainer(game: WGAN | WGANGP, optimizer: Optimizer) -> Trainer:
    return Trainer(game, optimizer, Schedule(), Average(), seed=0, device=torch.device("cpu"))


@pytest.mark.parametrize("norm", ["batch", "group", "none"])
@pytest.mark.parametrize("clip", [0.01, 0.1])
def test_no_weight_ever_leaves_the_box(clip: float, norm: Any) -> None:
    torch.manual_seed(0)
    game = WGAN(SPEC, latent=5, width=4, norm=norm, clip=clip)
    of = trainer(game, Optimizer(kind="rmsprop", lr=1e-2, betas=(0.0, 0.99)))  # every step would leave it
    steps = of.run(Noise(SPEC))
    for _ in range(4):
        next(steps)
        largest = {name: float(w.detach().abs().max()) for name, w in game.players["discriminator"].named_parameters()}
        assert max(largest.values()) <= clip * (1 + 1e-6), largest
        assert max(float(w.detach().abs().max()) for w in game.players["generator"].parameters()) > clip


class Counting(Noise):
    """Remembers which batches were asked for."""

    def __init__(self) -> None:
        super().__init__(SPEC)
        self.asked: list[int] = []

    def batch(self, k: int) -> Images:
        self.asked.append(k)
        return super().batch(k)


@pytest.mark.parametrize(("name", "steps"), [("wgan", 5), ("wgan-gp", 5), ("wgan", 2)])
def test_the_critic_has_its_turns_each_on_a_batch_of_its_own(name: str, steps: int) -> None:
    table, _ = games.check({"name": name, "width": 4, "latent": 5, "critic_steps": steps})
    game = games.build(table, SPEC)
    assert isinstance(game, WGAN | WGANGP)
    critic, generator = game.moves()
    assert (critic.trains, critic.repeat) == (("discriminator",), steps)
    assert (generator.trains, generator.repeat) == (("generator",), 1)
    of, stream, passes = trainer(game, Optimizer()), Counting(), []
    game.players["discriminator"].register_forward_pre_hook(lambda _, given: passes.append(given[0]))
    next(of.run(stream))
    assert stream.asked == list(range(steps)) and of.images == steps * BATCH
    # a turn takes two passes: real and fake (in one pass where they may be joined), and lines between them
    assert len(passes) == 2 * steps + 1


def test_the_critic_is_clipped_before_the_generator_looks() -> None:
    torch.manual_seed(0)
    game = WGAN(SPEC, latent=5, width=4)
    of, largest = trainer(game, Optimizer(kind="rmsprop", lr=1.0)), []
    critic = game.players["discriminator"]

    def note(*_: object) -> None:
        largest.append(max(float(weight.detach().abs().max()) for weight in critic.parameters()))

    critic.register_forward_pre_hook(note)
    next(of.run(Noise(SPEC)))
    assert max(largest[2:]) <= 0.01 * (1 + 1e-6)  # all but the passes before the first clipping


def test_the_recipes_are_those_of_the_papers_at_higher_rates() -> None:
    clipped = resolve("wgan")
    assert clipped.optimizer == Optimizer(kind="rmsprop", lr=5e-4, betas=(0.0, 0.99))  # ten times the paper's rate
    assert (clipped.game["clip"], clipped.game["critic_steps"], clipped.batch_size) == (0.01, 5, 64)
    penalised = resolve("wgan-gp")
    assert penalised.optimizer == Optimizer(kind="adam", lr=1e-3, betas=(0.0, 0.9))  # here too
    assert (penalised.game["penalty"], penalised.game["critic_steps"], penalised.batch_size) == (10.0, 5, 64)
    assert read_recipe("wgan")["game"]["name"] == "wgan"


def test_the_losses_are_equation_2_and_3() -> None:
    torch.manual_seed(0)
    game = WGANGP(SPEC, latent=5, width=4, penalty=3.0)
    batch = game.prepare(Noise(SPEC).batch(0))
    critic = game.players["discriminator"]
    torch.manual_seed(1)
    terms = game.discriminate(batch)
    torch.manual_seed(1)
    between = penalties.interpolates(batch.real, batch.fake)
    slopes = penalties.squared_gradient_norm(critic(between), between).sqrt()
    torch.testing.assert_close(terms["distance"], critic(batch.fake).mean() - critic(batch.real).mean())
    torch.testing.assert_close(terms["penalty"], 3 * (slopes - 1).square().mean())
    torch.testing.assert_close(game.generate(batch)["adversarial"], -critic(batch.fake).mean())


def test_the_penalty_brings_the_slope_to_1() -> None:
    torch.manual_seed(0)
    game = WGANGP(SPEC, latent=5, width=4, penalty=100.0)
    critic = game.players["discriminator"]

    def slope() -> float:
        batch = game.prepare(Noise(SPEC).batch(0))
        between = penalties.interpolates(batch.real, batch.fake)
        return float(penalties.squared_gradient_norm(critic(between), between).sqrt().detach().mean())

    assert slope() < 0.2
    of = trainer(game, Optimizer(lr=1e-2, betas=(0.0, 0.9)))
    for _, _ in zip(range(8), of.run(Noise(SPEC)), strict=False):
        pass
    assert slope() == pytest.approx(1.0, abs=0.3)


def test_the_penalty_sees_a_pack_as_one_input() -> None:
    torch.manual_seed(0)
    table, _ = games.check({"name": "wgan-gp", "width": 4, "latent": 5, "aids": {"packing": 3}})
    game = games.build(table, SPEC)
    assert isinstance(game, WGANGP)
    seen: list[int] = []
    game.players["discriminator"].register_forward_hook(lambda _, given, told: seen.append(len(told)))
    terms = game.discriminate(game.prepare(Noise(SPEC).batch(0)))
    assert seen == [2 * BATCH // 3, BATCH // 3]
    assert bool(terms["penalty"].isfinite())


@pytest.mark.parametrize("options", [{"norm": "batch"}, {"norm": "batch", "aids": {"packing": 2}}])
def test_a_gradient_penalty_refuses_batch_norm(options: dict[str, Any]) -> None:
    table, errors = games.check({"name": "wgan-gp", **options})
    assert not errors
    with pytest.raises(UsageError, match=r"game\.norm=none, group or spectral"):
        games.build(table, SPEC)


@pytest.mark.parametrize("norm", ["none", "group", "spectral"])
def test_a_gradient_penalty_works_with_the_other_norms(norm: Any) -> None:
    game = WGANGP(SPEC, latent=5, width=4, norm=norm)
    terms = game.discriminate(game.prepare(Noise(SPEC).batch(0)))
    torch.autograd.backward(terms["penalty"])
    weights = [w for w in game.players["discriminator"].parameters() if w.ndim > 1]
    assert all(w.grad is not None and bool(w.grad.abs().sum() > 0) for w in weights)


@pytest.mark.parametrize("options", [{"norm": "spectral"}, {"network": "resnet"}])  # whose norm is spectral
def test_clipping_refuses_spectral_norm(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"set game\.norm=batch, group or none"):
        WGAN(SPEC, **options)


def test_readings() -> None:
    clipped, penalised = WGAN(SPEC, width=4), WGANGP(SPEC, width=4)
    assert clipped.reading({"discriminator.distance": -0.123}) == "distance about 0.123"
    assert clipped.reading({"discriminator.distance": 0.1}) == "critic behind: it prefers the fakes"
    assert penalised.reading({"discriminator.distance": -5.0, "discriminator.penalty": 0.3}) == "distance about 5"
    assert "unsettled" in penalised.reading({"discriminator.distance": -1.0, "discriminator.penalty": 9.0})


def test_clipping_leaves_the_statistics_of_batch_norm_alone() -> None:
    game = WGAN(SPEC, latent=5, width=4)
    (norm, *_) = [module for module in game.players["discriminator"].modules() if isinstance(module, nn.BatchNorm2d)]
    game.clip()
    assert norm.running_var is not None and float(norm.running_var.min()) == 1.0
