"""The fastest way is found by trying, taken only if it agrees, written down, and kept for the whole of a run."""

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest

import sparring
from sparring import files
from sparring.runs import launch, trial, turns
from sparring.runs.folder import Run
from sparring.runs.prepare import prepare
from sparring.runs.session import Session, Silent
from sparring.runs.trial import Choice
from sparring.training.agreement import Reference
from sparring.training.speed import EXACT, Speed

said: list[str] = []
"""By the trials of a test."""
TINY = ("data.size=8", "game.width=4", "game.latent=5", "batch_size=16", "guard=off")
FAST = Speed(precision="bfloat16")


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SPARRING_HOME", str(tmp_path / "home"))
    said.clear()
    monkeypatch.setattr(turns, "LEAST", 1e-4)
    monkeypatch.setattr(trial, "COMPILING", 1e9)  # longer than a test may take
    return tmp_path / "home" / "speed"


def session(*settings: str, images: int | None = 10**6, minutes: float | None = None) -> Session:
    recipe = launch.resolve("dcgan", [*TINY, *settings], data="digits", images=images, minutes=minutes)
    return prepare(recipe, "dcgan", Silent())


def choice(of: Session) -> Choice:
    def make(speed: Speed) -> Session:
        return prepare(of.recipe, of.title, Silent(), of.dataset, speed=speed)

    return trial.choose(of.recipe, of.dataset.spec, of.device, make, said.append)


def gains(monkeypatch: pytest.MonkeyPatch, gain: Callable[[Speed], float]) -> list[Speed]:
    """Instead of clocks; what was tried."""
    tried: list[Speed] = []

    def tried_one(self: object, speed: Speed) -> Choice:
        tried.append(speed)
        return Choice(speed, gain(speed))

    monkeypatch.setattr(trial._Trial, "_measured", tried_one)
    return tried


def test_exact_is_what_was_asked_for_and_a_short_run_is_not_worth_a_trial(store: Path) -> None:
    assert choice(session("speed=exact")) == Choice(why="asked for")
    for short in (session(images=1000), session(images=None, minutes=0.1)):
        assert choice(short) == Choice(why=trial.SHORT)
    assert not store.exists()


def test_the_fastest_is_taken_and_found_again(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = gains(monkeypatch, lambda speed: 1.5 if speed == FAST else 1.0)
    assert choice(session()) == Choice(FAST, 1.5)
    assert FAST in tried
    assert [text for text in said if text.startswith("trying how this machine computes fastest, for ")]
    tried.clear()
    said.clear()
    assert choice(session()) == Choice(FAST, 1.5, "found before on this machine")
    assert not tried
    assert not said
    choice(session("game.width=8"))  # other networks
    assert tried


def test_a_file_that_cannot_be_read_is_measured_anew(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = gains(monkeypatch, lambda speed: 1.0)
    assert choice(session()).speed == EXACT
    (place,) = store.iterdir()
    unknown = b'{"speed": {"precision": "int1", "rate": 1}, "gain": 1, "rate": 1, "lacking": 0}'
    for damage in (b"", b"{}", unknown, b"[]"):
        place.write_bytes(damage)
        tried.clear()
        choice(session())
        assert tried, damage


def test_a_run_with_far_more_time_tries_what_one_before_had_to_leave_out(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = gains(monkeypatch, lambda speed: 1.5 if speed == FAST else 1.0)
    compiled = replace(FAST, compiled=True)
    for minutes, anew in ((100, True), (150, False), (10**9, True), (10**10, False), (100, False)):
        tried.clear()
        monkeypatch.setattr(trial, "COMPILING", 3600.0)
        assert choice(session(images=None, minutes=minutes)).speed == FAST
        assert bool(tried) == anew, minutes
        assert (compiled in tried) == (minutes == 10**9)


def test_what_is_hardly_faster_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    gains(monkeypatch, lambda speed: 1.04)
    found = choice(session())
    assert found.speed == EXACT
    assert trial.sentence(found) == "float32, channels last: nothing tried was faster"


@pytest.mark.parametrize("off", [0.5, float("nan")])
def test_what_does_not_agree_is_not_taken(off: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Reference, "disagreement", lambda self, trainer: off)
    monkeypatch.setattr(trial, "WORTH", 1e-9)
    assert choice(session()).speed == EXACT


def test_what_this_machine_cannot_do_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Speed, game: object) -> None:
        if self != EXACT:
            raise RuntimeError("no compiler")

    monkeypatch.setattr(Speed, "speed_up", refuse)
    assert choice(session()).speed == EXACT


def test_real_clocks_choose_something_that_agrees() -> None:
    found = choice(session())
    assert found.speed == EXACT or found.gain >= trial.WORTH
    assert not found.speed.compiled


def test_a_run_says_writes_and_keeps_what_was_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gains(monkeypatch, lambda speed: 1.5 if speed == FAST else 1.0)
    monkeypatch.setattr(trial, "FEWEST", 1)
    monkeypatch.setattr(trial, "SHARE", 1e9)

    class Listener(Silent):
        def say(self, text: str) -> None:
            said.append(text)

    def train(name: str, images: int) -> Run:
        outcome = sparring.train(
            "dcgan", *TINY, data="digits", runs=tmp_path, name=name, images=images, observer=Listener()
        )
        return Run(Path(outcome.folder))

    whole = train("a", 256)
    assert "speed: bfloat16, channels last: 1.5 times as fast as float32" in said
    assert whole.environment()["speed"] == asdict(FAST)
    half = train("b", 128)
    monkeypatch.setattr(trial, "choose", None)  # going on, nothing is chosen anew
    sparring.resume(half.path, images=256)
    assert files.sha256(whole.model / "model.safetensors") == files.sha256(half.model / "model.safetensors")


def test_recording_is_tried_of_the_best_way_but_not_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trial, "WATCHING", 0.0)
    tried = gains(monkeypatch, lambda speed: 1.5 if speed == FAST else 1.0)
    choice(session(images=10**9))
    assert replace(FAST, recorded=True) in tried
    tried.clear()
    choice(session("parts=2", images=10**9))
    assert tried and not any(speed.recorded for speed in tried)


def test_recording_is_tried_where_there_is_time_to_watch_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = gains(monkeypatch, lambda speed: 1.5)
    for watching, expected in ((1e-3, True), (1e6, False)):
        monkeypatch.setattr(trial, "WATCHING", watching)
        tried.clear()
        choice(session(f"game.latent={6 + expected}", images=None, minutes=1000))
        assert any(speed.recorded for speed in tried) == expected


def test_a_recording_that_ends_elsewhere_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    of = session(images=10**9)

    def make(speed: Speed) -> Session:
        return prepare(of.recipe, of.title, Silent(), of.dataset, speed=speed)

    found = trial._Trial(make, of.recipe)
    assert found._measured(Speed(recorded=True)).gain > 0
    monkeypatch.setattr(trial, "strayed", lambda one, other: 1e-9)
    assert found._measured(Speed(recorded=True)).gain == 0
