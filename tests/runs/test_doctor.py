"""The doctor beside a run: what it writes, that it changes nothing, and going back on its advice."""

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import sparring
from sparring import files
from sparring.cli.main import app
from sparring.doctor.course import Course
from sparring.doctor.verdicts import Finding
from sparring.errors import Halted, UsageError
from sparring.runs import checkpoint, checkup, guard
from sparring.runs.folder import Run
from sparring.runs.session import Silent, Status

TINY = ["data.size=8", "game.width=4", "game.latent=5", "batch_size=32", "record.rows=64", "record.samples=128"]
SAVES = ["record.checkpoint_seconds=1e-9"]


@pytest.fixture(autouse=True)
def at_every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks cost more than these runs take."""
    monkeypatch.setattr(checkup, "SHARE", 1e9)


class Listener(Silent):
    """Remembers what was said, and what was shown of the run's health."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.health: set[str] = set()

    def say(self, text: str) -> None:
        self.said.append(text)

    def show(self, status: Status, news: bool) -> None:
        self.health.add(status.health)


def train(tmp_path: Path, *settings: str, name: str = "a", game: str = "dcgan", images: int = 320, **more: Any) -> Run:
    outcome = sparring.train(game, *TINY, *settings, data="digits", runs=tmp_path, name=name, images=images, **more)
    return Run(Path(outcome.folder))


def falls_ill(monkeypatch: pytest.MonkeyPatch, ill: Callable[[Course], bool], verdict: str = "mode collapse") -> None:
    """The verdict is given whenever the newest look says so."""

    def diagnose(course: Course) -> list[Finding]:
        if not len(course) or not ill(course):
            return []
        return [Finding(verdict, int(course.images[-1]), {"variety": 0.1, "spread": 0.2}, "they are all the same")]

    monkeypatch.setattr(checkup, "diagnose", diagnose)


def test_looks_are_written_and_change_nothing(tmp_path: Path) -> None:
    watched, alone = train(tmp_path), train(tmp_path, "guard=off", name="b")
    assert files.sha256(watched.model / "model.safetensors") == files.sha256(alone.model / "model.safetensors")
    assert [look["images"] for look in watched.looks()] == list(range(32, 321, 32))
    assert {"spread", "slope", "generator.gradient"} <= watched.looks()[0].keys()
    assert not alone.looks()
    assert [event["event"] for event in alone.events()] == ["started", "finished"]


def test_where_time_is_short_two_looks_of_three_are_glances(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    watched = train(tmp_path)
    monkeypatch.setattr(checkup.Checkup, "_cost", lambda self, whole: 2.0 if whole else 1.0)
    monkeypatch.setattr(checkup.Checkup, "_left", lambda self, now: 2.0 if self._glances == 2 else 1.0)
    monkeypatch.setattr(checkup, "SHARE", 1e12)
    short = train(tmp_path, name="b")
    whole, some = watched.looks(), short.looks()
    assert [look.get("glance", False) for look in some] == [False, True, True] * 3 + [False]
    said = {"images", "spread", "variety", "distance", "generator.update", "generator.weights_grown"}
    assert said <= some[1].keys()
    assert "slope" not in some[1]
    assert [{name: look[name] for name in said} for look in some] == [
        {name: look[name] for name in said} for look in whole
    ]
    assert sparring.diagnose(short.path).looks == 10


def test_looks_take_their_share_of_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "SHARE", 0.0)
    assert not train(tmp_path).looks()


def test_a_new_verdict_is_said_written_drawn_and_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    falls_ill(monkeypatch, lambda course: 96 < course.images[-1] < 224)
    listener = Listener()
    run = train(tmp_path, observer=listener)
    events = [(event["event"], event["images"]) for event in run.events()]
    assert events == [("started", 0), ("verdict", 128), ("over", 224), ("finished", 320)]
    assert any("mode collapse" in text and "all the same" in text for text in listener.said)
    assert "doctor: no longer mode collapse" in listener.said
    assert {"healthy", "mode collapse"} <= listener.health
    assert run.evidence("mode collapse").read_bytes().startswith(b"\x89PNG")


def test_a_sick_run_on_disk_is_diagnosed(tmp_path: Path) -> None:
    run = train(tmp_path, "optimizer.lr=1e-9")
    found = sparring.diagnose(run.path)
    assert "plateau" in found.verdicts
    assert all(one.command.startswith(f"sparring train {run.path}") for one in found.complaints)
    assert "discriminator overfits" in found.not_looked_for  # digits have no test part
    page = run.report.read_text()
    assert "What the doctor says" in page
    assert "plateau, since" in page

    told = CliRunner().invoke(app, ["doctor", str(run.path)])
    assert told.exit_code == 0
    assert "meaning" in told.stdout
    assert "optimizer.lr=2e-4" in told.stdout
    row = json.loads(CliRunner().invoke(app, ["doctor", str(run.path), "--json"]).stdout)
    assert row == json.loads(json.dumps(found.as_row()))


