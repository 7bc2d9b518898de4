"""The games that are given labels."""

from typing import Any

import pytest
import torch
from torch import Tensor

from sparring import games
from sparring.games.noise_to_image import NoiseToImage, Round, classes_of
from sparring.inference import sample
from sparring.nn.latents import Code
from tests.games.brightness import LEVELS, NAMES, SPEC, Brightness, drawn, train

GAMES = ["conditional", "projection", "auxiliary", "relativistic-projection"]


def build(name: str, **options: Any) -> NoiseToImage:
    torch.manual_seed(0)
    game = games.build(games.check({"name": name, "width": 8, "latent": 4, **options})[0], SPEC)
    assert isinstance(game, NoiseToImage)
    return game


@pytest.mark.parametrize("name", GAMES)
def test_the_generator_obeys(name: str) -> None:
    trainer, _, _ = train(build(name, network="mlp"), 64 * 400)
    for value, level in enumerate(LEVELS.tolist()):
        assert abs(float(drawn(trainer, 64, {"class": value}).mean()) - level) < 0.3
    nearest = (drawn(trainer, 30)[:, None] - LEVELS).abs().argmin(1)
    assert nearest.tolist() == [number % 3 for number in range(30)]  # the classes take turns


@pytest.mark.parametrize("name", ["conditional", "projection"])
def test_the_discriminator_uses_the_label(name: str) -> None:
    """Fakes that are real pictures of the next class can only be told by the label."""
    game = build(name, network="mlp")
    optimiser = torch.optim.Adam(game.players["discriminator"].parameters(), 5e-3)
    for k in range(100):
        batch = Brightness().batch(k)
        others = batch.pictures - LEVELS[batch.labels].view(-1, 1, 1, 1) + next_level(batch.labels)
        terms = game.discriminate(Round(batch.pictures, others, torch.empty(0), batch))
        optimiser.zero_grad()
        torch.autograd.backward(torch.stack(list(terms.values())).sum())
        optimiser.step()
    game.eval()
    batch = Brightness().batch(999)
    right, wrong = (
        game.judge(batch.pictures, given=classes_of(labels, SPEC))[0]
        for labels in (batch.labels, (batch.labels - 1) % 3)
    )
    assert float((right > wrong).float().mean()) > 0.95


def next_level(labels: Tensor) -> Tensor:
    return LEVELS[(labels + 1) % 3].view(-1, 1, 1, 1)


@pytest.mark.parametrize("name", GAMES)
def test_fakes_are_asked_to_be_of_the_real_pictures_classes(name: str) -> None:
    game, batch = build(name), Brightness().batch(0)
    round = game.prepare(batch)
    assert game.latent.codes == (Code(name="class", kind="one-hot", values=NAMES),)
    assert torch.equal(round.latents[:, game.latent.columns("class")], classes_of(batch.labels, SPEC))
    assert torch.equal(round.labels, batch.labels)


def test_conditional_s_losses_are_cross_entropies_with_the_class_in_view() -> None:
    game = build("conditional", norm="none")
    round = game.prepare(Brightness().batch(0))
    planes = classes_of(round.labels, SPEC)[:, :, None, None].expand(-1, -1, 8, 8)
    discriminator = game.players["discriminator"]
    real, fake = (
        discriminator.get_submodule("head")(
            discriminator.get_submodule("trunk")(torch.cat([pictures, planes], 1))
        ).sigmoid()
        for pictures in (round.real, round.fake)
    )
    terms = game.discriminate(round)
    torch.testing.assert_close(terms["real"], -real.log().mean())
    torch.testing.assert_close(terms["fake"], -(1 - fake).log().mean())
    torch.testing.assert_close(game.generate(round)["adversarial"], -fake.log().mean())


def test_projection_s_losses_are_hinges() -> None:
    game = build("projection", norm="none")
    round = game.prepare(Brightness().batch(0))
    classes = classes_of(round.labels, SPEC)
    real, fake = (game.players["discriminator"](pictures, classes) for pictures in (round.real, round.fake))
    terms = game.discriminate(round)
    torch.testing.assert_close(terms["real"], (1 - real).clamp(min=0).mean())
    torch.testing.assert_close(terms["fake"], (1 + fake).clamp(min=0).mean())
    torch.testing.assert_close(game.generate(round)["adversarial"], -fake.mean())


def test_auxiliary_s_losses_are_the_paper_s() -> None:
    game = build("auxiliary", norm="none", class_weight=2.0)
    round = game.prepare(Brightness().batch(0))
    real, fake = (game.players["discriminator"](pictures) for pictures in (round.real, round.fake))
    rows = torch.arange(len(round.labels))
    terms, own = game.discriminate(round), game.generate(round)
    torch.testing.assert_close(terms["real"], -real[:, 0].sigmoid().log().mean())
    torch.testing.assert_close(terms["fake"], -(1 - fake[:, 0].sigmoid()).log().mean())
    for said, term in ((real, terms["real_class"]), (fake, terms["fake_class"]), (fake, own["class"])):
        torch.testing.assert_close(term, -2 * said[:, 1:].softmax(1)[rows, round.labels].log().mean())
    torch.testing.assert_close(own["adversarial"], -fake[:, 0].sigmoid().log().mean())


def test_auxiliary_says_whether_it_obeys() -> None:
    game = build("auxiliary", class_weight=2.0)
    fair = {"discriminator.real": 0.5, "discriminator.fake": 0.5}
    assert game.reading({**fair, "generator.class": 0.1}) == "balanced; obeys"
    assert game.reading({**fair, "generator.class": 2.2}) == "balanced; classes unsure"


def test_projection_s_discriminator_may_move_more_often() -> None:
    assert [move.repeat for move in build("projection", discriminator_steps=5).moves()] == [5, 1]


@pytest.mark.parametrize("name", GAMES)
@pytest.mark.parametrize("network", ["mlp", "dcgan", "resnet"])
def test_every_family_can_be_told(name: str, network: str) -> None:
    game = build(name, network=network)
    product = game.product(dict(game.players.items()))
    assert sample.array(product, 3, values={"class": 2}).shape == (3, 8, 8, 1)
    for move in game.moves():
        assert all(bool(term.isfinite()) for term in move.loss(game.prepare(Brightness().batch(0))).values())
