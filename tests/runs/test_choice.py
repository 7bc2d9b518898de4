"""The recipe that is taken where nobody named one."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sparring.config import Data
from sparring.data import Dataset, open_dataset
from sparring.errors import UsageError
from sparring.runs import launch
from sparring.runs.choice import choose
from sparring.runs.launch import train
from sparring.runs.session import Silent


def pictures(tmp_path: Path, count: int, classes: int = 0, side: int = 8, channels: int = 1) -> Dataset:
    arrays: dict[str, NDArray[Any]] = {"images": np.zeros((count, side, side, channels), np.uint8)}
    if classes:
        arrays["labels"] = np.arange(count) % classes
    np.savez(tmp_path / "set.npz", **arrays)  # type: ignore[arg-type]
    return open_dataset(Data(path=str(tmp_path / "set.npz")))


def test_labels_are_used_where_there_are_enough_of_each(tmp_path: Path) -> None:
    assert choose(pictures(tmp_path, 200, classes=4)).recipe == "conditional"
    assert choose(pictures(tmp_path, 200)).recipe == "dcgan"
    found = choose(pictures(tmp_path, 200, classes=50))
    assert found.recipe == "dcgan"
    assert "labels are left aside" in found.why


def labelled(tmp_path: Path, labels: list[int]) -> Dataset:
    np.savez(tmp_path / "set.npz", images=np.zeros((len(labels), 8, 8, 1), np.uint8), labels=np.array(labels))
    return open_dataset(Data(path=str(tmp_path / "set.npz")))


def test_classes_without_a_picture_count_since_networks_are_built_for_them(tmp_path: Path) -> None:
    found = choose(labelled(tmp_path, [0, 1199] * 600))
    assert (found.recipe, "1,200 classes" in found.why) == ("dcgan", True)
    assert choose(labelled(tmp_path, [0, 59] * 600)).recipe == "projection"


def test_one_class_is_none(tmp_path: Path) -> None:
    found = choose(labelled(tmp_path, [0] * 200))
    assert (found.recipe, "all of one class" in found.why) == ("dcgan", True)


def test_many_classes_are_not_shown_as_planes(tmp_path: Path) -> None:
    assert choose(pictures(tmp_path, 1200, classes=50)).recipe == "conditional"
    assert choose(pictures(tmp_path, 1200, classes=51)).recipe == "projection"


def test_small_sets_are_augmented(tmp_path: Path) -> None:
    assert choose(pictures(tmp_path, 40)).settings == ("game.aids.augment=adaptive",)
    assert choose(pictures(tmp_path, 20_000)).settings == ()


def test_points_get_a_network_for_points() -> None:
    assert choose(open_dataset(Data(path="ring8"))).recipe == "ring8"


class Listener(Silent):
    """Remembers what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


@pytest.mark.parametrize("data", ["digits", "ring8"])
def test_training_without_a_name_says_what_it_took_and_why(tmp_path: Path, data: str) -> None:
    listener = Listener()
    small = ("game.width=4", "batch_size=8")
    outcome = train(None, *small, data=data, runs=tmp_path, images=16, observer=listener)
    assert outcome.finished
    (line,) = (line for line in listener.said if line.startswith("recipe "))
    assert "pictures of 32 x 32, 10 classes" in line or "points of the plane" in line
    assert Path(outcome.folder).name.startswith(("conditional-", "ring8-"))


@pytest.mark.parametrize("setting", ["data.inputs=photos", "data.pairs=edges"])
def test_a_translation_needs_a_recipe_by_name(setting: str) -> None:
    with pytest.raises(UsageError, match=f"{setting}: name a recipe that translates: pix2pix .* cyclegan"):
        launch.choose([setting], "digits", Silent())
