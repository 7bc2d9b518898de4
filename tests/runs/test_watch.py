"""Evaluations on the way: what they leave, which checkpoint is best, and that they change nothing."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import sparring
from sparring import files
from sparring.errors import Halted, UsageError
from sparring.metrics import classifier
from sparring.metrics.receipt import Receipt, better
from sparring.runs import checkpoint, watch
from sparring.runs.best import keep
from sparring.runs.folder import Run
from sparring.runs.judge import Judge
from sparring.runs.overview import receipts
from sparring.runs.watch import Watch
from tests.metrics.example import FD

TINY = ["data.size=8", "game.width=4", "game.latent=5", "batch_size=32", "record.rows=64", "record.samples=128"]
WATCHED = ["evaluation.every=64"]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPARRING_HOME", str(tmp_path / "store"))
    monkeypatch.setattr(classifier, "SHOWN", 640)


def train(tmp_path: Path, *settings: str, name: str = "a", images: int = 320, **more: Any) -> Run:
    outcome = sparring.train("gan", *TINY, *settings, data="digits", runs=tmp_path, name=name, images=images, **more)
    return Run(Path(outcome.folder))


def weights(run: Run) -> str:
    return files.sha256(run.model / "model.safetensors")


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Values that the evaluations will find for fd, one after the other; the rest is as measured."""
    values: list[float] = []
    measure = Judge.measure

    def measured(self: Judge, *args: Any) -> list[Receipt]:
        value = values.pop(0)
        return [
            Receipt(**{**one.as_row(), "value": value, "interval": None}) if one.key == "fd" else one
            for one in measure(self, *args)
        ]

    monkeypatch.setattr(Judge, "measure", measured)
    return values


def test_the_best_checkpoint_is_kept_and_named(tmp_path: Path, scripted: list[float]) -> None:
    scripted[:] = [30.0, 10.0, 20.0, 25.0, 40.0]
    run = train(tmp_path, *WATCHED)
    assert [one.value for one in receipts(run)["fd"]] == [40.0, 25.0, 20.0, 10.0, 30.0]
    assert [one.images for one in receipts(run)["fd"]] == [320, 256, 192, 128, 64]
    best = json.loads((run.path / "best.json").read_text())
    assert (best["checkpoint"], best["images"], best["value"]) == ("000000128", 128, 10.0)
    assert [place.name for place in checkpoint.finished(run.checkpoints)] == ["000000128", "000000256", "000000320"]
    assert sparring.load(run.best_model).config.images == 128
    assert sparring.load(run.path).config.images == 320
    page = run.report.read_text()
    assert "How good the pictures are" in page
    assert "Best so far" in page
    assert "real against real" in page


def test_evaluations_change_nothing_of_the_training(tmp_path: Path) -> None:
    assert weights(train(tmp_path)) == weights(train(tmp_path, *WATCHED, name="watched"))


def test_a_run_goes_on_as_if_it_had_not_stopped(tmp_path: Path) -> None:
    whole = train(tmp_path, *WATCHED)
    halves = train(tmp_path, *WATCHED, name="halves", images=160)
    sparring.resume(halves.path, images=320)
    assert weights(whole) == weights(halves)
    # the end of the first half was measured too
    kinds = {images: one for one in reversed(receipts(halves)["fd"]) if (images := one.images) != 160}
    assert list(kinds.values()) == receipts(whole)["fd"][::-1]


@pytest.mark.parametrize("at", [128, 320])
def test_what_a_kill_left_without_its_evaluation_is_evaluated(
    at: int, tmp_path: Path, scripted: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    values = {64: 30.0, 128: 10.0, 192: 20.0, 256: 25.0, 320: 5.0 if at == 320 else 40.0}
    scripted[:] = values.values()
    whole = train(tmp_path, *WATCHED, name="whole")

    def killed(*_: object) -> None:
        raise Killed

    evaluate = Watch.evaluate
    for moment in ("evaluate", "keep"):
        with monkeypatch.context() as patch:
            if moment == "keep":
                patch.setattr(watch, "keep", lambda run, *more: killed() if more[-1].images == at else keep(run, *more))
            else:
                patch.setattr(Watch, "evaluate", lambda *all: killed() if all[-1].images == at else evaluate(*all))
            scripted[:] = values.values()
            with pytest.raises(Killed):
                train(tmp_path, *WATCHED, name=moment)
        scripted[:] = [value for images, value in values.items() if images >= at]
        run = Run(tmp_path / moment)
        sparring.resume(run.path)
        assert run.evaluations() == whole.evaluations()
        assert (run.path / "best.json").read_text() == (whole.path / "best.json").read_text()
        assert sparring.load(run.best_model).config == sparring.load(whole.best_model).config
        assert weights(run) == weights(whole)


def test_evaluations_after_the_checkpoint_to_go_on_from_are_forgotten(tmp_path: Path) -> None:
    run = train(tmp_path, *WATCHED)
    later = receipts(run)["fd"][0].as_row() | {"images": 999}
    run.add_evaluation(later)
    run.rewind(320)
    assert max(row["images"] for row in run.evaluations()) == 320


def test_a_better_one_is_higher_lower_or_nearer_to_real() -> None:
    low, high = replace(FD, value=2.0, floor=2.5), replace(FD, value=4.0, floor=2.5)
    assert better(low, high)
    assert better(replace(high, best="higher"), low)
    assert better(replace(low, best="floor"), high)
    assert not better(low, low)


@pytest.mark.parametrize(
    ("setting", "why"),
    [
        ("evaluation.protocol=quik", "did you mean 'quick'"),
        ("evaluation.metric=fdd", "unknown metric 'fdd'"),
        ("evaluation.metric=gan-test", "these can: fd, kd, precision"),
        ("evaluation.protocol=fid50k-train", "no Inception weights"),
        ("evaluation.protocol=fid10k-test", "no Inception weights|no test part"),
    ],
)
def test_what_cannot_be_measured_is_said_before_training(tmp_path: Path, setting: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        train(tmp_path / "runs", *WATCHED, setting)
    assert not list((tmp_path / "runs").glob("*"))


def test_the_best_is_there_when_a_run_is_halted(tmp_path: Path) -> None:
    with pytest.raises(Halted):
        train(tmp_path, *WATCHED, "optimizer.lr=1e30", "record.rows=32")
    assert checkpoint.best(tmp_path / "a" / "checkpoints") is None  # nothing finite was ever measured


def test_a_best_that_points_nowhere_is_none(tmp_path: Path) -> None:
    run = train(tmp_path, *WATCHED, images=64)
    assert checkpoint.best(run.checkpoints) is not None
    for text in ("", "[]", "{}", '{"checkpoint": "000000001"}'):
        (run.path / "best.json").write_text(text)
        assert checkpoint.best(run.checkpoints) is None
