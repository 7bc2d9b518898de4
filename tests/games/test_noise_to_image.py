"""What helps any discriminator: every aid in every classic game, exact resume with all of them, and what is refused."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from sparring import games
from sparring.config import Average, Optimizer, Schedule
from sparring.data.spec import Spec
from sparring.errors import UsageError
from sparring.games.noise_to_image import NoiseToImage
from sparring.runs import checkpoint
from sparring.training.loop import Trainer
from tests.contract.conftest import BATCH, SPECS, Noise

CLASSIC = ["gan", "dcgan", "wgan", "wgan-gp", "lsgan", "hinge", "relativistic"]
AIDS: dict[str, dict[str, Any]] = {
    "packing": {"packing": 2},
    "deviation": {"minibatch": "deviation"},
    "discrimination": {"minibatch": "discrimination"},
    "fixed": {"augment": "fixed"},
    "adaptive": {"augment": "adaptive"},
    "noise": {"instance_noise": 0.1},
    "all": {"packing": 3, "minibatch": "discrimination", "augment": "adaptive", "instance_noise": 0.1},
}


def build(name: str, spec: Spec, **options: Any) -> NoiseToImage:
    table, errors = games.check({"name": name, "width": 4, "latent": 5, **options})
    assert not errors
    torch.manual_seed(0)
    game = games.build(table, spec)
    assert isinstance(game, NoiseToImage)
    return game


def trainer(game: NoiseToImage) -> Trainer:
    return Trainer(game, Optimizer(lr=1e-3), Schedule(), Average(), seed=0, device=torch.device("cpu"))


def play(of: Trainer, spec: Spec, steps: int) -> None:
    for _, _ in zip(range(steps), of.run(Noise(spec)), strict=False):
        pass


def weights(game: NoiseToImage) -> dict[str, Tensor]:
    return {key: parameter.detach().clone() for key, parameter in game.named_parameters()}


@pytest.mark.parametrize("aid", AIDS)
@pytest.mark.parametrize("name", CLASSIC)
def test_every_aid_in_every_game(name: str, aid: str) -> None:
    spec = SPECS["oblong"]
    of = trainer(build(name, spec, aids=AIDS[aid]))
    assert isinstance(of.game, NoiseToImage)
    before = weights(of.game)
    play(of, spec, 2)
    after = weights(of.game)
    same = [key for key in before if torch.equal(before[key], after[key])]
    # within the margin as many real pictures pull a hinge's shift up as fakes pull it down
    assert same == [] or (name, same) == ("hinge", ["players.discriminator.head.linear.bias"])
    assert set(of.losses()) == set(of.game.legend)
    of.check()


@pytest.mark.parametrize("name", ["dcgan", "hinge"])
def test_resume_is_exact_with_everything_on(name: str, tmp_path: Path) -> None:
    spec = SPECS["colour"]
    aids = {"augment": "adaptive", "minibatch": "discrimination", "packing": 2, "instance_noise": 0.1}

    def start() -> Trainer:
        return trainer(build(name, spec, aids={**aids, "instance_noise_until": 60}))

    whole, first, second = start(), start(), start()
    play(whole, spec, 7)
    play(first, spec, 3)
    saved = checkpoint.load(checkpoint.save(tmp_path / "checkpoints", first, keep_every=0))
    torch.manual_seed(99)
    second.restore(saved.game, saved.averages, saved.state)
    play(second, spec, 4)
    state = whole.game.state_dict()
    assert {"augmenter.strength", "shown"} <= state.keys()
    for key, value in second.game.state_dict().items():
        assert torch.equal(value, state[key]), key
    for key, value in second.averages.state_dict().items():
        assert torch.equal(value, whole.averages.state_dict()[key]), key


def test_instance_noise_falls_in_a_straight_line_to_none() -> None:
    spec = SPECS["grey"]
    game = build("hinge", spec, aids={"instance_noise": 0.5, "instance_noise_until": 1000})
    pictures = torch.zeros(200, *spec.shape)
    torch.manual_seed(0)
    for shown, deviation in ((0, 0.5), (500, 0.25), (900, 0.05), (1000, 0.0), (5000, 0.0)):
        game.shown.fill_(shown)
        assert float(game._seen(pictures).std()) == pytest.approx(deviation, rel=0.02)
    assert torch.equal(game._seen(pictures), pictures)


def test_real_images_are_counted() -> None:
    spec = SPECS["grey"]
    of = trainer(build("wgan", spec, aids={"instance_noise": 0.1}))
    play(of, spec, 2)
    assert isinstance(of.game, NoiseToImage)
    assert int(of.game.shown) == of.images == 2 * 5 * BATCH


class Answers(torch.nn.Module):
    """A discriminator that gives real pictures (of ones) and fakes (of zeros) the same number each."""

    def __init__(self, real: float, fake: float) -> None:
        super().__init__()
        self.real, self.fake = real, fake

    def forward(self, pictures: Tensor) -> Tensor:
        told: Tensor = pictures.mean((1, 2, 3)) * (self.real - self.fake) + self.fake
        return told


@pytest.mark.parametrize(
    ("name", "options", "real", "fake", "rises"),
    [
        ("dcgan", {}, 2.0, -2.0, True),
        ("dcgan", {}, -1.0, -2.0, False),
        ("dcgan", {"objective": "least-squares"}, 0.9, 0.1, True),
        ("dcgan", {"objective": "least-squares"}, 0.4, 0.1, False),  # below a half, least squares says fake
        ("lsgan", {}, 0.9, 0.1, True),
        ("lsgan", {}, 0.4, 0.1, False),
        ("hinge", {}, 1.0, -1.0, True),
        ("hinge", {}, -0.1, -1.0, False),
        ("wgan", {}, -7.0, -9.0, True),  # a critic's zero means nothing: what counts is which side of the middle
        ("wgan-gp", {}, 7.0, 9.0, False),
    ],
)
def test_each_loss_says_where_its_discriminator_is_unsure(
    name: str, options: dict[str, Any], real: float, fake: float, rises: bool
) -> None:
    spec = SPECS["grey"]
    game = build(name, spec, aids={"augment": "adaptive", "augmentations": ["translation"]}, **options)
    game.players["discriminator"] = Answers(real, fake)
    game.augmenter.strength.fill_(1e-4)  # hardly any picture changes
    torch.manual_seed(0)
    batch = game.prepare(Noise(spec).batch(0))
    ones, zeros = torch.ones_like(batch.real), torch.zeros_like(batch.fake)
    if name == "wgan-gp":
        game.weigh(ones, zeros, relative=True)
    else:
        game.discriminate(type(batch)(ones, zeros, batch.latents, batch.batch))
    assert (float(game.augmenter.strength) > 1e-4) is rises


def test_real_and_fake_pictures_are_changed_alike_and_apart() -> None:
    spec = SPECS["colour"]
    game = build("hinge", spec, aids={"augment": "fixed"})
    pictures = torch.rand(BATCH, *spec.shape)
    torch.manual_seed(0)
    first, second = game.judge(pictures, pictures)
    assert not torch.equal(first, second)  # each picture has a draw of its own, real or fake


@pytest.mark.parametrize("name", CLASSIC)
def test_augmentation_of_points_is_refused(name: str) -> None:
    points = Spec(channels=2, height=1, width=1, bits=32)
    with pytest.raises(UsageError, match=r"game\.aids\.augment changes pictures, and these are points"):
        build(name, points, network="mlp", aids={"augment": "fixed"})


def test_augmentation_by_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match=r"game\.aids\.augmentations is empty: .* game\.aids\.augment=none"):
        build("dcgan", SPECS["grey"], aids={"augment": "adaptive", "augmentations": []})


@pytest.mark.parametrize(
    ("aids", "said"),
    [
        ({"augment": "sometimes"}, "game.aids.augment: input should be 'none', 'fixed' or 'adaptive'"),
        ({"augmentations": ["flip"]}, "game.aids.augmentations"),
        ({"packing": 0}, "game.aids.packing"),
        ({"instance_noise": -1}, "game.aids.instance_noise"),
        ({"pakcing": 2}, "game.aids.pakcing: unknown key, did you mean 'packing'?"),
    ],
)
def test_wrong_aids_are_named(aids: dict[str, Any], said: str) -> None:
    _, errors = games.check({"name": "dcgan", "aids": aids})
    assert len(errors) == 1 and said in errors[0], errors
