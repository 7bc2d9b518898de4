"""Segmentation by translation as a user has it: trained, stopped, looked at, judged by its classes."""

from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from PIL import Image

import sparring
from sparring.errors import SparringError, UsageError
from sparring.inference.model import load
from sparring.runs.folder import Run
from tests.runs.interrupting import NEVER, Watcher

TINY = ["game.width=4", "batch_size=4", "record.rows=64", "record.samples=64"]
OUT = [*TINY, "data.maps=pictures"]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test writes into the user's own store."""
    monkeypatch.setenv("SPARRING_HOME", str(tmp_path / "store"))


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Bright and dark squares on grey noise in A, and which is which (7, 255; else 0) in B; the test part has all."""
    rng = np.random.default_rng(0)
    for part, count in (("train", 60), ("test", 30)):
        for number in range(count):
            picture, classes = rng.integers(100, 156, (16, 16)), np.zeros((16, 16), int)
            for at, level, value in ((0, 220, 7), (8, 0, 255)):
                top, left = at + rng.integers(0, 3), rng.integers(0, 10)
                picture[top : top + 5, left : left + 6] = level + rng.integers(0, 30, (5, 6))
                classes[top : top + 5, left : left + 6] = value
            for side, pixels in (("A", picture), ("B", classes)):
                place = tmp_path / "set" / part / side / f"{number:02}.png"
                place.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels.astype(np.uint8)).save(place)
    return tmp_path / "set"


def weights(run: str) -> dict[str, torch.Tensor]:
    return safetensors.torch.load_file(Path(run) / "model" / "model.safetensors")


@pytest.mark.parametrize("loss", ["l1", "cross-entropy"])
def test_it_learns_and_the_numbers_say_so(loss: str, pairs: Path, tmp_path: Path) -> None:
    settings = [*OUT, f"game.loss={loss}", "game.width=8", "optimizer.lr=0.002"]
    outcome = sparring.train("supervised", *settings, data=pairs, runs=tmp_path, name="a", images=2400)
    found = {one.key: one for one in sparring.evaluate(outcome.folder)}
    assert set(found) == {"pixel-accuracy", "class-accuracy", "iou"}
    assert found["pixel-accuracy"].value > 0.95
    assert 0.8 < found["iou"].value < found["class-accuracy"].value
    assert (found["iou"].best, found["iou"].floor, found["iou"].fake) == ("higher", None, 30)  # all that was held out

    model, right = load(outcome.folder), []
    for place in sorted((pairs / "test" / "A").iterdir()):
        with Image.open(place) as image, Image.open(pairs / "test" / "B" / place.name) as true:
            drawn = model.translate(np.asarray(image)[:, :, None])
            right.append((drawn[:, :, 0] == np.asarray(true)).mean())
            assert drawn.dtype == np.uint8 and set(np.unique(drawn)) <= {0, 7, 255}
    assert found["pixel-accuracy"].value == pytest.approx(np.mean(right))
    assert "maps of 3 classes (0, 7, 255)" in (Path(outcome.folder) / "model" / "README.md").read_text()


@pytest.mark.parametrize("game", ["pix2pix", "cyclegan"])
@pytest.mark.parametrize("side", ["pictures", "inputs"])
def test_every_game_takes_maps_and_goes_on_where_it_stopped(game: str, side: str, pairs: Path, tmp_path: Path) -> None:
    settings = [*TINY, f"data.maps={side}", "data.mirror=true", "data.shift=2"]
    settings += ["data.direction=b-to-a"] if side == "inputs" else []

    def train(name: str, after: int) -> str:
        watcher = Watcher(after)
        outcome = sparring.train(game, *settings, data=pairs, runs=tmp_path, name=name, images=96, observer=watcher)
        assert outcome.finished == (after == NEVER)
        return outcome.folder

    whole, stopped = train("whole", NEVER), train("stopped", 48)
    assert sparring.resume(stopped).finished
    one, other = weights(whole), weights(stopped)
    assert all(torch.equal(one[key], other[key]) for key in one)
    with Image.open(Run(Path(whole)).sheets()[-1]) as sheet:
        shown = np.asarray(sheet).reshape(-1, 3)
    assert (shown.max(1) != shown.min(1)).any()  # maps have colours, these pictures are grey


def test_the_pictures_of_a_grid_are_those_that_the_file_makes(pairs: Path, tmp_path: Path) -> None:
    outcome = sparring.train("pix2pix", *OUT, data=pairs, runs=tmp_path, name="a", images=64)
    with Image.open(Run(Path(outcome.folder)).sheets()[-1]) as sheet:
        shown = np.asarray(sheet)
    scale = shown.shape[1] // (3 * (3 * 16 + 3 * 2 + 4 + 1) - 1)
    small = shown[::scale, ::scale][:16]
    before, drawn, true = (small[:, at : at + 16] for at in (0, 18, 36))
    found = load(outcome.folder).translate(before[:, :, :1])[:, :, 0]
    for value in np.unique(found):
        assert len(np.unique(drawn[found == value], axis=0)) == 1
    assert len(np.unique(drawn.reshape(-1, 3), axis=0)) == len(np.unique(found))
    assert len(np.unique(true.reshape(-1, 3), axis=0)) == 3


def test_metrics_of_pictures_are_refused(pairs: Path, tmp_path: Path) -> None:
    run = sparring.train("supervised", *OUT, data=pairs, runs=tmp_path, name="a", images=64).folder
    able = "these metrics can: pixel-accuracy, class-accuracy, iou"
    with pytest.raises(UsageError, match=f"psnr, fd cannot be computed for this set and model; {able}"):
        sparring.evaluate(run, metrics=("psnr", "fd"))
    with pytest.raises(UsageError, match=f"protocol kid10k-train cannot .*{able}"):
        sparring.evaluate(run, by="kid10k-train")
    with pytest.raises(UsageError, match=r"evaluation\.metric=fd cannot be computed"):
        sparring.train("supervised", *OUT, "evaluation.every=32", data=pairs, runs=tmp_path, name="b", images=64)


def test_the_best_checkpoint_is_chosen_by_overlap(pairs: Path, tmp_path: Path) -> None:
    settings = [*OUT, "evaluation.every=32", "evaluation.metric=iou"]
    run = sparring.train("supervised", *settings, data=pairs, runs=tmp_path, name="a", images=96).folder
    assert (Path(run) / "best.json").is_file()


def test_another_set_is_judged_by_the_classes_of_the_model(pairs: Path, tmp_path: Path) -> None:
    run = sparring.train("supervised", *OUT, data=pairs, runs=tmp_path, name="a", images=64).folder
    shipped, own = sparring.evaluate(Path(run) / "model", data=pairs), sparring.evaluate(run)
    assert [one.value for one in shipped] == [one.value for one in own]
    for place in (pairs / "train" / "B").iterdir():
        with Image.open(place) as image:
            pixels = np.where(np.asarray(image) == 7, 9, np.asarray(image)).astype(np.uint8)
        Image.fromarray(pixels).save(place)
    with pytest.raises(SparringError, match="holds class 9"):
        sparring.evaluate(run, data=pairs)


def test_maps_mean_something_to_games_that_translate(pairs: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"data\.maps is for games that translate"):
        sparring.train("dcgan", *OUT, data=pairs, runs=tmp_path, name="a", images=64)
    with pytest.raises(UsageError, match=r"cross-entropy is for maps of classes: set data\.maps=pictures"):
        sparring.train("supervised", *TINY, "game.loss=cross-entropy", data=pairs, runs=tmp_path, name="a", images=64)
    assert not (tmp_path / "a").exists()
