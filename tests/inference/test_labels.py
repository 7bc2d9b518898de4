"""Asking a model for a class by its name."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import sparring
from sparring import games
from sparring.cli.main import main
from sparring.data.spec import Factor, Spec
from sparring.errors import UsageError
from sparring.games.base import sampler
from sparring.inference import model, sample

NAMES = ("T-shirt", "trouser", "sneaker")
SPEC = Spec(channels=1, height=16, width=16, classes=NAMES, factors=(Factor(name="class", values=NAMES),))


def shipped(folder: Path, name: str, spec: Spec = SPEC) -> model.Model:
    torch.manual_seed(0)
    table = games.check({"name": name, "width": 4, "latent": 6})[0]
    game = games.build(table, spec)
    with torch.no_grad():
        for parameter in game.players["generator"].parameters():
            parameter.add_(torch.randn_like(parameter))  # fresh weights draw one flat grey, whatever is asked
    config = model.Config(sparring="0", game=table, spec=spec, recipe="r", data="d", images=1, seed=0)
    model.save(folder / "model", config, game.product(dict(game.players.items())))
    return sparring.load(folder)


@pytest.mark.parametrize("name", ["conditional", "projection", "auxiliary"])
def test_a_label_is_the_class_of_all_pictures_and_changes_nothing_else(name: str, tmp_path: Path) -> None:
    made = shipped(tmp_path, name)
    turns = made.sample(9, seed=4)
    for value, label in enumerate(SPEC.classes):
        asked = made.sample(9, seed=4, label=label)
        assert (asked[value::3] == turns[value::3]).all()  # number i has class i mod K
        others = [number for number in range(9) if number % 3 != value]
        assert all((asked[number] != turns[number]).any() for number in others)
        assert (made.sample(2, seed=4, first=5, label=label) == asked[5:7]).all()


def test_the_classes_take_turns() -> None:
    game = games.build(games.check({"name": "conditional", "width": 4, "latent": 6})[0], SPEC)
    product = sampler(game.product(dict(game.players.items())))
    latents = product.latent.numbered(seed=1, first=100, count=7)
    values = product.latent.code("class").read(latents[:, product.latent.columns("class")])
    assert values.tolist() == [(100 + number) % 3 for number in range(7)]


def test_an_unknown_label_suggests_the_nearest(tmp_path: Path) -> None:
    made = shipped(tmp_path, "conditional")
    with pytest.raises(UsageError, match="unknown label 'Sneaker': did you mean 'sneaker'"):
        made.sample(1, label="Sneaker")
    with pytest.raises(UsageError, match="unknown label 'bag': known: T-shirt, sneaker, trouser"):
        made.sample(1, label="bag")
    with pytest.raises(UsageError, match="unknown label ''"):
        made.sample(1, label="")


def test_a_model_without_classes_says_what_teaches_them(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"not taught classes.*'conditional'"):
        shipped(tmp_path, "dcgan").sample(1, label="sneaker")


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    made = shipped(tmp_path, "conditional")
    out = tmp_path / "sneakers.npz"

    def run(label: str) -> int:
        asked = ["sparring", "sample", str(tmp_path), "-n", "5", "--out", str(out), "--json", "--label", label]
        monkeypatch.setattr("sys.argv", asked)
        monkeypatch.setattr("signal.signal", lambda *_: None)  # the tests keep their own
        with pytest.raises(SystemExit) as ended:
            main()
        return int(ended.value.code or 0)

    assert run("sneaker") == 0
    assert json.loads(capsys.readouterr().out)["label"] == "sneaker"
    assert (np.load(out)["arr_0"] == made.sample(5, label="sneaker")).all()
    assert run("sneakr") == 2
    assert "did you mean 'sneaker'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("conditional", "| from | 6 numbers, N(0, 1); class: one of 3 (T-shirt, trouser, sneaker) |"),
        ("infogan", "| from | 6 numbers, N(0, 1); category-1: one of 10 (0, 1, 2, 3, 4, 5, 6, 7, 8, 9); con"),
        ("disentangled", "class: one of 3 (T-shirt, trouser, sneaker) |"),
        ("dcgan", "| from | 6 numbers, N(0, 1) |"),
    ],
)
def test_the_card_says_noise_and_codes_apart(name: str, said: str, tmp_path: Path) -> None:
    made = shipped(tmp_path, name)
    card = (tmp_path / "model" / "README.md").read_text()
    assert said in card
    asked = {"conditional": "without it the classes take turns", "disentangled": "without it classes are drawn"}
    assert ("label='T-shirt'" in card) == (name in asked)
    if name in asked:  # the line on the card is true
        assert asked[name] in card
        assert made.sample(1, seed=1, label="T-shirt").shape == (1, 16, 16, 1)


@pytest.mark.parametrize("name", ["conditional", "dcgan"])
def test_classes_come_as_often_as_in_a_set(name: str, tmp_path: Path) -> None:
    made = shipped(tmp_path, name)
    labels = np.repeat([0, 2], [3, 1])
    parts = list(sample.in_proportion(made.product, 200, 4, labels))
    if name == "dcgan":  # it knows no classes
        assert {label for _, label in parts} == {None}
        assert (np.concatenate([part for part, _ in parts]) == made.sample(200, seed=4)).all()
        return
    assert [(len(part), label) for part, label in parts] == [(64, 0), (64, 0), (22, 0), (42, 2), (8, 2)]
    sneakers = np.concatenate([part for part, label in parts if label == 2])
    assert (sneakers == made.sample(50, seed=4, first=150, label="sneaker")).all()  # each number is drawn once
    assert {label for _, label in sample.in_proportion(made.product, 10)} == {None}  # of a set without labels
