"""Judging runs and models: what is measured, against what, how it is kept, and what is refused."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import sparring
from sparring.cli.main import main
from sparring.data.builtin import EMBEDDED
from sparring.errors import SparringError, UsageError
from sparring.inference.model import load
from sparring.metrics import classifier, inception, protocol
from sparring.metrics.features import Random
from sparring.metrics.receipt import Receipt, from_row
from sparring.runs import evaluation, weights
from sparring.runs.folder import Run
from sparring.runs.judge import Judge

TINY = ["data.size=16", "game.width=4", "game.latent=5", "batch_size=32"]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test writes into the user's own store, or trains a judge for longer than it must."""
    monkeypatch.setenv("SPARRING_HOME", str(tmp_path / "store"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(classifier, "SHOWN", 1280)
    return tmp_path / "store"


def trained(tmp_path: Path, recipe: str = "gan", *settings: str, data: str = "digits", name: str = "a") -> Path:
    outcome = sparring.train(recipe, *TINY, *settings, data=data, runs=tmp_path / "runs", name=name, images=320)
    return Path(outcome.folder)


def evaluate(path: Path, **more: Any) -> dict[str, Receipt]:
    return {one.key: one for one in sparring.evaluate(path, **more)}


def test_quick_measures_a_run_and_keeps_the_receipts(tmp_path: Path, store: Path) -> None:
    run = trained(tmp_path)
    said: list[str] = []
    found = evaluate(run, say=said.append)
    assert set(found) == {"fd", "kd", "precision", "recall", "density", "coverage", "classes", "class-variation"}
    fd = found["fd"]
    assert fd.value > 5 * (fd.floor or 0) > 0  # 320 images have taught it nothing
    assert fd.metric == f"fd[{fd.extractor}]"
    assert fd.extractor.startswith("classifier:")
    assert (fd.protocol, fd.split, fd.images, fd.quantisation, fd.resize) == ("quick", "train", 320, "uint8", "none")
    assert fd.real == fd.fake
    assert (found["coverage"].floor or 0) > 0.8
    assert [from_row(row) for row in Run(run).evaluations()] == list(found.values())
    assert any("training the classifier" in line for line in said)
    assert len(list((store / "classifiers").iterdir())) == 1


def test_it_is_the_same_again_and_the_judge_is_not_trained_twice(tmp_path: Path) -> None:
    run = trained(tmp_path)
    one = evaluate(run)
    said: list[str] = []
    assert evaluate(run, say=said.append) == one
    assert not any("training" in line for line in said)
    assert evaluate(run, seed=1)["fd"].value != one["fd"].value


def test_a_model_folder_needs_to_be_told_the_data(tmp_path: Path) -> None:
    run = trained(tmp_path)
    with pytest.raises(UsageError, match="give --data"):
        evaluate(run / "model")
    assert evaluate(run / "model", data="digits")["fd"].value == evaluate(run)["fd"].value


def test_real_pictures_in_place_of_fakes_reach_the_floor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same code judges both, so a generator that draws held-out pictures gets just the floor."""
    run = trained(tmp_path)
    model = load(run)
    sets = evaluation.sets_of(model, Run(run), None, lambda text: None)
    judge = Judge(sets, Random(1), "quick", 0, lambda text: None)
    monkeypatch.setattr(judge, "_fakes", lambda product, number: judge.floor[1])
    for one in judge.measure(model.product, 0, ("fd", "kd", "coverage", "authenticity", "two-sample", "vendi")):
        assert one.value == one.floor


def test_the_sides_do_not_share_a_picture(tmp_path: Path) -> None:
    run = trained(tmp_path)
    sets = evaluation.sets_of(load(run), Run(run), None, lambda text: None)
    judge = Judge(sets, Random(1), "quick", 0, lambda text: None)
    real, other = ({picture.tobytes() for picture in side.pictures} for side in judge.floor)
    assert len(judge.real) == len(judge.floor[1]) == 898
    assert len(real | other) == 2 * 898


def test_repeats_give_an_interval(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = replace(protocol.find("standard"), fake=200, real=200)
    monkeypatch.setitem(protocol.PROTOCOLS, "standard", small)
    found = evaluate(trained(tmp_path), by="standard")
    fd = found["fd"]
    assert fd.repeats == 3
    assert fd.interval is not None
    assert fd.interval[0] < fd.value < fd.interval[1]
    assert {*protocol.THOROUGH} - {"gan-train"} <= set(found)
    assert found["path-length"].floor is None


def test_few_pictures_are_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(protocol.PROTOCOLS, "quick", replace(protocol.find("quick"), fake=100, real=100))
    said: list[str] = []
    evaluate(trained(tmp_path), say=said.append)
    assert any("mostly bias" in line and "(kd)" in line for line in said)


def test_fakes_are_asked_for_by_class_and_checked(tmp_path: Path) -> None:
    run = trained(tmp_path, "conditional")
    assert 0 <= evaluate(run)["gan-test"].value <= 1
    found = evaluate(run, metrics=("gan-test", "gan-train"))
    assert (found["gan-test"].floor or 0) > found["gan-test"].value  # real pictures are of their class
    assert (found["gan-train"].floor or 0) > found["gan-train"].value  # and teach more than these fakes


def test_a_set_without_labels_is_judged_by_quarter_turns(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures.npy"
    np.save(pictures, np.random.default_rng(0).integers(0, 256, (100, 16, 16, 3), np.uint8))
    found = evaluate(trained(tmp_path, data=str(pictures)))
    assert set(found) == {"fd", "kd", "precision", "recall", "density", "coverage"}
    assert found["fd"].extractor.startswith("rotations:")
    assert found["fd"].real == found["fd"].floor_real == 50


def test_points_are_judged_by_their_modes(tmp_path: Path) -> None:
    outcome = sparring.train("ring8", runs=tmp_path, name="a", images=3200)
    found = evaluate(Path(outcome.folder))
    assert {"modes", "high-quality", "reverse-kl", "earth-mover", "fd", "coverage"} <= set(found)
    assert found["modes"].floor == 8
    assert found["earth-mover"].extractor.startswith("coordinates:")
    assert found["earth-mover"].quantisation == "none"
    assert found["earth-mover"].value > (found["earth-mover"].floor or 0) > 0


def test_a_given_extractor_is_used_and_named(tmp_path: Path) -> None:
    found = evaluate(trained(tmp_path), extractor=Random(1), metrics=("fd", "classes"))
    assert set(found) == {"fd"}  # it knows no classes
    assert found["fd"].extractor == Random(1).title


def test_fid_wants_the_published_file(tmp_path: Path) -> None:
    run = trained(tmp_path)
    with pytest.raises(UsageError, match=r"no Inception weights in .*sparring weights add FILE"):
        evaluate(run, by="fid50k-train")
    wrong = tmp_path / inception.FILES[0]
    wrong.write_bytes(b"nonsense")
    with pytest.raises(SparringError, match="is not the published Inception"):
        evaluate(run, by="fid50k-train", inception_weights=wrong)


@pytest.mark.slow
def test_fid_from_the_published_file_to_the_receipt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With random weights that are taken for the published ones; the arithmetic is compared in `make interop`."""
    pictures, weights_file = tmp_path / "pictures.npy", tmp_path / inception.FILES[1]
    np.save(pictures, np.random.default_rng(0).integers(0, 256, (12, 16, 16, 3), np.uint8))
    torch.manual_seed(0)
    torch.save(inception.Inception().state_dict(), weights_file)
    monkeypatch.setattr(inception, "SHA256", sparring.files.sha256(weights_file))
    monkeypatch.setitem(protocol.PROTOCOLS, "fid50k-train", replace(protocol.find("fid50k-train"), fake=8))
    run = trained(tmp_path, "gan", "batch_size=4", data=str(pictures))
    said: list[str] = []
    (fid,) = sparring.evaluate(run, by="fid50k-train", inception_weights=weights_file, say=said.append)
    assert (fid.metric, fid.resize, fid.real, fid.fake, fid.floor_real) == ("fid", "tf1-bilinear-299", 12, 8, 6)
    assert fid.extractor == f"inception:{inception.SHA256[:12]}"
    assert any("mostly bias" in line for line in said)


def test_weights_are_registered_by_their_hash(tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "downloaded.pth"
    torch.save(inception.Inception().state_dict(), path)
    with pytest.raises(SparringError, match="is not the published"):
        weights.add(path)
    assert weights.registered() == []
    monkeypatch.setattr(inception, "SHA256", sparring.files.sha256(path))  # as if it were the published one
    added = weights.add(path)
    assert weights.add(added.path) == added  # once more does no harm
    assert [one.path for one in weights.registered()] == [store / "weights" / inception.FILES[0]]
    assert weights.find_inception() == added.path
    assert weights.find_inception(path) == path
    with pytest.raises(UsageError, match="no Inception weights"):
        weights.find_inception(tmp_path / "elsewhere")


def test_the_cache_of_torch_is_looked_into(tmp_path: Path) -> None:
    place = tmp_path / "torch" / "hub" / "checkpoints" / inception.FILES[1]
    place.parent.mkdir(parents=True)
    place.write_bytes(b"")
    assert weights.find_inception() == place


@pytest.mark.parametrize(
    ("data", "why"),
    [("ring8", "holds points, not pictures"), ("shapes", "16x16, 3 channels of 8 bits, those of the model")],
)
def test_pictures_of_another_sort_are_refused(tmp_path: Path, data: str, why: str) -> None:
    assert data in EMBEDDED
    with pytest.raises(UsageError, match=why):
        evaluate(trained(tmp_path), data=data)


def test_no_test_part_to_compare_with(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures.npy"
    np.save(pictures, np.random.default_rng(0).integers(0, 256, (100, 16, 16, 1), np.uint8))
    run = trained(tmp_path, data=str(pictures))
    with pytest.raises(UsageError, match="has no test part"):
        evaluate(run, by="fid10k-test", extractor=Random(1))


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    run = trained(tmp_path)

    def command(*words: object) -> int:
        monkeypatch.setattr("sys.argv", ["sparring", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            main()
        return int(stop.value.code or 0)

    assert command("evaluate", run, "--metric", "fd", "--metric", "kd", "--json") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [from_row(row).key for row in rows] == ["fd", "kd"]
    assert command("evaluate", run) == 0
    assert "real against real" in capsys.readouterr().out
    assert command("evaluate", run, "--protocol", "slow") == 2
    assert "unknown protocol 'slow'" in capsys.readouterr().err
    assert command("weights") == 0
    assert "classifier" in capsys.readouterr().out
    assert command("weights", "add", tmp_path / "nothing") == 2
