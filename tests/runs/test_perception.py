"""Runs of a game that compares what pictures show: by which network, and that it stays the same one."""

from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import Tensor, nn

import sparring
from sparring.errors import SparringError, UsageError
from sparring.metrics import classifier, inception
from sparring.metrics.features import Given, Random
from sparring.runs import perception
from sparring.runs.folder import Run
from tests.metrics.test_vgg import reference, weights

TINY = ["game.width=4", "batch_size=4", "data.size=16", "data.pairs=gray", "record.samples=1000", "guard=off"]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test writes into the user's own store, or trains a classifier for longer than it must."""
    monkeypatch.setenv("SPARRING_HOME", str(tmp_path / "store"))
    monkeypatch.setattr(classifier, "SHOWN", 640)


def train(tmp_path: Path, *asked: str, name: str = "a", images: int = 24, extractor: Given | None = None) -> Path:
    outcome = sparring.train(
        "cartoongan",
        *TINY,
        "game.warmup=12",
        *asked,
        data="shapes",
        runs=tmp_path,
        name=name,
        images=images,
        extractor=extractor,
    )
    return Path(outcome.folder)


def shipped(run: Path) -> dict[str, Tensor]:
    return safetensors.torch.load_file(run / "model" / "model.safetensors")


def named(run: Path) -> str:
    title: str = Run(run).environment()["perceptual"]
    return title


def test_a_run_names_its_network_and_resumes_to_the_same_weights(tmp_path: Path) -> None:
    whole = train(tmp_path, name="whole", images=48)
    stopped = train(tmp_path, name="stopped", images=20)
    sparring.resume(stopped, images=48)
    one, other = shipped(whole), shipped(stopped)
    assert one.keys() == other.keys()
    assert all(torch.equal(one[key], other[key]) for key in one)
    assert named(whole) == named(stopped)
    assert named(whole).startswith("rotations:")  # derived photos have no labels
    assert all(name.startswith("generator.") for name in one)
    assert sparring.load(whole)  # without the classifier


@pytest.mark.parametrize("names", ["random", "file"])
def test_another_network_on_resume_is_refused(names: str, tmp_path: Path) -> None:
    network, _ = reference()
    torch.save(weights(network), tmp_path / "vgg.pth")
    run = train(tmp_path, f"game.perceptual={names if names == 'random' else tmp_path / 'vgg.pth'}")
    began = named(run)
    assert began.startswith("random:" if names == "random" else "vgg:")
    other = Given("mine", nn.Conv2d(1, 3, 3)) if names == "random" else None
    if names == "file":
        torch.save(weights(nn.Sequential(*network)) | {"classifier.0.weight": torch.ones(1)}, tmp_path / "vgg.pth")
    with pytest.raises(SparringError, match=f"compares pictures by {began}, and this is") as caught:
        sparring.resume(run, images=48, extractor=other)
    assert "\n" not in str(caught.value)
    assert (run / "checkpoints").is_dir()


def test_a_module_of_ones_own(tmp_path: Path) -> None:
    torch.manual_seed(3)
    mine = Given("mine", nn.Conv2d(1, 3, 3, stride=2))
    run = train(tmp_path, extractor=mine)
    assert named(run) == mine.title
    with pytest.raises(UsageError, match=r"handed over from Python: sparring.resume\(run, extractor=...\) goes on"):
        sparring.resume(run, images=32)
    assert sparring.resume(run, images=32, extractor=mine).images == 32
    flat = Given("flat", nn.Flatten())
    with pytest.raises(UsageError, match=r"extractor flat:\w+ does not say where things are"):
        train(tmp_path, name="b", extractor=flat)
    with pytest.raises(UsageError, match="game 'dcgan' looks at pictures by itself"):
        sparring.train("dcgan", "game.width=4", data="digits", runs=tmp_path, name="c", images=4, extractor=mine)
    assert {path.name for path in tmp_path.iterdir()} == {"a"}


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("game.perceptual=vgg19", "game.perceptual=vgg19: neither own, random or inception, nor a file"),
        ("game.perceptual=inception", "no Inception weights in"),
    ],
)
def test_what_is_not_there_is_named(
    setting: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    with pytest.raises(UsageError, match=message):
        train(tmp_path, setting)
    assert not (tmp_path / "a").exists()


def test_a_file_is_found_again_from_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network, _ = reference()
    torch.save(weights(network), tmp_path / "vgg.pth")
    monkeypatch.chdir(tmp_path)
    run = train(tmp_path, "game.perceptual=vgg.pth")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert sparring.resume(run, images=32).images == 32


def test_every_extractor_says_where_things_are_and_lets_gradients_through() -> None:
    torch.manual_seed(0)
    network = inception.Inception()
    for extractor in (Random(3), classifier.Classifier(3, ("a", "b")).eval(), network):
        pictures = (torch.rand(1, 3, 32, 32) * 2 - 1).requires_grad_()
        found = perception.perception_of(extractor)(pictures)
        assert found.ndim == 4 and min(found.shape[2:]) > 1, extractor.name
        (slope,) = torch.autograd.grad(found.square().sum(), pictures)
        assert float(slope.abs().sum()) > 0, extractor.name


def test_the_forecast_is_of_what_follows_the_warm_up(tmp_path: Path) -> None:
    from sparring.runs import launch
    from sparring.runs.prepare import prepare
    from sparring.runs.preview import preview, settled
    from sparring.runs.session import Silent

    recipe = launch.resolve("cartoongan", [*TINY, "game.perceptual=random"], "shapes")
    assert recipe.game["warmup"] > 0
    cold, warm = (preview(prepare(one, "x", Silent())).memory for one in (recipe, settled(recipe)))
    assert warm["gradients"] > cold["gradients"]
    other = launch.resolve("dcgan", [], "digits")
    assert settled(other) == other