def test_the_suggested_command_can_be_run(tmp_path: Path) -> None:
    run = train(tmp_path, "optimizer.lr=1e-9")
    command = next(one.command for one in sparring.diagnose(run.path).complaints if one.finding.verdict == "plateau")
    said = CliRunner().invoke(app, [*shlex.split(command)[1:], "--json"])
    assert said.exit_code == 0
    assert json.loads(said.stdout)["folder"] == str(tmp_path / "a-against-plateau")


def test_a_run_that_nobody_looked_at_is_not_called_healthy(tmp_path: Path) -> None:
    run = train(tmp_path, "guard=off")
    assert sparring.diagnose(run.path).verdicts == ()
    assert "has not looked" in CliRunner().invoke(app, ["doctor", str(run.path)]).stdout
    with pytest.raises(UsageError, match="no run at"):
        sparring.diagnose(tmp_path / "nowhere")


def test_a_set_of_few_pictures_is_not_looked_at(tmp_path: Path) -> None:
    np.save(tmp_path / "few.npy", np.random.default_rng(0).integers(0, 255, (10, 8, 8, 1), dtype=np.uint8))
    listener = Listener()
    outcome = sparring.train(
        "gan", "batch_size=4", data=tmp_path / "few.npy", runs=tmp_path, name="few", images=40, observer=listener
    )
    assert not Run(Path(outcome.folder)).looks()
    assert any("at least 16 pictures" in text for text in listener.said)


@pytest.mark.parametrize("value", [0, 255])
def test_pictures_that_are_all_the_same_do_not_stop_a_run(tmp_path: Path, value: int) -> None:
    np.save(tmp_path / "same.npy", np.full((40, 8, 8, 1), value, np.uint8))
    outcome = sparring.train("gan", "batch_size=8", data=tmp_path / "same.npy", runs=tmp_path, name="same", images=40)
    assert Run(Path(outcome.folder)).looks()


def npz(tmp_path: Path, **arrays: Any) -> Path:
    place = tmp_path / "set.npz"
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 255, (80, 8, 8, 1), dtype=np.uint8)
    np.savez(place, x_train=pictures[:50], x_test=pictures[50:], y_train=np.arange(50) % 2, **arrays)
    return place


@pytest.mark.parametrize("labels", [{}, {"y_test": np.arange(30) % 3}])
def test_a_test_part_of_other_classes_is_left_out(tmp_path: Path, labels: dict[str, Any]) -> None:
    listener = Listener()
    outcome = sparring.train(
        "conditional", *TINY, data=npz(tmp_path, **labels), runs=tmp_path, name="a", images=96, observer=listener
    )
    looks = Run(Path(outcome.folder)).looks()
    assert looks
    assert "overfitting" not in looks[0]
    assert any("leaves out the test part" in text for text in listener.said)


def test_a_test_part_that_is_broken_is_left_out(tmp_path: Path) -> None:
    for part in ("train", "test"):
        (tmp_path / "set" / part).mkdir(parents=True)
        for number in range(40):
            sheet = np.random.default_rng(number).integers(0, 255, (8, 8), dtype=np.uint8)
            Image.fromarray(sheet).save(tmp_path / "set" / part / f"{number}.png")
    (tmp_path / "set" / "test" / "7.png").write_bytes(b"no picture")
    listener = Listener()
    outcome = sparring.train("gan", *TINY, data=tmp_path / "set", runs=tmp_path, name="a", images=96, observer=listener)
    assert Run(Path(outcome.folder)).looks()
    assert any("leaves out the test part" in text and "7.png" in text for text in listener.said)


def test_held_out_pictures_are_looked_at(tmp_path: Path) -> None:
    outcome = sparring.train("gan", *TINY, data=npz(tmp_path), runs=tmp_path, name="a", images=96)
    looks = Run(Path(outcome.folder)).looks()
    assert {"overfitting", "accuracy_held_out"} <= looks[0].keys()


def test_starting_over_forgets_what_was_seen(tmp_path: Path) -> None:
    run = train(tmp_path)
    for place in checkpoint.finished(run.checkpoints):
        files.remove(place)
    sparring.resume(run.path)
    assert [look["images"] for look in run.looks()] == list(range(32, 321, 32))


def test_a_resumed_run_forgets_what_was_seen_after_its_checkpoint(tmp_path: Path) -> None:
    run = train(tmp_path)
    run.add_event("signals", images=999, step=1, seconds=1.0, spread=0.1)
    sparring.resume(run.path, images=384)
    assert [look["images"] for look in run.looks()] == list(range(32, 385, 32))


