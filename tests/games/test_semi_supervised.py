"""The classifier with one class more, and the complement generator."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, log_softmax

from sparring import games
from sparring.config import Average, Optimizer, Schedule
from sparring.data.batches import FewLabels, Images, Labelled
from sparring.errors import UsageError
from sparring.games.base import sampler
from sparring.games.complement import Complement
from sparring.games.noise_to_image import Aids
from sparring.games.semi_supervised import SemiSupervised
from sparring.training.loop import Trainer
from tests.games.brightness import SPEC, Brightness

BOTH = ("semi-supervised", "complement")


def few(k: int) -> FewLabels:
    unlabelled, labelled = Brightness().batch(2 * k), Brightness().batch(2 * k + 1)
    return FewLabels(unlabelled.pictures, Labelled(labelled.pictures, labelled.labels))


class Stream:
    """Brightness, with its labels hidden for half."""

    def starting(self, k: int) -> Iterator[Images]:
        while True:
            yield few(k)
            k += 1


def build(name: str, **options: object) -> SemiSupervised | Complement:
    torch.manual_seed(0)
    game = games.build(games.check({"name": name, "width": 4, "latent": 5, **options})[0], SPEC)
    assert isinstance(game, SemiSupervised | Complement)
    return game


class Fixed(nn.Module):
    """Says the same of every picture, in the order in which batches are joined."""

    def __init__(self, scores: Tensor) -> None:
        super().__init__()
        self.scores = scores

    def forward(self, pictures: Tensor) -> Tensor:
        return self.scores


class Rows(nn.Module):
    """Scores or features of a picture: what is bright in its first rows."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def forward(self, pictures: Tensor) -> Tensor:
        return 4 * pictures[:, :, : self.count].mean((1, 3))


@pytest.mark.parametrize("name", BOTH)
def test_the_losses_are_those_of_a_softmax_over_one_class_more(name: str) -> None:
    game, batch = build(name, unlabelled_weight=3.0), few(0)
    game.players["discriminator"] = look = Rows(3)
    round = game.prepare(batch)
    terms = game.discriminate(round)
    seen = torch.stack([look(pictures) for pictures in (batch.labelled.pictures, round.real, round.fake)])
    joined = log_softmax(torch.cat([seen, torch.zeros(3, 64, 1)], 2), 2)
    torch.testing.assert_close(terms["labelled"], cross_entropy(seen[0], batch.labelled.labels))
    torch.testing.assert_close(terms["unlabelled"], -1.5 * joined[1, :, :3].logsumexp(1).mean())
    torch.testing.assert_close(terms["fake"], -1.5 * joined[2, :, 3].detach().mean())
    if name == "complement":
        logs = log_softmax(seen[1], 1)
        torch.testing.assert_close(terms["entropy"], -0.1 * (logs.exp() * logs).sum(1).mean())


@pytest.mark.parametrize("name", BOTH)
def test_the_generator_matches_features_and_complement_spreads_them(name: str) -> None:
    options = {"pull_away_weight": 3.0} if name == "complement" else {}
    game = build(name, **options)
    game.players["discriminator"].trunk = look = Rows(5)
    round = game.prepare(few(0))
    terms = game.generate(round)
    real, fake = look(round.real), look(round.fake)
    torch.testing.assert_close(terms["features"], (real.mean(0) - fake.mean(0)).square().mean())
    if name == "complement":
        cosines = torch.cosine_similarity(fake[:, None], fake[None], dim=2)[~torch.eye(64, dtype=torch.bool)]
        torch.testing.assert_close(terms["pull_away"], 3 * cosines.square().mean())


@pytest.mark.parametrize("name", BOTH)
def test_it_learns_and_ships_a_classifier(name: str) -> None:
    trainer = Trainer(build(name), Optimizer(lr=3e-3), Schedule(), Average(half_life=500), 0, torch.device("cpu"))
    for _ in trainer.run(Stream(), 64 * 40):
        pass
    product = sampler(trainer.game.product(dict(trainer.averages.players.items())))
    assert set(product.networks()) == {"generator", "classifier"}
    assert product.classifier is not None and not product.classifier.training
    test = Brightness().batch(1000)
    with torch.no_grad():
        assert float((product.classifier(test.pictures).argmax(1) == test.labels).double().mean()) > 0.95


@pytest.mark.parametrize("name", BOTH)
def test_whatever_looks_at_several_pictures_is_refused(name: str) -> None:
    for options in ({"norm": "batch"}, {"aids": {"packing": 2}}, {"aids": {"minibatch": "deviation"}}):
        with pytest.raises(UsageError, match=f"game '{name}' ships a classifier.*set game.norm=group"):
            build(name, **options)


def test_adaptive_augmentation_is_steered_by_the_unlabelled() -> None:
    game = build("semi-supervised", aids=Aids(augment="adaptive").model_dump())
    before = game.augmenter.strength.clone()
    game.players["discriminator"] = Fixed(torch.full((3 * 64, 3), 5.0))  # it calls all of them real
    game.discriminate(game.prepare(few(0)))
    assert bool(game.augmenter.strength > before)


def test_the_threshold_follows_a_quantile_of_the_pictures_density() -> None:
    game = build("complement", density_quantile=0.25)
    assert isinstance(game, Complement)
    batch = few(0)
    with torch.no_grad():
        logs = game.players["density"](batch.pictures)
        game.estimate(game.prepare(batch))
        torch.testing.assert_close(game.threshold, logs.quantile(0.25))  # at first all of it
        other = game.players["density"](few(1).pictures).quantile(0.25)
        game.estimate(game.prepare(few(1)))
        torch.testing.assert_close(game.threshold, (logs.quantile(0.25) + other) / 2)
    assert "threshold" in game.state_dict()


def test_only_fakes_above_the_threshold_are_pushed_away() -> None:
    game = build("complement", density_weight=2.0)
    assert isinstance(game, Complement)
    round = game.prepare(few(0))
    logs = game.players["density"](round.fake)
    game.threshold.fill_(float(logs.detach().max()) + 1)
    assert float(game.generate(round)["density"].detach()) == 0
    game.threshold.fill_(float(logs.detach().min()) - 1)
    term = game.generate(round)["density"]
    (pushed,) = torch.autograd.grad(term, round.fake, retain_graph=True)
    (expected,) = torch.autograd.grad(2 * logs.mean(), round.fake)
    torch.testing.assert_close(pushed, expected)  # the gradient of E log p(x), the threshold is a constant
