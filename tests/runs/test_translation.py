"""Translators as a user has them: trained, resumed, looked at, judged, and told what ails them."""

from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from PIL import Image

import sparring
from sparring.data.batches import Images, Unpaired
from sparring.errors import UsageError
from sparring.inference.model import load
from sparring.inference.translate import examples_sheet
from sparring.metrics import classifier
from sparring.metrics.features import Random
from sparring.metrics.fidelity import mean_absolute_error
from sparring.runs import evaluation
from sparring.runs.folder import Run
from sparring.runs.judge import Judge
from sparring.runs.parts import open_set
from tests.runs.interrupting import NEVER, Watcher

TINY = ["game.width=4", "batch_size=4", "data.size=16", "record.rows=64", "record.samples=64"]
ALIKE = [*TINY, "data.pairs=gray"]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test writes into the user's own store, or trains a judge for longer than it must."""
    monkeypatch.setenv("SPARRING_HOME", str(tmp_path / "store"))
    monkeypatch.setattr(classifier, "SHOWN", 640)


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """`train` and `test`, each with `A` and `B`: what comes out is the negative of what goes in."""
    rng = np.random.default_rng(0)
    for part, count in (("train", 60), ("test", 30)):
        for number in range(count):
            blocks = np.kron(rng.integers(0, 256, (4, 4, 3)), np.ones((4, 4, 1))).astype(np.uint8)
            for side, pixels in (("A", blocks), ("B", 255 - blocks)):
                place = tmp_path / "set" / part / side / f"{number:02}.png"
                place.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels).save(place)
    return tmp_path / "set"


def weights(run: str) -> dict[str, torch.Tensor]:
    return safetensors.torch.load_file(Path(run) / "model" / "model.safetensors")


