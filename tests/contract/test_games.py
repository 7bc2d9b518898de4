"""What holds for every game, found through the registry: a new one is tested by being there."""

from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from sparring import games
from sparring.data.batches import Images, Labelled, Paired, Unpaired, labels_of
from sparring.data.spec import Spec
from sparring.doctor import signals
from sparring.doctor.bank import Bank
from sparring.doctor.examiner import Examiner
from sparring.games.base import Game, Product, Sampler
from sparring.games.picture_to_picture import Translation
from sparring.inference import model, sample, translate
from sparring.runs import checkpoint
from sparring.training.loop import Trainer
from sparring.training.speed import Speed
from tests.contract.conftest import INPUTS, SPECS, Noise, table, trainer


def weights(game: Game) -> dict[str, dict[str, Tensor]]:
    return {
        name: {key: parameter.detach().clone() for key, parameter in player.named_parameters()}
        for name, player in game.players.items()
    }


def real_bank(spec: Spec, takes: type[Images]) -> Bank:
    """What the doctor knows of real pictures: 18 of noise."""
    batches = [Noise(spec).batch(k) for k in range(3)]
    pictures = torch.cat([batch.pictures for batch in batches])
    labels = torch.cat([labels_of(batch) for batch in batches])

    def shown(rows: slice) -> Images:
        if takes in (Paired, Unpaired):
            return takes(pictures[rows], pictures[rows, :INPUTS])
        return Labelled(pictures[rows], labels[rows])

    vectors = signals.sketches(pictures)
    return Bank(
        few=shown(slice(12)),
        held_out=shown(slice(6, None)),
        pictures=lambda numbers: pictures[numbers],
        vectors=vectors,
        own=signals.nearest(vectors),
        copies=0.1,
        middles=signals.groups(vectors, 4),
        classifier=signals.linear_classifier(vectors, labels, 3),
        right=0.9,
    )


def drawn(product: Product) -> NDArray[Any]:
    """Five pictures, [5, H, W, C]."""
    if isinstance(product, Sampler):
        return sample.array(product, 5, seed=2)
    assert isinstance(product, Translation)
    to = product.domains[1] if product.domains else None
    shape = (5, product.spec.height, product.spec.width, product.inputs.channels)
    top = 2**product.spec.bits
    given = np.random.default_rng(2).integers(0, top, shape).astype(np.uint8 if top == 256 else np.uint16)
    return np.stack([translate.picture(product, one, to) for one in given])


def play(of: Trainer, spec: Spec, steps: int) -> None:
    for _, _ in zip(range(steps), of.run(Noise(spec, of.game.takes)), strict=False):
        pass


def test_a_move_changes_all_and_only_its_players(name: str, spec: Spec) -> None:
    of = trainer(name, spec)
    for move in of.game.moves():
        before = weights(of.game)
        of._play_batch(Noise(spec, of.game.takes).batch(0), [move])
        after = weights(of.game)
        for player in before:
            same = [torch.equal(before[player][key], after[player][key]) for key in before[player]]
            if player in move.trains:
                assert not any(same), f"{move.name} left part of {player} alone"
            else:
                assert all(same), f"{move.name} changed {player}"


def test_every_trained_parameter_gets_a_gradient_of_its_own_move(name: str, spec: Spec) -> None:
    game = trainer(name, spec).game
    for move in game.moves():
        game.zero_grad()
        terms = move.loss(game.prepare(Noise(spec, game.takes).batch(0)))
        assert all(term.ndim == 0 and bool(term.isfinite()) for term in terms.values())
        torch.autograd.backward(torch.stack(list(terms.values())).sum())
        for player in move.trains:
            for key, parameter in game.players[player].named_parameters():
                assert parameter.grad is not None, f"{move.name}: {player}.{key}"
                assert bool(parameter.grad.isfinite().all())


def test_every_term_has_a_legend_and_the_losses_have_a_reading(name: str) -> None:
    of = trainer(name, SPECS["grey"])
    play(of, SPECS["grey"], 1)
    losses = of.losses()
    assert set(losses) == set(of.game.legend)
    assert of.game.reading(losses)