def test_going_back_tries_the_suggestion_from_the_last_good_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    falls_ill(monkeypatch, lambda course: course.images[-1] == 192 and not tried)
    tried: list[str] = []

    class Trying(Listener):
        def say(self, text: str) -> None:
            super().say(text)
            tried.extend([text] if text.startswith("guard") else [])

    listener = Trying()
    run = train(tmp_path, "guard=rollback", *SAVES, observer=listener)
    (back,) = [event for event in run.events() if event["event"] == "rollback"]
    assert back["settings"] == ["game.aids.packing=2"]
    assert back["images"] in range(32, 161, 32)  # whichever was best
    expected = f"back to {back['images']} images, and on with game.aids.packing=2 (rollback 1 of at most 3)"
    assert expected in tried[0]
    assert run.recipe().game["aids"]["packing"] == 2
    assert [row["images"] for row in run.rows()] == [64, 128, 192, 256, 320]
    assert [look["images"] for look in run.looks()] == list(range(32, 321, 32))
    assert run.state()["event"] == "finished"
    sparring.resume(run.path, images=384)  # nothing of the old shape is left


def test_it_goes_back_so_many_times_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    falls_ill(monkeypatch, lambda course: course.images[-1] >= 96, "diverging")
    listener = Listener()
    run = train(tmp_path, "guard=rollback", "rollbacks=2", "optimizer.lr=1e-3", *SAVES, observer=listener)
    assert run.rollbacks() == 2
    assert run.recipe().optimizer.lr == pytest.approx(1e-3 / 16, rel=1e-2)
    assert run.state() | {"time": ""} == {"event": "finished", "time": "", "images": 320}


def test_before_the_first_checkpoint_it_starts_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    falls_ill(monkeypatch, lambda course: course.images[-1] == 64, "diverging")
    run = train(tmp_path, "guard=rollback", "rollbacks=1", "optimizer.lr=1e-3")
    (back,) = [event for event in run.events() if event["event"] == "rollback"]
    assert back["images"] == 0
    alone = train(tmp_path, "optimizer.lr=0.00025", name="b")
    assert files.sha256(run.model / "model.safetensors") == files.sha256(alone.model / "model.safetensors")


def test_a_number_that_is_not_finite_is_gone_back_from(tmp_path: Path) -> None:
    with pytest.raises(Halted, match="not finite"):  # a quarter of such a rate is no better
        train(tmp_path, "guard=rollback", "rollbacks=1", "optimizer.lr=1e30", game="lsgan")
    run = Run(tmp_path / "a")
    assert [event.get("verdict") for event in run.events() if event["event"] == "rollback"] == ["diverging"]
    assert sparring.diagnose(run.path).verdicts[0] == "diverging"


def test_what_starts_anew_starts_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    falls_ill(monkeypatch, lambda course: course.images[-1] == 192, "label ignored")  # wider networks
    run = train(tmp_path, "guard=rollback", "rollbacks=1", *SAVES)
    (back,) = [event for event in run.events() if event["event"] == "rollback"]
    assert (back["images"], back["settings"]) == (0, ["game.width=8"])
    assert [look["images"] for look in run.looks()] == list(range(32, 321, 32))
    assert sparring.load(run.model).sample(2).shape == (2, 8, 8, 1)


def test_at_the_end_of_a_budget_of_minutes_it_does_not_go_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    falls_ill(monkeypatch, lambda course: course.shares[-1] > 0.9)
    outcome = sparring.train(
        "gan", *TINY, "guard=rollback", data="digits", runs=tmp_path, name="a", minutes=0.01, images=10_000_000
    )
    run = Run(Path(outcome.folder))
    assert not run.rollbacks()
    assert run.state()["images"] == outcome.images > 0


def test_a_suggestion_that_cannot_be_tried_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def impossible(*args: Any) -> tuple[str, ...]:
        return ("batch_size=1000000",)

    falls_ill(monkeypatch, lambda course: course.images[-1] == 192)
    monkeypatch.setattr(guard, "remedy", impossible)
    listener = Listener()
    run = train(tmp_path, "guard=rollback", *SAVES, observer=listener)
    assert not run.rollbacks()
    assert any("cannot be tried" in text for text in listener.said)
    assert run.state()["event"] == "finished"
    assert run.rows()[-1]["images"] == 320


def test_the_best_checkpoint_is_kept_to_go_back_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    falls_ill(monkeypatch, lambda course: False)
    run = train(tmp_path, "guard=rollback", *SAVES)
    best = checkpoint.best(run.checkpoints)
    assert best is not None
    assert best["metric"] == "distance"
    assert sparring.load(run.best_model).sample(2).shape == (2, 8, 8, 1)
