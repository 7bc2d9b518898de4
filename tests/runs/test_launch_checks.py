"""Combinations of game, options and pictures that cannot work: each is said, with the remedy, before a run exists."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sparring
from sparring.errors import UsageError
from sparring.runs.launch import resolve
from sparring.runs.prepare import prepare
from sparring.runs.session import Silent

SMALL = ["game.width=4", "game.latent=5", "batch_size=12"]


class Listener(Silent):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


def said(recipe: str, *settings: str, data: Any = "digits") -> str:
    """What a run that can begin says before it does."""
    observer = Listener()
    prepare(resolve(recipe, [*SMALL, "data.size=16", *settings], data=data, images=64), recipe, observer)
    return "\n".join(observer.said)


def refused(recipe: str, *settings: str, data: Any = "digits") -> str:
    """Why a run cannot begin."""
    with pytest.raises(UsageError) as caught:
        said(recipe, *settings, data=data)
    message = str(caught.value)
    assert "\n" not in message
    return message


def a_set(folder: Path, labels: list[int] | None, count: int = 24) -> Path:
    """16 x 16 grey pictures as an array file, with these labels."""
    count = count if labels is None else len(labels)
    images = np.random.default_rng(0).integers(0, 256, (count, 16, 16), np.uint8)
    if labels is None:
        np.savez(folder / "set.npz", images=images)
    else:
        np.savez(folder / "set.npz", images=images, labels=np.array(labels))
    return folder / "set.npz"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More pictures than any batch here, without labels."""
    return a_set(tmp_path_factory.mktemp("plain"), labels=None, count=80)


@pytest.mark.parametrize(
    ("batch_size", "packing", "nearest"), [(64, 3, 63), (65, 4, 64), (2, 4, 8), (11, 4, 12), (1, 2, 4)]
)
def test_packs_that_do_not_divide_the_batch(batch_size: int, packing: int, nearest: int, plain: Path) -> None:
    message = refused("dcgan", f"batch_size={batch_size}", f"game.aids.packing={packing}", data=plain)
    assert f"batch_size={batch_size} cannot be cut into packs of {packing} pictures" in message
    assert f"set batch_size={nearest} or change game.aids.packing" in message
    said("dcgan", f"batch_size={nearest}", f"game.aids.packing={packing}", data=plain)  # the remedy works


@pytest.mark.parametrize("recipe", ["gan", "dcgan"])
def test_one_pack_is_not_enough_for_batch_norm(recipe: str, plain: Path) -> None:
    message = refused(recipe, "game.norm=batch", "batch_size=4", "game.aids.packing=4", data=plain)
    assert message == "batch_size=4: batch norm needs at least two packs of 4 pictures in a batch: set batch_size=8"


def test_one_picture_is_not_enough_for_batch_norm(plain: Path) -> None:
    message = refused("dcgan", "batch_size=1", data=plain)
    assert message == "batch_size=1: batch norm needs at least two pictures in a batch: set batch_size=2"
    said("gan", "batch_size=1", data=plain)  # perceptrons have none


@pytest.mark.parametrize(
    ("recipe", "settings", "data", "expected"),
    [
        ("wgan-gp", ["game.norm=batch"], "digits", "set game.norm=none, group or spectral"),
        ("wgan", ["game.norm=spectral"], "digits", "set game.norm=batch, group or none"),
        ("gan", ["game.aids.augment=fixed"], "ring8", "these are points: leave it out"),
        ("wgan-gp", ["game.aids.augment=adaptive", "game.network=mlp"], "grid25", "these are points: leave it out"),
        ("dcgan-mnist", ["game.network=dcgan-mnist"], "digits", "add data.size=28"),
        ("dcgan", ["data.labelled=100"], "digits", "data.labelled is for semi-supervised games; 'dcgan' is none"),
    ],
)
def test_nothing_is_written_for_what_cannot_work(
    recipe: str, settings: list[str], data: str, expected: str, tmp_path: Path
) -> None:
    size = [] if data in ("ring8", "grid25") else ["data.size=16"]
    with pytest.raises(UsageError, match=expected.replace(".", r"\.")):
        sparring.train(recipe, *size, *settings, data=data, images=64, runs=tmp_path / "runs", name="x")
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("recipe", ["dcgan", "hinge"])
def test_games_that_need_no_labels_take_a_set_without(recipe: str, tmp_path: Path) -> None:
    assert "24 items" in said(recipe, data=a_set(tmp_path, labels=None))


def test_a_game_that_needs_labels_names_those_that_do_not(tmp_path: Path) -> None:
    message = refused("conditional", data=a_set(tmp_path, labels=None))
    assert "game 'conditional' learns from labels, and these pictures have none" in message
    assert "sort them into a folder for each class" in message
    free = message.partition("needs no labels: ")[2].split(", ")
    assert {"gan", "dcgan", "wgan", "wgan-gp", "lsgan", "hinge"} <= set(free)
    assert "conditional" not in free


def test_more_classes_than_pictures(tmp_path: Path) -> None:
    message = refused("conditional", data=a_set(tmp_path, labels=[*range(23), 499]))
    assert "500 classes for 24 pictures" in message and "number the classes that there are from 0 upwards" in message


def test_a_class_with_one_picture_is_worth_a_word(tmp_path: Path) -> None:
    told = said("conditional", data=a_set(tmp_path, labels=[0] * 11 + [1] * 12 + [2]))
    assert "classes with one picture or none, which can only be copied or made up: 2" in told
    assert "copied or made up" not in said("conditional", data=a_set(tmp_path, labels=[0] * 12 + [1] * 12))
    assert "copied or made up" not in said("dcgan", data=a_set(tmp_path, labels=[0] * 23 + [1]))  # it does not look


def test_many_poor_classes_are_counted(tmp_path: Path) -> None:
    told = said("conditional", data=a_set(tmp_path, labels=[*[0] * 15, *range(1, 10)]))
    assert "made up: 1, 2, 3, 4, 5 and 4 more" in told


@pytest.mark.parametrize("labelled", ["2", "0.01"])
def test_few_labels_that_leave_a_class_empty(labelled: str, tmp_path: Path) -> None:
    data = a_set(tmp_path, labels=[0] * 20 + [1] * 10 + [2] * 6)
    message = refused("dcgan", f"data.labelled={labelled}", data=data)
    assert f"data.labelled={labelled} leaves class '" in message and "raise it" in message


def test_more_labels_than_a_class_has(tmp_path: Path) -> None:
    message = refused("dcgan", "data.labelled=30", data=a_set(tmp_path, labels=[0] * 20 + [1] * 10 + [2] * 6))
    assert "wants 10 pictures of class '2', which has 6" in message and "lower it" in message


def test_few_labels_of_a_set_without(tmp_path: Path) -> None:
    assert "has no labels to keep" in refused("dcgan", "data.labelled=3", data=a_set(tmp_path, labels=None))


def test_a_semi_supervised_game_asks_how_many_labels_to_keep(tmp_path: Path) -> None:
    data = a_set(tmp_path, labels=[0] * 20 + [1] * 10 + [2] * 6)
    observer = Listener()
    recipe = resolve("semi-supervised", ["data.size=16", "batch_size=12"], data=data, images=64)
    bare = recipe.model_copy(update={"data": recipe.data.model_copy(update={"labelled": None})})
    with pytest.raises(UsageError, match=r"say how many keep theirs, for example data\.labelled=30"):
        prepare(bare, "semi-supervised", observer)
    kept = recipe.model_copy(update={"data": recipe.data.model_copy(update={"labelled": 6})})
    prepare(kept, "semi-supervised", observer)