def test_resume_is_bitwise_equal_to_going_on(name: str, spec: Spec, tmp_path: Path) -> None:
    whole = trainer(name, spec)
    play(whole, spec, 7)

    first = trainer(name, spec)
    play(first, spec, 3)
    place = checkpoint.save(tmp_path / "checkpoints", first, keep_every=0)
    second = trainer(name, spec)
    torch.manual_seed(99)  # no stored random state is needed
    saved = checkpoint.load(place)
    second.restore(saved.game, saved.averages, saved.state)
    play(second, spec, 4)

    assert (second.step, second.images) == (whole.step, whole.images)
    for left, right in ((whole.game, second.game), (whole.averages, second.averages)):
        for key, value in left.state_dict().items():
            assert torch.equal(value, right.state_dict()[key]), key


def test_a_shipped_model_draws_what_training_showed(name: str, spec: Spec, tmp_path: Path) -> None:
    of = trainer(name, spec)
    play(of, spec, 3)
    product = of.game.product(dict(of.averages.players.items()))
    shown = drawn(product)
    config = model.Config(
        sparring="0", game=table(name), spec=product.spec, recipe="r", data="d", images=of.images, seed=0
    )
    model.save(tmp_path / "model", config, product)
    loaded = model.load(tmp_path / "model")
    assert shown.shape == (5, spec.height, spec.width, spec.channels)
    again = loaded.sample(5, seed=2) if isinstance(product, Sampler) else drawn(loaded.product)
    assert (again == shown).all()
    assert not loaded.product.generator.training


def test_only_what_is_averaged_is_shipped(name: str) -> None:
    of = trainer(name, SPECS["grey"])
    product = of.game.product(dict(of.averages.players.items()))
    averaged = {id(parameter) for parameter in of.averages.players.parameters()}
    assert all(id(parameter) in averaged for parameter in product.networks().parameters())


@pytest.mark.parametrize("bits", [8, 16])
def test_depth_survives(name: str, bits: int) -> None:
    spec = SPECS["grey"].model_copy(update={"bits": bits})
    game = trainer(name, spec).game.eval()
    assert drawn(game.product(dict(game.players.items()))).dtype.itemsize * 8 == bits


def test_options_are_checked_from_the_constructor(name: str) -> None:
    _, errors = games.check({"name": name, "width": 0, "nonsense": 1})
    assert len(errors) == 2
    assert games.check({"name": name})[0]["name"] == name


def test_realness_is_a_number_for_each_picture_that_gradients_reach(name: str, spec: Spec) -> None:
    game = trainer(name, spec).game
    batch = Noise(spec, game.takes).batch(0)
    pictures = batch.pictures.requires_grad_()
    realness = game.realness(batch)
    if realness is None:
        assert "discriminator" not in game.players
        return
    assert realness.shape == (len(pictures),)
    (slope,) = torch.autograd.grad(realness.sum(), pictures)
    assert float(slope.abs().sum()) > 0


def test_a_look_of_the_doctor_changes_nothing(name: str, spec: Spec) -> None:
    alone, seen = trainer(name, spec), trainer(name, spec)
    play(alone, spec, 4)
    examiner = Examiner(seen, real_bank(spec, seen.game.takes), seed=1)
    looks = []
    for _ in range(2):
        play(seen, spec, 2)
        looks.append(examiner.look())
        glance = examiner.glance()
        assert glance.keys() <= looks[-1].keys()
        examiner.picture("label ignored")
    assert all(isfinite(value) for look in looks for value in look.values())
    assert {"spread", "distance", "generator.gradient", "generator.update"} <= looks[0].keys()
    for left, right in ((alone.game, seen.game), (alone.averages, seen.averages)):
        for key, value in left.state_dict().items():
            assert torch.equal(value, right.state_dict()[key]), key


def test_players_that_are_differentiated_twice_are_named(
    name: str, spec: Spec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They cannot be compiled."""
    twice = []
    real: Any = torch.autograd.grad

    def grad(*given: Any, create_graph: bool = False, **more: Any) -> Any:
        twice.append(create_graph)
        return real(*given, create_graph=create_graph, **more)

    monkeypatch.setattr(torch.autograd, "grad", grad)
    of = trainer(name, spec)
    play(of, spec, 2)
    assert bool(of.game.sloped) == any(twice)
    assert set(of.game.sloped) <= set(of.game.players)


def test_bfloat16_is_harmless(name: str, spec: Spec) -> None:
    """Every game can be played so, and its weights keep their digits."""
    fast = trainer(name, spec, Speed(precision="bfloat16"))
    play(fast, spec, 2)
    fast.check()
    assert {value.dtype for value in fast.game.state_dict().values()} <= {torch.float32, torch.int64, torch.bool}