@pytest.mark.parametrize("game", ["pix2pix", "cyclegan", "supervised"])
def test_a_run_that_was_stopped_goes_on_to_the_same_weights(game: str, pairs: Path, tmp_path: Path) -> None:
    def train(name: str, after: int) -> str:
        settings, watcher = [*TINY, "data.mirror=true", "data.shift=2"], Watcher(after)
        outcome = sparring.train(game, *settings, data=pairs, runs=tmp_path, name=name, images=120, observer=watcher)
        assert outcome.finished == (after == NEVER)
        return outcome.folder

    whole, stopped = train("whole", NEVER), train("stopped", 48)
    assert sparring.resume(stopped).finished
    one, other = weights(whole), weights(stopped)
    assert one.keys() == other.keys()
    assert all(torch.equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize("modes", [["game.norm=instance"], ["game.norm=batch", "game.dropout=0.5"]])
def test_the_grids_show_pairs_that_were_held_out_as_the_file_translates_them(
    modes: list[str], pairs: Path, tmp_path: Path
) -> None:
    outcome = sparring.train("pix2pix", *TINY, *modes, data=pairs, runs=tmp_path, name="a", images=64)
    run, model = Run(Path(outcome.folder)), load(outcome.folder)
    config = run.recipe().data
    with Image.open(run.sheets()[-1]) as sheet:
        shown = np.asarray(sheet)
    scale = shown.shape[1] // (3 * (3 * 16 + 3 * 2 + 4 + 1) - 1)  # three columns of three pictures, with gaps
    small = shown[::scale, ::scale][:16]
    before, drawn, wanted = (small[:, at : at + 16] for at in (0, 18, 36))
    held_out = [np.asarray(Image.open(path)) for path in sorted((pairs / "test" / "A").iterdir())]
    assert any(np.array_equal(before, one) for one in held_out)
    assert np.array_equal(wanted, 255 - before)
    assert np.array_equal(drawn, model.translate(before))
    assert config.split == "train"


def test_it_learns_and_the_numbers_say_so(pairs: Path, tmp_path: Path) -> None:
    settings = [*TINY, "game.width=8", "game.norm=none", "optimizer.lr=0.002"]
    outcome = sparring.train("supervised", *settings, data=pairs, runs=tmp_path, name="a", images=2400)
    found = {one.key: one for one in sparring.evaluate(outcome.folder)}
    assert {"l1", "psnr", "ssim", "fd", "coverage"} <= set(found)
    assert not {"gan-test", "path-length"} & set(found)
    assert found["l1"].value < 0.1
    assert found["psnr"].value > 15 and found["psnr"].interval is not None
    assert found["ssim"].value > 0.5
    assert (found["l1"].floor, found["l1"].fake) == (None, 30)  # all that was held out

    model = load(outcome.folder)
    errors = []
    for place in sorted((pairs / "test" / "A").iterdir()):
        with Image.open(place) as image:
            pixels = np.asarray(image)
        errors.append(mean_absolute_error((255 - pixels)[None], model.translate(pixels)[None])[0])
    assert found["l1"].value == pytest.approx(np.mean(errors), rel=1e-6)


def test_copies_of_the_true_pictures_are_perfect(pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Path(sparring.train("pix2pix", *TINY, data=pairs, runs=tmp_path, name="a", images=64).folder)
    model = load(run)
    sets = evaluation.sets_of(model, Run(run), None, lambda text: None)
    judge = Judge(sets, Random(3), "quick", 0, lambda text: None)
    monkeypatch.setattr("sparring.inference.translate.picture", lambda product, pixels, variant: 255 - pixels)
    found = {one.key: one for one in judge.measure(model.product, 0, ("l1", "ssim", "fd"))}
    assert found["l1"].value == 0
    assert found["ssim"].value == pytest.approx(1)
    assert found["fd"].value == found["fd"].floor


def test_two_domains_are_judged_as_sets(pairs: Path, tmp_path: Path) -> None:
    run = sparring.train("cyclegan", *TINY, data=pairs, runs=tmp_path, name="a", images=64).folder
    found = {one.key for one in sparring.evaluate(run)}
    assert "fd" in found and "l1" not in found


def test_what_is_translated_well_is_not_called_a_copy(tmp_path: Path) -> None:
    settings = [*ALIKE, "game.width=8", "game.norm=none", "optimizer.lr=0.002"]
    run = sparring.train("supervised", *settings, data="digits", runs=tmp_path, name="a", images=3000).folder
    assert not [one for one in Run(Path(run)).looks() if "copies" in one]
    assert "copying" not in sparring.diagnose(run).verdicts


def test_a_model_says_what_it_is_for(pairs: Path, tmp_path: Path) -> None:
    run = sparring.train("pix2pix", *TINY, data=pairs, runs=tmp_path, name="a", images=64).folder
    model = load(run)
    with pytest.raises(UsageError, match="sparring translate"):
        model.sample(1)
    with pytest.raises(UsageError, match="has no classifier"):
        model.classifier()
    noise = sparring.train("dcgan", *TINY, data="digits", runs=tmp_path, name="b", images=64).folder
    with pytest.raises(UsageError, match="sparring sample"):
        load(noise).translate(np.zeros((16, 16, 1), np.uint8))
    card = (Path(run) / "model" / "README.md").read_text()
    assert "model.translate(pixels)  # uint8 [height, width, 3] to [height, width, 3]" in card


@pytest.mark.parametrize("setting", ["data.pairs=gray", "data.inputs=digits"])
def test_games_from_noise_have_no_use_for_sources(setting: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"{setting.partition('=')[0]} is for games that translate"):
        sparring.train("dcgan", *TINY, setting, data="digits", runs=tmp_path, images=64)
    assert not list(tmp_path.iterdir())


def test_examples_of_two_domains_have_no_true_picture(pairs: Path, tmp_path: Path) -> None:
    run = Path(sparring.train("cyclegan", *TINY, data=pairs, runs=tmp_path, name="a", images=64).folder)
    dataset = open_set(Run(run).recipe().data, Unpaired, lambda text: None)
    batch: Images = dataset.batch(np.arange(2))
    assert examples_sheet(load(run).product, batch)


def test_domains_are_judged_by_a_classifier_of_them(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for domain, level in (("dark", 0), ("grey", 100), ("light", 200)):
        for number in range(40):
            place = tmp_path / "set" / domain / f"{number:02}.png"
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray((level + rng.integers(0, 55, (16, 16))).astype(np.uint8)).save(place)
    run = sparring.train("stargan", *TINY, data=tmp_path / "set", runs=tmp_path, name="a", images=64).folder
    model = load(run)
    found = {one.key: one for one in sparring.evaluate(run, metrics=("gan-test", "fd", "gan-train"))}
    assert set(found) == {"gan-test", "fd"}
    assert found["gan-test"].fake == 60  # the half that is not compared with, since nothing was held out
    assert model.translate(np.zeros((20, 30, 1), np.uint8), "light").shape == (20, 30, 1)
    with Image.open(Run(Path(run)).sheets()[-1]) as sheet:
        assert sheet.width > sheet.height / 3


def test_a_perfect_exchange_has_a_perfect_score(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for domain, level in (("dark", 0), ("light", 200)):
        for number in range(40):
            place = tmp_path / "set" / domain / f"{number:02}.png"
            place.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((16, 16), level + number, np.uint8)).save(place)
    run = Path(sparring.train("stargan", *TINY, data=tmp_path / "set", runs=tmp_path, name="a", images=64).folder)
    model = load(run)
    sets = evaluation.sets_of(model, Run(run), None, lambda text: None)
    judge = Judge(sets, evaluation.own_classifier(sets.train, lambda text: None), "quick", 0, lambda text: None)

    def exchange(product: object, pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], to: str) -> object:
        return np.full_like(pixels, 220 if to == "light" else 20)

    monkeypatch.setattr("sparring.inference.translate.picture", exchange)
    (found,) = judge.measure(model.product, 0, ("gan-test",))
    assert found.value == 1


def test_many_translations_are_shown_judged_and_named(pairs: Path, tmp_path: Path) -> None:
    settings = [*TINY, "game.latent=3"]
    run = sparring.train("augmented-cyclegan", *settings, data=pairs, runs=tmp_path, name="a", images=64).folder
    model = load(run)
    pixels = np.zeros((20, 30, 3), np.uint8)
    first, second = model.translate(pixels), model.translate(pixels, variant=1)
    assert np.array_equal(first, model.translate(pixels, variant=0)) and not np.array_equal(first, second)
    assert np.array_equal(second, load(run).translate(pixels, variant=1))
    with Image.open(Run(Path(run)).sheets()[-1]) as sheet:
        columns = sheet.width / (16 * (sheet.height / (8 * 17 - 1)))  # in pictures, gaps among them
        assert columns > 10  # two or more of an input and four variants
    assert "fd" in {one.key for one in sparring.evaluate(run, metrics=("fd",))}
    card = (Path(run) / "model" / "README.md").read_text()
    assert "many of each, by 3 numbers" in card and "model.translate(pixels, variant=1)" in card


def test_each_picture_is_judged_in_a_variant_of_its_own(
    pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, list[int]] = {}
    for game in ("augmented-cyclegan", "cyclegan"):
        run = Path(sparring.train(game, *TINY, data=pairs, runs=tmp_path, name=game, images=64).folder)
        model = load(run)
        judge = Judge(evaluation.sets_of(model, Run(run), None, print), Random(3), "quick", 0, lambda text: None)
        asked: list[int] = []
        seen[game] = asked

        def note(product: object, pixels: object, variant: int, asked: list[int] = asked) -> object:
            asked.append(variant)
            return pixels

        monkeypatch.setattr("sparring.inference.translate.picture", note)
        judge.measure(model.product, 0, ("fd",))
        monkeypatch.undo()
    assert seen["augmented-cyclegan"] == [*range(30)]
    assert seen["cyclegan"] == [0] * 30
